"""Layers of the map: what is refused, and how a value finds its class."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError

ROOT = Path(__file__).resolve().parents[2]
LAYER = (
    "- {{layer: {layer}, title: 在册, unit: 人, figures: [{figures}], flag: {flag}, classes: [{classes}], tone: red}}\n"
)


def write(pack: Path, **changed: str) -> None:
    entry = {"layer": "one", "figures": "key_groups.registered", "flag": "cases.overdue", "classes": "1, 5", **changed}
    with (pack / "rules/map.yaml").open("a", encoding="utf-8") as file:
        file.write(LAYER.format(**entry))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"layer": "listed"}, "pack/rules/map.yaml:2: [1].layer: 'listed' stands twice. Keep one of the two."),
        ({"figures": "items.none"}, "[1].figures[0]: there is no figure 'items.none'. Name a figure"),
        ({"figures": "resources.started"}, "[1].figures[0]: 'resources.started' does not add up"),
        (
            {"figures": "key_groups.registered, cases.open"},
            "[1].figures: counts of persons, of things and of cases are",
        ),
        ({"flag": "cases.late"}, "[1].flag: there is no figure 'cases.late'"),
        ({"classes": "1, 5, 5"}, "[1].classes: classes begin with 1 and rise"),
        ({"classes": "2, 5"}, "classes begin with 1 and rise"),
    ],
)
def test_a_wrong_layer_is_named(small_pack: Path, changed: dict[str, str], told: str) -> None:
    write(small_pack, **changed)
    with pytest.raises(PackError) as refused:
        load_district(small_pack)
    assert told in str(refused.value)


def test_a_value_belongs_to_the_highest_class_that_it_reaches(small_pack: Path) -> None:
    layer = load_district(small_pack).map_layers[0]
    assert [layer.class_of(value) for value in (0, 1, 4, 5, 600)] == [0, 1, 1, 2, 2]


def test_figures_of_persons_are_told_from_figures_of_things() -> None:
    known = load_district(ROOT / "include/districts/shaocheng").figures
    personal = {name for name, figure in known.items() if figure.is_personal}
    assert {"population.persons", "key_groups.dibao", "items.dibao_amount", "resources.activists_by_kind"} < personal
    assert {"response.hotline_open", "response.reports_open", "response.disputes_open"} < personal
    assert not personal & {
        "response.hazards_open",
        "resources.facilities",
        "providers.posts",
        "resources.ledger_households",
    }


def test_the_layer_of_the_guide_is_one(tmp_path: Path) -> None:
    pack = shutil.copytree(ROOT / "include/districts/shaocheng", tmp_path / "shaocheng")
    entry = (ROOT / "docs/map.md").read_text("utf-8").split("# rules/map.yaml, one more entry\n")[1].split("```")[0]
    with (pack / "rules/map.yaml").open("a", encoding="utf-8") as file:
        file.write(entry)
    assert load_district(pack).map_layers[-1].title == "充电设施"
