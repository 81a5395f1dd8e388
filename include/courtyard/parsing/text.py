"""Text: what stays, what is cleaned away, and person names.

Compatibility normalisation (NFKC) belongs to code-like fields only: on text it turns ㎡ into m2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from courtyard.parsing.cells import Typed

Outcome = tuple[str | int | bool | None, str | None]  # value, problem code; both for a warning
NOTHING: Outcome = (None, None)

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_UNCLEAN = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]|^ | $|  "
)
_SPACES = re.compile(r"\s+")
_AROUND_HAN = re.compile(rf"(?<=[{_HAN}·])\s+(?=[{_HAN}·])")
_DOTS = re.compile(r"[•‧・．･⋅∙˙\u0387\u16eb]")
_ASCII_DOT = re.compile(rf"(?<=[{_HAN}])\.(?=[{_HAN}])")
_PLAIN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_NO_NAME = re.compile(r"[?？〓□■\*＊\ue000-\uf8ff\U000f0000-\U0010ffff]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_YES = frozenset(["是", "有", "对", "真", "√", "✓", "✔", "☑", "1", "y", "yes", "t", "true"])
_NO = frozenset(["否", "无", "没有", "不是", "错", "假", "×", "✕", "✗", "✘", "x", "0", "n", "no", "f", "false"])
ABSENT_MARKS = frozenset(["-", "--", "—", "——", "–", "―", "/", "／", "\\", "－"])
ABSENT_WORDS = ABSENT_MARKS | {"无", "暂无", "没有", "空", "未知", "不详", "N/A", "n/a", "NULL", "null", "None"}


def clean(text: str) -> str:
    """Text without invisible characters, its runs of white space as one space, trimmed."""
    if not _UNCLEAN.search(text):
        return text
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def compact(text: str) -> str:
    """A code-like text: compatibility forms folded, no white space, no invisible characters."""
    if text.isascii() and text.isalnum():
        return text
    return _SPACES.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


def unescape(text: str) -> str:
    """Undo the `_x000D_` escapes of workbook strings (ECMA-376 part 1, 22.4.2.4)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def as_text(cell: str | Typed) -> Outcome:
    """Free text as written, cleaned; a number as it is shown, unless Excel has cut its digits."""
    if isinstance(cell, str):
        return clean(cell) or None, None
    if (cell.is_number and len(re.sub(r"[^0-9]", "", cell.text.partition("e")[0])) > 15) or "e+" in cell.text.lower():
        return None, "text.numeric_cell"
    return cell.text, None


def address(cell: str | Typed) -> Outcome:
    """An address: no white space between Chinese characters; `3-2-501` that became a date is lost."""
    if isinstance(cell, Typed):
        return (None, "text.date_cell") if cell.kind in ("date", "serial") else as_text(cell)
    text = clean(cell)
    return (_AROUND_HAN.sub("", text) if " " in text else text) or None, None


def person_name(cell: str | Typed) -> Outcome:
    """A name: one kind of middle dot, no spaces inside Han names, single ones inside others."""
    if isinstance(cell, Typed):
        return None, "name.unreadable"
    if _PLAIN_NAME.fullmatch(cell):
        return cell, None
    name = _DOTS.sub("·", clean(cell))
    name = _AROUND_HAN.sub("", _ASCII_DOT.sub("·", name))
    if not name or name in ABSENT_MARKS:
        return NOTHING
    if _NO_NAME.search(name) or name.isdigit():
        return None, "name.unreadable"
    return name, None


def yes_no(cell: str | Typed) -> Outcome:
    """是 √ 1 有 Y and their opposites; blank is not 否."""
    mark = compact(cell if isinstance(cell, str) else cell.text).casefold()
    if not mark or mark in ABSENT_MARKS:
        return NOTHING
    if mark in _YES:
        return True, None
    return (False, None) if mark in _NO else (None, "yes_no.unknown")


def spellings(values: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Every accepted spelling of a code list, folded, to its code."""
    found: dict[str, str] = {}
    for code, labels in values.items():
        for spelling in (*labels, code):
            found.setdefault(compact(spelling).casefold(), code)
    return found


def code(cell: str | Typed, accepted: Mapping[str, str]) -> Outcome:
    """The code of a label or code, via `spellings`; unknown ones are rejected, not guessed.

    A number cell that lost its leading zeros (1 for 01) counts when only one width fits.
    """
    spelling = compact(cell if isinstance(cell, str) else cell.text).casefold()
    if not spelling:
        return NOTHING
    if (known := accepted.get(spelling)) is not None:
        return known, None
    if spelling in ABSENT_MARKS:
        return NOTHING
    if isinstance(cell, Typed) and cell.is_number:
        padded = {accepted[p] for width in (2, 3) if (p := spelling.zfill(width)) in accepted}
        if len(padded) == 1:
            return padded.pop(), None
    return None, "code.unknown"
