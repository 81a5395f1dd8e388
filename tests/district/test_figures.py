"""A wrong rule of the archive, of a tag or of an indicator is named with its file, line and key."""

from __future__ import annotations

import re

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError

ARCHIVE, TAGS, INDICATORS = "rules/archive.yaml", "rules/tags.yaml", "rules/indicators.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (ARCHIVE, "dataset: register, measure: least", "dataset: registers, measure: least",
         "archive.yaml:2: figures[0].dataset: there is no contract 'registers'"),
        (ARCHIVE, "column: started", "column: begun", "archive.yaml:2: figures[0].column: there is no column 'begun'"),
        (ARCHIVE, "column: started", "column: name", "archive.yaml:2: figures[0].column: 'name' is not of type date or decimal or integer"),
        (ARCHIVE, "values, column: status", "values, column: name", "archive.yaml:4: figures[2].column: 'name' is not of type code"),
        (ARCHIVE, "where: {status: [here]}", "where: {status: [gone]}", "archive.yaml:3: figures[1].where.status[0]: 'gone' is not a code of status"),
        (ARCHIVE, "measure: count,", "measure: counted,", "archive.yaml:3: figures[1].measure: must be "),
        (ARCHIVE, "measure: count,", "measure: count, column: name,", "archive.yaml:3: figures[1].column: column goes with every measure but count"),
        (ARCHIVE, "figure: items.states", "figure: items.listed", "archive.yaml:4: figures[2].figure: 'items.listed' stands twice"),
        (ARCHIVE, "figure: items.states", "figure: people.states", "archive.yaml:4: figures[2].figure: string should match pattern"),
        (TAGS, "figure: items.listed", "figure: items.enlisted", "tags.yaml:5: [0].all[0].figure: there is no figure 'items.enlisted'"),
        (TAGS, "share_of: population.persons", "share_of: population.people", "tags.yaml:5: [0].all[0].share_of: there is no figure 'population.people'"),
        (TAGS, "figure: items.listed, share_of: population.persons", "figure: items.states", "tags.yaml:5: [0].all[0].figure: 'items.states' is no number"),
        (TAGS, "value: 0.5", "value: half", "tags.yaml:5: [0].all[0].value"),
        (TAGS, "compare: at_least", "compare: one_of", "tags.yaml:5: [0].all[0].value: value is a list of codes with one_of"),
        (TAGS, "figure: items.listed, share_of: population.persons, compare: at_least, value: 0.5",
         "figure: items.states, compare: one_of, value: [gone]", "tags.yaml:5: [0].all[0].value[0]: 'gone' is not a code of status"),
        (TAGS, "在册{items.listed}，", "在册{items.number}，", "tags.yaml:6: [0].reason: there is no figure 'items.number'"),
        (TAGS, "{limit}", "{limit2}", "tags.yaml:6: [0].reason: '{limit2}' is the threshold of a condition that is not there"),
        (TAGS, "  all:\n", "  some:\n", "tags.yaml:4: [0].some: unknown key"),
        (TAGS, "  basis: 样例\n", "", "tags.yaml:1: [0].basis: this key is missing"),
        (TAGS, "  basis: 样例\n", "  basis: 样例\n  first: 2026\n", "tags.yaml:8: [0].first"),
        (INDICATORS, "items.listed", "items.enlisted", "indicators.yaml:1: [0].numerator: there is no figure 'items.enlisted'"),
        (INDICATORS, "items.listed", "resources.started", "indicators.yaml:1: [0].numerator: 'resources.started' does not add up over courtyards"),
        (INDICATORS, "numerator: items.listed", "numerator: items.listed, per: 0", "indicators.yaml:1: [0].per"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_named_with_file_line_and_key(small_pack, file, old, new, told):
    path = small_pack / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError, match=re.escape(told)):
        load_district(small_pack)


def test_figures_of_the_archive_the_population_and_the_key_groups_may_be_named(small_pack):
    known = load_district(small_pack).figures
    assert {
        name: (k.kind, k.is_additive) for name, k in known.items() if not name.startswith(("population", "providers"))
    } == {
        "key_groups.registered": ("number", True),
        "resources.started": ("number", False),
        "items.listed": ("number", True),
        "items.states": ("values", False),
    }
    assert known["resources.started"].is_year and known["items.states"].codes == "status"
