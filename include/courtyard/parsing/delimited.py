"""Delimited text: records, header, and what is wrong with single lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import islice

from courtyard.district.models import Contract
from courtyard.parsing import encoding, form, headers, metadata, sniff, structure
from courtyard.parsing.cells import Cell, column_letters
from courtyard.parsing.headers import Header
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.sheets import Row, Sheet
from courtyard.parsing.structure import Body
from courtyard.parsing.tables import RawTable, Remark
from courtyard.parsing.vocabulary import Vocabulary, fold

DELIMITERS = ",\t;|"
MAX_FIELD = 131_072
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TAIL_ROWS = 20  # totals and notes stand at the end


def read(data: bytes, contract: Contract, caps: Caps) -> RawTable:
    """The table of a delimited file. Raises Unreadable."""
    if len(data) > caps.inflated:
        raise Unreadable("file.too_large", f"超过{caps.inflated // 2**20}MB")
    if not data.strip():
        raise Unreadable("file.empty")
    if other := sniff.is_no_text(data):
        raise Unreadable("file.not_text", f"是{sniff.TITLES[other]}")
    decoded = encoding.decode(data, contract)
    records, broken = _records(decoded, _delimiter(decoded.text, contract), caps)
    first = Sheet("", [row for row in map(_row, enumerate(records[: headers.SEARCHED_ROWS], 1)) if row.cells])
    header = headers.best(first, contract)
    if header is None:
        raise Unreadable("header.missing", rows=max(len(records) - 1, 0))
    try:
        headers.refuse_hostile(header)
        return _table(records, broken, header, caps)
    except Unreadable as refusal:
        refusal.rows = refusal.rows or sum(map(any, records[header.rows[-1] :]))
        raise


def _delimiter(text: str, contract: Contract) -> str:
    """The delimiter under which one of the first lines holds most of the contract's headers."""
    names = Vocabulary.of(contract).names
    best, most = ",", 0
    for line in text[:20_000].splitlines()[:10]:
        for delimiter in DELIMITERS:
            score = sum(fold(part.strip('"')) in names for part in line.split(delimiter))
            if score > most:
                best, most = delimiter, score
    return best


def _records(decoded: encoding.Text, delimiter: str, caps: Caps) -> tuple[list[list[str]], dict[int, str]]:
    """All records, and by index the code of those that are broken. Raises Unreadable for unpaired quotes."""
    csv.field_size_limit(max(len(decoded.text), MAX_FIELD))
    reader = csv.reader((line[0] for line in _LINE.finditer(decoded.text)), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    broken: dict[int, str] = {}
    spans: list[int] | None = [] if decoded.broken or '"' in decoded.text else None
    while True:
        try:
            if spans is None:
                records.extend(islice(reader, caps.rows + 1))
            else:
                for record in islice(reader, max(caps.rows + 1 - len(records), 0)):
                    records.append(record)
                    spans.append(reader.line_num)
            break
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise _unpaired(len(records), decoded) from None
            if spans is None or reader.line_num - (spans[-1] if spans else 0) > 1:
                raise _unpaired(len(records), decoded) from None
            broken[len(records)] = "csv.ragged_row"
            records.append([])
            spans.append(reader.line_num)
    if len(records) > caps.rows:
        raise Unreadable("file.too_large", f"超过{caps.rows}行", rows=_lines(decoded) - 1)
    if spans is not None:
        _mark(broken, records, spans, (decoded, delimiter))
    return records, broken


def _unpaired(record: int, decoded: encoding.Text) -> Unreadable:
    """A quote that swallows lines makes rows uncountable: physical lines are what is known."""
    return Unreadable("file.broken_quotes", f"从第{record + 1}行起", rows=_lines(decoded) - 1)


def _lines(decoded: encoding.Text) -> int:
    return decoded.text.rstrip("\r\n").count("\n") + 1


def _mark(
    broken: dict[int, str], records: Sequence[Sequence[str]], spans: Sequence[int], source: tuple[encoding.Text, str]
) -> None:
    """Carry what is wrong with physical lines over to the records made of them. `source` is text and delimiter."""
    decoded, delimiter = source
    start = 0
    width = len(max(records[:10], key=len, default=[]))
    for index, end in enumerate(spans):
        if any(line in decoded.broken for line in range(start, end)):
            broken[index] = "csv.undecodable_line"
        elif end - start > 1 and (len(records[index]) != width or _swallows(records[index], width, delimiter)):
            raise _unpaired(index, decoded)
        start = end


def _swallows(record: Sequence[str], width: int, delimiter: str) -> bool:
    """Whether a field that spans lines holds so many delimiters that those lines were records of their own."""
    return any(field.count(delimiter) >= (width - 1) * breaks for field in record if (breaks := field.count("\n")))


def _row(numbered: tuple[int, list[str]]) -> Row:
    number, record = numbered
    return Row(number, {column: text for column, text in enumerate(record, 1) if text.strip()})


def _table(records: list[list[str]], broken: dict[int, str], header: Header, caps: Caps) -> RawTable:
    start = header.rows[-1]
    width = len(records[start - 1])
    if width > caps.columns:
        raise Unreadable("file.too_large", f"超过{caps.columns}列")
    above = [row for row in map(_row, enumerate(records[: header.rows[0] - 1], 1)) if row.cells]
    stop, forms, body = _tail(records, broken, header)
    table = RawTable(header.contract)
    table.structural = len(above) + len(header.rows) + len(forms)
    kept = _kept(records, broken, range(start, stop), width, table)
    across = list(zip(*kept, strict=True)) if kept else [()] * width
    table.columns = {name: _cells(across[at - 1]) for name, at in header.columns.items()}
    table.places = {name: column_letters(at) for name, at in header.columns.items()}
    table.landed = len(kept)
    form.describe(table, header, metadata.read([*above, *body.notes]), body)
    if body.totals:
        body.data = [_row((row_no, record)) for row_no, record in zip(table.row_nos, kept, strict=True)]
        body.totals = [(row, len(kept)) for row, _ in body.totals]
        wrong = structure.reconcile(body, header, len(kept))
        table.remarks += [Remark("total.mismatch", cell=f"A{row.number}", detail=text) for row, text in wrong]
    return table


def _kept(
    records: list[list[str]], broken: dict[int, str], part: range, width: int, table: RawTable
) -> list[Sequence[str]]:
    """The data records, all of one width; their row numbers and problems go into the table. Blank ones are left out."""
    numbered = [(index, records[index]) for index in part if any(records[index]) or index in broken]
    table.row_nos = [index + 1 for index, _ in numbered]
    kept: list[Sequence[str]] = [record for _, record in numbered]
    for at, (index, record) in enumerate(numbered):
        if len(record) != width or index in broken or "\x00" in "".join(record):
            problem = broken.get(index) or _problem(record, width)
            if problem:
                table.row_problems[at] = [problem]
            kept[at] = [""] * width if problem else record[:width]
    return kept


def _problem(record: Sequence[str], width: int) -> str | None:
    """What makes one record unusable; surplus empty fields at its end do not."""
    if len(record) != width and any(record) and (len(record) < width or any(record[width:])):
        return "csv.ragged_row"
    return "csv.nul" if "\x00" in "".join(record) else None


def _cells(column: Sequence[str]) -> list[Cell]:
    return [text or None for text in column]


def _tail(records: list[list[str]], broken: dict[int, str], header: Header) -> tuple[int, list[Row], Body]:
    """Where data ends, and the form's rows after it (合计, 注): only the last rows are looked at."""
    start = max(header.rows[-1], len(records) - _TAIL_ROWS)
    rows = [
        row for row in map(_row, enumerate(records[start:], start + 1)) if row.cells and row.number - 1 not in broken
    ]
    body = structure.split(rows, header)
    last = body.data[-1].number if body.data else start
    forms = [row for row in rows if row.number > last]
    body.totals = [(row, end) for row, end in body.totals if row.number > last]
    return (forms[0].number - 1 if forms else len(records)), forms, body
