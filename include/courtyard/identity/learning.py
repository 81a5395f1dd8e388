"""The gazetteer with what people decided about spellings: a name learned once serves every source from then on."""

from __future__ import annotations

import json

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.identity.addresses import Gazetteer
from courtyard.identity.cleaning import clean
from courtyard.identity.names import Learned

_DECIDED = text("""
SELECT matter, verdict, address, courtyard_code, building, unit_no, room, valid_from
  FROM identity.decision
 WHERE street_code = :street AND matter IN ('alias', 'place') AND address IS NOT NULL
 ORDER BY decided_at, decision_no
""")
_IN_FORCE = "chosen"


def gazetteer(connection: Connection, ctx: Context) -> Gazetteer:
    """The courtyards by door, name, dated alias, and by the decisions that are in force."""
    return Gazetteer(ctx.district, learned(connection, ctx))


def learned(connection: Connection, ctx: Context) -> list[Learned]:
    """The last decision on each spelling, where it decides for a courtyard; ordered, since the order plays no part."""
    last: dict[tuple[str, str], Learned | None] = {}
    for matter, verdict, address, code, *inside, since in connection.execute(_DECIDED, {"street": ctx.street_code}):
        is_meant = verdict == _IN_FORCE and code is not None
        decided = Learned(matter == "alias", address, code, *inside, since) if is_meant else None
        last[matter, clean(address)] = decided
    return [last[key] for key in sorted(last) if last[key] is not None]


def fingerprint(connection: Connection, ctx: Context) -> str:
    """What addresses are read by, as a keyed digest: it changes with the register and with every decision."""
    register = ctx.district.model_dump(mode="json", include={"office", "units", "courtyards", "aliases", "changes"})
    decided = [tuple(map(str, decision)) for decision in learned(connection, ctx)]
    return ctx.keys.token(json.dumps([register, decided], sort_keys=True, ensure_ascii=False))
