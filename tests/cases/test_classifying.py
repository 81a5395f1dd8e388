"""What a report is about, told from the words of the pack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cases.told import TOLD, UNSEEN

from courtyard.cases.classifying import Classifier
from courtyard.cases.wording import letters
from courtyard.district import load_district

DISTRICT = load_district(Path(__file__).resolve().parents[2] / "include/districts/shaocheng")
RULES = DISTRICT.cases
CLASSIFIER = Classifier(RULES)
CODES = [category.code for category in RULES.categories]
WORDS = sorted({word for category in RULES.categories for word in (*category.words, *category.hints)})
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=6).map("，".join))


@pytest.mark.parametrize(("text", "category"), TOLD)
def test_texts_are_read_as_a_person_would(text, category):
    assert CLASSIFIER.guess(text).category == category


def test_of_texts_that_nobody_thought_of_the_sure_ones_are_right_and_half_are_found():
    guesses = [(CLASSIFIER.guess(text), category) for text, category in UNSEEN]
    assert [(g, category) for g, category in guesses if CLASSIFIER.is_sure(g) and g.category != category] == []
    assert sum(guess.category == category for guess, category in guesses) >= len(UNSEEN) / 2


def test_words_and_the_senders_own_name_are_told_as_reasons():
    guess = CLASSIFIER.guess("有人从五楼飞线充电", ("safety", "安全隐患"))
    assert (guess.category, guess.confidence, guess.reasons) == ("electric_hazard", 0.667, ("飞线充电",))
    assert CLASSIFIER.guess("请来看看", ("light",)).reasons == ("来源类别：公共照明",)


def test_the_longer_word_has_the_place():
    assert CLASSIFIER.guess("停电动车的地方不够").category == "parking"
    assert CLASSIFIER.guess("停电了").category == "power"


def test_of_equally_good_categories_the_more_urgent_comes_first():
    guess = CLASSIFIER.guess("路灯，坠物")
    assert (guess.category, guess.confidence) == ("falling_hazard", 0.333)


@pytest.mark.parametrize("text", ["", " ", "👍", "\u200b", "ทดสอบ", "!!!", "0"])
def test_what_no_word_tells_is_the_fallback_and_never_sure(text):
    guess = CLASSIFIER.guess(text)
    assert (guess.category, guess.confidence, CLASSIFIER.is_sure(guess)) == (RULES.fallback, 0.0, False)


@given(TEXTS, st.lists(st.sampled_from([*CODES, "路灯类", "", "安全隐患"]), max_size=2))
def test_any_text_has_a_category_of_the_pack_and_a_confidence_between_0_and_1(text, kinds):
    guess = CLASSIFIER.guess(text, kinds)
    assert guess.category in CODES
    assert 0 <= guess.confidence <= 1
    assert guess == Classifier(RULES).guess(text, kinds)


@given(TEXTS, st.permutations(RULES.categories))
def test_the_order_of_the_categories_in_the_pack_decides_nothing(text, categories):
    other = Classifier(RULES.model_copy(update={"categories": tuple(categories)}))
    assert other.guess(text) == CLASSIFIER.guess(text)


@given(TEXTS)
def test_the_sender_naming_the_guess_makes_it_no_less_sure(text):
    guess = CLASSIFIER.guess(text)
    if guess.category != RULES.fallback:
        again = CLASSIFIER.guess(text, (guess.category,))
        assert (again.category, again.confidence >= guess.confidence) == (guess.category, True)


@given(TEXTS)
def test_spaces_and_invisible_characters_within_a_text_change_nothing(text):
    spaced = "\u200b ".join(text)
    assert CLASSIFIER.guess(spaced) == CLASSIFIER.guess(text)


def test_letters_are_read_in_one_width_case_and_spelling():
    assert letters("ＬＥＤ 路燈，壞了！", {"燈": "灯", "壞": "坏"}) == "led路灯 坏了"
