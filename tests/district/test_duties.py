"""The duty list and the estimates of the burden ledger, as they are checked when the pack is loaded."""

from __future__ import annotations

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError


def test_the_lists_are_read(small_pack):
    district = load_district(small_pack)
    assert [(d.matter, d.kind, d.spelled, d.owners) for d in district.duties] == [
        ("花名册", "allowed", ("花名册",), ("民政局",)),
        ("招商", "refused", ("招商", "税源"), ("无",)),
    ]
    assert district.burden.minutes_per_visit.value == 15


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("duties.csv", "refused,招商 税源", "refused,招商 花名册", r"duties.csv:3: words: '花名册' already tells the matter 花名册"),
        ("duties.csv", "招商,无", "花名册,无", r"duties.csv:3: matter: the same already stands on line 2"),
        ("duties.csv", "refused", "forbidden", r"duties.csv:3: kind: must be 'allowed' or 'refused'"),
        ("duties.csv", "招商 税源", "", r"duties.csv:3: words: this cell is empty"),
        ("rules/burden.yaml", "value: 6", "value: -6", r"rules/burden.yaml:1: seconds_per_cell_typed.value"),
        ("rules/burden.yaml", "share: 0.8", "share: 1.8", r"rules/burden.yaml:5: same_form_share"),
        ("rules/burden.yaml", "basis: 样例}\nm", "basis: 样例, by: 谁}\nm", r"burden.yaml:2: seconds_per_cell_checked.by: unknown key"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(small_pack, file, before, after, told):
    path = small_pack / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(PackError, match=told):
        load_district(small_pack)
