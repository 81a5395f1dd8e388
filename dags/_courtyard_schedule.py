"""When DAGs run and which period a run works on: the scheduling keys of the district pack.

At parse time only the standard library and PyYAML are loaded. A source file that cannot be read
disables its own DAG and is named in the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from airflow.sdk import CronDataIntervalTimetable, Param
from airflow.sdk.exceptions import AirflowFailException
from croniter import croniter

from _courtyard_alert import AlertNotifier
from courtyard.period import SHANGHAI, Kind, Period
from courtyard.settings import Settings

log = logging.getLogger("courtyard.dags")
PACK = Settings.from_env().district_path
FOLLOWED = timedelta(days=3)  # so long a month that has ended is still looked at every time


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


def dag_settings() -> dict[str, Any]:
    """What every DAG of the project has in common: alerts, and that past quarters are backfilled on purpose, never caught up."""
    return {
        "start_date": first_day(),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {
            "owner": "courtyard",
            "retries": 1,
            "retry_delay": timedelta(seconds=10),
            "show_return_value_in_logs": False,  # the stage's own last line says it
            "on_failure_callback": AlertNotifier(),
            "on_success_callback": AlertNotifier(recovered=True),
        },
    }


def quarter_param(otherwise: str) -> Param:
    """The run parameter `quarter`; `otherwise` says in Chinese what an empty one means."""
    told = f"如 2026Q3；留空{otherwise}。"
    return Param("", type="string", pattern=r"^(\d{4}Q[1-4])?$", title="季度", description=told)


def reason_param() -> Param:
    """The run parameter `reason`: why somebody runs or backfills a quarter."""
    told = "手动运行和回填必填，如“补报民政数据”；定时运行不填。会写入运行台账。"
    return Param("", type="string", maxLength=200, title="原因", description=told)


def period_param(otherwise: str) -> Param:
    """The run parameter `period`, a quarter or a month; `otherwise` as in `quarter_param`."""
    told = f"如 2026Q3 或 2026-07；留空{otherwise}。"
    return Param("", type="string", pattern=r"^(\d{4}(Q[1-4]|-\d{2}))?$", title="所属期", description=told)


def quarter_of(params: dict[str, Any], moment: datetime | None) -> str:
    """The quarter of a run: its parameter, else the quarter in which a moment of the run lies."""
    return params.get("quarter") or str(Period.of("quarter", _known(moment, "quarter")))


def running_quarter() -> str:
    """The quarter of today, for what belongs to no quarter."""
    return str(Period.of("quarter", datetime.now(SHANGHAI)))


def quarter_collected(params: dict[str, Any], moment: datetime | None) -> str:
    """The quarter whose submissions are collected: the parameter, else the one last issued by that moment."""
    if given := params.get("quarter"):
        return given
    day = _known(moment, "quarter").astimezone(SHANGHAI).date()
    running = Period.of("quarter", day)
    return str(running if day >= _issued_on(running) else running.previous())


def issue_days() -> tuple[str, ...]:
    """Crons of the days on which workbooks are issued, at eight in the morning: no single cron can say them."""
    days = [_issued_on(Period.quarter(f"2026Q{number}")) for number in (1, 2, 3, 4)]
    return tuple(f"0 8 {day.day} {day.month} *" for day in days)


def _issued_on(quarter: Period) -> date:
    """A pack that cannot be read fails in its tasks, by name; its DAGs are still there to show it."""
    try:
        before = yaml.safe_load((PACK / "district.yaml").read_text("utf-8"))["grid_cycle"]["issued_before"]
        return quarter.last_day - timedelta(days=before)
    except Exception as error:
        log.error("%s has no grid_cycle.issued_before: %s", PACK / "district.yaml", error)
        return quarter.last_day


def period_to_land(source: Source, params: dict[str, Any], interval_end: datetime | None) -> str:
    """What a source is asked for: the parameter, else its last finished period, or the running one
    of a source whose submissions keep coming."""
    if given := params.get("period"):
        return given
    running = Period.of(source.cadence, _known(interval_end, "period"))
    return str(running if source.keeps_coming else running.previous())


def periods_to_land(source: Source, params: dict[str, Any], interval_end: datetime | None) -> list[str]:
    """The running period of a source that keeps coming, and in its first days also the one before it.

    What was sent in a month's last second is there to be fetched only in the next month.
    """
    running = period_to_land(source, params, interval_end)
    if params.get("period") or Period.of(source.cadence, _known(interval_end, "period") - FOLLOWED) == Period.parse(
        running
    ):
        return [running]
    return [running, str(Period.parse(running).previous())]


def _known(moment: datetime | None, parameter: str) -> datetime:
    """A run that somebody started by hand has no time of its own: it is told to say for when."""
    if moment is None:
        title = {"quarter": "季度", "period": "所属期"}[parameter]
        raise AirflowFailException(f'手动运行须填写{title}参数，例如 {{"{parameter}": "2026Q3"}}。')
    return moment
