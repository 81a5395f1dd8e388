"""The sheets an annotated copy has beside the sender's own: 回执 with all findings, 识别结果 with what was read how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from courtyard.parsing.picture import Reading
from courtyard.submissions import copy_cells, phrases
from courtyard.submissions.copy_cells import Looks
from courtyard.submissions.findings import Finding
from courtyard.submissions.outcome import Receipt

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FRONT, READINGS = "回执", "识别结果"
MAX_LISTED = 2_000
_WIDTHS = (15, 18, 9, 9, 9, 24, 56)
_LAST = len(_WIDTHS) - 1
_NOTE = "红色为错误，黄色为提示，原因见单元格批注。本表只供对照，请在原采集表中改正后报送，不要报送本表。"


def write_front(book: Workbook, looks: Looks, receipt: Receipt, link: Callable[[Finding], str]) -> None:
    """The first sheet: the result, counts, what to do, and every finding with a link to its cell."""
    sheet = book.add_worksheet(FRONT)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, f"{receipt.title}回执", looks.cell("title"))
    sheet.write_string(1, 0, phrases.result(receipt), looks.cell(phrases.mood(receipt.status)))
    sheet.set_row(1, 30)
    at = _lines(sheet, looks, receipt, 2)
    at = _counts(sheet, looks, receipt, at + 1)
    if receipt.findings:
        _findings(sheet, looks, receipt.findings, link, at + 1)
    sheet.activate()
    copy_cells.finish(sheet)


def _lines(sheet: Worksheet, looks: Looks, receipt: Receipt, at: int) -> int:
    lines = [*phrases.facts(receipt), ("说明", _NOTE)]
    for label, text in lines:
        sheet.write_string(at, 0, label, looks.cell("label"))
        sheet.merge_range(at, 1, at, _LAST, copy_cells.safe(text), looks.cell("wide"))
        sheet.set_row(at, 16 * (1 + copy_cells.width(text) // sum(_WIDTHS[1:])))
        at += 1
    return at


def _counts(sheet: Worksheet, looks: Looks, receipt: Receipt, at: int) -> int:
    for column, title in enumerate(phrases.COUNT_TITLES):
        sheet.write_string(at, column, title, looks.cell("header"))
    for part in receipt.parts:
        at += 1
        for column, text in enumerate(phrases.counts(part)):
            sheet.write_string(at, column, text, looks.cell("count"))
    return at + 1


def _findings(
    sheet: Worksheet, looks: Looks, findings: Sequence[Finding], link: Callable[[Finding], str], at: int
) -> None:
    """工作表, 单元格, 级别, 问题 over four columns, 怎样改."""
    for column, title in ((0, "工作表"), (1, "单元格"), (2, "级别"), (_LAST, "怎样改")):
        sheet.write_string(at, column, title, looks.cell("header"))
    sheet.merge_range(at, 3, at, _LAST - 1, "问题", looks.cell("header"))
    for finding in findings[:MAX_LISTED]:
        at += 1
        severity = looks.cell(f"cell_{finding.severity}")
        sheet.write_string(at, 0, copy_cells.safe(finding.sheet), looks.cell("body"))
        if target := link(finding):
            sheet.write_url(at, 1, target, looks.cell("link"), finding.place or "整张表")
        else:
            sheet.write_string(at, 1, finding.place or "整份文件", looks.cell("count"))
        sheet.write_string(at, 2, phrases.SEVERITIES[finding.severity], severity)
        sheet.merge_range(at, 3, at, _LAST - 1, copy_cells.safe(finding.message), looks.cell("body"))
        sheet.write_string(at, _LAST, copy_cells.safe(finding.suggestion), looks.cell("body"))
        lines = max(copy_cells.width(finding.message) // 48, copy_cells.width(finding.suggestion) // 54)
        sheet.set_row(at, 16 * (1 + lines))
    if len(findings) > MAX_LISTED:
        sheet.write_string(at + 1, 0, f"另有{len(findings) - MAX_LISTED}处，见各工作表。", looks.cell("plain"))


def write_readings(book: Workbook, looks: Looks, readings: Sequence[Reading], names: Mapping[str, str]) -> None:
    """What was read as something other than what is written: nothing was guessed, but it may be looked at."""
    sheet = book.add_worksheet(READINGS)
    for column, (title, width) in enumerate((("工作表", 14), ("单元格", 14), ("栏目", 18), ("原文", 40), ("读作", 40))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, looks.cell("header"))
    sheet.freeze_panes(1, 0)
    for at, reading in enumerate(readings, 1):
        name, position = names.get(reading.sheet, ""), copy_cells.position(reading.cell)
        copy_cells.write(sheet, (at + 1, 1), "", reading.sheet, looks.cell("body"))
        if name and position:
            sheet.write_url(at, 1, copy_cells.link(name, position), looks.cell("link"), reading.cell)
        else:
            copy_cells.write(sheet, (at + 1, 2), "", reading.cell, looks.cell("count"))
        copy_cells.write(sheet, (at + 1, 3), "", reading.header, looks.cell("body"))
        copy_cells.write(sheet, (at + 1, 4), "", reading.written, looks.cell("body"))
        copy_cells.write(sheet, (at + 1, 5), "", reading.value, looks.cell("body"))
    copy_cells.finish(sheet)
