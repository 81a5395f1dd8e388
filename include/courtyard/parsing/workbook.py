"""Workbooks as people fill them in: sheets mapped to contracts by their headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from courtyard.district.models import Contract
from courtyard.parsing import headers, metadata, sniff, structure, xls, xlsx
from courtyard.parsing.cells import address, column_letters
from courtyard.parsing.headers import Header, Vocabulary
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.structure import Body
from courtyard.parsing.tables import RawTable, Remark
from courtyard.sources.fetched import safe_name

TITLE_BONUS = 0.2  # a sheet named as the contract says wins over one whose header fits a little better


def read(data: bytes, contracts: Sequence[Contract], caps: Caps) -> list[RawTable]:
    """One table for every sheet that fits a contract, and a refused one for each contract without any."""
    return tables(_sheets(data, caps), contracts)


def _sheets(data: bytes, caps: Caps) -> list[Sheet]:
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
    vocabularies = [Vocabulary.of(contract) for contract in contracts]
    mapped: list[_Mapped] = []
    unused: list[Sheet] = []
    for sheet in sheets:
        if header := _best(sheet, vocabularies):
            mapped.append(_Mapped(sheet, header))
        elif sheet.rows and not sheet.is_hidden:
            unused.append(sheet)
    found: list[RawTable] = []
    for contract in contracts:
        own = [m for m in mapped if m.header.contract is contract]
        found += [_table(m.sheet, m.header) for m in own] or [_absent(contract, unused)]
    named = {contract.sheet for contract in contracts}
    for sheet in unused:
        if sheet.title not in named and found:
            found[0].remarks.append(Remark("sheet.unused", detail=safe_name(sheet.title)[:31]))
    return found


def _absent(contract: Contract, unused: Sequence[Sheet]) -> RawTable:
    """A contract without a sheet: its sheet is there without a header, or not at all."""
    title = contract.sheet or contract.title
    if any(sheet.title.strip() == title for sheet in unused):
        return RawTable.refused(contract, "header.missing", sheet=title)
    return RawTable.refused(contract, "sheet.missing", title)


def _best(sheet: Sheet, vocabularies: Sequence[Vocabulary]) -> Header | None:
    candidates = [header for vocabulary in vocabularies if (header := headers.find(sheet, vocabulary))]

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
    totals = structure.reconcile(body, header, _households(sheet, header, body))
    remarks = _fill_households(sheet.merges, header, body)
    about = metadata.read([*above, *body.notes])
    table = RawTable(header.contract, safe_name(sheet.title), period=about.period, unit_code=about.unit_code)
    table.period = table.period or metadata.period_in(sheet.title)
    table.metadata = {"title": about.title, **about.texts, "notes": [_first_cell(row) for row in body.notes]}
    table.row_nos = [row.number for row in body.data]
    table.columns = {name: [row.cells.get(at) for row in body.data] for name, at in header.columns.items()}
    table.places = {name: column_letters(at) for name, at in header.columns.items()}
    table.landed = len(body.data)
    table.structural = len(above) + len(header.rows) + body.structural
    table.is_nil = bool(body.nil) and not body.data
    table.missing = header.missing
    table.row_problems = {i: ["row.hidden"] for i, row in enumerate(body.data) if row.number in sheet.hidden_rows}
    table.remarks = [*remarks, *_remarks(sheet, header, body)]
    table.remarks += [Remark("total.mismatch", cell=_first_cell(row), detail=text) for row, text in totals]
    return table


def _first_cell(row: Row) -> str:
    return address(min(row.cells), row.number)


def _remarks(sheet: Sheet, header: Header, body: Body) -> list[Remark]:
    contract = header.contract
    titles = {c.name: c.header for c in contract.columns}
    found = [Remark("header.missing_column", name, header=titles[name]) for name in header.missing]
    top = header.rows[-1]
    found += [Remark("header.unknown_column", cell=address(c, top), detail=_named(header, c)) for c in header.unknown]
    hidden = {name: at for name, at in header.columns.items() if at in sheet.hidden_columns}
    found += [Remark("column.hidden", n, address(at, top), titles[n]) for n, at in hidden.items()]
    if sheet.is_hidden:
        found.append(Remark("sheet.hidden"))
    if contract.sheet and sheet.title.strip() != contract.sheet:
        found.append(Remark("sheet.wrong_name"))
    if body.nil and body.data:
        found.append(Remark("nil.contradicted", cell=_first_cell(body.nil[0])))
    return found


def _named(header: Header, column: int) -> str:
    return safe_name(header.texts.get(column, "").strip())[:20]


def _household_columns(header: Header) -> dict[int, str]:
    return {header.columns[c.name]: c.name for c in header.contract.columns if c.household and c.name in header.columns}


def _body_merges(merges: Sequence[Merge], header: Header, body: Body) -> list[Merge]:
    """Merges that reach over several data rows."""
    last = body.data[-1].number if body.data else 0
    return [m for m in merges if m.top > header.rows[-1] and m.bottom > m.top and m.top <= last]


def _households(sheet: Sheet, header: Header, body: Body) -> int:
    """How many households the rows make up, as far as merged cells say; every row is one otherwise."""
    first_columns = sorted(_household_columns(header))[:2]
    covered = 0
    for merge in _body_merges(sheet.merges, header, body):
        if first_columns and merge.left == first_columns[-1]:
            covered += sum(merge.top < row.number <= merge.bottom for row in body.data)
    return len(body.data) - covered


def _fill_households(merges: Sequence[Merge], header: Header, body: Body) -> list[Remark]:
    """Copy a household's merged cell to its other rows; other merged columns are only remarked on."""
    rows = {row.number: row for row in body.data}
    household = _household_columns(header)
    names = {at: name for name, at in header.columns.items()}
    remarks: list[Remark] = []
    for merge in _body_merges(merges, header, body):
        inside = [rows[n] for n in range(merge.top, min(merge.bottom, body.data[-1].number) + 1) if n in rows]
        for column in range(merge.left, merge.right + 1):
            value = rows[merge.top].cells.get(merge.left) if merge.top in rows else None
            if value is None or column not in names or len(inside) < 2:
                continue
            if column in household:
                for row in inside[1:]:
                    row.cells.setdefault(column, value)
            else:
                title = header.contract.column(names[column]).header
                remarks.append(
                    Remark("household.merge_outside", names[column], address(column, merge.top), header=title)
                )
    return remarks
