"""A backfill never undoes a newer truth: whatever order quarters run in, again, or at once, the same is believed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations

import pytest
from deliveries import Delivery, stage

from courtyard.context import Asked
from courtyard.identity import link
from courtyard.period import Period
from courtyard.store import lease
from courtyard.warehouse import archive, follow_on, merge
from courtyard.warehouse.hashing import content_hash
from quarter import OTHER_HOME, at, benefit, entry, rows, wipe

Q1, Q2, Q3 = QUARTERS = ("2026Q1", "2026Q2", "2026Q3")
CAME = {
    Q1: (
        Delivery("population", [entry("1", phone="a"), entry("2"), entry("3")], Q1, at(4)),
        Delivery("dibao_register", [benefit("1", "2026-02")], "2026-02", at(3)),
    ),
    Q2: (
        Delivery("population", [entry("1", phone="b"), entry("2", address=OTHER_HOME), entry("3")], Q2, at(7)),
        Delivery("dibao_register", [benefit("1", "2026-05", monthly_amount="900")], "2026-05", at(6)),
    ),
    Q3: (Delivery("population", [entry("1", phone="c"), entry("2"), entry("4")], Q3, at(10)),),
}


def backfill(ctx, quarter: str, *more: Delivery) -> None:
    """What a run of a quarter does between fetching and publishing, under its lease."""
    mine = replace(ctx, period=Period.quarter(quarter), holder=f"run {quarter}", asked=Asked("backfill", "补"))
    mine = mine.under(lease.acquire(mine))
    stage(mine, *CAME[quarter], *more)
    link(mine)
    merge(mine)
    archive(mine)
    follow_on.settle(mine, follow_on.open_causes(mine))
    lease.release(mine, "done")


@pytest.fixture
def serial(ctx) -> str:
    """The belief after the quarters have run one after the other; the warehouse holds it."""
    for quarter in QUARTERS:
        backfill(ctx, quarter)
    return content_hash(ctx.engine())


def test_running_old_quarters_again_changes_nothing_and_makes_nothing_due(ctx, serial):
    full = content_hash(ctx.engine(), full=True)
    for quarter in (Q2, Q1, Q3, Q1):
        backfill(ctx, quarter)
    assert (content_hash(ctx.engine()), content_hash(ctx.engine(), full=True)) == (serial, full)
    assert follow_on.due(ctx) == []


def test_an_older_delivery_that_comes_after_a_newer_one_of_its_period_changes_nothing(ctx, serial):
    older = Delivery("population", [entry("1", phone="旧"), entry("2"), entry("3")], Q1, at(11), at(3, 20))
    backfill(ctx, Q1, older)
    assert content_hash(ctx.engine()) == serial
    assert follow_on.due(ctx) == []


def test_a_correction_of_an_old_quarter_leaves_what_later_ones_said(ctx, serial):
    phones = """SELECT valid_from::text, attrs ->> 'phone' FROM warehouse.record
                 WHERE is_current AND dataset = 'population' AND record_key = '1' ORDER BY 1"""
    (start, _), *later = rows(ctx, phones)
    assert [start, *(day for day, _ in later)] == ["2026-01-01", "2026-04-01", "2026-07-01"]
    backfill(ctx, Q1, Delivery("population", [entry("1", phone="更正"), entry("2"), entry("3")], Q1, at(11)))
    corrected, *after = rows(ctx, phones)
    assert after == later
    assert corrected == ("2026-01-01", ctx.keys.token("更正")) != later[0]
    assert [one.quarter for one in follow_on.due(ctx)] == [Q2], "Q2's first month looks at the last day of March."
    backfill(ctx, Q2)
    assert follow_on.due(ctx) == [], "A run that follows changes nothing new, so nothing follows from it."


def test_quarters_in_any_order_come_to_what_they_come_to_one_after_the_other(ctx, serial):
    for order in permutations(QUARTERS):
        wipe(ctx)
        for quarter in order:
            backfill(ctx, quarter)
        assert content_hash(ctx.engine()) == serial, order


def test_quarters_at_once_come_to_what_they_come_to_one_after_the_other(ctx, serial):
    wipe(ctx)
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(backfill, ctx, quarter) for quarter in QUARTERS]:
            done.result()
    assert content_hash(ctx.engine()) == serial
