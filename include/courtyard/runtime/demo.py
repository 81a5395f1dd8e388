"""`make demo` and `make up`: the sample street through a real Airflow scheduler."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from courtyard.district import load_district
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.runtime import airflow, envfile, summary, supervisor
from courtyard.runtime.api import Api
from courtyard.runtime.progress import Progress, follow, wait_for_all
from courtyard.settings import Settings
from courtyard.store import database

QUARTER_DAG = "courtyard_quarter"
OPEN_DAG = "courtyard_open_quarter"
BACKFILLED = 3  # quarters before the one that runs
# What residents send becomes a case within minutes: the one work by the clock that is useful on the sample street.
RESIDENTS_DAGS = (
    "courtyard_resident_reports",
    "courtyard_resident_replies",
    "courtyard_resident_photos",
    "courtyard_residents",
)
REASON = "演示：示例街道的四个季度"


def run_demo(settings: Settings, *, scale: float, console: Console) -> int:
    """Run the sample's four quarters and print the summary. Returns the exit code; stops all it started."""
    good = _four_quarters(settings, scale=scale, console=console, keep=False)
    if settings.quality_docs.exists():
        console.print(f"数据质量报告在 {settings.quality_docs}", highlight=False, soft_wrap=True)
    console.print(
        "看 Airflow 界面：make up，用完 make down；在命令行重跑一季：.venv/bin/courtyard run 2026Q3", soft_wrap=True
    )
    return 0 if good else 1


def _four_quarters(settings: Settings, *, scale: float, console: Console, keep: bool) -> bool:
    """Draw the sample street and run its quarters; True when every run succeeded and the ledger balances."""
    progress = Progress(console)
    keys.create(settings.keys)
    with supervisor.running(settings, standins=False, keep=keep) as services:
        with ThreadPoolExecutor(1) as beside:  # Airflow's tables are made while the sample is drawn
            migrated = beside.submit(airflow.prepare, settings, services.url)
            _sample(settings, progress, scale)
            migrated.result()
        with supervisor.running(settings, standins=True, intake=True):
            good = _through_airflow(settings, services.url, progress)
            outcome = summary.show(console, settings, database.engine(services.url))
    return good and outcome.balanced


@dataclass(frozen=True)
class Standing:
    """What `up` leaves running: Airflow, the warehouse's URL, which DAGs wait to be switched on, and whether all went well."""

    airflow: airflow.Secrets
    url: str
    paused: tuple[str, ...]
    good: bool


def bring_up(settings: Settings, *, scale: float, sample: bool, console: Console) -> Standing:
    """Start everything and leave it running. Stops it again when it cannot start.

    An installation in which nothing is yet draws the sample street and runs its quarters first, unless `sample` is False.
    """
    progress = Progress(console)
    keys.create(settings.keys)
    try:
        first = sample and is_new(settings)
        good = not first or _four_quarters(settings, scale=scale, console=console, keep=True)
        with supervisor.running(settings, settings.sample.exists(), keep=True, intake=True) as services:
            if first:  # from now on by the clock: the scheduler starts anew
                supervisor.stop_process(settings, "airflow-scheduler")
            progress.say("正在启动 Airflow …")
            known = airflow.start(settings, services.url, scheduled=True)
            api = Api(known, lambda: airflow.check_alive(settings))
            api.wait_until_ready([QUARTER_DAG])
            if first:
                for dag_id in RESIDENTS_DAGS:
                    api.pause(dag_id, False)
            return Standing(known, services.url, api.paused(), good)
    except BaseException:
        supervisor.shut_down(settings)
        raise


def is_new(settings: Settings) -> bool:
    """Whether nothing is here yet: no sample, nothing landed, no connection that an operator gave."""
    given = any("=" in line and not line.startswith("#") for line in envfile.operator_lines(settings.env_file))
    return not (settings.sample.exists() or given or any(settings.landing.rglob("*.sealed")) or settings.warehouse_url)


def _sample(settings: Settings, progress: Progress, scale: float) -> None:
    from courtyard.runtime.sampling import draw_sample
    from courtyard.sample.standins import stage_inbox

    progress.say(f"示例街道（规模 {scale:g}） …")
    district = load_district(settings.district_path)
    draw_sample(settings, scale=scale)
    for quarter in _quarters(district.office.first_quarter):
        stage_inbox(settings, str(quarter))
    progress.say(f"示例街道在 {settings.sample}")


def _quarters(first: str) -> list[Period]:
    found = [Period.quarter(first)]
    for _ in range(BACKFILLED):
        found.append(found[-1].next())
    return found


def _through_airflow(settings: Settings, url: str, progress: Progress) -> bool:
    """Backfill, ingestion and the last quarter; returns whether every run succeeded."""
    district = load_district(settings.district_path)
    landing = {
        f"courtyard_{source}" if spec.transport == "georeport" else f"courtyard_ingest_{source}": spec.title
        for source, spec in district.sources.items()
        if not spec.is_submitted and spec.transport != "desk"
    }
    receipts = {
        f"courtyard_submissions_{source}": spec.title for source, spec in district.sources.items() if spec.is_submitted
    }
    progress.say("正在启动 Airflow …")
    found_running = airflow.is_running(settings)
    known = airflow.start(settings, url, scheduled=False)
    api = Api(known, lambda: airflow.check_alive(settings))
    dags = [QUARTER_DAG, OPEN_DAG, *landing, *receipts]
    api.wait_until_ready(dags)
    progress.say(f"Airflow 就绪：{known.address}")
    if not found_running:
        api.settle(dags)
    for dag_id in dags:
        api.pause(dag_id, False)
    *past, last = _quarters(district.office.first_quarter)
    good = _backfill(api, progress, past)
    good &= _run(api, progress, OPEN_DAG, last, f"{last} 下发采集表")
    progress.say(f"{last}  各来源取数")
    asked = [(dag_id, api.trigger(dag_id, {"period": str(last)}), title) for dag_id, title in landing.items()]
    good &= wait_for_all(api, progress, asked)
    for dag_id, title in receipts.items():
        good &= _run(api, progress, dag_id, last, f"{last} 收件回执（{title}）")
    good &= _run(api, progress, QUARTER_DAG, last, str(last))
    good &= _followed(api, progress)
    for dag_id in dags:
        api.pause(dag_id, True)  # so that 'make up' schedules nothing that nobody asked for
    return good


def _backfill(api: Api, progress: Progress, quarters: list[Period]) -> bool:
    """Airflow's own backfill; where a quarter has not ended by today's date, one run after the other."""
    if quarters[-1].end_at > datetime.now(SHANGHAI):
        ended = [_run(api, progress, QUARTER_DAG, quarter, str(quarter)) for quarter in quarters]
        return all(ended)
    progress.say(f"回填 {quarters[0]} 至 {quarters[-1]}（airflow backfill，重跑已完成的）")
    api.backfill(QUARTER_DAG, quarters[0].start_at.isoformat(), quarters[-1].start_at.isoformat(), REASON)
    runs = {datetime.fromisoformat(run["logical_date"]): run for run in api.runs(QUARTER_DAG) if run["logical_date"]}
    good = True
    for quarter in quarters:
        run = runs.get(quarter.start_at)
        if run is None:
            raise CourtyardError(f"Airflow's backfill made no run for {quarter}.", "Look at the scheduler's log.")
        good &= follow(api, progress, QUARTER_DAG, run["dag_run_id"], str(quarter))
    return good


def _run(api: Api, progress: Progress, dag_id: str, quarter: Period, title: str) -> bool:
    reason = {"reason": REASON} if dag_id == QUARTER_DAG else {}
    return follow(api, progress, dag_id, api.trigger(dag_id, {"quarter": str(quarter), **reason}), title)


def _followed(api: Api, progress: Progress) -> bool:
    """What the quarters' runs have triggered for other quarters, until nothing more is due."""
    good, seen = True, set()
    while open_runs := [run for run in api.unfinished(QUARTER_DAG) if run["dag_run_id"] not in seen]:
        run_id = open_runs[0]["dag_run_id"]
        seen.add(run_id)
        good &= follow(api, progress, QUARTER_DAG, run_id, f"{open_runs[0]['conf'].get('quarter', '')} 续算")
    return good
