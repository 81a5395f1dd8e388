"""Lines around a table that say what it is: 填报单位, 填表日期, 统计截止日, the period, the grid's code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from courtyard.errors import CourtyardError
from courtyard.parsing.cells import shown
from courtyard.parsing.dates import read_date
from courtyard.parsing.sheets import Row
from courtyard.parsing.text import clean
from courtyard.period import Period
from courtyard.sources.fetched import safe_name

LABELS = ("填报单位", "填报人", "审核人", "填表日期", "统计截止日期", "统计截止日", "报告期", "所属期", "填报期")
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
_LABEL = re.compile(rf"({'|'.join([*LABELS, *_SPELLED])})\s*:")
_TITLE = re.compile(r"表|册|台账|名单|统计|汇总|信息|情况")
_QUARTER = re.compile(r"(20\d\d)\s*(?:年度?)?\s*(?:第?\s*([一二三四1-4])\s*季度?|[Qq]([1-4]))")
_MONTH = re.compile(r"(20\d\d)\s*年\s*(1[0-2]|0?[1-9])\s*月(?!\s*\d)|(?<!\d)(20\d\d)-(0[1-9]|1[0-2])(?![-\d])")
_HALF = re.compile(r"(20\d\d)\s*年\s*([上下])半年|(20\d\d)H([12])")
_CODE = re.compile(r"(?<!\d)(\d{15}|\d{12})(?!\d)")


@dataclass
class About:
    """What the lines say. `texts` has label -> value; of persons only that they signed, of long numbers nothing."""

    title: str = ""
    period: str | None = None
    unit_code: str | None = None
    texts: dict[str, str] = field(default_factory=dict)


def read(rows: Iterable[Row]) -> About:
    """Read the lines above and below a table; what is no such line is left alone."""
    about = About()
    for row in rows:
        cells = [text for _, cell in sorted(row.cells.items()) if (text := _folded(shown(cell)))]
        for index, text in enumerate(cells):
            following = cells[index + 1] if index + 1 < len(cells) else ""
            if _LABEL.search(text):
                _take(about, text, "" if _LABEL.search(following) else following)
            elif ":" not in text:
                about.period = about.period or period_in(text)
                about.title = about.title or (safe_name(text) if _TITLE.search(text) else "")
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
        if value:
            about.texts[label] = safe_name(value)
