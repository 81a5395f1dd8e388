"""Legacy workbooks (.xls): read by calamine, which this process may not survive.

The sandbox catches an abort. What the format's reader does not tell stays unknown: hidden rows, and
formulas without a stored result (they come as blank cells).
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

from courtyard.parsing.cells import Cell, Typed
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.sheets import Merge, Row, Sheet

FLOAT_DIGITS = 15


def read(data: bytes, caps: Caps) -> list[Sheet]:
    """The sheets of a legacy workbook. Raises Unreadable."""
    import python_calamine

    if len(data) > caps.raw:
        raise Unreadable("file.too_large", f"超过{caps.raw // 2**20}MB")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_sheet(book.get_sheet_by_name(name), name, caps) for name in book.sheet_names]
    except python_calamine.CalamineError:
        raise Unreadable("file.legacy_xls") from None


def _sheet(source: object, title: str, caps: Caps) -> Sheet:
    sheet = Sheet(title)
    for number, values in enumerate(source.to_python(skip_empty_area=False), 1):  # type: ignore[attr-defined]
        cells = {column: cell for column, value in enumerate(values, 1) if (cell := _cell(value)) is not None}
        if not cells:
            continue
        if max(cells) > caps.columns or len(sheet.rows) >= caps.rows:
            raise Unreadable("file.too_large", f"超过{caps.columns}列或{caps.rows}行")
        sheet.rows.append(Row(number, cells))
    for (top, left), (bottom, right) in source.merged_cell_ranges or ():  # type: ignore[attr-defined]
        sheet.merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))
    return sheet


def _cell(value: object) -> Cell:
    match value:
        case str():
            if value.startswith("#") and value.rstrip("!?").isupper():
                return Typed("error", value)
            return value if value.strip() else None
        case bool():
            return Typed("boolean", str(int(value)))
        case int():
            return Typed("number", str(value))
        case float():
            whole = value.is_integer() and abs(value) < 10**FLOAT_DIGITS
            return Typed("number", str(int(value)) if whole else format(value, f".{FLOAT_DIGITS}g"))
        case datetime():
            moment = value.isoformat(" ")
            return Typed("date", moment.removesuffix(" 00:00:00"))
        case date():
            return Typed("date", value.isoformat())
        case time() | timedelta():
            return Typed("date", f"T{value}")
    return None
