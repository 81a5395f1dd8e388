"""Is a report's data there? Decided in the warehouse, by the batches of its datasets (PLATFORM.md says why)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import ReportSpec, SourceSpec
from courtyard.errors import PackError
from courtyard.period import Period

_BATCHES = text("""
SELECT b.status, b.reason
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.dataset = :dataset AND b.period = :period AND b.status <> 'superseded'
   AND d.source <> ALL(:beside)
 ORDER BY b.status = 'merged' DESC, d.seq DESC LIMIT 1
""")
_FETCH = text("""
SELECT status, reason FROM landing.fetch WHERE street_code = :street AND source = :source AND period = :period
""")
_KNOWN_AT = text("""
SELECT DISTINCT b.dataset, b.period, d.received_at
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.dataset = ANY(:datasets) AND b.status = 'merged'
""")
_CASES_LEARNED = text("SELECT mart.case_ledger_learned(:street, :ledger, :period)")
_SUBMISSIONS = text("""
SELECT CASE WHEN is_held THEN 'held' ELSE status END AS status, unit_name FROM mart.submission_status
 WHERE street_code = :street AND dataset = :dataset AND period = :period ORDER BY unit_code
""")
_SAID = (
    ("missing", "未报网格"),
    ("confirmed_nil", "确认本期无数据的网格"),
    ("rejected", "报送被退回的网格"),
    ("held", "报送被暂缓、待人工处理的网格"),
    ("received", "已收到、尚未入库的网格"),
)
SUBMISSION_LABELS = tuple(label for _, label in _SAID)  # with which the notes about grids begin
_NAMES_SHOWN = 12  # of the grids in a note; the count is always given


@dataclass(frozen=True)
class Need:
    """One dataset of one source for one period of that source's cadence."""

    dataset: str
    source: SourceSpec
    period: Period

    @property
    def by_units(self) -> bool:
        """Whether the source's files come from one grid each."""
        return "unit_from_name" in self.source.options


def needs(ctx: Context, spec: ReportSpec, period: Period) -> list[Need]:
    """What must have arrived before the report can be made.

    Of entities (a register as it stands) that is the period of the source which holds the 统计截止日; of events and
    of monthly figures every period from the report's first day on. Before the office's first quarter nothing came.
    """
    first = Period.quarter(ctx.district.office.first_quarter).start
    found: list[Need] = []
    for dataset in spec.datasets:
        source = ctx.district.source_of(dataset)
        if source is None:
            raise PackError(f"报表 {spec.report} 用到的数据集 {dataset} 没有来源。", "请在 sources/ 中加上它的来源。")
        as_of = spec.as_of(period)
        is_state = ctx.district.contracts[dataset].grain == "entity"
        part = Period.of(source.cadence, as_of if is_state else max(period.start, first))
        while part.start <= as_of:
            found.append(Need(dataset, source, part))
            part = part.next()
    return found


def missing(connection: Connection, ctx: Context, wanted: list[Need]) -> str:
    """Why the report has to wait, naming source and period; empty when all is there."""
    return "；".join(filter(None, (_missing(connection, ctx, need) for need in wanted)))


def _missing(connection: Connection, ctx: Context, need: Need) -> str:
    where = {"street": ctx.street_code, "period": str(need.period)}
    # What posts of the office add to a department's list does not stand for the list.
    beside = [s.source for s in ctx.district.sources.values() if s.transport == "desk" and s is not need.source]
    batch = connection.execute(_BATCHES, {**where, "dataset": need.dataset, "beside": beside}).one_or_none()
    if batch and batch.status == "merged":
        return ""
    name = f"{need.source.title}{need.period.title}的{ctx.district.contracts[need.dataset].title}数据"
    if batch:
        state = {"held": "被暂缓", "rejected": "无法读取"}.get(batch.status, "尚未合并入库")
        return f"{name}{state}" + (f"：{batch.reason.rstrip('。')}" if batch.reason else "")
    fetch = connection.execute(_FETCH, {**where, "source": need.source.source}).one_or_none()
    if fetch and fetch.status == "failed":
        return f"{name}取数失败" + (f"：{fetch.reason.rstrip('。')}" if fetch.reason else "")
    return f"{name}尚未送达"


def known_at(connection: Connection, ctx: Context, spec: ReportSpec, period: Period) -> datetime:
    """When the last that the report rests on was learned: never the clock.

    These are the merged deliveries of its datasets and lookups for periods that began before the
    report's 统计截止日, and what had happened by then to the cases it takes up. Without a delivery, the report is not ready and must not be asked.
    """
    rows = connection.execute(_KNOWN_AT, {"street": ctx.street_code, "datasets": [*spec.datasets, *spec.lookups]})
    received = max(row.received_at for row in rows if Period.parse(row.period).start <= spec.as_of(period))
    asked = {"street": ctx.street_code, "ledger": spec.cases, "period": str(period)}
    happened = connection.scalar(_CASES_LEARNED, asked) if spec.cases else None
    return max(received, happened or received)


def submission_notes(connection: Connection, ctx: Context, wanted: list[Need]) -> list[str]:
    """Which grids a grid-fed report does without, and why: one line a state, in the grids' order."""
    notes: list[str] = []
    for need in (n for n in wanted if n.by_units):
        where = {"street": ctx.street_code, "dataset": need.dataset, "period": str(need.period)}
        rows = connection.execute(_SUBMISSIONS, where).all()
        for status, label in _SAID:
            names = [row.unit_name for row in rows if row.status == status]
            if names:
                shown = "、".join(names[:_NAMES_SHOWN]) + ("等" if len(names) > _NAMES_SHOWN else "")
                notes.append(f"{label}{len(names)}个：{shown}。")
    return notes
