"""Why a report is held for a person: it looks like spam, or comes from elsewhere. Never why one is deleted. Pure."""

from __future__ import annotations

import re
import unicodedata

from courtyard.cases.reported import Report
from courtyard.district.cases import CaseRules
from courtyard.district.models import District
from courtyard.identity.points import metres

OUTSIDE = "outside"
_LINK = re.compile(r"https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|top|xyz|vip)\b")
_TOWN = re.compile(r"([\u4e00-\u9fff]{2,7}?市)([\u4e00-\u9fff]{1,5}?[区县])?")
_NO_DISTRICT = ("小区", "社区", "园区", "片区", "院区")


def doubts(rules: CaseRules, district: District, report: Report) -> tuple[str, ...]:
    """Reasons to hold a report, each once: the flags it came with, spam, outside the street."""
    found = [*report.flags, *spam(rules, report.text)]
    if report.courtyard_code is None and is_outside(rules, district, report):
        found.append(OUTSIDE)
    return tuple(dict.fromkeys(found))


def spam(rules: CaseRules, text: str) -> list[str]:
    """What makes a text look like spam: `short`, `links`, `words`."""
    limits, plain = rules.spam, unicodedata.normalize("NFKC", text).casefold()
    letters = "".join(sign for sign in plain if sign.isalnum())
    found = []
    if len(letters) < limits.least_characters:
        found.append("short")
    if len(_LINK.findall(plain)) > limits.most_links:
        found.append("links")
    if any(word.casefold() in letters for word in limits.words):
        found.append("words")
    return found


def is_outside(rules: CaseRules, district: District, report: Report) -> bool:
    """Whether a report plainly comes from elsewhere: its address names another town or district, or its point is far."""
    if report.address and (town := _TOWN.search(report.address)):
        city, part = town.groups()
        if not city.endswith(district.office.city):
            return True
        if part and not part.endswith((*_NO_DISTRICT, district.office.city_district)):
            return True
    if report.point is None:
        return False
    lon, lat = report.point
    return min(metres(lon, lat, c.lon, c.lat) for c in district.courtyards) > rules.outside_metres
