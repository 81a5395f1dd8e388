"""Names, texts, marks, codes and numbers (DOMAIN 4: 12, 13, 19, 20, 21, 24, 32, 33, 34)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.parsing import text
from courtyard.parsing.cells import Typed
from courtyard.parsing.normalise import normalise
from courtyard.parsing.numbers import decimal, integer
from courtyard.parsing.text import clean, person_name, yes_no

from .made import pack


@pytest.mark.parametrize("dot", "•‧・．·･⋅∙.")
def test_one_kind_of_middle_dot_in_names(dot):
    assert person_name(f"阿依古丽{dot}买买提") == ("阿依古丽·买买提", None)


@pytest.mark.parametrize("written", ["张 三", "张　三", "张\u00a0三", "张\u200b三", " 张三\n", "张\t三", "\ufeff张三"])
def test_spaces_inside_han_names_go(written):
    assert person_name(written) == ("张三", None)


def test_spaces_inside_other_names_stay_single():
    assert person_name(" Anna   Maria  Smith ") == ("Anna Maria Smith", None)
    assert person_name("J. Smith") == ("J. Smith", None)


@pytest.mark.parametrize("name", ["张䶮", "𠮷田", "王㐂", "阿卜杜热合曼·买买提", "龘靐齉"])
def test_rare_characters_survive(name):
    assert person_name(name) == (name, None)


@pytest.mark.parametrize(
    "name", ["张?", "张？", "张〓", "张\ue000", "王\U000f0001", "张*", "张□明", "12345", Typed("number", "5")]
)
def test_what_stands_for_a_lost_character_is_quarantined(name):
    assert person_name(name) == (None, "name.unreadable")


def test_text_is_cleaned_but_never_folded():
    assert clean("面积 50㎡\u200b，\u00a0２楼") == "面积 50㎡， ２楼"
    assert clean("第一行\r\n第二行") == "第一行 第二行"
    assert clean("=cmd|' /C calc'!A0") == "=cmd|' /C calc'!A0"


def test_long_numbers_in_text_columns_have_lost_digits():
    assert text.as_text(Typed("number", "501")) == ("501", None)
    assert text.as_text(Typed("number", "1.23456789012346e+17")) == (None, "text.numeric_cell")


def test_a_room_that_became_a_date_is_not_an_address():
    assert text.address(Typed("date", "2026-03-02")) == (None, "text.date_cell")
    assert text.address("宽 巷 子 12号院 3-2-501") == ("宽巷子 12号院 3-2-501", None)
    assert text.address("宽巷子\n12号院") == ("宽巷子 12号院", None)


@pytest.mark.parametrize("mark", ["是", "√", "1", "有", "Y", "y", "YES", "✓", "对", "Ｙ", " 是 "])
def test_yes(mark):
    assert yes_no(mark) == (True, None)


@pytest.mark.parametrize("mark", ["否", "×", "0", "无", "N", "no", "不是", "没有"])
def test_no(mark):
    assert yes_no(mark) == (False, None)


def test_blank_is_not_no_and_the_rest_is_not_guessed():
    assert yes_no(" ") == yes_no("—") == (None, None)
    assert yes_no("可能") == (None, "yes_no.unknown")
    assert yes_no(Typed("boolean", "1")) == (True, None)


def accepted(name):
    return text.spellings(pack().codes[name].values)


@pytest.mark.parametrize(
    ("codes", "written", "value"),
    [("sex", "男", "1"), ("sex", "女性", "2"), ("sex", "1", "1"), ("sex", Typed("number", "2"), "2"), ("sex", "m", "1"),
     ("ethnicity", "汉族", "01"), ("ethnicity", "汉", "01"), ("ethnicity", Typed("number", "1"), "01"),
     ("relation", "本人／户主", "0"), ("political_status", " 中共党员 ", "01"), ("document_type", "无", "none")],
)  # fmt: skip
def test_labels_and_synonyms_become_codes(codes, written, value):
    assert text.code(written, accepted(codes)) == (value, None)


def test_an_unknown_label_is_rejected_and_a_dash_is_nothing():
    assert text.code("外星人", accepted("sex")) == (None, "code.unknown")
    assert text.code("—", accepted("sex")) == (None, None)


@pytest.mark.parametrize(
    ("written", "value"),
    [("3", 3), ("３", 3), ("3人", 3), ("1,234", 1234), ("3.0", 3), (Typed("number", "3"), 3), ("三", 3), ("-2", -2)],
)
def test_whole_numbers(written, value):
    assert integer(written) == (value, None)


@pytest.mark.parametrize(
    ("written", "value"),
    [("1234.50", "1234.50"), ("1,234.50元", "1234.50"), ("￥930", "930"), ("1e3", "1000"), ("0", "0")],
)
def test_decimals_stay_as_written(written, value):
    assert decimal(written) == (value, None)


@pytest.mark.parametrize("written", ["3.5", "三五", "3户5人", "abc", "1.2.3", "NaN", "Infinity", "0x10", "1_000", "٣"])
def test_what_is_no_whole_number(written):
    assert integer(written)[1] == "number.unreadable"


@pytest.mark.parametrize("written", ["1e999", "9223372036854775808", "-1e30", "1e9999"])
def test_numbers_beyond_every_store(written):
    assert decimal(written) == (None, "number.out_of_range")


def test_what_no_column_can_hold():
    assert normalise("x" * 32_768, text.as_text) == (None, "cell.too_long")
    assert normalise("x" * 32_767, text.as_text) == ("x" * 32_767, None)
    assert normalise("乱\ufffd码", text.as_text) == (None, "text.replacement_char")
    assert normalise("a\x00b", text.as_text) == (None, "text.invalid_character")
    assert normalise("a\ud800b", text.as_text) == (None, "text.invalid_character")
    assert normalise(Typed("error", "#REF!"), text.as_text) == (None, "cell.error_value")
    assert normalise(Typed("formula", ""), text.as_text) == (None, "cell.formula_without_value")


@given(st.text())
def test_no_text_raises_and_cleaning_is_idempotent(written):
    for work in (text.as_text, text.person_name, text.address, yes_no, integer, decimal):
        value, _ = normalise(written, work)
        if isinstance(value, str) and work in (text.as_text, text.person_name, text.address):
            assert normalise(value, work) == (value, None)
