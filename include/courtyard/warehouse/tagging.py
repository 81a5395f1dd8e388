"""The portrait of a courtyard: which tags of the pack it has, and the reason for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from courtyard.district.figures import LIMIT, PLACEHOLDER, Condition, Known, TagRule
from courtyard.district.models import District

Figures = Mapping[str, Any]
_COMPARE = {
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
    "above": lambda value, limit: value > limit,
    "below": lambda value, limit: value < limit,
}


@dataclass(frozen=True)
class Tag:
    """A tag that a courtyard has or, when not `is_judged`, one of which nobody can tell."""

    rule: TagRule
    is_judged: bool
    reason: str
    figures: dict[str, Any]


def portrait(district: District, quarter: str, figures: Figures) -> Iterator[Tag]:
    """The tags of a courtyard with these figures, in the order of the pack. A figure that is None is not known."""
    for rule in district.tags:
        if not rule.is_in_force(quarter):
            continue
        holds = _holds(rule, figures)
        if holds is False:
            continue
        reason = _reason(district, rule, figures) if holds else _unknown(district.figures, rule, figures)
        yield Tag(rule, holds is True, reason, {name: figures.get(name) for name in rule.figures})


def _holds(rule: TagRule, figures: Figures) -> bool | None:
    """Whether a tag's conditions hold; None when that hangs on something that is not known."""
    found = [_meets(condition, figures) for condition in rule.conditions]
    decisive = bool(rule.any)
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _meets(condition: Condition, figures: Figures) -> bool | None:
    value = figures.get(condition.figure)
    if value is None:
        return None
    if isinstance(condition.value, tuple):
        return bool(set(condition.value) & set(value)) == (condition.compare == "one_of")
    value = share(value, figures.get(condition.share_of)) if condition.share_of else Decimal(str(value))
    return None if value is None else _COMPARE[condition.compare](value, Decimal(str(condition.value)))


def share(part: Any, whole: Any) -> Decimal | None:
    """A part of a whole; None where the whole is not known or nothing."""
    return Decimal(str(part)) / Decimal(str(whole)) if part is not None and whole else None


def _reason(district: District, rule: TagRule, figures: Figures) -> str:
    def told(place: str) -> str:
        if limit := LIMIT.fullmatch(place):
            return _limit(district, rule.conditions[int(limit[1] or 1) - 1])
        part, _, whole = place.partition("/")
        if whole:
            return percent(share(figures.get(part), figures.get(whole)))
        return written(district, part, figures.get(part))

    return PLACEHOLDER.sub(lambda match: told(match[1]), rule.reason)


def _limit(district: District, condition: Condition) -> str:
    if condition.share_of:
        return percent(Decimal(str(condition.value)))
    value = condition.value if isinstance(condition.value, tuple) else Decimal(str(condition.value))
    return written(district, condition.figure, value)


def _unknown(known: Mapping[str, Known], rule: TagRule, figures: Figures) -> str:
    asked = dict.fromkeys(name for c in rule.conditions for name in (c.figure, c.share_of) if name)
    missing = [known[name].title for name in asked if figures.get(name) is None]
    if missing:
        return f"无法判断：没有来源说明{'、'.join(missing)}"
    empty = [known[c.share_of].title for c in rule.conditions if c.share_of and not figures.get(c.share_of)]
    return f"无法判断：{'、'.join(dict.fromkeys(empty))}为0，算不出占比"


def percent(value: Decimal | None) -> str:
    """0.4138 as 41.4%; 0.3 as 30%."""
    return "不详" if value is None else f"{number(value * 100)}%"


def number(value: Any) -> str:
    """A number as people write it: at most one decimal, none where it is 0."""
    rounded = Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:f}".removesuffix(".0") if rounded else "0"


def written(district: District, name: str, value: Any) -> str:
    """A figure with its unit, codes with their labels; 不详 where it is not known."""
    known = district.figures[name]
    if value is None:
        return "不详"
    if isinstance(value, Mapping):
        return "、".join(f"{label(district, known, code)}{count}{known.unit}" for code, count in value.items()) or "无"
    if isinstance(value, (list, tuple)):
        return "、".join(label(district, known, code) for code in value) or "无"
    return f"{number(value)}{known.unit}"


def label(district: District, known: Known, code: str) -> str:
    """The label of a code; a text that is no code stays as it is."""
    values = district.codes[known.codes].values if known.codes in district.codes else {}
    return values[code][0] if code in values else code


def rows(
    district: District, quarter: str, courtyards: Iterable[tuple[str, Figures]]
) -> Iterator[tuple[str, str, str, str, bool, str, dict[str, Any]]]:
    """Courtyard, tag, title, category, is_judged, reason and figures of every tag."""
    for code, figures in courtyards:
        for tag in portrait(district, quarter, figures):
            yield code, tag.rule.tag, tag.rule.title, tag.rule.category, tag.is_judged, tag.reason, tag.figures
