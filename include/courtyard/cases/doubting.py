"""Why a report is held for a person: it looks like spam, or comes from elsewhere. Never why one is deleted. Pure."""

from __future__ import annotations

import re

from courtyard.cases.reported import Report
from courtyard.district.cases import CaseRules
from courtyard.district.models import District, Office
from courtyard.identity.points import metres

OUTSIDE = "outside"
# 四川省成都市…, 成都市某某区…; a name such as 四道街菜市场 or 都市花园 is no town.
_PROVINCE = re.compile(r"^([\u4e00-\u9fff]{2,6}?(?:省|自治区))([\u4e00-\u9fff]{2,6}?[市州])")
_DISTRICT = re.compile(r"^(?:.{2,6}?(?:省|自治区))?([\u4e00-\u9fff]{2,5}?市)([\u4e00-\u9fff]{1,5}?[区县])")
_NO_DISTRICT = ("小区", "社区", "园区", "片区", "院区")


def doubts(rules: CaseRules, district: District, report: Report) -> tuple[str, ...]:
    """Reasons to hold a report, each once: the flags it came with, spam, outside the street."""
    found = [*report.flags, *rules.spam.reasons_in(report.text)]
    if report.courtyard_code is None and is_outside(rules, district, report):
        found.append(OUTSIDE)
    return tuple(dict.fromkeys(found))


def is_outside(rules: CaseRules, district: District, report: Report) -> bool:
    """Whether a report plainly comes from elsewhere: its address names another town or district, or its point is far."""
    if report.address and _is_elsewhere(district.office, report.address):
        return True
    if report.point is None:
        return False
    lon, lat = report.point
    return min(metres(lon, lat, c.lon, c.lat) for c in district.courtyards) > rules.outside_metres


def _is_elsewhere(office: Office, address: str) -> bool:
    if (found := _PROVINCE.match(address)) and found.groups() != (office.province, office.city):
        return True
    found = _DISTRICT.match(address)
    if found is None or found[2].endswith(_NO_DISTRICT):
        return False
    return found.groups() != (office.city, office.city_district)
