"""Numbers of cases: the day and five letters that nobody can count on from, the same however often they are made."""

from __future__ import annotations

from datetime import datetime

from courtyard.period import SHANGHAI
from courtyard.privacy.keys import READ_OUT, KeyRing

LETTERS = 5


def stem(keys: KeyRing, subject: str, opened_at: datetime) -> str:
    """The shortest number of the case that `subject` opens, such as 261126-7K2QM."""
    return letters(keys, subject, opened_at, LETTERS)


def letters(keys: KeyRing, subject: str, opened_at: datetime, count: int) -> str:
    """The same with more letters, for one whose shorter number is taken."""
    digest = int(keys.token(f"case|{subject}"), 16)
    written = "".join(READ_OUT[digest >> 5 * place & 31] for place in range(count))
    return f"{opened_at.astimezone(SHANGHAI):%y%m%d}-{written}"


def number(keys: KeyRing, subject: str, opened_at: datetime, taken: set[str]) -> str:
    """A number that is not taken yet."""
    count = LETTERS
    while (found := letters(keys, subject, opened_at, count)) in taken:
        count += 1
    return found
