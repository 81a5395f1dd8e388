"""`sources` of rules/cases.yaml: what they name must stand in the contracts."""

from __future__ import annotations

import pytest
from tests.district.test_load_district import edit, problems

from courtyard.district import load_district

RIGHT = {"dataset": "register", "number": "number", "reported_at": "started", "texts": "[name]", "channel": "hotline"}


def name_source(small_pack, **source):
    written = ", ".join(f"{key}: {value}" for key, value in {**RIGHT, **source}.items())
    chasing = "chasing: {every: 2 working_days}"
    edit(small_pack / "rules/cases.yaml", chasing, f"{chasing}\nsources:\n  - {{{written}}}")


def test_a_source_of_known_columns_is_right(small_pack):
    name_source(small_pack, status="status", closed="[here]")
    assert load_district(small_pack).cases.sources[0].closed == ("here",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"dataset": "x"}, "sources[0].dataset: there is no contract 'x'."),
        ({"reported_at": "x"}, "sources[0].reported_at: 'register' has no column 'x'."),
        ({"texts": "[name, x]"}, "sources[0].texts: 'register' has no column 'x'."),
        ({"duplicate_of": "x"}, "sources[0].duplicate_of: 'register' has no column 'x'."),
        ({"number": "name"}, "sources[0].number: is not what a record is known by."),
        ({"closed": "[here]"}, "sources[0].closed: needs the column of the status."),
    ],
)
def test_what_is_wrong_is_named(small_pack, source, expected):
    name_source(small_pack, **source)
    found = problems(small_pack)
    assert [line for line in found if expected in line], "\n".join(found)
