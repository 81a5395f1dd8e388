"""减负账: what departments asked, how much of it the archive answered, the hours saved by an estimate that is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import Response

from courtyard.boards import answering, charts, guard, menu
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.reports.burden import ledger
from courtyard.reports.burden.ledger import Counted, Year

MOST_FACTS = 20
_CELLS = {"filled": "档案自动填出", "by_hand": "仍须手填", "not_known": "档案未掌握"}


@dataclass(frozen=True)
class Part:
    """The part of a year's ledger that a user sees: a department its own, everybody else all."""

    year: Year
    only: str | None

    @classmethod
    def of(cls, year: Year, who: Who) -> Part:
        return cls(year, who.department if who.role == "department" else None)

    def _own(self, name: str) -> bool:
        return self.only in (None, name)

    @property
    def sources(self) -> list[ledger.Source]:
        return [source for source in self.year.sources if self._own(source.name)]

    @property
    def forms(self) -> list[ledger.Form]:
        return [form for form in self.year.forms if self._own(form.recipient)]

    @property
    def facts(self) -> list[ledger.Fact]:
        """The facts asked by most; of a department's those that it asks for."""
        return [f for f in self.year.facts if self.only is None or self.only in f.recipient_names][:MOST_FACTS]

    def admissions(self, who: Who) -> list[ledger.Admission] | None:
        """What was decided on requests; None for whom it does not concern."""
        return None if who.role == "viewer" else [a for a in self.year.admissions if self._own(a.recipient)]


def mount(app: FastAPI) -> None:
    """Add the ledger of the newest year and of each."""

    @app.get("/burden")
    def newest(request: Request, who: Who = guard.allowed(menu.BURDEN)) -> Response:
        return _year(request, who, None)

    @app.get("/burden/{year}")
    def one(request: Request, year: int, who: Who = guard.allowed(menu.BURDEN)) -> Response:
        return _year(request, who, year)


def _year(request: Request, who: Who, wanted: int | None) -> Response:
    ctx, this_year = guard.context(request), guard.today(request).year
    with ctx.engine("publisher").connect() as connection:
        years = ledger.years(connection, ctx)
        if wanted is not None and wanted not in (*years, this_year):
            raise Refused(404, f"减负账里没有{wanted}年。", f"可看{'、'.join(f'{y}年' for y in years) or '尚无'}。")
        year = wanted or next(iter(years), this_year)
        found = ledger.read(connection, ctx, year)
        counted = ledger.by_quarter(connection, ctx)
    part = Part.of(found, who)
    own = [c for c in counted if part.only in (None, c.recipient)]
    return answering.page(
        request,
        "burden.html",
        part=part,
        year=found,
        years=sorted({*years, year}, reverse=True),
        total=found.total,
        formula=ledger.FORMULA,
        estimates=ledger.estimates(ctx.district.burden),
        by_quarter=_by_quarter(own, year),
        by_department=_by_department(part),
        by_year=_by_year(own),
        admissions=part.admissions(who),
    )


def _by_quarter(counted: Sequence[Counted], year: int) -> Markup | None:
    """The cells of the year and of the one before, quarter by quarter."""
    quarters = sorted({c.quarter for c in counted if c.year in (year - 1, year)})
    if not quarters:
        return None
    cells = {
        title: [sum(getattr(c, name) for c in counted if c.quarter == quarter) for quarter in quarters]
        for name, title in _CELLS.items()
    }
    return charts.bars("各季度格数", quarters, cells, stacked=True, formatter=answering.number)


def _by_department(part: Part) -> Markup | None:
    sources = [source for source in part.sources if source.asked][::-1]
    if not sources:
        return None
    cells = {title: [getattr(source, name) for source in sources] for name, title in _CELLS.items()}
    height = 90 + 34 * len(sources)
    return charts.bars(
        "各部门格数",
        [s.name for s in sources],
        cells,
        stacked=True,
        horizontal=True,
        height=height,
        formatter=answering.number,
    )


def _by_year(counted: Sequence[Counted]) -> list[dict[str, float]]:
    """What was asked, filled and saved in each year, the newest first."""
    found = []
    for year in sorted({c.year for c in counted}, reverse=True):
        of_year = [c for c in counted if c.year == year]
        sums = {name: sum(getattr(c, name) for c in of_year) for name in ("asked", *_CELLS)}
        found.append({"year": year, **sums, "hours": round(sum(c.hours for c in of_year), 1)})
    return found
