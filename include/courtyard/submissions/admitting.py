"""The stage that gives every submission one decision: the first, a correction, a duplicate, or not taken and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.parsing import stage as parsing_stage
from courtyard.parsing.problems import wording
from courtyard.period import Period
from courtyard.store import lease, statements
from courtyard.submissions import deciding, locks, papers
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.deciding import COUNTED, Entry, Kind, Paper, Refusal, Role
from courtyard.warehouse import quarters, registers

_SQL = statements.load("courtyard.submissions", "admit.sql")
MOST_PLACES = 200  # of the rows that a correction changes, told by place
KINDS: tuple[Kind, ...] = ("first", "correction", "duplicate", "misdirected")


def admit(ctx: Context) -> dict[str, Any]:
    """Decide every receipt of the quarter's collection that is not decided yet, and let its batches follow.

    One transaction under the lease; a file that was set aside before and counts now is read again after
    it. Running it again decides nothing. Returns counts by kind (`first`, `correction`, `duplicate`,
    `misdirected`) and `reread`. Raises LeaseLost when another run has taken over the quarter.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        work = _Admission(connection, ctx)
        counts = work.decide()
        work.follow()
        unread = work.unread()
    if unread:
        parsing_stage.parse_again(ctx, unread)
        with ctx.engine().begin() as connection:
            lease.check(connection, ctx)
            _Admission(connection, ctx).follow()
    return {"submissions": sum(counts.values()), **{kind: counts[kind] for kind in KINDS}, "reread": len(unread)}


def foresee(
    ctx: Context, paper: Paper, connection: Connection | None = None
) -> tuple[str | None, Period, Role, dict[str, str]]:
    """What `admit` would make of one more paper: unit, quarter, role, and its status, code and reason.

    Writes nothing. Without a connection what came before, and locks set by hand, stay unknown.
    """
    work = _Admission(connection, ctx, decides=False)
    stated = deciding.unit_of(paper)
    if connection is not None and isinstance(stated, str):
        work._load({stated})
    known = next((e for e in work._entries if e.delivery_id == paper.delivery_id), None)
    paper = replace(paper, content_hash=known.content_hash) if known else paper
    unit, period, refusal = work._placed(paper)
    if refusal or unit is None:
        role = Role("misdirected")
        return unit or paper.named_unit, period, role, work._told(role, refusal or paper.unreadable)
    entries = deciding.with_entry(work._entries, paper, unit, period)
    role = deciding.roles(e for e in entries if (e.unit_code, e.period) == (unit, period))[paper.receipt_id]
    return unit, period, role, work._told(role, paper.unreadable)


class _Admission:
    """The steps of one admission on its transaction."""

    def __init__(self, connection: Connection | None, ctx: Context, *, decides: bool = True) -> None:
        self.connection = connection
        self.ctx = ctx
        sources = [s for s in ctx.district.sources.values() if s.is_submitted]
        contracts = [ctx.district.contracts[d] for s in sources for d in s.datasets]
        self.names: dict[str, Any] = {
            "street": ctx.street_code,
            "sources": [s.source for s in sources],
            "periods": quarters.delivered_in(ctx.period),
            "optional": [c.dataset for c in contracts if c.optional],
        }
        self._entries: list[Entry] = []
        self._roles: dict[int, Role] = {}
        if decides:
            connection.execute(_SQL["one_at_a_time"], self.names)

    def decide(self) -> Counter[str]:
        """Write a submission for each new paper, and the new roles of earlier ones of its unit and quarter."""
        registers.keep_in_step(self.connection, self.ctx.district)
        self.connection.execute(_SQL["keep_content"], self.names)
        new = papers.waiting(self.connection, self.ctx, self.names)
        self._load({unit for paper in new if isinstance(unit := deciding.unit_of(paper), str)})
        taken: dict[int, tuple[Paper, str, Period]] = {}
        counts: Counter[str] = Counter()
        for paper in new:
            unit, period, refusal = self._placed(paper)
            if refusal or unit is None:
                self._enter(paper, unit or paper.named_unit, period, Role("misdirected"), refusal or paper.unreadable)
                counts["misdirected"] += 1
                continue
            self._entries = deciding.with_entry(self._entries, paper, unit, period)
            taken[paper.receipt_id] = paper, unit, period
        found = self._new_roles({(unit, period) for _, unit, period in taken.values()})
        self._take_back({paper.delivery_id for r, (paper, _, _) in taken.items() if found[r].kind in COUNTED}, found)
        self._change_roles(found, set(taken))
        self._roles |= found
        for receipt, (paper, unit, period) in taken.items():
            self._enter(paper, unit, period, found[receipt], paper.unreadable)
            counts[found[receipt].kind] += 1
        return counts

    def _load(self, units: set[str]) -> None:
        rows = self.connection.execute(_SQL["entries"], {**self.names, "units": sorted(units)})
        for row in rows:
            values = {name: getattr(row, name) for name in Entry.__dataclass_fields__}
            values |= {"period": Period.parse(row.period), "arrived_for": Period.parse(row.arrived_for)}
            self._entries.append(Entry(**values))
            self._roles[row.receipt_id] = Role(row.kind, row.related_receipt)

    def _placed(self, paper: Paper) -> tuple[str | None, Period, Refusal | None]:
        """Unit, quarter, and why the paper is not taken."""
        district = self.ctx.district
        period = deciding.period_of(paper, Period.quarter(district.office.first_quarter))
        spoken = paper.arrived_for if isinstance(period, Refusal) else period
        unit = deciding.unit_of(paper)
        if isinstance(unit, Refusal):
            return paper.named_unit, spoken, unit
        if paper.unreadable and unit is None:
            return None, spoken, paper.unreadable
        refusal = deciding.registered(unit, spoken, district.units)
        if refusal or isinstance(period, Refusal):
            return unit, spoken, refusal or period
        assert unit is not None
        if deciding.is_last_quarters(paper, unit, period, self._entries):
            return unit, period, Refusal("submission.last_quarter_file", period.title)
        return unit, period, self._locked(paper, period)

    def _locked(self, paper: Paper, period: Period) -> Refusal | None:
        cycle = Cycle.of(period, self.ctx.district.office.grid_cycle)
        if cycle.state_on(paper.sent_on) == "not_open":
            return Refusal("submission.not_open", cycle.why(paper.sent_on))
        if self.connection is None:
            return None
        lock = locks.closed_against(self.connection, self.ctx, period, paper.received_at)
        return Refusal("submission.closed", lock.why) if lock else None

    def _new_roles(self, groups: set[tuple[str, Period]]) -> dict[int, Role]:
        found: dict[int, Role] = {}
        for group in groups:
            found |= deciding.roles(e for e in self._entries if (e.unit_code, e.period) == group)
        return found

    def _take_back(self, counted: set[str], found: Mapping[int, Role]) -> None:
        """Batches of files that were set aside and count now are dropped, so that they are read again."""
        now = {
            e.delivery_id
            for e in self._entries
            if e.is_readable and e.receipt_id in found and found[e.receipt_id].kind in COUNTED
        }
        aside = self.connection.scalars(_SQL["was_refused"], {"deliveries": sorted(counted | now)}).all()
        self.connection.execute(_SQL["drop_batches"], {"deliveries": aside})

    def _enter(self, paper: Paper, unit: str | None, period: Period, role: Role, refusal: Refusal | None) -> None:
        cycle = Cycle.of(period, self.ctx.district.office.grid_cycle)
        is_counted = role.kind in COUNTED and refusal is None
        comes_later = paper.arrived_for > period
        changes = self._changes(paper.delivery_id, role) if is_counted else {}
        values = {
            "receipt_id": paper.receipt_id,
            "delivery_id": paper.delivery_id,
            "street": self.ctx.street_code,
            "period": str(period),
            "arrived_for": str(paper.arrived_for),
            "unit_code": unit,
            "channel": paper.channel,
            "sent_at": paper.sent_at,
            "kind": role.kind,
            **self._told(role, refusal),
            "related_receipt": role.related,
            "is_late": comes_later or cycle.days_late(paper.sent_on) > 0,
            "is_restatement": is_counted and (comes_later or cycle.state_on(paper.sent_on) == "frozen"),
            "content_hash": paper.content_hash,
            "changes": Jsonb(changes),
        }
        if is_counted and self._is_copy(paper, unit, period):
            values |= self._warned("submission.unchanged_copy", period.previous().title)
        self.connection.execute(_SQL["enter"], values)

    def _told(self, role: Role, refusal: Refusal | None) -> dict[str, str]:
        """Status, code and reason. The parser's own reason stands as it is."""
        if refusal:
            said = refusal.detail if refusal.code.partition(".")[0] != "submission" else _sentences(refusal)
            return {"status": "rejected", "code": refusal.code, "reason": said}
        if role.kind == "duplicate":
            return {"status": "superseded", **self._warned("submission.duplicate", "")}
        return {"status": "received", "code": "", "reason": ""}

    def _warned(self, code: str, detail: str) -> dict[str, str]:
        return {"code": code, "reason": _sentences(Refusal(code, detail))}

    def _changes(self, delivery: str, role: Role) -> dict[str, Any]:
        """What a correction says otherwise: `{dataset: {added, changed, removed, places: {…: [sheet!row]}}}`."""
        if role.related is None:
            return {}
        before = next(e.delivery_id for e in self._entries if e.receipt_id == role.related)
        names = {"new": delivery, "old": before, "most": MOST_PLACES}
        found: dict[str, Any] = {}
        for row in self.connection.execute(_SQL["changes"], names):
            one = found.setdefault(row.dataset, {"added": 0, "changed": 0, "removed": 0, "places": {}})
            one[row.change] = row.rows
            one["places"][row.change] = row.places
        return found

    def _is_copy(self, paper: Paper, unit: str | None, period: Period) -> bool:
        """Whether it says exactly what the unit said last, in an earlier quarter, and does not say so (situation 37)."""
        earlier = [
            e
            for e in self._entries
            if e.unit_code == unit and e.period < period and e.is_readable and self._roles[e.receipt_id].kind in COUNTED
        ]
        last = max(earlier, key=lambda e: (e.period, e.order), default=None)
        if last is None or not self.connection.scalar(_SQL["unchanged_copy"], {"new": paper.delivery_id}):
            return False
        names = {"new": paper.delivery_id, "old": last.delivery_id, "most": 1}
        return self.connection.execute(_SQL["changes"], names).first() is None

    def _change_roles(self, found: Mapping[int, Role], new: set[int]) -> None:
        """Earlier submissions that a new one makes something else."""
        for receipt, role in found.items():
            entry = next(e for e in self._entries if e.receipt_id == receipt)
            if receipt in new or not entry.is_readable or role == self._roles[receipt]:
                continue
            was_counted = self._roles[receipt].kind in COUNTED
            values = {"receipt_id": receipt, "kind": role.kind, "related_receipt": role.related}
            changes = self._changes(entry.delivery_id, role) if role.kind in COUNTED else {}
            told = self._told(role, None)
            if was_counted and role.kind in COUNTED:
                self.connection.execute(_SQL["change_place"], {**values, "changes": Jsonb(changes)})
            else:
                self.connection.execute(_SQL["change_role"], {**values, "changes": Jsonb(changes), **told})

    def follow(self) -> None:
        """Batches take the unit, quarter and fate of the submission that decides over their delivery."""
        self.connection.execute(_SQL["governing"], self.names)
        self.connection.execute(_SQL["place"], self.names)
        gone = [b for step in ("refuse", "repeat", "replace") for b in self.connection.scalars(_SQL[step], self.names)]
        self.connection.execute(_SQL["forget_rows"], {"batches": gone})

    def unread(self) -> list[str]:
        return list(self.connection.scalars(_SQL["unread"], self.names))


def _sentences(refusal: Refusal) -> str:
    words = wording(refusal.code, detail=refusal.detail)
    return f"{words.message}。{words.suggestion}。"
