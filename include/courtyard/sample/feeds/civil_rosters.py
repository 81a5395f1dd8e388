"""民政 rosters of the old and of social organisations, one workbook a quarter on SFTP."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from courtyard.period import Period
from courtyard.sample import ids
from courtyard.sample.feeds.outlet import World, set_time
from courtyard.sample.feeds.pages import Workbook
from courtyard.sample.feeds.rosters import Entry, Roster
from courtyard.sample.names import someone
from courtyard.sample.people import NOWHERE, Person

SOURCE, ELDERLY, ORGANISATIONS = "civil_rosters", "elderly", "social_organisations"
# Age -> (band, yuan a month).
ALLOWANCES = {100: ("100", 300), 90: ("90", 200), 80: ("80", 100), 0: ("none", 0)}
ABILITIES = {"able": 64, "mild": 18, "moderate": 9, "severe": 6, "complete": 3}
HEALTH = {"good": 30, "chronic": 62, "serious": 8}
RELATIONS = ("子女", "子女", "子女", "侄子女", "邻居", "兄弟姐妹")
SCOPES = ("居家养老服务", "青少年托管", "法律咨询", "心理疏导", "社区营造", "助残服务", "健康义诊", "文艺团队")
SERVED = ("老年人", "儿童青少年", "残疾人", "全体居民", "困难家庭")
HOURS = ("周一至周五 9:00-17:00", "周末 9:00-12:00", "每日 8:30-18:00", "预约服务")
COUNT = 150
REGISTERED_SHARE = 0.7
OUTSIDE_SHARE = 0.15


class CivilRosters:
    """Writes one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        memberships = world.groups.memberships
        self.roster = Roster(world, (SOURCE, ELDERLY), [m for m in memberships if m.group == "elderly"])
        self._alone = [m for m in memberships if m.group in ("elderly", "elderly_alone") and m.kind == "alone"]
        self._alone_of: dict[int, list] = {}
        for membership in self._alone:
            self._alone_of.setdefault(membership.person, []).append(membership)
        self.roster.detail = self._is_alone
        self._pairs = self._activists()
        self.organisations = [_organisation(world, number) for number in range(COUNT)]

    def write(self, quarter: int) -> int:
        """One quarter's workbook; returns the number of rows."""
        period = self.world.street.quarters[quarter]
        code = self.world.street.code
        work = Workbook(self.world, SOURCE, f"sftp/civil_rosters/{period}/mz_{code}_{period}.xlsx", period)
        rows = self._elderly(work, quarter) + self._organisations(work)
        work.book.close()
        set_time(work.path, period.end + timedelta(days=1), 5)
        return rows

    def _is_alone(self, person: Person, day: date) -> bool:
        return any(m.holds_on(day) for m in self._alone_of.get(person.no, ()))

    def _activists(self) -> dict[int, list[str]]:
        """The names of the activists of each courtyard: they look in on the old."""
        found: dict[int, list[str]] = {}
        for membership in self.world.groups.memberships:
            if membership.group == "activist":
                person = self.world.persons[membership.person]
                found.setdefault(person.stays[0].dwelling.courtyard, []).append(person.name_on(self.world.street.start))
        return found

    def _elderly(self, work: Workbook, quarter: int) -> int:
        page, speller = work.page(ELDERLY, f"{self.world.city_district}民政局"), work.speller(ELDERLY)
        for entry in self.roster.listed(quarter):
            rng = self.roster.rng(entry.person, quarter)
            values = self._person(entry, work.period)
            row = speller.row(rng, values, work.period.last_day, entry.person.sex)
            known_by = (values["name"], entry.person.birth, entry.standing.stay.dwelling)
            row.row_faults += self.world.rekeyed(ELDERLY, entry.person, row, known_by)
            self.roster.record(page.sheet, page.put(row), row, entry)
        return page.close("注：高龄津贴按周岁分档发放。")

    def _person(self, entry: Entry, period: Period) -> dict[str, Any]:
        person, stay = entry.person, entry.standing.stay
        rng = self.world.draws.rng("elderly.facts", person.no)
        age = person.age_on(period.last_day)
        band, yuan = next(value for floor, value in ALLOWANCES.items() if age >= floor)
        others = ("couple", "family", "family", "institution") if stay.relation in ("0", "1") else ("family",)
        pairs = self._pairs.get(stay.dwelling.courtyard)
        return {
            "name": self.world.name(person, SOURCE, period.last_day),
            "sex": person.sex,
            "birth_date": person.birth,
            "id_number": self.world.id_number(person),
            "address": stay.dwelling,
            "living": "alone" if entry.standing.detail else rng.choice(others),
            "self_care": rng.choices(list(ABILITIES), list(ABILITIES.values()))[0],
            "health": rng.choices(list(HEALTH), list(HEALTH.values()))[0],
            "band": band,
            "allowance": Decimal(yuan) if yuan else None,
            "contact_name": someone(rng),
            "contact_relation": rng.choice(RELATIONS),
            "contact_phone": f"154{rng.randrange(10**8):08d}",
            "paired_with": rng.choice(pairs) if pairs else "",
            "visited_on": period.start + timedelta(days=rng.randrange(85)),
            "state": "removed" if entry.is_gone else "listed",
        }

    def _organisations(self, work: Workbook) -> int:
        page, speller = work.page(ORGANISATIONS, f"{self.world.city_district}民政局"), work.speller(ORGANISATIONS)
        for number, values in enumerate(self.organisations):
            row = speller.row(self.world.draws.rng("social.row", number), dict(values), work.period.last_day)
            at = values["address"]
            where = self.world.spot(at, work.period) if isinstance(at, int) else NOWHERE
            page.sheet.record(self.world.truth, page.put(row), row, "", where)
        return page.close()


def _organisation(world: World, number: int) -> dict[str, Any]:
    """A registered organisation with a credit code, or one that the community keeps on file without."""
    rng = world.draws.rng("social.organisation", number)
    scope = rng.choice(SCOPES)
    registered = rng.random() < REGISTERED_SHARE
    community = world.street.units[rng.choice(world.street.community_of)].name
    kind = "服务中心" if registered else "服务队"
    outside = registered and rng.random() < OUTSIDE_SHARE
    return {
        "org_name": f"{world.city_district if registered else community}样例{number + 1:03d}{scope}{kind}",
        "credit_code": ids.credit_code(rng, world.street.code[:6]) if registered else "",
        "registrar": f"{world.city_district}民政局" if registered else "社区备案",
        "head": someone(rng),
        "scope": scope,
        "served": rng.choice(SERVED),
        "address": f"{world.city_district}样例路{rng.randint(1, 99)}号"
        if outside
        else world.street.some_courtyard(rng),
        "hours": rng.choice(HOURS),
        "phone": f"154{rng.randrange(10**8):08d}",
    }
