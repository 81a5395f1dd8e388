"""Who is who: every staged row of a person gets the id of that person, by rules that decide alone.

The register of the population anchors: the dataset whose contract names a household. Its entries are
persons; every other source is matched to them, by ID number first, then by what it says of name,
birth date, phone and home, and only where exactly one person fits. Precision goes before recall: two
persons made one is worse than one seen twice. Everything is computed from all evidence ever stated,
so that ids do not depend on the order in which deliveries arrived.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.identity import decisions, places, residue, rulings
from courtyard.store import database, lease, statements

_SQL = statements.load("courtyard.identity", "persons.sql")
_ID_DIGITS = 16
_HOME = "a.courtyard_code = o.courtyard_code"
_ROOM = f"{_HOME} AND a.building = o.building AND a.unit_no = o.unit_no AND a.room = o.room"
_BORN = "a.name = o.name AND a.birth_date = o.birth_date AND length(o.birth_date) = 10"
_NAMED = "a.name = o.name AND o.birth_date IS NULL"
PASSES = (
    ("name_birth_room", f"{_BORN} AND {_ROOM}"),
    ("name_birth_phone", f"{_BORN} AND a.phone_token = o.phone_token"),
    ("name_room", f"{_NAMED} AND {_ROOM}"),
    ("name_phone_courtyard", f"{_NAMED} AND a.phone_token = o.phone_token AND {_HOME}"),
)
"""How a row without a known ID number may find its person, strongest first."""

_PASS = """
INSERT INTO _match (dataset, record_key, person_id, method)
SELECT o.dataset, o.record_key, min(a.person_id), :method
  FROM _open o
  JOIN _anchor a ON {agree}
 WHERE NOT (o.has_id AND a.has_id)
   AND NOT EXISTS (SELECT FROM _match m WHERE m.dataset = o.dataset AND m.record_key = o.record_key)
 GROUP BY o.dataset, o.record_key
HAVING min(a.person_id) = max(a.person_id)
"""


def link(ctx: Context) -> dict[str, Any]:
    """Resolve addresses and persons of the quarter's validated batches, in one transaction.

    Rows of persons without a courtyard are quarantined. Batches become `linked`; running it again
    finds none. Returns counts: batches, rows, quarantined, places (doubtful ones by kind), persons
    (new ones) and reviews (questions open). Raises LeaseLost when another run has taken over the quarter.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_SQL["one_at_a_time"], {"street": ctx.street_code})
        # Every step joins whole tables, some of them empty until the step fills them: no statistics say that.
        connection.execute(text("SET LOCAL enable_nestloop = off"))
        connection.execute(text("SET LOCAL default_statistics_target = 10"))  # small samples: the tables are uniform
        batches = places.open_batches(connection, ctx)
        if not batches:
            return {"batches": 0, "rows": 0, "quarantined": 0, "places": {}, "persons": 0, "reviews": 0}
        decisions.take(connection, ctx)
        counts = places.resolve(connection, ctx)
        rows = connection.scalar(text("SELECT count(*) FROM _row"))
        names = {"street": ctx.street_code, "anchor": anchor(ctx.district)}
        known = _resolve_persons(connection, ctx, names)
        _write(connection, ctx, names)
        connection.execute(_SQL["linked"], {"batches": batches})
    return {"batches": len(batches), "rows": rows, **counts, **known}


def anchor(district: District) -> str:
    """The dataset that says who lives in the street: the one whose contract names the household."""
    return next((c.dataset for c in district.contracts.values() if c.role("household")), "")


def _resolve_persons(connection: Connection, ctx: Context, names: dict[str, str]) -> dict[str, int]:
    """Compute `_final`, the person of every record, and bring the ids' ledger in step with it."""
    for step in ("add_evidence", "backdate_evidence"):
        _run(connection, step, names)
    for step in ("make_minted", "make_final", "make_doubt", "make_match"):
        _run(connection, step, names)
    _settle_register(connection, ctx, names)
    _settle_others(connection, ctx, names)
    reviews = rulings.apply(connection, names, lambda dataset, key: _person_id(ctx, ctx.street_code, dataset, key))
    persons = _run(connection, "note_persons", names)
    for step in ("move_records", "note_records"):
        _run(connection, step, names)
    return {"persons": persons, "reviews": reviews}


def _settle_register(connection: Connection, ctx: Context, names: dict[str, str]) -> None:
    """Each entry of the register is a person, unless an earlier entry is plainly the same one."""
    _run(connection, "entries", names)
    connection.execute(text("ANALYZE _entry"))
    _run(connection, "register", names)
    connection.execute(text("ANALYZE _register"))
    for step in ("shared_ids", "make_leader", "lead_by_id", "lead_by_room"):
        _run(connection, step, names)
    keys = connection.scalars(_SQL["register_to_mint"], names).all()
    dataset = names["anchor"]
    minted = ((dataset, key, _person_id(ctx, ctx.street_code, dataset, key)) for key in keys)
    database.copy_rows(connection, "pg_temp._minted", ("dataset", "record_key", "person_id"), minted)
    connection.execute(text("ANALYZE _minted"))
    _run(connection, "settle_register", names)
    connection.execute(text("ANALYZE _final"))
    _run(connection, "register_doubts", names)


def _settle_others(connection: Connection, ctx: Context, names: dict[str, str]) -> None:
    """Match the other sources to the register, then rows without an ID number to those that have one."""
    for step in ("others", "identified", "anchors"):
        _run(connection, step, names)
    for table in ("_other", "_anchor"):
        connection.execute(text(f"ANALYZE {table}"))
    for step in ("match_by_id", "settle_by_id", "doubt_ids", "make_open", "doubt_other_ids"):
        _run(connection, step, names)
    _match(connection, ctx, names, with_id=True)
    _mint(connection, ctx, names, with_id=True)
    for step in ("second_anchors", "still_open"):
        _run(connection, step, names)
    _match(connection, ctx, names, with_id=False)
    _mint(connection, ctx, names, with_id=False)


def _match(connection: Connection, ctx: Context, names: dict[str, str], *, with_id: bool) -> None:
    """Settle open records by the rules, then by the model: in the first round those with an ID number."""
    connection.execute(text("TRUNCATE _match"))
    for method, agree in PASSES:
        connection.execute(text(_PASS.format(agree=agree)), {"method": method})
    residue.match(connection, ctx, names, with_id=with_id)
    _run(connection, "refuse_two_ids", names)
    _run(connection, "settle_matches", names)


def _mint(connection: Connection, ctx: Context, names: dict[str, str], *, with_id: bool) -> None:
    """New ids for records that match nobody, from the strongest identifier each one has."""
    rows = connection.execute(_SQL["to_mint"], {**names, "with_id": with_id}).all()
    minted = ((row[0], row[1], _person_id(ctx, *_strongest(ctx.street_code, *row))) for row in rows)
    database.copy_rows(connection, "pg_temp._minted", ("dataset", "record_key", "person_id"), minted)
    _run(connection, "settle_minted", names)


def _strongest(street: str, dataset: str, key: str, id_token: str | None, *rest: Any) -> tuple[str, ...]:
    """The ID number, else name with birth date and room, else name and room, else the record itself."""
    name, birth_date, *room, is_doubted = rest
    if is_doubted:
        return street, dataset, key
    if id_token:
        return "id", id_token
    if name and all(room):
        born = birth_date if birth_date and len(birth_date) == len("2000-01-01") else ""
        return "name", name, born, *room
    return street, dataset, key


def _person_id(ctx: Context, *identifier: str) -> str:
    """A keyed digest, so that the same deliveries under the same keys give the same ids everywhere."""
    return "P" + ctx.keys.token("person|" + "|".join(identifier))[:_ID_DIGITS]


def _write(connection: Connection, ctx: Context, names: dict[str, str]) -> None:
    """Place, person and household of every row that goes on, into `staging.link`."""
    _run(connection, "make_household", names)
    numbers = connection.scalars(_SQL["households"], names).all()
    households = ((n, "H" + ctx.keys.token(f"household|{ctx.street_code}|{n}")[:_ID_DIGITS]) for n in numbers)
    database.copy_rows(connection, "pg_temp._household", ("household_no", "household_id"), households)
    connection.execute(text("ANALYZE _household"))
    _run(connection, "write_links", names)


def _run(connection: Connection, step: str, names: dict[str, str]) -> int:
    return connection.execute(_SQL[step], names).rowcount
