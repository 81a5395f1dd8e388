"""From a task that failed to its cause, in words a person of the street can act on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from courtyard.district.models import District
from courtyard.watching.cause import Cause

# The one DAG of which each run is about a quarter of its own; the others go on from where the last run stopped.
BY_QUARTER = "courtyard_quarter"
WAREHOUSE = "warehouse"
_DATABASE = ("OperationalError", "InterfaceError", "ConnectionTimeout", "PoolTimeout", "AdminShutdown")
_NOT_FETCHED = "SourceError"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LOOK = "请把任务日志交给技术人员，处理后重试该任务。"
_BY_CLASS = {
    "HeldError": ("另一次运行正占用这个季度，等候超时。", "请等它结束；若它已停止，30 分钟后自动让出，再重试该任务。"),
    "LeaseLost": ("这次运行已被另一次运行接替。", "一般不用处理；若另一次运行也失败，请重新运行该季度。"),
    "KeyMissing": ("缺少密钥，密封的数据打不开。", "请从备份恢复密钥文件夹（COURTYARD_KEYS），再重试该任务。"),
    "PackError": ("辖区配置有错。", "请按任务日志里的文件和行号改正配置，再重试该任务。"),
    "DiskFull": ("磁盘已满。", "请清理磁盘或扩容，再重试该任务；已落地的数据没有丢。"),
    "MemoryError": ("内存不足。", "请减少同时运行的任务或增加内存，再重试该任务。"),
}


@dataclass(frozen=True)
class Failure:
    """A task that used up its tries.

    `error` is the error's class; `said` and `remedy` are what the library said about it, empty where it was none of the
    library's: then its text may hold anything and is not looked at. `title` names DAG and task as operators know them.
    """

    dag_id: str
    task_id: str
    title: str
    period: str = ""
    source: str = ""
    error: str = ""
    said: str = ""
    remedy: str = ""


def cause_of(district: District, failure: Failure) -> Cause:
    """What an alert about the failure says."""
    what, remedy = _words(failure)
    periods = (failure.period,) if failure.period else ()
    if what is _DATABASE_DOWN:
        return Cause(WAREHOUSE, "task", f"{district.office.short_name} 数据库", what, remedy, periods)
    source, key = district.sources.get(failure.source), key_of(failure)
    if source is not None and key == _of_source(failure):
        place = f"{source.title}（{source.department}）"
        return Cause(key, "source", place, what, remedy, periods, source.source)
    place = f"{district.office.short_name} {failure.title}" + (f"（{source.title}）" if source else "")
    return Cause(key, "task", place, what, remedy, periods, source.source if source else None)


def key_of(failure: Failure) -> str:
    """The key of what failed: a source that could not be fetched is one cause whoever asks it, anything else one of its task.

    Each quarter of the quarter's DAG is a cause of its own.
    """
    if failure.error == _NOT_FETCHED:
        return _of_source(failure)
    parts = [f"task/{failure.dag_id}/{failure.task_id}", failure.source]
    return "/".join(filter(None, [*parts, failure.period if failure.dag_id == BY_QUARTER else ""]))


def ended_by(task: Failure) -> dict[str, str]:
    """The keys that a success of the task ends, each for a period or (empty) for all.

    Also those under which it may have failed before it knew what to work on; and the database is there.
    """
    bare = replace(task, error="")
    own = {key_of(replace(bare, source=s, period=p)) for s in ("", task.source) for p in ("", task.period)}
    of_source = {_of_source(task): task.period} if task.source else {}
    return dict.fromkeys((WAREHOUSE, *own), "") | of_source


def _of_source(failure: Failure) -> str:
    return f"source/{failure.source}"


_DATABASE_DOWN = "数据库连不上。"


def _words(failure: Failure) -> tuple[str, str]:
    if failure.error in _DATABASE:
        return _DATABASE_DOWN, "请检查 PostgreSQL 是否在运行、网络和磁盘，恢复后重试失败的任务。"
    if _CHINESE.search(failure.said):
        return failure.said, failure.remedy if _CHINESE.search(failure.remedy) else "请处理后重试该任务。"
    if failure.error in _BY_CLASS:
        return _BY_CLASS[failure.error]
    return f"程序出错（{failure.error or '进程中断'}）。", _LOOK
