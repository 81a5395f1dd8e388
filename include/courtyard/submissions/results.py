"""What became of a quarter's submissions, as the warehouse knows it now: one `Receipt` each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from courtyard.context import Context
from courtyard.parsing.problems import WORDINGS, wording
from courtyard.period import SHANGHAI, Period
from courtyard.submissions import advice, outcome
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.findings import Finding, refusal
from courtyard.submissions.outcome import Part, Receipt, Submitted

_SUBMISSIONS = text("""
SELECT s.*, r.name, r.received_at, d.source
  FROM submissions.submission s
  JOIN landing.receipt r USING (receipt_id)
  JOIN landing.delivery d ON d.delivery_id = s.delivery_id
 WHERE s.street_code = :street AND :quarter IN (s.period, s.arrived_for)
 ORDER BY s.receipt_id
""")
_BATCHES = text("""
SELECT batch_id, delivery_id, dataset, status, is_nil, landed, quarantined, unchanged, reason, metadata
  FROM quality.batch WHERE delivery_id = ANY(:deliveries)
 ORDER BY delivery_id, dataset, batch_id
""")
_FINDINGS = text("""
SELECT batch_id, sheet, row_no, column_name, coalesce(cell, '') AS cell, code, severity, message, suggestion
  FROM quality.finding WHERE batch_id = ANY(:batches)
 ORDER BY batch_id, finding_id
""")
_UNTOLD = text("""
SELECT q.batch_id, q.sheet, q.row_no, q.codes
  FROM quality.quarantined_row q
 WHERE q.batch_id = ANY(:batches)
   AND NOT EXISTS (SELECT FROM quality.finding f
                    WHERE f.batch_id = q.batch_id AND f.sheet = q.sheet AND f.row_no = q.row_no
                      AND f.severity = 'error')
""")


@dataclass(frozen=True)
class Told:
    """A submission's row and what there is to say of it now."""

    row: Row
    receipt: Receipt

    @property
    def is_new(self) -> bool:
        return self.row.receipt_hash != self.receipt.digest()


def of_quarter(connection: Connection, ctx: Context) -> Iterator[Told]:
    """Every submission that speaks of the quarter or came in it, in the order of arrival."""
    rows = connection.execute(_SUBMISSIONS, {"street": ctx.street_code, "quarter": str(ctx.period)}).all()
    batches = connection.execute(_BATCHES, {"deliveries": [row.delivery_id for row in rows]}).all()
    findings = _findings(connection, [batch.batch_id for batch in batches])
    by_delivery: dict[str, dict[str, Row]] = defaultdict(dict)
    for batch in batches:
        by_delivery[batch.delivery_id][batch.dataset] = batch  # the contract's newest version comes last
    for row in rows:
        yield Told(row, _receipt(ctx, row, by_delivery[row.delivery_id], findings))


def _findings(connection: Connection, batches: list[str]) -> Mapping[str, list[Finding]]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for batch_id, *values in connection.execute(_FINDINGS, {"batches": batches}):
        found[batch_id].append(Finding(*values))
    for batch_id, sheet, row_no, codes in connection.execute(_UNTOLD, {"batches": batches}):
        for code in codes:
            words = wording(code) if code in WORDINGS else ("error", "此行未能接收", "请联系街道办公室核对此行")
            found[batch_id].append(Finding(sheet, row_no, None, "", code, *words))
    return found


def _receipt(ctx: Context, row: Row, batches: Mapping[str, Row], findings: Mapping[str, list[Finding]]) -> Receipt:
    district = ctx.district
    source = district.sources[row.source]
    parts = [
        _part(ctx, row, batch, findings.get(batch.batch_id, ()))
        for batch in (batches[dataset] for dataset in source.datasets if dataset in batches)
        if batch.landed or findings.get(batch.batch_id) or not district.contracts[batch.dataset].optional
    ]
    cycle = Cycle.of(Period.quarter(row.period), district.office.grid_cycle)
    unit = district.unit_by_code.get(row.unit_code or "")
    receipt = Receipt(
        source=row.source,
        title=source.title,
        status=row.status,
        period=row.period,
        unit_code=row.unit_code,
        unit_name=unit.name if unit else "",
        parts=tuple(parts),
        own=(refusal(row.code, row.reason),) if row.code else (),
        due_on=cycle.due_on,
        frozen_on=cycle.frozen_on,
        advice=advice.next_step(row.status, kind=row.kind, due_on=cycle.due_on, is_late=row.is_late),
        whom=advice.whom_to_ask(district, row.received_at.astimezone(SHANGHAI).date()),
        submitted=_submitted(row),
    )
    return outcome.complete(outcome.placed(receipt, outcome.places_of(b.metadata for b in batches.values())))


def _part(ctx: Context, row: Row, batch: Row, findings: Iterable[Finding]) -> Part:
    return outcome.part(
        ctx.district.contracts[batch.dataset],
        batch.status,
        (batch.landed, batch.quarantined),
        findings,
        is_nil=batch.is_nil,
        reason=batch.reason,
        unchanged=batch.unchanged,
        changes=row.changes.get(batch.dataset, {}),
    )


def _submitted(row: Row) -> Submitted:
    values: dict[str, Any] = {name: getattr(row, name) for name in Submitted.__dataclass_fields__}
    return Submitted(**values)
