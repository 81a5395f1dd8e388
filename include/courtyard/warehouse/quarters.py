"""Which quarters a run bears upon, and the periods whose facts a quarter can show."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.period import Kind, Period

KINDS: tuple[Kind, ...] = ("year", "half", "quarter", "month", "week")
_PERIODS = text("""
SELECT DISTINCT b.period, coalesce(b.came_for, d.period) = ANY(:periods)
  FROM quality.batch b
  JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status = 'merged'
""")


def delivered_in(quarter: Period) -> list[str]:
    """The periods of deliveries that a run of the quarter works on: those that end in it."""
    return [str(part) for kind in KINDS for part in quarter.parts(kind)]


def affected(connection: Connection, ctx: Context, moved_from: date | None) -> list[Period]:
    """The run's quarter, and every later one, from the earliest of which its deliveries speak, that has facts.

    A late submission speaks of a former quarter, and what it says holds on into the later ones. Whatever tells who
    somebody is bears upon all that was ever said of them: `moved_from` is the first day of records that turned out
    to be another person's, None where there are none.
    """
    rows = connection.execute(_PERIODS, {"street": ctx.street_code, "periods": delivered_in(ctx.period)}).all()
    spoken = {(Period.of("quarter", Period.parse(period).start), is_ours) for period, is_ours in rows}
    moved = [Period.of("quarter", moved_from)] if moved_from else []
    earliest = min([ctx.period, *moved, *(quarter for quarter, is_ours in spoken if is_ours)])
    return sorted({ctx.period, *(quarter for quarter, _ in spoken if quarter >= earliest)})


def known(connection: Connection, ctx: Context) -> set[Period]:
    """The quarters of which anything has been merged."""
    rows = connection.execute(_PERIODS, {"street": ctx.street_code, "periods": []}).all()
    return {Period.of("quarter", Period.parse(period).start) for period, _ in rows}
