"""The modules that come of rules/archive.yaml: what stands in the sources on the quarter's last day, and no more."""

from __future__ import annotations

import json

import pytest
from deliveries import Delivery
from sqlalchemy import create_engine, make_url, text

from quarter import FACILITY, HOME_CODE, LEDGER, OTHER_CODE, at, benefit, entry, rows, run

Q2, Q3 = "2026Q2", "2026Q3"
HERE, THERE = "四道街4号院", "四道街6号院"
PROJECT = {
    "project_no": "P1", "project_name": "样例", "kind": "aid", "claimed_by": "样例银行", "responsible": "样某",
    "party_org": "四道街社区第1党支部", "claimed_on": "2026-07-01", "progress": "running",
}  # fmt: skip


def module(ctx, name, code=HOME_CODE, period=Q3):
    query = f"SELECT {name} FROM mart.courtyard_archive WHERE courtyard_code = :code AND period = :period"
    return rows(ctx, query, code=code, period=period)[0][0]


def figures(ctx, *names, **where):
    return [module(ctx, name.split(".")[0], **where)[name.split(".")[1]] for name in names]


def test_the_ledger_says_what_a_courtyard_is_and_nothing_of_the_one_it_does_not_list(ctx):
    run(
        ctx,
        Delivery(
            "old_courtyards",
            [LEDGER, {**LEDGER, "building_no": "LJ2", "built_year": "1990", "households": 2}],
            Q3,
            at(10),
        ),
    )
    asked = ("resources.built_year", "resources.ledger_households", "resources.structure", "resources.problems",
             "providers.property_mode", "providers.with_committee", "resources.renovated_in")  # fmt: skip
    assert figures(ctx, *asked) == [1984, 40, ["4"], {"外墙脱落": 2}, ["none"], 0, None]
    assert figures(ctx, *asked, code=OTHER_CODE) == [None] * 7


def test_nothing_delivered_is_not_known_and_nothing_listed_is_none(ctx):
    run(ctx, Delivery("population", [entry("1")], Q3, at(10)))
    assert figures(ctx, "resources.facilities", "items.projects", "response.hazards_open") == [None] * 3
    run(ctx, Delivery("facilities", [FACILITY], Q3, at(10, 2)))
    asked = ("resources.facilities", "resources.facilities_by_kind", "resources.service_points")
    assert figures(ctx, *asked) == [1, {"fire": 1}, 0]
    assert figures(ctx, *asked, code=OTHER_CODE) == [0, {}, 0]


def test_population_that_nobody_delivered_is_not_nobody(ctx):
    run(ctx, Delivery("facilities", [FACILITY], Q3, at(10)))
    assert set(module(ctx, "population").values()) == {None}


def test_a_facility_given_up_is_counted_no_more_from_the_next_quarter_on(ctx):
    run(ctx, Delivery("facilities", [FACILITY], Q2, at(7)))
    run(ctx, Delivery("facilities", [{**FACILITY, "state": "closed"}], Q3, at(10)))
    assert [figures(ctx, "resources.facilities", period=period) for period in (Q2, Q3)] == [[1], [0]]


def test_service_points_and_projects_count_for_the_whole_community(ctx):
    point = {**FACILITY, "kind": "canteen", "address": THERE}
    done = {**PROJECT, "project_no": "P2", "progress": "completed"}
    elsewhere = {**PROJECT, "project_no": "P3", "party_org": "不知何处第1党支部"}
    more = {**PROJECT, "project_no": "P4", "kind": "safety"}
    run(
        ctx,
        Delivery("facilities", [point], Q3, at(10)),
        Delivery("party_projects", [PROJECT, done, elsewhere, more], Q3, at(10)),
    )
    asked = ("resources.service_points", "resources.service_points_near", "items.projects", "items.projects_done",
             "items.projects_by_kind", "providers.partners")  # fmt: skip
    assert figures(ctx, *asked) == [0, 1, 2, 1, {"aid": 1, "safety": 1}, 1]
    far = next(c.code for c in ctx.district.courtyards if ctx.district.community_of(c.code).name != "四道街社区")
    assert figures(ctx, *asked, code=far) == [0, 0, 0, 0, {}, 0]


def test_a_households_benefit_is_paid_once_and_only_of_the_quarters_last_month(ctx):
    two = [benefit("1", "2026-09"), {**benefit("2", "2026-09"), "benefit_no": "B1"}]
    run(ctx, Delivery("dibao_register", two, "2026-09", at(10)))
    assert figures(ctx, "items.dibao_households", "items.dibao_amount") == [1, 930]
    run(ctx, Delivery("population", [entry("1")], "2026Q4", at(12, 31)))
    assert figures(ctx, "items.dibao_households", period="2026Q4") == [None]


def test_a_visit_counts_in_its_own_quarter(ctx):
    old = {"name": "样1", "sex": "1", "birth_date": "1940-01-01", "address": HERE, "self_care": "able", "state": "listed",
           "living": "alone", "band": "80", "allowance": "100"}  # fmt: skip
    visited = ("2026-06-30", "2026-07-01", "2026-09-30", None)
    run(
        ctx,
        Delivery(
            "elderly", [{**old, "id_number": f"ID-{n}", "visited_on": on} for n, on in enumerate(visited)], Q3, at(10)
        ),
    )
    assert figures(ctx, "items.alone", "items.alone_visited", "items.allowance_amount") == [4, 2, 400]


def test_posts_are_counted_and_the_vacant_ones_told(ctx):
    run(ctx, Delivery("population", [entry("1")], Q3, at(10)))
    units = {ctx.district.grid_of(HOME_CODE).code, ctx.district.community_of(HOME_CODE).code}
    posts = {(p.unit_code, p.post) for p in ctx.district.posts if p.unit_code in units}
    assert figures(ctx, "providers.posts", "providers.posts_vacant") == [len(posts), 0]


ORDER = {"order_no": "1", "kind": "complaint", "title": "路灯", "address": HERE, "status": "handling"}
NEW, CLOSED, OPEN, OVERDUE, DUE, MET = 1, 2, 4, 8, 16, 32


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (("2026-06-30T23:00:00+08:00", "2026-06-30T23:59:00+08:00", None), 0),
        (("2026-06-30T23:00:00+08:00", "2026-07-01T00:00:00+08:00", "2026-07-02T00:00:00+08:00"), CLOSED | DUE | MET),
        (("2026-07-03T09:00:00+08:00", "2026-07-09T09:00:00+08:00", "2026-07-08T09:00:00+08:00"), NEW | CLOSED | DUE),
        (("2026-09-30T23:00:00+08:00", "2026-10-01T00:00:00+08:00", "2026-10-05T00:00:00+08:00"), NEW | OPEN),
        (("2026-07-03T09:00:00+08:00", None, "2026-07-08T09:00:00+08:00"), NEW | OPEN | OVERDUE | DUE),
        (("2026-07-03T09:00:00+08:00", None, None), NEW | OPEN),
        (("2026-10-01T00:00:00+08:00", None, None), 0),
    ],
    ids=[
        "over before",
        "answered in time",
        "answered late",
        "answered after the quarter",
        "overdue",
        "no due date",
        "later",
    ],
)
def test_an_order_counts_where_it_stands_at_the_quarters_end(ctx, times, expected):
    created, closed, due = times
    order = {
        **ORDER,
        "created_at": created,
        "closed_at": closed,
        "due_at": due,
        "status": "resolved" if closed else "handling",
    }
    run(ctx, Delivery("hotline_cases", [order], "2026-09", at(10)))
    kinds = ("opened", "closed", "open", "overdue", "due", "due_met")
    found = figures(ctx, *(f"response.hotline_{kind}" for kind in kinds))
    assert found == [int(bool(expected & 1 << bit)) for bit in range(6)]


def test_what_was_open_at_the_beginning_and_what_came_less_what_was_closed_is_open_at_the_end(ctx):
    hazard = {"kind": "fire", "grade": "general", "description": "杂物", "responsible_unit": "物业", "address": HERE,
              "due_on": "2026-09-30", "is_closed": False}  # fmt: skip
    told = [
        Delivery("hazards", [{**hazard, "hazard_no": n, "found_at": f"2026-06-{20 + i}T09:00:00+08:00"} for i, n in enumerate("AB")], "2026-06", at(7)),
        Delivery("hazards", [{**hazard, "hazard_no": "C", "found_at": "2026-08-02T09:00:00+08:00"},
                             {**hazard, "hazard_no": "A", "found_at": "2026-06-20T09:00:00+08:00", "completed_on": "2026-06-29", "is_closed": True}], "2026-08", at(9)),
    ]  # fmt: skip
    for delivery in told:
        run(ctx, delivery)
    before = figures(ctx, "response.hazards_open", period=Q2)[0]
    opened, closed, left = figures(ctx, "response.hazards_opened", "response.hazards_closed", "response.hazards_open")
    assert (before, opened, closed, left) == (2, 1, 1, 2)


def test_a_grid_speaks_for_its_own_courtyards_only(ctx):
    activist = {
        "name": "样1",
        "sex": "1",
        "courtyard": HERE,
        "activist_kind": "mediator",
        "change_kind": "added",
        "id_number": "ID-1",
    }
    grid = ctx.district.grid_of(HOME_CODE).code
    run(ctx, Delivery("grid_activists", [activist], Q3, at(10), unit_code=grid))
    other = next(c.code for c in ctx.district.courtyards if ctx.district.grid_of(c.code).code != grid)
    found = [module(ctx, "key_groups", code=code)["activist"] for code in (HOME_CODE, OTHER_CODE, other)]
    same_grid = ctx.district.grid_of(OTHER_CODE).code == grid
    assert found == [1, 0 if same_grid else None, None]
    assert module(ctx, "resources")["activists_by_kind"] == {"mediator": 1}


def test_a_courtyard_that_the_register_lists_no_more_loses_its_archive_tags_and_indicators(ctx):
    run(ctx, Delivery("population", [entry("1")], Q3, at(10)))
    gone = next(c.code for c in reversed(ctx.district.courtyards) if ctx.district.history.exists(c.code, at(10).date()))
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.execute(text("DELETE FROM warehouse.courtyard WHERE courtyard_code = :code"), {"code": gone})
    admin.dispose()
    from courtyard.warehouse import archive

    assert archive(ctx)["changed"] == 1
    assert (
        rows(
            ctx,
            "SELECT 1 FROM warehouse.courtyard_archive WHERE courtyard_code = :c AND superseded_at = 'infinity'",
            c=gone,
        )
        == []
    )
    assert (
        rows(
            ctx,
            "SELECT 1 FROM warehouse.courtyard_indicator WHERE unit_code = :c AND superseded_at = 'infinity'",
            c=gone,
        )
        == []
    )


def test_no_name_and_no_number_of_a_person_stands_in_an_archive(ctx):
    run(ctx, Delivery("population", [entry("1")], Q3, at(10)), Delivery("party_projects", [PROJECT], Q3, at(10)))
    query = "SELECT population, key_groups, resources, providers, items, response FROM mart.courtyard_archive"
    said = json.dumps(rows(ctx, query), ensure_ascii=False)
    assert "样1" not in said and "样某" not in said and "ID-1" not in said
