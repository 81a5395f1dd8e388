"""The people of the street: valid numbers, twins, plausible sizes, and lives that go on."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.period import Period
from courtyard.sample import alike, ids
from courtyard.sample.draw import Draws
from courtyard.sample.generating import live
from courtyard.sample.groups import intake_year, school_ages
from courtyard.sample.people import Person
from courtyard.sample.street import Street

QUARTERS = {
    "2025Q4": ("2025-10-01", "2026-01-01"),
    "2026Q1": ("2026-01-01", "2026-04-01"),
    "2026Q2": ("2026-04-01", "2026-07-01"),
    "2026Q3": ("2026-07-01", "2026-10-01"),
}


def test_the_check_digit_of_the_standards_own_example():
    assert ids.check_digit("11010519491231002") == "X"
    assert ids.is_valid("11010519491231002X") and not ids.is_valid("11010519491231003X")


@given(st.integers(10**16, 9 * 10**16 - 1).map(str), st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_never_passes_the_check(body, at, shift):
    wrong = str((int(body[at]) + shift) % 10)
    assert not ids.is_valid(body[:at] + wrong + body[at + 1 :] + ids.check_digit(body))


def test_every_number_is_valid_unique_and_says_birth_and_sex(persons):
    numbers = [p["id_number"] for p in persons.values() if p["id_number"]]
    assert len(numbers) > 1000 and len(set(numbers)) == len(numbers)
    for person in persons.values():
        number = person["id_number"]
        if number:
            assert ids.is_valid(number)
            assert number[6:14] == person["birth_date"].replace("-", "")
            assert "21"[int(number[16]) % 2] == person["sex"]


def test_numbers_come_from_many_divisions(persons):
    divisions = Counter(p["id_number"][:6] for p in persons.values() if p["id_number"])
    assert len(divisions) > 20 and divisions["510105"] > 100


def test_twins_share_birth_and_household_and_differ_in_number(sample, persons):
    homes = {r["person"]: r["household"] for r in reversed(sample.truth("residence"))}
    twins = [p for p in persons.values() if p["twin"]]
    assert len(twins) >= 4
    for one in twins:
        other = persons[one["twin"]]
        assert other["twin"] == one["person"] and other["birth_date"] == one["birth_date"]
        assert homes[one["person"]] == homes[other["person"]]
        assert one["id_number"] != other["id_number"] or not one["id_number"]


@pytest.fixture(scope="module")
def tenth(district):
    """A tenth of the street and its lives, without files."""
    return live(Street(district, 0.1), Draws(7), lambda _: None)


def test_a_larger_street_has_its_share_of_people_twins_and_groups(tenth):
    groups, make = tenth, tenth.make
    assert 4000 <= len(make.households) <= 4200
    assert 10_000 <= len(make.persons) <= 12_500
    assert make.twins >= 30
    held = Counter(m.group for m in groups.memberships if m.holds_on(date(2026, 1, 1)))
    adults = sum(p.age_on(date(2026, 1, 1)) >= 18 for p in make.persons)
    assert 0.02 < held["activist"] / adults < 0.06
    assert 0.035 < held["party_member"] / adults < 0.065
    assert 25 <= held["dibao"] <= 70


def test_names_hold_rare_characters_and_dots(tenth):
    names = [p.name for p in tenth.make.persons]
    assert any("𠮷" in name or "䶮" in name for name in names)
    assert any("·" in name for name in names)


@pytest.mark.parametrize(("since", "until"), QUARTERS.values(), ids=QUARTERS)
def test_life_goes_on_in_every_quarter(sample, persons, since, until):
    stays = sample.truth("residence")
    by_person = defaultdict(list)
    for stay in stays:
        by_person[stay["person"]].append(stay)
    births = [p for p in persons.values() if since <= p["birth_date"] < until]
    deaths = [p for p in persons.values() if p["died"] and since <= p["died"] < until]
    moves = [a for own in by_person.values() for a, b in pairwise(own)
             if since <= b["valid_from"] < until and a["courtyard_code"] != b["courtyard_code"]]  # fmt: skip
    out = [
        own[-1]
        for p, own in by_person.items()
        if since <= (own[-1]["valid_to"] or "9") < until and not persons[p]["died"]
    ]
    arrived = [
        own[0] for p, own in by_person.items() if since < own[0]["valid_from"] < until > persons[p]["birth_date"]
    ]
    assert births and deaths and moves and out and arrived
    ends = Counter(m["group"] for m in sample.truth("memberships") if since <= (m["valid_to"] or "9") < until)
    assert ends["activist"] >= 1 and ends["dibao"] >= 1


def test_households_split_and_join_and_members_change_between_them(tenth):
    """Told by who came into a household that had people, and by what was left where they came from."""
    make, happened = tenth.make, Counter()
    first = Street(tenth.make.street.district, 0.1).start
    for person in make.persons:
        for was, now in pairwise(person.stays):
            if was.household == now.household or now.valid_from < first or was.valid_to != now.valid_from:
                continue
            day = now.valid_from - timedelta(days=1)
            there = [p for p in make.persons if (s := p.stay_on(day)) and s.household == now.household]
            stayed = [p for p in make.persons if (s := p.stay_on(now.valid_from)) and s.household == was.household]
            happened["join" if there and not stayed else "transfer" if there else "split"] += 1
            assert now.dwelling == make.households[now.household].dwelling or now.valid_to
    assert min(happened[kind] for kind in ("join", "transfer", "split")) >= 8


def test_every_household_has_one_head_unless_nobody_lives_in_it(tenth):
    heads = [sum(tenth.make.persons[no].stays[-1].relation == "0" for no in h.members) for h in tenth.make.households]
    assert {n for n, h in zip(heads, tenth.make.households, strict=True) if h.members} == {1}


def test_some_return_in_a_later_quarter_and_party_members_to_their_branch(tenth):
    branches = defaultdict(list)
    for membership in tenth.memberships:
        if membership.group == "party_member":
            branches[membership.person].append(membership.facts["party_org"])
    back = [p for p in tenth.make.persons for a, b in pairwise(p.stays) if a.valid_to != b.valid_from]
    assert len(back) >= 12
    for person in back:
        ((was, now),) = [(a, b) for a, b in pairwise(person.stays) if a.valid_to != b.valid_from]
        quarters = [Period.of("quarter", day) for day in (was.valid_to, now.valid_from)]
        assert quarters[0].start < quarters[1].start
        assert len(set(branches[person.no])) <= 1


def test_party_members_change_branch_and_most_follow_to_another_community(tenth):
    by_person = defaultdict(list)
    for membership in tenth.memberships:
        if membership.group == "party_member":
            by_person[membership.person].append(membership)
    changes = [(a, b) for own in by_person.values() for a, b in pairwise(own) if a.facts != b.facts]
    assert len(changes) >= 10
    assert any(a.facts["party_org"][:3] != b.facts["party_org"][:3] for a, b in changes)
    assert all(a.valid_to == b.valid_from and a.kind == b.kind for a, b in changes)


def test_each_trait_is_held_by_its_share_of_a_tenth_of_the_street(tenth):
    held = Counter(trait for _, trait in alike.traits(tenth.make.persons))
    assert set(held) == {"twin", "namesake", "shared_phone", "renamed", "moved", "returned", "withheld_id"}
    assert min(held.values()) >= 12, held


def test_namesakes_live_in_two_rooms_of_one_courtyard_and_some_have_no_known_number(tenth):
    persons = tenth.make.persons
    pairs = [(p, persons[p.namesake]) for p in persons if p.namesake is not None and p.no < p.namesake]
    assert len(pairs) >= 12
    for one, other in pairs:
        assert (one.name, one.birth, one.sex) == (other.name, other.birth, other.sex)
        assert one.id_number != other.id_number and ids.is_valid(other.id_number)
        homes = [p.stays[0].dwelling for p in (one, other)]
        assert homes[0].courtyard == homes[1].courtyard and homes[0] != homes[1]
    assert any(one.withheld or other.withheld for one, other in pairs)
    assert any(not one.withheld and not other.withheld for one, other in pairs)


def test_a_shared_phone_is_given_by_people_who_never_lived_together(tenth):
    sharing = {person for person, trait in alike.traits(tenth.make.persons) if trait == "shared_phone"}
    by_phone = defaultdict(list)
    for person in tenth.make.persons:
        if person.person_id in sharing:
            by_phone[person.phone].append({s.household for s in person.stays})
    assert sum(len(homes) >= 3 for homes in by_phone.values()) >= 5
    assert all(any(not a & b for a in homes for b in homes) for homes in by_phone.values())


def test_a_changed_name_keeps_the_surname_and_sources_hear_of_it_in_their_own_time(sample, rows):
    names = defaultdict(list)
    for row in sample.truth("names"):
        names[row["person"]].append(row)
    changed = {person: held for person, held in names.items() if len(held) > 1}
    assert set(changed) == {t["person"] for t in sample.truth("traits") if t["trait"] == "renamed"}
    for before, after in changed.values():
        assert before["valid_to"] == after["valid_from"] != ""
        assert before["name"] != after["name"] and before["name"][0] == after["name"][0]
    former = [r for r in rows if "name.former" in r["defects"].split(";")]
    assert all(changed[r["person"]][0]["valid_to"] <= QUARTERS[r["period"]][1] for r in former if "Q" in r["period"])


def test_another_seed_gives_other_people(district):
    one, other = (live(Street(district, 0.002), Draws(seed), lambda _: None).make.persons for seed in (1, 2))
    assert [p.id_number for p in one] != [p.id_number for p in other]


def test_nobody_is_in_two_places_on_one_day(sample):
    last: dict[str, str] = {}
    for stay in sample.truth("residence"):
        assert stay["valid_from"] >= last.get(stay["person"], ""), stay["person"]
        assert not stay["valid_to"] or stay["valid_to"] > stay["valid_from"]
        last[stay["person"]] = stay["valid_to"] or "9999"


def test_nobody_lives_on_after_death(sample, persons):
    ended = {s["person"]: s["valid_to"] for s in sample.truth("residence")}
    assert all(ended[p["person"]] == p["died"] for p in persons.values() if p["died"])


@pytest.mark.parametrize(
    ("born", "year"),
    [((2019, 8, 31), 2025), ((2019, 9, 1), 2026), ((2020, 8, 31), 2026), ((2020, 9, 1), 2027)],
)
def test_the_intake_runs_from_september_to_august(born, year):
    child = Person(0, "", "1", date(*born), "", "", "", "", "", False, "")
    assert intake_year(child) == year


def test_a_child_is_of_school_age_until_school_begins():
    child = Person(0, "", "1", date(2019, 9, 1), "", "", "", "", "", False, "")
    (held,) = school_ages(child, date(2025, 10, 1), date(2026, 10, 1))
    assert (held.kind, held.valid_from, held.valid_to) == ("2026", date(2025, 9, 1), date(2026, 9, 1))
    assert school_ages(child, date(2026, 9, 1), date(2026, 10, 1)) == []
