"""How far each report of a quarter has come: held, published, signed, sent, received, recalled, acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import Recipient
from courtyard.period import Period
from courtyard.reports import recalling, sendings
from courtyard.reports.catalogue import reading
from courtyard.reports.catalogue.entries import Entry, Status


class Stage(Enum):
    """Where a report of a period stands, the furthest back first; the value is what people read."""

    HELD = "暂缓"
    RETURNED = "退回"
    NOT_MADE = "未办理"
    WAITING = "待签发"
    UNSENT = "待送达"
    RECALLED = "待确认更正"
    PUBLISHED = "已发布"
    DELIVERED = "已送达"
    NOT_DUE = "未到期"


@dataclass(frozen=True)
class Standing:
    """A report of a period on its way out. `stage` is of the newest revision, or of what holds up its successor.

    `sendings` are those of the newest revision (state confirmed, waiting or overtaken), `recalls` all of the period.
    `due_on` is None for what nobody is owed (the bulletin).
    """

    entry: Entry
    stage: Stage
    due_on: date | None
    is_overdue: bool
    approver: str
    recipients: tuple[Recipient, ...]
    sendings: tuple[dict[str, Any], ...] = ()
    recalls: tuple[dict[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.entry.report, str(self.entry.period)

    @property
    def open_recalls(self) -> list[dict[str, Any]]:
        return [recall for recall in self.recalls if recall["acknowledged_at"] is None]


def standings(connection: Connection, ctx: Context, day: date, quarters: list[Period]) -> list[Standing]:
    """Every report period that is counted for a day of these quarters, as it stands on a day; most urgent first."""
    entries = {(entry.report, str(entry.period)): entry for entry in reading.entries(connection, ctx)}
    sent, recalled = _sent(connection, ctx), _recalled(ctx, day)
    found = []
    for entry in _of(ctx, entries, quarters, day):
        key = (entry.report, str(entry.period))
        number = entry.latest.number if entry.latest else 0
        found.append(_standing(ctx, entry, day, sent.get((*key, number), ()), recalled.get(key, ())))
    order = list(Stage)
    return sorted(found, key=lambda s: (not s.is_overdue, order.index(s.stage), s.due_on or date.max, s.entry.title))


def _of(ctx: Context, known: dict[tuple[str, str], Entry], quarters: list[Period], day: date) -> Iterator[Entry]:
    """The entries of the quarters; of a period of which nothing is recorded yet, one that says so."""
    expected = {
        (spec.report, str(period)): (spec, period)
        for quarter in quarters
        for spec in ctx.district.reports.values()
        for period in spec.periods(quarter)
    }
    for key, (spec, period) in expected.items():
        entry = known.get(key)
        if entry is None or (not entry.revisions and entry.status is not Status.HELD):
            as_of = spec.as_of(period)
            status = Status.NOT_MADE if as_of < day else Status.NOT_DUE
            entry = Entry(spec.report, spec.title, spec.recipient, period, as_of, status, "", spec)
        yield entry
    yield from (entry for key, entry in known.items() if key not in expected and entry.quarter in quarters)


def _standing(ctx: Context, entry: Entry, day: date, sent: Any, recalled: Any) -> Standing:
    office, pack = ctx.district.office, ctx.district.recipients
    recipients = pack.of(entry.spec) if entry.spec else ()
    due = [recipient.due_on(entry.spec, entry.as_of) for recipient in recipients] if entry.spec else []
    due_on = min(due, default=None)
    _, approver = pack.signers(entry.report, office.preparer, office.reviewer)
    stage = _stage(entry, sent, recalled)
    is_open = stage not in (Stage.DELIVERED, Stage.PUBLISHED, Stage.NOT_DUE)
    is_late = due_on is not None and due_on < day and stage is not Stage.RECALLED
    is_overdue = is_open and (is_late or any(recall["is_overdue"] for recall in recalled))
    return Standing(entry, stage, due_on, is_overdue, approver, recipients, tuple(sent), tuple(recalled))


def _stage(entry: Entry, sent: Any, recalled: Any) -> Stage:
    if entry.reason.startswith(reading.SUCCESSOR_HELD):
        return Stage.HELD
    told = {
        Status.HELD: Stage.HELD,
        Status.RETURNED: Stage.RETURNED,
        Status.NOT_MADE: Stage.NOT_MADE,
        Status.NOT_DUE: Stage.NOT_DUE,
        Status.WAITING: Stage.WAITING,
        Status.PUBLISHED: Stage.PUBLISHED,
    }
    if entry.status in told:
        return told[entry.status]
    if not sent or any(row["state"] == "waiting" for row in sent):
        return Stage.UNSENT
    return Stage.RECALLED if any(row["acknowledged_at"] is None for row in recalled) else Stage.DELIVERED


def _sent(connection: Connection, ctx: Context) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in sendings.sent(connection, ctx.street_code):
        found[row["report"], row["period"], row["revision"]].append(row)
    return found


def _recalled(ctx: Context, day: date) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in recalling.listing(ctx, day):
        found[row["report"], row["period"]].append(row)
    return found
