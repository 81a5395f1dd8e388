"""Masked names, numbers and dates, as literal cells."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.privacy import masking


@pytest.mark.parametrize(
    ("full", "masked"),
    [
        ("张三", "张*"),
        ("王小样", "王**"),
        ("欧阳样例", "欧阳**"),
        ("欧阳样", "欧阳*"),
        ("欧阳", "欧*"),
        ("诸葛样例样", "诸葛**"),
        ("样例样例样", "样**"),
        ("阿依古丽·买买提", "阿**·**"),
        ("张", "*"),
        ("𠮷田样例", "𠮷**"),
        ("John Smith", "J**"),
        ("张三、李样例", "张*、李**"),
        ("张三，王五；赵六", "张*，王*；赵*"),
        ("", ""),
    ],
)
def test_names(full, masked):
    assert masking.name(full) == masked


@pytest.mark.parametrize(
    ("full", "keeps", "masked"),
    [
        ("11010519491231002X", (3, 2), "110*************2X"),
        ("11010519491231002X", (6, 4), "110105********002X"),
        ("11010519491231002X", (0, 0), "*" * 18),
        ("11010519491231002X42", (3, 2), "110***************42"),
        ("110105491231002", (3, 2), "110**********02"),
        ("E12345678", (3, 2), "E********"),
    ],
)
def test_id_numbers(full, keeps, masked):
    assert masking.id_number(full, keeps) == masked


@pytest.mark.parametrize(
    ("full", "masked"),
    [
        ("13800001234", "138****1234"),
        ("13800001234、15400005678", "138****1234、154****5678"),
        ("028-86001234", "***-******34"),
        ("86001234", "******34"),
        ("110", "***"),
        ("13800001234（女儿）", "138****1234（***）"),
    ],
)
def test_phones(full, masked):
    assert masking.phone(full) == masked


@pytest.mark.parametrize(
    ("full", "masked"),
    [
        ("2019-03-07", "2019-03"),
        ("2019年3月7日", "2019-03"),
        ("20190307", "2019-03"),
        ("2019/3/7", "2019-03"),
        ("2019-03", "2019-03"),
        ("2019-3", "2019-03"),
        ("2019", "2019"),
        ("三月初七", "***"),
        ("07.03.2019", "***"),
    ],
)
def test_dates_lose_their_day(full, masked):
    assert masking.date(full) == masked


@given(st.from_regex(r"\d{17}[\dX]", fullmatch=True))
def test_an_id_number_never_shows_its_birth_date(number):
    for keeps in ((3, 2), (6, 4)):
        assert masking.id_number(number, keeps)[6:14] == "*" * 8


@given(st.text("样例张王欧阳·", min_size=2, max_size=8))
def test_a_masked_name_shows_two_characters_at_most(full):
    shown = masking.name(full)
    assert len(re.sub(r"[*·]", "", shown)) <= 2 and "*" in shown
