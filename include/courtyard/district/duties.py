"""Whose matter a form is, by the words of its title; what of it is on the negative list."""

from __future__ import annotations

from collections.abc import Iterable

from courtyard.district.models import District, Duty


def allowed(district: District, title: str) -> Duty | None:
    """The matter of the duty list that a title tells: of several the one with the longest word, then the first."""
    found = [
        (max(len(word) for word in duty.spelled if word in title), -place, duty)
        for place, duty in enumerate(district.duties)
        if duty.kind == "allowed" and duty.is_told_by(title)
    ]
    return max(found, key=lambda entry: entry[:2])[2] if found else None


def refused(district: District, texts: Iterable[str]) -> list[tuple[Duty, str]]:
    """Every matter of the negative list with the title or header that tells it."""
    return [
        (duty, text) for text in texts for duty in district.duties if duty.kind == "refused" and duty.is_told_by(text)
    ]
