"""Workbooks as people fill them in: sheets mapped to contracts by their headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from courtyard.district.models import Contract
from courtyard.parsing import form, headers, households, issued, metadata, sniff, structure, xls, xlsx
from courtyard.parsing.cells import address, column_letters
from courtyard.parsing.headers import Header
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.sheets import Row, Sheet
from courtyard.parsing.tables import RawTable, Remark
from courtyard.sources.fetched import safe_name

TITLE_BONUS = 0.2  # a sheet named as the contract says wins over one whose header fits a little better


def read(data: bytes, contracts: Sequence[Contract], caps: Caps) -> list[RawTable]:
    """One table for every sheet that fits a contract, and a refused one for each contract without any."""
    return tables(sheets(data, caps), contracts)


def sheets(data: bytes, caps: Caps) -> list[Sheet]:
    """The sheets of a workbook of either format. Raises Unreadable."""
    match sniff.kind(data):
        case "xlsx":
            return xlsx.read(data, caps)
        case "xls":
            return xls.read(data, caps)
        case "encrypted":
            raise Unreadable("file.encrypted")
        case "html":
            raise Unreadable("file.html")
        case "empty":
            raise Unreadable("file.empty")
        case other:
            raise Unreadable("file.not_a_workbook", f"是{sniff.TITLES[other]}")


@dataclass
class _Mapped:
    sheet: Sheet
    header: Header


def tables(sheets: Sequence[Sheet], contracts: Sequence[Contract]) -> list[RawTable]:
    """Map sheets to contracts and read each."""
    mapped: list[_Mapped] = []
    unused: list[Sheet] = []
    for sheet in sheets:
        if issued.is_service(sheet):
            continue
        if header := _best(sheet, contracts):
            mapped.append(_Mapped(sheet, header))
        elif sheet.rows and not sheet.is_hidden:
            unused.append(sheet)
    found: list[RawTable] = []
    for contract in contracts:
        own = [m for m in mapped if m.header.contract is contract]
        found += [_table(m.sheet, m.header) for m in own] or [_absent(contract, unused)]
    identity = issued.identity(sheets)
    for table in found:
        table.metadata |= identity
    named = {contract.sheet for contract in contracts}
    for sheet in unused:
        if sheet.title not in named and found:
            found[0].remarks.append(Remark("sheet.unused", detail=safe_name(sheet.title)[:31]))
    return found


def _absent(contract: Contract, unused: Sequence[Sheet]) -> RawTable:
    """A contract without a sheet: its sheet is there without a header, or not at all, which may be in order."""
    title = contract.sheet or contract.title
    if any(sheet.title.strip() == title for sheet in unused):
        return RawTable.refused(contract, "header.missing", sheet=title)
    return RawTable.nothing(contract) if contract.optional else RawTable.refused(contract, "sheet.missing", title)


def _best(sheet: Sheet, contracts: Sequence[Contract]) -> Header | None:
    candidates = [header for contract in contracts if (header := headers.best(sheet, contract))]

    def rank(header: Header) -> float:
        return header.score + TITLE_BONUS * (sheet.title.strip() == header.contract.sheet)

    return max(candidates, key=rank, default=None)


def _table(sheet: Sheet, header: Header) -> RawTable:
    above = [row for row in sheet.rows if row.number < header.rows[0]]
    below = [row for row in sheet.rows if row.number > header.rows[-1]]
    body = structure.split(below, header, sheet.merges)
    try:
        headers.refuse_hostile(header)
    except Unreadable as refusal:
        return RawTable.refused(header.contract, refusal.code, refusal.detail, len(body.data), safe_name(sheet.title))
    totals = structure.reconcile(body, header, households.count(sheet, header, body))
    table = RawTable(header.contract, safe_name(sheet.title))
    table.remarks = households.fill(sheet.merges, header, body)
    table.row_nos = [row.number for row in body.data]
    table.columns = {name: [row.cells.get(at) for row in body.data] for name, at in header.columns.items()}
    table.places = {name: column_letters(at) for name, at in header.columns.items()}
    table.landed = len(body.data)
    table.structural = len(above) + len(header.rows) + body.structural
    table.row_problems = {i: ["row.hidden"] for i, row in enumerate(body.data) if row.number in sheet.hidden_rows}
    table.metadata = {"notes": [_first_cell(row) for row in body.notes]}
    form.describe(table, header, metadata.read([*above, *body.notes]), body)
    table.period = table.period or metadata.period_in(sheet.title)
    table.remarks += _of_sheet(sheet, header)
    table.remarks += [Remark("total.mismatch", cell=_first_cell(row), detail=text) for row, text in totals]
    return table


def _first_cell(row: Row) -> str:
    return address(min(row.cells), row.number)


def _of_sheet(sheet: Sheet, header: Header) -> list[Remark]:
    """Remarks on what is hidden, and on a name that is not the contract's."""
    contract = header.contract
    found: list[Remark] = []
    for column in contract.columns:
        at = header.columns.get(column.name)
        if at in sheet.hidden_columns and column.role != "record_ref":  # that one is hidden when it is issued
            found.append(Remark("column.hidden", column.name, header.heading(at), column.header))
    if sheet.is_hidden:
        found.append(Remark("sheet.hidden"))
    if contract.sheet and sheet.title.strip() != contract.sheet:
        found.append(Remark("sheet.wrong_name"))
    return found
