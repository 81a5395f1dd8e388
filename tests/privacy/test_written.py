"""A person's numbers in what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.errors import UsageError
from courtyard.privacy import written

HAVE = (
    "已打 13800000000 核实",
    "138 0000 0000",
    "138-0000-0000已问",
    "证件号510105194001010000",
    "51010519400101000x",
    "510105 19400101 0000",
    "座机 028-86110000",
    "座机02886110000",
)
HAVE_NOT = (
    "补报民政数据",
    "青民发〔2026〕123号",
    "2026-10-06 09:30 上门核实，2026-10-08 复核",
    "2026Q3 与 2026Q2 相差 1234567890 元",
    "delivery civil_affairs:45f1f58549680efb",
    "四道街2号院3栋2单元501",
)


@pytest.mark.parametrize("number", range(len(HAVE)))
def test_numbers_of_persons_are_found(number: int) -> None:
    assert written.has_number(HAVE[number])
    with pytest.raises(UsageError, match="理由里不能写电话或证件号码") as refused:
        written.reason(HAVE[number])
    assert not any(digits in str(refused.value) for digits in ("138", "5101", "8611"))


@pytest.mark.parametrize("number", range(len(HAVE_NOT)))
def test_other_figures_may_stand(number: int) -> None:
    assert not written.has_number(HAVE_NOT[number])
    assert written.reason(HAVE_NOT[number]) == HAVE_NOT[number]


def test_a_reason_is_one_line() -> None:
    assert written.reason("  上门\n 核实\t过 ") == "上门 核实 过"
    assert written.reason(" \n ") == ""


@given(
    st.text("院落核实 ，。", max_size=12),
    st.from_regex(r"[1-9]\d{16}[\dX]", fullmatch=True),
    st.text("院落 ，。", max_size=12),
)
def test_an_id_number_is_found_wherever_it_stands(before: str, number: str, after: str) -> None:
    assert number not in written.without_numbers(f"{before}{number}{after}", "（略）")
    assert written.without_numbers(f"{before}{number}{after}", "（略）") == f"{before}（略）{after}"
