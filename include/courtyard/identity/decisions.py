"""What people of the office decided: two records are one person, a name means a courtyard, a claim is right.

A decision is landed like everything else, as a delivery of the source whose transport is `desk`, so that a rebuild
has it too. `take` keeps each of them in `identity.decision`, where linkage, merge and what follows find it. Of several
decisions on one matter the last one holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract, District

DATASET = "decisions"
MEDIA_TYPE = "application/x-ndjson"
_TAKE = text("""
INSERT INTO identity.decision (street_code, decision_no, matter, verdict, left_record, right_record, basis, person_id,
                               attribute, value, address, courtyard_code, building, unit_no, room, valid_from,
                               decided_by, decided_at, reason, delivery_id)
SELECT :street, a ->> 'decision_no', a ->> 'matter', a ->> 'verdict', a ->> 'left_record', a ->> 'right_record',
       a ->> 'basis', a ->> 'person_id', a ->> 'attribute', a ->> 'value', a ->> 'address', a ->> 'courtyard_code',
       a ->> 'building', a ->> 'unit_no', a ->> 'room', (a ->> 'valid_from')::date, a ->> 'decided_by',
       (a ->> 'decided_at')::timestamptz, a ->> 'reason', b.delivery_id
  FROM staging.row r
  JOIN _batch b USING (batch_id)
 CROSS JOIN LATERAL (SELECT r.attrs AS a) x
 WHERE b.dataset = :dataset AND r.disposition IS NULL
ON CONFLICT (street_code, decision_no) DO NOTHING
""")


def contract(district: District) -> Contract | None:
    """What decisions look like; None in a pack without a desk."""
    return district.contracts[DATASET] if desk(district) else None


def desk(district: District) -> str | None:
    """The source through which posts decide; None in a pack without one."""
    return next((s.source for s in district.sources.values() if s.transport == "desk" and DATASET in s.datasets), None)


def as_bytes(contract: Contract, decisions: Sequence[Mapping[str, Any]]) -> bytes:
    """Decisions, by the names of the contract's columns, as bytes to land: a line of headers, then one a line."""
    lines = [{"columns": [c.header for c in contract.columns]}]
    lines += [[decision.get(c.name) for c in contract.columns] for decision in decisions]
    return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def of_bytes(contract: Contract, data: bytes) -> list[dict[str, str]]:
    """The decisions of a landed delivery, as `as_bytes` wrote them; what a decision does not say is left out."""
    names = {column.header: column.name for column in contract.columns}
    head, *lines = (json.loads(line) for line in data.splitlines())
    columns = [names[header] for header in head["columns"]]
    return [{name: value for name, value in zip(columns, line, strict=True) if value is not None} for line in lines]


def take(connection: Connection, ctx: Context) -> int:
    """Keep the decisions among the batches to link; returns how many were new."""
    known = contract(ctx.district)
    if known is None:
        return 0
    return connection.execute(_TAKE, {"street": ctx.street_code, "dataset": known.dataset}).rowcount
