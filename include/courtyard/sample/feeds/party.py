"""组织部 party system: branches, their members and the projects that units claim, one workbook a quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from courtyard.period import Period
from courtyard.sample.feeds.outlet import World, set_time
from courtyard.sample.feeds.pages import Workbook
from courtyard.sample.feeds.rosters import Entry, Roster
from courtyard.sample.names import someone
from courtyard.sample.people import NOWHERE

SOURCE = "party"
ORGANISATIONS, MEMBERS, PROJECTS = "party_organisations", "party_members", "party_projects"
BRANCHES = "一二三四五"
EDUCATION = {"小学": "80", "初中": "70", "高中": "60", "中专": "40", "大专": "30", "本科": "20", "研究生": "10"}
PROJECT_KINDS = {
    "livelihood": ("便民理发点", "楼道照明更新", "助老用餐点"),
    "environment": ("院落绿化提升", "楼道杂物清理", "垃圾分类驿站"),
    "culture": ("坝坝电影", "邻里书屋", "居民合唱队"),
    "safety": ("电动车充电棚", "院落安全巡查", "消防器材配备"),
    "aid": ("独居老人结对", "困难家庭助学", "残疾人居家服务"),
}
CLAIMANTS = (
    "样例银行支行",
    "样例医院门诊部",
    "样例小学党支部",
    "样例物业公司",
    "样例律师事务所",
    "样例通信公司",
    "样例社工服务中心",
)
SERVED = ("全体居民", "老年人", "儿童", "低保家庭", "残疾人", "院落商户")
PROJECTS_BEFORE, PROJECTS_A_QUARTER = 40, 12


@dataclass(frozen=True)
class Project:
    number: str
    title: str
    kind: str
    party_org: str
    claimed_on: date
    days: int
    ends: str
    seed: int


class Party:
    """Writes one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.organisations = _organisations(world)
        self.projects = list(_projects(world))
        held = [m for m in world.groups.memberships if m.group == "party_member"]
        self.roster = Roster(world, (SOURCE, MEMBERS), held)

    def write(self, quarter: int) -> int:
        """One quarter's workbook; returns the number of rows."""
        period = self.world.street.quarters[quarter]
        code = self.world.street.code
        work = Workbook(self.world, SOURCE, f"sftp/party/{period}/dj_{code}_{period}.xlsx", period)
        rows = self._organisations(work) + self._members(work, quarter) + self._projects(work)
        work.book.close()
        set_time(work.path, period.end + timedelta(days=1), 4)
        return rows

    def _organisations(self, work: Workbook) -> int:
        page, speller = work.page(ORGANISATIONS, f"{self.world.city_district}委组织部"), work.speller(ORGANISATIONS)
        for number, values in enumerate(self.organisations):
            row = speller.row(self.world.draws.rng("party.organisation", number), dict(values), work.period.last_day)
            page.sheet.record(self.world.truth, page.put(row), row, "", NOWHERE)
        return page.close()

    def _members(self, work: Workbook, quarter: int) -> int:
        page, speller = work.page(MEMBERS, f"{self.world.city_district}委组织部"), work.speller(MEMBERS)
        for entry in self.roster.listed(quarter):
            rng = self.roster.rng(entry.person, quarter)
            row = speller.row(rng, self._member(entry, work.period), work.period.last_day, entry.person.sex)
            self.roster.record(page.sheet, page.put(row), row, entry)
        return page.close("注：人员类别以党内统计口径为准。")

    def _member(self, entry: Entry, period: Period) -> dict[str, Any]:
        person, held = entry.person, entry.standing.membership
        joined = held.facts["joined_date"]
        anniversary = joined + timedelta(days=365)
        full = anniversary if anniversary <= period.last_day else max(held.valid_from, joined)
        gone = "ended" if person.died and person.died <= period.last_day else "transferred"
        return {
            "member_no": f"{self.world.street.code}D{person.no + 1:07d}",
            "name": self.world.name(person, SOURCE, period.last_day),
            "sex": person.sex,
            "ethnicity": person.ethnicity,
            "birth_date": person.birth,
            "id_number": self.world.id_number(person),
            "education": EDUCATION[held.facts["education"]],
            "member_kind": held.kind,
            "joined_date": joined,
            "full_since": full if held.kind == "full" else None,
            "party_org": held.facts["party_org"],
            "is_floating": person.residence_type == "floating",
            "address": entry.standing.stay.dwelling,
            "phone": person.phone,
            "state": gone if entry.is_gone else "normal",
        }

    def _projects(self, work: Workbook) -> int:
        page, speller = work.page(PROJECTS, f"{self.world.city_district}委组织部"), work.speller(PROJECTS)
        for project in self.projects:
            if project.claimed_on <= work.period.last_day:
                row = speller.row(
                    self.world.draws.rng("party.project", project.seed),
                    _claim(self.world, project, work.period),
                    work.period.last_day,
                )
                page.sheet.record(self.world.truth, page.put(row), row, "", NOWHERE)
        return page.close()


def _organisations(world: World) -> list[dict[str, Any]]:
    """The street's work committee, a committee in each community, five branches below each."""
    street, office = world.street, world.street.district.office
    top = f"中共{office.short_name}工作委员会"
    listed = [("work_committee", top, f"中共{office.city}{office.city_district}委员会")]
    for code in sorted(set(street.community_of)):
        name = street.units[code].name
        committee = f"中共{office.short_name}{name}委员会"
        listed.append(("committee", committee, top))
        listed += [("branch", f"{name}第{n}党支部", committee) for n in BRANCHES]
    found = []
    for number, (kind, name, parent) in enumerate(listed, 1):
        rng = world.draws.rng("party.founding", number)
        found.append(
            {
                "org_no": f"{street.code}{number:03d}",
                "org_name": name,
                "kind": kind,
                "parent_name": parent,
                "secretary": someone(rng),
                "founded_on": date(rng.randint(1985, 2018), rng.randint(1, 12), rng.randint(1, 28)),
                "term_ends_on": date(rng.randint(2026, 2029), rng.randint(1, 12), rng.randint(1, 28)),
                "phone": f"154{rng.randrange(10**8):08d}",
            }
        )
    return found


def _projects(world: World) -> Iterator[Project]:
    """Claims of the year before and of every quarter, in the order of their claiming."""
    street = world.street
    rng = world.draws.rng("party.claims")
    days = [street.start - timedelta(days=rng.randint(1, 360)) for _ in range(PROJECTS_BEFORE)]
    for quarter in street.quarters:
        days += [quarter.start + timedelta(days=rng.randrange(90)) for _ in range(PROJECTS_A_QUARTER)]
    for number, day in enumerate(sorted(days), 1):
        kind = rng.choice(list(PROJECT_KINDS))
        community = street.units[rng.choice(street.community_of)].name
        yield Project(
            f"RL{day.year}{number:04d}",
            f"{community}{rng.choice(PROJECT_KINDS[kind])}",
            kind,
            f"{community}第{rng.choice(BRANCHES)}党支部",
            day,
            rng.choice((60, 90, 120, 180)),
            rng.choices(("completed", "stopped"), (92, 8))[0],
            number,
        )


def _claim(world: World, project: Project, period: Period) -> dict[str, Any]:
    """A project as it stands at the end of a period."""
    rng = world.draws.rng("party.claim", project.seed)
    age = (period.last_day - project.claimed_on).days
    progress = "claimed" if age < 15 else "running" if age < project.days + rng.randint(-20, 40) else project.ends
    return {
        "project_no": project.number,
        "project_name": project.title,
        "kind": project.kind,
        "claimed_by": rng.choice(CLAIMANTS),
        "party_org": project.party_org,
        "responsible": someone(rng),
        "served": rng.choice(SERVED),
        "claimed_on": project.claimed_on,
        "due_on": project.claimed_on + timedelta(days=project.days),
        "progress": progress,
        "outcome": f"服务居民{rng.randint(20, 400)}人次" if progress == "completed" else "",
    }
