"""What people write in their own words: a person's numbers do not belong into it."""

from __future__ import annotations

import re

from courtyard.errors import UsageError

# A mobile or fixed phone, an ID number; also when spaces or dashes part the digits.
_NUMBER = re.compile(r"(?<!\d)(?:\d[\s-]?){10,17}[\dXx](?![\dA-Za-z])|(?<!\d)0\d{2,3}[\s-]?\d{7,8}(?!\d)")


def has_number(said: str) -> bool:
    """Whether a phone or an ID number stands in a text."""
    return bool(_NUMBER.search(said))


def without_numbers(said: str, instead: str) -> str:
    """A text with something else in place of phones and ID numbers."""
    return _NUMBER.sub(instead, said)


def reason(said: str) -> str:
    """A reason on one line, as it is kept in ledgers and shown to whoever looks; UsageError where it holds a number.

    An empty one stays empty: who needs a reason says so in the words of the matter.
    """
    if has_number(said):
        raise UsageError("理由里不能写电话或证件号码。", "理由会留存并给别人看，请只写事情本身。")
    return " ".join(said.split())
