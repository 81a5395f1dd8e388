"""One delivery on its way into staging, and the transaction that takes it there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.parsing import coordinates, seal
from courtyard.parsing.files import refused
from courtyard.parsing.seal import Sealer, StagingRow
from courtyard.parsing.tables import Finding, ParsedTable, cell_findings
from courtyard.period import Period
from courtyard.store import database, lease
from courtyard.store.tables import batch

_FINDING_COLUMNS = ("batch_id", "sheet", "row_no", "column_name", "cell", "code", "severity", "message", "suggestion")
MAX_FINDINGS = 20_000  # of one batch; a column of 200,000 wrong cells need not be told cell by cell


class Intake:
    """Batches of one delivery while its tables come in."""

    def __init__(self, ctx: Context, delivery: Row, contracts: Sequence[Contract]) -> None:
        self.delivery = delivery
        self.kept: list[StagingRow] = []
        self._ctx = ctx
        self._contracts = {c.dataset: c for c in contracts}
        self._tables: list[ParsedTable] = []
        self._sealers: dict[str, Sealer] = {}
        self._periods: dict[str, str] = {}
        self._findings: dict[str, list[Finding]] = {}
        source = ctx.district.sources.get(delivery.source)
        self._is_submitted = source is not None and source.is_submitted
        self._is_shifted = coordinates.is_shifted(source)

    def open(self, tables: list[ParsedTable]) -> None:
        """The outlines: from here on period, unit and refusals of each dataset are known."""
        self._tables = tables
        for dataset, contract in self._contracts.items():
            own = [t for t in tables if t.dataset == dataset]
            if not own:
                own = [_absent(contract)]
                tables.extend(own)
            self._periods[dataset] = self._stated(tables) if self._is_submitted else self._place(own)
            self._sealers[dataset] = self._sealer(contract)
            self._findings[dataset] = []

    def _sealer(self, contract: Contract) -> Sealer:
        dataset = contract.dataset
        unit = self.delivery.unit_code or ""
        return Sealer(contract, self._ctx.keys, self.batch_id(dataset), self._periods[dataset], unit)

    def batch_id(self, dataset: str) -> str:
        contract = self._contracts[dataset]
        return f"{self.delivery.delivery_id}/{dataset}/v{contract.version}"

    def _place(self, tables: list[ParsedTable]) -> str:
        """The period of a dataset's tables: an earlier one written in the file is a late return, a later one is refused."""
        came_for = Period.parse(self.delivery.period)
        period = came_for
        for table in tables:
            if table.is_rejected:
                continue
            written = Period.parse(table.period) if table.period else came_for
            if written.kind == came_for.kind and written > came_for:
                table.rejected = ("file.wrong_period", "")
            elif written.kind == came_for.kind:
                period = min(period, written)
            unit = self.delivery.unit_code
            if unit and table.unit_code and not unit.startswith(table.unit_code):
                table.rejected = ("file.wrong_unit", "")
        return str(period)

    def _stated(self, tables: list[ParsedTable]) -> str:
        """The period that a submission states, the earliest where its sheets differ: `submissions.admit` decides."""
        came_for = Period.parse(self.delivery.period)
        written = (Period.parse(table.period) for table in tables if table.period and not table.is_rejected)
        return str(min((period for period in written if period.kind == came_for.kind), default=came_for))

    def rows(self, index: int, block: ParsedTable) -> Iterable[StagingRow]:
        """Staging rows of a block; none of a dataset that is refused."""
        table = self._tables[index]
        if self._is_refused(table.dataset):
            return ()
        if self._is_shifted:
            coordinates.to_wgs84(self._contracts[table.dataset], block)
        rows = self._sealers[table.dataset].rows(table.sheet, block)
        findings = self._findings[table.dataset]
        if len(findings) < MAX_FINDINGS:
            findings += cell_findings(table.sheet, block.problems, self._contracts[table.dataset])
        return rows

    def keep(self, rows: Iterable[StagingRow]) -> None:
        """Hold a small delivery's rows back until all of it was read."""
        self.kept += rows

    def refuse(self, code: str, detail: str) -> None:
        """The file was refused on the way: none of its rows count as read, and how many there were is unknown."""
        self.kept = []
        self._tables = []
        self.open([refused(contract, code, detail) for contract in self._contracts.values()])

    def _is_refused(self, dataset: str) -> bool:
        """One refused sheet refuses the dataset: part of a return must not pass for the whole."""
        return any(t.is_rejected for t in self._tables if t.dataset == dataset)

    def batches(self) -> list[dict[str, Any]]:
        """The rows of `quality.batch`."""
        return [self._batch(dataset) for dataset in self._contracts]

    def _batch(self, dataset: str) -> dict[str, Any]:
        tables = [t for t in self._tables if t.dataset == dataset]
        is_refused = self._is_refused(dataset)
        landed = sum(t.landed for t in tables)
        return {
            "batch_id": self.batch_id(dataset),
            "delivery_id": self.delivery.delivery_id,
            "street_code": self.delivery.street_code,
            "dataset": dataset,
            "period": self._periods[dataset],
            "unit_code": self.delivery.unit_code,
            "status": "rejected" if is_refused else "parsed",
            "is_nil": not is_refused and landed == 0 and any(t.is_nil for t in tables),
            "is_unchanged": not is_refused and bool(tables) and all(t.is_unchanged for t in tables),
            "landed": landed,
            "quarantined": landed if is_refused else 0,
            "structural": sum(t.structural for t in tables),
            "reason": next((t.reason for t in tables if t.is_rejected), ""),
            "metadata": {t.sheet: self._said(t) for t in tables if t.metadata or t.places or t.period or t.unit_code},
        }

    def _said(self, table: ParsedTable) -> dict[str, Any]:
        """What a sheet says of itself and where its columns stand; of a submission, also whose and of which period it is."""
        stated = {"period": table.period, "unit": table.unit_code} if self._is_submitted else {}
        unknown = [[r.cell or "", r.detail] for r in table.remarks if r.code == "header.unknown_column"]
        layout = {"columns": table.places, "unknown_columns": unknown}
        found = {**table.metadata, **{name: value for name, value in layout.items() if value}}
        return {**found, **({"stated": stated} if any(stated.values()) else {})}

    def findings(self) -> Iterable[tuple[Any, ...]]:
        """The rows of `quality.finding`."""
        for dataset in self._contracts:
            own = [f for t in self._tables if t.dataset == dataset for f in t.table_findings()]
            if not self._is_refused(dataset):
                own += self._findings[dataset][:MAX_FINDINGS]
            yield from ((self.batch_id(dataset), *finding) for finding in own)


def _absent(contract: Contract) -> ParsedTable:
    """A dataset of which the file told nothing, which is in order for one that owes nothing."""
    sheet = contract.sheet or contract.title
    if contract.optional:
        return ParsedTable(contract.dataset, sheet, is_nil=True)
    return refused(contract, "sheet.missing", sheet)


class Load:
    """One transaction: staging rows as they come, then batches and findings, then commit. Usable again after it."""

    def __init__(self, ctx: Context, counts: Counter[str]) -> None:
        self._ctx = ctx
        self._counts = counts
        self._connection: Connection | None = None
        self._intakes: list[Intake] = []
        self.rows = 0

    @property
    def deliveries(self) -> int:
        return len(self._intakes)

    def write(self, rows: Iterable[StagingRow]) -> None:
        """COPY staging rows; the first call opens the transaction under the lease."""
        if self._connection is None:
            self._connection = self._ctx.engine().connect()
            lease.check(self._connection, self._ctx)
        self.rows += database.copy_rows(self._connection, "staging.row", seal.COLUMNS, rows)

    def add(self, intake: Intake) -> None:
        """A delivery is complete; what it held back goes with it at the commit."""
        self._intakes.append(intake)
        self.rows += len(intake.kept)

    def commit(self) -> None:
        """Write what was held back, batches and findings, and commit."""
        if not self._intakes:
            return
        rows, self.rows = self.rows, 0
        self.write(row for intake in self._intakes for row in intake.kept)
        connection = self._connection
        assert connection is not None
        batches = [b for intake in self._intakes for b in intake.batches()]
        connection.execute(insert(batch), batches)
        findings = (f for intake in self._intakes for f in intake.findings())
        written = database.copy_rows(connection, "quality.finding", _FINDING_COLUMNS, findings)
        connection.commit()
        self._counts.update(b["status"] for b in batches)
        self._counts.update(rows=rows, findings=written)
        self._intakes, self.rows = [], 0
        self.abandon()

    def abandon(self) -> None:
        """Leave without a trace what was not committed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
