"""The stable views: what they say, and who may read them."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

GRID = "510105005002001"


def test_the_ledger_leaves_rows_on_their_way_as_residual(world):
    world.batch("dibao_register", "2026-07", landed=7)
    world.batch("dibao_register", "2026-08", landed=5, status="held")
    world.batch("dibao_register", "2026-09", landed=3, status="parsed")
    found = world.rows("SELECT source, period, landed, merged, held, residual FROM mart.ledger ORDER BY period")
    assert [tuple(row.values()) for row in found] == [
        ("civil_affairs", "2026-07", 7, 7, 0, 0),
        ("civil_affairs", "2026-08", 5, 0, 5, 0),
        ("civil_affairs", "2026-09", 3, 0, 0, 3),
    ]


def test_each_grid_owes_each_quarter_a_submission(world):
    world.batch("grid_activists", "2026Q2", unit=GRID)
    world.batch("grid_activists", "2026Q2", unit="510105005002002", folder="2026Q3")
    world.batch("grid_activists", "2026Q3", unit=GRID, is_nil=True, landed=0)
    world.batch("grid_activists", "2026Q3", unit="510105005002002", status="rejected")
    world.batch("grid_activists", "2026Q3", unit="510105005003001", status="held")
    world.batch("population", "2026Q3")
    found = world.rows(
        """SELECT dataset, period, unit_code, status, is_held, is_late, due_on::text, days_late
             FROM mart.submission_status ORDER BY dataset, period, unit_code"""
    )
    assert [tuple(row.values()) for row in found[:6]] == [
        ("grid_activists", "2026Q2", GRID, "accepted", False, False, "2026-07-05", 89),
        ("grid_activists", "2026Q2", "510105005002002", "accepted", False, True, "2026-07-05", 89),
        ("grid_activists", "2026Q2", "510105005003001", "missing", False, False, "2026-07-05", None),
        ("grid_activists", "2026Q3", GRID, "confirmed_nil", False, False, "2026-10-05", 0),
        ("grid_activists", "2026Q3", "510105005002002", "rejected", False, False, "2026-10-05", 0),
        ("grid_activists", "2026Q3", "510105005003001", "received", True, False, "2026-10-05", 0),
    ]
    assert {row["status"] for row in found[6:]} == {"missing"}


def test_completeness_and_timeliness_of_each_community_and_the_street(world):
    for dataset in ("grid_activists", "grid_dibao"):
        world.batch(dataset, "2026Q3", unit=GRID)
    world.batch("grid_activists", "2026Q3", unit="510105005002002", folder="2026Q4", landed=0, is_nil=True)
    world.batch("grid_activists", "2026Q3", unit="510105005003001", status="rejected")
    found = world.rows(
        """SELECT unit_name, grids, owed, reported, confirmed_nil, missing, refused, late, completeness::float,
                  timeliness::float FROM mart.submission_summary WHERE period = '2026Q3' ORDER BY unit_code""",
        role="reader",
    )
    assert [tuple(row.values()) for row in found] == [
        ("少城街道", 3, 6, 2, 1, 2, 1, 1, 0.5, 0.3333),
        ("四道街社区", 2, 4, 2, 1, 1, 0, 1, 0.75, 0.5),
        ("商业街社区", 1, 2, 0, 0, 1, 1, 0, 0.0, 0.0),
    ]


def test_a_rejected_second_file_does_not_undo_the_first(world):
    world.batch("grid_activists", "2026Q3", unit=GRID)
    world.batch("grid_activists", "2026Q3", "2026-10-03T08:00:00+08:00", unit=GRID, status="rejected")
    found = world.rows(
        "SELECT status FROM mart.submission_status WHERE unit_code = :grid AND dataset = 'grid_activists'", grid=GRID
    )
    assert found == [{"status": "accepted"}]


def test_key_groups_count_persons_on_a_day(dibao):
    on_day = "SELECT * FROM mart.key_group_count_on(:day) ORDER BY community_code"
    july = dibao.rows(on_day, role="reader", day="2026-07-31")
    assert [(row["group"], row["community_name"], row["persons"]) for row in july] == [
        ("dibao", "四道街社区", 3),
        ("dibao", "商业街社区", 1),
    ]
    assert dibao.rows(on_day, role="reader", day="2026-09-30") == []


def test_group_members_are_found_by_the_conditions_of_the_pack(dibao):
    found = dibao.rows('SELECT "group", record_key FROM mart.key_group_member ORDER BY record_key')
    assert [row["record_key"] for row in found if row["record_key"].startswith("2026-07")] == [
        f"2026-07/k{number}" for number in (1, 2, 3, 4)
    ]


def test_children_leave_the_group_by_themselves_when_their_window_has_passed(world):
    """Those born from 1 September 2019 to 31 August 2020 begin school on 1 September 2026."""
    listed = world.batch("grid_school_age", "2026Q3", unit=GRID)
    for key, born in (("a", "2019-08-31"), ("b", "2019-09-01"), ("c", "2020-08-31"), ("d", "2020-09"), ("e", None)):
        world.record(
            listed, key, {"name": "样例", **({"birth_date": born} if born else {})}, person=key, courtyard="C1"
        )
    query = """SELECT record_key, valid_to::text AS until FROM mart.key_group_member
                WHERE "group" = 'school_age' ORDER BY record_key"""
    assert [(row["record_key"], row["until"]) for row in world.rows(query)] == [
        ("b", "2026-09-01"), ("c", "2026-09-01"), ("d", "infinity"), ("e", "infinity"),
    ]  # fmt: skip


def test_a_person_is_described_by_the_most_trusted_source(world):
    population = world.batch("population", "2026Q3")
    school = world.batch("school_children", "2026Q3")
    world.record(population, "p", {"name": "样例甲", "sex": "1"}, person="P", courtyard="C1")
    world.record(school, "s", {"name": "样例假", "birth_date": "2019-01-01"}, person="P", courtyard="C2")
    found = world.rows("SELECT name, sex, birth_date, courtyard_code, datasets FROM mart.person_current")
    assert [tuple(row.values()) for row in found] == [
        ("样例甲", "1", "2019-01-01", "C1", ["population", "school_children"])
    ]


def test_the_current_archive_carries_names(world):
    for recorded, superseded, households in (("2026-10-01", "2026-10-05", 1), ("2026-10-05", "infinity", 2)):
        world.execute(
            """INSERT INTO warehouse.courtyard_archive VALUES (:street, 'C1', '2026Q3', CAST(:recorded AS timestamptz),
               CAST(:superseded AS timestamptz), :population, '{}', '{}')""",
            street=world.ctx.street_code,
            recorded=recorded,
            superseded=superseded,
            population=Jsonb({"households": households}),
        )
    found = world.rows("SELECT courtyard_name, community_name, grid_name, population FROM mart.courtyard_archive")
    assert [tuple(row.values()) for row in found] == [("四道街2号院", "四道街社区", "四道街第1网格", {"households": 2})]


AGES = {"1966-09-30": 60, "1966-10-01": 59, "2026-09-30": 0, "2026-10-01": None, "1966-09": None, None: None}


def test_age_is_full_years_and_unknown_without_a_day(world):
    query = "SELECT mart.age_on(CAST(:born AS text), '2026-09-30') AS age"
    assert {born: world.rows(query, born=born)[0]["age"] for born in AGES} == AGES


OPEN = ("ledger", "submission_status", "submission_summary", "courtyard", "courtyard_change")
CLOSED = ("courtyard_archive", "key_group_member", "person_current", "discrepancy")


def test_the_reader_sees_no_view_with_persons_and_the_others_see_all(world):
    for view in OPEN + CLOSED:
        for role in ("pipeline", "publisher"):
            world.rows(f"SELECT * FROM mart.{view}", role=role)
    for view in OPEN:
        world.rows(f"SELECT * FROM mart.{view}", role="reader")
    for view in CLOSED:
        with pytest.raises(ProgrammingError, match="permission denied"):
            world.rows(f"SELECT * FROM mart.{view}", role="reader")


def test_every_view_is_described_and_granted_on_purpose(world):
    with world.ctx.engine("publisher").connect() as connection:
        found = connection.execute(
            text("""SELECT c.relname, obj_description(c.oid) FROM pg_class c
                     WHERE c.relnamespace = 'mart'::regnamespace AND c.relkind = 'v'""")
        ).all()
    assert {name for name, _ in found} == {*OPEN, *CLOSED}
    assert all(comment for _, comment in found)
