"""Two cases that turn out to be one: a post moves the reports of one into the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from courtyard.cases import alerts, ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.machine import NotAllowed, Rules
from courtyard.context import Context
from courtyard.store import statements

_SQL = statements.load("courtyard.cases", "reports.sql")


def merge_into(
    connection: Connection, ctx: Context, case: Case, into: Case, post: str, at: datetime, *, cause: str | None = None
) -> Case:
    """Move the reports of `case` into `into`, which answers them from now on; returns `into` after it.

    In the caller's transaction under `ledger.street_lock`. `cause` is that of the action, `joined/<number>` without one;
    when it has happened nothing does. NotAllowed where one of the two is over, or both are the same.
    """
    cause = cause or f"joined/{into.case_no}"
    if ledger.known_causes(connection, ctx.street_code, [(case.case_no, cause)]):
        return into
    if case.case_no == into.case_no or case.direction != into.direction:
        raise NotAllowed(f"工单{case.case_no}不能并入{into.case_no}。", "请写另一个同类工单的编号。")
    rules = Rules.of(ctx.district)
    moved = connection.execute(
        _SQL["move"], {"street": ctx.street_code, "case_no": case.case_no, "into": into.case_no}
    ).all()
    joined = Event("joined", at, post, cause, data={"into": into.case_no})
    steps: list[Step] = [(joined, machine.apply(rules, case, joined))]
    known = [(into.case_no, f"report/{dataset}/{record_key}") for dataset, record_key in moved]
    happened = ledger.known_causes(connection, ctx.street_code, known)
    for (dataset, record_key), named in sorted(zip(moved, known, strict=True)):
        data = {"dataset": dataset, "record_key": record_key, "from": case.case_no, "why": "person"}
        event = Event("joined_by", at, post, named[1], data=data)
        if named not in happened:
            into = machine.apply(rules, into, event)
            steps.append((event, into))
    ledger.append(connection, ctx.street_code, steps)
    alerts.queue(connection, ctx, steps)
    return into
