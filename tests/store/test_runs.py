"""The ledger of runs: who ran a quarter and why, for whom one waited, and what became of it."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from courtyard.connection import Connection
from courtyard.context import Asked, Context
from courtyard.errors import HeldError, SourceError
from courtyard.period import Period
from courtyard.store import lease, runs


class _Office:
    street_code = "510105005"


class _District:
    office = _Office()


BACKFILL = Asked("backfill", "补报民政数据", "street01")


@pytest.fixture
def ctx(warehouse_url, settings) -> Context:
    period = Period.parse("2026Q3")
    return Context(
        settings, _District(), period, warehouse_url, None, lambda c: Connection(c, ""), "airflow:q/b", asked=BACKFILL
    )


def listed(ctx, *columns):
    with ctx.engine().connect() as connection:
        rows = runs.listed(connection, ctx.street_code)
    return [tuple(row[column] for column in columns) for row in reversed(rows)]


def other(ctx, kind="cli", reason="", holder="cli:h/1"):
    return replace(ctx, holder=holder, asked=Asked(kind, reason, "me"))


def test_a_run_is_kept_with_its_kind_reason_and_asker_from_the_lease_to_its_end(ctx):
    held = ctx.under(lease.acquire(ctx))
    kept = ("quarter", "kind", "reason", "requested_by", "holder", "outcome", "ended_at")
    assert listed(ctx, *kept) == [("2026Q3", "backfill", "补报民政数据", "street01", "airflow:q/b", "running", None)]
    lease.release(held, "done")
    ((outcome, ended),) = listed(ctx, "outcome", "ended_at")
    assert outcome == "done" and ended


def test_a_waiting_run_is_told_for_whom_and_stands_in_the_ledger(ctx):
    held = ctx.under(lease.acquire(ctx))
    with pytest.raises(
        HeldError, match=r"2026Q3 正由回填（airflow:q/b，原因：补报民政数据，自 \d{4}-\d\d-\d\d \d\d:\d\d 起）占用"
    ):
        lease.acquire(other(ctx))
    waits = ("kind", "outcome", "waits_for", "waits_for_kind", "waits_for_reason")
    assert listed(ctx, *waits)[1] == ("cli", "waiting", "airflow:q/b", "backfill", "补报民政数据")
    lease.release(held, "done")
    lease.acquire(other(ctx))
    assert listed(ctx, "kind", "outcome") == [("backfill", "done"), ("cli", "running")]


def test_who_waits_no_longer_has_failed(ctx):
    lease.acquire(ctx)
    with pytest.raises(HeldError):
        lease.acquire(other(ctx))
    runs.gave_up(other(ctx))
    assert listed(ctx, "kind", "outcome") == [("backfill", "running"), ("cli", "failed")]


def test_a_run_that_died_is_seen_as_lost_and_failed_when_the_next_takes_over(ctx):
    lease.acquire(ctx)
    with ctx.engine().begin() as connection:
        connection.execute(text("UPDATE warehouse.lease SET expires_at = clock_timestamp() - interval '1 second'"))
    assert listed(ctx, "outcome", "is_lost") == [("running", True)]
    lease.acquire(other(ctx))
    assert listed(ctx, "kind", "outcome", "is_lost") == [("backfill", "failed", False), ("cli", "running", False)]


def test_a_run_that_is_cleared_keeps_its_row_and_another_reason_is_another_run(ctx):
    lease.release(ctx.under(lease.acquire(ctx)), "done")
    lease.release(ctx.under(lease.acquire(ctx)), "held")
    again = replace(ctx, asked=replace(BACKFILL, reason="民政又更正"))
    lease.acquire(again)
    expected = [("补报民政数据", "held"), ("民政又更正", "running")]
    assert listed(ctx, "reason", "outcome") == expected


def test_two_runs_of_the_command_line_are_two_rows_even_under_one_process_number(ctx):
    for _ in range(2):
        mine = other(ctx)
        lease.release(mine.under(lease.acquire(mine)), "done")
    assert listed(ctx, "outcome") == [("done",), ("done",)]


def test_counts_are_told_by_step_and_an_error_in_one_line(ctx):
    held = ctx.under(lease.acquire(ctx))
    runs.told(held, "merge", {"merged": 12, "batches": ["b1", "b2"], "name": "样某某", "is_new": True})
    runs.failed(held, "fetch:justice", SourceError("系统连不上。"))
    ((told,),) = listed(ctx, "told")
    assert told == {"merge": {"merged": 12, "batches": 2}, "fetch:justice": {"error": "系统连不上。"}}


def test_what_goes_on_after_a_failure_is_running_again(ctx):
    held = ctx.under(lease.acquire(ctx))
    runs.ended(held, "failed")
    runs.told(held, "parse", {"rows": 1})
    assert listed(ctx, "outcome", "ended_at") == [("running", None)]


def test_what_only_takes_in_deliveries_is_no_run_of_a_quarter(ctx):
    lease.acquire(replace(ctx, asked=None))
    assert listed(ctx, "kind") == []
    with pytest.raises(HeldError, match="收件等其他工作（airflow:q/b"):
        lease.acquire(other(ctx))
