from __future__ import annotations

from deliveries import Delivery

from quarter import HOME_CODE, OTHER_CODE, OTHER_HOME, at, benefit, child, entry, rows, run

Q2, Q3 = "2026Q2", "2026Q3"
QUERY = "SELECT period, attribute, chosen_dataset, status, claims FROM mart.discrepancy ORDER BY 1, 2"


def test_sources_that_disagree_are_shown_with_every_claim_and_whom_the_pack_trusts(ctx):
    register = Delivery("population", [entry("1"), entry("2")], Q3, at(10))
    grid = Delivery("grid_school_age", [child("1", name="样1变"), child("2", address=OTHER_HOME)], Q3, at(10))
    counts = run(ctx, register, grid)
    assert counts["discrepancies"] == 2
    home, name = rows(ctx, QUERY)
    assert home[:4] == (Q3, "courtyard_code", "grid_school_age", "open")
    assert [(c["dataset"], c["value"]) for c in home[4]] == [("grid_school_age", OTHER_CODE), ("population", HOME_CODE)]
    assert name[:4] == (Q3, "name", "population", "open")
    said = {"said_at": "2026-10-01T08:00:00Z", "said_for": Q3, "row_no": 2}
    assert name[4] == [
        {"dataset": "population", "value": "样1", "delivery_id": register.delivery_id, "sheet": "", **said},
        {"dataset": "grid_school_age", "value": "样1变", "delivery_id": grid.delivery_id, "sheet": "适龄儿童", **said},
    ]


def test_a_date_known_to_the_month_agrees_with_a_day_in_it(ctx):
    pupils = [child("1", birth_date="1980-01"), child("2", birth_date="1980-02")]
    run(
        ctx,
        Delivery("population", [entry("1"), entry("2")], Q3, at(10)),
        Delivery("grid_school_age", pupils, Q3, at(10)),
    )
    assert [(r[1], r[2]) for r in rows(ctx, QUERY)] == [("birth_date", "population")]


def test_a_disagreement_settled_by_a_later_delivery_of_the_quarter_is_gone(ctx):
    run(
        ctx,
        Delivery("population", [entry("1")], Q3, at(10)),
        Delivery("grid_school_age", [child("1", name="样1变")], Q3, at(10)),
    )
    run(ctx, Delivery("grid_school_age", [child("1")], Q3, at(10, 5)))
    assert rows(ctx, QUERY) == []


def test_each_quarter_keeps_its_own(ctx):
    run(
        ctx,
        Delivery("population", [entry("1")], Q2, at(7)),
        Delivery("grid_school_age", [child("1", name="样1变")], Q2, at(7)),
    )
    run(ctx, Delivery("grid_school_age", [child("1")], Q3, at(10)))
    assert [r[0] for r in rows(ctx, QUERY)] == [Q2]


def test_what_is_over_does_not_disagree(ctx):
    run(ctx, Delivery("population", [entry("1", status="moved_out", name="旧名")], Q3, at(10)))
    run(ctx, Delivery("dibao_register", [benefit("1", name="样1")], "2026-07", at(8)))
    assert rows(ctx, QUERY) == []
