"""Cases that come back at one spot: candidates for one root cause, and the case of it that a post opens at the street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from courtyard.cases import alerts, ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.machine import Rules
from courtyard.context import Context
from courtyard.district import posts
from courtyard.district.cases import RootCauses
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none that is mistaken for another
_SHORT = 5
_ALONE = text("""
SELECT case_no, courtyard_code, category, opened_at FROM cases."case"
 WHERE street_code = :street AND direction = 'up' AND parent_no IS NULL AND courtyard_code IS NOT NULL
   AND status NOT IN ('held', 'joined', 'refused') AND opened_at <= :at AND opened_at > :since
   AND NOT EXISTS (SELECT FROM cases.event e WHERE e.street_code = "case".street_code AND e.case_no = "case".case_no
                      AND e.seq = 1 AND e.cause LIKE 'root_cause/%')
 ORDER BY courtyard_code, category, opened_at, case_no
""")


@dataclass(frozen=True)
class Candidate:
    """Cases of one category in one courtyard within `root_causes.within_days`, the first one first."""

    courtyard_code: str
    category: str
    case_nos: tuple[str, ...]
    first_at: datetime
    last_at: datetime

    @property
    def name(self) -> str:
        """By which a post confirms it: its first case."""
        return self.case_nos[0]


def candidates(connection: Connection, ctx: Context, *, at: datetime) -> list[Candidate]:
    """What has come back often enough by a moment and has no root cause yet; those with most cases first.

    A year before the moment is looked at. Where more cases follow each other, the longest run within the days counts.
    """
    bound = {"street": ctx.street_code, "at": at, "since": at - timedelta(days=366)}
    rows = connection.execute(_ALONE, bound).all()
    found = [
        Candidate(*spot, tuple(row.case_no for row in run), run[0].opened_at, run[-1].opened_at)
        for spot, group in groupby(rows, key=lambda row: (row.courtyard_code, row.category))
        if (run := longest(list(group), ctx.district.cases.root_causes))
    ]
    return sorted(found, key=lambda candidate: (-len(candidate.case_nos), candidate.name))


def longest(rows: Sequence[Any], rules: RootCauses) -> Sequence[Any]:
    """The most rows within the days, the earliest of equals; none when they are too few. `rows` by `opened_at`."""
    best: Sequence[Any] = ()
    first = 0
    for last in range(len(rows)):
        while rows[last].opened_at - rows[first].opened_at > timedelta(days=rules.within_days):
            first += 1
        if last + 1 - first > len(best):
            best = rows[first : last + 1]
    return best if len(best) >= rules.least else ()


def confirm(ctx: Context, name: str, *, post: str, at: datetime, text: str) -> Case:
    """Open the root cause's own case at the street, and put the candidate's cases below it; returns it.

    `name` is the candidate's, `text` what the cause is taken to be. Done again it returns the same case. UsageError for
    a post that the pack does not know, an empty text, or a name that is no candidate's.
    """
    if not text.strip():
        raise UsageError("没有写根源是什么。", "请用 --text 写明，不要写任何人的姓名。")
    posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    rules, street = Rules.of(ctx.district), ctx.street_code
    with ledger.street_lock(ctx.engine(), street) as connection:
        chosen = next((c for c in candidates(connection, ctx, at=at) if c.name == name), None)
        if chosen is None:
            return _confirmed(connection, street, name)
        number = case_number(ctx, name, at)
        steps = _steps(
            connection, rules, chosen, number, Event("noted", at, post, f"root_cause/{name}", data={"text": text})
        )
        ledger.append(connection, street, steps)
        alerts.queue(connection, ctx, steps)
    return steps[0][1]


def case_number(ctx: Context, name: str, at: datetime) -> str:
    """The number of the root cause's case: its day and a keyed digest, as of every case."""
    digest = int(ctx.keys.token(f"case|root_cause|{name}"), 16)
    letters = "".join(_LETTERS[(digest >> 5 * place) & 31] for place in range(_SHORT))
    return f"{at.astimezone(SHANGHAI):%y%m%d}-{letters}"


def _steps(connection: Connection, rules: Rules, chosen: Candidate, number: str, said: Event) -> list[Step]:
    """The opening of the root cause's case, then a note on each of the candidate's cases, in the order of time."""
    category = rules.cases.category(chosen.category)
    data = {
        **said.data, "category": chosen.category, "confidence": 1, "urgency": category.urgency, "level": "street",
        "unit_code": rules.district.office.street_code, "courtyard_code": chosen.courtyard_code, "cases": [*chosen.case_nos],
    }  # fmt: skip
    opening = Event("opened", said.at, said.post, said.cause, data=data)
    steps: list[Step] = [(opening, machine.opened(rules, case_no=number, event=opening))]
    for case_no in chosen.case_nos:
        case = ledger.find(connection, rules.district.office.street_code, case_no)
        note = Event("noted", said.at, said.post, said.cause, data={**said.data, "parent_no": number})
        steps.append((note, machine.apply(rules, case, note)))
    return steps


def _confirmed(connection: Connection, street: str, name: str) -> Case:
    """The case of a root cause that was confirmed before; UsageError when there is none of this name."""
    found = connection.scalar(
        text("SELECT case_no FROM cases.event WHERE street_code = :street AND seq = 1 AND cause = :cause"),
        {"street": street, "cause": f"root_cause/{name}"},
    )
    if found is None:
        raise UsageError(f"“{name}”不是根源线索。", "用 courtyard cases root-causes 查看线索，写其中的第一件工单号。")
    return ledger.find(connection, street, found)
