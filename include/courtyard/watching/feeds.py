"""The watch over sources: what is missing, failed, idle or silent, and rows that are unusual."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from courtyard.context import Context
from courtyard.district.models import SourceSpec
from courtyard.district.watch import AlertKind
from courtyard.district.working_time import Span, WorkingTime
from courtyard.period import SHANGHAI, Period
from courtyard.store.tables import source_state
from courtyard.watching import lateness, series
from courtyard.watching.cause import Cause, in_order

_FETCHES = text("SELECT source, period, status, reason, at FROM landing.fetch WHERE street_code = :street")
_LANDED = text("""
SELECT DISTINCT ON (source) source, period, received_at FROM landing.delivery
 WHERE street_code = :street ORDER BY source, received_at DESC, seq DESC
""")
_LANDED_PERIODS = text("SELECT DISTINCT source, period FROM landing.delivery WHERE street_code = :street")
_REPORTED = text("SELECT reported_at FROM cases.report WHERE street_code = :street AND reported_at > :since")


@dataclass(frozen=True)
class State:
    """How one source stands; see `watch.source_state`."""

    source: str
    title: str
    department: str
    cadence: str
    state: str = "fresh"
    reason: str = ""
    last_period: str | None = None
    last_landed_at: datetime | None = None
    due_period: str | None = None
    due_at: datetime | None = None
    rows: int | None = None
    usual_rows: float | None = None


@dataclass(frozen=True)
class Known:
    """What the ledgers of landing tell of all sources."""

    fetches: dict[str, dict[str, Any]]
    landed: dict[str, Any]
    periods: frozenset[tuple[str, str]]
    reported_at: tuple[datetime, ...]

    @classmethod
    def read(cls, connection: Connection, ctx: Context, at: datetime) -> Known:
        street = {"street": ctx.street_code}
        fetches: dict[str, dict[str, Any]] = {}
        for row in connection.execute(_FETCHES, street):
            fetches.setdefault(row.source, {})[row.period] = row
        since = at - timedelta(days=2 * ctx.district.watch.silence.history_days)
        return cls(
            fetches,
            {row.source: row for row in connection.execute(_LANDED, street)},
            frozenset((row.source, row.period) for row in connection.execute(_LANDED_PERIODS, street)),
            tuple(connection.scalars(_REPORTED, {**street, "since": since})),
        )


def look(connection: Connection, ctx: Context, at: datetime) -> tuple[list[State], list[Cause]]:
    """How every source stands that somebody is asked for, and what is wrong with any."""
    known = Known.read(connection, ctx, at)
    rows = series.read(connection, ctx)
    states, causes = [], []
    for spec in filter(lateness.is_asked, ctx.district.sources.values()):
        state, cause = judge(ctx, spec, known, at)
        states.append(replace(state, **series.totals(rows, spec, state.last_period)))
        causes += [cause] if cause else []
    return states, [*causes, *series.unusual(ctx, rows, at)]


def keep(connection: Connection, ctx: Context, states: list[State], at: datetime) -> None:
    """Write how the sources stand; a source that the pack has no more is taken out."""
    street = source_state.c.street_code == ctx.street_code
    connection.execute(source_state.delete().where(street, source_state.c.source.not_in([s.source for s in states])))
    rows = [{**vars(state), "street_code": ctx.street_code, "looked_at": at} for state in states]
    if rows:
        entered = upsert(source_state)
        changed = {column.name: entered.excluded[column.name] for column in source_state.c if not column.primary_key}
        connection.execute(entered.on_conflict_do_update(constraint=source_state.primary_key, set_=changed), rows)


def judge(ctx: Context, spec: SourceSpec, known: Known, at: datetime) -> tuple[State, Cause | None]:
    """One source against its calendar: what is wrong first, since one thing wrong explains the next."""
    landed = known.landed.get(spec.source)
    state = State(
        spec.source,
        spec.title,
        spec.department,
        spec.cadence,
        last_period=landed.period if landed else None,
        last_landed_at=landed.received_at if landed else None,
    )
    due = lateness.due(ctx.district, spec, at)
    if due:
        state = replace(state, due_period=str(due[0].period), due_at=due[0].late_at)
    cause = (
        _failed(spec, known)
        or _missing(spec, known, due)
        or (_idle(ctx, spec, known, at) if lateness.keeps_coming(spec) else None)
        or (_silent(ctx, spec, known, at) if _is_reported(spec) else None)
    )
    if cause is None:
        return state, None
    named = {"source": "failed", "missing": "late", "idle": "idle", "silent": "silent"}
    return replace(state, state=named[cause.kind], reason=cause.what), cause


def _cause(spec: SourceSpec, kind: AlertKind, what: str, remedy: str, *periods: str) -> Cause:
    place = f"{spec.title}（{spec.department}）"
    return Cause(f"{kind}/{spec.source}", kind, place, what, remedy, tuple(periods), spec.source)


def _failed(spec: SourceSpec, known: Known) -> Cause | None:
    """Periods whose last fetch failed: the same cause as the task's own alert, so that it is one."""
    failed = {period: row for period, row in known.fetches.get(spec.source, {}).items() if row.status == "failed"}
    if not failed:
        return None
    periods = in_order(set(failed))
    reason = failed[periods[-1]].reason.rstrip("。")
    remedy = f"请联系{spec.department}或检查连接，恢复后重试“取数：{spec.title}”；季度数据链会自动补取。"
    return _cause(spec, "source", f"{reason}。", remedy, *periods)


def _missing(spec: SourceSpec, known: Known, due: list[lateness.Due]) -> Cause | None:
    """The last due period, and those before it back to the first that ever landed."""
    landed = [Period.parse(period) for source, period in known.periods if source == spec.source]
    first = min(landed, key=lambda period: period.start, default=None)
    lacking = [d for d in due if d.period not in landed and (d is due[0] or (first and d.period.start > first.start))]
    if not lacking:
        return None
    newest, periods = lacking[0], [str(one.period) for one in reversed(lacking)]
    when = f"应于 {newest.fetched_at.astimezone(SHANGHAI):%Y-%m-%d} 取得"
    fetch = known.fetches.get(spec.source, {}).get(str(newest.period))
    if fetch is None:
        what = f"{when}，至今没有取过：取数流程可能被暂停或没有运行。"
        remedy = f"请在 Airflow 中启用“取数：{spec.title}”并以所属期 {newest.period} 运行一次。"
        return _cause(spec, "missing", what, remedy, *periods)
    what = f"{when}，{fetch.at.astimezone(SHANGHAI):%m-%d %H:%M} 取数时对方还没有这一期。"
    remedy = f"请向{spec.department}催要；对方出数后以所属期 {newest.period} 运行“取数：{spec.title}”。"
    return _cause(spec, "missing", what, remedy, *periods)


def _idle(ctx: Context, spec: SourceSpec, known: Known, at: datetime) -> Cause | None:
    """Nobody looked for what keeps coming: once looked for, it is looked for all the time."""
    looked = max((row.at for row in known.fetches.get(spec.source, {}).values()), default=None)
    rules = ctx.district.watch.freshness
    if looked is None or at <= WorkingTime(ctx.district.office.calendar).after(looked, Span.parse(rules.idle_after)):
        return None
    what = f"自 {looked.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 起没有再收取：收件流程可能被暂停或没有运行。"
    return _cause(spec, "idle", what, f"请在 Airflow 中启用“收件：{spec.title}”并查看最近一次运行。")


def _is_reported(spec: SourceSpec) -> bool:
    return "resident_reports" in spec.datasets


def _silent(ctx: Context, spec: SourceSpec, known: Known, at: datetime) -> Cause | None:
    found = lateness.silent(known.reported_at, at, ctx.district.watch.silence)
    if found is None:
        return None
    remedy = "请扫一张院落二维码试报一次；打不开就检查上报服务和外网入口，能打开就请社区核实张贴情况。"
    return _cause(spec, "silent", f"{found.words}。", remedy)
