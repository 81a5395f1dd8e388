"""What docs/archive.md tells works: its rules go into a copy of the pack, its reason is written, its queries run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from courtyard.cli import application
from courtyard.district import load_district
from courtyard.errors import PackError
from courtyard.store import database
from courtyard.warehouse import tagging

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs/archive.md"
PACK = ROOT / "include/districts/shaocheng"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [body for name, body in BLOCKS if name == language]


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    """A copy of the pack with every snippet at the end of its file."""
    root = tmp_path_factory.mktemp("pack") / "shaocheng"
    shutil.copytree(PACK, root)
    for body in blocks("yaml"):
        path, _, key = re.match(r"# ([\w/.]+), (under )?(.*)\n", body).groups()
        whole = yaml.safe_load((root / path).read_text("utf-8"))
        (whole[key] if isinstance(whole, dict) else whole).extend(yaml.safe_load(body))
        (root / path).write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), "utf-8")
    return root


def test_a_figure_a_tag_and_an_indicator_are_added_without_code(pack):
    district = load_district(pack)
    assert district.figures["resources.cameras"].unit == "处"
    assert district.tags[-1].tag == "unwatched" and district.indicators[-1].indicator == "cameras_per_100"


def test_the_tags_reason_is_written_as_the_guide_shows(pack):
    district = load_district(pack)
    figures = {"resources.cameras": 0, "population.age_60_up": 34, "population.persons": 83}
    told = {tag.rule.tag: tag.reason for tag in tagging.portrait(district, "2026Q1", figures)}
    assert told["unwatched"] == blocks("text")[0].strip()
    assert "unwatched" not in {tag.rule.tag for tag in tagging.portrait(district, "2025Q4", figures)}


def test_a_mistake_is_told_as_the_guide_shows(tmp_path):
    root = tmp_path / "shaocheng"
    shutil.copytree(PACK, root)
    rules = root / "rules/tags.yaml"
    rules.write_text(
        rules.read_text("utf-8").replace("figure: resources.built_year", "figure: resources.build_year", 1), "utf-8"
    )
    with pytest.raises(PackError) as refused:
        load_district(root)
    told = blocks("text")[1].strip()
    assert re.sub(r":\d+:", ":", told) in re.sub(r":\d+:", ":", str(refused.value))


def test_the_queries_run(warehouse_url):
    with database.engine(warehouse_url, "publisher").connect() as connection:
        for query in blocks("sql")[0].split(";"):
            if query.strip():
                connection.execute(text(query)).all()


def test_views_datasets_and_commands_are_those_there_are(warehouse_url):
    guide = GUIDE.read_text("utf-8")
    with database.engine(warehouse_url, "publisher").connect() as connection:
        for view in set(re.findall(r"`mart\.(\w+)`", guide)):
            connection.execute(text(f"SELECT * FROM mart.{view} LIMIT 0"))
    district = load_district(PACK)
    table = guide.split("## What the modules hold")[1].split("Population, key groups")[0]
    told = {
        name for row in table.splitlines() if row.startswith("|") for name in re.findall(r"`(\w+)`", row.split("|")[4])
    }
    used = {rule.dataset for rule in (*district.archive.figures, *district.archive.events)}
    assert used <= told <= used | {"population"}
    assert "show" in {command.name or command.callback.__name__ for command in application().registered_commands}
