"""A grammar for Chinese addresses over the pack's register of courtyards (DOMAIN.md 25-28).

    [省][市][区][街道][社区][网格] (road door | courtyard name | alias) [building] [unit] [floor] [room]

Numbers are read behind the place's name only, so 一环路西三段 stays a road. Nothing is guessed: what
the register does not know is `unknown`, what it could be twice is `ambiguous`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

from courtyard.district.models import Courtyard, District
from courtyard.identity import tails
from courtyard.identity.cleaning import clean
from courtyard.identity.names import DOOR, INNER_DOOR, NOTHING, Learned, Names, door_key
from courtyard.identity.numerals import NUMBER

Status = Literal["resolved", "unknown", "ambiguous", "missing"]


class Resolution(NamedTuple):
    """Where an address is. `ambiguous` with a courtyard: the courtyard is certain, the place in it is not."""

    courtyard_code: str | None
    building: str | None
    unit: str | None
    room: str | None
    status: Status


class _Place(NamedTuple):
    """A name or door read at the head of an address: who answers to it, and where the rest begins."""

    codes: frozenset[str]
    rest: int
    is_door: bool


_MISSING = Resolution(None, None, None, None, "missing")
_UNKNOWN = Resolution(None, None, None, None, "unknown")
_AMBIGUOUS = Resolution(None, None, None, None, "ambiguous")
_BESIDE = re.compile(r"对面|旁|附近|隔壁|路口|交叉|交汇|斜对|往|至|与|和|周边|[东南西北]侧|号院|院|[路街巷段]")
_PARENTHESES = re.compile(r"\(([^()]*)\)")


class Gazetteer:
    """The courtyards of a district by door, name and dated alias."""

    def __init__(self, district: District, learned: Iterable[Learned] = ()) -> None:
        self._history = district.history
        self._courtyards = {c.code: c for c in district.courtyards}
        self._community = {c.code: district.community_of(c.code).name for c in district.courtyards}
        decided = [one for one in learned if one.courtyard_code in self._courtyards]
        self._names = Names(district, [one for one in decided if one.is_name])
        self._exactly = {clean(one.address): one for one in decided if not one.is_name}

    def allows(self, name: str, courtyard_code: str) -> bool:
        """Whether a name may be learned for a courtyard; see `Names.allows`."""
        return courtyard_code in self._courtyards and self._names.allows(name, courtyard_code)

    def resolve(self, text: str | None, on: date) -> Resolution:
        """Where an address lies, by the names in use on a day and by what was decided about its spelling."""
        address = clean(text or "")
        found = _MISSING if address in NOTHING else self._resolve(address, on)
        decided = self._exactly.get(address) if found.status != "missing" else None
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
            named = self._names.names_on(on).get(remark, codes)
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
        prefix = self._names.prefix.match(address)
        ends = sorted({0, *(prefix.end(n) for n in range(1, prefix.re.groups + 1) if prefix[n])}, reverse=True)
        for start in ends:
            for place in self._places(address, start, on):
                community = prefix["community"] if start >= prefix.end("community") else None
                return place, community
        return None

    def _places(self, address: str, start: int, on: date) -> Iterator[_Place]:
        """What stands at a position: the longest name, or a road with its door."""
        names = self._names.names_on(on)
        for length in self._names.lengths:
            word = address[start : start + length]
            if len(word) < length:
                continue
            if word in names:
                yield _Place(names[word], start + length, False)
            if word in self._names.roads:
                yield from self._doors_at(address, word, start + length, on)

    def _doors_at(self, address: str, road: str, start: int, on: date) -> Iterator[_Place]:
        """A door number behind a road, or a courtyard's name behind the road it lies on."""
        inner, outer = INNER_DOOR.match(address, start), DOOR.match(address, start)
        for door in filter(None, (inner, outer)):
            key = door_key(road, door)
            codes = self._names.doors_on(on).get(key) if key else None
            if codes:
                yield _Place(codes, door.end(), True)
                return
        if outer:
            return
        for place in self._places_named(address, start, on):
            there = frozenset(code for code in place.codes if clean(self._courtyards[code].road) == road)
            yield place._replace(codes=there)

    def _places_named(self, address: str, start: int, on: date) -> Iterator[_Place]:
        names = self._names.names_on(on)
        for length in self._names.lengths:
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
