from dataclasses import replace

import pytest
from sqlalchemy import text

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.errors import HeldError, LeaseLost
from courtyard.period import Period
from courtyard.store import lease


class _Office:
    street_code = "510105005"


class _District:
    office = _Office()


@pytest.fixture
def ctx(warehouse_url, settings) -> Context:
    return Context(
        settings, _District(), Period.parse("2026Q3"), warehouse_url, None, lambda c: Connection(c, ""), "first"
    )


def _expire(ctx: Context) -> None:
    with ctx.engine().begin() as connection:
        connection.execute(text("UPDATE warehouse.lease SET expires_at = clock_timestamp() - interval '1 second'"))


def test_a_second_run_hears_who_has_the_quarter(ctx):
    lease.acquire(ctx)
    with pytest.raises(HeldError, match=r"2026Q3 正由收件等其他工作（first，自 .* 起）占用"):
        lease.acquire(replace(ctx, holder="second"))


def test_another_quarter_is_free(ctx):
    lease.acquire(ctx)
    assert lease.acquire(replace(ctx, holder="second", period=Period.parse("2026Q2"))) == 1


def test_a_released_quarter_is_free_and_its_token_grows(ctx):
    held = ctx.under(lease.acquire(ctx))
    lease.release(held)
    assert lease.acquire(replace(ctx, holder="second")) == 2


def test_a_worker_thought_lost_is_refused(ctx):
    stale = ctx.under(lease.acquire(ctx))
    _expire(ctx)
    lease.acquire(replace(ctx, holder="second"))
    with ctx.engine().begin() as connection, pytest.raises(LeaseLost, match="2026Q3"):
        lease.check(connection, stale)


def test_a_retry_of_the_same_run_takes_its_quarter_again(ctx):
    assert (lease.acquire(ctx), lease.acquire(ctx)) == (1, 2)


def test_a_stage_that_begins_prolongs_the_lease(ctx):
    held = ctx.under(lease.acquire(ctx))
    read = text("SELECT expires_at FROM warehouse.lease")
    with ctx.engine().begin() as connection:
        before = connection.scalar(read)
    lease.renew(held)
    with ctx.engine().begin() as connection:
        assert connection.scalar(read) > before


def test_a_lost_lease_is_not_prolonged(ctx):
    stale = ctx.under(lease.acquire(ctx))
    _expire(ctx)
    lease.renew(stale)
    with ctx.engine().begin() as connection, pytest.raises(LeaseLost):
        lease.check(connection, stale)


def test_two_transactions_of_one_run_check_side_by_side(ctx):
    held = ctx.under(lease.acquire(ctx))
    with ctx.engine().begin() as one, ctx.engine().begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        lease.check(one, held)
        lease.check(other, held)
