"""Households in merged cells: a cell over several rows holds the household's field of all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from courtyard.parsing.cells import address
from courtyard.parsing.headers import Header
from courtyard.parsing.sheets import Merge, Sheet
from courtyard.parsing.structure import Body
from courtyard.parsing.tables import Remark


def _columns(header: Header) -> dict[int, str]:
    return {header.columns[c.name]: c.name for c in header.contract.columns if c.household and c.name in header.columns}


def _merges(merges: Sequence[Merge], header: Header, body: Body) -> list[Merge]:
    """Merges that reach over several data rows."""
    last = body.data[-1].number if body.data else 0
    return [m for m in merges if m.top > header.rows[-1] and m.bottom > m.top and m.top <= last]


def count(sheet: Sheet, header: Header, body: Body) -> int:
    """How many households the rows make up, as far as merged cells say; every row is one otherwise."""
    first_columns = sorted(_columns(header))[:2]
    numbers = [row.number for row in body.data]
    covered = 0
    for merge in _merges(sheet.merges, header, body):
        if first_columns and merge.left == first_columns[-1]:
            covered += bisect_right(numbers, merge.bottom) - bisect_right(numbers, merge.top)
    return len(body.data) - covered


def fill(merges: Sequence[Merge], header: Header, body: Body) -> list[Remark]:
    """Copy a household's merged cell to its other rows; other merged columns are only remarked on."""
    rows = {row.number: row for row in body.data}
    household = _columns(header)
    names = {at: name for name, at in header.columns.items()}
    remarks: list[Remark] = []
    for merge in _merges(merges, header, body):
        inside = [rows[n] for n in range(merge.top, min(merge.bottom, body.data[-1].number) + 1) if n in rows]
        for column in range(merge.left, merge.right + 1):
            value = rows[merge.top].cells.get(merge.left) if merge.top in rows else None
            if value is None or column not in names or len(inside) < 2:
                continue
            if column in household and column == merge.left:
                for row in inside[1:]:
                    row.cells.setdefault(column, value)
            elif column not in household:
                title = header.contract.column(names[column]).header
                remarks.append(
                    Remark("household.merge_outside", names[column], address(column, merge.top), header=title)
                )
    return remarks
