"""Telling a unit that one of its posts changes hands and a pack is due: once a change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from courtyard import notices
from courtyard.context import Context
from courtyard.district.posts import Posts
from courtyard.handover.holding import Turn, turns
from courtyard.notices import Notice
from courtyard.period import SHANGHAI

BEFORE, AFTER = timedelta(days=7), timedelta(days=30)
"""A change is told from a week ahead; one that is found in the pack later than a month after it is past."""


def notify(ctx: Context, *, on: date) -> dict[str, Any]:
    """Queue what is to be told of changes of hands around a day (Shanghai's); each is told once.

    While the unit's posts are all vacant, those who answer for it hear of it too. Returns
    `{"due", "queued", "unreachable"}`: codes of units with a change, how many notices were new, and the
    codes of units without contacts.
    """
    due = [turn for turn in turns(ctx.district) if on - AFTER <= turn.day <= on + BEFORE]
    told = {(turn.unit.code, turn.post, turn.day): list(_notices(ctx, turn, on)) for turn in due}
    with ctx.engine().begin() as connection:
        queued = notices.queue(connection, [entry for entries in told.values() for entry in entries])
    return {
        "due": [turn.unit.code for turn in due],
        "queued": queued,
        "unreachable": sorted({unit for (unit, _, _), entries in told.items() if not entries}),
    }


def _notices(ctx: Context, turn: Turn, on: date) -> Iterator[Notice]:
    answering = Posts(ctx.district).responsible(turn.unit.code, turn.day)
    subject, body = _words(ctx, turn, answering.unit_code, answering.post)
    contacts = [
        contact
        for unit in dict.fromkeys((turn.unit.code, answering.unit_code))
        for contact in notices.contacts_of(ctx.district, unit, on)
    ]
    yield from notices.addressed(
        ctx.district,
        contacts,
        cause=f"handover/{turn.unit.code}/{turn.post}/{turn.day}",
        subject=subject,
        body=body,
        queued_at=datetime.combine(on, time(), SHANGHAI),
    )


def _words(ctx: Context, turn: Turn, unit_code: str, post: str) -> tuple[str, str]:
    """Subject and body; they name posts, never holders."""
    where = f"{turn.unit.name}{turn.post}"
    when = f"{turn.day.year}年{turn.day.month}月{turn.day.day}日"
    what = "换人" if turn.left and turn.came else "到岗" if turn.came else "空缺"
    answers = f"{ctx.district.unit_by_code[unit_code].name}{post}"
    lines = [
        f"{turn.unit.name}：",
        f"{where}自{when}起{what}。请按岗位交接：院落、重点人群、未办结事项和已作的承诺都在交接单里。",
        "" if turn.came else f"空缺期间，这个岗位上的事由{answers}负责。",
        f"生成交接单：courtyard handover {turn.unit.code} --post {turn.post} --on {turn.day}",
        f"打印后由移交人、接任人、监交人签字。有疑问请联系{ctx.district.office.preparer}。",
    ]
    return f"交接提醒：{where}自{when}起{what}", "\n".join(line for line in lines if line)
