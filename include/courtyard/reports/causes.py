"""Why cells changed: the deliveries received between two revisions that say otherwise about the rows behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from courtyard.district.models import District
from courtyard.period import SHANGHAI, Period
from courtyard.reports import facts
from courtyard.reports.comparison import Change, by_key
from courtyard.reports.editions import Edition
from courtyard.reports.facts import Fact, Place
from courtyard.store import statements

if TYPE_CHECKING:
    from courtyard.reports.job import Job

_SQL = statements.load("courtyard.reports", "causes.sql")
_ROWS_SHOWN = 8
NO_DELIVERY = "没有新的交付：报表的定义、口径，或单位、院落等登记有改动"


@dataclass(frozen=True)
class Cause:
    """A delivery, and the rows of one of its sheets; without rows where only the delivery is known."""

    delivery_id: str
    sheet: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Touch:
    """A record that is believed otherwise: where it stood, where it stands, what says so."""

    was: Place | None
    now: Place | None
    persons: frozenset[str]
    by: tuple[Place | str, ...]  # a row, or a delivery alone


def find(job: Job, old: Edition, new: Edition, changes: Sequence[Change]) -> list[tuple[Cause, ...]]:
    """For each change its causes; empty where no delivery did it. Both editions' facts are kept already."""
    finder = _Finder(job, old, new, {change.key for change in changes} - {None})
    return [finder.of(change) for change in changes]


def described(connection: Connection, district: District, causes: Iterable[Cause]) -> dict[Cause, str]:
    """Each cause in words: source, file, period, when it came, sheet and rows; of the desk who decided and why."""
    causes = set(causes)
    ids = {"ids": sorted({cause.delivery_id for cause in causes})}
    known = {row.delivery_id: row for row in connection.execute(_SQL["deliveries"], ids)}
    decided: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(_SQL["decisions"], ids):
        decided[row.delivery_id].append(f"{row.decision_no} {row.decided_by}：{row.reason}")
    return {cause: _words(district, known[cause.delivery_id], cause, decided[cause.delivery_id]) for cause in causes}


def _words(district: District, delivery: Any, cause: Cause, decisions: list[str]) -> str:
    source = district.sources.get(delivery.source)
    received = delivery.received_at.astimezone(SHANGHAI)
    told = (
        f"{source.title if source else delivery.source}{Period.parse(delivery.period).title}数据"
        f"（{delivery.name}，{received:%Y-%m-%d %H:%M}收到）"
    )
    if cause.rows:
        shown = "、".join(map(str, cause.rows[:_ROWS_SHOWN]))
        more = f"等{len(cause.rows)}行" if len(cause.rows) > _ROWS_SHOWN else "行"
        told += f"{cause.sheet}第{shown}{more}"
    return told + (f"，核实决定：{'；'.join(decisions)}" if decisions else "")


class _Finder:
    """What was touched between two editions, looked up by place and by person."""

    def __init__(self, job: Job, old: Edition, new: Edition, keys: set[Any]) -> None:
        self._job, self._lines = job, (by_key(old.said), by_key(new.said))
        spec = job.spec
        self._bound: dict[str, Any] = {
            **job.where,
            "datasets": [*spec.rests_on],
            "as_of": spec.as_of(job.period),
            "old": old.as_known_at,
            "new": new.as_known_at,
        }
        received = job.connection.execute(_SQL["received_between"], self._bound)
        self._received = [r for r in received if r.source == "desk" or _concerns(r.period, self._bound["as_of"])]
        self._by_place: dict[Place, list[_Touch]] = defaultdict(list)
        self._by_person: dict[str, list[_Touch]] = defaultdict(list)
        self._moved_to: dict[Place, Place] = {}
        for touch in self._touches():
            if touch.was and touch.now:
                self._moved_to[touch.was] = touch.now
            for place in {touch.was, touch.now} - {None}:
                self._by_place[place].append(touch)
            for person in touch.persons:
                self._by_person[person].append(touch)
        self._facts: list[Fact] = []
        if spec.kind == "aggregate":
            self._facts = facts.differences(job.connection, job.where, old.revision, new.revision)
        self._persons = self._persons_of(self._untouched(keys))

    def of(self, change: Change) -> tuple[Cause, ...]:
        if change.kind == "note":  # a note may tell of a delivery that changed no row
            return _gathered(row.delivery_id for row in self._received)
        if change.key is None:
            return self._at_large()
        places = self._places(change)
        if not places and change.kind == "cell":  # nothing else is counted: the way of counting changed, or a setting
            return ()
        touches = [touch for place in places for touch in self._touches_at(place)]
        return _gathered(by for touch in touches for by in touch.by) or self._at_large()

    def _at_large(self) -> tuple[Cause, ...]:
        """All that was received meanwhile, where it cannot be said which row did it."""
        touched = {
            by if isinstance(by, str) else by[0]
            for touches in self._by_place.values() for touch in touches for by in touch.by
        }  # fmt: skip
        return _gathered(r.delivery_id for r in self._received if not touched or r.delivery_id in touched)

    def _touches(self) -> list[_Touch]:
        at: dict[tuple[str, datetime], list[str]] = defaultdict(list)
        for row in self._received:
            at[row.dataset, row.received_at].append(row.delivery_id)
            if row.dataset == "decisions":
                for dataset in self._bound["datasets"]:
                    at[dataset, row.received_at].append(row.delivery_id)
        found = []
        for row in self._job.connection.execute(_SQL["touched"], self._bound):
            was = (row.old_delivery, row.old_sheet, row.old_row) if row.old_delivery else None
            now = (row.new_delivery, row.new_sheet, row.new_row) if row.new_delivery else None
            by: tuple[Place | str, ...] = (now,) if now and row.says_so_itself else tuple(at[row.dataset, row.moment])
            persons = frozenset(filter(None, (row.old_person, row.new_person)))
            found.append(_Touch(was, now, persons, by))
        return found

    def _places(self, change: Change) -> list[Place]:
        """The delivered rows behind a changed cell or row, before and after."""
        assert change.key is not None
        lines = [lines[change.key] for lines in self._lines if change.key in lines]
        if self._job.spec.kind == "roster":
            return [place for line in lines for place in facts.roster_places(line.sources, change.column or None)]
        column = next((c for c in self._job.spec.columns if c.name == change.column), None)
        measures = facts.measures_of(column) if column else ()
        scope = lines[-1].sources
        here = [f for f in self._facts if scope["is_total"] or f.row_key == scope["row_key"]]
        return [fact.place for name in measures for fact in self._differing(here, name)]

    def _differing(self, here: list[Fact], measure: str) -> list[Fact]:
        """Facts that add something else than before; a record that was only written anew adds the same."""
        added = {fact.place: fact for fact in here if fact.is_new}
        same: set[Place] = set()
        for fact in (f for f in here if not f.is_new):
            other = added.get(self._moved_to.get(fact.place, fact.place))
            if other and other.measures.get(measure) == fact.measures.get(measure):
                same |= {fact.place, other.place}
        return [fact for fact in here if measure in fact.measures and fact.place not in same]

    def _touches_at(self, place: Place) -> list[_Touch]:
        return self._by_place.get(place) or [
            touch for person in self._persons.get(place, ()) for touch in self._by_person.get(person, ())
        ]

    def _untouched(self, keys: set[Any]) -> set[Place]:
        """Places behind changes whose own records were not touched: what is known of their persons may have been."""
        places = {fact.place for fact in self._facts}
        if self._job.spec.kind == "roster":
            changed = [lines[key] for lines in self._lines for key in keys if key in lines]
            places = {place for line in changed for place in facts.roster_places(line.sources)}
        return places - self._by_place.keys()

    def _persons_of(self, places: set[Place]) -> dict[Place, list[str]]:
        if not places or not self._by_person:
            return {}
        deliveries, sheets, rows = (list(part) for part in zip(*sorted(places), strict=True))
        bound = {"street": self._bound["street"], "deliveries": deliveries, "sheets": sheets, "rows": rows}
        found: dict[Place, list[str]] = defaultdict(list)
        for row in self._job.connection.execute(_SQL["persons"], bound):
            found[row.delivery_id, row.sheet, row.row_no].append(row.person_id)
        return found


def _concerns(period: str, as_of: date) -> bool:
    """Whether a batch of this period can say something of the day; see `readiness.known_at`."""
    return Period.parse(period).start <= as_of


def _gathered(found: Iterable[Place | str]) -> tuple[Cause, ...]:
    """Rows of one sheet together; a delivery that is named by its rows is not named again."""
    rows: dict[tuple[str, str], set[int]] = defaultdict(set)
    alone: set[str] = set()
    for by in found:
        if isinstance(by, str):
            alone.add(by)
        else:
            rows[by[0], by[1]].add(by[2])
    named = [Cause(delivery, sheet, tuple(sorted(numbers))) for (delivery, sheet), numbers in sorted(rows.items())]
    return (*named, *(Cause(d) for d in sorted(alone - {cause.delivery_id for cause in named})))
