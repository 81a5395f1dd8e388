"""Lines around a table that say what it is: 填报单位, 填表日期, 统计截止日, the period, the grid's code, 本表情况."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from courtyard.errors import CourtyardError
from courtyard.parsing import units
from courtyard.parsing.cells import address, shown
from courtyard.parsing.dates import read_date
from courtyard.parsing.sheets import Row
from courtyard.parsing.text import clean
from courtyard.period import Period
from courtyard.sources.fetched import safe_name

LABELS = (
    "填报单位", "填报人", "审核人", "填表日期", "统计截止日期", "统计截止日", "报告期", "所属期", "填报期", "本表情况",
    "报送性质",
)  # fmt: skip
_SPELLED = {
    "填表人": "填报人",
    "制表人": "填报人",
    "上报单位": "填报单位",
    "填报日期": "填表日期",
    "统计截止日期": "统计截止日",
}
_PERSONS = ("填报人", "审核人")
_DATES = ("填表日期", "统计截止日")
_PERIODS = ("报告期", "所属期", "填报期")
_UNIT = r"(?:计量|金额|(?<![\u4e00-\u9fff]))单位"  # 填报单位 and 主管单位 are no units of measure
_LABEL = re.compile(rf"({'|'.join([*LABELS, *_SPELLED])}|{_UNIT})(?:\([^()]{{0,12}}\))?\s*:")
_TITLE = re.compile(r"表|册|台账|名单|统计|汇总|信息|情况")
_QUARTER = re.compile(r"(20\d\d)\s*(?:年度?)?\s*(?:第?\s*([一二三四1-4])\s*季度?|[Qq]([1-4]))")
_MONTH = re.compile(r"(20\d\d)\s*年\s*(1[0-2]|0?[1-9])\s*月(?!\s*\d)|(?<!\d)(20\d\d)-(0[1-9]|1[0-2])(?![-\d])")
_HALF = re.compile(r"(20\d\d)\s*年\s*([上下])半年|(20\d\d)H([12])")
_CODE = re.compile(r"(?<!\d)(\d{15}|\d{12})(?!\d)")
_PROMPT = re.compile("请|选|下拉|/")
_UNCHANGED = re.compile(
    r"^(?:本季度?|本期|本月|本次)?(?:无|没有|未有?|不)(?:发生)?(?:任何)?(?:变化|变动|变更|变)[。.]?$"
)
_CHANGED = re.compile(r"^(?:本季度?|本期|本月|本次)?(?:有|已)(?:发生)?(?:变化|变动|变更)[。.]?$")
_NIL = re.compile(r"^(?:本季度?|本期|本月|本次)(?:无(?:此类|相关|该类)?(?:人员|对象|数据|情况|内容)?|没有)[。.]?$")
NATURES = ("首次报送", "更正")
Answer = Literal["changed", "unchanged", "nil", "unknown"]


@dataclass
class About:
    """What the lines say. `texts` has label -> value; of persons only that they signed, of long numbers nothing.

    `answer` is what the sheet says of itself (本表情况) and `answer_cell` where; `units` are the units of
    measure that a line declares for the table; `nature` is one of `NATURES`.
    """

    title: str = ""
    period: str | None = None
    unit_code: str | None = None
    answer: Answer | None = None
    answer_cell: str | None = None
    units: tuple[str, ...] = ()
    nature: str | None = None
    texts: dict[str, str] = field(default_factory=dict)


def answer_of(text: str) -> Answer | None:
    """What a statement says of a sheet: 有变化, 无变化 or 本季度无; None for what is no such statement."""
    text = re.sub(r"\s", "", text)
    for answer, pattern in (("changed", _CHANGED), ("unchanged", _UNCHANGED), ("nil", _NIL)):
        if pattern.match(text):
            return answer  # type: ignore[return-value]
    return None


def read(rows: Iterable[Row]) -> About:
    """Read the lines above and below a table; what is no such line is left alone."""
    about = About()
    for row in rows:
        cells = [(text, column) for column, cell in sorted(row.cells.items()) if (text := _folded(shown(cell)))]
        for index, (text, column) in enumerate(cells):
            following = cells[index + 1][0] if index + 1 < len(cells) else ""
            label = _LABEL.search(text)
            if label:
                before = about.answer
                _take(about, text, "" if _LABEL.search(following) else following)
                if about.answer != before:
                    about.answer_cell = address(column, row.number)
            lead = text[: label.start()] if label else text
            if lead and ":" not in lead:
                about.period = about.period or period_in(lead)
                about.title = about.title or (safe_name(lead.rstrip("( ")) if _TITLE.search(lead) else "")
    return about


def has_label(text: str) -> bool:
    """Whether a cell is such a line."""
    return bool(_LABEL.match(_folded(text)))


def period_in(text: str) -> str | None:
    """The period a title or a cell names: 2026年第三季度, 2026Q3, 2026年7月, 2026年上半年."""
    if found := _QUARTER.search(text):
        index = found[3] or {"一": "1", "二": "2", "三": "3", "四": "4"}.get(found[2], found[2])
        return _checked(f"{found[1]}Q{index}")
    if found := _HALF.search(text):
        return _checked(f"{found[1] or found[3]}H{found[4] or '上下'.index(found[2]) + 1}")
    if found := _MONTH.search(text):
        return _checked(f"{found[1] or found[3]}-{int(found[2] or found[4]):02d}")
    return None


def _checked(text: str) -> str | None:
    try:
        return str(Period.parse(text))
    except CourtyardError:
        return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", clean(text))


def _take(about: About, text: str, following: str) -> None:
    """Split `填报单位:甲网格(5101…)  填报人:乙` into its labels; a bare label takes the next cell."""
    parts = list(_LABEL.finditer(text))
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        label = _SPELLED.get(part[1], part[1])
        value = text[part.end() : after.start() if after else len(text)].strip() or ("" if after else following)
        if label in about.texts:
            continue
        if label in _PERSONS:
            value = "已填" if value else ""
        elif label in _DATES:
            value = str(read_date(value)[0] or "") if value else ""
        elif label in _PERIODS:
            about.period = about.period or period_in(value)
        elif label == "填报单位" and (code := _CODE.search(value)):
            about.unit_code = about.unit_code or code[1]
        elif label == "本表情况":
            value = _answer(about, value)
        elif label == "报送性质":
            about.nature = next((nature for nature in NATURES if value.startswith(nature)), None)
            value = about.nature or ""
        elif label.endswith("单位") and label != "填报单位":
            label, about.units = "单位", about.units or units.listed(value)
            value = "、".join(about.units)
        if value:
            about.texts[label] = safe_name(value)


def _answer(about: About, value: str) -> str:
    """Take a sheet's own answer; what stands there as a prompt is none."""
    if about.answer is None and value and not _PROMPT.search(value):
        about.answer = answer_of(value) or ("nil" if value in ("无", "没有") else "unknown")
    return value if about.answer not in (None, "unknown") else ""
