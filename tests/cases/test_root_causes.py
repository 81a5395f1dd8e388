"""Cases that come back at one spot become one root cause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.case_world import STREET, Desk, moment
from tests.reports.conftest import world  # noqa: F401  (a fixture)

from courtyard.cases import ledger, root_causes
from courtyard.district.cases import RootCauses
from courtyard.errors import UsageError

POST = "街道办事处填报岗"
AT = moment("2026-08-01 09:00")


@pytest.fixture
def desk(world) -> Desk:  # noqa: F811
    return Desk(world)


def found(desk: Desk, at=AT) -> list[tuple[str, str, tuple[str, ...]]]:
    ctx = desk.world.ctx
    with ctx.engine().connect() as connection:
        return [(c.courtyard_code, c.category, c.case_nos) for c in root_causes.candidates(connection, ctx, at=at)]


def test_three_cases_of_a_kind_in_one_courtyard_within_thirty_days_are_a_candidate(desk):
    for day in ("2026-07-01 09:00", "2026-07-10 09:00", "2026-07-31 09:00"):
        desk.open(day, "leak", no=f"A{day[8:10]}")
    desk.open("2026-07-02 09:00", "leak", courtyard="C2", no="B02")
    desk.open("2026-07-03 09:00", "light", no="L03")
    assert found(desk) == [("C1", "leak", ("A01", "A10", "A31"))]


def test_what_lies_further_apart_or_was_no_case_of_its_own_is_none(desk):
    for day in ("2026-07-01 09:00", "2026-07-10 09:00"):
        desk.open(day, "leak")
    desk.open("2026-07-31 09:01", "leak")
    held = desk.open("2026-07-11 09:00", "leak", held=True)
    assert found(desk) == []
    desk.happen(held, "released", "2026-07-11 10:00")
    assert len(found(desk)) == 1


def test_a_root_cause_is_a_case_of_the_street_with_the_repeated_ones_below_it(desk):
    for day in ("01", "02", "03"):
        desk.open(f"2026-07-{day} 09:00", "leak", no=f"A{day}")
    ctx = desk.world.ctx
    post = ctx.district.office.preparer
    case = root_causes.confirm(ctx, "A01", post=post, at=AT, text="主管道老化")
    assert (case.level, case.unit_code, case.category, case.status) == ("street", STREET, "leak", "waiting")
    with ctx.engine().connect() as connection:
        assert {ledger.find(connection, STREET, no).parent_no for no in ("A01", "A02", "A03")} == {case.case_no}
        said = ledger.events(connection, STREET, "A02")[-1]
        folded = ledger.events(connection, STREET, case.case_no)
    assert (said.kind, said.data) == ("noted", {"text": "主管道老化", "parent_no": case.case_no})
    assert folded[0].data["cases"] == ["A01", "A02", "A03"]
    assert found(desk) == []
    again = root_causes.confirm(ctx, "A01", post=post, at=moment("2026-08-02 09:00"), text="主管道老化")
    assert again == case


def test_only_a_post_confirms_and_only_a_candidate(desk):
    ctx = desk.world.ctx
    for name, post, text in (("A01", ctx.district.office.preparer, "x"), ("A01", "张三", "x"), ("A01", POST, " ")):
        with pytest.raises(UsageError):
            root_causes.confirm(ctx, name, post=post, at=AT, text=text)


class Row:
    def __init__(self, day: int) -> None:
        self.opened_at = moment("2026-01-01 09:00").replace(day=1) + timedelta(days=day)


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(2, 5), st.integers(1, 60))
def test_the_longest_run_is_no_shorter_than_any_other(days, least, within):
    rows = [Row(day) for day in sorted(days)]
    run = root_causes.longest(rows, RootCauses(least=least, within_days=within))
    most = max((sum(0 <= d - first <= within for d in days) for first in days), default=0)
    assert len(run) == (most if most >= least else 0)
