"""`rules/watch.yaml`: what is unusual is the office's to say, with a reason, and a mistake is named with its line."""

from __future__ import annotations

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError

PATH = "rules/watch.yaml"


def test_what_a_source_says_of_itself_comes_before_what_holds_for_all(small_pack):
    rules = load_district(small_pack).watch
    assert (rules.bounds("civil", by_unit=False).share, rules.bounds("other", by_unit=False).share) == (1.0, 0.3)
    assert rules.bounds("civil", by_unit=True).least_rows == 5
    assert (rules.late_after("civil"), rules.quarantined("civil")) == ("2 working_days", 0.1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("  civil: {", "  nobody: {", r"watch.yaml:10: sources.nobody: there is no source 'nobody'"),
        ('"510107001"', '"510107009"', r"watch.yaml:1: alerts.receivers.letter\[0\]: there is no unit '510107009'"),
        ("letter:", "gossip:", r"watch.yaml:1: alerts.receivers.gossip"),
        ("24 hours", "soon", r"watch.yaml:1: alerts.repeat_after"),
        ("share: 1.0, reason: 样例", "share: 1.0", r"watch.yaml:10: sources.civil.reason"),
        ("times: 3", "times: 0", r"watch.yaml:3: silence.times"),
    ],
)
def test_a_mistake_is_named_with_its_line(small_pack, before, after, told):
    path = small_pack / PATH
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(PackError, match=told):
        load_district(small_pack)
