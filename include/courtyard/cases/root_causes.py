"""Cases that come back at one spot: candidates for one root cause, and the case of it that a post opens at the street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from courtyard.cases import acts, alerts, ledger, machine, numbering
from courtyard.cases.acting import Action
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import posts
from courtyard.district.cases import RootCauses
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

_ALONE = text("""
SELECT case_no, courtyard_code, category, opened_at FROM cases."case"
 WHERE street_code = :street AND direction = 'up' AND parent_no IS NULL AND courtyard_code IS NOT NULL
   AND status NOT IN ('held', 'joined', 'refused') AND opened_at <= :at AND opened_at > :since
   AND NOT EXISTS (SELECT FROM cases.event e WHERE e.street_code = "case".street_code AND e.case_no = "case".case_no
                      AND e.seq = 1 AND e.data ? 'root_cause')
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
    with ctx.engine().connect() as connection:
        chosen = next((c for c in candidates(connection, ctx, at=at) if c.name == name), None)
        if chosen is None:
            return _confirmed(connection, ctx.street_code, name)
    number = numbering.stem(ctx.keys, f"root_cause|{name}", at)
    said = {"category": chosen.category, "courtyard_code": chosen.courtyard_code, "cases": [*chosen.case_nos]}
    doing = acts.action(ctx, number, "root_cause", post=post, at=at, root_cause=name, text=text.strip(), **said)
    return acts.act(ctx, doing, found)


def found(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of the action: the opening of the root cause's case, then a note on each of the cases below it."""
    rules, said = Rules.of(ctx.district), doing.data
    data = {
        **said, "confidence": 1, "urgency": rules.cases.category(said["category"]).urgency, "level": "street",
        "unit_code": ctx.street_code,
    }  # fmt: skip
    opening = Event("opened", doing.at, doing.post, doing.cause, data=data)
    steps: list[Step] = [(opening, machine.opened(rules, case_no=doing.case_no, event=opening))]
    note = Event("noted", doing.at, doing.post, doing.cause, data={"text": said["text"], "parent_no": doing.case_no})
    for case_no in said["cases"]:
        case = ledger.find(connection, ctx.street_code, case_no)
        steps.append((note, machine.apply(rules, case, note)))
    ledger.append(connection, ctx.street_code, steps)
    alerts.queue(connection, ctx, steps)
    return steps[0][1]


def _confirmed(connection: Connection, street: str, name: str) -> Case:
    """The case of a root cause that was confirmed before; UsageError when there is none of this name."""
    number = connection.scalar(
        text(
            "SELECT case_no FROM cases.event WHERE street_code = :street AND seq = 1 AND data ->> 'root_cause' = :name"
        ),
        {"street": street, "name": name},
    )
    if number is None:
        raise UsageError(f"“{name}”不是根源线索。", "用 courtyard cases root-causes 查看线索，写其中的第一件工单号。")
    return ledger.find(connection, street, number)
