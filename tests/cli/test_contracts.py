"""The pack's contracts as pages and schemas: complete, current, and the schemas say what the checks say."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from courtyard.cli import application, contracts
from courtyard.district import contract_docs, json_schema, load_district
from courtyard.district.models import ColumnType

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "include/districts/shaocheng"


def plain(value):
    """YAML's dates as an editor sees them: texts."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def test_pages_and_schemas_are_what_the_pack_makes_of_them():
    stale = [str(path.relative_to(ROOT)) for path in contracts.stale(PACK)]
    assert stale == [], "These files are stale. Renew them with: courtyard contracts --write"


def test_every_file_of_the_pack_passes_the_schema_that_its_first_line_names():
    seen = 0
    for pattern in json_schema.PACK_FILES:
        for path in PACK.glob(pattern):
            first = path.read_text("utf-8").partition("\n")[0]
            schema = json.loads((path.parent / first.partition("$schema=")[2]).read_text("utf-8"))
            Draft202012Validator.check_schema(schema)
            problems = list(Draft202012Validator(schema).iter_errors(plain(yaml.safe_load(path.read_text("utf-8")))))
            assert problems == [], path
            seen += 1
    assert seen > 40


@pytest.mark.parametrize(
    ("old", "new"), [("type: person_name", "type: name"), ("grain:", "grains:"), ("check: one_of", "check: two_of")]
)
def test_an_editor_sees_a_wrong_word_in_a_contract(old, new):
    text = (PACK / "contracts/grid_dibao.yaml").read_text("utf-8").replace(old, new, 1)
    schema = json.loads((PACK.parent / "schema/contract.schema.json").read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(plain(yaml.safe_load(text))))


ORDER = {
    "orderNo": "X1", "kind": "投诉", "title": "漏水", "address": "长顺上街28号院", "createdAt": "2026-07-01T08:00:00+08:00",
    "status": "已办结", "closedAt": None, "anything": "more",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"kind": "complaint"}, []),
        ({"kind": "抱怨"}, ["kind"]),
        ({"title": ""}, ["title"]),
        ({"createdAt": None}, ["createdAt"]),
        ({"content": 5}, ["content"]),
    ],
)
def test_a_department_can_check_its_records_against_the_schema_of_the_rows(changes, wrong):
    schema = json.loads((ROOT / "docs/contracts/hotline_cases.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert [e.path[0] for e in Draft202012Validator(schema).iter_errors(ORDER | changes)] == wrong


def test_a_page_tells_all_that_the_contract_says():
    page = contracts.shown(PACK, "grid_dibao", as_json=False)
    for text in (
        "# 低保户（grid_dibao）",
        "少城街道各网格",
        "| 3 | 家庭人口 | 家庭人口数 | 整数；单位：人；不小于1；不大于20；同一户可合并单元格 |",
        "须写到日",
        "| 0 | 本人 | 户主、本人/户主 |",
        "| “户主姓名”、“居住地址”相同的行数应等于“保障人数” | 提示：照常入库，请核对 |",
        "“身份证号”不应在[实有人口](population.md)中“登记状态”为“死亡”或“迁出”的行里",
    ):
        assert text in page
    assert "sample" not in page.lower()


def test_every_column_and_rule_of_every_contract_stands_on_its_page():
    district = load_district(PACK)
    for name, contract in district.contracts.items():
        page = (ROOT / f"docs/contracts/{name}.md").read_text("utf-8")
        assert [c.header for c in contract.columns if f"| {c.header} |" not in page] == []
        every = (*contract.rules, *contract.group_rules, *contract.reference_rules)
        assert [r.id for r in every if r.message not in page or r.remedy not in page] == []


def test_writing_renews_what_is_stale_and_removes_pages_of_contracts_that_are_gone(tmp_path):
    pack, docs = tmp_path / "districts/copy", tmp_path / "docs"
    shutil.copytree(PACK, pack)
    assert len(contracts.write(pack, docs)) > 40
    assert contracts.write(pack, docs) == []
    (docs / "gone.md").write_text("x")
    contract = pack / "contracts/population.yaml"
    contract.write_text(contract.read_text("utf-8").replace("title: 实有人口", "title: 人口"), "utf-8")
    renewed = {path.name for path in contracts.write(pack, docs)}
    assert {"gone.md", "population.md", "README.md", "population.schema.json"} <= renewed
    assert "hotline_cases.md" not in renewed and not (docs / "gone.md").exists()


def test_the_command_prints_a_page_or_a_schema():
    done = CliRunner().invoke(application(), ["contracts", "population"])
    assert done.exit_code == 0 and done.output.startswith("<!--") and "# 实有人口（population）" in done.output
    done = CliRunner().invoke(application(), ["contracts", "population", "--json"])
    assert json.loads(done.output)["title"] == "实有人口"


def test_every_type_of_column_has_words_for_the_page():
    assert set(contract_docs.TYPES) == set(get_args(ColumnType))
