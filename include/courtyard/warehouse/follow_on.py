"""What follows from a correction: the quarters that must be run again, since what their forms look at has changed.

A quarter that was built (it has run, or its own forms are published) is due once a fact on a day that one of its
forms looks at is believed differently, told by the transaction that changed the fact. Publishing the quarter settles it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.period import Period
from courtyard.store import statements

_SQL = statements.load("courtyard.warehouse", "follow_on.sql")
_NAMED = 2  # deliveries in a reason; the row has them all
LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class Due:
    """A quarter to be run again. `number` is its oldest cause's: it names the run that is triggered for it."""

    quarter: str
    number: int
    asked_at: datetime
    because_of: tuple[str, ...]
    delivery_ids: tuple[str, ...]
    titles: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why it is run again, as the ledger of runs keeps it."""
        named = "、".join(self.delivery_ids[:_NAMED]) + ("等" if len(self.delivery_ids) > _NAMED else "")
        told = f" 收到 {'、'.join(self.titles)}（delivery {named}）" if self.delivery_ids else " 的档案有变动"
        return f"更正续算：{'、'.join(self.because_of)}{told}"

    @property
    def run_id(self) -> str:
        """The id of the run: one a cause, however often it is triggered."""
        return f"follow_on__{self.quarter}__after_{'_'.join(self.because_of)}__{self.number}"


class Watch:
    """What one merge changes, looked at from the quarters that stand on it; idle where none was built."""

    def __init__(self, connection: Connection, ctx: Context) -> None:
        self.connection, self.ctx = connection, ctx
        self.windows = [window for quarter in others(connection, ctx) for window in _windows(ctx, quarter)]
        if self.windows:
            connection.execute(_SQL["make_changed"])

    def note(self, step: str) -> None:
        """Before beliefs are ended (`note_old`) and after new ones were written (`note_new`)."""
        if self.windows:
            self.connection.execute(_SQL[step], {"street": self.ctx.street_code})

    def ask(self, disputed: Iterable[str]) -> list[str]:
        """Keep the quarters that are due, and `disputed` ones: where a conflict has another outcome. Returns them.

        A form is counted as known by the deliveries that speak of its days or of earlier ones, so what speaks of later
        days only changes no form of an earlier quarter, whatever it teaches of who is who.
        """
        if not self.windows:
            return []
        found = self.connection.execute(_SQL["touched"], {"windows": json.dumps(self.windows)}).all()
        touched: dict[str, Sequence[str]] = {row[0]: row[1] for row in found}
        merged = self.connection.execute(_SQL["merged"]).all()
        spoken = min(Period.parse(row.period).start for row in merged)
        told = {w["quarter"] for w in self.windows if Period.quarter(w["quarter"]).last_day >= spoken}
        due = sorted({*touched, *disputed} & told)
        for quarter in due:
            _ask(self.connection, self.ctx, quarter, touched.get(quarter) or {row.delivery_id for row in merged})
        return due


def others(connection: Connection, ctx: Context) -> list[Period]:
    """The quarters that were built, but for the one that a run of its own is about to publish anyway."""
    found = {Period.quarter(q) for q in connection.scalars(_SQL["built"], {"street": ctx.street_code})}
    own = {"street": ctx.street_code, "quarter": str(ctx.period), "token": ctx.token}
    if connection.scalar(_SQL["is_running"], own):
        found.discard(ctx.period)
    return sorted(found)


def _windows(ctx: Context, quarter: Period) -> list[dict[str, str]]:
    """By dataset, the days that the forms of a quarter look at."""
    since: dict[str, date] = {}
    for spec in ctx.district.reports.values():
        for period in spec.periods(quarter):
            month, back = _looked_at_since(spec, period)
            for dataset, first in [
                *((name, back) for name in spec.datasets),
                *((name, month) for name in spec.lookups),
            ]:
                since[dataset] = min(first, since.get(dataset, first))
    until = quarter.end.isoformat()
    return [
        {"quarter": str(quarter), "dataset": dataset, "since": first.isoformat(), "until": until}
        for dataset, first in sorted(since.items())
    ]


def _looked_at_since(spec: ReportSpec, period: Period) -> tuple[date, date]:
    """From which day a form looks at its lookups and at its datasets: it may set its month against the day before."""
    month = period.start.replace(day=1) - timedelta(days=1)
    year = min(month, period.start.replace(month=1, day=1))
    return month, {"month": month, "year": year, "ever": LONG_AGO}[spec.looks_back]


def archived(connection: Connection, ctx: Context, changed: Iterable[Period]) -> list[str]:
    """Keep as due the quarters whose bulletin shows an archive that the run of another quarter has changed.

    A bulletin shows its own quarter beside the one before it and the same one a year ago.
    """
    built = {str(quarter) for quarter in others(connection, ctx)} - {str(ctx.period)}
    shown = {
        str(shows) for quarter in changed for shows in (quarter, quarter.next(), quarter.next().next().next().next())
    }
    for quarter in sorted(built & shown):
        _ask(connection, ctx, quarter, [])
    return sorted(built & shown)


def _ask(connection: Connection, ctx: Context, quarter: str, deliveries: Iterable[str]) -> None:
    values = {"because_of": str(ctx.period), "token": ctx.token, "deliveries": sorted(deliveries)}
    connection.execute(_SQL["ask"], {"street": ctx.street_code, "quarter": quarter, **values})


def open_causes(ctx: Context) -> list[int]:
    """What the quarter is due for now. To be asked before it is published: what comes meanwhile stays due."""
    with ctx.engine().connect() as connection:
        where = {"street": ctx.street_code, "quarter": str(ctx.period)}
        return list(connection.scalars(_SQL["due_numbers"], where))


def settle(ctx: Context, numbers: list[int]) -> None:
    """The quarter was published with all that it was due for."""
    with ctx.engine().begin() as connection:
        connection.execute(_SQL["settle"], {"numbers": numbers, "token": ctx.token})


def due(ctx: Context) -> list[Due]:
    """Every quarter of the office that is to be run again, the oldest first."""
    with ctx.engine().connect() as connection:
        rows = connection.execute(_SQL["due"], {"street": ctx.street_code}).mappings().all()
    return [_due(ctx, row) for row in rows]


def _due(ctx: Context, row: Any) -> Due:
    known = ctx.district.sources
    titles = (known[source].title if source in known else source for source in row["sources"] or ())
    return Due(
        quarter=row["quarter"],
        number=row["number"],
        asked_at=row["asked_at"],
        because_of=tuple(row["because_of"]),
        delivery_ids=tuple(row["delivery_ids"] or ()),
        titles=tuple(titles),
    )
