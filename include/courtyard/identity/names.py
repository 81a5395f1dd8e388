"""Who answers to which door and name on which day: by the pack's register, and by what people decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple, TypeVar

from courtyard.district.models import District
from courtyard.identity.cleaning import clean
from courtyard.identity.numerals import NUMBER, read

Key = TypeVar("Key")
Door = tuple[str, int, int]  # road, number, 附 number (0 for none)
NOTHING = frozenset(("", "无", "不详", "未知", "不明", "暂无", "-", "/"))
INNER_DOOR = re.compile(
    rf"(?P<door>{NUMBER})[号#]?(?:大院|院落|院)[内里]?-?附(?P<sub>{NUMBER})(?:[号#](?:大院|院落|院)?|院)?"
)
DOOR = re.compile(
    rf"(?P<door>{NUMBER})(?:[号#]?-?附(?P<sub>{NUMBER})(?:[号#](?:大院|院落|院)?|院)?|[号#](?:大院|院落|院)?|大院|院)"
)


class Learned(NamedTuple):
    """What a person decided: a name means a courtyard (`is_name`), or exactly this address is exactly that place."""

    is_name: bool
    address: str
    courtyard_code: str
    building: str | None
    unit: str | None
    room: str | None
    valid_from: date | None


class _Use(NamedTuple):
    """A courtyard answering to a name or door for a time; `until` is exclusive."""

    code: str
    since: date | None
    until: date | None


class Names:
    """The names and doors of a district's courtyards. `prefix` matches what may stand before them."""

    def __init__(self, district: District, learned: Iterable[Learned]) -> None:
        self.roads = {clean(c.road) for c in district.courtyards}
        self.prefix = re.compile(_prefix_pattern(district))
        self._doors: dict[Door, list[_Use]] = {}
        self._names: dict[str, list[_Use]] = {}
        for courtyard in district.courtyards:
            use = _Use(courtyard.code, None, None)
            self._know(courtyard.road + courtyard.door, use)
            for name, since, until in district.history.names(courtyard.code):
                # What it is called now has meant it all along; what it was called means it for its own time.
                self._know(name, use if until is None else _Use(courtyard.code, since, until))
        for alias in district.aliases:
            self._know(alias.alias, _Use(alias.courtyard_code, alias.valid_from, alias.valid_to))
        for decided in learned:
            self._learn(decided)
        self.lengths = sorted({len(text) for text in (*self._names, *self.roads)}, reverse=True)
        self._on: dict[date, tuple[dict[Door, frozenset[str]], dict[str, frozenset[str]]]] = {}

    def _know(self, spelling: str, use: _Use) -> None:
        """Enter a spelling under its door when it is wholly road and door, else as a name."""
        known, key = self._entry(clean(spelling))
        uses = known.setdefault(key, [])  # type: ignore[arg-type]
        if use not in uses:
            uses.append(use)

    def _entry(self, text: str) -> tuple[dict[Door, list[_Use]] | dict[str, list[_Use]], Door | str]:
        """Where a spelling stands: among the doors or among the names, and under what."""
        road = max((r for r in self.roads if text.startswith(r)), key=len, default=None)
        door = DOOR.fullmatch(text, len(road)) if road else None
        key = door_key(road, door) if road and door else None
        return (self._doors, key) if key else (self._names, text)

    def _learn(self, decided: Learned) -> None:
        """From its day on a name means the courtyard that was decided for, and no other any more."""
        if not self.allows(decided.address, decided.courtyard_code):
            return
        known, key = self._entry(clean(decided.address))
        before = known.get(key, ())  # type: ignore[call-overload]
        ended = [u._replace(until=decided.valid_from) if u.until is None else u for u in before]
        if decided.valid_from is None:
            ended = [u for u in before if u.until is not None]
        known[key] = [*ended, _Use(decided.courtyard_code, decided.valid_from, None)]  # type: ignore[index]

    def allows(self, name: str, courtyard_code: str) -> bool:
        """Whether a name may be learned: by the register it means nobody, that courtyard, or several with it."""
        text = clean(name)
        is_general = text in NOTHING or text in self.roads or self.prefix.fullmatch(text) is not None
        known, key = self._entry(text)
        codes = {use.code for use in known.get(key, ())}  # type: ignore[call-overload]
        return not is_general and (not codes or courtyard_code in codes)

    def names_on(self, on: date) -> dict[str, frozenset[str]]:
        return self._known_on(on)[1]

    def doors_on(self, on: date) -> dict[Door, frozenset[str]]:
        return self._known_on(on)[0]

    def _known_on(self, on: date) -> tuple[dict[Door, frozenset[str]], dict[str, frozenset[str]]]:
        """Doors and names in use on a day; addresses are asked for few days, so each is kept."""
        if on not in self._on:
            self._on[on] = (_in_use(self._doors, on, retired=False), _in_use(self._names, on, retired=True))
        return self._on[on]


def _in_use(uses: dict[Key, list[_Use]], on: date, retired: bool) -> dict[Key, frozenset[str]]:
    """Who answers to what on a day.

    A retired name that no other courtyard ever had still means its own; a retired door does not,
    since numbers are given anew to houses that are no courtyards.
    """
    found = {}
    for key, of_key in uses.items():
        codes = frozenset(u.code for u in of_key if (u.since or on) <= on and (u.until is None or on < u.until))
        ever = frozenset(u.code for u in of_key)
        if not codes and retired and len(ever) == 1 and all((u.since or on) <= on for u in of_key):
            codes = ever
        if codes:
            found[key] = codes
    return found


def door_key(road: str, door: re.Match[str]) -> Door | None:
    number, sub = read(door["door"]), read(door["sub"]) if door["sub"] else 0
    return None if number is None or sub is None else (road, number, sub)


def _prefix_pattern(district: District) -> str:
    """Province, city, district, street, community and grid, each optional and some in short."""
    office = district.office
    short = [_shorter(office.province, "省"), _shorter(office.city, "市"), _shorter(office.city_district, "区")]
    communities = _either(clean(u.name) for u in district.units if u.kind == "community")
    grids = _either(clean(u.name) for u in district.units if u.kind in ("grid", "micro_grid"))
    street = rf"({re.escape(office.short_name)}(?:办事处)?)?"
    return "".join(short) + street + rf"(?:(?P<community>{communities})(?:居委会|居民委员会)?)?({grids})?"


def _shorter(name: str, suffix: str) -> str:
    return rf"({re.escape(name.removesuffix(suffix))}{suffix}?)?"


def _either(names: Iterator[str]) -> str:
    return "|".join(sorted({re.escape(name) for name in names}, key=lambda name: (-len(name), name)))
