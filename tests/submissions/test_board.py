"""`courtyard status` tells late, duplicate, wrong-quarter, nil and missing grids apart, by name and with a remedy."""

from datetime import date

import pytest
from rich.console import Console

from courtyard.cli import show
from courtyard.cli.status import quarter_status
from courtyard.submissions import collection

from .conftest import FIFTH, FOURTH, GRID, SECOND, THIRD, activist, workbook

DAY = date(2026, 10, 9)


@pytest.fixture
def quarter(grids):
    """Five grids that each do otherwise, one that does all right, and all the others, which send nothing."""
    sent = {
        GRID: [(workbook(activist()), "2026-10-02")],
        SECOND: [(workbook(activist("李小红"), unit=SECOND), "2026-10-08")],
        THIRD: [(workbook(activist("张小军"), unit=THIRD), "2026-10-03")] * 2,
        FOURTH: [(workbook(activist("赵小兰"), unit=FOURTH, quarter="2026年第四季度"), "2026-10-03")],
        FIFTH: [(workbook(unit=FIFTH), "2026-10-04")],
    }
    for unit, files in sent.items():
        for number, (data, day) in enumerate(files):
            grids.put(data, f"{day}T1{number}:00", unit=unit, name=f"第{number}份")
    grids.run()
    return grids


def test_each_grid_stands_under_its_own_category_with_reason_and_next_step(quarter):
    found = quarter_status(quarter.ctx, DAY)
    board = {(e["category"], e["unit"]): e for e in found["board"] if e["unit"] <= FIFTH}
    assert set(board) == {("late", SECOND), ("duplicate", THIRD), ("refused", FOURTH), ("nil", FIFTH)}
    late, twice, wrong, nil = (board[k] for k in sorted(board, key=lambda k: k[1]))
    assert late["reason"] == "2026-10-08报送，截止日是2026-10-05，晚了3天"
    assert twice["reason"] == "与2026-10-03 10:00报送的内容完全相同，没有重复计入"
    assert wrong["reason"] == "表内写的季度不是本次采集的季度：2026年第四季度" and "重新报送" in wrong["next"]
    assert nil["title"] == "确认本季度无" and "不用再做什么" in nil["next"]
    missing = [e for e in found["board"] if e["category"] == "missing"]
    assert len(missing) == len(quarter.ctx.district.units_valid_on(date(2026, 9, 30), "grid")) - 5
    assert {e["next"] for e in missing} == {"请尽快补报，补报会记为迟报"}
    assert found["cycle"]["title"] == "已过截止日" and found["cycle"]["takes"]


def test_the_screen_shows_a_line_for_each_with_the_grids_name(quarter):
    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115
    show.status(console, quarter_status(quarter.ctx, DAY))
    told = console.export_text()
    for word, unit in (("迟报", SECOND), ("重复报送", THIRD), ("退回", FOURTH), ("确认本季度无", FIFTH)):
        name = quarter.ctx.district.unit_by_code[unit].name
        assert any(line.startswith(f"{word}：{name}：") for line in told.splitlines()), word
    assert f"：{quarter.ctx.district.unit_by_code[GRID].name}：" not in told


def test_the_mart_counts_what_is_owed(quarter):
    states = dict(
        quarter.rows(
            "SELECT unit_code, string_agg(DISTINCT status, ',' ORDER BY status) FROM mart.submission_status"
            " WHERE period = '2026Q3' AND unit_code <= :last GROUP BY unit_code",
            last=FIFTH,
        )
    )
    assert states == {
        GRID: "accepted,confirmed_nil",
        SECOND: "accepted,confirmed_nil",
        THIRD: "accepted,confirmed_nil",
        FOURTH: "rejected",
        FIFTH: "confirmed_nil",
    }
    details = quarter.rows(
        """SELECT unit_code, due_on::text, days_late, is_late, duplicates, refusals, rows_read, rows_accepted
             FROM mart.submission_status WHERE dataset = 'grid_activists' AND unit_code IN (:late, :twice, :wrong)
            ORDER BY unit_code""",
        late=SECOND,
        twice=THIRD,
        wrong=FOURTH,
    )
    assert details == [
        (SECOND, "2026-10-05", 3, True, 0, 0, 1, 1),
        (THIRD, "2026-10-05", 0, False, 1, 0, 1, 1),
        (FOURTH, "2026-10-05", 0, False, 0, 1, 0, 0),
    ]
    ((grids, owed, reported, nil, refused, late),) = quarter.rows(
        "SELECT grids, owed, reported, confirmed_nil, refused, late FROM mart.submission_summary"
        " WHERE period = '2026Q3' AND kind = 'street'"
    )
    assert (owed, reported, nil, refused, late) == (4 * grids, 3, 3 * 3 + 4, 4, 4)


def test_the_listing_has_one_line_a_submission(quarter):
    with quarter.ctx.engine().connect() as connection:
        rows = collection.listing(connection, quarter.ctx)
        only = collection.listing(connection, quarter.ctx, THIRD)
    assert len(rows) == 6
    assert [(r["channel"], r["kind"], r["status"]) for r in only] == [
        ("folder", "first", "accepted"),
        ("folder", "duplicate", "superseded"),
    ]


def test_the_mart_tells_what_had_been_handed_in_by_a_day(grids):
    grids.put(workbook(activist(), unit=GRID), "2026-10-02", name="第1份")
    grids.admit(now="2026-10-03")
    grids.put(workbook(activist(), activist("李小红", phone="15400000001"), unit=GRID), "2026-10-05", name="第2份")
    grids.run(now="2026-10-06")
    query = """SELECT status, kind, rows_read FROM mart.submission_status_as_of(:period, :known_at)
                WHERE unit_code = :grid AND dataset = 'grid_activists'"""
    known = {
        day: grids.rows(query, grid=GRID, period="2026Q3", known_at=f"{day} 23:59+08")
        for day in ("2026-10-02", "2026-10-04", "2026-10-06")
    }
    assert known == {
        "2026-10-02": [("missing", None, 0)],
        "2026-10-04": [("received", "first", 1)],
        "2026-10-06": [("accepted", "correction", 2)],
    }
    assert grids.rows(query, grid=GRID, period="2026-08", known_at="infinity") == known["2026-10-06"]
    assert grids.rows(query, grid=GRID, period="2026Q4", known_at="infinity") == []
