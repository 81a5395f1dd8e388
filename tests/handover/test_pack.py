"""The successor's pack: what is in it, and what is not."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from deliveries import Delivery
from openpyxl import load_workbook
from sqlalchemy import create_engine, make_url, text
from tests.warehouse.quarter import HOME, HOME_CODE, OTHER_HOME, at, child, entry, rows, run

from courtyard import handover
from courtyard.errors import UsageError
from courtyard.handover.packing import masked
from courtyard.period import Period

from .conftest import term, under
from .test_open_items import DISPUTE, HAZARD, ORDER

GRID = "510105005002001"
AT, ON = datetime(2026, 10, 8, 2, tzinfo=UTC), date(2026, 10, 8)
PROJECT = {
    "project_no": "RL1", "project_name": "楼道照明", "kind": "safety", "claimed_by": "样例银行支行",
    "party_org": "四道街社区第一党支部", "responsible": "样某", "served": "老年人", "claimed_on": "2026-07-01",
    "due_on": "2026-09-29", "progress": "running",
}  # fmt: skip


@pytest.fixture
def grid(ctx, holding):
    """The grid of HOME after two quarters: one left, one came, one took another name, one moved in the grid."""
    unit = ctx.district.grid_of(HOME_CODE).code
    pack = holding(
        term(unit, "网格员", "网格员样例甲", "2022-06-01", "2026-10-01"),
        term(unit, "网格员", "网格员样例乙", "2026-10-01"),
    )
    ctx = under(ctx, pack)
    before = [entry(n, household_no=f"H{n}") for n in ("1", "2", "3", "4")]
    run(replace(ctx, period=Period.quarter("2026Q2")), Delivery("population", before, "2026Q2", at(7)))
    after = [
        entry("1", household_no="H1"),
        entry("2", household_no="H2", status="moved_out", status_date="2026-08-01"),
        entry("3", household_no="H3", name="样新三"),
        entry("4", household_no="H4", address=OTHER_HOME),
        entry("5", household_no="H5", address=HOME),
    ]
    run(
        ctx,
        Delivery("population", after, received_at=at(10)),
        Delivery("grid_school_age", [child("1", birth_date="2020-10-01", phone="15400000001")], unit_code=unit),
        Delivery("hazards", [HAZARD]),
        Delivery("disputes", [DISPUTE]),
        Delivery("hotline_cases", [ORDER]),
        Delivery("party_projects", [PROJECT, {**PROJECT, "project_no": "RL2", "progress": "completed"},
                                    {**PROJECT, "project_no": "RL3", "party_org": "文翁社区第一党支部"}]),
    )  # fmt: skip
    return ctx, unit


def pack(ctx, unit, tmp_path, **options):
    options = {"post": None, "on": ON, "at": AT, "out": tmp_path / "pack.xlsx", **options}
    done = handover.write(ctx, unit, **options)
    return done, load_workbook(done["file"])


def body(book, title):
    return [[cell.value for cell in row][1:] for row in book[title].iter_rows(min_row=4)]


def test_the_cover_says_from_whom_to_whom_what_is_inside_and_that_it_is_internal(grid, tmp_path):
    ctx, unit = grid
    done, book = pack(ctx, unit, tmp_path)
    cover = [str(cell.value) for row in book["封面"].iter_rows() for cell in row if cell.value]
    assert {"内部资料　注意保管", "岗位工作交接单", "网格员样例甲", "网格员样例乙", "2026-10-01"} <= set(cover)
    assert (done["post"], done["from"], done["to"]) == ("网格员", "网格员样例甲", "网格员样例乙")
    assert book.sheetnames == ["封面", *done["counts"]]
    for number, (title, count) in enumerate(done["counts"].items(), 1):
        assert f"{number}. {title}" in cover and f"共{count}条" in cover
    assert {"移交人", "接任人", "监交人"} <= set(cover)
    for sheet in book:
        assert sheet.page_setup.paperSize == 9 and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.title == "封面" or "内部资料" in sheet.oddHeader.right.text


def test_courtyards_come_with_their_people_and_their_other_names_with_dates(grid, tmp_path):
    ctx, unit = grid
    _, book = pack(ctx, unit, tmp_path)
    found = {row[0]: row[1:] for row in body(book, "院落")}
    assert len(found) == sum(c.micro_grid_code.startswith(unit) for c in ctx.district.courtyards)
    name = ctx.district.courtyard_by_code[HOME_CODE].name
    assert found[name] == ["康里公寓（小区名）", "四道街4号", 3, 3, "隐患未销号"]
    former = [row[0] or "" for row in found.values()]
    assert any("曾用名" in text and "止" in text for text in former)


def test_key_groups_name_people_and_mask_their_numbers(grid, tmp_path):
    ctx, unit = grid
    key = rows(ctx, "SELECT record_key FROM warehouse.record WHERE dataset = 'grid_school_age'")[0][0]
    seal = {
        name: ctx.keys.seal(value, f"grid_school_age/{key}/{name}")
        for name, value in {"id_number": "11010519491231002X", "phone": "15400000001"}.items()
    }
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        update = text("UPDATE warehouse.record SET sealed = CAST(:sealed AS jsonb) WHERE dataset = 'grid_school_age'")
        connection.execute(update, {"sealed": json.dumps(seal)})
    admin.dispose()
    done, book = pack(ctx, unit, tmp_path)
    (row,) = body(book, "重点人群")
    assert row[1:5] == ["适龄儿童", "样1", "男", "2020-10-01"]
    assert row[6:8] == ["110105********002X", "154****0001"]
    with open(done["file"], "rb") as file:
        texts = [str(c.value) for sheet in load_workbook(io.BytesIO(file.read())) for r in sheet.iter_rows() for c in r]
    assert not [value for value in texts if "11010519491231002X" in value or "15400000001" in value]


def test_promises_are_measures_of_what_is_open_and_projects_of_the_units_community(grid, tmp_path):
    ctx, unit = grid
    _, book = pack(ctx, unit, tmp_path)
    found = body(book, "已作承诺")
    assert [(row[0], row[3], row[6], row[7]) for row in found] == [
        ("隐患整改", "限期清理", "2026-07-20", "逾期80天"),
        ("项目认领", "实施中，服务老年人", "2026-09-29", "逾期9天"),
        ("纠纷化解", "上门调解", None, None),
    ]
    assert found[0][5] == "2026-07-03"


def test_changes_say_who_came_left_moved_and_changed_their_name(grid, tmp_path):
    ctx, unit = grid
    _, book = pack(ctx, unit, tmp_path)
    found = {row[1]: row[2:6] for row in body(book, "近四季变动")}
    home, other = (ctx.district.courtyard_by_code[code].name for code in (HOME_CODE, "5101050050020003"))
    assert found == {
        "迁入": ["样5", None, None, home],
        "迁出": ["样2", None, home, None],
        "换院落": ["样4", None, home, other],
        "更名": ["样新三", "原名样3", home, home],
    }


def test_open_items_say_since_when_until_when_and_with_whom(grid, tmp_path):
    ctx, unit = grid
    _, book = pack(ctx, unit, tmp_path)
    found = {row[0]: row[1:] for row in body(book, "未办结事项")}
    name = ctx.district.courtyard_by_code[HOME_CODE].name
    post = f"{ctx.district.unit_by_code[unit].name}网格员"
    assert found["安全隐患"] == [name, "楼道堆物", datetime(2026, 7, 3), datetime(2026, 7, 20), "逾期80天", post]
    assert found["12345办件"][1] == "路灯不亮"


def test_the_same_pack_twice_is_the_same_bytes_and_each_copy_is_audited(grid, tmp_path):
    ctx, unit = grid
    written = [handover.write(ctx, unit, post=None, on=ON, at=AT, out=tmp_path / f"{n}.xlsx") for n in (1, 2)]
    one, two = ((tmp_path / f"{n}.xlsx").read_bytes() for n in (1, 2))
    assert one == two and written[0]["counts"] == written[1]["counts"]
    assert (tmp_path / "1.xlsx").stat().st_mode & 0o077 == 0
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        found = connection.execute(text("SELECT actor, object FROM audit.event WHERE action = 'handover'")).all()
    admin.dispose()
    assert found == [("test", f"{unit} 网格员 2026-10-08")] * 2


def test_a_file_that_cannot_be_written_is_said_in_one_line_and_not_audited(grid, tmp_path):
    ctx, unit = grid
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="写不了"):
        pack(ctx, unit, tmp_path, out=tmp_path / "file" / "pack.xlsx")


def test_an_empty_unit_gets_a_pack_that_says_so(ctx, tmp_path):
    done, book = pack(ctx, GRID, tmp_path)
    assert done["counts"]["重点人群"] == 0
    assert next(cell.value for cell in book["重点人群"][4]) == "没有"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("15400000001", "154****0001"),
        ("15400000001、15400000002", "154****0001、154****0002"),
        ("028-12345678", "028*****5678"),
        ("1234", "***4"),
        ("", ""),
    ],
)
def test_numbers_show_their_ends_alone(number, shown):
    assert masked(number) == shown
