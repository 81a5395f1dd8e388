"""The cover of an issued workbook: for whom, until when, and what to do, on one page."""

from __future__ import annotations

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from courtyard.parsing import issued, metadata
from courtyard.submissions import form as words
from courtyard.submissions.workbook import Issue, Options
from courtyard.submissions.workbook_look import Look, lines, page, protect

_WIDTHS = (15.0, 46.0, 15.0, 40.0)
_WEEKDAYS = "一二三四五六日"
_STEPS = (
    "表里是系统中到上季度末的情况。只改有变化的地方，没变的不用重填。",
    "信息有变：直接改，并把“变动情况”选成“信息变更”。",
    "人搬走、去世或退出：不要删行，在“变动情况”中选择，并写“变动日期”。",
    "新增的人：写在下面的空白行，“变动情况”选“新增”。空白行不够时可以插入行。",
    "一张表核对后都没变：第3行“本表情况”选“无变化”，这张表就完成了；本网格没有这类人：选“本季度无”。",
    "“待核实”：几个来源说法不一致，只有您能问清。每项选一个结果，查不清就选“查不清”。",
    "白色格子可以填，灰色的不用填；深蓝色表头是必填项；有箭头的请从列表中选。不要改动表名和表头。",
    "填完保存，文件名不用改，按街道通知的方式交回。收到后会发回执，逐格说明看到了什么。",
)


def write(book: xlsxwriter.Workbook, look: Look, options: Options, issue: Issue) -> None:
    sheet = book.add_worksheet(issued.COVER)
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, index, width)
    last = len(_WIDTHS) - 1
    sheet.merge_range(0, 0, 0, last, f"{issue.title}网格采集表", look.title)
    sheet.set_row(0, 40)
    row = _facts(sheet, look, options, issue)
    row = _sheets(sheet, look, issue, row + 1)
    _steps(sheet, look, row + 1)
    whom = f"填写中有疑问，请联系{issue.district.office.preparer}。"
    sheet.merge_range(row + 3 + len(_STEPS), 0, row + 3 + len(_STEPS), last, whom, look.note)
    page(sheet, last)
    protect(sheet)
    sheet.activate()


def _facts(sheet: Worksheet, look: Look, options: Options, issue: Issue) -> int:
    """Unit, quarter, days and the kind of submission; returns the row below."""
    due = issue.cycle.due_on
    facts = (
        ("填报单位：", f"{issue.unit.name}（{issue.unit.code}）", "季度：", f"{issue.period.title}（{issue.period}）"),
        ("报送截止日：", f"{due}（星期{_WEEKDAYS[due.weekday()]}）", "统计截止日：", str(issue.period.last_day)),
    )
    for row, cells in enumerate(facts, 1):
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text, look.locked if column % 2 else look.heading)
        sheet.set_row(row, 22)
    row = len(facts) + 1
    sheet.write_string(row, 0, words.NATURE_LABEL, look.heading)
    sheet.write_blank(row, 1, None, look.asked)
    rule = {"validate": "list", "source": options.of("nature", metadata.NATURES), "error_title": "请选择"}
    told = {"input_title": "报送性质", "input_message": "第一次交可以不选；交过后又改了，请选“更正”。"}
    sheet.data_validation(row, 1, row, 1, {**rule, **told, "error_message": "请从下拉列表中选一项。"})
    sheet.set_row(row, 22)
    return row + 1


def _sheets(sheet: Worksheet, look: Look, issue: Issue, row: int) -> int:
    """What is in which sheet; returns the row below."""
    known = [(c.title, len(issue.content.groups.get(c.dataset, ()))) for c in issue.form.groups]
    counts = [(title, f"已列出{n}行，请核对" if n else "系统中没有，有新增才填") for title, n in known]
    if issue.form.questions:
        asked = len(issue.content.questions)
        counts.append((issue.form.questions.title, f"{asked}项，请作答" if asked else "没有，不用填"))
    sheet.merge_range(row, 0, row, len(_WIDTHS) - 1, "本次要核对的表", look.heading)
    for number, (title, text) in enumerate(counts, row + 1):
        sheet.write_string(number, 0, title, look.locked)
        sheet.write_string(number, 1, text, look.locked)
        sheet.set_row(number, 20)
    return row + 1 + len(counts)


def _steps(sheet: Worksheet, look: Look, row: int) -> None:
    last = len(_WIDTHS) - 1
    sheet.merge_range(row, 0, row, last, "怎么填", look.heading)
    for number, step in enumerate(_STEPS, 1):
        text = f"{number}. {step}"
        sheet.merge_range(row + number, 0, row + number, last, text, look.note)
        sheet.set_row(row + number, 16.0 * lines(text, sum(_WIDTHS)) + 4)
