"""Everything open stands with a post that is held, on any day; a change in the pack moves it."""

from datetime import date

from deliveries import Delivery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.warehouse.quarter import HOME, HOME_CODE, OTHER_CODE, OTHER_HOME, at, child, entry, rows, run

from courtyard.district.posts import responsible
from courtyard.warehouse import registers

from .conftest import GRID, STREET, term, under
from .test_posts import DAYS, PREPARER, terms

HAZARD = {
    "hazard_no": "YH1", "found_at": "2026-07-03T23:30:00+08:00", "address": HOME, "description": "楼道堆物",
    "kind": "fire", "grade": "general", "measures": "限期清理", "responsible_unit": "样例物业公司",
    "due_on": "2026-07-20", "is_closed": False,
}  # fmt: skip
DISPUTE = {
    "dispute_no": "JF1", "found_at": "2026-08-01T09:00:00+08:00", "address": HOME, "kind": "neighbour", "persons": 2,
    "summary": "噪音", "risk": "low", "measures": "上门调解", "status": "mediating",
}  # fmt: skip
ORDER = {
    "order_no": "G1", "kind": "complaint", "title": "路灯不亮", "address": HOME,
    "created_at": "2026-08-02T10:00:00+08:00", "due_at": "2026-08-09T10:00:00+08:00", "status": "handling",
}  # fmt: skip
REPORT = {
    "request_id": "R1", "status": "open", "service_code": "1", "description": "井盖松动", "address": HOME,
    "requested_at": "2026-08-03T08:00:00+08:00",
}  # fmt: skip


def opened(ctx):
    """A quarter in which something of every kind is open, and its closed twin beside it."""
    run(
        ctx,
        Delivery("population", [entry("1"), entry("2", name="样1", id_number=None, household_no="H2")]),
        Delivery("grid_school_age", [child("1", name="样2", address=OTHER_HOME)], unit_code=GRID),
        Delivery("hazards", [HAZARD, {**HAZARD, "hazard_no": "YH2", "is_closed": True}]),
        Delivery("disputes", [DISPUTE, {**DISPUTE, "dispute_no": "JF2", "status": "settled"}]),
        Delivery("hotline_cases", [ORDER, {**ORDER, "order_no": "G2", "status": "resolved"}]),
        Delivery("resident_reports", [REPORT, {**REPORT, "request_id": "R2", "status": "closed"}]),
    )


def listed(ctx, day="2026-10-08"):
    query = """SELECT matter, item, courtyard_code, unit_code, since::text, due_on::text, answers_unit, answers_post
                 FROM mart.open_item_on(:day) WHERE matter <> 'submission' ORDER BY 1, 2"""
    return rows(ctx, query, day=day)


def test_what_is_open_is_listed_with_its_courtyard_its_days_and_its_post(ctx):
    opened(ctx)
    found = {row[0]: row[1:] for row in listed(ctx)}
    grid = ctx.district.grid_of(HOME_CODE).code
    stands = (grid, "网格员")
    assert found["hazards"] == ("YH1", HOME_CODE, grid, "2026-07-03", "2026-07-20", *stands)
    assert found["disputes"] == ("JF1", HOME_CODE, grid, "2026-08-01", None, *stands)
    assert found["hotline_cases"] == ("G1", HOME_CODE, grid, "2026-08-02", "2026-08-09", *stands)
    assert found["resident_reports"] == ("R1", HOME_CODE, grid, "2026-08-03", None, *stands)
    assert found["discrepancy"][1:] == (OTHER_CODE, grid, "2026-10-01", "2026-10-20", *stands)


def test_sheets_not_handed_in_are_open_at_their_grid_and_stop_being_so(ctx):
    query = (
        "SELECT item, unit_code, title, due_on::text FROM mart.open_item_on('2026-10-08') WHERE matter = 'submission'"
    )
    run(ctx, Delivery("grid_activists", [], unit_code=GRID))
    found = {row[0]: row[1:] for row in rows(ctx, query)}
    unit, title, due = found[f"2026Q3/{GRID}"]
    assert (unit, due) == (GRID, "2026-10-05") and "居民骨干" not in title and "低保户" in title
    run(ctx, *(Delivery(name, [], unit_code=GRID) for name in ("grid_party_members", "grid_dibao", "grid_school_age")))
    assert f"2026Q3/{GRID}" not in {row[0] for row in rows(ctx, query)}


def test_a_post_that_falls_vacant_hands_its_open_items_on(ctx, holding):
    opened(ctx)
    grid = ctx.district.grid_of(HOME_CODE).code
    pack = holding(
        term(grid, "网格员", "甲", "2022-06-01", "2026-09-01"),
        term(grid, "网格员", "己", "2026-12-01"),
        term(grid, "网格长", "乙", "2022-06-01", "2026-10-01"),
        term(STREET, "社治办主任", "丁", "2022-06-01"),
    )
    with ctx.engine().begin() as connection:
        assert registers.keep_in_step(connection, pack) > 0

    def stands(day):
        return {row[-2:] for row in listed(ctx, day) if row[3] == grid}

    assert stands("2026-08-31") == {(grid, "网格员")}
    assert stands("2026-09-01") == {(grid, "网格长")}
    assert stands("2026-10-01") == {(STREET, "社治办主任")}
    assert stands("2026-12-01") == {(grid, "网格员")}


def test_nothing_stands_with_a_vacant_post_whoever_holds_what_on_any_day(ctx, holding):
    opened(ctx)

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(terms(), max_size=10), DAYS)
    def holds(posts, day):
        pack = holding(*posts)
        with ctx.engine().connect() as connection:
            registers.keep_in_step(connection, pack)
            query = text("SELECT DISTINCT unit_code, answers_unit, answers_post FROM mart.open_item_on(:day)")
            found = connection.execute(query, {"day": day}).all()
            connection.rollback()
        assert found
        for unit, answers_unit, answers_post in found:
            answers = responsible(pack, unit, day)
            assert (answers_unit, answers_post) == (answers.unit_code, answers.post)
            assert answers.holder or answers.post == PREPARER

    holds()


def test_the_view_of_today_is_the_function_of_today(ctx):
    opened(ctx)
    query = "SELECT count(*) FROM mart.open_item WHERE answers_post IS NULL OR answers_unit IS NULL"
    assert rows(ctx, query) == [(0,)]
    assert rows(ctx, "SELECT count(*) FROM mart.open_item") == rows(ctx, "SELECT count(*) FROM mart.open_matter")


def test_running_the_pack_again_writes_no_spans(ctx):
    run(under(ctx, ctx.district), Delivery("population", [entry("1")], received_at=at(10)))
    with ctx.engine().begin() as connection:
        assert registers.keep_in_step(connection, ctx.district) == 0
    spans = rows(
        ctx,
        "SELECT count(*) FROM warehouse.answering WHERE valid_from <= :day AND valid_to > :day",
        day=date(2026, 7, 1),
    )
    assert spans == [(len(ctx.district.units),)]
