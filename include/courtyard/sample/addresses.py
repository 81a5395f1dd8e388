"""How people write where they live: doors, names and rooms of a courtyard in many spellings."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

from courtyard.district.models import Courtyard
from courtyard.sample.mess import RATES, pick
from courtyard.sample.people import Dwelling
from courtyard.sample.street import Street

_DIGITS = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"


class Addresses:
    """Spells addresses as on a day. Each method returns the text and the defect kind, '' for none."""

    def __init__(self, street: Street) -> None:
        self.street = street
        office = street.district.office
        self._prefixes = (
            "", "", "", "", f"{office.city_district}", f"{office.city}{office.city_district}",
            f"四川省{office.city}{office.city_district}{office.short_name}", f"{office.short_name}",
        )  # fmt: skip
        self._doors = {(c.road, c.door) for c in street.district.courtyards}
        aliases = street.district.aliases
        self._uses = Counter(a.alias for a in aliases) + Counter(c.name for c in street.district.courtyards)
        self._aliases: dict[str, list[str]] = {c.code: [] for c in street.district.courtyards}
        self._former: dict[str, list[str]] = {c.code: [] for c in street.district.courtyards}
        for alias in aliases:
            in_use = alias.valid_to is None or alias.valid_to > street.end
            known = self._aliases if in_use and self._uses[alias.alias] == 1 else self._former
            known[alias.courtyard_code].append(alias.alias)

    def courtyard(self, rng: Random, where: Dwelling | int, on: date) -> tuple[str, str]:
        """A courtyard without prefix or room. One merged meanwhile is also written as those do who have not heard."""
        before = self.street.before(where, on)
        place, _ = self.street.on(where, on)
        is_gone = before is not None and not self.street.district.history.exists(before[0].code, on)
        if before and is_gone and rng.random() < RATES["address.late_courtyard"]:
            return self._plainly(rng, before[0], on), "address.late_courtyard"
        return self._named(rng, place, on)

    def _named(self, rng: Random, place: Courtyard, on: date) -> tuple[str, str]:
        if rng.random() < RATES["address.unknown_courtyard"]:
            return f"{place.road}{self._no_door(rng, place)}号院", "address.unknown_courtyard"
        name, late = self.street.names_on(place, on)
        if self._uses[name] > 1 and rng.random() < RATES["address.ambiguous_name"]:
            return name, "address.ambiguous_name"
        if late and rng.random() < RATES["address.late_name"]:
            return rng.choice(late), "address.late_name"
        own = [name] if self._uses[name] <= 1 and name != f"{place.road}{place.door}院" else []
        names = [*self._aliases[place.code], *own]
        if names and rng.random() < RATES["address.alias"]:
            chosen = rng.choice(names)
            return chosen, "" if chosen == name else "address.alias"
        former = self._former[place.code]
        if former and rng.random() < RATES["address.former_name"]:
            return rng.choice(former), "address.former_name"
        kind = pick(rng, ("address.hash", "address.numerals"))
        if kind == "address.hash" and "附" not in place.door:
            return f"{place.road}{place.door.replace('号', '#')}{rng.choice(('', '院'))}", kind
        if kind == "address.numerals":
            return f"{place.road}{_in_numerals(rng, place.door)}院", kind
        return f"{place.road}{place.door}{rng.choice(('院', '院', '院', ''))}", ""

    def _plainly(self, rng: Random, place: Courtyard, on: date) -> str:
        name, _ = self.street.names_on(place, on)
        return rng.choice((name, f"{place.road}{place.door}院", f"{place.road}{place.door}"))

    def _no_door(self, rng: Random, place: Courtyard) -> int:
        while True:
            number = rng.randint(500, 999)
            if (place.road, f"{number}号") not in self._doors:
                return number

    def place(self, rng: Random, where: int, on: date) -> tuple[str, str]:
        """The address of a courtyard: prefix or not, no room."""
        text, kind = self.courtyard(rng, where, on)
        return self._prefix(rng, self.street.on(where, on)[0], kind) + text, kind

    def _prefix(self, rng: Random, place: Courtyard, kind: str) -> str:
        prefix = rng.choice(self._prefixes)
        wants_community = prefix.endswith(self.street.district.office.short_name) and rng.random() < 0.5
        if wants_community and kind != "address.ambiguous_name":
            return prefix + self.street.district.community_of(place.code).name
        return prefix

    def full(self, rng: Random, where: Dwelling, on: date) -> tuple[str, str]:
        """A whole address: prefix or not, courtyard, room."""
        before = self.street.before(where, on)
        place, building = self.street.on(where, on)
        if before and rng.random() < RATES["address.late_courtyard"]:
            place, building = before
            text = self._prefix(rng, place, "") + self._plainly(rng, place, on)
            return text + _whole(rng, where._replace(building=building)), "address.late_courtyard"
        text, kind = self._named(rng, place, on)
        text = self._prefix(rng, place, kind) + text
        where = where._replace(building=building)
        room, room_kind = (_whole(rng, where), "") if kind else self._room(rng, place, where)
        return f"{text}{room}", kind or room_kind

    def _room(self, rng: Random, place: Courtyard, where: Dwelling) -> tuple[str, str]:
        kind = pick(rng, ("address.room_ambiguous", "address.no_room"))
        if kind == "address.no_room":
            return "", kind
        if kind == "address.room_ambiguous":
            return f"{where.building}-{where.room}", kind if place.units > 1 else ""
        return _whole(rng, where), ""

    def plain(self, where: Dwelling) -> str:
        """The address as the register writes it."""
        place = self.street.courtyards[where.courtyard]
        return f"{place.road}{place.door}院{where.building}栋{where.unit}单元{where.room}"


def _whole(rng: Random, where: Dwelling) -> str:
    """Building, unit and room in one of the usual ways."""
    _, building, unit, room = where
    floor, door = divmod(room, 100)
    spelled = rng.random()
    if spelled < 0.55:
        return f"{building}栋{unit}单元{room}{rng.choice(('', '号', '室'))}"
    if spelled < 0.8:
        return f"{building}-{unit}-{room}"
    if spelled < 0.9:
        return f"{building}幢{_FORMAL[unit] if unit < 10 else unit}单元{floor}楼{door}号"
    return f"{building}栋{unit}单元{floor}楼{door}号"


def numerals(number: int) -> str:
    """1..999 in Chinese: 28 is 二十八."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if hundreds and rest and not tens:
        text += "零"
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    return text + (_DIGITS[ones] if ones else "")


def _in_numerals(rng: Random, door: str) -> str:
    """`28号附3号` as 二十八号附三号, now and then 廿八号附三号."""
    parts = []
    for part in door.split("附"):
        number = int(part.removesuffix("号"))
        text = numerals(number)
        if 21 <= number <= 29 and rng.random() < 0.4:
            text = "廿" + text.removeprefix("二十")
        parts.append(text + "号")
    return "附".join(parts)
