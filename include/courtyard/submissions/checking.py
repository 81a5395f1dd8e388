"""A dry run: the receipt that a file would get, by the stages' own parsing, rules and addresses, storing nothing."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import Contract, SourceSpec
from courtyard.identity import learning, places
from courtyard.identity.addresses import Gazetteer
from courtyard.landing import vault
from courtyard.parsing import metadata, reading, seeing
from courtyard.parsing.files import parse_file
from courtyard.parsing.intake import Intake
from courtyard.parsing.picture import Picture
from courtyard.parsing.sandbox import Sandbox, Task
from courtyard.parsing.seal import COLUMNS
from courtyard.parsing.tables import ParsedTable
from courtyard.period import SHANGHAI, Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.sources import submitted
from courtyard.submissions import admitting, advice, outcome, papers
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.findings import Finding, refusal
from courtyard.submissions.outcome import Part, Receipt
from courtyard.validation import batches, drift, groups, rules
from courtyard.validation.layout import Layout
from courtyard.validation.row import Row

Staged = dict[str, Any]
NO_KEYS = "系统编号和下发签名（没有本系统的密钥）"
NO_WAREHOUSE = "是否重复、是否已关闭、与上次报送和其他部门数据的比对（没有连接数据库）"
NO_RECORDS = "与上次报送和其他部门数据的比对"
_NEEDS_KEYS = "record.ref_invalid"


@dataclass(frozen=True)
class File:
    """What is to be checked. `period` and `unit_code` are what the sender says beside the file, if anything.

    `only` one of its datasets may be asked about; a submission is else taken as a whole, so that it is also
    decided whose and of when it is.
    """

    data: bytes
    name: str
    source: SourceSpec
    contracts: tuple[Contract, ...]
    period: Period | None = None
    unit_code: str | None = None
    only: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.source.is_submitted and self.only is None


@dataclass(frozen=True)
class Checked:
    receipt: Receipt
    picture: Picture


def _status(parts: Sequence[Part], said: dict[str, str]) -> str:
    """As `status.settle` finds it, once the batches have gone through the stages."""
    if said["status"] != "received":
        return said["status"]
    status = outcome.overall([part.status for part in parts])
    return "accepted_with_findings" if said["code"] and status in ("accepted", "confirmed_nil") else status


def forgotten_keys() -> KeyRing:
    """Keys of this process alone, for where the installation's are not at hand: equal values stay equal."""
    return KeyRing({f"{kind}-1": secrets.token_bytes(32) for kind in KINDS})


def check(ctx: Context, file: File, at: datetime, *, has_keys: bool, connection: Connection | None = None) -> Checked:
    """The receipt and the picture of a file as if it came at a moment; nothing is written.

    `ctx.keys` are the installation's when `has_keys`, else `forgotten_keys`; with a `connection` to the
    warehouse the file is also judged by what came before. What could not be checked is in `left_out`.
    """
    said = file.period or _said(file.name)
    with Sandbox(workers=1) as sandbox:
        codes = ctx.district.codes
        as_of = said.last_day if said else None
        tables = parse_file(file.data, file.name, file.contracts, codes, as_of=as_of, sandbox=sandbox)
        job = reading.job_for(file.contracts, {name: listed.values for name, listed in codes.items()}, as_of)
        ((_, picture),) = seeing.see(sandbox, [Task(file.name, job, lambda: file.data)])
    came_for = said or _stated(tables) or Period.of("quarter", at.astimezone(SHANGHAI).date())
    work = _Check(replace(ctx, period=came_for), file, at, has_keys)
    work.read(tables)
    return Checked(work.receipt(connection), picture)


def _said(name: str) -> Period | None:
    found = metadata.period_in(name)
    return Period.parse(found) if found else None


def _stated(tables: Sequence[ParsedTable]) -> Period | None:
    return min((Period.parse(table.period) for table in tables if table.period), default=None)


class _Check:
    """One file on its way through what the stages would do with it."""

    def __init__(self, ctx: Context, file: File, at: datetime, has_keys: bool) -> None:
        self.ctx, self.file, self.came_for, self.at, self.has_keys = ctx, file, ctx.period, at, has_keys
        _, named = submitted.named(file.source, file.name, ctx.street_code)
        sha256 = hashlib.sha256(file.data).hexdigest()
        self.delivery = SimpleNamespace(
            delivery_id=vault.delivery_id(file.source.source, sha256),
            street_code=ctx.street_code,
            source=file.source.source,
            period=str(ctx.period),
            unit_code=file.unit_code or named,
        )
        self.batches: list[dict[str, Any]] = []
        self._rows: dict[str, list[Staged]] = {}
        self._told: dict[str, list[Finding]] = {}
        self._gazetteer: Gazetteer | None = None

    def read(self, tables: list[ParsedTable]) -> None:
        """Batches, staged rows and the parser's findings, as the parsing stage makes them."""
        intake = Intake(self.ctx, self.delivery, self.file.contracts)  # type: ignore[arg-type]
        intake.open(tables)
        for index, table in enumerate(tables):
            self._rows.setdefault(table.dataset, []).extend(map(self._staged, intake.rows(index, table)))
        self.batches = intake.batches()
        datasets = {batch["batch_id"]: batch["dataset"] for batch in self.batches}
        for batch_id, sheet, row_no, column, cell, *rest in intake.findings():
            finding = Finding(sheet, row_no, column, cell or "", *rest)
            if self.has_keys or finding.code != _NEEDS_KEYS:
                self._told.setdefault(datasets[batch_id], []).append(finding)

    def _staged(self, values: Sequence[Any]) -> Staged:
        """A staged row as the checks take it; without the keys a reference tells nothing."""
        staged = dict(zip(COLUMNS, values, strict=True))
        problems = json.loads(staged["problems"])
        kept = problems if self.has_keys else [p for p in problems if p["code"] != _NEEDS_KEYS]
        return staged | {"attrs": json.loads(staged["attrs"]), "problems": kept}

    def receipt(self, connection: Connection | None) -> Receipt:
        """What the file would get."""
        decided = learning.learned(connection, self.ctx) if connection is not None else ()
        self._gazetteer = Gazetteer(self.ctx.district, decided)
        unit, period, said = self._decided(connection)
        parts = [
            self._part(contract, batch, period, said)
            for contract, batch in zip(self.file.contracts, self.batches, strict=True)
            if self.file.only in (None, contract.dataset)
            and (batch["landed"] or self._told.get(contract.dataset) or not contract.optional)
        ]
        found = self.ctx.district.unit_by_code.get(unit or "")
        made = Receipt(
            source=self.file.source.source,
            title=self.file.source.title,
            status=_status(parts, said),
            period=str(period),
            unit_code=unit,
            unit_name=found.name if found else "",
            parts=tuple(parts),
            own=(refusal(said["code"], said["reason"]),) if said["code"] else (),
            left_out=(*([] if self.has_keys else [NO_KEYS]), NO_RECORDS if connection is not None else NO_WAREHOUSE),
        )
        letters = outcome.places_of(batch["metadata"] for batch in self.batches)
        return outcome.complete(outcome.placed(self._dated(made, period), letters))

    def _dated(self, made: Receipt, period: Period) -> Receipt:
        """With the days that hold for it, what to do and whom to ask."""
        step = advice.before_sending(made.status)
        made = replace(
            made, advice=step, whom=advice.whom_to_ask(self.ctx.district, self.at.astimezone(SHANGHAI).date())
        )
        if not self.file.is_whole:
            return made
        cycle = Cycle.of(period, self.ctx.district.office.grid_cycle)
        return replace(made, due_on=cycle.due_on, frozen_on=cycle.frozen_on)

    def _decided(self, connection: Connection | None) -> tuple[str | None, Period, dict[str, str]]:
        """Unit, quarter, and status, code and reason, by the admission's own rules."""
        if not self.file.is_whole:
            stated = min((batch["period"] for batch in self.batches), default=str(self.came_for))
            nothing = {"status": "received", "code": "", "reason": ""}
            return self.delivery.unit_code, Period.parse(stated), nothing
        row = SimpleNamespace(
            receipt_id=0, channel="", arrived_for=str(self.came_for), name=self.file.name, sent_at=self.at,
            received_at=self.at, version_at=self.at, source=self.delivery.source, unit_code=self.delivery.unit_code,
            delivery_id=self.delivery.delivery_id,
        )  # fmt: skip
        paper = papers.paper_of(self.ctx, row, self._content(), None)
        if not self.has_keys and paper.issue:
            paper = replace(paper, issue=replace(paper.issue, is_genuine=True))
        unit, period, _, said = admitting.foresee(self.ctx, paper, connection)
        return unit, period, said

    def _content(self) -> SimpleNamespace:
        """What the ledger would say of the delivery as a whole."""
        whole = [f for batch in self.batches for f in self._told.get(batch["dataset"], ()) if f.row_no is None]
        return SimpleNamespace(
            metadata=[batch["metadata"] for batch in self.batches],
            is_rejected=all(batch["status"] == "rejected" for batch in self.batches),
            reason=next((batch["reason"] for batch in self.batches if batch["reason"]), None),
            code=next((f.code for f in whole if f.severity == "error"), None),
            content_hash=self.delivery.delivery_id,
        )

    def _part(self, contract: Contract, batch: dict[str, Any], period: Period, said: dict[str, str]) -> Part:
        told = list(self._told.get(contract.dataset, ()))
        rows = [row | {"period": str(period)} for row in self._rows.get(contract.dataset, ())]
        state, reason, bad = batch["status"], batch["reason"], 0
        if state == "parsed" and said["status"] == "rejected":
            state, reason = "rejected", said["reason"]
        elif state == "parsed" and (held := self._held(contract, batch, rows)):
            state, reason = "held", held
        elif state == "parsed":
            found = list(self._judged(contract, rows, period))
            told += found
            bad = len({(f.sheet, f.row_no) for f in found if f.severity == "error"})
            state = "merged"
        return outcome.part(contract, state, (batch["landed"], bad), told, is_nil=batch["is_nil"], reason=reason)

    def _held(self, contract: Contract, batch: dict[str, Any], rows: Sequence[Staged]) -> str:
        """Why a person would have to look at the batch first."""
        layout = Layout.of(batch["metadata"])
        missing = [f.column for f in self._told.get(contract.dataset, ()) if f.code in batches.NOT_TAKEN]
        found = drift.missing(contract, filter(None, missing), layout, Layout())
        found += batches.incomplete(contract, SimpleNamespace(**batch), len(rows))  # type: ignore[arg-type]
        marked = [Row.of(contract, row) for row in rows] if not found else []
        return "；".join(found or drift.unusable_rows(contract, marked, layout))

    def _judged(self, contract: Contract, rows: Sequence[Staged], period: Period) -> Iterator[Finding]:
        """Every row's findings, then those between rows, then of where the good rows are."""
        examine = rules.examiner(contract, self.ctx.district.codes)
        together: dict[int, list[Any]] = {}
        for index, finding in groups.examine_together(contract, rows):
            together.setdefault(index, []).append(finding)
        for index, row in enumerate(rows):
            found = [*examine(row), *together.get(index, ())]
            for f in found:
                yield Finding(
                    row["sheet"],
                    row["row_no"],
                    f.column_name,
                    f.cell or "",
                    f.code,
                    f.severity,
                    f.message,
                    f.suggestion,
                )
            if row["address"] or all(f.severity != "error" for f in found):
                yield from self._located(contract, row, period)

    def _located(self, contract: Contract, row: Staged, period: Period) -> Iterator[Finding]:
        """What linking would say of the row's address; points are left to it."""
        if contract.subject == "none" or contract.role("lon") or row["record_key"] is None:
            return
        place = self._gazetteer.resolve(row["address"], period.last_day)
        if place.status != "resolved":
            told = places.doubt(contract, place.status, place.courtyard_code is not None)
            name, code, severity, message, suggestion = told
            yield Finding(row["sheet"], row["row_no"], name, "", code, severity, message, suggestion)
