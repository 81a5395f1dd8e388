"""What docs/newcomer.md tells works: its snippets become a pack, a parsed file and a filled query."""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from courtyard import parsing
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.district.models import CodeList, Column, Contract, KeyGroup, ReportSpec, Rule, SourceSpec
from courtyard.errors import PackError
from courtyard.parsing.seal import COLUMNS, Sealer
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.reports import query
from courtyard.settings import Settings
from courtyard.validation import rules

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs/newcomer.md"
PACK = ROOT / "include/districts/shaocheng"
MODELS = {"sources": SourceSpec, "contracts": Contract, "codes": CodeList, "reports": ReportSpec}
ENTRIES = {"rules": Rule, "columns": Column, "one more entry": KeyGroup}
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"(?:#|--) ([\w./]+)(?:, (?:under )?([\w ]+))?")


@dataclass(frozen=True)
class Snippet:
    """A fenced block. Its first line names the file, and the key it goes under when it is no whole file."""

    language: str
    body: str
    path: str = ""
    key: str | None = None


def snippets() -> list[Snippet]:
    found = []
    for language, body in _FENCE.findall(GUIDE.read_text("utf-8")):
        title = _TITLE.fullmatch(body.partition("\n")[0])
        found.append(Snippet(language, body, *title.groups()) if title else Snippet(language, body))
    return found


def only(language: str) -> Snippet:
    (snippet,) = [s for s in snippets() if s.language == language]
    return snippet


YAML = [s for s in snippets() if s.language == "yaml"]


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    """A copy of the pack with every snippet in its place."""
    root = tmp_path_factory.mktemp("pack") / "shaocheng"
    shutil.copytree(PACK, root)
    for snippet in snippets():
        path = root / snippet.path
        if snippet.key:
            whole = yaml.safe_load(path.read_text("utf-8"))
            (whole if isinstance(whole, list) else whole[snippet.key]).extend(yaml.safe_load(snippet.body))
            path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
        elif snippet.path:
            assert not path.exists(), f"{snippet.path} stands in the pack already: choose another example."
            path.write_text(snippet.body, "utf-8")
    return root


def test_the_guide_has_snippets_for_a_source_a_rule_a_column_and_a_report():
    assert {s.path.split("/")[0] for s in YAML} == {"sources", "contracts", "codes", "rules", "reports"}
    assert {s.key for s in YAML} == {None, *ENTRIES}


@pytest.mark.parametrize("snippet", YAML, ids=lambda s: s.path)
def test_a_yaml_snippet_is_what_its_model_asks_for(snippet):
    value = yaml.safe_load(snippet.body)
    if snippet.key:
        assert all(ENTRIES[snippet.key].model_validate(entry) for entry in value)
    else:
        assert MODELS[snippet.path.split("/")[0]].model_validate(value)


def test_the_pack_loads_with_all_snippets_in_place(pack):
    district = load_district(pack)
    assert "veterans" in district.sources
    assert "veteran_ledger" in district.reports
    assert district.contracts["hotline_cases"].rules[-1].id == "due_after_created"
    assert district.contracts["grid_activists"].columns[-1].name == "volunteer_hours"
    assert any(group.group == "veteran" for group in district.key_groups)


def test_the_sample_file_gets_the_findings_the_guide_tells(pack):
    district = load_district(pack)
    contract = district.contracts["veteran_register"]
    data = only("csv").body.encode("gb18030")
    (table,) = parsing.parse_file(data, "cjr_2026Q3.csv", [contract], district.codes)
    ring = KeyRing({f"{kind}-1": secrets.token_bytes(32) for kind in KINDS})
    examine = rules.examiner(contract, district.codes)
    found = set()
    for number, values in enumerate(Sealer(contract, ring, "b", "2026Q3").rows(table.sheet, table), 1):
        row = dict(zip(COLUMNS, values, strict=True)) | {"period": "2026Q3"}
        row |= {name: yaml.safe_load(row[name]) for name in ("attrs", "problems")}
        found |= {f"{number} {f.code} {f.column_name}" for f in examine(row) if f.severity == "error"}
    assert found == set(only("findings").body.splitlines())
    assert table.columns["issued_on"][0] == "2019-05"


def test_the_reports_query_gives_what_its_form_shows(pack, warehouse_url, settings: Settings):
    district = load_district(pack)
    settings = Settings(var=settings.var, district_path=pack, keys=settings.keys)
    ctx = Context(
        settings, district, Period.quarter("2026Q3"), warehouse_url, KeyRing({}), lambda conn_id: None, "tests"
    )
    spec = district.reports["veteran_ledger"]
    with ctx.engine("publisher").begin() as connection:
        bound = query.parameters(ctx, spec, ctx.period, datetime(2026, 10, 2, tzinfo=UTC))
        assert query.run(connection, ctx, spec, bound).rows == []


def test_a_mistake_is_told_as_the_guide_shows(pack, tmp_path):
    shutil.copytree(pack, tmp_path / "shaocheng")
    contract = tmp_path / "shaocheng/contracts/veteran_register.yaml"
    contract.write_text(contract.read_text("utf-8").replace("codes: veteran_kind,", "codes: veteran_kinds,"))
    (shown,) = [s.body.strip() for s in snippets() if s.language == "text" and "veteran_kinds" in s.body]
    with pytest.raises(PackError, match=re.escape(shown)):
        load_district(tmp_path / "shaocheng")


def test_what_the_guide_points_to_exists():
    text = GUIDE.read_text("utf-8")
    for link in re.findall(r"\]\(([\w./]+\.md)\)", text):
        assert (GUIDE.parent / link).is_file(), link
    for name in re.findall(r"`((?:tests|include)/[\w./]+)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(courtyard/[\w./]+)`", text):
        assert (ROOT / "include" / name).exists(), name
    for check in re.findall(r"The checks there are: (.*?)\.", text)[0].split(", "):
        assert check.strip("`") in Rule.model_fields["check"].annotation.__args__
