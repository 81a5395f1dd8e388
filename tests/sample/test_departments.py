"""What departments deliver of party, care, buildings, hazards and disputes agrees with who lives in the street."""

import csv
import json
from collections import Counter, defaultdict
from datetime import date

import openpyxl
import pytest

from courtyard.parsing import identifiers
from courtyard.sample import ids
from courtyard.sample.care import alone
from courtyard.sample.people import Dwelling, Person, Stay

from .test_feeds import QUARTER_ENDS, _holds, _of

ROSTERS = {"disabled_persons": "disabled", "elderly": "elderly", "party_members": "party_member"}


def stay(household, since, until=None):
    return Stay(since, until, household, "0", Dwelling(0, 1, 1, 101))


def person(no, *stays):
    return Person(no, "样例", "1", date(1940, 1, 1), "", "id_card", "01", "", "hukou", False, "", list(stays))


D1, D2, D3, D4 = (date(2026, month, 1) for month in (1, 3, 5, 7))


@pytest.mark.parametrize(
    ("others", "spans"),
    [
        ([], [(D1, None)]),
        ([stay(0, D1)], []),
        ([stay(0, D1, D2)], [(D2, None)]),
        ([stay(0, D2, D3)], [(D1, D2), (D3, None)]),
        ([stay(0, D2, D4), stay(0, D3)], [(D1, D2)]),
        ([stay(1, D1)], [(D1, None)]),
    ],
    ids=["nobody", "always", "until", "between", "two", "elsewhere"],
)
def test_somebody_is_alone_while_nobody_else_stays_in_the_household(others, spans):
    one = person(1, stay(0, D1))
    homes = defaultdict(list, {0: [(1, one.stays[0])]})
    for number, other in enumerate(others, 2):
        homes[other.household].append((number, other))
    assert alone(one, homes) == spans


@pytest.mark.parametrize("dataset", ROSTERS)
@pytest.mark.parametrize(("period", "day"), QUARTER_ENDS.items(), ids=QUARTER_ENDS)
def test_every_member_is_on_the_departments_roster_or_on_record_as_omitted(sample, rows, dataset, period, day):
    living = {s["person"] for s in sample.truth("residence") if _holds(s, day)}
    held = {m["person"] for m in sample.truth("memberships") if m["group"] == ROSTERS[dataset] and _holds(m, day)}
    listed = {r["person"] for r in _of(rows, dataset, period)}
    omitted = {o["person"] for o in sample.truth("omissions") if (o["dataset"], o["period"]) == (dataset, period)}
    assert held <= living and held
    assert held - listed == omitted & held == omitted


def test_a_certificate_holds_the_holders_number_category_and_grade(sample, rows, persons):
    by_place = {(r["delivered"], r["row_no"]): r for r in _of(rows, "disabled_persons")}
    seen = Counter()
    with (sample.out / "disabled_federation/cjr_jbxx.csv").open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            row = by_place[line["jd"], line["xh"]]
            value, problem = identifiers.disability_no(line["cjzh"])
            if "id.mistyped" in row["defects"]:
                assert problem == "id.checksum"
            else:
                assert value[:18] == persons[row["person"]]["id_number"]
                seen[value[18]] += 1
    assert sum(seen.values()) > 4 and set(seen) <= set("1234567")


def test_credit_codes_hold_unless_one_was_mistyped_on_purpose(sample, rows, district):
    defects = {r["row_no"]: r["defects"] for r in _of(rows, "social_organisations", "2026Q3")}
    page = openpyxl.load_workbook(next((sample.out / "sftp/civil_rosters/2026Q3").iterdir()))["社会组织"]
    names = {"统一社会信用代码", "信用代码"}
    column = next(cell.column for cell in page[3] if cell.value in names)
    outcomes = Counter()
    for row_no, faults in defects.items():
        cell = page.cell(int(row_no), column).value
        if isinstance(cell, str) and not faults.count("cell."):
            problem = identifiers.credit_code(cell)[1]
            assert (problem == "credit.checksum") == ("credit.mistyped" in faults)
            outcomes[problem] += 1
    assert outcomes[None] > 80


def test_the_samples_own_credit_codes_are_those_the_standard_makes():
    from random import Random

    codes = [ids.credit_code(Random(seed)) for seed in range(50)]
    assert all(identifiers.credit_code(code) == (code, None) for code in codes)


@pytest.mark.parametrize(
    ("file", "number", "field", "ended"),
    [
        ("emergency/hazards.jsonl", "yhbh", "gxsj", "sfxh"),
        ("justice/disputes.jsonl", "caseNo", "updateTime", "status"),
    ],
)
def test_an_incident_goes_on_from_month_to_month_and_ends(sample, rows, file, number, field, ended):
    lives = defaultdict(list)
    for line in (sample.out / file).read_text("utf-8").splitlines():
        record = json.loads(line)
        lives[record[number]].append((record[field], record[ended]))
    assert len(lives) >= 36
    assert all(life == sorted(life) and len({at[:7] for at, _ in life}) == len(life) for life in lives.values())
    assert any(len(life) > 1 and life[0][1] != life[-1][1] for life in lives.values())
    dataset = "hazards" if number == "yhbh" else "disputes"
    assert sum(map(len, lives.values())) == len(_of(rows, dataset))


def test_old_courtyards_are_those_of_the_pack(sample, rows, district):
    for period, day in QUARTER_ENDS.items():
        old = {c.code for c in district.courtyards_on(date.fromisoformat(day)) if c.built_year <= 1996}
        assert 250 < len(old) < 350
        assert {r["courtyard_code"] for r in _of(rows, "old_courtyards", period)} == old
    lists = {path.read_bytes() for path in (sample.out / "sftp/housing").rglob("*.csv")}
    assert len(lists) == 4


def test_the_list_of_facilities_grows_repairs_and_gives_up(sample, rows, district):
    codes = {c.code for c in district.courtyards}
    numbers, states = [], Counter()
    for period in QUARTER_ENDS:
        found = _of(rows, "facilities", period)
        assert {row["courtyard_code"] for row in found} <= codes
        (path,) = (sample.out / "sftp/community_governance" / period).iterdir()
        page = openpyxl.load_workbook(path)["设施阵地"]
        header = {cell.value: cell.column for cell in page[3]}
        number = header.get("台账编号") or header["编号"]
        state = header.get("使用状态") or header["状态"]
        numbers.append({page.cell(int(row["row_no"]), number).value for row in found})
        states.update(str(page.cell(int(row["row_no"]), state).value) for row in found)
    assert len(numbers[0]) < len(numbers[-1]) and len(numbers[0] & numbers[-1]) > 0.9 * len(numbers[0])
    assert states["在用"] > states["待修"] > 0 and sum(states[word] for word in ("停用", "关闭", "已拆除")) > 0
    twice = [row for row in _of(rows, "facilities") if "row.duplicate" in row["defects"]]
    assert twice


def test_members_stand_in_a_branch_that_the_party_system_has(sample):
    book = openpyxl.load_workbook(next((sample.out / "sftp/party/2026Q3").iterdir()))
    assert book.sheetnames == ["党组织", "党员", "项目认领"]

    def column(page, names):
        at = next(cell.column for cell in page[3] if cell.value in names)
        return {page.cell(row, at).value for row in range(4, page.max_row + 1)} - {None}

    branches = column(book["党组织"], {"党组织名称", "组织名称"})
    members = {name for name in column(book["党员"], {"所在党支部", "所在党组织"}) if isinstance(name, str)}
    assert len({name for name in members if name.endswith("党支部")} - branches) <= 1  # one broken cell at most
    assert len(branches & members) > 10
