"""Landed bytes read once more, and cells of published forms recomputed from nothing else than the rows traced to them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import text

from courtyard import landing, reports
from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.parsing.reading import job_for
from courtyard.parsing.sandbox import Opened, Rows, Sandbox, Task
from courtyard.parsing.seal import SEALED_TYPES
from courtyard.period import Period
from courtyard.reports import editions
from courtyard.store.tables import delivery

_PUBLISHED = text("""
SELECT DISTINCT ON (report, period) report, period, revision, rows, folder, manifest
  FROM publish.publication ORDER BY report, period, revision DESC
""")
_ATTRS = text("""
SELECT attrs FROM warehouse.record
 WHERE dataset = :dataset AND record_key = :record AND delivery_id = :delivery_id AND sheet = :sheet AND row_no = :row_no
""")
_MEASURES = text("""
SELECT f.measures FROM publish.cell_fact f
 WHERE f.report = :report AND f.period = :period AND f.revision = :revision AND (:is_total OR row_key IS NOT DISTINCT FROM :key)
   AND f.delivery_id = :delivery_id AND f.sheet = :sheet AND :row_no = ANY(f.rows)
""")
_ROW = text("""
SELECT sources FROM publish.cell_row
 WHERE report = :report AND period = :period AND revision = :revision AND form_row = :form_row
""")


PACK = "pack"


@dataclass(frozen=True)
class Picked:
    """A cell of the body of a published form."""

    spec: ReportSpec
    period: str
    revision: int
    folder: str
    manifest: dict[str, Any]
    form_row: int
    index: int

    @property
    def column(self) -> ReportColumn:
        return self.spec.columns[self.index]

    @property
    def cell(self) -> str:
        return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[self.index]}{self.form_row}"


def pick(ctx: Context, how_many: int, seed: int) -> list[Picked]:
    """Random cells over all published reports: a report and period first, so that long rosters do not crowd out the rest."""
    with ctx.engine().connect() as connection:
        published = [row for row in connection.execute(_PUBLISHED) if row.rows and row.report in ctx.district.reports]
    chance, found = random.Random(seed), []
    for _ in range(how_many):
        row = chance.choice(published)
        spec = ctx.district.reports[row.report]
        form_row, index = spec.first_row + chance.randrange(row.rows), chance.randrange(len(spec.columns))
        found.append(Picked(spec, row.period, row.revision, row.folder, row.manifest, form_row, index))
    return found


@dataclass
class Landed:
    """Deliveries as the parser reads them from their sealed bytes now."""

    ctx: Context
    _read: dict[str, dict[tuple[str, str, int], dict[str, Any]]] = field(default_factory=dict)

    def row(self, delivery_id: str, dataset: str, sheet: str, row_no: int) -> dict[str, Any]:
        """What a landed row says, by contract column, or a line of the pack; KeyError where there is none."""
        source, _, name = delivery_id.partition(":")
        if source == PACK:
            lines = (self.ctx.settings.district_path / name).read_text("utf-8").splitlines()
            return dict(zip(lines[0].split(","), lines[row_no - 1].split(","), strict=True))
        if delivery_id not in self._read:
            self._read[delivery_id] = self._parsed(delivery_id)
        return self._read[delivery_id][dataset, sheet, row_no]

    def _parsed(self, delivery_id: str) -> dict[tuple[str, str, int], dict[str, Any]]:
        with self.ctx.engine().connect() as connection:
            row = connection.execute(delivery.select().where(delivery.c.delivery_id == delivery_id)).one()
        contracts = [self.ctx.district.contracts[name] for name in self.ctx.district.sources[row.source].datasets]
        codes = {name: listed.values for name, listed in self.ctx.district.codes.items()}
        job = job_for(contracts, codes, Period.parse(row.period).last_day)
        found, tables = {}, []
        with Sandbox(workers=1) as sandbox:
            for event in sandbox.run([Task(delivery_id, job, lambda: landing.open_delivery(self.ctx, row))]):
                if isinstance(event, Opened):
                    tables = event.tables
                elif isinstance(event, Rows):
                    table = tables[event.table]
                    for row_no, values in event.block.rows():
                        found[table.dataset, table.sheet, row_no] = values
        return found


def printed(ctx: Context, picked: Picked) -> Any:
    """The cell's value in the published file; of merged cells that of the first."""
    sheet = load_workbook(ctx.settings.published / picked.folder / editions.form_file(picked.manifest)).active
    for merged in sheet.merged_cells.ranges:
        if picked.cell in merged:
            return merged.start_cell.value
    return sheet[picked.cell].value


def check(ctx: Context, landed: Landed, picked: Picked) -> str:
    """How a cell was recomputed: direct, register, derived, blank, figure or constant. AssertionError where the rows do not give it."""
    found = reports.trace(ctx, picked.spec.report, picked.period, picked.cell, picked.revision, most=None)
    rows = [landed.row(r["delivery_id"], r["dataset"], r["sheet"], r["row_no"]) for r in found["rows"]]
    with ctx.engine().connect() as connection:
        for traced, said in zip(found["rows"], rows, strict=True):
            if traced["source"] == PACK:
                continue
            attrs = connection.execute(_ATTRS, traced).scalars().first()
            assert attrs == _kept(ctx, traced["dataset"], said), (picked.cell, traced)
    value = printed(ctx, picked)
    if picked.spec.kind == "roster":
        if not rows and value in (None, "—"):  # nothing delivered says anything of it, and the cell says that
            return "blank"
        assert rows, (picked.spec.report, picked.cell)
        return _roster(ctx, picked, rows, value)
    return _figure(ctx, picked, found["rows"], rows, value)


def _kept(ctx: Context, dataset: str, said: dict[str, Any]) -> dict[str, Any]:
    """What the warehouse keeps in the clear of a landed row: numbers of persons as tokens only."""
    kept = {}
    for column in ctx.district.contracts[dataset].columns:
        if column.name in said and not column.volatile and column.role != "record_ref":
            value = said[column.name]
            kept[column.name] = ctx.keys.token(value.partition("、")[0]) if column.type in SEALED_TYPES else value
    return kept


def _roster(ctx: Context, picked: Picked, rows: list[dict[str, Any]], value: Any) -> str:
    """A column that the landed row has says what the row says; one that it has not is derived."""
    column = picked.column
    name = column.sealed or column.name
    said = [row.get(name) for row in rows]
    if name not in {column for row in rows for column in row}:
        return "derived" if value not in (None, "", "—") else "blank"
    if name == "courtyard" and value in {courtyard.name for courtyard in ctx.district.courtyards}:
        return "register"  # the standard name of what the row calls otherwise
    as_of = str(picked.spec.as_of(Period.parse(picked.period)))
    if any((row.get("settled_on") or "") > as_of for row in rows) and value in ("未化解", "—"):
        return "derived"  # the row tells how the dispute ended, the form how it stood on its last day
    accepted = {form for one in said for form in _normalised(ctx, column, one)}
    assert value in accepted or (isinstance(value, float | int) and Decimal(str(value)) in accepted), column.name
    return "direct"


def _normalised(ctx: Context, column: ReportColumn, said: Any) -> set[Any]:
    """The documented ways of printing what a row says: a code's label, a number's places, a date or month of a time."""
    if said is None:
        return {None, "—"}
    if column.codes:
        return {ctx.district.codes[column.codes].values[said][0]}
    if column.kind != "text":
        return {Decimal(str(said)).quantize(Decimal(1).scaleb(-column.places), ROUND_HALF_UP)}
    return {str(said), str(said)[:7], str(said)[:10], str(said)[:16].replace("T", " ")}


def _figure(ctx: Context, picked: Picked, traced: list[dict], rows: list[dict[str, Any]], value: Any) -> str:
    """A figure is the count, or the sum of amounts that stand in the rows, or a quotient or share of two of these, or how long matters took."""
    column = picked.column
    names = (column.name,) if column.traces is None and column.kind != "text" else column.traces or ()
    if not names or value == "合计":
        return "constant"
    if value == "—":
        return "figure"
    if column.kind == "text":
        return _roster(ctx, picked, rows, value)
    with ctx.engine().connect() as connection:
        where = {"report": picked.spec.report, "period": picked.period, "revision": picked.revision}
        scope = connection.execute(_ROW, {**where, "form_row": picked.form_row}).scalar_one()
        where |= {"is_total": scope["is_total"], "key": scope["row_key"]}
        added = [
            {
                n: Decimal(str(v))
                for m in connection.execute(_MEASURES, {**where, **row}).scalars()
                for n, v in m.items()
            }
            for row in traced
        ]
    for measures, said in zip(added, rows, strict=True):
        for name in set(names) & measures.keys():
            amount = measures[name]
            assert amount == 1 or amount in _numbers(said), (picked.spec.report, picked.cell, name)
    sums = [sum((measures.get(name, Decimal(0)) for measures in added), Decimal(0)) for name in names]
    candidates = [sums[0], sums[0] / 10_000] if len(sums) == 1 else []
    if len(sums) == 2 and sums[1]:
        candidates += [sums[0] / sums[1], 100 * sums[0] / sums[1]]
    if len(sums) == 2 and sum(sums):
        candidates.append(100 * sums[0] / sum(sums))
    if hours := [_hours(said) for said in rows if said.get("closed_at")]:
        candidates.append(sum(hours, Decimal(0)) / len(hours))
    rounded = {c.quantize(Decimal(1).scaleb(-column.places), ROUND_HALF_UP) for c in candidates}
    assert Decimal(str(value)) in rounded or len(sums) > 2, (picked.spec.report, picked.cell)
    return "figure"


def _hours(said: dict[str, Any]) -> Decimal:
    took = datetime.fromisoformat(said["closed_at"]) - datetime.fromisoformat(said["created_at"])
    return Decimal(took.total_seconds()) / 3600


def _numbers(said: dict[str, Any]) -> set[Decimal]:
    found = set()
    for value in said.values():
        try:
            found.add(Decimal(str(value)))
        except ArithmeticError:
            continue
    return found
