"""How people write where they live: doors, names and rooms of a courtyard in many spellings."""

from __future__ import annotations

from collections import Counter
from random import Random

from courtyard.district.models import Courtyard
from courtyard.sample.mess import RATES, pick
from courtyard.sample.people import Dwelling
from courtyard.sample.street import Street

_DIGITS = "零一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"


class Addresses:
    """Spells addresses. Each method returns the text and the defect kind, '' for none."""

    def __init__(self, street: Street) -> None:
        self.street = street
        office = street.district.office
        community = {c: street.units[code].name for c, code in enumerate(street.community_of)}
        self._prefixes = (
            "", "", "", "", f"{office.city_district}", f"{office.city}{office.city_district}",
            f"四川省{office.city}{office.city_district}{office.short_name}", f"{office.short_name}",
        )  # fmt: skip
        self._community = community
        self._doors = {(c.road, c.door) for c in street.courtyards}
        self._names: list[list[str]] = [[] for _ in street.courtyards]
        self._former: list[list[str]] = [[] for _ in street.courtyards]
        self._collect_names()

    def _collect_names(self) -> None:
        """A name in use counts only where no other courtyard has or had it."""
        index = {c.code: i for i, c in enumerate(self.street.courtyards)}
        uses = Counter(a.alias for a in self.street.district.aliases) + Counter(c.name for c in self.street.courtyards)
        for alias in self.street.district.aliases:
            at = index[alias.courtyard_code]
            in_use = alias.valid_to is None or alias.valid_to > self.street.end
            (self._names if in_use and uses[alias.alias] == 1 else self._former)[at].append(alias.alias)
        for at, place in enumerate(self.street.courtyards):
            if place.name != f"{place.road}{place.door}院" and uses[place.name] == 1:
                self._names[at].append(place.name)

    def courtyard(self, rng: Random, at: int) -> tuple[str, str]:
        """A courtyard without prefix or room."""
        place = self.street.courtyards[at]
        if rng.random() < RATES["address.unknown_courtyard"]:
            return f"{place.road}{self._no_door(rng, place)}号院", "address.unknown_courtyard"
        if self._names[at] and rng.random() < RATES["address.alias"]:
            name = rng.choice(self._names[at])
            return name, "" if name == place.name else "address.alias"
        if self._former[at] and rng.random() < RATES["address.former_name"]:
            return rng.choice(self._former[at]), "address.former_name"
        kind = pick(rng, ("address.hash", "address.numerals"))
        if kind == "address.hash" and "附" not in place.door:
            return f"{place.road}{place.door.replace('号', '#')}{rng.choice(('', '院'))}", kind
        if kind == "address.numerals":
            return f"{place.road}{_in_numerals(rng, place.door)}院", kind
        return f"{place.road}{place.door}{rng.choice(('院', '院', '院', ''))}", ""

    def _no_door(self, rng: Random, place: Courtyard) -> int:
        while True:
            number = rng.randint(500, 999)
            if (place.road, f"{number}号") not in self._doors:
                return number

    def place(self, rng: Random, at: int) -> tuple[str, str]:
        """The address of a courtyard: prefix or not, no room."""
        text, kind = self.courtyard(rng, at)
        prefix = rng.choice(self._prefixes)
        if prefix.endswith(self.street.district.office.short_name) and rng.random() < 0.5:
            prefix += self._community[at]
        return f"{prefix}{text}", kind

    def full(self, rng: Random, where: Dwelling) -> tuple[str, str]:
        """A whole address: prefix or not, courtyard, room."""
        text, kind = self.place(rng, where.courtyard)
        room, room_kind = self._room(rng, where)
        return f"{text}{room}", kind or room_kind

    def _room(self, rng: Random, where: Dwelling) -> tuple[str, str]:
        _, building, unit, room = where
        kind = pick(rng, ("address.room_ambiguous", "address.no_room"))
        if kind == "address.no_room":
            return "", kind
        if kind == "address.room_ambiguous":
            return f"{building}-{room}", kind if self.street.courtyards[where.courtyard].units > 1 else ""
        floor, door = divmod(room, 100)
        spelled = rng.random()
        if spelled < 0.55:
            return f"{building}栋{unit}单元{room}{rng.choice(('', '号', '室'))}", ""
        if spelled < 0.8:
            return f"{building}-{unit}-{room}", ""
        if spelled < 0.9:
            return f"{building}幢{_FORMAL[unit] if unit < 10 else unit}单元{floor}楼{door}号", ""
        return f"{building}栋{unit}单元{floor}楼{door}号", ""

    def plain(self, where: Dwelling) -> str:
        """The address as the register writes it."""
        place = self.street.courtyards[where.courtyard]
        return f"{place.road}{place.door}院{where.building}栋{where.unit}单元{where.room}"


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
