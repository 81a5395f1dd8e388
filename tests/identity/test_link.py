"""Literal rows of several sources in, places and persons out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from deliveries import Delivery, stage
from sqlalchemy import text

from courtyard.context import Context
from courtyard.errors import LeaseLost
from courtyard.identity import link
from courtyard.store import lease

HOME, OTHER_HOME = "四道街4号院3栋2单元201", "四道街6号院1栋1单元101"
COURTYARD = "5101050050020002"
LI = {"name": "李梅样", "sex": "2", "birth_date": "1960-05-01", "id_number": "LI-1", "phone": "15400000001"}
ENTRY = {"residence_type": "hukou", "status": "resident", "household_no": "H1", "address": HOME}


def entry(number: str, **values: Any) -> dict[str, Any]:
    return {**LI, **ENTRY, "person_no": number, **values}


def pupil(number: str, **values: Any) -> dict[str, Any]:
    return {**LI, "student_no": number, "school": "样例小学", "is_migrant": False, "address": HOME, **values}


def benefit(number: str, **values: Any) -> dict[str, Any]:
    row = {"benefit_no": number, "month": "2026-07", "name": LI["name"], "id_number": "LI-1", "address": HOME}
    return {**row, "relation": "0", "category": "dibao", **values}


def activist(**values: Any) -> dict[str, Any]:
    row = {"name": LI["name"], "sex": "2", "id_number": "LI-1", "courtyard": "四道街4号院", "change_kind": "added"}
    return {**row, "activist_kind": "volunteer", "political_status": "13", **values}


def delivered(ctx: Context, *deliveries: Delivery) -> dict[str, Any]:
    stage(ctx, *deliveries)
    return link(ctx)


def rows(ctx: Context, query: str) -> list[tuple[Any, ...]]:
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def persons(ctx: Context) -> dict[str, list[str]]:
    """The person of each staged row, by dataset in the order of rows."""
    found: dict[str, list[str]] = {}
    query = "SELECT dataset, person_id FROM staging.link JOIN staging.row USING (batch_id, sheet, row_no) ORDER BY dataset, row_no"
    for dataset, person in rows(ctx, query):
        found.setdefault(dataset, []).append(person)
    return found


def test_a_row_that_is_set_aside_already_still_hears_of_its_address_with_the_cell(ctx):
    wrong = [entry("1", address="四道街999号院"), entry("2", address="四道街999号院", id_number="Y2"), entry("3")]
    stage(ctx, Delivery("population", wrong))
    with ctx.engine().begin() as connection:
        connection.execute(text("UPDATE staging.row SET disposition = 'quarantined' WHERE row_no IN (2, 4)"))
        connection.execute(text("UPDATE quality.batch SET quarantined = 2"))
        layout = json.dumps({"": {"columns": {"address": "L"}}})
        connection.execute(text("UPDATE quality.batch SET metadata = CAST(:layout AS jsonb)"), {"layout": layout})
    counts = link(ctx)
    told = rows(ctx, "SELECT row_no, cell, code FROM quality.finding ORDER BY row_no")
    assert told == [(2, "L2", "address.unknown_courtyard"), (3, "L3", "address.unknown_courtyard")]
    assert (counts["rows"], counts["quarantined"]) == (0, 1)
    assert rows(ctx, "SELECT quarantined, landed FROM quality.batch") == [(3, 3)]


def test_a_row_gets_its_place_its_person_and_its_household(ctx):
    counts = delivered(ctx, Delivery("population", [entry("1")]))
    assert counts == {
        "batches": 1,
        "rows": 1,
        "quarantined": 0,
        "places": {},
        "persons": 1,
        "reviews": 0,
        "reopened": 0,
    }
    (place,) = rows(ctx, "SELECT courtyard_code, building, unit_no, room FROM staging.link")
    assert place == (COURTYARD, "3", "2", "201")
    ((person, household),) = rows(ctx, "SELECT person_id, household_id FROM staging.link")
    assert (person[0], len(person), household[0]) == ("P", 17, "H")
    assert rows(ctx, "SELECT status FROM quality.batch") == [("linked",)]


def test_linking_again_finds_nothing_to_do(ctx):
    delivered(ctx, Delivery("population", [entry("1")]))
    assert link(ctx)["batches"] == 0


def test_a_person_without_a_courtyard_is_quarantined_and_the_message_names_the_column_only(ctx):
    rooms = ["四道街999号院", "四道街4号院对面", HOME, "四道街4号院3-201"]
    delivered(ctx, Delivery("population", [entry(str(n), address=a, id_number=f"X{n}") for n, a in enumerate(rooms)]))
    assert rows(ctx, "SELECT row_no, codes FROM quality.quarantined_row ORDER BY row_no") == [
        (2, ["address.unknown_courtyard"]),
        (3, ["address.ambiguous"]),
    ]
    assert rows(ctx, "SELECT row_no, column_name, code, severity FROM quality.finding ORDER BY row_no") == [
        (2, "address", "address.unknown_courtyard", "error"),
        (3, "address", "address.ambiguous", "error"),
        (5, "address", "address.ambiguous", "warning"),
    ]
    ((message, suggestion),) = rows(ctx, "SELECT message, suggestion FROM quality.finding WHERE row_no = 2")
    assert message == "现住地址对不上任何院落" and "999" not in message + suggestion
    assert rows(ctx, "SELECT quarantined FROM quality.batch") == [(2,)]
    assert len(persons(ctx)["population"]) == 2


def test_an_event_without_a_courtyard_stays_with_a_warning(ctx):
    order = {
        "order_no": "D1",
        "kind": "help",
        "title": "路灯",
        "created_at": "2026-07-02T08:00:00+08:00",
        "status": "closed",
    }
    counts = delivered(ctx, Delivery("hotline_cases", [{**order, "address": "武侯区某街1号"}], "2026-07"))
    assert (counts["quarantined"], counts["places"]) == (0, {"unknown": 1})
    assert rows(ctx, "SELECT courtyard_code, person_id FROM staging.link") == [(None, None)]
    assert rows(ctx, "SELECT code, severity FROM quality.finding") == [("address.unknown_courtyard", "warning")]


def test_a_resident_report_names_its_courtyard_by_code_then_by_address_then_by_its_point(ctx):
    place = next(c for c in ctx.district.courtyards if c.code == COURTYARD)
    other = ctx.district.courtyards_on(date(2026, 7, 31))[-1]
    point = {"lon": str(place.lon), "lat": str(place.lat)}
    report = {"status": "open", "service_code": "1", "description": "灯", "requested_at": "2026-07-02T08:00:00+08:00"}
    reports = [
        {"request_id": "1", "address_id": other.code, "address": "四道街4号院3栋", **point},
        {"request_id": "2", "address": "四道街6号院", **point},
        {"request_id": "3", **point},
        {"request_id": "4", "address": "不认识的地方", **point},
        {"request_id": "5", "lon": "104.0", "lat": "30.0"},
    ]
    delivered(ctx, Delivery("resident_reports", [{**report, **r} for r in reports], "2026-07"))
    found = rows(ctx, "SELECT courtyard_code, building FROM staging.link ORDER BY row_no")
    assert found == [(other.code, None), ("5101050050020003", None), (COURTYARD, None), (COURTYARD, None), (None, None)]


def test_the_same_id_number_is_the_same_person_in_every_source(ctx):
    delivered(
        ctx,
        Delivery("population", [entry("1")]),
        Delivery("school_children", [pupil("S1", address=OTHER_HOME)]),
        Delivery("dibao_register", [benefit("B1")], "2026-07"),
        Delivery("grid_activists", [activist()]),
    )
    assert len({p for of in persons(ctx).values() for p in of}) == 1
    assert {m for (m,) in rows(ctx, "SELECT method FROM identity.record_person")} == {"minted", "id"}


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "name_birth_room"),
        ({"address": OTHER_HOME}, "name_birth_phone"),
        ({"address": "四道街4号院1栋1单元101"}, "name_birth_phone"),
        ({"address": "四道街4号院1栋1单元101", "phone": "15400000009"}, "minted"),
        ({"address": OTHER_HOME, "phone": "15400000009"}, "minted"),
        ({"name": "李梅杨"}, "minted"),
        ({"birth_date": "1960-05-02"}, "minted"),
    ],
)
def test_a_row_without_an_id_number_finds_its_person_by_what_it_says(ctx, changes, method):
    delivered(
        ctx,
        Delivery("population", [entry("1")]),
        Delivery("school_children", [pupil("S1", **{"id_number": None, **changes})]),
    )
    assert rows(ctx, "SELECT method FROM identity.record_person WHERE dataset = 'school_children'") == [(method,)]
    found = persons(ctx)
    assert (found["population"] == found["school_children"]) == (method != "minted")


def test_without_a_birth_date_name_and_room_decide_where_one_person_fits(ctx):
    twins_in_name = [
        entry("1", id_number=None),
        entry("2", id_number="X2", birth_date="1990-01-01", address=OTHER_HOME),
    ]
    rows_without_id = [benefit("B1", id_number=None), benefit("B2", id_number=None, address="四道街4号院")]
    delivered(ctx, Delivery("population", twins_in_name), Delivery("dibao_register", rows_without_id, "2026-07"))
    found = persons(ctx)
    assert found["dibao_register"][0] == found["population"][0]
    assert found["dibao_register"][1] not in found["population"]


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"phone": "15400000009"}, False),
        ({"phone": None}, False),
        ({"courtyard": "四道街6号院"}, False),
        ({"name": "李兰样"}, False),
    ],
)
def test_without_birth_date_and_room_the_phone_in_the_same_courtyard_decides(ctx, changes, is_same):
    delivered(
        ctx,
        Delivery("population", [entry("1"), entry("2", name="李兰", id_number="LI-2")]),
        Delivery("grid_activists", [activist(**{"id_number": None, "phone": LI["phone"], **changes})]),
    )
    found = persons(ctx)
    assert (found["grid_activists"][0] == found["population"][0]) == is_same


def test_two_persons_who_fit_alike_are_not_chosen_between(ctx):
    namesakes = [entry("1", id_number="X1"), entry("2", id_number="X2", address="四道街4号院1栋1单元101")]
    elsewhere = pupil("S1", id_number=None, address="四道街4号院2栋1单元101", phone="15400000009")
    delivered(ctx, Delivery("population", namesakes), Delivery("school_children", [elsewhere]))
    found = persons(ctx)
    assert len({*found["population"], *found["school_children"]}) == 3


@pytest.mark.parametrize("ids", [("LI-1", "LI-2"), (None, None), ("LI-1", None)])
def test_twins_stay_apart(ctx, ids):
    names = ("李甲样", "李乙样")
    twins = [
        entry(str(n), name=name, id_number=number) for n, (name, number) in enumerate(zip(names, ids, strict=True))
    ]
    pupils = [pupil(f"S{n}", name=name, id_number=None) for n, name in enumerate(names)]
    delivered(ctx, Delivery("population", twins), Delivery("school_children", pupils))
    found = persons(ctx)
    assert found["population"][0] != found["population"][1]
    assert found["school_children"] == found["population"]


def test_a_twin_entered_under_the_others_id_number_is_left_to_a_person(ctx):
    twins = [entry("1", name="李甲样"), entry("2", name="李乙样", id_number="LI-2")]
    delivered(
        ctx, Delivery("population", twins), Delivery("school_children", [pupil("S1", name="李乙样", id_number="LI-1")])
    )
    found = persons(ctx)
    assert found["school_children"][0] not in found["population"]
    assert rows(ctx, "SELECT reason, status FROM identity.review") == [("id_shared", "open")]


def test_a_name_written_with_another_sign_is_the_same_person_under_one_id_number(ctx):
    delivered(ctx, Delivery("population", [entry("1")]), Delivery("grid_activists", [activist(name="李梅杨")]))
    found = persons(ctx)
    assert found["grid_activists"] == found["population"]


def test_two_id_numbers_are_never_one_person_whatever_else_agrees(ctx):
    counts = delivered(
        ctx, Delivery("population", [entry("1")]), Delivery("school_children", [pupil("S1", id_number="LI-9")])
    )
    found = persons(ctx)
    assert found["school_children"] != found["population"]
    assert counts["reviews"] == 1
    assert rows(ctx, "SELECT left_dataset, right_dataset, reason FROM identity.review") == [
        ("population", "school_children", "ids_differ")
    ]


def test_two_id_numbers_that_claim_one_entry_without_any_get_neither(ctx):
    delivered(
        ctx,
        Delivery("population", [entry("1", id_number=None)]),
        Delivery("school_children", [pupil("S1", id_number="X1"), pupil("S2", id_number="X2")]),
    )
    found = persons(ctx)
    assert len({*found["population"], *found["school_children"]}) == 3
    assert len(rows(ctx, "SELECT 1 FROM identity.review")) == 2


def test_an_id_number_two_register_entries_share_is_one_person_only_under_one_name(ctx):
    delivered(ctx, Delivery("population", [entry("1"), entry("2", address=OTHER_HOME), entry("3", name="赵大样")]))
    first, again, other = persons(ctx)["population"]
    assert first == again != other
    assert rows(ctx, "SELECT DISTINCT reason FROM identity.review") == [("id_shared",)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_entries_of_one_person_the_one_stated_for_the_earlier_day_leads(ctx, order):
    both = Delivery("population", [entry("0"), entry("3")])
    former = Delivery("population", [entry("3")], "2026Q1", fetched_for="2026Q3")
    for index in order:
        delivered(ctx, (both, former)[index])
    query = "SELECT record_key, method FROM identity.record_person ORDER BY record_key"
    assert rows(ctx, query) == [("0", "id"), ("3", "minted")]


def test_somebody_who_moved_stays_the_same_and_is_found_at_the_former_home(ctx):
    delivered(ctx, Delivery("population", [entry("1", id_number=None)], "2026Q2", fetched_for="2026Q3"))
    before = persons(ctx)["population"][0]
    delivered(
        ctx,
        Delivery("population", [entry("1", id_number=None, address=OTHER_HOME)]),
        Delivery("dibao_register", [benefit("B1", id_number=None)], "2026-07"),
    )
    found = persons(ctx)
    assert set(found["population"]) == {before} and found["dibao_register"] == [before]


def test_a_person_met_before_the_register_knew_them_becomes_the_registers(ctx):
    delivered(ctx, Delivery("school_children", [pupil("S1")]))
    early = persons(ctx)["school_children"][0]
    delivered(ctx, Delivery("population", [entry("1", id_number=None)]))
    ((late,),) = rows(ctx, "SELECT person_id FROM identity.record_person WHERE dataset = 'school_children'")
    assert late == persons(ctx)["population"][0] != early


def test_a_record_of_one_month_is_the_same_person_next_month(ctx):
    months = [
        Delivery("dibao_register", [benefit("B1", id_number=None, address="四道街4号院")], m)
        for m in ("2026-07", "2026-08")
    ]
    delivered(ctx, *months)
    assert len(set(persons(ctx)["dibao_register"])) == 1


def test_ids_are_the_same_in_two_installations_with_the_same_keys(ctx, warehouse_url):
    delivered(ctx, Delivery("population", [entry("1"), entry("2", id_number=None, name="赵大样")]))
    ids = persons(ctx)["population"]
    with ctx.engine().begin() as connection:
        for table in ("staging.row", "staging.link", "identity.record_person", "identity.person", "identity.evidence"):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE quality.batch SET status = 'merged'"))
    delivered(
        ctx, Delivery("population", [entry("2", id_number=None, name="赵大样")]), Delivery("population", [entry("1")])
    )
    assert sorted(persons(ctx)["population"]) == sorted(ids)


def test_a_lost_lease_writes_nothing(ctx):
    stage(ctx, Delivery("population", [entry("1")]))
    token = lease.acquire(ctx)
    lease.acquire(ctx)
    with pytest.raises(LeaseLost):
        link(replace(ctx, token=token))
    assert rows(ctx, "SELECT status FROM quality.batch") == [("validated",)]
    assert rows(ctx, "SELECT 1 FROM staging.link") == []
