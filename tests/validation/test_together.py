"""Rules over rows that belong together and over what another dataset says, in the stage."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from courtyard import validation
from courtyard.validation import groups

from .rows import TOKEN, person

SHEET = {
    "低保户": {
        "columns": {"head_name": "B", "household_size": "C", "covered_persons": "D", "relation": "H", "id_number": "G"}
    }
}
GRID = "510105005002001"


def member(name="样本甲", head="样本甲", relation="0", **changes):
    base = {
        "head_name": head, "address": "长顺上街28号院", "name": name, "relation": relation, "change_kind": "unchanged",
        "household_size": 3, "covered_persons": 2,
    }  # fmt: skip
    attrs = {key: value for key, value in {**base, **changes}.items() if value is not None}
    return {"attrs": attrs, "is_active": attrs.get("change_kind") in ("unchanged", "added", "updated")}


def grid(quarter, rows, **more):
    return quarter.batch(rows, "grid_dibao", unit=GRID, sheet="低保户", metadata=SHEET, **more)


def told(quarter):
    """(row, cell, rule) of the warnings of rules."""
    validation.validate(quarter.ctx)
    return [
        (row, cell, code.removeprefix("rule."))
        for row, _, cell, code, severity in quarter.findings()
        if severity == "warning"
    ]


WIFE = member("样本乙", relation="1")
HOUSEHOLDS = [
    ("a sound household", [member(), WIFE], []),
    ("two heads", [member(), member("样本乙")], [(2, "H2", "one_head")]),
    ("no head", [WIFE, member("样本丙", relation="2")], [(2, "H2", "one_head")]),
    ("one member is not listed", [member()], [(2, "D2", "covered_is_listed")]),
    ("more are covered than live there", [member(household_size=1), member("样本乙", relation="1", household_size=1)],
     [(2, "D2", "covered_not_above_size"), (3, "D3", "covered_not_above_size")]),
    ("the size differs", [member(), member("样本乙", relation="1", household_size=4)], [(2, "C2", "one_size")]),
    ("who died is not counted", [member(), WIFE, member("样本丙", relation="5", change_kind="deceased", change_date="2026-08-01")], []),
    ("the head died and another follows", [member(change_kind="deceased", change_date="2026-08-01"), member("样本乙"), member("样本丙", relation="2")], []),
    ("a relation that nobody could read", [member(), member("样本乙", relation=None)], []),
    ("a state that nobody could read", [member(), member("样本乙", relation="1", change_kind=None)], []),
    ("the number is empty", [member(covered_persons=None), member("样本乙", relation="1", covered_persons=None)], []),
    ("a change without its day", [member(change_kind="updated"), WIFE], [(2, "K2", "change_is_dated")]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [h[1:] for h in HOUSEHOLDS], ids=[h[0] for h in HOUSEHOLDS])
def test_a_household_of_the_grid_sheet(quarter, rows, expected):
    metadata = {"低保户": {"columns": {**SHEET["低保户"]["columns"], "change_date": "K"}}}
    quarter.batch(rows, "grid_dibao", unit=GRID, sheet="低保户", metadata=metadata)
    assert told(quarter) == expected
    contract = quarter.ctx.district.contracts["grid_dibao"]
    of_groups = {rule.id for rule in contract.group_rules}
    single = [(at + 2, finding.code.removeprefix("rule.")) for at, finding in groups.examine_together(contract, rows)]
    assert single == [(row, rule) for row, _, rule in expected if rule in of_groups]


def test_households_of_different_grids_are_not_put_together(quarter):
    for unit in (GRID, "510105005002002"):
        quarter.batch([member(), WIFE], "grid_dibao", unit=unit, sheet="低保户", metadata=SHEET)
    assert told(quarter) == []


def test_a_group_rule_speaks_the_contracts_words_and_quarantines_nothing(quarter):
    batch = grid(quarter, [member()])
    validation.validate(quarter.ctx)
    assert quarter.rows("SELECT message, suggestion FROM quality.finding") == [
        ("保障人数与表中所列成员人数不一致", "请核对保障人数；享受保障的成员一人一行，漏列的请补上")
    ]
    assert quarter.state(batch)[:3] == ("validated", 1, 0)


def known(quarter, status="resident", key="P1", **more):
    return quarter.batch([{"attrs": person(status=status), "record_key": key}], "population", **more)


def listed(quarter, token=TOKEN, **changes):
    return grid(quarter, [member(id_number=token, covered_persons=1, household_size=1, **changes)])


def in_warehouse(quarter, dataset, key, attrs, valid_to="infinity"):
    with quarter.ctx.engine().begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, recorded_at, is_current, valid_to,"
            " delivery_id, sheet, row_no, row_hash, is_active, attrs)"
            " VALUES ('510105005', %s, %s, '2025-10-01', now(), true, %s, 'd', '', 1, md5('x')::uuid, true, %s::jsonb)",
            (dataset, key, valid_to, json.dumps(attrs)),
        )


def test_no_rule_fires_over_a_dataset_that_never_arrived(quarter):
    listed(quarter)
    assert told(quarter) == []


def test_a_member_the_register_does_not_know_and_one_the_police_call_dead(quarter):
    quarter.batch([{"attrs": {"id_number": "f" * 32}}], "dibao_register", period="2026-09", status="linked")
    known(quarter, status="deceased", status_date="2026-08-01")
    listed(quarter)
    assert told(quarter) == [(2, "G2", "in_register"), (2, "G2", "not_gone")]


def test_a_member_who_is_known_and_alive_is_told_nothing_and_neither_is_one_without_a_number(quarter):
    quarter.batch([{"attrs": {"id_number": TOKEN}}], "dibao_register", period="2026-09", status="linked")
    known(quarter)
    listed(quarter)
    listed(quarter, token=None)
    assert told(quarter) == []


def test_who_is_reported_gone_is_not_told_to_be_gone(quarter):
    known(quarter, status="deceased")
    listed(quarter, change_kind="deceased", change_date="2026-08-01")
    assert told(quarter) == []


def test_what_the_warehouse_knows_counts_and_a_newer_delivery_counts_more(quarter):
    in_warehouse(quarter, "population", "P1", {"id_number": TOKEN, "status": "moved_out"})
    first = listed(quarter)
    assert told(quarter) == [(2, "G2", "not_gone")]
    known(quarter)  # came back: the record P1 says so now
    listed(quarter)
    validation.validate(quarter.ctx)
    findings = quarter.rows("SELECT DISTINCT batch_id FROM quality.finding WHERE code = 'rule.not_gone'")
    assert findings == [(first,)]


def test_a_fact_that_no_longer_holds_is_no_reference(quarter):
    in_warehouse(quarter, "population", "P1", {"id_number": TOKEN, "status": "moved_out"}, "2026-03-01")
    known(quarter, key="P2")
    listed(quarter)
    assert told(quarter) == []


def test_of_two_staged_deliveries_the_newer_one_speaks(quarter):
    known(quarter, status="moved_out", version_at=datetime(2026, 10, 1))
    known(quarter, version_at=datetime(2026, 10, 2))
    listed(quarter)
    assert told(quarter) == []


def test_a_held_delivery_is_no_reference(quarter):
    known(quarter, status="moved_out", landed=1000, key="P1")
    validation.validate(quarter.ctx)
    known(quarter, key="P2", version_at=datetime(2026, 10, 2))
    listed(quarter)
    assert told(quarter) == []


def test_an_unchanged_sheet_without_rows_is_not_held(quarter):
    quarter.batch([], "grid_dibao", unit=GRID, period="2026Q2", landed=200, status="merged")
    batch = quarter.batch([], "grid_dibao", unit=GRID, is_unchanged=True)
    validation.validate(quarter.ctx)
    assert quarter.state(batch) == ("validated", 0, 0, 0, "")


def test_the_snapshot_after_an_unchanged_one_is_measured_against_the_one_before_it(quarter):
    quarter.batch([], "grid_dibao", unit=GRID, period="2026Q1", landed=200, status="merged")
    quarter.batch([], "grid_dibao", unit=GRID, period="2026Q2", status="merged", is_unchanged=True)
    batch = grid(quarter, [member(), WIFE])
    validation.validate(quarter.ctx)
    assert "比上一次（2026Q1）的200行少了99.0%" in quarter.state(batch)[4]


def test_answers_are_optional_and_come_and_go(quarter):
    quarter.batch([], "grid_answers", unit=GRID, period="2026Q2", landed=300, status="merged")
    nothing = quarter.batch([], "grid_answers", unit=GRID, is_nil=True)
    few = quarter.batch([{"attrs": {"question_ref": "q1"}}], "grid_answers", unit="510105005002002")
    validation.validate(quarter.ctx)
    assert [quarter.state(batch)[0] for batch in (nothing, few)] == ["validated", "validated"]
