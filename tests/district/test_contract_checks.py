"""What a contract may name: its own columns, codes of the lists, columns of other contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError

REGISTER = """\
dataset: register
title: 登记
version: 1
format: workbook
grain: entity
subject: person
optional: true
key: [[number]]
active: {column: status, values: [here]}
columns:
  - {name: number, header: bh, type: text, required: true}
  - {name: name, header: xm, type: person_name, role: name}
  - {name: id_number, header: sfzh, type: id_number, role: id_number}
  - {name: status, header: zt, type: code, codes: status}
  - {name: is_head, header: hz, type: yes_no}
  - {name: size, header: rs, type: integer, unit: 人}
  - {name: covered, header: bz, type: integer}
  - {name: started, header: ks, type: date, precision: month}
  - {name: line, header: xh, type: integer, volatile: true}
rules:
  - {id: covered, check: not_above, columns: [covered, size], severity: error, message: 多, remedy: 请核对}
  - {id: started, check: required_with, columns: [started, status], values: [here], severity: error, message: 缺, remedy: 请补}
group_rules:
  - {id: one_head, check: one_of, group: [name], where: {is_head: ["true"]}, severity: warning, message: 户主, remedy: 请核对}
  - {id: as_many, check: count_is, group: [name], column: covered, severity: warning, message: 人数, remedy: 请核对}
reference_rules:
  - id: known
    check: listed
    dataset: people
    columns: [id_number]
    theirs: [id_number]
    where: {status: [here]}
    message: 未见
    remedy: 请核对
forms:
  - {version: "2025.1", headers: {size: 家庭人数}, without: [covered], last: 2025Q4}
"""
PEOPLE = """\
dataset: people
title: 人口
version: 1
format: rows
grain: entity
subject: person
key: [[id_number]]
columns:
  - {name: id_number, header: sfzh, type: id_number}
  - {name: status, header: zt, type: code, codes: status}
  - {name: seen, header: gx, type: id_number, volatile: true}
"""


@pytest.fixture
def pack(small_pack: Path) -> Path:
    """The small pack with a contract that uses every feature, and a second one that it refers to."""
    (small_pack / "contracts/register.yaml").write_text(REGISTER, encoding="utf-8")
    (small_pack / "contracts/people.yaml").write_text(PEOPLE, encoding="utf-8")
    source = small_pack / "sources/civil.yaml"
    source.write_text(source.read_text("utf-8").replace("[register]", "[register, people]"), encoding="utf-8")
    return small_pack


def test_the_contract_is_right_before_a_test_breaks_it(pack):
    contract = load_district(pack).contracts["register"]
    assert [rule.id for rule in contract.group_rules] == ["one_head", "as_many"]
    assert contract.group_rules[0].about == "is_head" and contract.group_rules[1].about == "covered"


BROKEN = [
    ("xm, type: person_name", "xm, unit: 人, type: person_name", "12: columns[1].unit: unit goes with a column of type"),
    ("ks, type: date", "ks, type: integer", "18: columns[7].precision: precision goes with a column of type date only"),
    ("hz, type: yes_no", "hz, type: yes_no, role: name", "15: columns[4].role: the column name already plays this role."),
    ("format: workbook", "format: rows", "7: optional: only a sheet of a workbook may be left out."),
    ("[covered, size]", "[covered, line]", "21: rules[0].columns[1]: 'line' is volatile, so nothing of it is kept."),
    ("[covered, size]", "[covered, name]", "21: rules[0].columns[1]: 'name' is person_name; not_above compares"),
    ("[started, status]", "[begun, status]", "22: rules[1].columns[0]: there is no column 'begun'."),
    ("values: [here], sev", "values: [在册], sev", "22: rules[1].values[0]: '在册' is not a code of status."),
    ("[started, status]", "[started, name]", "22: rules[1].values: 'name' has no fixed values."),
    ("[covered, size], sev", "[covered, size], values: [here], sev", "21: rules[0].values: go with required_with only."),
    ("one_of, group: [name]", "one_of, group: [home]", "24: group_rules[0].group[0]: there is no column 'home'."),
    ("{is_head:", "{head:", "24: group_rules[0].where.head: there is no column 'head'."),
    ('["true"]', "[是]", "24: group_rules[0].where.is_head[0]: '是' is neither yes nor no."),
    ('where: {is_head: ["true"]}, ', "", "24: group_rules[0]: where is needed by one_of."),
    ("check: one_of", "check: same", "24: group_rules[0]: column goes with count_is and same"),
    ("column: covered", "column: cover", "25: group_rules[1].column: there is no kept column 'cover'."),
    ("column: covered", "column: name", "25: group_rules[1].column: 'name' is person_name; count_is needs"),
    ("id: as_many", "id: one_head", "25: group_rules[1]: 'one_head' stands twice."),
    ("id: as_many", "id: covered", "25: group_rules[1].id: 'covered' also names a rule of another kind."),
    ("dataset: people", "dataset: person", "29: reference_rules[0].dataset: there is no contract 'person'."),
    ("    columns: [id_number]", "    columns: [id]", "30: reference_rules[0].columns[0]: there is no column 'id'."),
    ("theirs: [id_number]", "theirs: [id]", "31: reference_rules[0].theirs[0]: people keeps no column 'id'."),
    ("theirs: [id_number]", "theirs: [seen]", "31: reference_rules[0].theirs[0]: people keeps no column 'seen'."),
    ("theirs: [id_number]", "theirs: [status]", "31: reference_rules[0].theirs[0]: 'status' is code, 'id_number' is"),
    ("theirs: [id_number]", "theirs: []", "31: reference_rules[0].theirs: "),
    ("theirs: [id_number]", "theirs: [status, id_number]", "31: reference_rules[0].theirs: theirs has not as many"),
    ("where: {status: [here]}\n", "where: {status: [gone]}\n", "32: reference_rules[0].where.status[0]: 'gone' is not"),
    ("{size: 家庭人数}", "{sizes: 家庭人数}", "36: forms[0].headers.sizes: there is no column 'sizes'."),
    ("{size: 家庭人数}", "{size: xm}", "36: forms[0].headers.size: 'xm' names two columns of this version."),
    ("without: [covered]", "without: [cover]", "36: forms[0].without[0]: there is no column 'cover'."),
    ("without: [covered]", "without: [size]", "36: forms[0].without[0]: 'size' has a header in this version."),
    ("last: 2025Q4", "last: 2025Q5", "36: forms[0].last: is not a period. Write one such as"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), BROKEN, ids=[f"{old} -> {new}" for old, new, _ in BROKEN])
def test_an_error_names_file_line_and_key(pack, old, new, expected):
    assert old in REGISTER
    (pack / "contracts/register.yaml").write_text(REGISTER.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_district(pack)
    found = str(caught.value).splitlines()
    assert any(line.startswith(f"pack/contracts/register.yaml:{expected}") for line in found), "\n".join(found)
