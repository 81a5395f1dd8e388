"""Who is of age for a group: the window of births moves on every year."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from courtyard.district.models import BirthWindow

SCHOOL_AGE = BirthWindow(column="birth_date", turns_on="09-01", years=6)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 8, 31), date(2019, 9, 1), date(2020, 8, 31)),
        (date(2026, 9, 1), date(2020, 9, 1), date(2021, 8, 31)),
        (date(2027, 8, 31), date(2020, 9, 1), date(2021, 8, 31)),
    ],
)
def test_school_age_turns_on_the_first_of_september(day, first, last):
    assert SCHOOL_AGE.on(day) == (first, last)


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_everybody_is_in_the_window_for_one_year(day):
    first, last = SCHOOL_AGE.on(day)
    assert (last + timedelta(days=1)).replace(year=first.year) == first
    following = SCHOOL_AGE.on(date(day.year + 1, 8, 31))[0]
    assert following >= first and SCHOOL_AGE.on(day + timedelta(days=366))[0] > first


def test_a_day_that_not_every_year_has_is_refused():
    with pytest.raises(ValidationError):
        BirthWindow(column="birth_date", turns_on="02-29", years=6)
