"""What a user is shown of figures: a number, a mark instead of it, or nothing. See docs/map.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from courtyard.boards import menu
from courtyard.boards.map_reading import Place
from courtyard.boards.who import Who
from courtyard.district.map_layers import CASES, MapLayer
from courtyard.district.models import District
from courtyard.privacy.disclosure.marks import HIDDEN, MANY, Mark, marks, together
from courtyard.warehouse.tagging import number

STEPS = 5  # shades of a tone in map.css


@dataclass(frozen=True)
class Cell:
    """What a layer shows of a courtyard: its words, its class in map.css, and where it comes in the list."""

    text: str
    css: str
    rank: float
    is_flagged: bool = False


UNKNOWN, CLOSED = Cell("—", "na", -1), Cell("不开放", "closed", -2)


def sees(who: Who, place: Place) -> bool:
    """Whether a user is shown the figures of a courtyard, persons too: the street, and its own community."""
    return _sees(who, place.community_code)


def sees_unit_of(district: District, who: Who, code: str) -> bool:
    """The same of a courtyard of the pack, by its code."""
    return _sees(who, district.community_of(code).code)


def _sees(who: Who, community_code: str) -> bool:
    return who.role in ("street", "community") and who.sees_unit(community_code)


def is_personal(district: District, name: str) -> bool:
    """Whether a figure counts persons, or is made of rows about them. One that the pack lists no longer may be."""
    known = district.figures.get(name) or CASES.get(name)
    return known is None or known.is_personal


def tags_for(district: District, who: Who, place: Place) -> dict[str, str]:
    """The tags of a courtyard that a user is shown, title by tag: a tag made of a count of persons bounds that count."""
    if sees(who, place):
        return dict(place.tags)
    return {tag: title for tag, title in place.tags.items() if tag in open_tags(district)}


def open_tags(district: District) -> set[str]:
    """The tags that say nothing of persons."""
    return {rule.tag for rule in district.tags if not any(is_personal(district, name) for name in rule.figures)}


def marked(district: District, places: Iterable[Place], names: Iterable[str]) -> dict[str, dict[str, Mark | None]]:
    """By figure and courtyard the mark of a count of persons; `places` are all courtyards of the quarter.

    Each community is marked by itself: the totals of communities are in forms that others have.
    """
    areas: dict[str, list[Place]] = {}
    for place in places:
        areas.setdefault(place.community_code, []).append(place)
    threshold = district.office.small_count
    return {
        name: {
            code: mark
            for area in areas.values()
            for code, mark in marks({p.code: p.figures.get(name) for p in area}, threshold).items()
        }
        for name in names
    }


def cells(district: District, who: Who, places: Sequence[Place]) -> dict[str, dict[str, Cell]]:
    """By layer and courtyard what a user is shown."""
    personal = {name for layer in district.map_layers for name in layer.figures if is_personal(district, name)}
    found = marked(district, places, personal - set(CASES)) if not all(sees(who, place) for place in places) else {}
    return {
        layer.layer: {place.code: _cell(district, who, layer, place, found) for place in places}
        for layer in district.map_layers
    }


def _cell(
    district: District, who: Who, layer: MapLayer, place: Place, found: Mapping[str, Mapping[str, Mark | None]]
) -> Cell:
    is_own = sees(who, place)
    if layer.is_cases and not (is_own and who.role in menu.CASES.roles):
        return CLOSED
    is_flagged = bool(
        layer.flag and (is_own or not is_personal(district, layer.flag)) and place.figures.get(layer.flag)
    )
    if is_own or not is_personal(district, layer.figures[0]):
        values = [place.figures.get(name) for name in layer.figures]
        if None in values:
            return UNKNOWN
        total = sum(values)
        return Cell(number(total), step(layer, total), total, is_flagged)
    cell = of_mark(together([found[name][place.code] for name in layer.figures]), district.office.small_count)
    return Cell(cell.text, cell.css, cell.rank, is_flagged)


def of_mark(mark: Mark | None, threshold: int) -> Cell:
    """How a mark is shown."""
    if mark is None:
        return UNKNOWN
    if mark == HIDDEN:
        return Cell("*", "few", 1)
    return Cell(f"≥{threshold}", "many", 2) if mark == MANY else Cell("0", "s0", 0)


def step(layer: MapLayer, value: float) -> str:
    """The shade of a value: its class, spread over the shades that there are."""
    place, classes = layer.class_of(value), len(layer.classes)
    return "s0" if not place else f"s{STEPS - (classes - place) * STEPS // classes}"


def legend(district: District, layer: MapLayer, shown: Iterable[Cell]) -> list[tuple[str, str]]:
    """What each class in use means: its class in map.css, and words. Of what is not in use only the numbers' classes."""
    used = {cell.css for cell in shown}
    lines = [("s0", f"0 {layer.unit}")]
    has_numbers = any(css.startswith("s") and css != "s0" for css in used)
    if has_numbers or not used & {"few", "many", "closed"}:
        bounds = (*layer.classes[1:], None)
        for least, above in zip(layer.classes, bounds, strict=True):
            words = (
                f"{least} {layer.unit}以上"
                if above is None
                else f"{least}" + (f"–{above - 1}" if above - least > 1 else "")
            )
            lines.append((step(layer, least), words))
    threshold = district.office.small_count
    special = {
        "few": "* 人数少，或为保护他人而不显示",
        "many": f"{threshold} {layer.unit}及以上（本账号不显示人数）",
        "na": "— 没有来源说明",
        "closed": "不对本账号开放",
    }
    if not has_numbers and "s0" not in used:
        lines = []
    return [*lines, *((css, words) for css, words in special.items() if css in used)]
