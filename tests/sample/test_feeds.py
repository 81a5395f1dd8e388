"""The files hold what the truth says they hold, and every difference is on record."""

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise

import openpyxl
import pytest

from courtyard.sample import ids
from courtyard.sample.feeds import residents
from courtyard.sample.mess import KINDS, effect

from .conftest import read

QUARTER_ENDS = {"2025Q4": "2025-12-31", "2026Q1": "2026-03-31", "2026Q2": "2026-06-30", "2026Q3": "2026-09-30"}
LISTS = {
    "grid_activists": ("activist", "居民骨干"),
    "grid_party_members": ("party_member", "党组织成员"),
    "grid_dibao": ("dibao", "低保户"),
    "grid_school_age": ("school_age", "适龄儿童"),
}
NAME_HEADERS = {"姓名", "骨干姓名", "党员姓名", "成员姓名", "家庭成员姓名", "儿童姓名"}


def _of(rows, dataset, period=None):
    return [r for r in rows if r["dataset"] == dataset and period in (None, r["period"])]


def _holds(item, day):
    return item["valid_from"] <= day and (not item["valid_to"] or day < item["valid_to"])


@pytest.fixture(scope="module")
def population(sample):
    """Period -> the lines of its snapshot."""
    folder = sample.out / "sftp/population"
    return {q: read(folder / q / f"syrk_510105005_{q}.csv", "gb18030") for q in QUARTER_ENDS}


def test_each_population_line_is_the_person_the_truth_names(population, rows, persons, named):
    for period, lines in population.items():
        listed = _of(rows, "population", period)
        assert [int(r["row_no"]) for r in listed] == list(range(2, len(lines) + 2))
        for line, row in zip(lines, listed, strict=True):
            defects = set(row["defects"].split(";"))
            person = persons[row["person"]]
            if not any(d.startswith("name.") or d == "required.blank" for d in defects):
                assert (line.get("姓名") or line.get("人员姓名")) == named(row["person"], QUARTER_ENDS[period])
            number = line.get("证件号码", line.get("身份证号"))
            if number and not any(d.startswith("id.") for d in defects):
                assert number == person["id_number"] and ids.is_valid(number)
            if "id.mistyped" in defects:
                assert not ids.is_valid(number)


def test_somebody_who_left_is_reported_once_and_then_gone_unless_they_come_back(population, sample):
    returned = {t["person"] for t in sample.truth("traits") if t["trait"] == "returned"}
    back = {f"510105005{int(person[1:]) + 1:09d}" for person in returned}
    gone = {"迁出", "离开", "注销迁出", "死亡", "死亡注销"}
    quarters = list(population)
    for before, after in pairwise(quarters):
        left = {line["人员编号"] for line in population[before] if line["登记状态"] in gone}
        assert left
        assert left & {line["人员编号"] for line in population[after]} <= back
        assert not left & {line["人员编号"] for line in population[after] if line["登记状态"] in gone}


@pytest.mark.parametrize(("period", "day"), QUARTER_ENDS.items(), ids=QUARTER_ENDS)
def test_every_resident_is_in_the_snapshot_or_on_record_as_omitted(sample, rows, period, day):
    living = {s["person"] for s in sample.truth("residence") if _holds(s, day)}
    listed = {r["person"] for r in _of(rows, "population", period)}
    omitted = {o["person"] for o in sample.truth("omissions") if (o["dataset"], o["period"]) == ("population", period)}
    assert living - listed == omitted
    assert not listed & omitted


@pytest.mark.parametrize("dataset", LISTS)
def test_every_member_is_listed_by_the_grid_or_on_record_as_omitted(sample, rows, dataset):
    group, _ = LISTS[dataset]
    for period, day in QUARTER_ENDS.items():
        members = {
            m["person"]
            for m in sample.truth("memberships")
            if m["group"] == group and _holds(m, day) and (group != "dibao" or m["kind"] == "dibao")
        }
        in_time = [r for r in _of(rows, dataset, period) if r["delivered"] == period]
        omitted = {o["person"] for o in sample.truth("omissions") if (o["dataset"], o["period"]) == (dataset, period)}
        assert members - {r["person"] for r in in_time} <= omitted, period
        assert omitted <= members


def test_each_grid_row_stands_where_the_truth_says(sample, rows, named):
    checked = 0
    by_file = defaultdict(list)
    for row in rows:
        if row["source"] == "grid":
            by_file[row["file"]].append(row)
    for file, written in list(by_file.items())[::8]:
        book = openpyxl.load_workbook(sample.out / file)
        for row in written:
            page = book[row["sheet"]]
            headers = {
                re.sub(r"\s", "", str(cell.value)): cell.column
                for line in page.iter_rows(min_row=3, max_row=4)
                for cell in line
                if cell.value
            }
            column = next(headers[h] for h in headers if h in NAME_HEADERS)
            if not any(d.startswith(("name.", "cell.", "required.")) for d in row["defects"].split(";")):
                name = named(row["person"], QUARTER_ENDS[row["period"]])
                assert page.cell(int(row["row_no"]), column).value == name
                checked += 1
    assert checked > 20


def test_defective_cells_are_on_record_with_a_reference(sample, rows):
    cells = sample.truth("defects")
    assert {c["kind"] for c in cells} <= set(KINDS)
    assert {d for r in rows for d in r["defects"].split(";") if d} <= set(KINDS)
    assert all(re.fullmatch(r"[A-Z]+\d+", c["cell"]) for c in cells if c["source"] in ("population", "school", "grid"))


def test_the_register_has_every_month_and_its_row_numbers_follow_the_query(sample, rows):
    months = defaultdict(list)
    for line in read(sample.out / "civil_affairs/dibao_ydhz.csv"):
        months[line["ny"]].append(line)
    assert list(months) == [f"2025-{m}" for m in (10, 11, 12)] + [f"2026-{m:02d}" for m in range(1, 10)]
    for month, lines in months.items():
        assert lines == sorted(lines, key=lambda x: (x["bzzh"], int(x["xh"])))
        assert [int(r["row_no"]) for r in _of(rows, "dibao_register", month)] == list(range(1, len(lines) + 1))
        assert {line["jdbm"] for line in lines} == {"510105005"}
        assert all(re.fullmatch(r"\d+\.\d\d", line["ybzje"]) for line in lines if line["ybzje"])


def test_orders_and_requests_are_those_on_record(sample, rows):
    for file, key, dataset in (
        ("hotline/orders.jsonl", "orderNo", "hotline_cases"),
        ("residents/requests.jsonl", "service_request_id", "resident_reports"),
    ):
        with (sample.out / file).open(encoding="utf-8") as lines:
            found = [json.loads(line)[key] for line in lines]
        assert found == [r["row_no"] for r in _of(rows, dataset)]
        assert len(set(found)) == len(found) >= 24


def test_requests_name_nobody(sample, persons):
    text = (sample.out / "residents/requests.jsonl").read_text("utf-8")
    assert not [p["person"] for p in persons.values() if len(p["name"]) > 2 and p["name"] in text]


def test_residents_tell_one_problem_twice_a_danger_nothing_at_all_and_points_of_maps(sample, rows):
    with (sample.out / "residents/requests.jsonl").open(encoding="utf-8") as lines:
        requests = {request["service_request_id"]: request for request in map(json.loads, lines)}
    texts = [request["description"] for request in requests.values()]
    assert len(set(texts)) >= 12
    assert set(texts) & set(residents.EMERGENCIES)
    assert set(texts) & set(residents.SPAM)
    told = Counter(
        (r["courtyard_code"], requests[r["row_no"]]["service_code"], r["delivered"])
        for r in _of(rows, "resident_reports")
    )
    assert max(told.values()) > 1
    shifted = [request for request in requests.values() if "given_lat" in request]
    assert shifted
    assert all(0.001 < abs(request["given_lat"] - request["lat"]) < 0.01 for request in shifted)


def test_at_least_eight_in_a_hundred_rows_have_no_id_number(rows):
    listed = _of(rows, "population")
    without = [r for r in listed if {"id.missing", "id.withheld", "id.newborn"} & set(r["defects"].split(";"))]
    assert 0.08 <= len(without) / len(listed) < 0.14


def test_two_in_a_hundred_numbers_are_mistyped(rows):
    people = {r["person"]: r["defects"] for r in _of(rows, "population")}
    mistyped = sum("id.mistyped" in defects.split(";") for defects in people.values())
    assert 0.012 < mistyped / len(people) < 0.036


def test_no_more_than_one_row_in_twelve_is_unusable(rows):
    unusable = [r for r in rows if any(effect(d) == "quarantined" for d in r["defects"].split(";") if d)]
    assert 0.02 < len(unusable) / len(rows) < 0.085


def test_units_fail_in_the_ways_on_record(sample, rows, district):
    grids = {c.micro_grid_code[:15] for c in district.courtyards}
    names = Counter()
    for period in QUARTER_ENDS:
        files = {p.name for p in (sample.out / "inbox" / period).iterdir()}
        own = {name[:15] for name in files if name.endswith(f"_{period}.xlsx")}
        names["absent"] += len(grids - own)
        names["resent"] += sum(name.endswith("_v2.xlsx") for name in files)
        names["late"] += sum(period not in name for name in files)
        starts = [p.read_bytes()[:6] for p in (sample.out / "inbox" / period).iterdir()]
        names["html"] += starts.count(b"<html>")
    assert names["resent"] == 8 and names["late"] == 9 and names["html"] == 2 and names["absent"] >= 8 + 9
    late = [r for r in rows if r["source"] == "grid" and r["delivered"] != r["period"]]
    assert all("file.late" in r["defects"].split(";") for r in late)


def test_a_broken_workbook_cannot_be_opened(sample):
    broken = 0
    for path in (sample.out / "inbox/2026Q1").iterdir():
        try:
            openpyxl.load_workbook(path, read_only=True).close()
        except Exception:
            broken += 1
    assert broken == 1


def test_an_empty_list_says_so(sample):
    path = next(p for p in sorted((sample.out / "inbox/2026Q2").iterdir()) if p.read_bytes()[:2] == b"PK")
    page = openpyxl.load_workbook(path)["低保户"]
    texts = [cell.value for cell in next(page.iter_cols(max_col=1)) if isinstance(cell.value, str)]
    assert "本季度无" in texts and "合计" in texts
