"""Records as JSON lines: the rows of a query, or the pages of an interface.

`rows`: `{"columns": [...]}`, then one array a line. `pages`: one object a line, `{"url", "status",
"content_type", "body"}`, where the body is the text of a page that lists records.
A record that cannot be trusted loses only itself; a page that cannot be read makes the whole batch
unknowable and is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from courtyard.district.models import Contract
from courtyard.parsing import form, units
from courtyard.parsing.cells import Cell, Typed
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.numbers import MOST
from courtyard.parsing.tables import RawTable, Remark
from courtyard.parsing.vocabulary import fold
from courtyard.sources.fetched import safe_name

MAX_DIGITS = 400  # of a number; Python's own limit would raise beyond 4,300


class Repeated(dict):
    """An object in which a field stood twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(found)


def _whole(text: str) -> Typed:
    if len(text) > MAX_DIGITS or abs(int(text)) > MOST:
        return Typed("invalid", "")
    return Typed("number", text)


def _real(text: str) -> Typed:
    return Typed("number", text) if len(text) <= MAX_DIGITS else Typed("invalid", "")


def _constant(_: str) -> Typed:
    return Typed("invalid", "")


def loads(text: str) -> Any:
    """JSON with numbers as they are written. ValueError for anything else, nesting without end included."""
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant
        )
    except RecursionError:
        raise ValueError("too deep") from None


@dataclass
class _Gathered:
    """Cells by the delivered field, one list entry a record; absent fields are None."""

    wanted: frozenset[str]
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)  # the first spelling of each field
    problems: dict[int, list[str]] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)
    count: int = 0

    def add(self, record: Any, problem: str | None = None) -> None:
        index = self.count
        self.count += 1
        usable = isinstance(record, dict) and problem is None
        if not usable:
            self.problems[index] = [problem or "record.unreadable"]
        elif isinstance(record, Repeated):
            self.problems[index] = ["record.duplicate_field"]
            usable = False
        for name, value in record.items() if usable else ():
            key = fold(name)
            if key in self.wanted:
                if key not in self.cells:
                    self.cells[key], self.spelled[key] = [None] * index, name
                self.cells[key].append(_cell(value))
            else:
                self.unknown[name] = None
        for cells in self.cells.values():
            if len(cells) < self.count:
                cells.append(None)


def _cell(value: Any) -> Cell:
    match value:
        case None | Typed():
            return value
        case str():
            return value if value.strip() else None
        case bool():
            return Typed("boolean", str(int(value)))
    return Typed("nested", "")


def _gathered(contract: Contract) -> _Gathered:
    return _Gathered(frozenset(fold(h) for c in contract.columns for h in (c.header, *c.synonyms)))


def read_rows(data: bytes, contract: Contract, caps: Caps) -> RawTable:
    """The table of format `rows`. Raises Unreadable."""
    lines = _lines(data, caps)
    try:
        names = loads(lines[0].decode())["columns"]
    except (ValueError, KeyError, TypeError, IndexError):
        raise Unreadable("header.missing", rows=max(len(lines) - 1, 0)) from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unreadable("header.missing", rows=len(lines) - 1)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Unreadable("header.duplicate", safe_name(twice), rows=len(lines) - 1)
    gathered = _gathered(contract)
    for line in lines[1:]:
        try:
            values = loads(line.decode())
        except UnicodeDecodeError:
            gathered.add(None, "csv.undecodable_line")
        except ValueError:
            gathered.add(None, "record.unreadable")
        else:
            ragged = not isinstance(values, list) or len(values) != len(names)
            gathered.add(
                None if ragged else dict(zip(names, values, strict=True)), "csv.ragged_row" if ragged else None
            )
    return _table(gathered, contract, caps, names)


def read_pages(data: bytes, contract: Contract, caps: Caps) -> RawTable:
    """The table of format `pages`. Raises Unreadable when one page cannot be read or the total is another."""
    gathered = _gathered(contract)
    unreadable = 0
    totals: set[int] = set()
    for number, line in enumerate(_lines(data, caps), 1):
        try:
            records, total = _page(line, contract)
        except (ValueError, TypeError, KeyError, AttributeError):
            unreadable = unreadable or number
            continue
        totals |= set() if total is None else {total}
        for record in records:
            gathered.add(record)
    if unreadable:
        raise Unreadable("page.unreadable", str(unreadable), rows=gathered.count)
    if totals and totals != {gathered.count}:
        raise Unreadable("page.total_mismatch", f"{gathered.count}条与{max(totals)}条", rows=gathered.count)
    return _table(gathered, contract, caps, None)


def _lines(data: bytes, caps: Caps) -> list[bytes]:
    if len(data) > caps.inflated:
        raise Unreadable("file.too_large", f"超过{caps.inflated // 2**20}MB")
    lines = [line for line in data.split(b"\n") if line.strip()]
    if not lines:
        raise Unreadable("file.empty")
    return lines


def _page(line: bytes, contract: Contract) -> tuple[list[Any], int | None]:
    """The records and the stated total of one page; ValueError and its like when it is no such page."""
    envelope = loads(line.decode())
    status = envelope.get("status")
    if status is not None and not str(getattr(status, "text", status)).startswith("2"):
        raise ValueError("status")
    page = loads(envelope["body"])
    records = _at(page, contract.records_path)
    if not isinstance(records, list):
        raise ValueError("records")
    total = _at(page, contract.total_path) if contract.total_path else None
    if total is not None and not (isinstance(total, Typed) and total.text.isdecimal()):
        raise ValueError("total")
    return records, int(total.text) if total else None


def _at(page: Any, path: str | None) -> Any:
    for step in path.split(".") if path else ():
        page = page[step]
    return page


def _table(gathered: _Gathered, contract: Contract, caps: Caps, names: Sequence[str] | None) -> RawTable:
    if gathered.count > caps.rows:
        raise Unreadable("file.too_large", f"超过{caps.rows}行", rows=gathered.count)
    table = RawTable(contract, row_nos=list(range(1, gathered.count + 1)), landed=gathered.count)
    table.row_problems = gathered.problems
    declared: dict[str, str] = {}
    present = {fold(name) for name in names} if names is not None else set(gathered.cells)
    for column in contract.columns:
        for header in map(fold, (column.header, *column.synonyms)):
            if header in gathered.cells:
                table.columns[column.name] = gathered.cells[header]
                if column.unit and (found := units.at_end(gathered.spelled[header])):
                    declared[column.name] = found[1]
                break
        known = any(fold(h) in present for h in (column.header, *column.synonyms))
        if column.required and not known and (gathered.count or names is not None):
            table.missing.append(column.name)
            table.remarks.append(Remark("header.missing_column", column.name, header=column.header))
    form.declare_units(table, declared)
    table.remarks += _unknown(gathered.unknown, names, gathered.wanted)
    return table


def _unknown(found: Iterable[str], names: Sequence[str] | None, wanted: frozenset[str]) -> list[Remark]:
    unknown = dict.fromkeys(name for name in (names or found) if fold(name) not in wanted)
    return [Remark("header.unknown_column", detail=safe_name(name)[:20]) for name in unknown][:50]
