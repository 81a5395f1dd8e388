"""Letters without a reply are chased (催办函), again and again, once a step.

The first step is the first minute after the letter's deadline; the next counts from when the last 催办函 was written. After
a downtime one step is taken: a department gets one letter and its whole time, not three letters in a minute.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text, update

from courtyard.cases import acts, departments, ledger, letters
from courtyard.cases.clock import CLOCK
from courtyard.cases.event import Event
from courtyard.cases.letter_text import Terms, chase_letter
from courtyard.cases.letters import Letter
from courtyard.cases.machine import ALLOWED
from courtyard.context import Context
from courtyard.district.working_time import Span
from courtyard.period import SHANGHAI
from courtyard.store.tables import letter as table

_DUE = text("""
SELECT l.case_no, l.letter_no
  FROM cases.letter l
  JOIN cases.case c USING (street_code, case_no)
 WHERE l.street_code = :street AND l.next_chase_at <= :at AND l.replied_at IS NULL AND c.status = ANY(:statuses)
 ORDER BY l.next_chase_at, l.case_no, l.letter_no
""")


def chase(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Write a 催办函 for each letter whose step has come by `at`; {"chased": how many}. Again: nothing.

    Each is a transaction of its own, so a killed run goes on where it stopped. A case that is answered or closed is
    not chased.
    """
    bound = {"street": ctx.street_code, "at": at, "statuses": list(ALLOWED["chased"])}
    with ctx.engine().connect() as connection:
        due = connection.execute(_DUE, bound).all()
    return {"chased": sum(_one(ctx, row.case_no, row.letter_no, at) for row in due)}


def _one(ctx: Context, case_no: str, letter_no: int, at: datetime) -> bool:
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case, asked = (
            ledger.find(connection, ctx.street_code, case_no),
            letters.find(connection, ctx, case_no, letter_no),
        )
        is_due = asked.next_chase_at is not None and asked.next_chase_at <= at
        if asked.replied_at or not is_due or case.status not in ALLOWED["chased"]:
            return False  # another run was here meanwhile
        _chase(connection, ctx, asked, at)
    return True


def _chase(connection: Connection, ctx: Context, asked: Letter, at: datetime) -> None:
    case = ledger.find(connection, ctx.street_code, asked.case_no)
    times, on = asked.chased + 1, at.astimezone(SHANGHAI).date()
    cause = f"chase/{asked.letter_no}/{times}"
    name = departments.name_of(ctx.district, asked.department)
    number = letters.number_of(connection, ctx, f"letter/{case.case_no}/{cause}", at)
    again_at = ctx.district.office.working_time.after(at, Span.parse(ctx.district.cases.chasing.every))
    terms = Terms(name, number, on, again_at.date())
    first = Terms(name, asked.number, asked.written_at.astimezone(SHANGHAI).date(), asked.due_on)
    about, letter_no = letters.matter(connection, ctx, case), letters.next_no(connection, ctx, case.case_no)
    data = {"letter_no": asked.letter_no, "chase_no": letter_no, "department": asked.department}
    data |= {"department_name": name, "number": number, "times": times}
    acts.happen(connection, ctx, case, Event("chased", at, CLOCK, cause, asked.next_chase_at, data))
    row = Letter(case.case_no, letter_no, asked.department, number, "chase", "", at, terms.due_on, asked.request,
                 about_no=asked.letter_no)  # fmt: skip
    made = chase_letter(ctx.district, about, terms, first, asked.request, times)
    letters.issue(connection, ctx, row, made, told=f"{asked.number}到期未复，这是第{times}次催办。")
    connection.execute(
        update(table)
        .where(table.c.street_code == ctx.street_code, table.c.case_no == case.case_no)
        .where(table.c.letter_no == asked.letter_no)
        .values(chased=times, next_chase_at=again_at)
    )
