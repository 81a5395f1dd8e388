"""What the DAG files share: scheduling keys of the pack, and one way to run a stage as a task.

At parse time only the standard library and PyYAML are loaded; the library proper is imported
inside tasks. A source file that cannot be read disables its own DAG and is named in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk import CronDataIntervalTimetable, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
from croniter import croniter

from courtyard.period import SHANGHAI, Kind, Period
from courtyard.settings import Settings

log = logging.getLogger("courtyard.dags")
PACK = Settings.from_env().district_path
DEFAULTS = {"owner": "courtyard", "retries": 1, "retry_delay": timedelta(seconds=10)}
# A task that meets one of these tries again; any other error of the library needs a person.
TRIED_AGAIN = {"open": "HeldError", "fetch": "SourceError", "collect": "SourceError", "take_in": "HeldError"}


@dataclass(frozen=True)
class Source:
    """The scheduling keys of `sources/<source>.yaml`."""

    source: str
    title: str
    department: str
    transport: str
    cadence: Kind
    schedule: str
    is_submitted: bool = False

    @property
    def keeps_coming(self) -> bool:
        """Submissions and reports arrive on any day: a cron without a day of the month."""
        return self.schedule.split()[2] == "*"


def sources() -> list[Source]:
    """The pack's sources in order of name; a file that cannot be read is logged and left out."""
    found = []
    for path in sorted(PACK.glob("sources/*.yaml")):
        try:
            found.append(_source(path))
        except Exception as error:
            log.error("%s is left out, its DAG is disabled: %s: %s", path, type(error).__name__, error)
    return found


def _source(path: Path) -> Source:
    keys = yaml.safe_load(path.read_text("utf-8"))
    texts = {name: str(keys[name]) for name in Source.__dataclass_fields__ if name != "is_submitted"}
    found = Source(**texts, is_submitted=keys.get("is_submitted") is True)
    if len(found.schedule.split()) != 5 or not croniter.is_valid(found.schedule):
        raise ValueError(f"schedule '{found.schedule}' is not a cron of five fields")
    return found


def first_day() -> datetime:
    """The start of the office's first quarter; a pack that cannot be read fails in its tasks, by name."""
    try:
        text = yaml.safe_load((PACK / "district.yaml").read_text("utf-8"))["first_quarter"]
        return Period.quarter(text).start_at
    except Exception as error:
        log.error("%s has no first_quarter: %s", PACK / "district.yaml", error)
        return datetime(2025, 1, 1, tzinfo=SHANGHAI)


def timetable(cron: str = "0 0 1 1,4,7,10 *") -> CronDataIntervalTimetable:
    """A timetable in Asia/Shanghai: midnight of each quarter's first day unless another cron is given."""
    return CronDataIntervalTimetable(cron, timezone="Asia/Shanghai")


def quarter_of(params: dict[str, Any], interval_start: datetime | None) -> str:
    """The quarter of a run: its parameter, else the quarter in which its data interval starts."""
    if given := params.get("quarter"):
        return given
    if interval_start is None:
        raise AirflowFailException('手动运行须填写季度参数，例如 {"quarter": "2026Q3"}。')
    return str(Period.of("quarter", interval_start))


def issue_days() -> tuple[str, ...]:
    """Crons of the days on which workbooks are issued, at eight in the morning: `issued_before` days
    before each quarter's last day, which no single cron can say."""
    before = _cycle_key("issued_before", 15)
    days = [date(2026, month, day) - timedelta(days=before) for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))]
    return tuple(f"0 8 {day.day} {day.month} *" for day in days)


def collected(params: dict[str, Any], moment: datetime | None) -> str:
    """The quarter whose submissions are collected: the parameter, else the one last issued by that day."""
    if given := params.get("quarter"):
        return given
    if moment is None:
        raise AirflowFailException('手动运行须填写季度参数，例如 {"quarter": "2026Q3"}。')
    running = Period.of("quarter", moment)
    issued = running.last_day - timedelta(days=_cycle_key("issued_before", 15))
    return str(running if moment.astimezone(SHANGHAI).date() >= issued else running.previous())


def _cycle_key(name: str, otherwise: int) -> int:
    """A day of `grid_cycle`; a pack that cannot be read fails in its tasks, by name."""
    try:
        return int(yaml.safe_load((PACK / "district.yaml").read_text("utf-8"))["grid_cycle"][name])
    except Exception as error:
        log.error("%s has no grid_cycle.%s: %s", PACK / "district.yaml", name, error)
        return otherwise


def period_to_land(source: Source, params: dict[str, Any], interval_end: datetime | None) -> str:
    """What a source is asked for: the parameter, else its last finished period, or the running one
    of a source whose submissions keep coming."""
    if given := params.get("period"):
        return given
    if interval_end is None:
        raise AirflowFailException('手动运行须填写所属期参数，例如 {"period": "2026Q3"}。')
    running = Period.of(source.cadence, interval_end)
    return str(running if source.keeps_coming else running.previous())


def run(stage: str, period: str, *, part: str | None = None, token: int | None = None, refetch: bool = False) -> Any:
    """Run one stage of the library in this task."""
    from courtyard import stages

    with in_one_line(TRIED_AGAIN.get(stage, "")):
        result = stages.run_stage(
            stage, period, part=part, holder=holder(), token=token, connection=connection, refetch=refetch
        )
        return stages.require_published(result) if stage == "publish" else result


def send(period: str) -> Any:
    """Send what is queued, dated by the clock: a signature made for the start of a long run would have expired."""
    return act("send", period, at=datetime.now(SHANGHAI))


def act(name: str, period: str, **options: Any) -> Any:
    """Run one of the library's `stages.GRID_ACTIONS` in this task."""
    from courtyard import stages

    with in_one_line(TRIED_AGAIN.get(name, "")):
        return stages.GRID_ACTIONS[name](period, holder=holder(), connection=connection, **options)


def holder() -> str:
    """Who holds a lease that this task takes."""
    dag_run = get_current_context()["dag_run"]
    return f"airflow:{dag_run.dag_id}/{dag_run.run_id}"


@contextmanager
def in_one_line(tried_again: str = "") -> Iterator[None]:
    """What a person must act on fails at once, in one line; the error named is tried again."""
    from courtyard import errors

    again = getattr(errors, tried_again, ())
    try:
        yield
    except again as error:
        raise AirflowException(str(error)) from None
    except errors.CourtyardError as error:
        raise AirflowFailException(str(error)) from None


def connection(conn_id: str) -> Any:
    """A source's connection as Airflow knows it, from any of its secret stores."""
    from courtyard.connection import Connection
    from courtyard.errors import UsageError

    try:
        uri = AirflowConnection.get(conn_id).get_uri()
    except AirflowNotFoundException:
        raise UsageError(f"没有设置连接 {conn_id}。", "请在 Airflow 的“连接”中添加，或写入 var/env。") from None
    return Connection.from_uri(conn_id, uri)
