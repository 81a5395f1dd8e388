"""Decisions about who is who, and the queue of those that a person has yet to make.

A decision names two records and holds until one of them says something else of itself (name, birth date or ID
number): then the question is asked again. Both are functions of what the sources and people ever said, whatever the
order in which it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from courtyard.store import database, statements

_SQL = statements.load("courtyard.identity", "persons.sql")


def apply(connection: Connection, names: dict[str, str], own_id: Callable[[str, str], str]) -> int:
    """Bring `_final` in step with the decisions and `identity.review` with what is still in doubt.

    `own_id` makes the id of a record that is told apart. Returns the open questions.
    """
    for step in ("leads", "said", "make_basis", "rulings", "make_ruled"):
        connection.execute(_SQL[step], names)
    apart = connection.execute(_SQL["told_apart"], names).all()
    _rule(connection, ((dataset, key, None, own_id(dataset, key)) for dataset, key in apart))
    together = connection.execute(_SQL["held_together"], names).tuples().all()
    persons = sorted({person for pair in together for person in pair})
    of_register = set(connection.scalars(_SQL["of_register"], {**names, "persons": persons}))
    leader = leaders(together, of_register)
    _rule(connection, ((None, None, was, person) for was, person in sorted(leader.items())))
    for step in ("make_review", "review_decided", "review_doubts", "close_reviews", "open_reviews"):
        connection.execute(_SQL[step], names)
    return connection.scalar(_SQL["count_open"], names)


def _rule(connection: Connection, rows: Iterable[tuple[str | None, ...]]) -> None:
    connection.execute(_SQL["clear_ruled"])
    database.copy_rows(connection, "pg_temp._ruled", ("dataset", "record_key", "was", "person_id"), rows)
    connection.execute(_SQL["rule"])


def leaders(pairs: Iterable[tuple[str, str]], of_register: set[str]) -> dict[str, str]:
    """The person that each of the others becomes, by pairs that are one: the register's, else the least id.

    >>> leaders([("P1", "P2"), ("P3", "P2")], {"P2"})
    {'P1': 'P2', 'P3': 'P2'}
    """
    group: dict[str, set[str]] = {}
    for left, right in pairs:
        merged = group.get(left, {left}) | group.get(right, {right})
        group.update(dict.fromkeys(merged, merged))
    found = {person: min(members, key=lambda p: (p not in of_register, p)) for person, members in group.items()}
    return {person: lead for person, lead in sorted(found.items()) if person != lead}
