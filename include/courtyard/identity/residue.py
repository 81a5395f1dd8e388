"""Rows that no rule links, judged by the pack's model: who they are, who they might be.

Only the residue comes here, since the rules of `persons` decide nearly everything, at once and in the database. The
model is never enough by itself: the name has to be the same, ID numbers and rooms must not contradict it, and only one
person may come into question. Whatever is merely likely becomes a question for a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.identity import matching
from courtyard.store import database, statements

_SQL = statements.load("courtyard.identity", "residue.sql")
COLUMNS = ("unique_id", "name", "sound", "birth_date", "courtyard", "room", "phone")
"""What the model compares; `sound` is how a name is said, `room` the place within the courtyard."""
EXACT, OTHER_ROOM = "same", "another room"
CONTRADICTED, UNPLACED = ("one digit", "another"), ("another", "not said")
"""Levels of the model that the conclusions here depend on: of the birth date, and of the place."""
LEAST_POPULATION = 5_000
"""From so many people on their names show how common a name is."""


class Side(NamedTuple):
    """Rows of one side of the linkage: whose they are, whether an ID number is known, and the model's columns."""

    owners: list[Any]
    has_id: list[bool]
    rows: list[tuple[Any, ...]]


def match(connection: Connection, ctx: Context, names: dict[str, str], *, with_id: bool) -> None:
    """Add to `_match` and `_doubt` what the model makes of open records, those with an ID number or those without."""
    left = _residue(connection, with_id)
    if not left.rows:
        return
    _want(connection, left)
    right = _candidates(connection, names)
    linkage = ctx.district.linkage
    model = read_model(ctx.district)
    tables = [matching.table(COLUMNS, side.rows) for side in (left, right)]
    scored = model.score(*tables, {"name": _frequencies(connection)}, least=min(linkage.rival, linkage.review))
    found = matching.decide(
        _pairs(scored, left, right), accept=linkage.accept, rival=linkage.rival, review=linkage.review
    )
    _keep(connection, found, {o for o, known in zip(right.owners, right.has_id, strict=True) if known}, with_id)


def read_model(district: District) -> matching.Model:
    """The pack's saved model."""
    return matching.Model.read(district.root / "rules" / district.linkage.model)


def _residue(connection: Connection, with_id: bool) -> Side:
    found = connection.execute(_SQL["residue"], {"with_id": with_id}).all()
    rows = [(number, *compared(row[3:])) for number, row in enumerate(found)]
    return Side([(row.dataset, row.record_key) for row in found], [row.has_id for row in found], rows)


def _want(connection: Connection, left: Side) -> None:
    connection.execute(_SQL["make_wanted"])
    connection.execute(_SQL["clear_wanted"])
    wanted = {(name, born, phone, place) for _, name, _, born, place, _, phone in left.rows}
    columns = ("name", "birth_date", "phone_token", "courtyard_code")
    database.copy_rows(connection, "pg_temp._wanted", columns, sorted(wanted, key=str))
    connection.execute(text("ANALYZE _wanted"))


def _candidates(connection: Connection, names: dict[str, str]) -> Side:
    found = connection.execute(_SQL["candidates"], names).all()
    rows = [(number, *compared(row[2:])) for number, row in enumerate(found)]
    return Side([row.person_id for row in found], [row.has_id for row in found], rows)


def _frequencies(connection: Connection) -> Any:
    import pyarrow as pa

    found = connection.execute(_SQL["names"], {"least": LEAST_POPULATION}).all()
    return pa.table(
        {"name": [name for name, _ in found], "tf_name": pa.array([share for _, share in found], pa.float64())}
    )


def compared(row: Sequence[Any]) -> tuple[str | None, ...]:
    """The model's columns of (name, birth date, phone, courtyard, building, unit, room)."""
    name, born, phone, courtyard, building, unit, room = row
    place = f"{building}-{unit}-{room}" if building and unit and room else None
    return name, sound(name), born, courtyard, place, phone


@lru_cache(maxsize=65_536)
def sound(name: str | None) -> str | None:
    """How a name is said, without tones: characters that sound alike are the commonest slip of the pen."""
    if name is None:
        return None
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(name))


def _pairs(scored: list[matching.Scored], left: Side, right: Side) -> Iterator[tuple[Any, Any, matching.Scored, bool]]:
    for pair in scored:
        both = left.has_id[pair.left] and right.has_id[pair.right]
        yield left.owners[pair.left], right.owners[pair.right], pair, not both and is_conclusive(pair.levels)


def is_conclusive(levels: dict[str, str]) -> bool:
    """Whether a likely pair may be one person without being asked about.

    Twins differ by a character of the name only, and two people of one name and birth date may live in one
    courtyard: neither a name that merely sounds alike nor another room is overlooked, but the room of one whose
    phone agrees as well, who has moved within the courtyard. Nor is another birth date, near as it may be, nor
    another courtyard where no birth date is given.
    """
    if levels["name"] != EXACT or levels["birth_date"] in CONTRADICTED:
        return False
    if levels["place"] in UNPLACED and levels["birth_date"] != EXACT:
        return False
    return levels["place"] != OTHER_ROOM or levels["phone"] == EXACT


def _keep(connection: Connection, found: list[matching.Match], identified: set[str], with_id: bool) -> None:
    sure = [(*m.record, m.person, "model", m.probability) for m in found if m.is_sure]
    database.copy_rows(connection, "pg_temp._match", ("dataset", "record_key", "person_id", "method", "score"), sure)
    doubts = (
        (
            *m.record,
            m.person,
            "ids_differ" if with_id and m.person in identified else "looks_alike",
            m.probability,
            json.dumps(m.levels, ensure_ascii=False),
        )
        for m in found
        if not m.is_sure
    )
    columns = ("dataset", "record_key", "person_id", "reason", "score", "details")
    database.copy_rows(connection, "pg_temp._doubt", columns, doubts)
