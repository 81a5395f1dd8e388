"""What a contract says about one row, without Great Expectations."""

import subprocess
import sys

import pytest

from courtyard.district.models import Contract
from courtyard.validation import rules

from .rows import TOKEN, activist, person

CASES = [
    ("a sound row", person(), {}, []),
    ("a required cell is empty", person(household_no=None), {}, ["required.missing"]),
    ("a code that no list has", person(sex="7"), {}, ["code.unknown"]),
    ("neither yes nor no", person(split_residence="maybe"), {}, ["yes_no.unknown"]),
    ("yes", person(split_residence=True), {}, []),
    ("a date before the contract's earliest", person(birth_date="1899-12-31"), {}, ["date.before_earliest"]),
    ("a year that may hold the earliest day", person(birth_date="1900"), {}, []),
    ("a date after the period", person(birth_date="2026-10-01"), {}, ["date.after_period"]),
    ("the period's last day", person(birth_date="2026-09-30"), {}, []),
    ("the period's last month", person(birth_date="2026-09"), {}, []),
    ("something that is no date", person(birth_date="1980-3-5"), {}, ["date.unreadable"]),
    ("an ID number that was not sealed", person(id_number="11010519491231002X"), {}, ["cell.not_sealed"]),
    ("a name of 61 characters", person(name="甲" * 61), {}, ["cell.too_long"]),
    ("a name of 60 characters", person(name="甲" * 60), {}, []),
    ("the ID says another birthday", person(), {"id_birth_date": "1980-03-06"}, ["rule.birth_matches_id"]),
    ("the ID says the same birthday", person(), {"id_birth_date": "1980-03-05"}, []),
    ("a birth month that the ID agrees with", person(birth_date="1980-03"), {"id_birth_date": "1980-03-06"}, []),
    (
        "a birth year against the ID",
        person(birth_date="1981"),
        {"id_birth_date": "1980-03-06"},
        ["rule.birth_matches_id"],
    ),
    ("the ID says the other sex", person(), {"id_sex": "2"}, ["rule.sex_matches_id"]),
    ("the sex is not known", person(sex="9"), {"id_sex": "2"}, []),
    ("no record key", person(), {"record_key": None}, ["key.missing"]),
    ("no record key, since the key is empty", person(person_no=None), {"record_key": None}, ["required.missing"]),
]


def staged(attrs, **more):
    return {"attrs": attrs, "record_key": "K", "period": "2026Q3", **more}


@pytest.mark.parametrize(("attrs", "more", "codes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_row_of_the_population_register(district, attrs, more, codes):
    assert rules.check_row(district.contracts["population"], staged(attrs, **more), district.codes) == codes


def test_a_cell_the_parser_could_not_read_is_not_called_empty_as_well(district):
    row = staged(activist(sex=None), problems=[{"column": "sex", "code": "code.unknown", "cell": "C7"}])
    found = rules.examine(district.contracts["grid_activists"], row, district.codes)
    assert [(f.column_name, f.cell, f.code, f.severity) for f in found] == [("sex", "C7", "code.unknown", "error")]
    assert found[0].message == "性别不在可选项内"


def test_a_warning_of_the_parser_stays_a_warning(district):
    row = staged(activist(), problems=[{"column": "phone", "code": "phone.unreadable", "cell": "I7"}])
    found = rules.examine(district.contracts["grid_activists"], row, district.codes)
    assert [(f.cell, f.severity) for f in found] == [("I7", "warning")]


def test_a_problem_nobody_declared_counts_as_an_error(district):
    row = staged(activist(), problems=[{"column": None, "code": "made.up", "cell": None}])
    found = rules.examine(district.contracts["grid_activists"], row, district.codes)
    assert [(f.column_name, f.code, f.severity) for f in found] == [(None, "made.up", "error")]


def order(**attrs):
    base = {"order_no": "O1", "kind": "report", "title": "t", "address": "a", "status": "resolved"}
    return staged({**base, **attrs}, period="2026-07")


@pytest.mark.parametrize(
    ("created", "closed", "codes"),
    [
        ("2026-07-01T08:00:00+08:00", "2026-07-01T08:00:00+08:00", []),
        ("2026-07-01T08:00:00+08:00", "2026-07-01T00:30:00Z", []),
        ("2026-07-01T08:00:00+08:00", "2026-06-30T23:59:59.999999Z", ["rule.closed_after_created"]),
        ("2026-07-01T08:00:00+08:00", "2026-08-15T09:00:00+08:00", []),
        ("2026-07-01 08:00", "2026-06-30T08:00:00+08:00", ["date.unreadable"]),
    ],
)
def test_a_case_is_not_closed_before_it_began(district, created, closed, codes):
    contract = district.contracts["hotline_cases"]
    assert rules.check_row(contract, order(created_at=created, closed_at=closed), district.codes) == codes


def test_dates_of_unequal_precision_are_compared_by_what_both_know(district):
    contract = Contract.model_validate(
        {
            "dataset": "d", "title": "t", "version": 1, "format": "rows", "grain": "entity", "subject": "person",
            "key": [["a"]],
            "columns": [
                {"name": "a", "header": "A", "type": "date"},
                {"name": "b", "header": "B", "type": "date"},
                {"name": "c", "header": "C", "type": "datetime"},
            ],
            "rules": [
                {"id": "ab", "check": "not_before", "columns": ["a", "b"], "severity": "error", "message": "m", "remedy": "r"},
                {"id": "ac", "check": "not_before", "columns": ["a", "c"], "severity": "warning", "message": "m", "remedy": "r"},
            ],
        }
    )  # fmt: skip
    judge = lambda **attrs: rules.check_row(contract, staged(attrs))  # noqa: E731
    assert judge(a="2024-03", b="2024-03-31") == []
    assert judge(a="2024-02", b="2024-03-31") == ["rule.ab"]
    assert judge(a="2024", b="2024-03-31") == []
    assert judge(a="2024-03-01", c="2024-02-29T16:30:00Z") == []  # the first of March in Shanghai
    assert judge(a="2024-02-29", c="2024-02-29T16:30:00Z") == ["rule.ac"]


def test_numbers_keep_to_their_bounds(district):
    contract = district.contracts["grid_dibao"]
    row = {"head_name": "x", "address": "y", "name": "z", "relation": "0", "change_kind": "added", "id_number": TOKEN}
    judge = lambda size: rules.check_row(contract, staged({**row, "household_size": size}), district.codes)  # noqa: E731
    assert [judge(size) for size in (1, 20, 0, 21, "3.5")] == [
        [], [], ["number.out_of_range"], ["number.out_of_range"], ["number.unreadable"],
    ]  # fmt: skip


def test_messages_hold_no_value(district):
    row = staged(person(sex="sexual-secret", birth_date="birth-secret", name="n" * 99, id_number="id-secret"))
    found = rules.examine(district.contracts["population"], row, district.codes)
    assert len(found) == 4
    assert "secret" not in repr(found)
    assert all(f.message and f.suggestion for f in found)


def test_judging_single_rows_needs_neither_pandas_nor_great_expectations():
    program = (
        "import sys; from courtyard.validation import rules; print({'pandas','great_expectations'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
