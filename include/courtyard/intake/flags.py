"""Why a report may be spam. It is stored all the same: a person decides."""

from __future__ import annotations

import re
import unicodedata

from courtyard.district.cases import Spam

TRAPPED, SHORT, LINKS, WORDS, REPEATED = "trap", "short", "links", "words", "repeated"
_LINK = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|cn|net|top|xyz|vip|cc|shop|info|site|club|link)\b", re.I)
_UNSEEN = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """A text without spaces, punctuation and invisible characters, in one width and case: what repeats and words go by."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()


def of(spam: Spam, description: str, repeats: int, is_trapped: bool) -> list[str]:
    """The reasons, none for an honest report.

    `repeats` is how often the same text came over the same link before; `is_trapped` that a field was filled which no
    person sees.
    """
    plain = letters(description)
    found = {
        TRAPPED: is_trapped,
        SHORT: len(plain) < spam.least_characters,
        LINKS: len(_LINK.findall(unicodedata.normalize("NFKC", description))) > spam.most_links,
        WORDS: any(letters(word) in plain for word in spam.words),
        REPEATED: repeats >= spam.most_repeats,
    }
    return [reason for reason, holds in found.items() if holds]
