"""Posts and their changes of hands, from the pack alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from courtyard.district.models import District, Post, Unit
from courtyard.district.posts import Posts
from courtyard.errors import UsageError
from courtyard.period import Period


@dataclass(frozen=True)
class Turn:
    """A post changing hands: on `day` one leaves or another comes; '' for nobody."""

    unit: Unit
    post: str
    day: date
    left: str
    came: str


def turns(district: District) -> list[Turn]:
    """Every change of hands in the order of the pack and of time; a first holder changes nothing."""
    posts = Posts(district)
    found = []
    for unit in district.units:
        for post in posts.of(unit.code):
            terms = posts.terms(unit.code, post)
            days = sorted({t.valid_from for t in terms[1:]} | {t.valid_to for t in terms if t.valid_to})
            found += [_turn(posts, unit, post, day) for day in days if unit.valid_to is None or day < unit.valid_to]
    return found


def _turn(posts: Posts, unit: Unit, post: str, day: date) -> Turn:
    before = [t for t in posts.terms(unit.code, post) if t.valid_from < day and t.valid_to and t.valid_to <= day]
    now = posts.holder(unit.code, post, day)
    left = before[-1].holder if before and before[-1].valid_to == day else ""
    return Turn(unit, post, day, left, now.holder if now else "")


def listing(district: District, on: date) -> list[dict[str, Any]]:
    """One entry a post of the units that exist on a day: unit, post, holder, since, the coming change, who answers.

    `state` is held or vacant; `since` is when the holder came or the post fell vacant, None for never held.
    """
    posts, coming = Posts(district), {}
    for turn in turns(district):
        if turn.day > on:
            coming.setdefault((turn.unit.code, turn.post), turn)
    found = []
    for unit in district.units:
        if not (unit.valid_from <= on and (unit.valid_to is None or on < unit.valid_to)):
            continue
        for post in posts.of(unit.code):
            term, turn = posts.holder(unit.code, post, on), coming.get((unit.code, post))
            answers = posts.responsible(unit.code, on)
            found.append(
                {
                    "unit": unit.code,
                    "unit_name": unit.name,
                    "post": post,
                    "state": "held" if term else "vacant",
                    "holder": term.holder if term else "",
                    "since": term.valid_from if term else _vacant_since(posts.terms(unit.code, post), on),
                    "next_on": turn.day if turn else None,
                    "next_holder": turn.came if turn else "",
                    "answers_unit": answers.unit_code,
                    "answers_post": answers.post,
                }
            )
    return found


def _vacant_since(terms: list[Post], on: date) -> date | None:
    return max((t.valid_to for t in terms if t.valid_to and t.valid_to <= on), default=None)


def chosen(district: District, unit_code: str, post: str | None, on: date) -> Turn:
    """The change of hands that a pack of this unit is for: that of a post, or the newest of the unit's.

    A holder who is known to leave hands over to the next one; else the one who left last hands over to
    who came. Raises UsageError for a unit, a post or a day that the pack does not know.
    """
    unit = district.unit_by_code.get(unit_code)
    if unit is None:
        raise UsageError(f"没有编码为“{unit_code}”的单位。", "请对照 units.csv 写单位编码。")
    first = max(unit.valid_from, Period.quarter(district.office.first_quarter).start)
    if on < first:
        raise UsageError(f"{unit.name}在{on}还没有可交接的内容。", f"请写{first}或以后的日期。")
    if unit.valid_to and on >= unit.valid_to:
        raise UsageError(f"{unit.name}已于{unit.valid_to}撤销。", "请写它撤销以前的日期，或写接管它的单位。")
    posts = Posts(district)
    own = posts.of(unit.code)
    if not own:
        raise UsageError(f"{unit.name}没有设岗位。", "请写上一级单位，或在 posts.csv 中设岗。")
    if post is not None and post not in own:
        raise UsageError(f"{unit.name}没有“{post}”这个岗位。", f"可选：{'、'.join(own)}。")
    found = [_handed_over(posts, unit, name, on) for name in ([post] if post else own)]
    past = [turn for turn in found if turn.left or not turn.came]
    return max(past or found[:1], key=lambda turn: turn.day)


def _handed_over(posts: Posts, unit: Unit, post: str, on: date) -> Turn:
    terms, term = posts.terms(unit.code, post), posts.holder(unit.code, post, on)
    if term and term.valid_to:
        after = posts.holder(unit.code, post, term.valid_to)
        return Turn(unit, post, term.valid_to, term.holder, after.holder if after else "")
    before = [t for t in terms if t is not term and t.valid_to and t.valid_to <= on]
    left = before[-1].holder if before else ""
    if term:
        return Turn(unit, post, term.valid_from, left, term.holder)
    coming = next((t.holder for t in terms if t.valid_from > on), "")
    return Turn(unit, post, before[-1].valid_to if before and before[-1].valid_to else on, left, coming)
