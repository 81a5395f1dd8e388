"""Which waiting rows contradict what another dataset says, as far as it has arrived. Set-based, in the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract, ReferenceRule
from courtyard.period import Kind
from courtyard.validation.checks import Prepared
from courtyard.validation.prepared import Place

_STAGED = """
    staging.row s JOIN quality.batch b USING (batch_id) JOIN landing.delivery d USING (delivery_id)
     WHERE b.street_code = :street AND b.dataset = :dataset AND b.status IN ('parsed', 'validated', 'linked')
       AND d.period = ANY(:periods)"""
_KNOWN = "warehouse.record_current c WHERE c.street_code = :street AND c.dataset = :dataset"
_HAS_ARRIVED = text(f"SELECT EXISTS (SELECT FROM {_STAGED}) OR EXISTS (SELECT FROM {_KNOWN})")
# What the other dataset says, once for all rules that ask it the same. A record's newest staged row stands for it,
# else what the warehouse holds on the quarter's last day.
_THEIRS = """
CREATE TEMP TABLE IF NOT EXISTS {table} ON COMMIT DROP AS
WITH staged AS MATERIALIZED (
    SELECT DISTINCT ON (record) coalesce(s.record_key, s.batch_id || '/' || s.sheet || '/' || s.row_no) AS record,
           {their_keys}, {meets} AS meets
      FROM {staged}
     ORDER BY record, b.period DESC, d.version_at DESC, d.seq DESC
)
SELECT {keys} FROM staged WHERE meets
 UNION
SELECT {their_keys} FROM {known} AND c.valid_from <= :day AND c.valid_to > :day AND {meets}
   AND c.record_key NOT IN (SELECT record FROM staged)
"""
_FAILING = """
SELECT o.batch_id, o.sheet, o.row_no
  FROM (SELECT batch_id, sheet, row_no, {our_keys} FROM staging.row WHERE batch_id = ANY(:ids) AND is_active) o
  LEFT JOIN {table} t USING ({keys})
 WHERE {is_wrong} AND {filled}
"""


def check_of(rule: ReferenceRule) -> Prepared:
    """The check whose finding stands at a row that contradicts the other dataset. Always a warning."""
    return Prepared(f"rule.{rule.id}", rule.columns[0], rule.message, rule.remedy, severity="warning")


def failing(
    connection: Connection, ctx: Context, contract: Contract, batch_ids: Sequence[str]
) -> dict[str, frozenset[Place]]:
    """The failing rows by rule id. Rules over a dataset of which nothing has ever arrived are left out."""
    about = {
        "street": ctx.street_code,
        "periods": [str(part) for kind in get_args(Kind) for part in ctx.period.parts(kind)],
        "day": ctx.period.last_day,
        "ids": list(batch_ids),
    }
    found = {}
    for rule in contract.reference_rules:
        values = about | {"dataset": rule.dataset}
        if connection.scalar(_HAS_ARRIVED, values):
            found[rule.id] = _contradicted(connection, rule, values)
    return found


def _contradicted(connection: Connection, rule: ReferenceRule, values: Mapping[str, Any]) -> frozenset[Place]:
    """The rows that a rule fails; names and values of the contract go in as parameters."""
    numbers = range(len(rule.columns))
    meets, asked = ["true"], {f"theirs{n}": name for n, name in enumerate(rule.theirs)}
    for n, (name, allowed) in enumerate(rule.where.items()):
        meets.append(f"coalesce(attrs ->> :where{n} = ANY(:among{n}), false)")
        asked |= {f"where{n}": name, f"among{n}": list(allowed)}
    asking = json.dumps([rule.dataset, asked], sort_keys=True)
    parts = {
        "table": f"_theirs_{hashlib.md5(asking.encode(), usedforsecurity=False).hexdigest()}",
        "our_keys": ", ".join(f"attrs ->> :ours{n} AS k{n}" for n in numbers),
        "their_keys": ", ".join(f"attrs ->> :theirs{n} AS k{n}" for n in numbers),
        "keys": ", ".join(f"k{n}" for n in numbers),
        "meets": " AND ".join(meets),
        "staged": _STAGED.strip(),
        "known": _KNOWN,
        "is_wrong": "t IS NULL" if rule.check == "listed" else "t IS NOT NULL",
        "filled": " AND ".join(f"o.k{n} IS NOT NULL" for n in numbers),
    }
    connection.execute(text(_THEIRS.format(**parts)), {**values, **asked})
    ours = {f"ours{n}": name for n, name in enumerate(rule.columns)}
    return frozenset(connection.execute(text(_FAILING.format(**parts)), {**values, **ours}).tuples())
