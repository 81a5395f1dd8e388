"""The parsed batches of a quarter, and what may hold one as a whole for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.period import Kind
from courtyard.validation.checks import flag
from courtyard.validation.frame import Staged
from courtyard.validation.row import required

SHRINK_FROM_ROWS = 100  # below it a few people more or less are a large share
UNUSABLE_FROM_ROWS = 10  # below it bad cells are single rows' faults, not the column's
UNUSABLE_SHARE = 0.8  # a required column this empty or unreadable was renamed, dropped or changed its type
MISSING_COLUMN = "header.missing_column"


@dataclass(frozen=True)
class Batch:
    """`missing` are the contract columns whose header the parser did not find."""

    batch_id: str
    dataset: str
    period: str
    unit_code: str | None
    is_nil: bool
    landed: int
    quarantined: int
    version_at: datetime
    missing: tuple[str, ...]

    @property
    def order(self) -> tuple[str, datetime]:
        return self.period, self.version_at


_PARSED = text("""
SELECT b.batch_id, b.dataset, b.period, b.unit_code, b.is_nil, b.landed, b.quarantined, d.version_at,
       ARRAY(SELECT f.column_name FROM quality.finding f
              WHERE f.batch_id = b.batch_id AND f.code = :missing AND f.column_name IS NOT NULL
              ORDER BY f.finding_id) AS missing
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'parsed' AND d.period = ANY(:periods)
 ORDER BY b.dataset, b.period, d.version_at, d.seq
""")
_PREVIOUS = text("""
SELECT b.batch_id, p.period, p.version_at, p.landed
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 CROSS JOIN LATERAL (
       SELECT o.period, od.version_at, o.landed
         FROM quality.batch o JOIN landing.delivery od USING (delivery_id)
        WHERE o.street_code = b.street_code AND o.dataset = b.dataset
          AND o.unit_code IS NOT DISTINCT FROM b.unit_code AND o.status IN ('validated', 'linked', 'merged')
          AND (o.period, od.version_at) < (b.period, d.version_at)
        ORDER BY o.period DESC, od.version_at DESC LIMIT 1) p
 WHERE b.batch_id = ANY(:ids)
""")


def parsed(connection: Connection, ctx: Context) -> list[Batch]:
    """The batches that wait for validation, of deliveries whose period ends in the quarter, in their order."""
    periods = [str(part) for kind in get_args(Kind) for part in ctx.period.parts(kind)]
    values = {"street": ctx.street_code, "periods": periods, "missing": MISSING_COLUMN}
    rows = connection.execute(_PARSED, values).mappings()
    return [Batch(**{**row, "missing": tuple(row["missing"])}) for row in rows]


def holds(connection: Connection, ctx: Context, batches: list[Batch], staged: Mapping[str, Staged]) -> dict[str, str]:
    """Why batches must wait for a person, by batch_id: what is said ends on screens, so no values."""
    reasons: dict[str, list[str]] = {}
    for dataset in dict.fromkeys(b.dataset for b in batches):
        contract = ctx.district.contracts[dataset]
        of_dataset = [b for b in batches if b.dataset == dataset]
        rows = staged[dataset].place["batch_id"].value_counts()
        unusable = _unusable(contract, staged[dataset])
        for batch in of_dataset:
            found = [*_missing(contract, batch), *_incomplete(batch, int(rows.get(batch.batch_id, 0)))]
            reasons[batch.batch_id] = found or unusable.get(batch.batch_id, [])
    for batch_id, reason in _shrunk(connection, ctx, batches, held={b for b, why in reasons.items() if why}):
        reasons[batch_id] = [*reasons[batch_id], reason]
    return {batch_id: "；".join(why) for batch_id, why in reasons.items() if why}


def _missing(contract: Contract, batch: Batch) -> list[str]:
    needed = [c for c in required(contract) if {c.name, c.header} & set(batch.missing)]
    return [f"缺少必填列“{c.header}”，请补上该列后重新报送" for c in needed]


def _incomplete(batch: Batch, rows: int) -> list[str]:
    if batch.landed == 0 and not batch.is_nil:
        return ["没有数据行，也没有注明“本季度无”，请确认是否漏报"]
    expected = batch.landed - batch.quarantined
    return [f"暂存的数据行不全（应有{expected}行，实有{rows}行），请重新解析"] if rows != expected else []


def _unusable(contract: Contract, staged: Staged) -> dict[str, list[str]]:
    """Required columns that are empty or unreadable in most rows of a batch."""
    found: dict[str, list[str]] = {}
    place, frame = staged.place["batch_id"], staged.frame
    sizes = place.value_counts()
    large = sizes.index[sizes >= UNUSABLE_FROM_ROWS]
    for column in required(contract):
        bad = frame[f"{column.name}__given"].isna() | frame[flag(column.name, "error")].notna()
        shares = bad.groupby(place).mean()
        for batch_id, share in shares[shares.index.isin(large) & (shares >= UNUSABLE_SHARE)].items():
            found.setdefault(str(batch_id), []).append(
                f"必填列“{column.header}”有{share:.0%}的行为空或无法识别，请核对该列"
            )
    return found


def _shrunk(connection: Connection, ctx: Context, batches: list[Batch], held: set[str]) -> Iterable[tuple[str, str]]:
    """Snapshots that lost too large a share of the rows of the one before (FAULTS 19).

    The one before may be of this run, unless it is held itself. Events come and go: they are no snapshot.
    """
    rows = connection.execute(_PREVIOUS, {"ids": [b.batch_id for b in batches]})
    stored = {batch_id: (period, version_at, landed) for batch_id, period, version_at, landed in rows}
    in_run: dict[tuple[str, str | None], tuple[str, datetime, int]] = {}
    for batch in sorted(batches, key=lambda b: b.order):
        if ctx.district.contracts[batch.dataset].grain == "event":
            continue
        unit = batch.dataset, batch.unit_code
        before = max((b for b in (stored.get(batch.batch_id), in_run.get(unit)) if b), default=None)
        least = before[2] * (1 - ctx.district.office.shrink_hold_share) if before else 0
        if before and before[2] >= SHRINK_FROM_ROWS and batch.landed < least:
            lost = 1 - batch.landed / before[2]
            yield (
                batch.batch_id,
                f"比上一次（{before[0]}）的{before[2]}行少了{lost:.1%}，只有{batch.landed}行，请确认是否漏报",
            )
        elif batch.batch_id not in held:
            in_run[unit] = (*batch.order, batch.landed)
