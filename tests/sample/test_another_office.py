"""A pack for another street office: made from a file of communities, loads, and names the first office nowhere."""

from pathlib import Path

import pytest

from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.sample import another_office

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "include/districts/shaocheng"
COMMUNITIES = ROOT / "include/districts/chengdu_communities.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs") / "yulin"
    office = another_office.from_file(COMMUNITIES, "510107005", None, None)
    return folder, another_office.make(PACK, folder, office, 10)


def test_a_pack_made_from_the_file_is_the_other_offices(made):
    folder, left = made
    district = load_district(folder)
    office = district.office
    assert left == []
    assert (office.street_code, office.short_name, office.city_district, office.letter_mark) == (
        "510107005", "玉林街道", "武侯区", "玉林办函"
    )  # fmt: skip
    assert office.name == "武侯区人民政府玉林街道办事处"
    communities = [unit for unit in district.units if unit.kind == "community"]
    assert (len(communities), communities[0].code, communities[0].name) == (11, "510107005001", "玉林北路社区")
    assert len(district.courtyards) == 110
    assert {c.code[:9] for c in district.courtyards} == {"510107005"}
    assert (district.aliases, district.changes) == ((), ())


def test_departments_and_users_are_the_other_districts(made):
    district = load_district(made[0])
    assert {user.department for user in district.users if user.role == "department"} == {"武侯区民政局", "武侯区统计局"}
    assert [u.unit_code for u in district.users if u.role == "community"] == ["510107005001", "510107005002"]
    assert "武侯区教育局" in {recipient.name for recipient in district.recipients.recipients}


def test_what_still_names_the_first_office_is_told(made):
    folder, _ = made
    rules = folder / "rules/cases.yaml"
    before = rules.read_text("utf-8")
    rules.write_text("# 按少城街道2025年会议纪要\n" + before, "utf-8")
    try:
        assert list(another_office.remaining(folder, load_district(PACK))) == ["rules/cases.yaml:1: 少城"]
    finally:
        rules.write_text(before, "utf-8")


def test_a_street_that_the_file_does_not_know_is_refused():
    with pytest.raises(UsageError, match="names no community of the street 510107999"):
        another_office.from_file(COMMUNITIES, "510107999", None, None)


def test_a_folder_with_something_in_it_is_not_written_over(made):
    office = another_office.from_file(COMMUNITIES, "510107005", None, None)
    with pytest.raises(UsageError, match="is not empty"):
        another_office.make(PACK, made[0], office, 10)
