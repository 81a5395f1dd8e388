import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.identity import numerals

DIGITS, FORMAL = "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("28", 28), ("二十八", 28), ("廿八", 28), ("二八", 28), ("贰拾捌", 28), ("廿", 20), ("卅一", 31), ("十", 10), ("十二", 12),
        ("五〇一", 501), ("一百零二", 102), ("一百一十", 110), ("一百十二", 112), ("两", 2),
        ("一百二", None), ("十二十", None), ("百", None), ("1234567", None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_a_clerk_reads_it(text, number):
    assert numerals.read(text) == number


@given(st.integers(1, 999))
def test_every_spelling_of_a_number_reads_back(number):
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    spelled = (DIGITS[hundreds] + "百" if hundreds else "") + ("零" if hundreds and not tens and ones else "")
    spelled += (("" if tens == 1 and not hundreds else DIGITS[tens]) + "十" if tens else "") + (
        DIGITS[ones] if ones else ""
    )
    for text in (
        str(number),
        spelled,
        "".join(DIGITS[int(d)] for d in str(number)),
        "".join(FORMAL[int(d)] for d in str(number)),
    ):
        assert numerals.read(text) == number
