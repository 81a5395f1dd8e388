"""A grammar for Chinese addresses over the pack's register of courtyards (DOMAIN.md 25-28).

    [省][市][区][街道][社区][网格] (road door | courtyard name | alias) [building] [unit] [floor] [room]

Numbers are read behind the place's name only, so 一环路西三段 stays a road. Nothing is guessed: what
the register does not know is `unknown`, what it could be twice is `ambiguous`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple, TypeVar

from courtyard.district.models import Courtyard, District
from courtyard.identity import tails
from courtyard.identity.cleaning import clean
from courtyard.identity.numerals import NUMBER, read

Key = TypeVar("Key")
Door = tuple[str, int, int]  # road, number, 附 number (0 for none)
Status = Literal["resolved", "unknown", "ambiguous", "missing"]


class Resolution(NamedTuple):
    """Where an address is. `ambiguous` with a courtyard: the courtyard is certain, the place in it is not."""

    courtyard_code: str | None
    building: str | None
    unit: str | None
    room: str | None
    status: Status


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


class _Place(NamedTuple):
    """A name or door read at the head of an address: who answers to it, and where the rest begins."""

    codes: frozenset[str]
    rest: int
    is_door: bool


_MISSING = Resolution(None, None, None, None, "missing")
_UNKNOWN = Resolution(None, None, None, None, "unknown")
_AMBIGUOUS = Resolution(None, None, None, None, "ambiguous")
_NOTHING = frozenset(("", "无", "不详", "未知", "不明", "暂无", "-", "/"))
_INNER_DOOR = re.compile(
    rf"(?P<door>{NUMBER})[号#]?(?:大院|院落|院)[内里]?-?附(?P<sub>{NUMBER})(?:[号#](?:大院|院落|院)?|院)?"
)
_DOOR = re.compile(
    rf"(?P<door>{NUMBER})(?:[号#]?-?附(?P<sub>{NUMBER})(?:[号#](?:大院|院落|院)?|院)?|[号#](?:大院|院落|院)?|大院|院)"
)
_BESIDE = re.compile(r"对面|旁|附近|隔壁|路口|交叉|交汇|斜对|往|至|与|和|周边|[东南西北]侧|号院|院|[路街巷段]")
_PARENTHESES = re.compile(r"\(([^()]*)\)")


class Gazetteer:
    """The courtyards of a district by door, name and dated alias."""

    def __init__(self, district: District, learned: Iterable[Learned] = ()) -> None:
        self._history = district.history
        self._courtyards = {c.code: c for c in district.courtyards}
        self._community = {c.code: district.community_of(c.code).name for c in district.courtyards}
        self._roads = {clean(c.road) for c in district.courtyards}
        self._doors: dict[Door, list[_Use]] = {}
        self._names: dict[str, list[_Use]] = {}
        for courtyard in district.courtyards:
            use = _Use(courtyard.code, None, None)
            self._know(courtyard.road + courtyard.door, use)
            for name, since, until in self._history.names(courtyard.code):
                # What it is called now has meant it all along; what it was called means it for its own time.
                self._know(name, use if until is None else _Use(courtyard.code, since, until))
        for alias in district.aliases:
            self._know(alias.alias, _Use(alias.courtyard_code, alias.valid_from, alias.valid_to))
        self._exactly: dict[str, Learned] = {}
        self._prefix = re.compile(_prefix_pattern(district))
        for decided in learned:
            self._learn(decided)
        self._lengths = sorted({len(text) for text in (*self._names, *self._roads)}, reverse=True)
        self._on: dict[date, tuple[dict[Door, frozenset[str]], dict[str, frozenset[str]]]] = {}

    def _know(self, spelling: str, use: _Use) -> None:
        """Enter a spelling under its door when it is wholly road and door, else as a name."""
        known, key = self._entry(clean(spelling))
        uses = known.setdefault(key, [])  # type: ignore[arg-type]
        if use not in uses:
            uses.append(use)

    def _entry(self, text: str) -> tuple[dict[Door, list[_Use]] | dict[str, list[_Use]], Door | str]:
        """Where a spelling stands: among the doors or among the names, and under what."""
        road = max((r for r in self._roads if text.startswith(r)), key=len, default=None)
        door = _DOOR.fullmatch(text, len(road)) if road else None
        key = _door_key(road, door) if road and door else None
        return (self._doors, key) if key else (self._names, text)

    def _learn(self, decided: Learned) -> None:
        """What a person decided about a spelling, unless the register itself says something else."""
        text = clean(decided.address)
        if decided.courtyard_code not in self._courtyards or text in _NOTHING:
            return
        if not decided.is_name:
            self._exactly[text] = decided
        elif self.allows(decided.address, decided.courtyard_code):
            known, key = self._entry(text)
            use = _Use(decided.courtyard_code, decided.valid_from, None)
            known[key] = [*(u for u in known.get(key, ()) if u.until is not None), use]  # type: ignore[index]

    def allows(self, name: str, courtyard_code: str) -> bool:
        """Whether a name may be learned: by the register it means nobody, that courtyard, or several with it."""
        text = clean(name)
        is_general = text in _NOTHING or text in self._roads or self._prefix.fullmatch(text) is not None
        known, key = self._entry(text)
        codes = {use.code for use in known.get(key, ())}  # type: ignore[call-overload]
        return not is_general and (not codes or courtyard_code in codes)

    def resolve(self, text: str | None, on: date) -> Resolution:
        """Where an address lies, by the names in use on a day and by what was decided about its spelling."""
        address = clean(text or "")
        found = _MISSING if address in _NOTHING else self._resolve(address, on)
        decided = self._exactly.get(address)
        if decided is None or (decided.valid_from or on) > on or (found.status == "resolved" and found.room):
            return found
        code, building = self._history.place_on(decided.courtyard_code, decided.building, on)
        place = Resolution(code, building, decided.unit, decided.room, "resolved")
        denies = any(said is not None and said != other for said, other in zip(found[:4], place[:4], strict=True))
        return found if denies else place

    def _resolve(self, address: str, on: date) -> Resolution:
        remarks = ()
        if "(" in address:
            remarks = tuple(_PARENTHESES.findall(address))
            address = _PARENTHESES.sub("", address)
        found = self._head(address, on)
        if found is None:
            return _UNKNOWN
        place, community = found
        codes = self._narrow(place, community)
        for remark in remarks:
            named = self._names_on(on).get(remark, codes)
            codes = codes & named
        if len(codes) != 1:
            return _AMBIGUOUS
        (code,) = codes
        return self._within(self._courtyards[code], address[place.rest :], place.is_door, on)

    def of_code(self, code: str, on: date) -> str | None:
        """The courtyard that a code means on a day: itself, or what it has become."""
        return self._today(code, on) if code in self._courtyards else None

    def _head(self, address: str, on: date) -> tuple[_Place, str | None] | None:
        """The place named first, behind as much of the administrative prefix as leaves one."""
        prefix = self._prefix.match(address)
        ends = sorted({0, *(prefix.end(n) for n in range(1, prefix.re.groups + 1) if prefix[n])}, reverse=True)
        for start in ends:
            for place in self._places(address, start, on):
                community = prefix["community"] if start >= prefix.end("community") else None
                return place, community
        return None

    def _places(self, address: str, start: int, on: date) -> Iterator[_Place]:
        """What stands at a position: the longest name, or a road with its door."""
        names = self._names_on(on)
        for length in self._lengths:
            word = address[start : start + length]
            if len(word) < length:
                continue
            if word in names:
                yield _Place(names[word], start + length, False)
            if word in self._roads:
                yield from self._doors_at(address, word, start + length, on)

    def _doors_at(self, address: str, road: str, start: int, on: date) -> Iterator[_Place]:
        """A door number behind a road, or a courtyard's name behind the road it lies on."""
        inner, outer = _INNER_DOOR.match(address, start), _DOOR.match(address, start)
        for door in filter(None, (inner, outer)):
            key = _door_key(road, door)
            codes = self._doors_on(on).get(key) if key else None
            if codes:
                yield _Place(codes, door.end(), True)
                return
        if outer:
            return
        for place in self._places_named(address, start, on):
            there = frozenset(code for code in place.codes if clean(self._courtyards[code].road) == road)
            yield place._replace(codes=there)

    def _places_named(self, address: str, start: int, on: date) -> Iterator[_Place]:
        names = self._names_on(on)
        for length in self._lengths:
            word = address[start : start + length]
            if len(word) == length and word in names:
                yield _Place(names[word], start + length, False)

    def _narrow(self, place: _Place, community: str | None) -> frozenset[str]:
        """A community decides between courtyards of one name, and a name in another community is in doubt."""
        if community is None or (place.is_door and len(place.codes) == 1):
            return place.codes
        return frozenset(code for code in place.codes if self._community[code] == community)

    def _within(self, courtyard: Courtyard, rest: str, is_door: bool, on: date) -> Resolution:
        """Building, unit and room from what follows the place."""
        if is_door:
            for second in self._places_named(rest, 0, on):
                if courtyard.code not in second.codes:
                    return _AMBIGUOUS
                rest = rest[second.rest :]
                break
        tail, words = tails.split(rest)
        if words and not tails.is_inside(words):
            if _BESIDE.search(words):
                return _AMBIGUOUS
            if not is_door and not tail:
                return _UNKNOWN  # the name goes on: it is a longer one that the register does not know
            if re.search(NUMBER, words):
                here = self._today(courtyard.code, on)
                return Resolution(here, None, None, None, "ambiguous") if is_door else _UNKNOWN
        known = self._history.houses(courtyard.code)
        place = tails.interpret(tail, self._history.houses(courtyard.code, on) or known, known)
        if place is None:
            return Resolution(self._today(courtyard.code, on), None, None, None, "ambiguous")
        status: Status = "resolved" if place.certain else "ambiguous"
        code, building = self._history.place_on(courtyard.code, place.building, on)
        return Resolution(code, building, place.unit, place.room, status)

    def _today(self, code: str, on: date) -> str:
        return self._history.place_on(code, None, on)[0]

    def _names_on(self, on: date) -> dict[str, frozenset[str]]:
        return self._known_on(on)[1]

    def _doors_on(self, on: date) -> dict[Door, frozenset[str]]:
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


def _door_key(road: str, door: re.Match[str]) -> Door | None:
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
