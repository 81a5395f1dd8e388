"""What the DAG files share: scheduling keys of the pack, and one way to run a stage as a task.

At parse time only the standard library and PyYAML are loaded; the library proper is imported
inside tasks. A source file that cannot be read disables its own DAG and is named in the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk import CronDataIntervalTimetable, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from croniter import croniter

from courtyard.period import SHANGHAI, Kind, Period
from courtyard.settings import Settings

log = logging.getLogger("courtyard.dags")
PACK = Settings.from_env().district_path
DEFAULTS = {"owner": "courtyard", "retries": 1, "retry_delay": timedelta(seconds=10)}
# A task that meets one of these tries again; any other error of the library needs a person.
TRIED_AGAIN = {"open": "HeldError", "fetch": "SourceError"}


@dataclass(frozen=True)
class Source:
    """The scheduling keys of `sources/<source>.yaml`."""

    source: str
    title: str
    department: str
    transport: str
    cadence: Kind
    schedule: str

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
    found = Source(**{name: str(keys[name]) for name in Source.__dataclass_fields__})
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
    """Run one stage of the library in this task. What a person must act on fails at once, in one line."""
    from courtyard import errors, stages

    dag_run = get_current_context()["dag_run"]
    again = getattr(errors, TRIED_AGAIN.get(stage, ""), ())
    try:
        result = stages.run_stage(
            stage,
            period,
            part=part,
            holder=f"airflow:{dag_run.dag_id}/{dag_run.run_id}",
            token=token,
            connection=connection,
            refetch=refetch,
        )
        return stages.require_published(result) if stage == "publish" else result
    except again as error:
        raise AirflowException(str(error)) from None
    except errors.CourtyardError as error:
        raise AirflowFailException(str(error)) from None


def connection(conn_id: str) -> Any:
    """A source's connection as Airflow knows it, from any of its secret stores."""
    from courtyard.connection import Connection

    return Connection.from_uri(conn_id, AirflowConnection.get(conn_id).get_uri())
