"""What became of deliveries, for who may see them: places, codes and counts, never a delivered value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.district.models import District
from courtyard.parsing.problems import WORDINGS, wording
from courtyard.period import Kind, Period

PAGE_ROWS = 100
_KINDS: tuple[Kind, ...] = ("year", "half", "quarter", "month", "week")
_PLACES = 12  # so many places of one problem are named
STATES = {
    "held": ("暂挂", "bad"),
    "rejected": ("退回", "bad"),
    "working": ("处理中", "warn"),
    "partly": ("部分行退回", "warn"),
    "merged": ("已入库", "good"),
    "superseded": ("已被替代", ""),
    "landed": ("只落地，不入库", ""),
}
_STATED = """
    SELECT d.delivery_id, d.seq, d.source, d.period, d.unit_code, d.name, d.received_at, b.landed, b.merged,
           b.quarantined, b.superseded, b.held, b.landed - b.merged - b.quarantined - b.superseded - b.held AS residual,
           CASE WHEN b.delivery_id IS NULL THEN CASE WHEN d.source = ANY(:only_landed) THEN 'landed' ELSE 'working' END
                WHEN 'held' = ANY(b.statuses) THEN 'held'
                WHEN 'rejected' = ANY(b.statuses) THEN 'rejected'
                WHEN b.statuses <@ '{superseded}'::text[] THEN 'superseded'
                WHEN NOT b.statuses <@ '{merged,superseded}'::text[] THEN 'working'
                WHEN b.quarantined > 0 THEN 'partly'
                ELSE 'merged' END AS state
      FROM landing.delivery d
      LEFT JOIN (SELECT delivery_id, array_agg(DISTINCT status) AS statuses, sum(landed) AS landed,
                        sum(merged) AS merged, sum(quarantined) AS quarantined, sum(superseded) AS superseded,
                        sum(held) AS held
                   FROM quality.batch GROUP BY delivery_id) b USING (delivery_id)
     WHERE d.street_code = :street
"""
_LIST = text(f"""
SELECT *, count(*) OVER () AS found FROM ({_STATED}) s
 WHERE s.source = ANY(:sources) AND (CAST(:periods AS text[]) IS NULL OR s.period = ANY(:periods))
   AND (CAST(:unit AS text) IS NULL OR starts_with(s.unit_code, :unit))
   AND (CAST(:state AS text) IS NULL OR s.state = :state)
 ORDER BY s.seq DESC LIMIT :most OFFSET :skip
""")
_ONE = text(f"""
SELECT s.*, d.sha256, d.size_bytes, d.version_at FROM ({_STATED}) s JOIN landing.delivery d USING (delivery_id)
 WHERE s.delivery_id = :delivery
""")
_NOT_LANDED = text("""
SELECT source, period, status, reason, at FROM landing.fetch
 WHERE street_code = :street AND source = ANY(:sources) AND period = ANY(:periods) AND status <> 'landed'
 ORDER BY source, period
""")
_BATCHES = text("""
SELECT batch_id, dataset, period, status, is_nil, landed, merged, unchanged, quarantined, superseded, held, reason,
       landed - merged - quarantined - superseded - held AS residual
  FROM quality.batch WHERE delivery_id = :delivery ORDER BY dataset, batch_id
""")
_FINDINGS = text("""
SELECT b.dataset, f.sheet, f.code, f.severity, f.message, f.suggestion, f.column_name, count(*) AS count,
       (array_agg(coalesce(nullif(f.cell, ''), '第' || f.row_no || '行') ORDER BY f.row_no, f.finding_id)
          FILTER (WHERE nullif(f.cell, '') IS NOT NULL OR f.row_no IS NOT NULL))[1:12] AS places
  FROM quality.finding f JOIN quality.batch b USING (batch_id)
 WHERE b.delivery_id = :delivery
 GROUP BY b.dataset, f.sheet, f.code, f.severity, f.message, f.suggestion, f.column_name
 ORDER BY f.severity, count(*) DESC, b.dataset, f.sheet, f.code
""")
_UNTOLD = text("""
SELECT b.dataset, q.sheet, c.code, count(*) AS count,
       (array_agg('第' || q.row_no || '行' ORDER BY q.row_no))[1:12] AS places
  FROM quality.quarantined_row q JOIN quality.batch b USING (batch_id) CROSS JOIN unnest(q.codes) AS c (code)
 WHERE b.delivery_id = :delivery
   AND NOT EXISTS (SELECT FROM quality.finding f WHERE f.batch_id = q.batch_id AND f.sheet = q.sheet
                      AND f.row_no = q.row_no AND f.severity = 'error')
 GROUP BY b.dataset, q.sheet, c.code ORDER BY b.dataset, q.sheet, c.code
""")
_ARRIVALS = text("""
SELECT r.receipt_id, r.name, r.period, r.received_at, r.sent_at, r.channel, s.kind, s.status, s.reason, s.is_late,
       s.unit_code, s.receipt_file
  FROM landing.receipt r LEFT JOIN submissions.submission s USING (receipt_id)
 WHERE r.delivery_id = :delivery ORDER BY r.receipt_id
""")
_PUBLISHED = text("""
SELECT report, period, max(revision) AS revision FROM publish.publication
 WHERE street_code = :street AND report = ANY(:reports) AND as_known_at >= :received_at
 GROUP BY report, period ORDER BY report, period
""")
_NOT_SAID = ("error", "此行未能接收", "请联系街道办公室核对此行")


@dataclass(frozen=True)
class Scope:
    """Which deliveries a user sees: of these sources, and below this unit where one is set."""

    sources: tuple[str, ...]
    unit: str | None = None

    def holds(self, delivery: RowMapping) -> bool:
        is_below = self.unit is None or (delivery["unit_code"] or "").startswith(self.unit)
        return delivery["source"] in self.sources and is_below


def scope(who: Who, district: District) -> Scope:
    """The street sees all, a community what its own grids sent, a department what its own systems delivered."""
    if who.role == "department":
        return Scope(tuple(s.source for s in district.sources.values() if s.department == who.department))
    return Scope(tuple(district.sources), who.unit_code if who.role == "community" else None)


@dataclass(frozen=True)
class Asked:
    """The filters of the list; None is all."""

    source: str | None = None
    period: Period | None = None
    state: str | None = None
    page: int = 1

    @property
    def periods(self) -> list[str] | None:
        """The period and those that end in it: asked for a quarter, its months are meant too."""
        if self.period is None:
            return None
        within = [part for kind in _KINDS for part in self.period.parts(kind)]
        return sorted({str(self.period), *map(str, within)})


def listing(connection: Connection, ctx: Context, seen: Scope, asked: Asked) -> tuple[Sequence[RowMapping], int]:
    """One page of deliveries, the newest first, and how many there are."""
    values = {
        **_stated(ctx),
        "sources": _sources(seen, asked),
        "periods": asked.periods,
        "unit": seen.unit,
        "state": asked.state,
        "most": PAGE_ROWS,
        "skip": PAGE_ROWS * (asked.page - 1),
    }
    rows = connection.execute(_LIST, values).mappings().all()
    return rows, rows[0]["found"] if rows else 0


def not_landed(connection: Connection, ctx: Context, seen: Scope, asked: Asked) -> Sequence[RowMapping]:
    """What was asked for and did not come, with the reason; only for a period, and for who sees whole sources."""
    if asked.periods is None or seen.unit is not None:
        return []
    values = {"street": ctx.street_code, "sources": _sources(seen, asked), "periods": asked.periods}
    return connection.execute(_NOT_LANDED, values).mappings().all()


def one(connection: Connection, ctx: Context, delivery_id: str) -> RowMapping | None:
    """A delivery of this street with its counts, or None."""
    return connection.execute(_ONE, {**_stated(ctx), "delivery": delivery_id}).mappings().one_or_none()


def batches(connection: Connection, delivery_id: str) -> Sequence[RowMapping]:
    return connection.execute(_BATCHES, {"delivery": delivery_id}).mappings().all()


def problems(connection: Connection, delivery_id: str) -> list[dict[str, Any]]:
    """What was found, equal findings of a sheet together: errors first. Places and words, never values."""
    told = [dict(row) for row in connection.execute(_FINDINGS, {"delivery": delivery_id}).mappings()]
    for row in connection.execute(_UNTOLD, {"delivery": delivery_id}).mappings():
        severity, message, suggestion = wording(row["code"]) if row["code"] in WORDINGS else _NOT_SAID
        words = {"severity": severity, "message": message, "suggestion": suggestion, "column_name": None}
        told.append({**row, **words})
    for problem in told:
        shown = "、".join(problem["places"] or ())
        problem["where"] = f"{shown} 等{problem['count']}处" if problem["count"] > _PLACES else shown
    return sorted(told, key=lambda problem: problem["severity"])


def arrivals(connection: Connection, ctx: Context, delivery_id: str) -> list[dict[str, Any]]:
    """How often the bytes came, by which channel, and the receipt of each with the names of its files."""
    found = [dict(row) for row in connection.execute(_ARRIVALS, {"delivery": delivery_id}).mappings()]
    for arrival in found:
        folder = receipt_folder(ctx, arrival)
        arrival["files"] = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder else []
    return found


def receipt_folder(ctx: Context, arrival: Any) -> Path | None:
    """Where a receipt's files lie, None while there are none."""
    folder = ctx.settings.outbox / arrival["receipt_file"] if arrival["receipt_file"] else None
    return folder if folder and folder.is_dir() else None


def reports(connection: Connection, ctx: Context, who: Who, delivery: RowMapping, datasets: set[str]) -> list[Any]:
    """The reports that read these datasets and were published since, for periods that the delivery can speak of.

    A department is told of those that it receives. Returns (specification, [(period, revision), …]).
    """
    specs = {
        spec.report: spec
        for spec in ctx.district.reports.values()
        if datasets & {*spec.datasets, *spec.lookups} and (who.department in (None, spec.recipient))
    }
    of = Period.parse(delivery["period"])
    quarter = Period.of("quarter", of.last_day)
    values = {"street": ctx.street_code, "reports": list(specs), "received_at": delivery["received_at"]}
    found: dict[str, list[tuple[str, int]]] = {}
    for report, period, revision in connection.execute(_PUBLISHED, values):
        if of.start <= Period.parse(period).last_day <= quarter.last_day:
            found.setdefault(report, []).append((period, revision))
    return [(specs[report], periods) for report, periods in found.items()]


def _sources(seen: Scope, asked: Asked) -> list[str]:
    return [source for source in seen.sources if asked.source in (None, source)]


def _stated(ctx: Context) -> dict[str, Any]:
    only_landed = [s.source for s in ctx.district.sources.values() if not s.datasets]
    return {"street": ctx.street_code, "only_landed": only_landed}
