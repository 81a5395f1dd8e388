"""The stage that gives every submission its receipt: JSON, one page, annotated copy, and a notice to its sender."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from courtyard import landing, notices
from courtyard.context import Context
from courtyard.notices.outbox import write_folder
from courtyard.parsing import reading, seeing
from courtyard.parsing.picture import Picture
from courtyard.parsing.sandbox import Sandbox, Task
from courtyard.period import SHANGHAI, Period
from courtyard.store import lease
from courtyard.store.tables import delivery, submission
from courtyard.submissions import annotating, phrases, results, status, summary
from courtyard.submissions.outcome import Receipt, Submitted
from courtyard.submissions.results import Told

log = logging.getLogger(__name__)

JSON_NAME, PAGE_NAME = "receipt.json", "回执.docx"
_NO_FILE = re.compile(r"[^\w.()（）\-]+")
_AWAITED = timedelta(days=30)  # after which nobody waits for an answer any more
_MAX_STEM = 60  # Han characters take three bytes each, a file name 255


def receipt(ctx: Context) -> dict[str, Any]:
    """Write the receipts of the quarter that are missing or say something else by now.

    Files first, then the submission's row and its notices in one transaction, so that a killed run is made
    good by the next one. Running it again writes nothing. Returns `written`, `unchanged`, `notices` and the
    receipts by status. Raises LeaseLost.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        status.settle(connection, ctx)
        told = list(results.of_quarter(connection, ctx))
    new = [one for one in told if one.is_new or not _is_there(ctx, one)]
    queued = 0
    for one, picture in _with_pictures(ctx, new):
        folder = _write(ctx, one.receipt, picture)
        with ctx.engine().begin() as connection:
            lease.check(connection, ctx)
            _record(connection, one, folder)
            queued += _tell(connection, ctx, one, folder)
    counts: dict[str, int] = {}
    for one in told:
        counts[one.receipt.status] = counts.get(one.receipt.status, 0) + 1
    return {"written": len(new), "unchanged": len(told) - len(new), "notices": queued, "status": counts}


def _is_there(ctx: Context, one: Told) -> bool:
    return bool(one.row.receipt_file) and (ctx.settings.outbox / one.row.receipt_file / JSON_NAME).is_file()


def _with_pictures(ctx: Context, new: Sequence[Told]) -> Iterator[tuple[Told, Picture]]:
    """Each submission with what its file looks like; the same bytes handed in twice are looked at once."""
    waiting: dict[str, list[Told]] = {}
    for one in new:
        waiting.setdefault(one.row.delivery_id, []).append(one)
    if not waiting:
        return
    with Sandbox() as sandbox:
        for delivery_id, picture in seeing.see(sandbox, _tasks(ctx, list(waiting))):
            for one in waiting.pop(delivery_id):
                yield one, picture


def _tasks(ctx: Context, deliveries: list[str]) -> list[Task]:
    codes = {name: listed.values for name, listed in ctx.district.codes.items()}
    with ctx.engine().connect() as connection:
        rows = connection.execute(select(delivery).where(delivery.c.delivery_id.in_(deliveries))).all()
    tasks = []
    for row in rows:
        contracts = [ctx.district.contracts[name] for name in ctx.district.sources[row.source].datasets]
        job = reading.job_for(contracts, codes, Period.parse(row.period).last_day)
        tasks.append(Task(row.delivery_id, job, lambda row=row: landing.open_delivery(ctx, row)))
    return tasks


def _write(ctx: Context, told: Receipt, picture: Picture) -> str:
    """Make the receipt's files; returns their folder below the outbox."""
    given = _given(told)
    folder = Path("receipts") / str(told.period) / (told.unit_code or "unknown") / str(given.receipt_id)
    files = {
        PAGE_NAME: summary.one_page(told),
        copy_name(given.name): annotating.annotated(told, picture),
        JSON_NAME: json.dumps(document(told), ensure_ascii=False, indent=2).encode() + b"\n",
    }
    write_folder(ctx.settings.outbox, folder, files)
    return str(folder)


def document(told: Receipt) -> dict[str, Any]:
    """`receipt.json`: what `courtyard check` would say, and the facts of the submission."""
    given = {**asdict(_given(told)), "received": phrases.received(told)}
    times = {name: given[name].astimezone(SHANGHAI).isoformat() for name in ("sent_at", "received_at")}
    changes = {part.dataset: dict(part.changes) for part in told.parts if part.changes}
    unchanged = {part.dataset: part.unchanged for part in told.parts}
    return {
        **told.plain(),
        "submission": {**given, **times, "changes": changes, "unchanged": unchanged},
        "due_on": str(told.due_on),
        "frozen_on": str(told.frozen_on),
        "next_step": told.advice,
        "contact": told.whom,
    }


def copy_name(name: str) -> str:
    """The annotated copy's name: the submission's with 批注, without what no file name should hold."""
    stem = _NO_FILE.sub("_", Path(name).stem).strip("._")[:_MAX_STEM] or "采集表"
    return f"{stem}_批注.xlsx"


def _record(connection: Connection, one: Told, folder: str) -> None:
    values = {"receipt_file": folder, "receipt_hash": one.receipt.digest()}
    connection.execute(update(submission).where(submission.c.receipt_id == one.row.receipt_id).values(**values))


def _tell(connection: Connection, ctx: Context, one: Told, folder: str) -> int:
    """Queue a notice to the unit's contacts, or to the street where nobody knows the unit; once for each outcome.

    The annotated copy holds what the sender wrote, so it goes only where the unit is certain. Whose submission
    was replaced by an own correction hears of that one only; nobody hears of a past quarter that is loaded now.
    """
    told, given = one.receipt, _given(one.receipt)
    is_history = given.received_at - given.sent_at > _AWAITED
    if is_history or (told.status == "superseded" and given.kind != "duplicate"):
        return 0
    day = given.received_at.astimezone(SHANGHAI).date()
    contacts = notices.contacts_of(ctx.district, told.unit_code or "", day)
    is_certain = bool(contacts) and given.kind != "misdirected"
    contacts = contacts or notices.contacts_of(ctx.district, ctx.street_code, day)
    names = [PAGE_NAME, copy_name(given.name)] if is_certain else [PAGE_NAME]
    made = notices.addressed(
        ctx.district,
        contacts,
        cause=f"receipt/{told.period}/{given.receipt_id}/{told.digest()[:12]}",
        subject=f"{phrases.quarter(told.period)}{told.title}回执：{phrases.result(told)}",
        body=phrases.letter(told),
        queued_at=given.received_at,
    )
    return notices.queue(
        connection, [replace(n, attachments=tuple(f"{folder}/{name}" for name in names)) for n in made]
    )


def _given(told: Receipt) -> Submitted:
    assert told.submitted is not None
    return told.submitted
