"""Deliveries in, timelines out: what is believed, since when, and what was believed before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deliveries import Delivery, stage

from courtyard.errors import LeaseLost
from courtyard.identity import link
from courtyard.store import lease
from courtyard.warehouse import merge, merging
from courtyard.warehouse.hashing import content_hash
from quarter import HOME_CODE, OTHER_CODE, OTHER_HOME, at, beliefs, benefit, child, entry, ledger_balances, rows, run

Q1, Q2, Q3 = "2026Q1", "2026Q2", "2026Q3"


def population(period: str, *entries, received=None, **values) -> Delivery:
    month = {"2025Q4": 1, Q1: 4, Q2: 7, Q3: 10}[period]
    return Delivery("population", list(entries), period, received or at(month), **values)


def test_a_first_delivery_is_believed_from_the_start_of_its_period_on(ctx):
    counts = run(ctx, population(Q1, entry("1", household_no="H7")))
    assert counts == {
        "batches": 1, "held": 0, "merged": 1, "unchanged": 0, "superseded": 0, "quarantined": 0, "changed": 1,
        "discrepancies": 0,
    }  # fmt: skip
    (row,) = rows(
        ctx,
        "SELECT record_key, valid_from::text, valid_to::text, superseded_at::text, recorded_at, courtyard_code, building,"
        " unit_no, room, person_id IS NOT NULL, household_id IS NOT NULL, delivery_id, row_no FROM warehouse.record",
    )
    delivery = population(Q1, entry("1", household_no="H7")).delivery_id
    assert row == (
        "1",
        "2026-01-01",
        "infinity",
        "infinity",
        at(4),
        HOME_CODE,
        "3",
        "2",
        "201",
        True,
        True,
        delivery,
        2,
    )
    assert rows(ctx, "SELECT count(*) FROM staging.row UNION ALL SELECT count(*) FROM staging.link") == [(0,), (0,)]
    assert rows(ctx, "SELECT status, merged, unchanged FROM quality.batch") == [("merged", 1, 0)]


def test_a_quarter_that_says_the_same_changes_nothing(ctx):
    run(ctx, population(Q1, entry("1"), entry("2")))
    counts = run(ctx, population(Q2, entry("1"), entry("2")))
    assert (counts["merged"], counts["unchanged"], counts["changed"]) == (2, 2, 0)
    assert len(beliefs(ctx)) == 2 and ledger_balances(ctx)


def test_a_change_ends_the_old_belief_and_keeps_what_was_known(ctx):
    run(ctx, population(Q1, entry("1", address=OTHER_HOME)))
    counts = run(ctx, population(Q2, entry("1")))
    assert (counts["merged"], counts["unchanged"], counts["changed"]) == (1, 0, 2)
    query = """SELECT valid_from::text, valid_to::text, recorded_at, superseded_at::text, courtyard_code
                 FROM warehouse.record WHERE is_current = :current ORDER BY 1"""
    assert rows(ctx, query, current=True) == [
        ("2026-01-01", "2026-04-01", at(7), "infinity", OTHER_CODE),
        ("2026-04-01", "infinity", at(7), "infinity", HOME_CODE),
    ]
    assert rows(ctx, query.replace("::text, courtyard", ", courtyard"), current=False) == [
        ("2026-01-01", "infinity", at(4), at(7), OTHER_CODE)
    ]


def test_running_a_quarter_again_changes_nothing(ctx):
    run(ctx, population(Q1, entry("1")), Delivery("grid_school_age", [child("1")], Q1, at(4)))
    before = content_hash(ctx.engine(), full=True)
    assert run(replace(ctx, period=ctx.period.previous().previous()))["batches"] == 0
    assert content_hash(ctx.engine(), full=True) == before


def test_absent_from_a_register_is_not_departed_but_said_to_be_gone_is(ctx):
    run(ctx, population(Q1, entry("1"), entry("2")))
    run(ctx, population(Q2, entry("2", status="moved_out")))
    query = "SELECT record_key, valid_from::text, is_active FROM warehouse.record WHERE is_current ORDER BY 1, 2"
    assert rows(ctx, query) == [("1", "2026-01-01", True), ("2", "2026-01-01", True), ("2", "2026-04-01", False)]


def test_an_old_version_that_arrives_late_changes_only_the_past(ctx):
    run(ctx, population(Q1, entry("1", phone="a")))
    run(ctx, population(Q3, entry("1", phone="a")))
    run(ctx, population(Q2, entry("1", phone="b"), received=at(11)))
    token = ctx.keys.token
    assert beliefs(ctx) == [
        ("1", "2026-01-01", "2026-04-01", token("a")),
        ("1", "2026-04-01", "2026-07-01", token("b")),
        ("1", "2026-07-01", "infinity", token("a")),
    ]


def test_the_sources_version_decides_not_the_order_of_arrival(ctx):
    newer = population(Q1, entry("1", phone="new"), received=at(4), version_at=at(3, 20))
    older = population(Q1, entry("1", phone="old"), received=at(5), version_at=at(3, 10))
    run(ctx, newer)
    counts = run(ctx, older)
    assert counts["changed"] == 0
    assert beliefs(ctx) == [("1", "2026-01-01", "infinity", ctx.keys.token("new"))]
    assert ledger_balances(ctx)


def test_what_was_learned_late_is_not_backdated_to_when_it_could_have_been_known(ctx):
    run(ctx, population(Q2, entry("1", phone="b"), received=at(8)))
    run(ctx, population(Q1, entry("1", phone="a"), received=at(7)))
    query = "SELECT valid_from::text, recorded_at FROM warehouse.record WHERE is_current ORDER BY 1"
    assert rows(ctx, query) == [("2026-01-01", at(8)), ("2026-04-01", at(8))]


def test_a_correction_of_a_past_quarter_keeps_what_was_known_before(ctx):
    run(ctx, population(Q1, entry("1", phone="a")))
    run(ctx, population(Q1, entry("1", phone="b"), received=at(8), version_at=at(8)))
    known = "SELECT attrs ->> 'phone' FROM warehouse.record WHERE recorded_at <= :when AND superseded_at > :when"
    assert rows(ctx, known, when=at(5)) == [(ctx.keys.token("a"),)]
    assert rows(ctx, known, when=at(9)) == [(ctx.keys.token("b"),)]


def test_a_row_twice_in_a_delivery_counts_once_and_the_last_one_speaks(ctx):
    counts = run(ctx, population(Q1, entry("1", phone="a"), entry("2"), entry("2"), entry("1", phone="b")))
    assert (counts["merged"], counts["superseded"]) == (2, 2)
    assert beliefs(ctx)[0][3] == ctx.keys.token("b")
    assert rows(ctx, "SELECT row_no, code, severity FROM quality.finding") == [(2, "record.repeated", "warning")]
    assert ledger_balances(ctx)


def test_a_child_in_two_grids_counts_once_and_the_last_confirmed_wins(ctx):
    here = Delivery(
        "grid_school_age", [child("1", guardian="甲")], Q1, at(4, 2), at(3, 25), "510105005002001", structural=3
    )
    there = Delivery("grid_school_age", [child("1", guardian="乙")], Q1, at(4, 1), at(3, 28), "510105005002002")
    counts = run(ctx, here, there)
    assert (counts["merged"], counts["superseded"]) == (2, 0)
    assert [b[3] for b in beliefs(ctx, "guardian", "grid_school_age")] == ["乙"]
    assert ledger_balances(ctx)


def test_beliefs_of_deliveries_merged_together_are_recorded_one_by_one(ctx):
    first = Delivery("grid_school_age", [child("1", guardian="甲")], Q1, at(4, 1), at(3, 1), "510105005002001")
    second = Delivery("grid_school_age", [child("1", guardian="乙")], Q1, at(4, 2), at(3, 2), "510105005002002")
    third = Delivery("grid_school_age", [child("1", guardian="甲")], Q1, at(4, 3), at(3, 3), "510105005002003")
    run(ctx, third, first, second)
    query = "SELECT attrs ->> 'guardian', recorded_at FROM warehouse.record ORDER BY recorded_at"
    assert rows(ctx, query) == [("甲", at(4, 1)), ("乙", at(4, 2)), ("甲", at(4, 3))]


def test_a_months_register_is_complete_and_ends_with_its_month(ctx):
    july = Delivery("dibao_register", [benefit("1"), benefit("2")], "2026-07", at(8, 3))
    run(ctx, july)
    assert [b[1:3] for b in beliefs(ctx, dataset="dibao_register")] == [("2026-07-01", "2026-08-01")] * 2
    corrected = Delivery("dibao_register", [benefit("2"), benefit("3")], "2026-07", at(8, 9))
    run(ctx, corrected)
    assert sorted(b[3] for b in beliefs(ctx, "benefit_no", "dibao_register")) == ["B2", "B3"]
    gone = "SELECT attrs ->> 'benefit_no', superseded_at FROM warehouse.record WHERE NOT is_current"
    assert rows(ctx, gone) == [("B1", at(8, 9))]
    assert ledger_balances(ctx)


def test_an_older_version_of_a_month_adds_nothing_to_the_newest(ctx):
    run(ctx, Delivery("dibao_register", [benefit("2")], "2026-07", at(8, 9)))
    run(
        ctx,
        Delivery("dibao_register", [benefit("1"), benefit("2", monthly_amount="800")], "2026-07", at(8, 10), at(8, 3)),
    )
    assert [b[3] for b in beliefs(ctx, "monthly_amount", "dibao_register")] == ["930"]


def test_the_household_comes_from_the_register_as_of_the_day_the_fact_began(ctx):
    run(ctx, Delivery("grid_school_age", [child("1")], Q1, at(4)))
    run(ctx, population(Q1, entry("1", household_no="H1"), received=at(4, 2)))
    run(
        ctx,
        population(Q2, entry("1", household_no="H2")),
        Delivery("dibao_register", [benefit("1", "2026-04")], "2026-04", at(5)),
    )
    query = """SELECT dataset, valid_from::text, household_id, person_id FROM warehouse.record
                WHERE is_current ORDER BY dataset, valid_from"""
    found = rows(ctx, query)
    households = {(dataset, start): household for dataset, start, household, _ in found}
    assert households["grid_school_age", "2026-01-01"] == households["population", "2026-01-01"]
    assert households["dibao_register", "2026-04-01"] == households["population", "2026-04-01"]
    assert households["population", "2026-01-01"] != households["population", "2026-04-01"]
    assert len({person for *_, person in found}) == 1


def test_a_record_follows_its_person_when_the_register_comes_to_know_them(ctx):
    run(ctx, Delivery("grid_school_age", [child("1")], Q1, at(4)))
    run(ctx, population(Q1, entry("1", id_number=None), received=at(5)))
    query = "SELECT DISTINCT person_id FROM warehouse.record WHERE is_current"
    assert len(rows(ctx, query)) == 1
    assert rows(ctx, "SELECT recorded_at, superseded_at FROM warehouse.record WHERE NOT is_current") == [(at(4), at(5))]


def test_an_entry_follows_the_earlier_entry_of_the_same_person_that_arrives_late(ctx):
    run(ctx, population(Q2, entry("2", id_number="X", name="样某")))
    run(ctx, population(Q1, entry("1", id_number="X", name="样某"), received=at(8)))
    assert len(rows(ctx, "SELECT DISTINCT person_id FROM warehouse.record WHERE is_current")) == 1
    assert rows(ctx, "SELECT record_key, superseded_at FROM warehouse.record WHERE NOT is_current") == [("2", at(8))]


def test_quarantined_rows_are_not_merged_and_the_ledger_balances(ctx):
    counts = run(ctx, population(Q1, entry("1"), entry("2", address="四道街999号院"), structural=2))
    assert (counts["merged"], counts["quarantined"]) == (1, 1)
    assert ledger_balances(ctx)


def test_a_merge_killed_halfway_leaves_nothing_and_the_next_one_does_it_all(ctx, monkeypatch):
    stage(ctx, population(Q3, entry("1")))
    link(ctx)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(merging.discrepancies, "find", killed)
        merge(ctx)
    assert rows(ctx, "SELECT count(*) FROM warehouse.record UNION ALL SELECT count(*) FROM warehouse.observation") == [
        (0,),
        (0,),
    ]
    assert rows(ctx, "SELECT status FROM quality.batch") == [("linked",)]
    assert merge(ctx)["merged"] == 1


def test_rows_that_a_crash_of_the_server_took_from_staging_hold_their_batch(ctx):
    stage(ctx, population(Q3, entry("1"), entry("2")))
    link(ctx)
    with ctx.engine().begin() as connection:
        connection.exec_driver_sql("DELETE FROM staging.row")
        connection.exec_driver_sql("DELETE FROM staging.link")
    counts = merge(ctx)
    assert (counts["batches"], counts["held"], counts["merged"]) == (0, 1, 0)
    assert rows(ctx, "SELECT status, held FROM quality.batch") == [("held", 2)]
    assert ledger_balances(ctx)


def test_a_lost_lease_merges_nothing(ctx):
    stage(ctx, population(Q3, entry("1")))
    link(ctx)
    token = lease.acquire(ctx)
    lease.acquire(ctx)
    with pytest.raises(LeaseLost):
        merge(replace(ctx, token=token))
    assert rows(ctx, "SELECT status FROM quality.batch") == [("linked",)]


def test_reference_tables_follow_the_pack_and_equal_rows_are_left_alone(ctx):
    run(ctx, population(Q1, entry("1")))
    stamp = "SELECT max(xmin::text::bigint) FROM warehouse.courtyard"
    before = rows(ctx, stamp)
    renamed = ctx.district.model_copy(
        update={
            "courtyards": (ctx.district.courtyards[0].model_copy(update={"name": "新名"}), *ctx.district.courtyards[1:])
        }
    )
    run(ctx, population(Q2, entry("1")))
    assert rows(ctx, stamp) == before
    run(replace(ctx, district=renamed), population(Q3, entry("1")))
    assert rows(ctx, "SELECT count(*) FROM warehouse.courtyard WHERE name = '新名'") == [(1,)]
    assert rows(ctx, "SELECT count(*) FROM warehouse.courtyard") == [(len(ctx.district.courtyards),)]
