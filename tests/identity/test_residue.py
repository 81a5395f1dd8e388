"""What the model may conclude alone, what it asks a person, and what a person's decision then does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from deliveries import Delivery, stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from courtyard.context import Context
from courtyard.identity import link, residue
from courtyard.identity.matching import Scored, decide

HOME, OTHER_ROOM = "四道街4号院3栋2单元201", "四道街4号院1栋1单元101"
COURTYARD = "四道街4号院"
BORN = "1960-05-01"


def entry(number: str, name: str, born: str = BORN, **values: Any) -> dict[str, Any]:
    row = {"person_no": number, "name": name, "sex": "2", "birth_date": born, "id_number": f"R-{number}"}
    return {
        **row,
        "household_no": f"H{number}",
        "residence_type": "hukou",
        "address": HOME,
        "status": "resident",
        **values,
    }


REGISTER = [entry(str(n), f"样{sign}", f"19{n:02}-02-0{n % 9 + 1}") for n, sign in enumerate("甲乙丙丁戊己庚辛", 60)]
"""Neighbours, so that no name is common."""


def pupil(number: str, name: str, **values: Any) -> dict[str, Any]:
    row = {"student_no": number, "school": "样例小学", "is_migrant": False, "address": HOME, "sex": "2"}
    return {**row, "name": name, "birth_date": BORN, "id_number": None, **values}


def activist(name: str, **values: Any) -> dict[str, Any]:
    row = {"name": name, "sex": "2", "courtyard": COURTYARD, "change_kind": "added"}
    return {**row, "activist_kind": "volunteer", "political_status": "13", **values}


def rows(ctx: Context, query: str) -> list[tuple[Any, ...]]:
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def linked(ctx: Context, *deliveries: Delivery) -> None:
    stage(ctx, *deliveries)
    link(ctx)


def same_person(ctx: Context, dataset: str) -> bool:
    """Whether the one record of a dataset is the person of the register's entry 1."""
    query = f"""SELECT person_id = (SELECT person_id FROM identity.record_person WHERE dataset = 'population' AND record_key = '1')
                  FROM identity.record_person WHERE dataset = '{dataset}'"""
    ((found,),) = rows(ctx, query)
    return found


def test_the_same_name_and_birth_date_in_a_courtyard_decide_when_no_room_is_named(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=COURTYARD)]),
    )
    assert same_person(ctx, "school_children")
    ((method, score),) = rows(ctx, "SELECT method, score FROM identity.record_person WHERE dataset = 'school_children'")
    assert method == "model" and 0.99 < score < 1


@pytest.mark.parametrize(
    "changes",
    [
        {"address": OTHER_ROOM},
        {"name": "李媚样", "phone": "15400000001"},
        {"name": "李兰样", "phone": "15400000001"},
        {"birth_date": "1960-05-02", "phone": "15400000001"},
        {"id_number": "S-1", "phone": "15400000001"},
    ],
    ids=["same name and birth date, another room", "sounds alike", "one character", "a day later", "another ID number"],
)
def test_what_is_merely_likely_is_asked_with_both_records_score_and_details(ctx, changes):
    register = [*REGISTER, entry("1", "李梅样", phone="15400000001")]
    linked(ctx, Delivery("population", register), Delivery("school_children", [{**pupil("S", "李梅样"), **changes}]))
    assert not same_person(ctx, "school_children")
    asked = rows(ctx, "SELECT left_dataset, left_record, right_dataset, right_record, status FROM identity.review")
    assert asked == [("population", "1", "school_children", "S", "open")]


def test_two_people_of_the_register_who_fit_alike_are_both_asked_about(ctx):
    namesakes = [entry("1", "李梅样", address=HOME), entry("2", "李梅样", address=OTHER_ROOM)]
    nobody = pupil("S", "李梅样", address=COURTYARD)
    linked(ctx, Delivery("population", [*REGISTER, *namesakes]), Delivery("school_children", [nobody]))
    assert not same_person(ctx, "school_children")
    assert [r for (r,) in rows(ctx, "SELECT left_record FROM identity.review ORDER BY 1")] == ["1", "2"]


def test_twins_are_not_each_other_whatever_the_model_says(ctx):
    """The register knows one of them; the other comes without an ID number, from the same room and phone."""
    known = entry("1", "李子轩", phone="15400000001")
    linked(
        ctx,
        Delivery("population", [*REGISTER, known]),
        Delivery("school_children", [pupil("S", "李子萱", phone="15400000001")]),
    )
    assert not same_person(ctx, "school_children")


def test_a_shared_phone_alone_joins_nobody(ctx):
    agency = "15400000001"
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样", phone=agency)]),
        Delivery("grid_activists", [activist("张远样", phone=agency)]),
    )
    assert not same_person(ctx, "grid_activists")


def test_asking_again_changes_nothing(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)]),
    )
    before = rows(ctx, "SELECT * FROM identity.review")
    linked(ctx, Delivery("population", [entry("9", "赵远样")], "2026Q2", fetched_for="2026Q3"))
    assert rows(ctx, "SELECT * FROM identity.review") == before != []


def decision(ctx: Context, verdict: str, number: str = "D1", hour: int = 9, **values: Any) -> Delivery:
    """What `courtyard desk decide` lands about the only open question."""
    ((left, right, basis),) = rows(
        ctx,
        "SELECT left_dataset || '/' || left_record, right_dataset || '/' || right_record, basis FROM identity.review",
    )
    row = {
        "decision_no": number,
        "matter": "same_person",
        "verdict": verdict,
        "left_record": left,
        "right_record": right,
    }
    row |= {"basis": basis, "decided_by": "街道 网格办", "reason": "入户核实", **values}
    row["decided_at"] = datetime(2026, 10, 9, hour, tzinfo=UTC).isoformat()
    return Delivery("decisions", [row])


@pytest.mark.parametrize(("verdict", "is_same"), [("same", True), ("different", False)])
def test_a_decision_holds_and_is_not_asked_again(ctx, verdict, is_same):
    sources = (
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)]),
    )
    linked(ctx, *sources)
    linked(ctx, decision(ctx, verdict))
    assert same_person(ctx, "school_children") == is_same
    assert rows(ctx, "SELECT status, decision_no FROM identity.review") == [(verdict, "D1")]
    linked(
        ctx,
        Delivery(
            "school_children",
            [pupil("S", "李梅样", address=OTHER_ROOM, phone="15400000007")],
            "2026Q4",
            fetched_for="2026Q3",
        ),
    )
    assert same_person(ctx, "school_children") == is_same
    assert rows(ctx, "SELECT status FROM identity.review") == [(verdict,)]


def test_the_last_decision_holds(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)]),
    )
    first, second = decision(ctx, "same", "D2", 9), decision(ctx, "different", "D1", 10)
    linked(ctx, second)
    linked(ctx, first)
    assert not same_person(ctx, "school_children")


def test_a_decision_is_asked_again_once_a_source_says_something_else(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)]),
    )
    linked(ctx, decision(ctx, "same"))
    renamed = pupil("S", "李梅样", address=OTHER_ROOM, birth_date="1960-06-01")
    linked(ctx, Delivery("school_children", [renamed], "2026Q2", fetched_for="2026Q3"))
    assert rows(ctx, "SELECT status, decision_no FROM identity.review") == [("open", "D1")]
    assert not same_person(ctx, "school_children")


def test_two_records_that_a_rule_joined_are_told_apart_by_a_decision(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样")]),
    )
    assert same_person(ctx, "school_children")
    row = {"decision_no": "D1", "matter": "same_person", "verdict": "different", "left_record": "school_children/S"}
    row |= {
        "right_record": "population/1",
        "decided_by": "街道 网格办",
        "reason": "入户核实",
        "decided_at": "2026-10-09T09:00:00+00:00",
    }
    linked(ctx, Delivery("decisions", [row]))
    assert not same_person(ctx, "school_children")


def test_a_decision_that_comes_before_what_it_speaks_of_ends_the_same(ctx):
    register = Delivery("population", [*REGISTER, entry("1", "李梅样")])
    school = Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)])
    row = {"decision_no": "D1", "matter": "same_person", "verdict": "same", "left_record": "school_children/S"}
    row |= {
        "right_record": "population/1",
        "decided_by": "街道 网格办",
        "reason": "入户核实",
        "decided_at": "2026-10-09T09:00:00+00:00",
    }
    for delivery in (Delivery("decisions", [row]), school, register):
        linked(ctx, delivery)
    assert same_person(ctx, "school_children")
    assert rows(ctx, "SELECT method FROM identity.record_person WHERE dataset = 'school_children'") == [("decision",)]


def scored(probability: float) -> Scored:
    return Scored(0, 0, probability, {"name": "same"})


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("r", "P1", 0.995, True)], [("P1", True)]),
        ([("r", "P1", 0.995, False)], [("P1", False)]),
        ([("r", "P1", 0.9, True)], [("P1", False)]),
        ([("r", "P1", 0.4, True)], []),
        ([("r", "P1", 0.995, True), ("r", "P2", 0.3, False)], [("P1", False)]),
        ([("r", "P1", 0.995, True), ("r", "P2", 0.05, False)], [("P1", True)]),
        ([("r", "P1", 0.999, False), ("r", "P1", 0.995, True)], [("P1", True)]),
        ([("r", "P2", 0.995, True), ("r", "P1", 0.995, True)], [("P1", False), ("P2", False)]),
    ],
)
def test_only_one_person_that_nobody_comes_near_is_concluded(pairs, expected):
    found = decide([(r, p, scored(s), may) for r, p, s, may in pairs], accept=0.99, rival=0.1, review=0.6)
    assert [(m.person, m.is_sure) for m in found] == expected


def test_a_name_sounds_as_it_is_said_without_tones():
    assert residue.sound("李晓峰") == residue.sound("李晓锋") == "li xiao feng"
    assert residue.sound(None) is None


def test_a_room_counts_only_when_it_is_wholly_known():
    row = ("李样", "1960-05-01", "t", "C1", "3", "2", "201")
    assert residue.compared(row) == ("李样", "li yang", "1960-05-01", "C1", "3-2-201", "t")
    assert residue.compared((*row[:4], None, "2", "201"))[4] is None


def test_what_is_asked_holds_no_name(ctx):
    linked(
        ctx,
        Delivery("population", [*REGISTER, entry("1", "李梅样")]),
        Delivery("school_children", [pupil("S", "李梅样", address=OTHER_ROOM)]),
    )
    ((details,),) = rows(ctx, "SELECT details FROM identity.review")
    assert details == {"name": "same", "birth_date": "same", "place": "another room", "phone": "not said"}
    assert "李" not in json.dumps(details, ensure_ascii=False)


_NEAR = {"decided_by": "街道 网格办", "reason": "入户核实"}
HISTORY = (
    Delivery("population", [*REGISTER, entry("1", "李梅样"), entry("2", "张远样", id_number=None)], "2026Q1", fetched_for="2026Q3"),
    Delivery("population", [*REGISTER, entry("1", "李梅样", address=OTHER_ROOM), entry("2", "张远样")]),
    Delivery("school_children", [pupil("S", "李梅样", address=COURTYARD), pupil("T", "张远样", address=OTHER_ROOM)]),
    Delivery("grid_activists", [activist("张远样", id_number="R-2"), activist("赵甲样")]),
    Delivery("elderly", [{"name": "赵甲样", "sex": "2", "birth_date": BORN, "id_number": "E-1", "address": HOME, "living": "alone", "band": "none", "state": "listed"}]),
    Delivery("decisions", [{"decision_no": "D1", "matter": "same_person", "verdict": "same", "left_record": "school_children/T", "right_record": "population/2", "decided_at": "2026-10-09T09:00:00+00:00", **_NEAR}]),
    Delivery("decisions", [{"decision_no": "D2", "matter": "same_person", "verdict": "different", "left_record": "population/1", "right_record": "school_children/S", "decided_at": "2026-10-10T09:00:00+00:00", **_NEAR}]),
)  # fmt: skip


def _resolved(ctx: Context, order: list[Delivery]) -> tuple[list, list]:
    from sqlalchemy import create_engine, make_url

    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.execute(text("TRUNCATE landing.delivery, quality.batch, staging.row, staging.link, identity.person, identity.record_person, identity.evidence, identity.review, identity.decision CASCADE"))  # fmt: skip
    admin.dispose()
    for delivery in order:
        linked(ctx, delivery)
    who = rows(ctx, "SELECT dataset, record_key, person_id, method, score FROM identity.record_person ORDER BY 1, 2")
    return who, rows(
        ctx, "SELECT left_dataset, left_record, right_record, reason, status FROM identity.review ORDER BY 1, 2, 3"
    )


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.permutations(HISTORY))
def test_who_is_who_does_not_depend_on_the_order_in_which_it_came(ctx, order):
    assert _resolved(ctx, order) == _resolved(ctx, list(HISTORY))


def test_decisions_last_or_first_make_no_difference(ctx):
    last = _resolved(ctx, list(HISTORY))
    assert last == _resolved(ctx, list(reversed(HISTORY)))
    assert len({person for _, _, person, *_ in last[0]}) == len(REGISTER) + 4
