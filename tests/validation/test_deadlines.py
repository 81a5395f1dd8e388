"""A deadline may lie ahead, a date of what has happened may not."""

from datetime import date

import pytest

from courtyard.district.models import Column, Contract
from courtyard.parsing.normalise import Terms, column_normaliser
from courtyard.validation import rules


def contract(**options) -> Contract:
    columns = (
        Column(name="number", header="编号", type="text"),
        Column(name="day", header="时限", type="date", **options),
    )
    return Contract(
        dataset="d", title="d", version=1, format="rows", grain="event", subject="none", key=(("number",),),
        columns=columns,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "codes"), [({"deadline": True}, []), ({}, ["date.after_period"])], ids=["deadline", "not"]
)
def test_only_a_deadline_may_lie_after_the_period(options, codes):
    row = {"attrs": {"number": "1", "day": "2027-03-01"}, "period": "2026Q3", "record_key": "1"}
    assert rules.check_row(contract(**options), row) == codes


def test_a_two_digit_year_of_a_deadline_may_lie_ahead_too():
    terms = Terms(as_of=date(2026, 9, 30))
    for options, day in (({"deadline": True}, "2027-03-01"), ({}, "1927-03-01")):
        column = contract(**options).column("day")
        assert column_normaliser(column, {}, terms)("27/3/1") == (day, None)
