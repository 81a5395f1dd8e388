"""A late correction makes exactly the quarters due whose forms look at what changed, and publishing settles them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deliveries import Delivery, stage

from courtyard.context import Asked
from courtyard.identity import link
from courtyard.period import Period
from courtyard.store import lease
from courtyard.warehouse import follow_on, merge
from quarter import at, benefit, entry, quarter_of, rows

Q4, Q1, Q2, Q3 = "2025Q4", "2026Q1", "2026Q2", "2026Q3"
ALL = (Q4, Q1, Q2, Q3)


def built(ctx, *quarters):
    """Quarters that have run."""
    for quarter in quarters:
        ran = replace(ctx, period=Period.quarter(quarter), asked=Asked("cli"), holder=f"built {quarter}")
        lease.release(ran.under(lease.acquire(ran)), "done")


def opened(ctx, quarter):
    """A run that has its quarter."""
    mine = replace(ctx, period=Period.quarter(quarter), asked=Asked("manual", "更正"), holder=f"run {quarter}")
    return mine.under(lease.acquire(mine))


def merged(ctx, *deliveries):
    """Merge deliveries of one quarter in a run of that quarter; returns (quarter, deliveries) of what it made due."""
    before = {one.number for one in follow_on.due(ctx)}
    mine = opened(ctx, str(quarter_of(deliveries[0])))
    stage(mine, *deliveries)
    link(mine)
    merge(mine)
    lease.release(mine, "done")
    return [(one.quarter, one.delivery_ids) for one in follow_on.due(ctx) if one.number not in before]


def people(period, day, **values):
    return Delivery("population", [entry("1", **values), entry("2")], period, day)


def test_nothing_is_due_while_quarters_come_in_order(ctx):
    for quarter, day in zip(ALL, (at(1), at(4), at(7), at(10)), strict=True):
        assert merged(ctx, people(quarter, day, phone=quarter)) == []


def test_a_fact_that_goes_on_makes_every_later_quarter_due_and_names_the_delivery(ctx):
    merged(ctx, people(Q4, at(1)))
    built(ctx, *ALL)
    late = Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11))
    assert merged(ctx, late) == [(quarter, (late.delivery_id,)) for quarter in (Q1, Q2, Q3)]


def test_a_fact_that_a_later_quarter_has_replaced_reaches_no_further_than_the_day_before_it(ctx):
    for quarter, day in zip(ALL, (at(1), at(4), at(7), at(10)), strict=True):
        merged(ctx, people(quarter, day, phone=quarter))
    built(ctx, *ALL)
    late = people(Q1, at(11), phone="更正")
    assert [quarter for quarter, _ in merged(ctx, late)] == [Q2], "Q2 looks at 31 March, Q3 at no day of Q1."


def test_figures_of_a_month_reach_as_far_as_forms_look_back(ctx):
    """The statistics of the year so far stand on every month of the year, and on none of the year before."""
    months = {"2025-12": at(1), "2026-02": at(3), "2026-05": at(6)}
    for month, day in months.items():
        merged(ctx, Delivery("dibao_register", [benefit("1", month)], month, day))
    built(ctx, *ALL)
    february = Delivery("dibao_register", [benefit("1", "2026-02", monthly_amount="1")], "2026-02", at(11))
    assert [quarter for quarter, _ in merged(ctx, february)] == [Q2, Q3]
    december = Delivery("dibao_register", [benefit("1", "2025-12", monthly_amount="1")], "2025-12", at(11))
    assert [quarter for quarter, _ in merged(ctx, december)] == [Q1], "January is set against 31 December."


def test_what_says_nothing_new_makes_nothing_due(ctx):
    merged(ctx, people(Q4, at(1)))
    built(ctx, *ALL)
    assert merged(ctx, people(Q4, at(11))) == []


def test_what_teaches_who_is_who_changes_no_form_that_was_counted_before_it_was_known(ctx):
    """Two records of 2025Q4 turn out to be one person by what 2026Q1 says; forms of 2025Q4 are as known by 2025Q4."""
    merged(ctx, Delivery("population", [entry("1", id_number=None), entry("2")], Q4, at(1)))
    built(ctx, Q4)
    twins = [entry("1", id_number="ID-2", name="样2", sex="1"), entry("2")]
    assert merged(ctx, Delivery("population", twins, Q1, at(4))) == []


def test_quarters_that_never_ran_are_not_due(ctx):
    merged(ctx, people(Q4, at(1)))
    built(ctx, Q4, Q2)
    late = Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11))
    assert [quarter for quarter, _ in merged(ctx, late)] == [Q2]


def test_what_comes_without_a_run_of_its_quarter_makes_that_quarter_due_too(ctx):
    """The grids' submissions are taken in between the runs: their quarter's forms are older than its facts then."""
    merged(ctx, people(Q4, at(1)))
    built(ctx, Q4, Q1)
    stage(ctx, Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11)))
    mine = replace(ctx, period=Period.quarter(Q4))
    link(mine)
    merge(mine)
    assert [one.quarter for one in follow_on.due(ctx)] == [Q4, Q1]


def test_a_quarter_is_settled_by_what_was_due_before_its_forms_were_made(ctx):
    merged(ctx, people(Q4, at(1)))
    built(ctx, Q4, Q1)
    first = Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11))
    merged(ctx, first)
    mine = replace(ctx, period=Period.quarter(Q1))
    causes = follow_on.open_causes(mine)
    second = Delivery("population", [entry("1"), entry("2"), entry("3"), entry("4")], Q4, at(12))
    merged(ctx, second)
    follow_on.settle(mine, causes)
    assert [(one.quarter, one.delivery_ids) for one in follow_on.due(ctx)] == [(Q1, (second.delivery_id,))]
    follow_on.settle(mine, follow_on.open_causes(mine))
    assert follow_on.due(ctx) == []


def test_a_run_that_follows_says_why_and_has_one_id_a_cause(ctx):
    merged(ctx, people(Q4, at(1)))
    built(ctx, Q4, Q1)
    late = Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11))
    merged(ctx, late)
    (one,) = follow_on.due(ctx)
    assert one.reason == f"更正续算：2025Q4 收到 实有人口库（delivery {late.delivery_id}）"
    assert one.run_id == f"follow_on__2026Q1__after_2025Q4__{one.number}"
    assert rows(ctx, "SELECT quarter, sources, is_due FROM mart.follow_on") == [(Q1, ["population"], True)]


def test_a_merge_that_fails_leaves_nothing_due(ctx, monkeypatch):
    """Facts and what follows from them are one transaction."""
    merged(ctx, people(Q4, at(1)))
    built(ctx, Q4, Q1)
    mine = opened(ctx, Q4)
    stage(mine, Delivery("population", [entry("1"), entry("2"), entry("3")], Q4, at(11)))
    link(mine)
    monkeypatch.setattr(follow_on.Watch, "ask", _asks_and_dies(follow_on.Watch.ask))
    with pytest.raises(ZeroDivisionError):
        merge(mine)
    assert follow_on.due(ctx) == []


def _asks_and_dies(ask):
    def work(*given):
        assert ask(*given) == [Q1]
        raise ZeroDivisionError

    return work


def test_a_form_says_how_far_back_its_queries_read(ctx):
    """What `looks_back` of a report leaves out would be changed without the form being counted again."""
    folder = ctx.settings.district_path / "reports/sql"
    for spec in ctx.district.reports.values():
        files = filter(None, (spec.sql, spec.facts, spec.notes, *(chart.sql for chart in spec.charts)))
        said = "".join((folder / name).read_text("utf-8") for name in files)
        if ":year_start" in said:
            assert spec.looks_back != "month", f"{spec.report}: looks_back: year"
