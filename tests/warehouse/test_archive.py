from __future__ import annotations

from dataclasses import replace

from deliveries import Delivery

from courtyard.warehouse import archive
from quarter import HOME_CODE, OTHER_CODE, OTHER_HOME, at, benefit, child, entry, rows, run

Q2, Q3 = "2026Q2", "2026Q3"
QUERY = """SELECT population, key_groups, response, recorded_at FROM warehouse.courtyard_archive
            WHERE courtyard_code = :code AND period = :period AND superseded_at = 'infinity'"""


def of(ctx, code=HOME_CODE, period=Q3):
    (row,) = rows(ctx, QUERY, code=code, period=period)
    return row


def test_a_courtyard_is_counted_by_households_persons_ages_and_kinds(ctx):
    people = [
        entry("1", birth_date="2019-10-01", split_residence=True),
        entry("2", birth_date="2019-09-30"),
        entry("3", birth_date="1966-09-30", residence_type="floating", household_no="H2"),
        entry("4", birth_date="1946-10-01", residence_type="overseas", household_no="H2", split_residence=False),
        entry("5", birth_date="1946-09-30", household_no="H3"),
        entry("6", birth_date="1990-05", household_no="H3"),
        entry("7", status="deceased", household_no="H4"),
        entry("8", address=OTHER_HOME, household_no="H5"),
    ]
    run(ctx, Delivery("population", people, Q3, at(10)))
    assert of(ctx)[0] == {
        "households": 3, "persons": 6, "hukou": 4, "floating": 1, "overseas": 1, "split_residence": 1,
        "age_0_6": 1, "age_7_15": 1, "age_16_59": 0, "age_60_up": 3, "age_80_up": 1, "age_unknown": 1,
    }  # fmt: skip
    assert of(ctx, OTHER_CODE)[0]["persons"] == 1
    assert rows(ctx, "SELECT count(*) FROM warehouse.courtyard_archive") == [(514,)]


def test_a_person_registered_twice_is_counted_once(ctx):
    run(ctx, Delivery("population", [entry("1"), {**entry("1"), "person_no": "9"}], Q3, at(10)))
    assert of(ctx)[0]["persons"] == 1


def test_key_groups_follow_the_pack_and_count_persons(ctx):
    run(
        ctx,
        Delivery(
            "dibao_register", [benefit("1", "2026-09"), benefit("2", "2026-09", category="tekun")], "2026-09", at(10)
        ),
        Delivery(
            "grid_school_age", [child("3", birth_date="2020-10-01"), child("4", change_kind="moved_out")], Q3, at(10)
        ),
    )
    not_told = dict.fromkeys(("activist", "party_member", "disabled", "elderly_alone"))
    assert of(ctx)[1] == {**not_told, "dibao": 1, "school_age": 1}
    assert of(ctx, OTHER_CODE)[1] == {**not_told, "dibao": 0, "school_age": 0}


def test_what_was_reported_counts_in_the_quarter_it_was_reported_in(ctx):
    order = {"kind": "help", "title": "路灯", "address": "四道街4号院", "status": "closed"}
    moments = (
        "2026-06-30T23:59:59+08:00",
        "2026-07-01T00:00:00+08:00",
        "2026-09-30T23:59:59+08:00",
        "2026-10-01T00:00:00+08:00",
    )
    orders = [{**order, "order_no": str(n), "created_at": moment} for n, moment in enumerate(moments)]
    run(ctx, Delivery("hotline_cases", orders, "2026-09", at(10)))
    response = of(ctx)[2]
    assert (response["hotline_opened"], response["hotline_open"]) == (2, 3)
    assert {response[f"{events}_opened"] for events in ("reports", "hazards", "disputes")} == {None}
    assert of(ctx, OTHER_CODE)[2]["hotline_opened"] == 0


def test_a_hazard_told_again_as_it_goes_on_is_one_of_the_quarter_it_was_found_in(ctx):
    found = {
        "kind": "fire",
        "grade": "general",
        "description": "杂物",
        "responsible_unit": "物业",
        "address": "四道街4号院",
    }
    found |= {"hazard_no": "YH1", "found_at": "2026-06-29T09:00:00+08:00", "due_on": "2026-07-20", "is_closed": False}
    run(ctx, Delivery("hazards", [found], "2026-06", at(7)))
    run(ctx, Delivery("hazards", [{**found, "completed_on": "2026-07-10", "is_closed": True}], "2026-07", at(8)))
    kinds = ("opened", "closed", "open", "overdue", "due", "due_met")
    figures = [[of(ctx, period=period)[2][f"hazards_{kind}"] for kind in kinds] for period in (Q2, Q3)]
    assert figures == [[1, 0, 1, 0, 0, 0], [0, 1, 0, 0, 1, 1]]
    closed = "SELECT valid_from::text, attrs ->> 'is_closed' FROM warehouse.record WHERE dataset = 'hazards' AND is_current ORDER BY 1"
    assert rows(ctx, closed) == [("2026-06-01", "false"), ("2026-07-01", "true")]


def test_living_alone_counts_from_eighty_on(ctx):
    old = {
        "name": "样1",
        "sex": "1",
        "birth_date": "1940-01-01",
        "address": "四道街4号院3栋2单元201",
        "self_care": "able",
        "state": "listed",
    }
    rows = [
        {**old, "id_number": "ID-1", "living": "alone", "band": "80"},
        {**old, "id_number": "ID-2", "name": "样2", "living": "family", "band": "80"},
        {**old, "id_number": "ID-3", "name": "样3", "birth_date": "1952-01-01", "living": "alone", "band": "none"},
        {**old, "id_number": "ID-4", "name": "样4", "living": "alone", "band": "90", "state": "removed"},
    ]
    run(ctx, Delivery("elderly", rows, Q3, at(10)))
    assert of(ctx)[1]["elderly_alone"] == 1


def test_only_courtyards_that_changed_are_written_and_the_former_archive_is_kept(ctx):
    run(ctx, Delivery("population", [entry("1"), entry("8", address=OTHER_HOME)], Q3, at(10)))
    run(ctx, Delivery("population", [entry("1"), entry("2"), entry("8", address=OTHER_HOME)], Q3, at(10, 9)))
    assert of(ctx)[3] == at(10, 9) and of(ctx, OTHER_CODE)[3] == at(10)
    former = "SELECT population ->> 'persons', recorded_at, superseded_at FROM warehouse.courtyard_archive WHERE superseded_at <> 'infinity'"
    assert rows(ctx, former) == [("1", at(10), at(10, 9))]
    assert archive(replace(ctx))["changed"] == 0


def test_a_late_submission_corrects_the_archive_of_its_own_quarter(ctx):
    run(ctx, Delivery("population", [entry("1")], Q2, at(7)))
    run(ctx, Delivery("grid_school_age", [child("1", birth_date="2020-10-01")], Q2, at(10), fetched_for=Q3))
    assert of(ctx, period=Q2)[1]["school_age"] == 1
    assert of(ctx, period=Q3)[1]["school_age"] == 1


def test_a_quarter_without_deliveries_has_no_archive(ctx):
    assert archive(ctx) == {"quarters": [Q3], "changed": 0, "tags": 0, "indicators": 0}
    assert rows(ctx, "SELECT 1 FROM warehouse.courtyard_archive") == []


OLD, NEW = "5101050050040073", "5101050050040058"  # merged on 2026-03-01: building 1 is 3 there


def test_a_courtyard_has_an_archive_while_it_exists_and_its_people_count_in_its_successor(ctx):
    people = [
        entry("1", address="同仁路9号院1栋2单元201"),
        entry("2", address="同仁路7号院1栋2单元201", household_no="H2"),
    ]
    run(ctx, Delivery("population", people, "2025Q4", at(1)))
    run(ctx, Delivery("population", [entry("3")], "2026Q1", at(4)))
    query = "SELECT period, courtyard_code, (population ->> 'persons')::int FROM mart.courtyard_archive WHERE courtyard_code IN (:old, :new) ORDER BY 1, 2 DESC"
    assert rows(ctx, query, old=OLD, new=NEW) == [("2025Q4", OLD, 1), ("2025Q4", NEW, 1), ("2026Q1", NEW, 2)]
    counts = "SELECT period, count(*) FROM mart.courtyard_archive GROUP BY 1 ORDER BY 1"
    assert rows(ctx, counts) == [("2025Q4", 515), ("2026Q1", 514)]


def test_the_marts_say_which_courtyards_exist_on_a_day_and_what_they_were_called(ctx):
    run(ctx, Delivery("population", [entry("1")], Q3, at(10)))
    day = "SELECT count(*), bool_or(courtyard_code = :code), max(name) FILTER (WHERE courtyard_code = '5101050050020086') FROM mart.courtyard_on(CAST(:day AS date))"
    assert rows(ctx, day, code=OLD, day="2026-01-31") == [(515, True, "东马棚街针织厂宿舍")]
    assert rows(ctx, day, code=OLD, day="2026-03-01") == [(514, False, "桐庭小区")]
    ended = "SELECT valid_from::text, valid_to::text, successor_code FROM mart.courtyard WHERE courtyard_code = :code"
    assert rows(ctx, ended, code=OLD) == [(None, "2026-03-01", NEW)]
    assert rows(ctx, "SELECT kind, count(*) FROM mart.courtyard_change GROUP BY 1 ORDER BY 1") == [
        ("merged", 2), ("renamed", 3), ("split", 1),
    ]  # fmt: skip
