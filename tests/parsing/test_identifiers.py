"""ID numbers and phones (DOMAIN 4: 11, 12, 13, 23)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.parsing import identifiers
from courtyard.parsing.cells import Typed
from courtyard.parsing.identifiers import check_digit, id_number, phone

from .made import ID

births = st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 9, 30))


@st.composite
def numbers(draw):
    body = f"{draw(st.integers(110000, 659999))}{draw(births):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + check_digit(body)


def test_the_standards_own_example_passes():
    assert id_number(ID) == (ID, None)


@pytest.mark.parametrize(
    "written",
    ["'" + ID, "’" + ID, ID.lower(), "11010519491231002Ｘ", " 110105 19491231 002x ", "110105\u200b19491231\u00a0002X",
     "１１０１０５１９４９１２３１００２Ｘ", "110105-19491231-002X"],
)  # fmt: skip
def test_marks_spaces_and_full_width_digits_are_normalised(written):
    assert id_number(written) == (ID, None)


@pytest.mark.parametrize("cell", [Typed("number", "510105198001011000"), Typed("number", "5.10105198001011E+17")])
def test_a_number_cell_is_lost_whatever_its_check_digit_says(cell):
    assert id_number(cell) == (None, "id.numeric_cell")


def test_a_number_cell_whose_ruined_number_passes_the_check_is_lost_too():
    ruined = next(f"5101051980010{n:02d}000" for n in range(11, 31) if check_digit(f"5101051980010{n:02d}00") == "0")
    assert id_number(ruined) == (ruined, None)
    assert id_number(Typed("number", ruined)) == (None, "id.numeric_cell")


@pytest.mark.parametrize("text", ["5.10105E+17", "5.10105198001011E+17"])
def test_scientific_notation_in_text_means_the_number_was_lost_before(text):
    assert id_number(text) == (None, "id.numeric_cell")


def test_a_number_of_15_digits_becomes_18_with_a_warning():
    assert id_number("110105491231002") == (ID, "id.fifteen_digits")
    assert id_number("110105491331002") == (None, "id.birth_impossible")


@pytest.mark.parametrize(
    ("text", "code"),
    [("110105194912310021", "id.checksum"), ("11010519491231002", "id.length"), ("110105********002X", "id.masked"),
     ("1101051949123100O2", "id.checksum"), ("E12345678", "id.length")],
)  # fmt: skip
def test_wrong_numbers_are_told_apart(text, code):
    assert id_number(text) == (None, code)


def test_a_birth_date_that_never_was_is_named_once_the_check_digit_holds():
    body = "11010519490230002"
    assert id_number(body + check_digit(body)) == (None, "id.birth_impossible")


@pytest.mark.parametrize("text", ["无", "暂无", "—", "-", "/", " "])
def test_having_no_number_is_not_a_wrong_number(text):
    assert id_number(text) == (None, None)


def test_residence_permits_follow_the_same_check():
    body = "81000019900307001"
    assert id_number(body + check_digit(body)) == (body + check_digit(body), None)


@given(numbers())
def test_a_number_tells_birth_and_sex(number):
    assert id_number(number) == (number, None)
    assert identifiers.birth_date(number).replace("-", "") == number[6:14]
    assert identifiers.sex(number) == ("1" if int(number[16]) % 2 else "2")


@given(numbers(), st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(number, at, shift):
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 :]
    assert id_number(wrong)[1] == "id.checksum"


def test_a_passport_says_nothing_about_birth():
    assert identifiers.birth_date("E12345678") is None
    assert identifiers.other_document(" e1234-5678 ") == ("E1234-5678", None)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("13800001234", "13800001234"),
        ("138-0000-1234", "13800001234"),
        ("138 0000 1234", "13800001234"),
        ("+86 13800001234", "13800001234"),
        ("0086-13800001234", "13800001234"),
        ("１３８００００１２３４", "13800001234"),
        ("13800001234（儿子）", "13800001234"),
        ("儿子：13800001234", "13800001234"),
        ("028-86251234", "02886251234"),
        ("(028)86251234", "02886251234"),
        ("86251234", "86251234"),
        ("12345", "12345"),
        ("13800001234、13900005678", "13800001234、13900005678"),
        ("13800001234 13900005678", "13800001234、13900005678"),
        ("13800001234/028-86251234", "13800001234、02886251234"),
        ("13800001234，13800001234", "13800001234"),
        ("13800001234\n13900005678", "13800001234、13900005678"),
        (Typed("number", "13800001234"), "13800001234"),
    ],
)
def test_phones_become_digits_in_their_order(written, value):
    assert phone(written) == (value, None)


@pytest.mark.parametrize("text", ["无", "没有", "-", "—", "0", "无 "])
def test_no_phone_is_no_problem(text):
    assert phone(text) == (None, None)


@pytest.mark.parametrize("text", ["1380000", "1380000123456", "见备注", Typed("number", "2886251234")])
def test_what_is_no_phone_is_dropped_with_a_warning(text):
    assert phone(text) == (None, "phone.unreadable")


def test_the_readable_one_of_two_phones_stays():
    assert phone("13800001234、139000") == ("13800001234", "phone.unreadable")
