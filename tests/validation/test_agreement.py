"""Great Expectations and the judgement of single rows say the same about every row."""

from __future__ import annotations

import json

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from courtyard.district.models import CodeList, Contract
from courtyard.validation import frame, groups, prepared, rules, suite

from .rows import TOKEN

PERIODS = {"b1": "2026Q3", "b2": "2026-07"}
CODES = {"sex": CodeList(codes="sex", title="性别", basis="GB/T 2261.1", values={"1": ("男",), "2": ("女",), "9": ()})}
WORDS = {"severity": "error", "message": "m", "remedy": "r"}
CONTRACT = Contract.model_validate(
    {
        "dataset": "everything",
        "title": "t",
        "version": 1,
        "format": "rows",
        "grain": "entity",
        "subject": "person",
        "key": [["id_number"], ["name", "birth"]],
        "active": {"column": "sex", "values": ["1", "2"]},
        "columns": [
            {"name": "name", "header": "姓名", "type": "person_name", "required": True},
            {"name": "sex", "header": "性别", "type": "code", "codes": "sex", "required": True},
            {"name": "birth", "header": "出生日期", "type": "date", "required": True, "earliest": "1900-03-01"},
            {"name": "id_number", "header": "身份证号", "type": "id_number"},
            {"name": "left_on", "header": "迁出日期", "type": "date"},
            {"name": "seen_at", "header": "见到", "type": "datetime"},
            {"name": "told_at", "header": "上报", "type": "datetime", "required": True},
            {"name": "size", "header": "人数", "type": "integer", "minimum": 1, "maximum": 20},
            {"name": "amount", "header": "金额", "type": "decimal", "minimum": 0},
            {"name": "age", "header": "年龄", "type": "age"},
            {"name": "ok", "header": "是否", "type": "yes_no"},
            {"name": "note", "header": "备注", "type": "text"},
            {"name": "line", "header": "序号", "type": "integer", "volatile": True, "required": True},
        ],
        "rules": [
            {"id": name, "check": check, "columns": columns, **WORDS}
            for name, check, columns in [
                ("birth", "birth_matches_id", ["birth", "id_number"]),
                ("sex", "sex_matches_id", ["sex", "id_number"]),
                ("left", "not_before", ["left_on", "birth"]),
                ("told", "not_before", ["told_at", "seen_at"]),
                ("mixed", "not_before", ["told_at", "left_on"]),
                ("less", "not_above", ["size", "amount"]),
                ("named", "required_with", ["note", "name"]),
            ]
        ]
        + [
            {"id": name, "check": "required_with", "columns": columns, "values": values, **WORDS}
            for name, columns, values in [
                ("told_if", ["left_on", "ok"], ["true"]),
                ("number_if", ["id_number", "sex"], ["1", "9"]),
            ]
        ],
        "group_rules": [
            {"id": "head", "check": "one_of", "group": ["note"], "where": {"ok": ["true"]}, **WORDS},
            {"id": "count", "check": "count_is", "group": ["note", "name"], "column": "size", **WORDS},
            {
                "id": "count_if",
                "check": "count_is",
                "group": ["note"],
                "column": "size",
                "where": {"ok": ["true"]},
                **WORDS,
            },
            {"id": "same", "check": "same", "group": ["note"], "column": "name", **WORDS},
            {"id": "same_if", "check": "same", "group": ["ok"], "column": "birth", "where": {"sex": ["1"]}, **WORDS},
        ],
    }
)

ODD = st.sampled_from(["", " ", "\n", "2026-07-01\n", "NaN", "-", "١٩٨٠", "1e3", "0", "true", "，", '"', "a,b", "\x0b"])
DATES = st.one_of(
    st.dates(min_value=pd.Timestamp("1890-01-01").date(), max_value=pd.Timestamp("2030-01-01").date()).map(str),
    st.sampled_from(
        ["1980", "1980-03", "1980-03-05", "1900", "1900-02", "1900-03-01", "2026-09-30", "2026-10", "2026-02-30"]
    ),
    ODD,
)
MOMENTS = st.one_of(
    st.datetimes(pd.Timestamp("1999-01-01"), pd.Timestamp("2026-12-31"), timezones=st.timezones()).map(
        lambda at: at.isoformat()
    ),
    st.sampled_from(
        [
            "2026-07-01T00:00:00+08:00",
            "2026-06-30T16:00:00Z",
            "2026-07-01T00:00+08:00",
            "2026-02-30T00:00:00Z",
            "2026-07-01",
        ]
    ),
    ODD,
)
NUMBERS = st.one_of(
    st.integers(-3, 10**20).map(str),
    st.decimals(-1, 50, allow_nan=False).map(str),
    st.sampled_from(["1E+3", "20.0"]),
    ODD,
)
VALUES = {
    "name": st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80), st.just("样本")),
    "sex": st.one_of(st.sampled_from(["1", "2", "9"]), ODD),
    "birth": DATES,
    "id_number": st.one_of(st.just(TOKEN), st.just(TOKEN[1:]), ODD),
    "left_on": DATES,
    "seen_at": MOMENTS,
    "told_at": MOMENTS,
    "size": NUMBERS,
    "amount": NUMBERS,
    "age": st.one_of(st.sampled_from(["35", "35@2026-09-30", "35@2026", "35@", "1035@2026-09-30"]), ODD),
    "ok": st.one_of(st.sampled_from(["true", "false"]), ODD),
    "note": st.one_of(ODD, st.just("x" * 5001)),
}
PROBLEM = st.fixed_dictionaries(
    {
        "column": st.sampled_from([*VALUES, "line", "gone", None]),
        "code": st.sampled_from(["id.checksum", "phone.unreadable", "id.fifteen_digits", "unheard.of"]),
        "cell": st.just("B7"),
    }
)
ROW = st.fixed_dictionaries(
    {
        "attrs": st.fixed_dictionaries({}, optional=VALUES),
        "problems": st.lists(PROBLEM, max_size=2),
        "record_key": st.sampled_from(["k", None]),
        "id_birth_date": st.one_of(st.none(), DATES),
        "id_sex": st.sampled_from(["1", "2", None]),
        "batch_id": st.sampled_from(list(PERIODS)),
    }
)


def raw_frame(rows):
    """What `frame.read` gets from the database for these rows."""
    raw = {
        "batch_id": [row["batch_id"] for row in rows],
        "sheet": ["" for _ in rows],
        "row_no": list(range(len(rows))),
        "problems": [json.dumps(row["problems"]) if row["problems"] else None for row in rows],
        "record_key": [str(row["record_key"] is not None).lower() for row in rows],
        "id_birth_date": [row["id_birth_date"] for row in rows],
        "id_sex": [row["id_sex"] for row in rows],
    }
    types = dict.fromkeys(raw, "str") | {"row_no": "int64"}
    for column in frame.kept(CONTRACT):
        values = [row["attrs"].get(column.name) for row in rows]
        is_value = column.type in frame.VALUE_TYPES
        raw[frame.raw_name(column)] = values if is_value else [None if v is None else float(len(v)) for v in values]
        types[frame.raw_name(column)] = "str" if is_value else "float64"
    for rule in CONTRACT.group_rules:
        keys = [[row["attrs"].get(name) for name in rule.group] for row in rows]
        raw[prepared.key_name(rule)] = [None if None in key else json.dumps(key) for key in keys]
        types[prepared.key_name(rule)] = "str"
        if rule.check == "same":
            raw[prepared.value_name(rule)] = [row["attrs"].get(rule.column) for row in rows]
            types[prepared.value_name(rule)] = "str"
    return pd.DataFrame(raw).astype(types)


def by_great_expectations(rows, checks):
    """(position, finding) of every check that failed on a row."""
    staged = frame.build(CONTRACT, raw_frame(rows), PERIODS)
    outcome = suite.run("everything", checks, staged.frame)
    assert outcome.raised == []
    return {
        (position, finding)
        for at, positions in outcome.failed.items()
        for position in positions
        for finding in rules.findings_of(checks[at], staged.problems.get(position, ()))
    }


# Each example costs half a second of the library, so none is shrunk: the rows that differ are told anyway.
@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(ROW, min_size=20, max_size=80))
def test_both_judgements_agree_on_every_row(rows):
    by_row = {
        (position, finding)
        for position, row in enumerate(rows)
        for finding in rules.examine(CONTRACT, {**row, "period": PERIODS[row["batch_id"]]}, CODES)
    }
    assert by_great_expectations(rows, rules.checks_of(CONTRACT, CODES)) == by_row


HOUSEHOLD_ROW = st.fixed_dictionaries(
    {
        "attrs": st.fixed_dictionaries(
            {},
            optional={
                "note": st.sampled_from(["家", "户", "x"]),
                "name": st.sampled_from(["样本", "样例"]),
                "size": st.sampled_from(["1", "2", "3", "2.0"]),
                "ok": st.sampled_from(["true", "true", "false"]),
                "sex": st.sampled_from(["1", "1", "1", "9"]),
                "birth": st.sampled_from(["1980", "1980-03"]),
            },
        ),
        "problems": st.just([]),
        "record_key": st.just("k"),
        "id_birth_date": st.none(),
        "id_sex": st.none(),
        "batch_id": st.just("b1"),
    }
)


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(HOUSEHOLD_ROW, min_size=2, max_size=40))
def test_both_judgements_agree_on_rows_that_belong_together(rows):
    checks = tuple(groups.check_of(rule) for rule in CONTRACT.group_rules)
    assert by_great_expectations(rows, checks) == set(groups.examine_together(CONTRACT, rows))
