"""What a stage did, in one Chinese line with counts and references: the last line of its log. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]
MOST_NAMED = 5  # of what is held in a line; the count is always given


def summary(stage: str, result: Result) -> str:
    """One line about a stage's result; what a stage has no words for is counted as it is."""
    return _OF[stage](result) if stage in _OF else _counts(result)


def _fetch(found: Result) -> str:
    absent = f"，{found['absent']} 期对方没有数据" if found["absent"] else ""
    return f"新落地 {found['landed']} 份，此前已有 {found['known']} 份{absent}"


def _parse(found: Result) -> str:
    batches = found["batches"]
    told = f"读了 {found['deliveries']} 份交付，{found['rows']} 行；新批次 {batches['parsed']} 个"
    told += _more(batches["rejected"], "，读不了退回 {} 个") + _more(batches["superseded"], "，被更新的报送替代 {} 个")
    told += _more(found["findings"], "；发现问题 {} 处")
    return told + _more(len(found["unopened"]), "；原件打不开 {} 份：" + _named(found["unopened"]))


def _admit(found: Result) -> str:
    told = (
        f"收件 {found['submissions']} 份：首报 {found['first']}，更正 {found['correction']}，重复 {found['duplicate']}"
    )
    return told + f"，不收 {found['misdirected']}"


def _validate(found: Result) -> str:
    told = f"校验 {found['batches']} 个批次、{found['rows']} 行：隔离 {found['quarantined']} 行，问题 {found['findings']} 处"
    held = [f"{batch}（{reason.rstrip('。')}）" for batch, reason in found["held"].items()]
    return told + _more(len(held), "；暂缓 {} 个：" + _named(held))


def _link(found: Result) -> str:
    told = f"识别 {found['batches']} 个批次、{found['rows']} 行，对应 {found['persons']} 人"
    told += _more(sum(found["places"].values()), "；地址存疑 {} 行") + _more(found["quarantined"], "，隔离 {} 行")
    return told + _more(found["reviews"], "；待核实 {} 件") + _more(found["reopened"], "；重读批次 {} 个")


def _merge(found: Result) -> str:
    told = f"合并 {found['batches']} 个批次、{found['merged']} 行（其中 {found['unchanged']} 行与已知相同）"
    told += _more(found["superseded"], "，被替代 {} 行") + _more(found["quarantined"], "，隔离 {} 行")
    return told + _more(found["held"], "；暂缓 {} 个批次") + _more(found["discrepancies"], "；来源不一致 {} 处")


def _receipt(found: Result) -> str:
    return f"写回执 {found['written']} 份，{found['unchanged']} 份不变；待发通知 {found['notices']} 条"


def _cases(found: Result) -> str:
    told = f"新立工单 {found['opened']} 件，并入 {found['joined']} 件，时限推动 {found['moved']} 件"
    told += _more(found["replied"], "，居民意见 {} 条") + _more(found["acted"], "，办理动作 {} 条")
    return told + _more(found["chased"], "，催办函 {} 封")


def _archive(found: Result) -> str:
    told = f"看了 {'、'.join(found['quarters'])}；变动"
    return (
        told
        + f"档案 {found.get('changed', 0)} 份、标签 {found.get('tags', 0)} 个、指标 {found.get('indicators', 0)} 个"
    )


def _publish(found: Result) -> str:
    held = [f"{entry['report']} {entry['period']}" for entry in found["held"]]  # why was said of each
    told = f"发布 {len(found['published'])} 张，不变 {len(found['unchanged'])} 张"
    return told + _more(len(held), "，暂缓 {} 张：" + _named(held))


def _deliver(found: Result) -> str:
    waiting = [f"{entry['report']} {entry['period']} → {entry['recipient']}" for entry in found["waiting"]]
    told = f"送达 {len(found['sent'])} 份" + _more(found["unsigned"], "，待签发 {} 张")
    return told + _more(len(waiting), "，未送到 {} 份：" + _named(waiting))


def _send(found: Result) -> str:
    told = (
        f"发出 {found['sent']} 条通知"
        + _more(found["waiting"], "，待发 {} 条")
        + _more(found["given_up"], "，放弃 {} 条")
    )
    return told + "".join(f"；{problem}" for problem in found["problems"])


def _remind(found: Result) -> str:
    return f"{found['period']} 有 {len(found['owing'])} 个网格未报齐，新增通知 {found['queued']} 条"


def _watch(found: Result) -> str:
    wrong = sum(count for state, count in found["sources"].items() if state != "fresh")
    told = f"看了 {sum(found['sources'].values())} 个来源，{wrong} 个不正常；问题 {sum(found['causes'].values())} 项"
    return told + f"，新告知 {found['told']} 项，结束 {found['over']} 项"


_OF: dict[str, Callable[[Result], str]] = {
    "open": lambda _: "已占用这个季度",
    "fetch": _fetch,
    "parse": _parse,
    "admit": _admit,
    "validate": _validate,
    "link": _link,
    "merge": _merge,
    "receipt": _receipt,
    "cases": _cases,
    "archive": _archive,
    "publish": _publish,
    "deliver": _deliver,
    "send": _send,
    "remind": _remind,
    "watch": _watch,
}


def _counts(result: Result) -> str:
    told = {key: len(value) if isinstance(value, list | dict) else value for key, value in result.items()}
    return "，".join(f"{key} {value}" for key, value in told.items() if isinstance(value, int)) or "已完成"


def _more(count: int, words: str) -> str:
    """The words with the count; nothing for none."""
    return words.replace("{}", str(count), 1) if count else ""


def _named(names: list[str]) -> str:
    return "、".join(names[:MOST_NAMED]) + ("等" if len(names) > MOST_NAMED else "")
