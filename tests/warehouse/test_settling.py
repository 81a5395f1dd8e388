"""What settles a discrepancy, when it is asked again, and what is believed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from deliveries import Delivery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from courtyard.period import Period
from courtyard.submissions import questions
from courtyard.submissions.form import Form
from courtyard.submissions.prefill import lists
from courtyard.warehouse.hashing import content_hash
from quarter import HOME, OTHER_CODE, OTHER_HOME, at, child, entry, rows, run, wipe

Q2, Q3, Q4 = "2026Q2", "2026Q3", "2026Q4"
BORN = "2021-01-01"
GRID, OTHER_GRID = "510105005002001", "510105005002002"
STATE = "SELECT period, attribute, status, settled_how, settled_by, rule, value FROM mart.discrepancy ORDER BY 1, 2"
NAME = "SELECT name FROM mart.person_current"


def register(period=Q3, received=at(10), **values):
    return Delivery("population", [entry("1", **{"birth_date": BORN, **values})], period, received)


def grid_list(period=Q3, received=at(10), unit=GRID, **values):
    pupil = child("1", **{"birth_date": BORN, **values})
    return Delivery("grid_school_age", [pupil], period, received, unit_code=unit)


def basis(ctx, attribute="name"):
    found = "SELECT DISTINCT basis, person_id FROM mart.discrepancy WHERE attribute = :attribute AND status = 'open'"
    return rows(ctx, found, attribute=attribute)[0]


def decision(ctx, value, number="k1", decided=at(10, 3), period=Q3, attribute="name"):
    """What the desk writes about the open discrepancy."""
    claims, person = basis(ctx, attribute)
    return decided_on(claims, person, value, number, decided, period, attribute)


def decided_on(claims, person, value, number="k1", decided=at(10, 3), period=Q3, attribute="name"):
    row = {
        "decision_no": number, "matter": "claim", "verdict": "chosen", "person_id": person, "attribute": attribute,
        "basis": claims, "value": value, "decided_by": "街道办事处审核岗", "decided_at": decided.isoformat(), "reason": "电话核实",
    }  # fmt: skip
    return Delivery("decisions", [row], period, decided)


def asked(ctx, period=Q4, unit=GRID):
    """The questions in a grid's workbook of a quarter, as rows of the sheet."""
    ctx = replace(ctx, period=Period.quarter(period))
    form = Form.of(ctx.district)
    with ctx.engine().connect() as connection:
        contents = lists(connection, ctx, form, ctx.district.units_valid_on(ctx.period.last_day, "grid"))
        questions.add(connection, ctx, form, contents)
    return contents[unit].questions


def answer(ctx, choice, period=Q4, received=None, unit=GRID, **values):
    (question,) = asked(ctx, period, unit)
    row = {"question_ref": question["question_ref"], "choice": choice, **values}
    return Delivery("grid_answers", [row], period, received or at(12, 20), unit_code=unit)


def open_name(ctx):
    """A register and a grid that differ in somebody's name at the end of Q3."""
    both = register(), grid_list(name="样1变")
    run(ctx, *both)
    return both


def test_a_discrepancy_names_who_settles_it_until_when_and_which_rule_won(ctx):
    open_name(ctx)
    query = "SELECT kind, owner_kind, owner, asked, due_on, rule, value, status FROM mart.discrepancy"
    assert rows(ctx, query) == [
        ("claim", "grid", GRID, [GRID], date(2027, 1, 5), "authority:population", "样1", "open")
    ]


def test_what_no_list_of_a_grid_asks_for_is_the_departments_and_has_its_working_days(ctx):
    run(ctx, register(sex="1"), Delivery("elderly", [_elder(sex="2")], Q3, at(10)))
    found = rows(ctx, "SELECT attribute, owner_kind, owner, asked, due_on FROM mart.discrepancy")
    # said on 1 October: holidays up to the 7th, and Saturday the 10th is worked for them
    assert found == [("sex", "department", "population", [], date(2026, 10, 20))]


def _elder(**values):
    return {"name": "样1", "birth_date": BORN, "id_number": "ID-1", "address": HOME, "state": "listed", **values}


def test_the_grid_answers_and_its_choice_is_believed_and_not_asked_again(ctx):
    open_name(ctx)
    given_answer = answer(ctx, "second")
    run(ctx, register(Q4, at(12, 31)), grid_list(Q4, at(12, 20), name="样1变"), given_answer)
    by = given_answer.delivery_id
    assert rows(ctx, STATE) == [
        (Q3, "name", "settled", "grid_answer", by, "grid_answer", "样1变"),
        (Q4, "name", "settled", "grid_answer", by, "grid_answer", "样1变"),
    ]
    assert rows(ctx, NAME) == [("样1变",)]
    assert asked(ctx, "2027Q1") == []


def test_what_the_grid_writes_itself_is_read_as_the_attribute_is(ctx):
    run(ctx, register(), grid_list(birth_date="2021-02-01"))
    run(ctx, answer(ctx, "neither", value="2021年3月5日"))
    assert rows(ctx, STATE)[0][2:] == ("settled", "grid_answer", *_by(ctx), "grid_answer", "2021-03-05")


def test_a_place_that_the_grid_writes_is_found_in_the_register_of_courtyards(ctx):
    run(ctx, register(), grid_list(address=OTHER_HOME))
    run(ctx, answer(ctx, "neither", value="四道街2号院"))
    assert rows(ctx, STATE)[0][2:] == ("settled", "grid_answer", *_by(ctx), "grid_answer", "5101050050020001")
    assert rows(ctx, "SELECT courtyard_code FROM mart.person_current") == [("5101050050020001",)]


def _by(ctx):
    return rows(ctx, "SELECT max(delivery_id) FROM warehouse.observation WHERE dataset = 'grid_answers'")[0]


@pytest.mark.parametrize("choice", ["unknown", "neither"])
def test_an_answer_that_settles_nothing_keeps_it_open(ctx, choice):
    open_name(ctx)
    run(ctx, answer(ctx, choice))
    assert rows(ctx, "SELECT status FROM mart.discrepancy WHERE period = '2026Q3'") == [("open",)]


def test_an_answer_to_a_question_that_was_never_asked_counts_for_nothing(ctx):
    open_name(ctx)
    made_up = Delivery(
        "grid_answers", [{"question_ref": "0123456789abcdef", "choice": "second"}], Q4, at(12, 20), unit_code=GRID
    )
    other_grid = replace(answer(ctx, "second"), unit_code=OTHER_GRID)
    run(ctx, made_up, other_grid)
    assert rows(ctx, "SELECT DISTINCT status FROM mart.discrepancy") == [("open",)]


def test_the_departments_next_feed_settles_what_it_agrees_in(ctx):
    open_name(ctx)
    feed = register(Q4, at(12, 31), name="样1变")
    run(ctx, feed, grid_list(Q4, at(12, 20), name="样1变"))
    assert rows(ctx, STATE) == [(Q3, "name", "settled", "agreed", feed.delivery_id, "authority:population", "样1")]
    assert rows(ctx, NAME) == [("样1变",)]


def test_the_desk_decides_and_it_goes_before_an_answer(ctx):
    open_name(ctx)
    said = answer(ctx, "second")
    decided = decision(ctx, "样壹")
    run(ctx, decided)
    run(ctx, said)
    assert rows(ctx, STATE)[0] == (Q3, "name", "settled", "desk", decided.delivery_id, "desk", "样壹")
    assert rows(ctx, NAME) == [("样壹",)]


def test_the_last_decision_on_the_same_claims_holds(ctx):
    open_name(ctx)
    claims, person = basis(ctx)
    later = decided_on(claims, person, "样乙", "k2", at(10, 5))
    run(ctx, later)
    run(ctx, decided_on(claims, person, "样甲", "k1", at(10, 3)))
    assert rows(ctx, STATE)[0][4:] == (later.delivery_id, "desk", "样乙")


def test_it_is_open_again_when_a_source_changes_its_claim_and_only_then(ctx):
    open_name(ctx)
    run(ctx, decision(ctx, "样1"))
    run(ctx, register(Q4, at(12, 31), phone="改号"), grid_list(Q4, at(12, 20), name="样1变"))
    query = "SELECT period, status FROM mart.discrepancy ORDER BY 1"
    assert rows(ctx, query) == [(Q3, "settled"), (Q4, "settled")]
    assert asked(ctx, "2027Q1") == []
    run(ctx, grid_list(Q4, at(12, 22), name="样1又变"))
    assert rows(ctx, query) == [(Q3, "settled"), (Q4, "open")]
    assert [q["claim_b"] for q in asked(ctx, "2027Q1")] == ["样1又变"]


def test_a_discrepancy_is_seen_as_it_was_known(ctx):
    open_name(ctx)
    run(ctx, decision(ctx, "样1变"))
    known = "SELECT status, value FROM mart.discrepancy_as_of('2026Q3', :at)"
    assert rows(ctx, known, at=datetime(2026, 9, 30, tzinfo=UTC)) == []
    assert rows(ctx, known, at=datetime(2026, 10, 2, tzinfo=UTC)) == [("open", "样1")]
    assert rows(ctx, known, at=datetime(2026, 10, 4, tzinfo=UTC)) == [("settled", "样1变")]
    assert rows(ctx, "SELECT status FROM mart.discrepancy_as_of('2026Q3')") == [("settled",)]
    value = "SELECT value, rule FROM mart.person_value_as_of('2026Q3', :at) WHERE attribute = 'name'"
    assert rows(ctx, value, at=datetime(2026, 10, 2, tzinfo=UTC)) == [("样1", "authority:population")]
    assert rows(ctx, value, at=datetime(2026, 10, 4, tzinfo=UTC)) == [("样1变", "desk")]


# --- how claims are weighed ---------------------------------------------------------------------


def weighed(ctx, **how):
    """The same district with the attribute `name` weighed in another way."""
    authority = tuple(a.model_copy(update=how) if a.attribute == "name" else a for a in ctx.district.authority)
    return replace(ctx, district=ctx.district.model_copy(update={"authority": authority}))


@pytest.mark.parametrize(
    ("how", "rule", "value"),
    [
        ({}, "authority:population", "样1"),
        ({"weigh": "newest"}, "newest", "样1变"),
        ({"within_quarters": 1}, "authority:population", "样1"),
        ({"within_quarters": 0}, "recency:grid_school_age", "样1变"),
    ],
)
def test_claims_are_weighed_as_the_pack_says(ctx, how, rule, value):
    """The register spoke in July, the grid in October."""
    ctx = weighed(ctx, **how)
    run(ctx, register(Q2, at(7)))
    run(ctx, grid_list(name="样1变"))
    assert rows(ctx, "SELECT rule, value FROM mart.discrepancy") == [(rule, value)]
    assert rows(ctx, NAME) == [(value,)]


def test_a_claim_said_again_is_as_new_as_it_was_said_last(ctx):
    ctx = weighed(ctx, within_quarters=0)
    run(ctx, register(Q2, at(7)))
    run(ctx, register(Q3, at(10)), grid_list(name="样1变"))
    (found,) = rows(ctx, "SELECT rule, claims -> 0 ->> 'said_for' FROM mart.discrepancy")
    assert found == ("authority:population", Q3)


# --- other conflicts ----------------------------------------------------------------------------


def kinds(ctx):
    query = "SELECT kind, attribute, owner, value, jsonb_array_length(claims) FROM mart.discrepancy ORDER BY kind"
    return rows(ctx, query)


def test_two_entries_of_the_register_with_one_id_number_are_shown(ctx):
    two = [entry("1"), entry("2", id_number="ID-1", name="样二", household_no="H2", address=OTHER_HOME)]
    run(ctx, Delivery("population", two, Q3, at(10)))
    assert kinds(ctx) == [("id_shared", "id_number", "population", None, 2)]
    assert rows(ctx, "SELECT count(DISTINCT person_id) FROM warehouse.record") == [(2,)]


def test_a_household_with_two_heads_is_shown(ctx):
    run(ctx, Delivery("population", [entry("1", relation="0"), entry("2", relation="0"), entry("3")], Q3, at(10)))
    assert kinds(ctx) == [("two_heads", "relation", "population", None, 2)]
    assert rows(ctx, "SELECT person_id, household_id IS NOT NULL FROM mart.discrepancy") == [(None, True)]


def test_a_person_on_the_lists_of_two_grids_is_counted_once_and_both_are_asked(ctx):
    ours = grid_list(received=at(10))
    theirs = replace(grid_list(received=at(10, 2), address="四道街40号院1栋1单元101"), unit_code=OTHER_GRID)
    run(ctx, register(address="四道街40号院1栋1单元101"), ours, theirs)
    assert kinds(ctx) == [("two_grids", "grid", OTHER_GRID, OTHER_GRID, 2)], "the last confirmed wins"
    assert rows(ctx, "SELECT asked, rule FROM mart.discrepancy") == [([OTHER_GRID, GRID], "newest")]
    counted = "SELECT count(DISTINCT person_id) FROM mart.key_group_member WHERE \"group\" = 'school_age'"
    assert rows(ctx, counted)[0][0] <= 1


def test_who_is_reported_gone_and_still_listed_is_for_the_grid(ctx):
    run(ctx, register(status="deceased"), grid_list())
    assert kinds(ctx) == [("gone", "presence", GRID, "added", 2)]
    assert [q["matter"] for q in asked(ctx)] == ["是否仍在本网格"]
    assert [(q["claim_a"], q["claim_b"]) for q in asked(ctx)] == [("新增", "死亡")]


# --- order ---------------------------------------------------------------------------------------


def _history(ctx):
    """Deliveries, an answer and a decision, as they would be made one after the other."""
    run(ctx, *(first := [register(), grid_list(name="样1变", address=OTHER_HOME)]))
    (claims, person), (place, _) = basis(ctx), basis(ctx, "courtyard_code")
    told = {q["matter"]: q["question_ref"] for q in asked(ctx)}
    answers = [{"question_ref": told["现住院落"], "choice": "first"}]
    said = Delivery("grid_answers", answers, Q4, at(12, 20), unit_code=GRID)
    return [
        *first, said, decided_on(claims, person, "样壹"), decided_on(place, person, OTHER_CODE, "k3", at(10, 4), attribute="courtyard_code"),
        register(Q4, at(12, 31), birth_date="2021-02-02"), grid_list(Q4, at(12, 21), name="样1又变"),
    ]  # fmt: skip


def _any_order(ctx, data):
    wipe(ctx)
    history = _history(ctx)
    wipe(ctx)
    run_all(ctx, history)
    expected = _outcome(ctx)
    wipe(ctx)
    run_all(ctx, data.draw(st.permutations(history)))
    assert _outcome(ctx) == expected


def _outcome(ctx):
    query = STATE.replace("period,", "period, discrepancy_id, basis, owner, asked,")
    return rows(ctx, query), rows(ctx, "SELECT * FROM mart.person_value ORDER BY 2, 3"), content_hash(ctx.engine())


_ONE_WAREHOUSE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=3, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(data=st.data())
def test_deliveries_answers_and_decisions_in_any_order_end_in_the_same(ctx, data):
    _any_order(ctx, data)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=_ONE_WAREHOUSE)
@given(data=st.data())
def test_many_orders_of_deliveries_answers_and_decisions_end_in_the_same(ctx, data):
    _any_order(ctx, data)


def run_all(ctx, order):
    for delivery in order:
        run(ctx, delivery)


def test_a_replay_gives_the_same_history(ctx):
    history = sorted(_history(ctx), key=lambda d: d.received_at)
    hashes = []
    for _ in range(2):
        wipe(ctx)
        with ctx.engine().begin() as connection:
            connection.execute(text("DELETE FROM warehouse.question"))  # found again from the references alone
        run_all(ctx, history)
        hashes.append(content_hash(ctx.engine(), full=True))
    assert hashes[0] == hashes[1]
