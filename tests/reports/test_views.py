"""Views of a publication: masked rosters, counts without small ones, who may get them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text
from tests.reports.conftest import World, table

from courtyard import reports
from courtyard.errors import UsageError

MONTH = "2026-09"
FOLDER = f"{MONTH}/dibao_statistics/r1"
WAITS_NOT = "2026-09-03T09:00:00+08:00"


def fill(world: World, c1: int, c2: int, month: str = MONTH) -> str:
    """Single persons on 500 yuan in two communities; returns the delivery."""
    delivery = world.batch("dibao_register", month, f"{month}-03T09:00:00+08:00", landed=c1 + c2)
    for courtyard, many in (("C1", c1), ("C2", c2)):
        for n in range(many):
            attrs = {"benefit_no": f"{courtyard}{n:02}", "name": "样例", "relation": "0", "category": "dibao",
                     "monthly_amount": "500"}  # fmt: skip
            world.record(delivery, f"{courtyard}-{n}", {**attrs, "month": month}, courtyard=courtyard)
    return delivery


def with_threshold(world: World, small_count: int) -> World:
    office = world.ctx.district.office.model_copy(update={"small_count": small_count})
    district = world.ctx.district.model_copy(update={"office": office})
    return World(replace(world.ctx, district=district), world._serial)


def manifest(world: World, folder: str) -> dict:
    return json.loads((world.ctx.settings.published / folder / "manifest.json").read_bytes())


def test_a_masked_roster_keeps_the_form_and_shows_nobody(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    sheet = dibao.view("2026-07/dibao_roster/r1", "masked")
    assert sheet["A1"].value == "少城街道2026年7月低保对象花名册（脱敏）"
    assert table(sheet, 5, 5) == [
        [1, "王**", "510*************17", 3, 3, "王**", "本人", "城市低保", "A类", 1860.5, "2024-03", "***", "四道街2号院", "138****0001", "***"],
        [None, None, "510*************24", None, None, "李**", "配偶", "城市低保", "A类", None, "2024-03", "***", None, None, "***"],
        [None, None, None, None, None, "王**", "子", "城市低保", "A类", None, "2024-03", "***", None, None, "***"],
        [2, "赵**", None, 1, 1, "赵**", "本人", "城市低保", None, 930, "2025", "***", "***", "***-******01", "***"],
        [3, "钱**", None, 1, 1, "钱**", "本人", "特困", None, 1395, "2025", "***", "***", None, "***"],
    ]  # fmt: skip
    assert sheet["A10"].value == (
        "注：本表已脱敏，提供依据：个人信息保护法第六条、第十三条第三项；社区帮扶工作需要。***为不提供的内容，地址只到院落。"
    )


def test_an_address_that_cannot_be_read_is_withheld(world):
    delivery = world.batch("dibao_register", MONTH, WAITS_NOT)
    attrs = {"benefit_no": "D1", "name": "样例", "relation": "0", "category": "dibao", "address": "样例处某楼302"}
    world.record(delivery, "k1", attrs, courtyard="C1")
    reports.publish(world.only("dibao_roster").ctx)
    assert world.view(f"{MONTH}/dibao_roster/r1", "masked")["M5"].value == "***"


def test_counts_print_a_star_for_a_small_one_and_for_its_neighbour_and_leave_zero(world):
    fill(world, 7, 3)
    reports.publish(world.only("dibao_statistics").ctx)
    sheet = world.view(FOLDER, "counts")
    assert sheet["A1"].value == "少城街道2026年9月城市低保统计表（统计）"
    assert table(sheet, 6, 3) == [
        ["四道街社区", "*", "*", "*", 0, 0, 0, "*", "*", "*", 930],
        ["商业街社区", "*", "*", "*", 0, 0, 0, "*", "*", "*", 930],
        ["合计", 10, 10, 10, 0, 0, 0, 0.5, 5000, 500, 930],
    ]
    assert sheet["A9"].value.startswith("注：累计人数和累计资金支出不含本年1月")
    assert sheet["A10"].value == "注：“*”为小于5的数，或为防止推算而一并不公布的数；0为实数。"
    assert sheet["A11"].value == "注：提供依据：政府信息公开条例第十五条；社区规划用。"
    assert "人出生日期不详" not in "".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert table(world.sheet(FOLDER), 6, 1)[0][:3] == ["四道街社区", 7, 7]


def test_a_dash_stays_where_nobody_is_and_becomes_a_star_where_it_would_tell(world):
    fill(world, 9, 0)
    reports.publish(world.only("dibao_statistics").ctx)
    rows = table(world.view(FOLDER, "counts"), 6, 2)
    assert [row[9] for row in rows] == [500, "—"]


def test_a_roster_counted_by_community_and_class(world):
    fill(world, 8, 2)
    reports.publish(world.only("dibao_roster").ctx)
    sheet = world.view(f"{MONTH}/dibao_roster/r1", "counts")
    assert [cell.value for cell in sheet[4]][:4] == ["社区", "合计", "保障类别", None]
    assert [cell.value for cell in sheet[5]][:7] == [None, None, "城市低保", "特困", "低保边缘", "刚性支出困难", "本人"]
    rows = table(sheet, 6, 7)
    assert [row[:7] for row in rows[:3]] == [
        ["四道街社区", "*", "*", 0, 0, 0, "*"],
        ["商业街社区", "*", "*", 0, 0, 0, "*"],
        ["宽巷子社区", 0, 0, 0, 0, 0, 0],
    ]
    assert rows[6][:7] == ["合计", 10, 10, 0, 0, 0, 10]


def test_two_forms_that_count_the_same_hide_the_same(world):
    fill(world, 9, 3)
    reports.publish(world.only("dibao_roster", "dibao_statistics").ctx)
    stored = {row["report"]: row["cells"] for row in world.rows("SELECT report, cells FROM publish.suppression")}
    category = {area for area, column in stored["dibao_roster"] if column == "category_dibao"}
    persons = {area for area, column in stored["dibao_statistics"] if column == "persons"}
    assert category == persons == {"510105005002", "510105005003"}


@pytest.mark.parametrize("damage", ["folder", "view"])
def test_a_lost_view_is_made_again_with_the_pattern_that_was_chosen(world, damage):
    """Also after the office changed what a small count is."""
    fill(world, 7, 3)
    world = world.only("dibao_statistics")
    reports.publish(world.ctx)
    place = world.ctx.settings.published / FOLDER
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    shutil.rmtree(place) if damage == "folder" else next(place.glob("*_统计.xlsx")).write_bytes(b"?")
    reports.publish(with_threshold(world, 20).ctx)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert len(world.rows("SELECT * FROM publish.suppression")) == 1


def test_a_new_pattern_is_chosen_beside_the_revision_before(world):
    """Of r1 the other community's 7 is hidden; r2 must not print it, though it would need no star itself."""
    fill(world, 7, 3)
    world = world.only("dibao_statistics")
    reports.publish(world.ctx)
    more = world.batch("dibao_register", MONTH, "2026-10-09T09:00:00+08:00")
    for n in range(5):
        attrs = {"benefit_no": f"N{n}", "name": "样例", "relation": "0", "category": "dibao", "monthly_amount": "500"}
        world.record(more, f"new-{n}", {**attrs, "month": MONTH}, courtyard="C2")
    assert [p["revision"] for p in reports.publish(world.ctx)["published"]] == [2]
    rows = table(world.view(f"{MONTH}/dibao_statistics/r2", "counts"), 6, 3)
    assert [row[:3] for row in rows] == [["四道街社区", "*", "*"], ["商业街社区", "*", "*"], ["合计", 15, 15]]


def test_what_was_published_without_views_is_restored_without_them(world):
    fill(world, 7, 3)
    world = world.only("dibao_statistics")
    bare = world.ctx.district.reports["dibao_statistics"].model_copy(update={"views": ()})
    district = world.ctx.district.model_copy(update={"reports": {"dibao_statistics": bare}})
    reports.publish(replace(world.ctx, district=district))
    before = manifest(world, FOLDER)
    assert list(before["views"].values()) == ["names"] and len(before["files"]) == 1
    shutil.rmtree(world.ctx.settings.published / FOLDER)
    reports.publish(world.ctx)
    assert manifest(world, FOLDER) == before
    assert world.rows("SELECT * FROM publish.suppression") == []


def test_a_pattern_chosen_for_something_never_published_is_chosen_anew(world):
    fill(world, 7, 3)
    world = world.only("dibao_statistics")
    reports.publish(world.ctx)
    (stored,) = world.rows("SELECT cells FROM publish.suppression")
    with psycopg.connect(world.ctx.url) as admin:  # as if the transaction had been rolled back
        for table in ("cell_row", "cell_fact", "cell_count", "check_result", "publication"):
            admin.execute(f"DELETE FROM publish.{table}")
    with world.ctx.engine("publisher").begin() as connection:
        connection.execute(
            text("UPDATE publish.suppression SET counts = jsonb_set(counts, '{name}', '\"else\"'), cells = '[]'")
        )
    shutil.rmtree(world.ctx.settings.published)
    assert [p["period"] for p in reports.publish(world.ctx)["published"]] == [MONTH]
    assert world.rows("SELECT cells FROM publish.suppression") == [stored]


def test_who_may_get_which_file(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    found = reports.entitled(dibao.ctx, "dibao_roster", "2026-07")
    assert (found["title"], found["revision"], found["folder"]) == ("低保对象花名册", 1, "2026-07/dibao_roster/r1")
    assert {entry["view"]: (entry["file"], entry["recipients"]) for entry in found["files"]} == {
        "names": ("低保对象花名册_2026-07_r1.xlsx", ["青羊区民政局"]),
        "masked": ("低保对象花名册_2026-07_r1_脱敏.xlsx", ["青羊区委社会工作部"]),
        "counts": ("低保对象花名册_2026-07_r1_统计.xlsx", ["各社区居民委员会"]),
    }
    assert all(entry["basis"] for entry in found["files"])


@pytest.mark.parametrize(("report", "said"), [("nothing", "没有报表"), ("dibao_roster", "没有发布过")])
def test_files_of_what_was_not_published_cannot_be_asked_for(dibao, report, said):
    with pytest.raises(UsageError, match=said):
        reports.entitled(dibao.ctx, report, "2026-07")
