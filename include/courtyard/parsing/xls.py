"""Legacy workbooks (.xls, and .et of that kind), as much like .xlsx as the format lets them be.

The reader is pure Python and runs in the sandbox's worker only: what it raises for broken bytes is of any
kind. The format does not tell a formula that was never computed from one whose result is empty text; both
come as blank cells, so a required one is found missing.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

from courtyard.parsing.cells import Cell, Typed
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.number_cells import BUILT_IN, Style, number_cell, style
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.xlsx_cells import filled

if TYPE_CHECKING:
    import xlrd

_NUMBERS = (2, 3)  # of the reader's cell types: 1 text, 2 number, 3 date, 4 boolean, 5 error
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_CONTAINER = bytes.fromhex("D0CF11E0A1B11AE1")
_VERSION_8 = 80  # of BIFF; older ones name no code page that can be trusted


def read(data: bytes, caps: Caps) -> list[Sheet]:
    """The sheets of a legacy workbook. Raises Unreadable."""
    import xlrd

    if len(data) > caps.raw:
        raise Unreadable("file.too_large", f"超过{caps.raw // 2**20}MB")
    if not data.startswith(_CONTAINER):  # whose sector chains show what is missing; a bare stream shows nothing
        raise Unreadable("file.legacy_xls")
    try:
        with xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, ragged_rows=True
        ) as book:
            if book.biff_version < _VERSION_8:
                raise Unreadable("file.legacy_xls")
            look = [_style(book, xf.format_key) for xf in book.xf_list]
            return [_sheet(source, look, caps) for source in book.sheets()]
    except (Unreadable, MemoryError):
        raise
    except xlrd.XLRDError as error:
        raise Unreadable("file.encrypted" if "encrypted" in str(error) else "file.legacy_xls") from None
    except Exception:
        raise Unreadable("file.legacy_xls") from None


def _style(book: xlrd.Book, key: int) -> Style:
    given = book.format_map.get(key)
    return BUILT_IN[key] if key in BUILT_IN else style(given.format_str if given else "General")


def _sheet(source: xlrd.sheet.Sheet, look: list[Style], caps: Caps) -> Sheet:
    sheet = Sheet(source.name, is_hidden=source.visibility != 0)
    epoch_1904 = source.book.datemode == 1
    for number in range(source.nrows):
        cells: dict[int, Cell] = {}
        for column, (kind, value) in enumerate(zip(source.row_types(number), source.row_values(number), strict=True)):
            how = look[source.cell_xf_index(number, column)] if kind in _NUMBERS else ""
            if (cell := _cell(kind, value, how, epoch_1904)) is not None:
                cells[column + 1] = cell
        if not cells:
            continue
        if max(cells) > caps.columns or len(sheet.rows) >= caps.rows:
            raise Unreadable("file.too_large", f"超过{caps.columns}列或{caps.rows}行")
        sheet.rows.append(Row(number + 1, cells))
    sheet.merges = [Merge(top + 1, left + 1, bottom, right) for top, bottom, left, right in source.merged_cells]
    sheet.hidden_rows = {number + 1 for number, row in source.rowinfo_map.items() if row.hidden}
    sheet.hidden_columns = {number + 1 for number, column in source.colinfo_map.items() if column.hidden}
    return sheet


def _cell(kind: int, value: str | float, how: Style, epoch_1904: bool) -> Cell:
    """A cell by the reader's type of it; blank and empty ones are None."""
    match kind, value:
        case 1, str():
            return filled(value)
        case ((2 | 3), float()):
            return number_cell(value, how, epoch_1904) if math.isfinite(value) else Typed("invalid", "")
        case 4, _:
            return Typed("boolean", str(int(value)))
        case 5, int():
            return Typed("error", _ERRORS.get(value, "#?"))
    return None
