"""The reference tables, kept in step with the district pack: only differences are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, text

from courtyard.district.models import District
from courtyard.district.posts import Posts
from courtyard.identity.persons import anchor
from courtyard.period import Period
from courtyard.store import database
from courtyard.store.tables import (
    answering,
    authority,
    case_category,
    code,
    courtyard,
    courtyard_change,
    courtyard_heir,
    grid_cycle,
    key_group,
    office,
    submitted_dataset,
    unit,
    working_stretch,
)

_TABLES = (
    unit, courtyard, courtyard_change, courtyard_heir, code, key_group, authority, grid_cycle, submitted_dataset,
    answering, case_category, office, working_stretch,
)  # fmt: skip
_YEARS_AHEAD = 5
Rows = Iterator[tuple[Any, ...]]


def keep_in_step(connection: Connection, district: District) -> int:
    """Bring the reference tables in step with the pack; returns the rows written."""
    street, cycle = district.office.street_code, district.office.grid_cycle
    wanted = {
        "unit": _units(district),
        "courtyard": _courtyards(district),
        "courtyard_change": (
            (c.on, c.from_code, c.to_code, c.kind, street, c.former_name, c.buildings) for c in district.changes
        ),
        "courtyard_heir": _heirs(district),
        "code": _codes(district),
        "key_group": (
            (
                street,
                g.group,
                g.title,
                g.dataset,
                _json(g.where),
                _json(g.birth_window.model_dump() if g.birth_window else None),
            )
            for g in district.key_groups
        ),
        "authority": _authority(district),
        "grid_cycle": iter([(street, cycle.issued_before, cycle.due_after, cycle.frozen_after)]),
        "submitted_dataset": _submitted(district),
        "answering": _answering(district),
        "case_category": _case_categories(district),
        "office": iter([(street, district.office.small_count)]),
        "working_stretch": _working_stretches(district),
    }
    return sum(_replace(connection, table, wanted[table.name], street) for table in _TABLES)


def _units(district: District) -> Rows:
    street = district.office.street_code
    for u in district.units:
        yield u.code, u.valid_from, u.valid_to or "infinity", street, u.name, u.kind, u.parent_code


def _courtyards(district: District) -> Rows:
    for c in district.courtyards:
        community, grid = district.community_of(c.code).code, district.grid_of(c.code).code
        address = district.standard_address(c)
        since, until, successor = district.history.span(c.code)
        where = (community, grid, c.micro_grid_code, c.name, address, c.lon, c.lat)
        yield c.code, district.office.street_code, *where, since or date.min, until or "infinity", successor


def _heirs(district: District) -> Rows:
    for heir in district.history.heirs():
        until = heir.until or "infinity"
        yield heir.code, heir.building, heir.since, until, district.office.street_code, heir.heir, heir.number


def _authority(district: District) -> Rows:
    """The pack's order of trust; who lives with whom is the register's to say."""
    street = district.office.street_code
    yield street, "household_id", anchor(district), 1, "rank", None
    for a in district.authority:
        yield from (
            (street, a.attribute, dataset, rank, a.weigh, a.within_quarters)
            for rank, dataset in enumerate(a.datasets, 1)
        )


def _submitted(district: District) -> Rows:
    for source in district.sources.values():
        for contract in (district.contracts[d] for d in source.datasets if source.is_submitted):
            yield district.office.street_code, contract.dataset, source.source, contract.title, not contract.optional


def _answering(district: District) -> Rows:
    posts = Posts(district)
    for u in district.units:
        for span in posts.spans(u.code):
            until = "infinity" if span.until == date.max else span.until
            by = span.answering
            yield u.code, span.since, until, district.office.street_code, by.unit_code, by.post


def _codes(district: District) -> Rows:
    """The code lists of the pack, and the departments that letters go to as one more."""
    street = district.office.street_code
    for codes in district.codes.values():
        yield from ((street, codes.codes, value, labels[0]) for value, labels in codes.values.items())
    yield from ((street, "case_department", department.code, department.name) for department in district.departments)


def _case_categories(district: District) -> Rows:
    days = district.cases.ledgers.same_within_days
    for c in district.cases.categories:
        yield (
            district.office.street_code,
            c.code,
            c.title,
            c.ledger,
            c.ledger_kind,
            days.get(c.ledger) if c.ledger else None,
        )


def _working_stretches(district: District) -> Rows:
    """The office's working time from the year before its first quarter on, with what was worked before each stretch."""
    first, minutes = Period.quarter(district.office.first_quarter).start.year, 0
    since, until = date(first - 1, 1, 1), date(first + _YEARS_AHEAD + 1, 1, 1)
    for begins, ends in district.office.working_time.stretches(since, until):
        yield district.office.street_code, begins, ends, minutes
        minutes += round((ends - begins).total_seconds() / 60)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _replace(connection: Connection, table: Table, wanted: Rows, street: str) -> int:
    """Make a table hold exactly these rows, given in the order of its columns; equal rows are not touched.

    Rows of another street stay.
    """
    name, columns = table.name, [c.name for c in table.columns]
    copy = f"_{name}"
    keyed = " AND ".join(f"o.{c.name} = n.{c.name}" for c in table.primary_key)
    same = f"{keyed} AND ROW(o.*) IS NOT DISTINCT FROM ROW(n.*)"
    connection.execute(text(f"CREATE TEMP TABLE {copy} (LIKE warehouse.{name}) ON COMMIT DROP"))
    database.copy_rows(connection, f"pg_temp.{copy}", columns, wanted)
    gone = text(
        f"DELETE FROM warehouse.{name} o WHERE o.street_code = :street AND NOT EXISTS (SELECT FROM {copy} n WHERE {same})"
    )
    new = text(
        f"INSERT INTO warehouse.{name} SELECT n.* FROM {copy} n"
        f" WHERE NOT EXISTS (SELECT FROM warehouse.{name} o WHERE {same})"
    )
    return connection.execute(gone, {"street": street}).rowcount + connection.execute(new).rowcount
