"""The annotated copy: a fresh workbook of what the parser saw, with every finding at its cell.

Nothing of the file that was handed in goes into it but texts: no formula, macro, link, style or metadata. A cell
that begins with = + - @ stays text. Same addresses as in the original, so that both can lie side by side.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from courtyard.parsing.picture import Page, Picture
from courtyard.submissions import copy_cells, front_sheets
from courtyard.submissions.copy_cells import Looks
from courtyard.submissions.findings import Finding
from courtyard.submissions.outcome import Receipt

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

SPREAD = 1.15  # fonts that stand in for 宋体 are wider
MIN_WIDTH, MAX_WIDTH = 6, 36  # of a column, in characters
LINE_HEIGHT, MAX_LINES = 17, 8
MAX_MERGED_CELLS = 20_000  # of a sheet; a hostile file merges millions
_SEVERITIES = ("", "information", "warning", "error")


@dataclass
class Marks:
    """The findings of one sheet by cell (row, column), and the severity of each row."""

    cells: dict[tuple[int, int], list[Finding]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[int, str] = field(default_factory=dict)

    def severity(self, cell: tuple[int, int]) -> str:
        found = self.cells.get(cell)
        return max((f.severity for f in found), key=_SEVERITIES.index) if found else ""


def annotated(receipt: Receipt, picture: Picture) -> bytes:
    """The copy as .xlsx bytes. `receipt` has its cells named (`outcome.placed`) by the same picture."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False})
    if receipt.submitted:
        book.set_properties({"created": receipt.submitted.received_at.replace(tzinfo=None)})
    pages = [page for page in picture.pages if page.places or not page.is_hidden]
    names = copy_cells.sheet_names([page.title for page in pages], (front_sheets.FRONT, front_sheets.READINGS))
    by_title = {page.title: (name, page) for page, name in zip(pages, names, strict=True)}
    looks = Looks(book)
    front_sheets.write_front(book, looks, receipt, lambda finding: _link(finding, receipt, by_title))
    for page, name in zip(pages, names, strict=True):
        _write_page(book.add_worksheet(name), looks, page, _marks(page, _findings_of(page, receipt)))
    if picture.readings:
        titles = {title: name for title, (name, _) in by_title.items()}
        front_sheets.write_readings(book, looks, picture.readings, titles)
    book.close()
    return target.getvalue()


def _findings_of(page: Page, receipt: Receipt) -> Iterable[Finding]:
    for part in receipt.parts:
        yield from (finding for finding in part.findings if (finding.sheet or part.title) == page.title)


def _link(finding: Finding, receipt: Receipt, by_title: Mapping[str, tuple[str, Page]]) -> str:
    """The place of a finding in the copy, "" where it has none."""
    part = None if finding.sheet else next((p for p in receipt.parts if finding in p.findings), None)
    name, page = by_title.get(finding.sheet or (part.title if part else ""), ("", None))
    if page is None:
        return ""
    return copy_cells.link(name, _spot(page, finding) or (1, 1))


def _spot(page: Page, finding: Finding) -> tuple[int, int] | None:
    """(row, column) at which a finding stands; None for what concerns the whole sheet."""
    named = copy_cells.position(finding.cell)
    if named or finding.row_no is None:
        return named
    return page.cell(finding.row_no, finding.column) or page.cell(finding.row_no, None)


def _marks(page: Page, findings: Iterable[Finding]) -> Marks:
    marks = Marks()
    for finding in findings:
        if spot := _spot(page, finding):
            marks.cells[spot].append(finding)
            if finding.row_no is not None:
                found = marks.rows.get(spot[0], "")
                marks.rows[spot[0]] = max(found, finding.severity, key=_SEVERITIES.index)
    return marks


def _write_page(sheet: Worksheet, looks: Looks, page: Page, marks: Marks) -> None:
    width = max((column for number, cells in page.rows if number in page.header for column, _, _ in cells), default=0)
    width = max([width, *page.places.values()])
    merges = _merges(page.merges)
    inside = {cell for merge in merges for cell in _cells(merge)} - {(top, left) for top, left, _, _ in merges}
    _set_sizes(sheet, page, marks)
    written: set[tuple[int, int]] = set()
    for number, cells in page.rows:
        for column, kind, text in _padded(number, cells, page, width):
            if (number, column) not in inside:
                copy_cells.write(sheet, (number, column), kind, text, _look(looks, page, marks, (number, column)))
                written.add((number, column))
    for top, left, bottom, right in merges:
        look = _look(looks, page, marks, (top, left))
        copy_cells.merge(sheet, (top, left, bottom, right), look, is_written=(top, left) in written)
    for (row, column), findings in marks.cells.items():
        if (row, column) not in written | inside:
            copy_cells.write(sheet, (row, column), "", "", _look(looks, page, marks, (row, column)))
        copy_cells.comment(sheet, (row, column), [_comment(finding) for finding in findings])
    if page.header and max(page.header) < 50:
        sheet.freeze_panes(max(page.header), 0)
    copy_cells.finish(sheet)


def _padded(number: int, cells: Sequence[tuple[int, str, str]], page: Page, width: int) -> list[tuple[int, str, str]]:
    """A table row with its blank cells, so that grid and colour run through; other rows as they are."""
    if not page.header or number < min(page.header) or len(cells) < 2:
        return list(cells)
    filled = {column: (column, kind, text) for column, kind, text in cells}
    return [filled.get(column, (column, "", "")) for column in range(1, max(width, *filled) + 1)]


def _look(looks: Looks, page: Page, marks: Marks, cell: tuple[int, int]) -> Any:
    if own := marks.severity(cell):
        return looks.cell(f"cell_{own}")
    row = cell[0]
    if row in page.header:
        return looks.cell("header")
    if row in marks.rows:
        return looks.cell(f"row_{marks.rows[row]}")
    first = page.header[0] if page.header else 0
    return looks.cell("title" if row == 1 < first else "plain" if row < first or not first else "body")


def _comment(finding: Finding) -> str:
    mark = "错误" if finding.severity == "error" else "提示"
    return f"【{mark}】{finding.message}。{finding.suggestion}。"


def _merges(merges: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Those that can be shown: overlapping ones and the rest beyond the cap stay apart."""
    kept: list[tuple[int, int, int, int]] = []
    taken: set[tuple[int, int]] = set()
    for merge in merges:
        top, left, bottom, right = merge
        size = (bottom - top + 1) * (right - left + 1)
        if not 1 < size <= MAX_MERGED_CELLS - len(taken) or taken.intersection(_cells(merge)):
            continue
        taken.update(_cells(merge))
        kept.append(merge)
    return kept


def _cells(merge: tuple[int, int, int, int]) -> Iterable[tuple[int, int]]:
    top, left, bottom, right = merge
    return ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))


def _set_sizes(sheet: Worksheet, page: Page, marks: Marks) -> None:
    """Widths and heights by content; hidden columns stay hidden unless something is to be told about them."""
    first = min(page.header, default=0)
    table = [(number, cells) for number, cells in page.rows if number >= first]
    widths: dict[int, float] = {}
    for _, cells in table:
        for column, _, text in cells:
            widths[column] = max(widths.get(column, MIN_WIDTH), min(copy_cells.width(text) * SPREAD + 1, MAX_WIDTH))
    told = {column for _, column in marks.cells}
    for column, width in widths.items():
        options = {"hidden": True} if column in page.hidden_columns and column not in told else {}
        sheet.set_column(column - 1, column - 1, width, None, options)
    for number, cells in table:
        lines = max((copy_cells.width(text) * SPREAD // widths[column] for column, _, text in cells), default=0)
        sheet.set_row(number - 1, LINE_HEIGHT * (1 + min(int(lines), MAX_LINES)))
    if first > 1:
        sheet.set_row(0, 24)
