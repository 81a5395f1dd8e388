"""What a number counts: 元, 万元, 户, 人, ㎡. Values of one kind convert exactly, kinds never mix."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple


class Unit(NamedTuple):
    """`factor` is how many of the kind's first unit one of this unit is."""

    kind: str
    factor: Decimal


_SCALES = {"": 1, "十": 10, "百": 100, "千": 1_000, "万": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_NAMES = {
    "money": ("元", "圆", "人民币", "元人民币", "人民币元"),
    "household": ("户",),
    "person": ("人", "名", "口", "位", "人次", "人数"),
    "area": ("m2", "平方米", "平米", "平方"),
    "item": ("个", "件", "条", "项", "处", "间", "栋", "幢", "次"),
    "year": ("岁", "周岁", "年"),
    "share": ("%", "百分比"),
    "dollar": ("美元", "美金"),
    "hong kong dollar": ("港元", "港币"),
    "euro": ("欧元",),
    "yen": ("日元",),
}  # fmt: skip
_ODD = {
    "角": ("money", "0.1"), "公顷": ("area", "10000"), "平方公里": ("area", "1000000"), "km2": ("area", "1000000"),
    "‰": ("share", "0.1"),
}  # fmt: skip
_UNITS = {
    scale + name: Unit(kind, Decimal(factor))
    for kind, names in _NAMES.items()
    for name in names
    for scale, factor in _SCALES.items()
} | {name: Unit(kind, Decimal(factor)) for name, (kind, factor) in _ODD.items()}
_PREFIX = re.compile(r"^(?:计量|金额|人数)?单位:?")
_SEPARATORS = re.compile(r"[、,，;；和\s]+")
_AT_END = re.compile(r"[(\[]([^()\[\]]{1,12})[)\]]$|[/:]([^/:()\[\]]{1,6})$")


def _folded(text: str) -> str:
    """Compatibility forms folded, so that ㎡ and m² are m2."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("【", "[").replace("】", "]").casefold()


def of(text: str) -> Unit | None:
    """The unit a text names, `元/月` being 元; None for what is no unit."""
    return _UNITS.get(_PREFIX.sub("", _folded(text)).partition("/")[0].partition("每")[0])


def at_end(header: str) -> tuple[str, str] | None:
    """`月保障金额（万元）` -> (`月保障金额`, `万元`); None when the header ends with no unit."""
    text = _folded(header)
    found = _AT_END.search(text)
    if not found:
        return None
    written = found[1] or found[2]
    return (text[: found.start()], written) if found.start() and of(written) else None


def listed(line: str) -> tuple[str, ...]:
    """The units of a line such as `万元、户`; nothing when it names none."""
    return tuple(part for part in _SEPARATORS.split(line.strip("()（） ")) if of(part))


def factor(written: str, kept: str) -> Decimal | None:
    """What a number in one unit is multiplied by to count in another; None where the kinds differ.

    A bare `万` is ten thousand of the kept unit's kind.
    """
    other = of(kept)
    if other is None:
        return None
    one = of(written + _NAMES[other.kind][0] if written in _SCALES else written)
    return one.factor / other.factor if one and one.kind == other.kind else None
