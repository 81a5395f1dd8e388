"""ID numbers of GB 11643, credit codes of GB 32100 and telephone numbers that nobody has."""

from __future__ import annotations

from datetime import date
from random import Random

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"

# Divisions of first registration: the districts of the city, its province, elsewhere. The office's own counts three times.
_CITY = ("510104", "510105", "510106", "510107", "510108", "510112", "510113", "510114")
OWN_TIMES = 3
_PROVINCE = (
    "510181",
    "510184",
    "510321",
    "510521",
    "510623",
    "510722",
    "511023",
    "511102",
    "511321",
    "511502",
    "511602",
    "512021",
)
_ELSEWHERE = (
    "500101",
    "500112",
    "420106",
    "430102",
    "440305",
    "110105",
    "310104",
    "320102",
    "330106",
    "370102",
    "410105",
    "520102",
    "530102",
    "540102",
    "610113",
    "620102",
    "653101",
)
PERMITS = ("810000", "820000", "830000")


def check_digit(body: str) -> str:
    """The 18th character for the first 17 (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return CHECKS[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]


def is_valid(number: str) -> bool:
    """18 characters whose check digit holds."""
    return len(number) == 18 and number[:17].isdigit() and check_digit(number[:17]) == number[17]


CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(rng: Random, division: str = "510100") -> str:
    """A valid credit code: a private non-enterprise unit of a division, the rest drawn (GB 32100-2015)."""
    body = f"52{division}MJ" + "".join(rng.choice(CREDIT_SIGNS) for _ in range(7))
    total = sum(3**place * CREDIT_SIGNS.index(sign) for place, sign in enumerate(body))
    return body + CREDIT_SIGNS[(31 - total % 31) % 31]


class Registry:
    """Hands out ID numbers and mobile numbers, each once, most numbers of the office's own division."""

    def __init__(self, division: str) -> None:
        self._local = (division,) * OWN_TIMES + tuple(code for code in _CITY if code != division)
        self._bodies: set[str] = set()
        self._phones: set[str] = set()

    def number(self, rng: Random, birth: date, sex: str, residence_type: str) -> str:
        """A valid number for this birth date and sex, its division drawn by where people come from."""
        local, province = {"hukou": (0.82, 0.95), "floating": (0.08, 0.68)}.get(residence_type, (0.0, 0.0))
        where = rng.random()
        pool = self._local if where < local else _PROVINCE if where < province else _ELSEWHERE
        division = rng.choice(PERMITS if residence_type == "overseas" else pool)
        return self.sequence(rng, division, birth, sex)

    def sequence(self, rng: Random, division: str, birth: date, sex: str) -> str:
        """A valid number of this division; the last digit of the sequence is odd for a man."""
        while True:
            order = 2 * rng.randrange(1, 499) + (sex == "1")
            body = f"{division}{birth:%Y%m%d}{order:03d}"
            if body not in self._bodies:
                self._bodies.add(body)
                return body + check_digit(body)

    def taken(self, body: str) -> bool:
        return body in self._bodies

    def phone(self, rng: Random) -> str:
        """A number of the prefix 154, which no carrier was ever given."""
        while True:
            phone = f"154{rng.randrange(10**8):08d}"
            if phone not in self._phones:
                self._phones.add(phone)
                return phone
