"""Where sources disagree about a person: every claim with its delivery, and whom the pack trusts."""

from __future__ import annotations

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.identity.persons import anchor
from courtyard.store import statements
from courtyard.warehouse import quarters

_SQL = statements.load("courtyard.warehouse", "discrepancies.sql")


def find(connection: Connection, ctx: Context) -> int:
    """Bring the discrepancies of the run's quarters in step with what is believed; returns how many stand.

    A quarter is looked at on its last day. Only attributes of the pack's authority list are compared.
    """
    standing = 0
    for quarter in quarters.affected(connection, ctx):
        names = {
            "street": ctx.street_code,
            "anchor": anchor(ctx.district),
            "period": str(quarter),
            "day": quarter.last_day,
        }
        standing += connection.execute(_SQL["disagreements"], names).rowcount
        for step in ("close_settled", "open_new", "drop"):
            connection.execute(_SQL[step], names)
    return standing
