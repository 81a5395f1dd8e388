"""Whatever the order, repetition and delay of deliveries, the same is believed in the end."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from deliveries import Delivery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtyard.period import Period
from courtyard.warehouse import archive
from courtyard.warehouse.hashing import content_hash, ledger
from quarter import (
    HOME,
    HOME_CODE,
    LEDGER,
    OTHER_CODE,
    OTHER_HOME,
    at,
    benefit,
    child,
    entry,
    ledger_balances,
    quarter_of,
    rows,
    run,
    wipe,
)

Q1, Q2, Q3 = "2026Q1", "2026Q2", "2026Q3"
HAZARD = {
    "hazard_no": "YH1", "kind": "fire", "grade": "general", "description": "杂物", "responsible_unit": "物业",
    "address": "四道街4号院", "found_at": "2026-02-03T09:00:00+08:00", "due_on": "2026-04-20", "is_closed": False,
}  # fmt: skip
HISTORY = (
    Delivery("population", [entry("1", phone="a"), entry("2", id_number=None), entry("3", status="resident")], Q1, at(4)),
    Delivery("population", [entry("1", phone="b"), entry("2", id_number=None, address=OTHER_HOME), entry("3")], Q2, at(7)),
    Delivery("population", [entry("1", phone="a"), entry("3", status="moved_out"), entry("0", id_number="ID-3", name="样3")], Q3, at(10)),
    Delivery("grid_school_age", [child("1"), child("2"), child("4")], Q1, at(4, 3), at(3, 25), "510105005002001"),
    Delivery("grid_school_age", [child("1", guardian="乙")], Q1, at(4, 3), at(3, 25), "510105005002002"),
    Delivery("grid_school_age", [child("2", guardian="丙"), child("4", id_number=None)], Q2, at(10, 2), at(6, 25), "510105005002001", fetched_for=Q3),
    Delivery("dibao_register", [benefit("2", "2026-02", id_number=None), benefit("5", "2026-02")], "2026-02", at(3, 3)),
    Delivery("dibao_register", [benefit("5", "2026-02", monthly_amount="800")], "2026-02", at(5, 3), fetched_for="2026-06"),
    Delivery("old_courtyards", [LEDGER], Q1, at(4, 2)),
    Delivery("old_courtyards", [{**LEDGER, "property_mode": "company"}], Q2, at(7, 2)),
    Delivery("hazards", [HAZARD], "2026-02", at(3, 2)),
    Delivery("hazards", [{**HAZARD, "completed_on": "2026-04-19", "is_closed": True}], "2026-04", at(5, 2)),
)  # fmt: skip


# A person leaves and returns, a household splits and joins again, a quarter is corrected twice, a month comes thrice.
LIVES = (
    Delivery("population", [entry("1"), entry("2"), entry("3", household_no="H2")], Q1, at(4)),
    Delivery("population", [entry("1", status="moved_out"), entry("2", household_no="H3", address=OTHER_HOME), entry("3", household_no="H2")], Q2, at(7)),
    Delivery("population", [entry("1", household_no="H4", address=OTHER_HOME), entry("2"), entry("3", household_no="H2")], Q3, at(10)),
    Delivery("population", [entry("1", household_no="H4", address=OTHER_HOME), entry("2"), entry("3")], "2026Q4", at(1, year=2027)),
    Delivery("population", [entry("1"), entry("2", phone="b"), entry("3", household_no="H2")], Q1, at(8), at(8), fetched_for=Q3),
    Delivery("population", [entry("1", phone="c"), entry("2"), entry("3", household_no="H2")], Q1, at(9), at(4, 20), fetched_for=Q3),
    Delivery("dibao_register", [benefit("1", "2026-05"), benefit("2", "2026-05")], "2026-05", at(6, 3)),
    Delivery("dibao_register", [benefit("2", "2026-05", monthly_amount="1")], "2026-05", at(6, 9)),
    Delivery("dibao_register", [benefit("1", "2026-05"), benefit("2", "2026-05", monthly_amount="2")], "2026-05", at(7, 9), at(6, 5), fetched_for=Q3),
    Delivery("grid_school_age", [child("2", address=OTHER_HOME), child("9")], Q2, at(7, 2), at(6, 20), "510105005002001"),
)  # fmt: skip
READ_AGAIN = Delivery("grid_school_age", [child("1", guardian="乙")], Q2, at(7, 3), at(6, 21), "510105005002002")


def _in_order(ctx, order: list[Delivery]) -> None:
    """Each delivery by itself, in this order; one of a quarter follows another only when its turn comes."""
    for delivery in order:
        run(ctx, delivery)


def _any_order(ctx, order: list[Delivery], repeated: list[Delivery]) -> None:
    wipe(ctx)
    _in_order(ctx, sorted(order, key=lambda d: d.received_at))
    expected = content_hash(ctx.engine())
    wipe(ctx)
    _in_order(ctx, [*order, *repeated])
    assert content_hash(ctx.engine()) == expected
    assert ledger_balances(ctx)


_ORDERS = {"order": st.permutations(HISTORY), "repeated": st.lists(st.sampled_from(HISTORY), max_size=2)}
_ONE_WAREHOUSE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=3, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(**_ORDERS)
def test_any_order_and_repetition_of_deliveries_ends_in_the_same_belief(ctx, order, repeated):
    _any_order(ctx, order, repeated)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(**_ORDERS)
def test_many_orders_and_repetitions_end_in_the_same_belief(ctx, order, repeated):
    _any_order(ctx, order, repeated)


_LIVES = {"order": st.permutations(LIVES), "repeated": st.lists(st.sampled_from(LIVES), max_size=2)}


@settings(max_examples=3, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(**_LIVES)
def test_departures_returns_splits_and_corrections_in_any_order_end_in_the_same_belief(ctx, order, repeated):
    _any_order(ctx, order, repeated)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(**_LIVES)
def test_lives_in_many_orders_end_in_the_same_belief(ctx, order, repeated):
    _any_order(ctx, order, repeated)


@settings(max_examples=3, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(order=st.permutations(LIVES), first=st.integers(0, len(LIVES)), again=st.integers(0, len(LIVES)))
def test_a_delivery_read_again_says_now_what_it_says_whenever_that_is(ctx, order, first, again):
    first, again = sorted((first, again))
    wipe(ctx)
    _in_order(ctx, [*LIVES, replace(READ_AGAIN, contract_version=2)])
    expected = content_hash(ctx.engine())
    wipe(ctx)
    steps = [*order[:first], READ_AGAIN, *order[first:again], replace(READ_AGAIN, contract_version=2), *order[again:]]
    _in_order(ctx, steps)
    assert content_hash(ctx.engine()) == expected
    assert rows(ctx, "SELECT count(*) FROM warehouse.observation WHERE batch_id LIKE '%/v1' AND delivery_id = :id",
                id=READ_AGAIN.delivery_id) == [(0,)]  # fmt: skip


def pupil(name, **values):
    row = {"student_no": "S", "name": name, "sex": "1", "birth_date": "1980-01-01", "school": "样例小学"}
    return {**row, "is_migrant": False, "address": HOME, **values}


def certificate(number, name, **values):
    row = {"disability_no": number, "name": name, "sex": "1", "kind": "1", "grade": "1", "subsidy": "none"}
    return {**row, "address": HOME, "state": "listed", **values}


def one_person(left, right):
    row = {"decision_no": "D1", "matter": "same_person", "verdict": "same", "left_record": left, "right_record": right}
    return {**row, "decided_by": "街道办事处审核岗", "decided_at": at(10, 9).isoformat(), "reason": "入户核实"}


# Who somebody is comes out two quarters after they were first spoken of: by a decision, or by an ID number.
REGISTER = Delivery("population", [entry("1"), entry("2", household_no="H2", address=OTHER_HOME)], Q1, at(4))
DECIDED = (
    REGISTER,
    Delivery("school_children", [pupil("别样")], Q1, at(4, 2)),
    Delivery("school_children", [pupil("别样")], Q2, at(7)),
    Delivery("decisions", [one_person("population/1", "school_children/S")], Q3, at(10, 9)),
)
TOLD = (
    REGISTER,
    Delivery("school_children", [pupil("样一一")], Q1, at(4, 2)),
    Delivery("school_children", [pupil("样一一", id_number="ID-1")], Q3, at(10)),
)
COUNTED = (
    REGISTER,
    Delivery("disabled_persons", [certificate("C1", "样甲"), certificate("C2", "样乙")], Q1, at(4, 2)),
    Delivery("decisions", [one_person("disabled_persons/C1", "disabled_persons/C2")], Q3, at(10, 9)),
)


@pytest.mark.parametrize("history", [DECIDED, TOLD], ids=["decided", "told"])
def test_claims_of_one_who_turns_out_to_be_somebody_else_are_compared_in_the_quarters_before_too(ctx, history):
    _in_order(ctx, list(history))
    compared = (
        "SELECT period, attribute, recorded_at FROM warehouse.discrepancy WHERE superseded_at = 'infinity' ORDER BY 1"
    )
    last = history[-1].received_at
    assert rows(ctx, compared) == [(quarter, "name", last) for quarter in sorted({d.period for d in history})]
    expected = content_hash(ctx.engine())
    wipe(ctx)
    _in_order(ctx, list(reversed(history)))
    assert content_hash(ctx.engine()) == expected


def test_two_who_turn_out_to_be_one_are_counted_once_in_the_quarters_before_too(ctx):
    _in_order(ctx, list(COUNTED))
    counted = """SELECT period, key_groups ->> 'disabled', recorded_at, superseded_at < 'infinity' FROM warehouse.courtyard_archive
                  WHERE courtyard_code = :code ORDER BY 1, 3"""
    assert rows(ctx, counted, code=HOME_CODE) == [
        (Q1, None, at(4), True),
        (Q1, "2", at(4, 2), True),
        (Q1, "1", at(10, 9), False),
        (Q3, "1", at(10, 9), False),
    ]
    expected = content_hash(ctx.engine())
    register, disabled, decision = COUNTED
    for order in ([decision, disabled, register], [disabled, decision, register]):
        wipe(ctx)
        _in_order(ctx, order)
        assert content_hash(ctx.engine()) == expected


def test_of_two_who_turn_out_to_be_one_what_the_source_said_last_holds_whenever_that_was_decided(ctx):
    elsewhere = certificate("C2", "样乙", address=OTHER_HOME)
    both = Delivery("disabled_persons", [certificate("C1", "样甲"), elsewhere], Q1, at(4, 2))
    again = Delivery("disabled_persons", [certificate("C1", "样甲", guardian="样丙")], Q1, at(4, 5))
    decision = COUNTED[-1]
    counted = """SELECT courtyard_code, key_groups ->> 'disabled' FROM warehouse.courtyard_archive
                  WHERE superseded_at = 'infinity' AND period = '2026Q1' AND courtyard_code IN (:here, :there)"""
    hashes = set()
    for order in ([both, again, decision], [again, decision, both]):
        wipe(ctx)
        _in_order(ctx, order)
        assert dict(rows(ctx, counted, here=HOME_CODE, there=OTHER_CODE)) == {HOME_CODE: "1", OTHER_CODE: "0"}
        hashes.add(content_hash(ctx.engine()))
    assert len(hashes) == 1


@pytest.mark.parametrize("history", [HISTORY, LIVES])
def test_every_accepted_row_is_an_observation(ctx, history):
    _in_order(ctx, list(history))
    _in_order(ctx, list(reversed(history)))
    merged = "SELECT batch_id, merged FROM quality.batch WHERE merged > 0 ORDER BY 1"
    seen = "SELECT batch_id, count(*) FROM warehouse.observation GROUP BY 1 ORDER BY 1"
    assert rows(ctx, merged) == rows(ctx, seen)
    lost = """SELECT count(*) FROM warehouse.record k
               WHERE NOT EXISTS (SELECT FROM warehouse.observation o
                                  WHERE (o.delivery_id, o.sheet, o.row_no, o.record_key) = (k.delivery_id, k.sheet, k.row_no, k.record_key)
                                    AND o.attrs = k.attrs)"""
    assert rows(ctx, lost) == [(0,)]


def test_deliveries_of_a_quarter_merged_at_once_or_one_by_one_are_one_belief_and_one_history(ctx):
    received = sorted(HISTORY, key=lambda d: (quarter_of(d), d.received_at))
    _in_order(ctx, received)
    one_by_one = content_hash(ctx.engine())
    wipe(ctx)
    for _, deliveries in groupby(received, quarter_of):
        run(ctx, *deliveries)
    assert content_hash(ctx.engine()) == one_by_one


def test_replaying_the_same_ledger_gives_the_same_full_hash(ctx):
    received = sorted(HISTORY, key=lambda d: d.received_at)
    hashes = []
    for _ in range(2):
        wipe(ctx)
        _in_order(ctx, received)
        hashes.append((content_hash(ctx.engine(), full=True), content_hash(ctx.engine())))
    assert hashes[0] == hashes[1]
    assert hashes[0][0] != hashes[0][1]


def test_the_hash_sees_a_changed_value_and_not_when_it_was_received(ctx):
    day, later = Delivery("population", [entry("1")], Q1, at(4)), Delivery("population", [entry("1")], Q1, at(5))
    other = Delivery("population", [entry("1", phone="b")], Q1, at(4))
    hashes = []
    for delivery in (day, later, other):
        wipe(ctx)
        run(ctx, delivery)
        hashes.append((content_hash(ctx.engine()), content_hash(ctx.engine(), full=True)))
    assert hashes[0][0] == hashes[1][0] != hashes[2][0]
    assert hashes[0][1] != hashes[1][1]


def test_the_hash_sees_a_tag_and_an_indicator(ctx):
    run(ctx, Delivery("old_courtyards", [LEDGER], Q1, at(4)))
    known = {content_hash(ctx.engine())}
    for changed in ({"tags": ctx.district.tags[:1]}, {"indicators": ctx.district.indicators[:1]}):
        archive(replace(ctx, period=Period.quarter(Q1), district=ctx.district.model_copy(update=changed)))
        known.add(content_hash(ctx.engine()))
    assert len(known) == 3


def test_the_ledger_says_where_every_row_went(ctx):
    run(
        ctx,
        Delivery("population", [entry("1"), entry("1"), entry("2", address="四道街999号院")], Q1, at(4), structural=2),
    )
    (line,) = ledger(ctx.engine())
    (sha256,) = rows(ctx, "SELECT sha256 FROM landing.delivery")[0]
    assert line == {
        "source": "population", "dataset": "population", "period": Q1, "sha256": sha256, "landed": 3, "merged": 1,
        "quarantined": 1, "superseded": 1, "held": 0, "structural": 2, "residual": 0,
    }  # fmt: skip
