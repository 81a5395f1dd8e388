"""Which texts tell of a danger to life: `CaseRules.emergency_in`, with the words of the real pack."""

from __future__ import annotations

import pytest
from tests.conftest import PACK

from courtyard.district import load_district


@pytest.fixture(scope="module")
def rules():
    return load_district(PACK).cases


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("3栋楼道起火了", "119"),
        ("着 火 了！快来", "119"),
        ("着\u200b火了", "119"),
        ("楼下火锅店着火了", "119"),
        ("有老人晕倒在院门口", "120"),
        ("院里有人打架", "110"),
        ("厨房有很重的燃气味", "119"),
        ("开着火锅店，油烟大", None),
        ("路灯不亮", None),
        ("防火门坏了", None),
        ("", None),
    ],
)
def test_what_to_call(rules, text, call):
    found = rules.emergency_in(text)
    assert (found.call if found else None) == call


def test_words_taken_out_do_not_join_what_stood_around_them(rules):
    assert rules.emergency_in("起防火火") is None
