"""The order of the work, once: the quarter DAG and `courtyard run` both iterate `STAGES`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courtyard import (
    cases,
    handover,
    identity,
    landing,
    notices,
    parsing,
    reports,
    runnable,
    submissions,
    validation,
    warehouse,
)
from courtyard.connection import Connection, from_env
from courtyard.context import Asked, Context
from courtyard.district import load_district
from courtyard.errors import CourtyardError, HeldError, SourceError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.progress import quiet_libraries
from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import lease, runs
from courtyard.warehouse import follow_on
from courtyard.watching import summaries

log = logging.getLogger(__name__)

Result = dict[str, Any]
Connect = Callable[[str], Connection] | None


MOST_NAMED = 5  # of the reports that are held, in an error's one line


@dataclass(frozen=True)
class Stage:
    """One step of a quarter: reads what stands to its left, writes its own, returns references only.

    A stage with `per_source` runs once for each source, and one source failing stops no other.
    """

    name: str
    title: str
    work: Callable[..., Result]
    per_source: bool = False


def _open(ctx: Context) -> Result:
    if ctx.asked is not None:
        runnable.check(ctx, datetime.now(SHANGHAI))
    return {"token": lease.acquire(ctx)}


def _deliver(ctx: Context) -> Result:
    """What is signed goes out; a signature that is missing holds up nothing. When it is sent, the clock says."""
    return reports.deliver(ctx, at=datetime.now(SHANGHAI))


def _cases(ctx: Context) -> Result:
    """What was merged opens and moves cases, and the clocks go on; what time it is, the clock says."""
    return cases.run(ctx, at=datetime.now(SHANGHAI))


def _publish(ctx: Context) -> Result:
    causes = follow_on.open_causes(ctx)  # what comes while the forms are made stays due
    result = reports.publish(ctx)
    follow_on.settle(ctx, causes)
    lease.release(ctx, "held" if result["held"] else "done")
    return result


STAGES: tuple[Stage, ...] = (
    Stage("open", "占用季度", _open),
    Stage("fetch", "取数落地", landing.fetch, per_source=True),
    Stage("parse", "解析", parsing.parse),
    Stage("admit", "收件登记", submissions.admit),
    Stage("validate", "校验", validation.validate),
    Stage("link", "识别人与地址", identity.link),
    Stage("merge", "合并入库", warehouse.merge),
    Stage("receipt", "回执", submissions.receipt),
    Stage("cases", "工单", _cases),
    Stage("archive", "院落档案", warehouse.archive),
    Stage("publish", "发布报表", _publish),
    Stage("deliver", "送达", _deliver),
)


def stage(name: str) -> Stage:
    """The stage of this name; UsageError lists the names."""
    for candidate in STAGES:
        if candidate.name == name:
            return candidate
    raise UsageError(f"There is no stage '{name}'.", f"Choose one of {', '.join(s.name for s in STAGES)}.")


def warehouse_url(settings: Settings) -> str:
    """The warehouse's URL; CourtyardError when no server answers."""
    url = settings.warehouse_url or postgres.url(settings.pgdata)
    if url is None:
        raise CourtyardError("The warehouse's PostgreSQL is not running.", "Start it with 'make up'.")
    return url


def context(
    period: str,
    *,
    holder: str,
    settings: Settings | None = None,
    connection: Connect = None,
    token: int | None = None,
    refetch: bool = False,
    asked: Asked | None = None,
) -> Context:
    """Everything a stage needs for one period, a quarter as a rule, from the environment unless given."""
    quiet_libraries()
    settings = settings or Settings.from_env()
    return Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.parse(period),
        url=warehouse_url(settings),
        keys=keys.load(settings.keys),
        connection=connection or (lambda conn_id: from_env(conn_id, settings.env_file)),
        holder=holder,
        token=token,
        refetch=refetch,
        asked=asked,
    )


def run_stage(
    name: str,
    period: str,
    *,
    holder: str,
    part: str | None = None,
    token: int | None = None,
    connection: Connect = None,
    refetch: bool = False,
    asked: Asked | None = None,
    gives_up: bool = False,
) -> Result:
    """Run one stage of a quarter in this process: what every Airflow task does.

    `part` is the source of a per-source stage. `asked` goes with `open`; so does `gives_up`, where it is not tried
    again when another run has the quarter. Raises CourtyardError for all that a user can act on.
    """
    chosen = stage(name)
    if not chosen.per_source:
        runnable.quarter(period)  # a source may also be asked for one month
    ctx = context(period, holder=holder, connection=connection, token=token, refetch=refetch, asked=asked)
    lease.renew(ctx)
    try:
        return _work(chosen, ctx, part)
    except HeldError:
        if gives_up:
            runs.gave_up(ctx)
        raise


def _work(step: Stage, ctx: Context, part: str | None = None) -> Result:
    """One step, or one source of it, with its outcome kept in the ledger of runs."""
    name = f"{step.name}:{part}" if part else step.name
    try:
        result = _told(step, ctx, part)
    except Exception as error:
        runs.failed(ctx, name, error if isinstance(error, CourtyardError) else None)
        if not step.per_source:
            runs.ended(ctx, "failed")
        raise
    runs.told(ctx, name, result)
    return result


def _told(step: Stage, ctx: Context, source: str | None = None) -> Result:
    """Do a stage's work between a line that says what is begun and one that says what was done."""
    spec = ctx.district.sources.get(source or "")
    name = "｜".join(filter(None, (step.title, str(ctx.period), spec.title if spec else source)))
    log.info("%s：开始", name)
    since = time.monotonic()
    result = step.work(ctx, source) if step.per_source else step.work(ctx)
    log.info("%s：%s。用时 %.1f 秒", name, summaries.summary(step.name, result), time.monotonic() - since)
    return result


def run_quarter(ctx: Context) -> Iterator[tuple[str, Result | CourtyardError]]:
    """Run every stage of a quarter in this process; yields (step, result) as each one ends.

    A source that fails yields its error and the quarter goes on; any other error ends the run.
    """
    return run_these(ctx, STAGES)


def run_steps(ctx: Context, names: Iterable[str]) -> Iterator[tuple[str, Result | CourtyardError]]:
    """Run only these stages of a quarter; see `run_quarter`."""
    return run_these(ctx, [stage(name) for name in names])


def run_these(ctx: Context, steps: Iterable[Stage]) -> Iterator[tuple[str, Result | CourtyardError]]:
    """Run steps under one lease, which is given back at the end; see `run_quarter`."""
    token: int | None = None
    try:
        for step in steps:
            lease.renew(ctx)
            if step.per_source:
                for source in ctx.district.sources:
                    try:
                        yield f"{step.name}:{source}", _work(step, ctx, source)
                    except CourtyardError as error:
                        yield f"{step.name}:{source}", error
                continue
            result = _work(step, ctx)
            if step.name == "open":
                token = result["token"]
                ctx = ctx.under(token)
            yield step.name, result
    except HeldError:
        if token is None:
            runs.gave_up(ctx)  # nobody waits in this process
        raise
    finally:
        if token is not None:
            lease.release(ctx)


def require_published(result: Result) -> Result:
    """Pass on a publish result; HeldError names the reports that wait, and why."""
    if held := result.get("held"):
        reasons = [f"{h['report']} {h['period']}：{h['reason'].rstrip('。')}" for h in held]
        told = f"{len(held)} 张报表暂缓：{'；'.join(reasons[:MOST_NAMED])}{'等' if len(held) > MOST_NAMED else ''}。"
        raise HeldError(told, "请补齐数据，或用 courtyard explain 说明，再从“取数落地”起重试。")
    return result


# --- the grid cycle: what its DAGs do between the quarter runs ---------------------------------

TAKEN_IN = ("open", "parse", "admit", "validate", "link", "merge", "receipt", "cases")


def collect(period: str, *, holder: str, source: str, connection: Connect = None) -> bool:
    """Land what units have sent; whether anything waits to be taken in, from now or from a run that died.

    A channel that is down holds up nobody who came by another: it raises SourceError only where nothing
    waits, and stands in `landing.fetch` in any case.
    """
    ctx = context(period, holder=holder, connection=connection)
    try:
        landing.fetch(ctx, source)
    except SourceError as error:
        if not submissions.is_waiting(ctx):
            raise
        log.warning("%s", error)
        return True
    return submissions.is_waiting(ctx)


def take_in(period: str, *, holder: str, connection: Connect = None) -> Result:
    """From landed submissions to their receipts, in this process: one import of the checks, one lease."""
    ctx = context(period, holder=holder, connection=connection)
    return dict(run_these(ctx, [stage(name) for name in TAKEN_IN]))


def issue(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """One workbook for each grid."""
    return submissions.issue(context(period, holder=holder, connection=connection), at=at)


def remind(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Queue what is to be said on the day of `at`: to who owes, and to units whose posts change hands."""
    day, ctx = at.astimezone(SHANGHAI).date(), context(period, holder=holder, connection=connection)
    told = {"handovers": handover.notify(ctx, on=day), "signatures": reports.remind(ctx, on=day)}
    return {**submissions.remind(ctx, on=day), **told}


def send(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Send every queued notice, whatever its quarter."""
    return notices.send(context(period, holder=holder, connection=connection), at=at)


GRID_ACTIONS: dict[str, Callable[..., Any]] = {
    "collect": collect,
    "take_in": take_in,
    "issue": issue,
    "remind": remind,
    "send": send,
}
