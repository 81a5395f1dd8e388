"""The sheets that a grid worker fills in. Household cells are repeated on each row: merged ones cannot be filtered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import Column, Contract
from courtyard.submissions import form as words
from courtyard.submissions.workbook import YES_NO, Issue, Options
from courtyard.submissions.workbook_look import Look, height_of, message_of, page, protect, width_of

BLANK_ROWS = 40
LAST_ROW = 2_000  # dropdowns and messages reach this far, for rows that are pasted in
FILLER_POST, REVIEWER_POST = "网格员", "网格长"
_ANSWERS = ("choice", "value", "remark")
_LEAST = {"claimed_by": 30.0, "choice": 13.0, "value": 26.0, "remark": 16.0}  # width, whatever stands in the column
_STATE_MESSAGE = "改过内容选“有变化”；核对后都没变选“无变化”；本网格没有这类人选“本季度无”。"
_CHOICE_MESSAGE = "点右边的箭头选择；选“都不对”时，请在右边写出正确内容。"

Cells = dict[str, Any]


@dataclass(frozen=True)
class _Table:
    """A sheet's columns with their widths, and the rows below the header (0-based from `words.HEADER_ROW`)."""

    sheet: Worksheet
    columns: Sequence[Column]
    widths: Sequence[float]

    @property
    def last(self) -> int:
        return len(self.columns) - 1

    def at(self, name: str) -> int:
        return next(index for index, column in enumerate(self.columns) if column.name == name)


def write_group(book: xlsxwriter.Workbook, look: Look, options: Options, what: tuple[Issue, Contract]) -> None:
    """One group: its lines, blank rows under them, and the record's reference in a hidden column at the end."""
    issue, contract = what
    lines = issue.content.groups.get(contract.dataset, [])
    columns = [c for c in contract.columns if c.role != "record_ref"]
    rows = [{**numbered, **line.cells} for numbered, line in zip(_numbers(columns, lines), lines, strict=True)]
    sheet = book.add_worksheet(contract.sheet or contract.title)
    formulas = {c.name: formula for c in columns if (formula := _dropdown(options, c))}
    table = _laid_out(sheet, look, columns, rows, {c.name: options.labels(c.codes) for c in columns if c.codes})
    _head(table, look, issue, f"{issue.title}{contract.title}信息采集表")
    _headers(table, look, [c.name for c in columns if c.required])
    _state(table, look, options)
    _body(table, look, rows)
    name = contract.role("name") or ""
    references = [issue.ref(contract, line.record_key, str(line.cells.get(name, ""))) for line in lines]
    _references(table, look, contract, references)
    for index, column in enumerate(columns):
        _asked(sheet, index, column, formulas.get(column.name))
    if contract.active:
        _mark_changes(book, table, look, table.at(contract.active.column), issue)
    last = words.HEADER_ROW + len(rows) + BLANK_ROWS
    sheet.autofilter(words.HEADER_ROW - 1, 0, last - 1, table.last)
    sheet.print_area(0, 0, last - 1, table.last)
    sheet.freeze_panes(words.HEADER_ROW, min(2, table.at(contract.role("name") or columns[0].name) + 1))


def write_questions(book: xlsxwriter.Workbook, look: Look, options: Options, issue: Issue) -> None:
    """What sources disagree about: everything grey but the answer."""
    contract = issue.form.questions
    assert contract is not None
    rows = issue.content.questions
    sheet = book.add_worksheet(contract.sheet or contract.title)
    choice = contract.column("choice")
    formula = _dropdown(options, choice)
    table = _laid_out(sheet, look, contract.columns, rows, {"choice": options.labels(choice.codes or "")})
    _head(table, look, issue, f"{issue.title}{contract.title}事项表")
    _headers(table, look, ["choice"])
    told = f"请问清下面{len(rows)}项，在白色格子里作答。" if rows else "本季度没有需要您核实的事项，这张表不用填。"
    sheet.merge_range(2, 0, 2, table.last, told, look.note)
    sheet.set_row(2, 22)
    first = words.HEADER_ROW
    for number, cells in enumerate(rows):
        for index, column in enumerate(contract.columns):
            is_answer = column.name in _ANSWERS
            _put(sheet, first + number, index, cells.get(column.name), look.entry if is_answer else look.locked)
        sheet.set_row(first + number, _height(table, cells))
    if rows:
        last = first + len(rows) - 1
        rule = {"validate": "list", "source": formula, "input_title": choice.header, "input_message": _CHOICE_MESSAGE}
        sheet.data_validation(first, table.at("choice"), last, table.at("choice"), {**rule, **_refusal(choice)})
    sheet.print_area(0, 0, max(first + len(rows) - 1, first), table.last)
    sheet.freeze_panes(first, 0)


def _laid_out(
    sheet: Worksheet, look: Look, columns: Sequence[Column], rows: Sequence[Cells], labels: dict[str, tuple[str, ...]]
) -> _Table:
    """Column widths and the page. The columns' own formats are open, so that no row is out of reach."""
    widths = [width_of(c, (r[c.name] for r in rows if c.name in r), labels.get(c.name, ())) for c in columns]
    table = _Table(sheet, columns, [max(w, _LEAST.get(c.name, 0)) for c, w in zip(columns, widths, strict=True)])
    for index, (column, width) in enumerate(zip(columns, table.widths, strict=True)):
        sheet.set_column(index, index, width, look.of_column(column, is_boxed=False))
    page(sheet, table.last, repeat=words.HEADER_ROW)
    protect(sheet)
    return table


def _headers(table: _Table, look: Look, wanted: Collection[str]) -> None:
    """The header row; columns that must be filled in stand out."""
    for index, column in enumerate(table.columns):
        style = look.required if column.name in wanted else look.optional
        table.sheet.write_string(words.HEADER_ROW - 1, index, column.header, style)
    table.sheet.set_row(words.HEADER_ROW - 1, 34)


def _head(table: _Table, look: Look, issue: Issue, title: str) -> None:
    """Title and the line that says who reports what until when; each part spans the columns it needs."""
    table.sheet.merge_range(0, 0, 0, table.last, title, look.title)
    table.sheet.set_row(0, 30)
    parts = [
        (f"填报单位：{issue.unit.name}（{issue.unit.code}）", 46.0, look.note),
        ("填报人：", 8.0, look.label),
        (issue.holder(FILLER_POST), 14.0, look.entry),
        ("审核人：", 8.0, look.label),
        (issue.holder(REVIEWER_POST), 14.0, look.entry),
        ("填表日期：", 10.0, look.label),
        ("", 13.0, look.entry),
        (f"统计截止日：{issue.period.last_day}", 25.0, look.label),
    ]
    spans = _spans(table.widths, [need for _, need, _ in parts])
    for (left, right), (text, _, style) in zip(spans, parts, strict=True):
        if right > left:
            table.sheet.merge_range(1, left, 1, right, text, style)
        else:
            table.sheet.write_string(1, left, text, style)
    spanned = [sum(table.widths[left : right + 1]) for left, right in spans]
    table.sheet.set_row(1, height_of((text, width) for (text, *_), width in zip(parts, spanned, strict=True)))


def _spans(widths: Sequence[float], needed: Sequence[float]) -> list[tuple[int, int]]:
    """Neighbouring columns for each part, so that together they fall short of their needs as little as can be.

    There are at least as many columns as parts; the spans cover all of them.
    """
    edges = [0.0, *accumulate(widths)]
    best: dict[int, tuple[float, list[tuple[int, int]]]] = {0: (0.0, [])}  # columns taken -> shortfall, spans
    for need in needed:
        taken: dict[int, tuple[float, list[tuple[int, int]]]] = {}
        for right in range(1, len(edges)):
            ways = [
                (short + max(0.0, need - (edges[right] - edges[left])) ** 2, [*spans, (left, right - 1)])
                for left, (short, spans) in best.items()
                if left < right
            ]
            if ways:
                taken[right] = min(ways)
        best = taken
    return best[len(widths)][1]


def _state(table: _Table, look: Look, options: Options) -> None:
    """The line 本表情况 with its dropdown: the one answer that an unchanged sheet needs."""
    (left, right), (first, last) = _spans(table.widths, [11.0, 12.0, 0.0])[:2]
    sheet = table.sheet
    for (start, end), text, style in (
        ((left, right), words.STATE_LABEL, look.heading),
        ((first, last), "", look.asked),
    ):
        if end > start:
            sheet.merge_range(2, start, 2, end, text, style)
        else:
            sheet.write_string(2, start, text, style)
    rule = {"validate": "list", "source": options.of("sheet_state", words.STATES)}
    told = {"input_title": "本表情况", "input_message": _STATE_MESSAGE, "error_title": "请选择"}
    sheet.data_validation(2, first, 2, first, {**rule, **told, "error_message": "请从下拉列表中选一项。"})
    sheet.set_row(2, 22)


def _body(table: _Table, look: Look, rows: Sequence[Cells]) -> None:
    first = words.HEADER_ROW
    for number in range(len(rows) + BLANK_ROWS):
        cells = rows[number] if number < len(rows) else {}
        for index, column in enumerate(table.columns):
            _put(table.sheet, first + number, index, cells.get(column.name), look.of_column(column))
        table.sheet.set_row(first + number, _height(table, cells))
    numbers = {"number_stored_as_text": f"A{first + 1}:{xlsxwriter.utility.xl_col_to_name(table.last)}{LAST_ROW}"}
    table.sheet.ignore_errors(numbers)


def _height(table: _Table, cells: Cells) -> float:
    return height_of((cells.get(c.name, ""), width) for c, width in zip(table.columns, table.widths, strict=True))


def _put(sheet: Worksheet, row: int, column: int, value: Any, style: Any) -> None:
    """A value as it is, never a formula or a link; an absent one keeps the cell's format."""
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def _references(table: _Table, look: Look, contract: Contract, references: Sequence[str]) -> None:
    """系统编号, hidden and locked: by it a row stays the same record when its ID number is corrected."""
    name = contract.role("record_ref")
    if name is None:
        return
    at = table.last + 1
    table.sheet.write_string(words.HEADER_ROW - 1, at, contract.column(name).header, look.put_away)
    for number, reference in enumerate(references):
        table.sheet.write_string(words.HEADER_ROW + number, at, reference, look.put_away)
    table.sheet.set_column(at, at, 12, look.put_away, {"hidden": True})


def _dropdown(options: Options, column: Column) -> str | None:
    if column.codes:
        return options.of_codes(column.codes)
    return options.of("yes_no", YES_NO) if column.type == "yes_no" else None


def _asked(sheet: Worksheet, index: int, column: Column, formula: str | None) -> None:
    """The message, and the dropdown where there is one, on all rows of a column."""
    rule: dict[str, Any] = {"validate": "any"}
    if formula:
        rule = {"validate": "list", "source": formula, **_refusal(column)}
    if message := message_of(column):
        rule |= {"input_title": column.header, "input_message": message}
    if len(rule) > 1:
        sheet.data_validation(words.HEADER_ROW, index, LAST_ROW - 1, index, rule)


def _refusal(column: Column) -> dict[str, str]:
    return {"error_title": "请从列表中选择", "error_message": f"“{column.header}”请点右边的箭头选一项，或者清空。"}


def _mark_changes(book: xlsxwriter.Workbook, table: _Table, look: Look, at: int, issue: Issue) -> None:
    """Rows that say something else than 无变化 turn yellow, so that what was changed can be seen at a glance."""
    column = table.columns[at]
    unchanged = issue.district.codes[column.codes or ""].values[words.UNCHANGED][0]
    cell = f"${xlsxwriter.utility.xl_col_to_name(at)}{words.HEADER_ROW + 1}"
    rule = {"type": "formula", "criteria": f'=AND({cell}<>"",{cell}<>"{unchanged}")', "format": look.changed}
    table.sheet.conditional_format(words.HEADER_ROW, 0, LAST_ROW - 1, table.last, rule)


def _numbers(columns: Sequence[Column], lines: Sequence[Any]) -> list[Cells]:
    """序号: of the row, or of the household where the form counts households."""
    column = next((c for c in columns if c.volatile and c.type == "integer"), None)
    if column is None:
        return [{} for _ in lines]
    shared = [c.name for c in columns if c.household and not c.volatile] if column.household else []
    found: list[Cells] = []
    before, number = None, 0
    for line in lines:
        home = [line.cells.get(name) for name in shared]
        number += not shared or home != before
        before = home
        found.append({column.name: number})
    return found
