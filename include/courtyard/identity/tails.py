"""What follows the courtyard: 3栋2单元501, 3-2-501, 3幢贰单元5楼1号, A座1201."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from courtyard.identity.numerals import NUMBER, read

_PART = re.compile(
    rf"第?(?P<number>{NUMBER}|[A-Z](?![A-Z]))"
    r"(?P<label>栋楼?|幢楼?|座|号楼|#楼|#(?=[0-9])|单元|楼(?!道|下|顶)|层|号|室|户|房)?[-,，、/]?"
)
_LABELS = {
    "": "?", "栋": "B", "栋楼": "B", "幢": "B", "幢楼": "B", "座": "B", "号楼": "B", "#楼": "B", "#": "B",
    "单元": "U", "楼": "F", "层": "F", "号": "R", "室": "R", "户": "R", "房": "R",
}  # fmt: skip
_INSIDE = re.compile(r"(?:大?院)?(?:内|里|门口|大门口?|门前|门卫室?|楼下|楼上|楼道|楼顶|小区|院)?")
_LEADING = "-,，、/"

# How numbers with and without labels (?) are read: b building, u unit, f floor, r room (or the door on a floor).
_READINGS = {
    "": "", "B": "b", "BU": "bu", "BUR": "bur", "BU?": "bur", "B?R": "bur", "B??": "bur", "?UR": "bur", "?U?": "bur",
    "BU??": "bufr", "BU?R": "bufr", "U??": "ufr", "U?R": "ufr",
    "???": "bur", "??R": "bur", "BUFR": "bufr", "BUF?": "bufr", "????": "bufr", "???R": "bufr", "BUF": "bu",
    "BR": "br", "B?": "br", "??": "br", "?R": "br", "BFR": "bfr", "BF?": "bfr", "BF": "b",
    "U": "u", "UR": "ur", "U?": "ur", "UFR": "ufr", "UF?": "ufr", "UF": "u", "R": "r", "FR": "fr", "F?": "fr", "F": "",
}  # fmt: skip
LEAST_BARE_ROOM = 100  # 501 alone is a room, 3 alone may be a building, and 3-2 a building and its unit


class Part(NamedTuple):
    value: str
    label: str


class Place(NamedTuple):
    """Where in a courtyard; `certain` when nothing that was written is left open."""

    building: str | None
    unit: str | None
    room: str | None
    certain: bool


def split(rest: str) -> tuple[list[Part], str]:
    """The numbered parts at the head of a text, and the words behind them."""
    parts: list[Part] = []
    at = len(rest) - len(rest.lstrip(_LEADING))
    while found := _PART.match(rest, at):
        number = found["number"]
        value = number if "A" <= number <= "Z" else read(number)
        if value is None:
            break
        parts.append(Part(str(value), _LABELS[found["label"] or ""]))
        at = found.end()
    return parts, rest[at:]


def is_inside(words: str) -> bool:
    """Whether words behind a place only say that it is there, not beside it."""
    return _INSIDE.fullmatch(words) is not None


def interpret(parts: list[Part], houses: Mapping[str, int], known: Mapping[str, int]) -> Place | None:
    """Building, unit and room in a courtyard whose buildings have so many units each; None when unreadable.

    A missing building or unit is filled in only where the courtyard has a single one. `known` are all buildings that
    it ever had: those that it has no more may be named too.
    """
    labels = "".join(part.label for part in parts)
    reading = ("r" if _is_room(parts[0].value) else None) if labels == "?" else _READINGS.get(labels)
    if reading is None:
        return None
    found = dict(zip(reading, (part.value for part in parts), strict=False))
    if "r" in found and "f" not in found and _may_be_a_door(parts):
        labelled = {kind: part.value for kind, part in zip(reading, parts, strict=False) if part.label != "?"}
        return Place(labelled.get("b"), labelled.get("u"), None, False)
    room = _on_floor(found["f"], found["r"]) if "f" in found and "r" in found else found.get("r")
    if room is None and "r" in found:
        return None
    building, unit = found.get("b"), found.get("u")
    if building is None and (room or unit) and len(houses) == 1:
        (building,) = houses
    if unit is None and room and (set(houses.values()) if building is None else {known.get(building)}) == {1}:
        unit = "1"
    is_whole = (room is None or (building is not None and unit is not None)) and (unit is None or building is not None)
    return Place(building, unit, room, is_whole and _fits(building, unit, known))


def _may_be_a_door(parts: list[Part]) -> bool:
    """3-2, 3-2-1 or 3栋2-1: a low number at the end may be a unit, or the door on a floor that went before."""
    last = parts[-1].value
    return any(part.label == "?" for part in parts) and last.isdigit() and int(last) < LEAST_BARE_ROOM


def _on_floor(floor: str, door: str) -> str | None:
    """501 for the first door of floor 5, also where it is written out: 5楼501."""
    if not (floor.isdigit() and door.isdigit()):
        return None
    if len(door) > 2:
        return door if int(door) // 100 == int(floor) else None
    return f"{floor}{int(door):02d}"


def _fits(building: str | None, unit: str | None, known: Mapping[str, int]) -> bool:
    """Whether the register has a building or unit of this number; letters are not numbered there."""
    if building is not None and building.isdigit() and building not in known:
        return False
    most = known[building] if building in known else max(known.values())
    return unit is None or not unit.isdigit() or 1 <= int(unit) <= most


def _is_room(value: str) -> bool:
    return value.isdigit() and int(value) >= LEAST_BARE_ROOM
