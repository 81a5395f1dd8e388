"""Opening a quarter: who is on whose list, what is asked, and that nothing is issued twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from courtyard.errors import HeldError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.submissions import issue, locks

from .lists import ALSO_HERE, GRID, HERE, ID, OTHER_GRID, PHONE, THERE, Lists

AT = datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)
FIRST_ROW = 5


@pytest.fixture
def lists(ctx):
    return Lists(ctx)


@pytest.fixture
def issued(ctx):
    """Issue and open the workbook of a grid."""

    def run(unit=GRID):
        issue(ctx, at=AT, units=[unit])
        return load_workbook(BytesIO(file_of(ctx, unit).read_bytes()))

    return run


def file_of(ctx, unit):
    return next((ctx.settings.outbox / "grid" / str(ctx.period)).glob(f"{unit}_*.xlsx"))


def rows(book, sheet, *headers):
    """The filled rows of a sheet under these headers."""
    page = book[sheet]
    at = {cell.value: cell.column - 1 for cell in page[FIRST_ROW - 1]}
    found = [[row[at[h]] for h in headers] for row in page.iter_rows(min_row=FIRST_ROW, values_only=True) if any(row)]
    return [row[0] for row in found] if len(headers) == 1 else found


def test_a_record_goes_to_the_grid_of_its_courtyard_whoever_reported_it(lists, issued):
    lists.record("grid_activists", "here", reporter=OTHER_GRID, place=(HERE,), name="样在此")
    lists.record("grid_activists", "there", reporter=GRID, place=(THERE,), name="样在彼")
    lists.record("grid_activists", "nowhere", reporter=OTHER_GRID, place=("X",), name="样无处")
    assert rows(issued(GRID), "居民骨干", "姓名") == ["样在此"]
    assert sorted(rows(issued(OTHER_GRID), "居民骨干", "姓名")) == ["样在彼", "样无处"]


def test_only_who_was_here_at_the_end_of_the_quarter_before_is_listed(lists, issued):
    lists.record("grid_activists", "here", name="样在")
    lists.record("grid_activists", "gone", name="样走", active=False)
    lists.record("grid_activists", "ended", name="样止", until=date(2026, 6, 30))
    lists.record("grid_activists", "later", name="样后", since=date(2026, 7, 1))
    assert rows(issued(), "居民骨干", "姓名") == ["样在"]


def test_a_person_under_two_keys_stands_once_as_said_last(lists, issued):
    lists.record("grid_activists", "by-name", person="P1", name="样旧", since=date(2026, 1, 1))
    lists.record("grid_activists", "by-id", person="P1", name="样新", since=date(2026, 4, 1))
    lists.record("grid_activists", "was", person="P2", name="样曾", since=date(2026, 1, 1))
    lists.record("grid_activists", "left", person="P2", name="样曾", since=date(2026, 4, 1), active=False)
    assert rows(issued(), "居民骨干", "姓名") == ["样新"]


@pytest.mark.parametrize(
    ("born", "is_listed"),
    [("2020-08-31", False), ("2020-09-01", True), ("2020-09", True), ("2020-08", False), ("2022-01-01", True)],
)
def test_a_child_that_left_the_age_window_is_not_listed(lists, issued, born, is_listed):
    lists.record("grid_school_age", "child", birth_date=born)
    assert bool(rows(issued(), "适龄儿童", "儿童姓名")) == is_listed


def test_cells_show_numbers_opened_codes_as_labels_and_nothing_of_the_last_change(lists, issued):
    lists.record("grid_school_age", "child", id_number=ID, phone=f"{PHONE}、028-86000001", remark="=1+1")
    headers = ("序号", "性别", "出生日期", "身份证号", "联系电话", "是否随迁子女", "变动情况", "变动日期", "备注")
    expected = [1, "女", "2020-10-01", ID, f"{PHONE}、028-86000001", "否", "无变化", None, "=1+1"]
    book = issued()
    assert rows(book, "适龄儿童", *headers) == [expected]
    cells = {c.value: c for c in book["适龄儿童"][FIRST_ROW]}
    assert cells["=1+1"].data_type == "s" and cells[ID].number_format == "@"


def test_rows_follow_the_houses_and_the_head_comes_first(lists, issued):
    def member(key, name, place, relation="0", head="样户"):
        lists.record("grid_dibao", key, name=name, head_name=head, place=place, relation=relation)

    member("e", "戊", (ALSO_HERE, "1", "1", "101"), head="戊")
    member("d", "丁", (HERE, "10", "1", "101"), head="丁")
    member("c", "丙", (HERE, "2", "1", "1002"), head="丙")
    member("b", "乙", (HERE, "2", "1", "302"), relation="1", head="甲")
    member("a", "甲", (HERE, "2", "1", "302"), relation="0", head="甲")
    found = rows(issued(), "低保户", "序号", "户主姓名", "成员姓名")
    assert found == [[1, "甲", "甲"], [1, "甲", "乙"], [2, "丙", "丙"], [3, "丁", "丁"], [4, "戊", "戊"]]


QUESTION = ("对象", "院落", "核实事项", "说法甲", "说法乙", "来源", "核实结果")


def test_a_grid_is_asked_what_sources_say_differently_of_people_on_its_lists(lists, issued):
    lists.record("grid_school_age", "child", person="P1", name="样童")
    lists.disagreement("P1", "sex", ("population", "1"), ("school_children", "1"), ("grid_school_age", "2"))
    lists.disagreement("P1", "courtyard_code", ("grid_school_age", HERE), ("population", THERE))
    by_place, by_sex = rows(issued(), "待核实", *QUESTION)
    assert by_sex == [
        "样童（适龄儿童）", "四道街2号院", "性别", "男", "女", "甲：实有人口（2026-06-30）\n乙：适龄儿童（2026-06-30）", None,
    ]  # fmt: skip
    assert by_place[2:5] == ["现住院落", "四道街2号院", "四道街40号院"]


def test_a_third_claim_is_told_beside_the_sources(lists, issued):
    lists.record("grid_school_age", "child", person="P1")
    claims = (("population", "2020-10-01"), ("school_children", "2020-11-01"), ("grid_school_age", "2020-12-01"))
    lists.disagreement("P1", "birth_date", *claims)
    assert rows(issued(), "待核实", "来源")[0].endswith("\n另：适龄儿童（2026-06-30）为2020-12-01")


def test_no_grid_is_asked_what_is_not_its_own(lists, issued):
    lists.record("grid_party_members", "p", person="P1")
    lists.disagreement("P1", "birth_date", ("population", "1980-01-01"), ("school_children", "1981-01-01"))
    lists.disagreement("P2", "sex", ("population", "1"), ("school_children", "2"))  # on no list
    lists.disagreement("P1", "name", ("population", "样甲"), ("grid_party_members", "样乙"), status="settled")
    lists.disagreement("P1", "sex", ("population", "1"), ("grid_party_members", "2"), period="2026Q1")
    book = issued()
    assert rows(book, "待核实", "核实事项") == [] and book["待核实"]["A3"].value.startswith(
        "本季度没有需要您核实的事项"
    )


def test_two_grids_that_list_one_person_are_both_asked_and_answer_each_for_itself(lists, issued):
    lists.record("grid_activists", "a", person="P1", place=(HERE,))
    lists.record("grid_party_members", "p", person="P1", place=(THERE,))
    lists.disagreement("P1", "courtyard_code", ("grid_party_members", THERE), ("grid_activists", HERE))
    asked = {unit: rows(issued(unit), "待核实", "核实编号", "说法甲") for unit in (GRID, OTHER_GRID)}
    (ours, claim), (theirs, same_claim) = asked[GRID][0], asked[OTHER_GRID][0]
    assert claim == same_claim == "四道街40号院" and ours != theirs
    assert re.fullmatch("[0-9a-f]{16}", ours) and rows(issued(GRID), "待核实", "核实编号") == [ours]


def test_every_grid_of_the_quarter_gets_a_workbook_of_its_own(ctx, lists):
    lists.record("grid_activists", "here")
    done = issue(ctx, at=AT)
    files = sorted(p.name for p in (ctx.settings.outbox / "grid/2026Q3").iterdir())
    assert len(done["issued"]) == len(files) == len(ctx.district.units_valid_on(date(2026, 9, 30), "grid"))
    assert files[0] == f"{GRID}_四道街社区第1网格_2026Q3.xlsx"
    assert (done["rows"], done["questions"], done["due_on"], done["none"]) == (1, 0, "2026-10-05", [])
    assert {file_of(ctx, GRID).stat().st_mode & 0o777, file_of(ctx, GRID).parent.stat().st_mode & 0o777} == {
        0o600,
        0o700,
    }


def test_the_same_content_is_issued_once_and_a_changed_one_replaces_the_file(ctx, lists):
    lists.record("grid_activists", "a", name="样甲")
    both = [GRID, OTHER_GRID]
    issue(ctx, at=AT, units=both)
    first = file_of(ctx, GRID).read_bytes()
    again = issue(ctx, at=AT.replace(day=17), units=both)
    assert again["issued"] == [] and again["unchanged"] == both and file_of(ctx, GRID).read_bytes() == first
    lists.record("grid_activists", "b", name="样乙")
    changed = issue(ctx, at=AT.replace(day=18), units=both)
    book = load_workbook(file_of(ctx, GRID))
    assert changed["issued"] == [GRID] and rows(book, "居民骨干", "姓名") == ["样乙", "样甲"]
    assert dict(book["_courtyard"].iter_rows(values_only=True))["issue_no"] == "2"
    assert not list(file_of(ctx, GRID).parent.glob("*.part"))


def test_a_lost_file_comes_back_byte_for_byte(ctx, lists):
    lists.record("grid_activists", "a")
    issue(ctx, at=AT, units=[GRID])
    file = file_of(ctx, GRID)
    before = file.read_bytes()
    file.unlink()
    assert issue(ctx, at=AT.replace(day=20), units=[GRID])["restored"] == [GRID] and file.read_bytes() == before


def test_a_grid_is_told_of_each_workbook_without_a_word_about_anybody(ctx, lists):
    for name in ("样甲", "样乙"):
        lists.record("grid_activists", name, name=name)
        issue(ctx, at=AT, units=[GRID])
        issue(ctx, at=AT, units=[GRID])
    with ctx.engine().connect() as connection:
        told = connection.execute(text("SELECT cause, subject, body, attachments FROM notices.notice ORDER BY 1")).all()
    assert [(n.cause, n.subject) for n in told] == [
        (f"issue/2026Q3/{GRID}/1", "四道街社区第1网格2026年第三季度采集表已下发"),
        (f"issue/2026Q3/{GRID}/2", "四道街社区第1网格2026年第三季度采集表有更新"),
    ]
    assert all("2026-10-05前交回" in n.body and "样" not in n.body and not n.attachments for n in told)


def test_single_grids_can_be_issued_to(ctx, lists):
    lists.record("grid_activists", "there", place=(THERE,))
    done = issue(ctx, at=AT, units=[OTHER_GRID])
    assert (done["issued"], done["rows"]) == ([OTHER_GRID], 1)


def test_a_grid_that_ends_within_the_quarter_is_named_as_getting_none(ctx):
    keep = {GRID: date(2026, 8, 1), OTHER_GRID: None}
    units = tuple(
        u.model_copy(update={"valid_to": keep.get(u.code, date(2026, 1, 1))}) if u.kind == "grid" else u
        for u in ctx.district.units
    )
    done = issue(replace(ctx, district=ctx.district.model_copy(update={"units": units})), at=AT)
    assert done["issued"] == [OTHER_GRID]
    assert done["none"] == [{"unit": GRID, "name": "四道街社区第1网格", "reason": "2026-08-01起撤销"}]


@pytest.mark.parametrize(
    ("period", "units", "words"),
    [
        ("2026-09", None, "不是季度"),
        ("2025Q3", None, "启用（2025年第四季度）之前"),
        ("2026Q3", ["510105005006009"], "文翁社区第9网格（510105005006009）在2026-09-30不是有效的网格"),
        ("2026Q3", ["12"], "没有编码为12的单位"),
    ],
)
def test_what_cannot_be_issued_is_said_with_its_reason(ctx, period, units, words):
    with pytest.raises(UsageError, match=re.escape(words)) as caught:
        issue(replace(ctx, period=Period.parse(period)), at=AT, units=units)
    assert caught.value.remedy and not ctx.settings.outbox.exists()


def test_a_quarter_not_due_or_closed_by_hand_is_not_issued(ctx):
    with pytest.raises(HeldError, match="从2026-09-15开始"):
        issue(ctx, at=AT.replace(day=14))
    locks.close(ctx, "数据已送审", "街道社区发展治理办公室", AT)
    with pytest.raises(HeldError, match="关闭：数据已送审"):
        issue(ctx, at=AT.replace(hour=10))
    assert not ctx.settings.outbox.exists()
