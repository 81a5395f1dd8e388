"""The parsed batches of a quarter, and what may hold one as a whole for a person to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.period import Kind
from courtyard.validation import drift, releasing
from courtyard.validation.layout import Layout

if TYPE_CHECKING:
    from courtyard.validation.frame import Staged

SHRINK_FROM_ROWS = 100  # below it a few people more or less are a large share
NOT_TAKEN = ("header.missing_column", "header.wrong_unit")  # what the parser says of a column that it left out


@dataclass(frozen=True)
class Batch:
    """`missing` are the required columns whose header the parser did not find."""

    batch_id: str
    dataset: str
    period: str
    unit_code: str | None
    is_nil: bool
    is_unchanged: bool
    landed: int
    quarantined: int
    version_at: datetime
    missing: tuple[str, ...]
    layout: Layout

    @property
    def order(self) -> tuple[str, datetime]:
        return self.period, self.version_at

    @property
    def is_confirmed(self) -> bool:
        """Its sender confirms the period before, without listing it again."""
        return self.is_unchanged and self.landed == 0


@dataclass(frozen=True)
class Before:
    """The batch of the same dataset and unit before another one."""

    period: str
    version_at: datetime
    landed: int
    layout: Layout


_PARSED = text("""
SELECT b.batch_id, b.dataset, b.period, b.unit_code, b.is_nil, b.is_unchanged, b.landed, b.quarantined,
       d.version_at, b.metadata,
       ARRAY(SELECT f.column_name FROM quality.finding f
              WHERE f.batch_id = b.batch_id AND f.code = ANY(:missing) AND f.column_name IS NOT NULL
              ORDER BY f.finding_id) AS missing
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'parsed' AND coalesce(b.came_for, d.period) = ANY(:periods)
 ORDER BY b.dataset, b.period, d.version_at, d.seq
""")
_PREVIOUS = text("""
SELECT b.batch_id, p.period, p.version_at, p.landed, p.metadata
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 CROSS JOIN LATERAL (
       SELECT o.period, od.version_at, o.landed, o.metadata
         FROM quality.batch o JOIN landing.delivery od USING (delivery_id)
        WHERE o.street_code = b.street_code AND o.dataset = b.dataset
          AND o.unit_code IS NOT DISTINCT FROM b.unit_code AND o.status IN ('validated', 'linked', 'merged')
          AND (o.period, od.version_at) < (b.period, d.version_at)
          AND NOT (o.is_unchanged AND o.landed = 0)
        ORDER BY o.period DESC, od.version_at DESC LIMIT 1) p
 WHERE b.batch_id = ANY(:ids)
""")


def parsed(connection: Connection, ctx: Context) -> list[Batch]:
    """The batches that wait for validation, of deliveries whose period ends in the quarter, in their order."""
    periods = [str(part) for kind in get_args(Kind) for part in ctx.period.parts(kind)]
    values = {"street": ctx.street_code, "periods": periods, "missing": list(NOT_TAKEN)}
    rows = connection.execute(_PARSED, values).mappings()
    return [_batch(dict(row)) for row in rows]


def _batch(row: dict[str, Any]) -> Batch:
    layout = Layout.of(row.pop("metadata"))
    return Batch(**{**row, "missing": tuple(row["missing"]), "layout": layout})


def holds(connection: Connection, ctx: Context, batches: list[Batch], staged: Mapping[str, Staged]) -> dict[str, str]:
    """Why batches must wait for a person, by batch_id: what is said ends on screens, so no values."""
    reasons: dict[str, list[str]] = {}
    before = _before(connection, batches)
    let_pass = releasing.released(connection, [b.batch_id for b in batches])
    layouts = {b.batch_id: b.layout for b in batches}
    for dataset in dict.fromkeys(b.dataset for b in batches):
        contract = ctx.district.contracts[dataset]
        rows = staged[dataset].place["batch_id"].value_counts()
        unusable = drift.unusable(contract, staged[dataset], layouts)
        for batch in (b for b in batches if b.dataset == dataset):
            known = before[batch.batch_id].layout if batch.batch_id in before else Layout()
            found = drift.missing(contract, batch.missing, batch.layout, known)
            staged_rows = int(rows.get(batch.batch_id, 0))
            found += incomplete(contract, batch, staged_rows, is_released=batch.batch_id in let_pass)
            reasons[batch.batch_id] = found or unusable.get(batch.batch_id, [])
    held = {b for b, why in reasons.items() if why}
    for batch_id, reason in _shrunk(ctx, batches, before, held, let_pass):
        reasons[batch_id] = [*reasons[batch_id], reason]
    return {batch_id: "；".join(why) for batch_id, why in reasons.items() if why}


def _before(connection: Connection, batches: Sequence[Batch]) -> dict[str, Before]:
    rows = connection.execute(_PREVIOUS, {"ids": [b.batch_id for b in batches]})
    return {batch_id: Before(*found, Layout.of(metadata)) for batch_id, *found, metadata in rows}


def incomplete(contract: Contract, batch: Batch, rows: int, *, is_released: bool = False) -> list[str]:
    """Why a batch of which `rows` rows are staged is not all that was owed."""
    if batch.landed == 0 and not (batch.is_nil or batch.is_unchanged or contract.optional or is_released):
        return ["没有数据行，也没有注明“本季度无”，请确认是否漏报"]
    expected = batch.landed - batch.quarantined
    return [f"暂存的数据行不全（应有{expected}行，实有{rows}行），请重新解析"] if rows != expected else []


def _owes_nothing(contract: Contract, batch: Batch) -> bool:
    return contract.optional and batch.landed == 0


def _shrunk(
    ctx: Context,
    batches: Sequence[Batch],
    before: Mapping[str, Before],
    held: Collection[str],
    let_pass: Collection[str],
) -> Iterable[tuple[str, str]]:
    """Snapshots that lost too large a share of the rows of the one before (FAULTS 19).

    The one before may be of this run, unless it is held itself. Events and changes come and go: they are
    no snapshot.
    """
    in_run: dict[tuple[str, str | None], Before] = {}
    for batch in sorted(batches, key=lambda b: b.order):
        contract = ctx.district.contracts[batch.dataset]
        if (
            contract.grain == "event"
            or contract.listing == "delta"
            or batch.is_confirmed
            or _owes_nothing(contract, batch)
        ):
            continue
        unit = batch.dataset, batch.unit_code
        known = [b for b in (before.get(batch.batch_id), in_run.get(unit)) if b]
        last = max(known, key=lambda b: (b.period, b.version_at), default=None)
        least = last.landed * (1 - ctx.district.office.shrink_hold_share) if last else 0
        if last and last.landed >= SHRINK_FROM_ROWS and batch.landed < least and batch.batch_id not in let_pass:
            lost = 1 - batch.landed / last.landed
            yield (
                batch.batch_id,
                f"比上一次（{last.period}）的{last.landed}行少了{lost:.1%}，只有{batch.landed}行，请确认是否漏报",
            )
        elif batch.batch_id not in held:
            in_run[unit] = Before(*batch.order, batch.landed, batch.layout)
