"""Courtyards that are renamed, merged and split: what the changes mean, and what a pack may not say."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.errors import PackError

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
HEADER = "on,kind,from_code,to_code,former_name,buildings"
OLD, NEW = "5101050050040073", "5101050050040058"  # merged on 2026-03-01: building 1 is 3 there
WHOLE, PART = "5101050050070020", "5101050050070021"  # split on 2026-05-01: 3 to 7 are 1 to 5 there
A, B, C = "5101050050020002", "5101050050020003", "5101050050020004"  # of 3, 1 and 1 buildings, unchanged


@pytest.fixture(scope="module")
def history():
    return load_district(PACK).history


@pytest.mark.parametrize(
    ("place", "on", "expected"),
    [
        ((OLD, "1"), date(2026, 2, 28), (OLD, "1")),
        ((OLD, "1"), date(2026, 3, 1), (NEW, "3")),
        ((NEW, "3"), date(2026, 2, 28), (OLD, "1")),
        ((OLD, None), date(2026, 3, 1), (NEW, None)),
        ((NEW, None), date(2026, 2, 28), (NEW, None)),
        ((WHOLE, "4"), date(2026, 4, 30), (WHOLE, "4")),
        ((WHOLE, "4"), date(2026, 5, 1), (PART, "2")),
        ((WHOLE, "2"), date(2026, 5, 1), (WHOLE, "2")),
        ((PART, None), date(2026, 4, 30), (WHOLE, None)),
    ],
)
def test_a_building_belongs_to_one_courtyard_on_a_day(history, place, on, expected):
    assert history.place_on(*place, on) == expected


def test_a_courtyard_has_the_buildings_that_it_has_on_the_day(history):
    assert set(history.houses(NEW, date(2026, 2, 28))) == {"1", "2"}
    assert set(history.houses(NEW, date(2026, 3, 1))) == {"1", "2", "3"}
    assert set(history.houses(WHOLE, date(2026, 4, 30))) == {"1", "2", "3", "4", "5", "6", "7"}
    assert set(history.houses(WHOLE, date(2026, 5, 1))) == {"1", "2"}
    assert set(history.houses(PART, date(2026, 4, 30))) == set()


@given(st.data())
def test_going_to_another_day_and_back_is_the_same_building(data):
    pack = load_district(PACK)
    days = st.dates(date(2025, 10, 1), date(2026, 9, 30))
    code = data.draw(st.sampled_from(sorted(pack.history.changed)))
    building = data.draw(st.sampled_from(sorted(pack.history.houses(code))))
    here, there = data.draw(days), data.draw(days)
    place = pack.history.place_on(code, building, here)
    assert pack.history.place_on(*pack.history.place_on(*place, there), here) == place
    assert pack.history.exists(place[0], here) and place[1] in pack.history.houses(place[0], here)


def test_a_day_before_its_first_a_split_courtyard_is_no_courtyard(history):
    since = history.span(PART).since
    assert history.exists(PART, since) and not history.exists(PART, since - timedelta(days=1))


def problems(tmp_path: Path, *lines: str) -> str:
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    known = (PACK / "changes.csv").read_text("utf-8").splitlines()[1:]
    (pack / "changes.csv").write_text("\n".join([HEADER, *known, *lines]) + "\n", encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_district(pack)
    return str(caught.value)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([f"2026-01-05,merged,{A},999,,1"], "pack/changes.csv:8: to_code: there is no such courtyard."),
        ([f"2026-01-05,renamed,{A},{B},旧名,"], "pack/changes.csv:8: to_code: is not the renamed courtyard itself."),
        ([f"2026-01-05,renamed,{A},{A},,"], "pack/changes.csv:8: former_name: a renamed courtyard had another name."),
        ([f"2026-01-05,merged,{A},{A},,1"], "pack/changes.csv:8: to_code: is the courtyard itself."),
        ([f"2026-01-05,merged,{A},{B},,"], "pack/changes.csv:8: buildings: names no building that goes over."),
        ([f"2026-01-05,burnt,{A},{B},,1"], "pack/changes.csv:8: kind: must be 'renamed', 'merged' or 'split'."),
        ([f"2026-01-05,split,{A},{B},,eins"], "pack/changes.csv:8: buildings: "),
        ([f"2026-02-30,renamed,{A},{A},旧名,"], "pack/changes.csv:8: on: "),
        ([f"2026-01-05,merged,{B},{A},,1=3", f"2026-01-05,merged,{A},{B},,1=2 2=3 3=4"], "are merged in a circle. Say which of them remains."),
        ([f"2026-01-05,merged,{B},{A},,1=3", f"2026-02-05,merged,{A},{C},,1=2 2=3 3=4", f"2026-03-05,merged,{C},{B},,1=2"], "changes.csv:10: to_code: the courtyards"),
        ([f"2026-01-05,merged,{B},{A},,1=3", f"2026-01-05,merged,{B},{C},,1=2"], "changes.csv:9: from_code: contradicts line 8"),
        ([f"2026-01-05,renamed,{A},{A},甲,", f"2026-01-05,renamed,{A},{A},乙,"], "changes.csv:9: from_code: contradicts line 8"),
        ([f"2026-03-01,merged,{OLD},{B},,1=2"], "changes.csv:8: from_code: contradicts line 3"),
        ([f"2026-04-01,renamed,{OLD},{OLD},甲,"], "changes.csv:8: from_code: the courtyard is part of another one on that day."),
        ([f"2026-04-01,renamed,{PART},{PART},甲,"], "changes.csv:8: from_code: the courtyard does not exist yet on that day."),
        ([f"2026-01-05,merged,{B},{A},,1=9"], "changes.csv:8: buildings: courtyards.csv counts 3 buildings in"),
        ([f"2026-01-05,merged,{B},{A},,2=3"], "changes.csv:8: buildings: 5101050050020003 has the buildings 1 on the day before."),
        ([f"2026-04-01,merged,{B},{NEW},,1=3"], "two buildings of 5101050050040058 would bear one number."),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_are_named_with_file_line_and_key(tmp_path, lines, problem):
    assert problem in problems(tmp_path, *lines)
