"""Cases in a warehouse with literal rows: each event happens through the machine and the ledger, as in an office."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import text

from courtyard.cases import ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.rules import Rules
from courtyard.period import SHANGHAI, Period
from courtyard.store import database
from courtyard.warehouse import registers

from .conftest import STREET, World

GRID, GRID2, COMMUNITY = "510105005002001", "510105005002002", "510105005002"
ELSEWHERE = {"C1": GRID, "C2": "510105005003001", None: GRID}
_REPORT = text(
    "INSERT INTO cases.report (street_code, dataset, record_key, case_no, reported_at, channel, how)"
    " VALUES (:street, :dataset, :key, :case, :at, :channel, :how)"
)


def moment(written: str) -> datetime:
    """`2026-07-01 09:00` in Shanghai."""
    return datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


@dataclass
class Desk:
    """Opens and moves cases."""

    world: World
    _serial: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.rules = Rules.of(self.world.ctx.district)
        district = self.world.ctx.district
        with self.world.ctx.engine().begin() as connection:
            for table, rows in (
                ("case_category", registers._case_categories(district)),
                ("office", [(STREET, district.office.small_count)]),
                ("working_stretch", registers._working_stretches(district)),
            ):
                columns = {
                    "case_category": ("street_code", "category", "title", "ledger", "ledger_kind", "same_within_days"),
                    "office": ("street_code", "small_count"),
                    "working_stretch": ("street_code", "begins_at", "ends_at", "minutes_before"),
                }[table]
                database.copy_rows(connection, f"warehouse.{table}", columns, rows)

    def open(self, at: str, category: str = "light", courtyard: str | None = "C1", **more: Any) -> Case:
        """A case that a resident's report opens. `taken_up` (when, if later), `level`, `description`, `address`, `no`, `dataset`."""
        number, since = next(self._serial), moment(at)
        no = more.get("no", f"{since:%y%m%d}-{number:05d}")
        dataset = more.get("dataset", "resident_reports")
        rules = self.rules.cases.category(category)
        level = more.get("level", rules.starts_at)
        unit = {"courtyard": ELSEWHERE[courtyard], "community": ELSEWHERE[courtyard][:12], "street": STREET}[level]
        data = {
            "category": category, "confidence": 1, "urgency": rules.urgency, "courtyard_code": courtyard, "level": level,
            "unit_code": unit, "opened_at": since.isoformat(), **({"held": True} if more.get("held") else {}),
        }  # fmt: skip
        told = moment(more.get("taken_up", at))
        event = Event("opened", told, "clock", f"report/{dataset}/{no}", data=data)
        case = machine.opened(self.rules, case_no=no, event=event)
        self._append([(event, case)])
        self.report(case, at, no, "opened", **{**more, "dataset": dataset, "courtyard": courtyard})
        return case

    def report(self, case: Case, at: str, key: str, how: str = "joined", **more: Any) -> None:
        """A landed report of a case, merged into the warehouse."""
        dataset, since = more.get("dataset", "resident_reports"), moment(at)
        delivery = self.world.batch(dataset, str(Period.of("month", since.date())), since.isoformat())
        attrs = {"description": more.get("description", "灯坏了"), "address": more.get("address", "四道街2号院")}
        self.world.record(delivery, key, attrs, courtyard=more.get("courtyard", "C1"), start=since.date())
        with self.world.ctx.engine().begin() as connection:
            connection.execute(
                _REPORT,
                {"street": STREET, "dataset": dataset, "key": key, "case": case.case_no, "at": since, "how": how,
                 "channel": more.get("channel", "page")},
            )  # fmt: skip

    def join(self, case: Case, at: str, **more: Any) -> Case:
        key = f"J{next(self._serial)}"
        self.report(case, at, key, **more)
        return self.happen(case, "joined_by", at, dataset="resident_reports", record_key=key)

    def happen(self, case: Case, kind: str, at: str, **data: Any) -> Case:
        """One event, by the case's unit."""
        event = Event(kind, moment(at), f"{case.unit_code}/岗位", f"action/{next(self._serial)}", data=data)
        after = machine.apply(self.rules, case, event)
        self._append([(event, after)])
        return after

    def clock(self, case: Case, at: str) -> Case:
        """What the clock does by a moment."""
        steps = list(machine.due_events(self.rules, case, moment(at)))
        self._append(steps)
        return steps[-1][1] if steps else case

    def solve(self, case: Case, answered: str, confirmed: str, satisfaction: str | None = None) -> Case:
        case = self.happen(case, "acknowledged", answered) if case.status == "waiting" else case
        case = self.happen(case, "answered", answered, text="已处理")
        case = self.happen(case, "confirmed", confirmed)
        if satisfaction:
            case = self.happen(case, "followed_up", confirmed, satisfaction=satisfaction, solved=True)
        return case

    def _append(self, steps: list[tuple[Event, Case]]) -> None:
        with self.world.ctx.engine().begin() as connection:
            ledger.append(connection, STREET, steps)
