"""What the quarter board shows to whom: grids, sources, reports and runs of a quarter, and all quarters at a glance."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from courtyard.boards import quarter_asked, quarter_runs, quarter_steps, report_access
from courtyard.boards.quarter_steps import Step
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports import progress
from courtyard.reports.progress import Stage, Standing
from courtyard.submissions import collection
from courtyard.submissions.collection import SHEETS, Sheet
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.locks import Lock, lock_of
from courtyard.warehouse import arrivals
from courtyard.warehouse.arrivals import TITLES, Feed

SHOWN_QUARTERS = 12
LATE = "迟报"
BAD, WARN, GOOD, NIL, NONE = "bad", "warn", "good", "nil", ""
_SHEET_CSS = {
    "missing": BAD,
    "refused": BAD,
    "partly": WARN,
    "held": WARN,
    "received": NONE,
    "reported": GOOD,
    "nil": NIL,
}
_FEED_CSS = {"failed": BAD, "held": WARN, "not_asked": WARN, "absent": WARN, "landed": GOOD}
_STAGE_CSS = {
    Stage.HELD: BAD, Stage.RETURNED: BAD, Stage.NOT_MADE: WARN, Stage.WAITING: WARN, Stage.UNSENT: WARN,
    Stage.RECALLED: WARN, Stage.PUBLISHED: GOOD, Stage.DELIVERED: GOOD,
}  # fmt: skip
_ORDER = (BAD, WARN, NONE, GOOD, NIL)


@dataclass(frozen=True)
class Line:
    """One line of the board: what stands so, since when and why, and the next step. `about` is the sheet, feed or report."""

    about: Any
    title: str
    css: str
    step: Step

    @property
    def rank(self) -> int:
        return _ORDER.index(self.css)


@dataclass(frozen=True)
class Community:
    """A community's sheets: counts by state, and, to whom may see them, a row a grid with a line a dataset."""

    code: str
    name: str
    counts: Counter[str]
    grids: dict[str, dict[str, Line]] | None


@dataclass(frozen=True)
class Glance:
    """One quarter in the overview: counts of sheets, feeds and reports by the key of their state."""

    quarter: Period
    sheets: Counter[str] | None
    feeds: Counter[str]
    reports: Counter[str]
    overdue: int


@dataclass(frozen=True)
class Board:
    """`sheets` are the lines that need somebody, reddest first; None of a part is what this user sees only in counts."""

    quarter: Period
    cycle: Cycle
    lock: Lock
    datasets: dict[str, str]
    communities: list[Community]
    sheets: list[tuple[list[Line], Line]]
    feeds: list[Line] | None
    reports: list[Line] | None
    glances: list[Glance]
    follow_ons: list[dict[str, Any]]
    runs: list[dict[str, Any]]


def board(connection: Connection, ctx: Context, who: Who, day: date) -> Board:
    """The board of the context's quarter as this user may see it on a day."""
    office, quarter = ctx.district.office, ctx.period
    quarters = quarter_asked.all_until(office, day)[:SHOWN_QUARTERS]
    everything = {*quarters, quarter}
    cycle = Cycle.of(quarter, office.grid_cycle)
    lock = lock_of(connection, ctx, quarter, day)
    feeds = [feed for feed in arrivals.feeds(connection, ctx, day, sorted(everything)) if _is_theirs(who, feed)]
    standings = [
        one
        for one in progress.standings(connection, ctx, day, sorted(everything))
        if report_access.is_told(ctx, who, one.entry.report, one.entry.recipient)
    ]
    sheets = [] if who.role == "department" else collection.sheets(connection, ctx, day)
    lines = {
        (sheet.unit_code, sheet.dataset): Line(
            sheet, SHEETS[sheet.state], _css(sheet, cycle, day), quarter_steps.of_sheet(sheet, cycle, lock, day)
        )
        for sheet in sheets
    }
    follow_ons = quarter_runs.due(connection, ctx)
    is_detailed = who.role in ("street", "department")
    return Board(
        quarter, cycle, lock, {sheet.dataset: sheet.title for sheet in sheets}, _communities(ctx, who, lines),
        _to_do(who, lines), _feed_lines(feeds, quarter) if is_detailed else None,
        report_lines([s for s in standings if s.entry.quarter == quarter]) if is_detailed else None,
        _glances(connection, ctx, who, quarters, (feeds, standings)),
        follow_ons if who.role == "street" else [], quarter_runs.of(connection, ctx, quarter) if who.role == "street" else [],
    )  # fmt: skip


def report_lines(standings: list[Standing]) -> list[Line]:
    """A line a report period, overdue ones first."""
    found = []
    for one in standings:
        css = BAD if one.is_overdue else _STAGE_CSS.get(one.stage, NONE)
        found.append(Line(one, one.stage.value, css, quarter_steps.of_report(one, one.entry.quarter)))
    return found


def _is_theirs(who: Who, feed: Feed) -> bool:
    return who.role != "department" or feed.source.department == who.department


def _feed_lines(feeds: list[Feed], quarter: Period) -> list[Line]:
    lines = [
        Line(feed, TITLES[feed.state], _FEED_CSS.get(feed.state, NONE), quarter_steps.of_feed(feed, quarter))
        for feed in feeds
        if feed.quarter == quarter
    ]
    return sorted(lines, key=lambda line: (line.rank, line.about.source.title, line.about.period.start))


def _css(sheet: Sheet, cycle: Cycle, day: date) -> str:
    """What is missing is red once it is overdue."""
    return WARN if sheet.state == "missing" and day <= cycle.due_on else _SHEET_CSS[sheet.state]


def _communities(ctx: Context, who: Who, lines: dict[tuple[str, str], Line]) -> list[Community]:
    """The communities with grids that owe, in the order of the register."""
    grids: dict[str, dict[str, dict[str, Line]]] = defaultdict(lambda: defaultdict(dict))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (unit, dataset), line in lines.items():
        code = line.about.community_code
        grids[code][unit][dataset] = line
        counts[code][line.about.state] += 1
        counts[code]["late"] += line.about.is_late
    return [
        Community(
            code, ctx.district.unit_by_code[code].name, counts[code], grids[code] if who.sees_unit(code) else None
        )
        for code in sorted(grids)
    ]


def _to_do(who: Who, lines: dict[tuple[str, str], Line]) -> list[tuple[list[Line], Line]]:
    """Where somebody has to act: a grid's sheets that stand alike together, with the first of them."""
    alike: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines.values():
        sheet = line.about
        if who.sees_unit(sheet.unit_code) and (line.step is not quarter_steps.NOTHING or sheet.is_late):
            alike[sheet.unit_code, sheet.state, sheet.reason].append(line)
    found = [(together, together[0]) for together in alike.values()]
    return sorted(
        found, key=lambda pair: (pair[1].rank, list(SHEETS).index(pair[1].about.state), pair[1].about.unit_code)
    )


def _glances(
    connection: Connection, ctx: Context, who: Who, quarters: list[Period], known: tuple[list[Feed], list[Standing]]
) -> list[Glance]:
    feeds, standings = known
    sheets = None if who.role == "department" else collection.counts(connection, ctx)
    return [
        Glance(
            quarter,
            None if sheets is None else sheets.get(str(quarter), Counter()),
            Counter(feed.state for feed in feeds if feed.quarter == quarter),
            Counter(one.stage.name for one in standings if one.entry.quarter == quarter),
            sum(one.is_overdue for one in standings if one.entry.quarter == quarter),
        )
        for quarter in quarters
    ]
