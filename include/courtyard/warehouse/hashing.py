"""One hash over everything the warehouse believes, and the ledger of where every row went."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Engine, text

_BATCH_ROWS = 20_000
_VALUES = "dataset, record_key, valid_from, valid_to, is_active, person_id, household_id, courtyard_code, building, unit_no, room, attrs"
_SOURCE = "delivery_id, sheet, row_no"
_ARCHIVE = "courtyard_code, period, population, key_groups, resources, providers, items, response"
_TAG = "courtyard_code, period, tag, title, category, is_judged, reason, figures"
_INDICATOR = "unit_code, period, indicator, level, title, unit, value, numerator, denominator, state, courtyards, courtyards_known"
_CONFLICT = "discrepancy_id, kind, subject, attribute, basis, value, rule, owner, asked, status, settled_how"

_OURS = "(CAST(:street AS text) IS NULL OR street_code = :street)"

# Ordered by bytes, so that no database's collation plays a part.
_CURRENT = (
    f"SELECT md5(ROW({_VALUES})::text) FROM warehouse.record WHERE {_OURS} AND is_current"
    ' ORDER BY street_code COLLATE "C", dataset COLLATE "C", record_key COLLATE "C", valid_from',
    f"SELECT md5(ROW({_ARCHIVE})::text) FROM warehouse.courtyard_archive WHERE {_OURS} AND superseded_at = 'infinity'"
    ' ORDER BY street_code COLLATE "C", courtyard_code COLLATE "C", period COLLATE "C"',
    f"SELECT md5(ROW({_TAG})::text) FROM warehouse.courtyard_tag WHERE {_OURS} AND superseded_at = 'infinity'"
    ' ORDER BY street_code COLLATE "C", courtyard_code COLLATE "C", period COLLATE "C", tag COLLATE "C"',
    f"SELECT md5(ROW({_INDICATOR})::text) FROM warehouse.courtyard_indicator WHERE {_OURS} AND superseded_at = 'infinity'"
    ' ORDER BY street_code COLLATE "C", unit_code COLLATE "C", period COLLATE "C", indicator COLLATE "C"',
    f"SELECT md5(ROW({_CONFLICT})::text) FROM warehouse.discrepancy WHERE {_OURS} AND superseded_at = 'infinity'"
    ' ORDER BY discrepancy_id COLLATE "C"',
)
_FULL = (
    *_CURRENT,
    f"SELECT md5(ROW({_VALUES}, {_SOURCE}, recorded_at, superseded_at)::text) FROM warehouse.record WHERE {_OURS}"
    ' ORDER BY street_code COLLATE "C", dataset COLLATE "C", record_key COLLATE "C", valid_from, recorded_at, is_current',
    f"SELECT md5(ROW({_ARCHIVE}, recorded_at, superseded_at)::text) FROM warehouse.courtyard_archive WHERE {_OURS}"
    ' ORDER BY street_code COLLATE "C", courtyard_code COLLATE "C", period COLLATE "C", recorded_at',
    f"SELECT md5(ROW({_TAG}, recorded_at, superseded_at)::text) FROM warehouse.courtyard_tag WHERE {_OURS}"
    ' ORDER BY street_code COLLATE "C", courtyard_code COLLATE "C", period COLLATE "C", tag COLLATE "C", recorded_at',
    f"SELECT md5(ROW({_INDICATOR}, recorded_at, superseded_at)::text) FROM warehouse.courtyard_indicator WHERE {_OURS}"
    ' ORDER BY street_code COLLATE "C", unit_code COLLATE "C", period COLLATE "C", indicator COLLATE "C", recorded_at',
    f'SELECT md5(ROW(person_id, minted_by)::text) FROM identity.person WHERE {_OURS} ORDER BY person_id COLLATE "C"',
    f"SELECT md5(ROW({_CONFLICT}, claims, settled_by, settled_at, recorded_at, superseded_at)::text)"
    f' FROM warehouse.discrepancy WHERE {_OURS} ORDER BY discrepancy_id COLLATE "C", recorded_at',
)
_LEDGER = text("""
SELECT source, dataset, period, sha256, landed, merged, quarantined, superseded, held, structural, residual
  FROM mart.ledger
 ORDER BY received_at, batch_id
""")


def content_hash(engine: Engine, full: bool = False, street: str | None = None) -> str:
    """SHA-256 over the current belief of a street, or of all: ids, valid times and values, and the archive made of them.

    Times of receipt and recording play no part unless `full`, which adds history, recorded times,
    the deliveries behind each row, the ids' ledger and the discrepancies. Rows are streamed.
    """
    digest = hashlib.sha256()
    with engine.connect().execution_options(stream_results=True, max_row_buffer=_BATCH_ROWS) as connection:
        connection.execute(text("SET LOCAL timezone = 'UTC'"), execution_options={"stream_results": False})
        for query in _FULL if full else _CURRENT:
            for part in connection.scalars(text(query), {"street": street}).partitions(_BATCH_ROWS):
                digest.update("".join(part).encode())
            digest.update(b"\n")
    return digest.hexdigest()


def ledger(engine: Engine) -> list[dict[str, Any]]:
    """Where every delivered row went, one entry a batch in the order of receipt; `residual` is 0 once final."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(_LEDGER).mappings()]
