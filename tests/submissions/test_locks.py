"""A lock always says why, since when, and what to do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from courtyard.errors import UsageError
from courtyard.submissions import locks

AT = datetime(2026, 9, 20, 1, tzinfo=UTC)
POST = "街道社区发展治理办公室"


def lock(ctx, on):
    with ctx.engine().connect() as connection:
        return locks.lock_of(connection, ctx, ctx.period, on)


def test_the_calendar_decides_while_nobody_closed_it(ctx):
    found = lock(ctx, date(2026, 10, 7))
    assert (found.state, found.since, found.until) == ("overdue", date(2026, 10, 6), date(2026, 10, 10))
    assert found.takes and "2026-10-05截止" in found.why
    assert not lock(ctx, date(2026, 9, 1)).takes


def test_closed_by_hand_says_who_why_and_whom_to_ask_until_it_is_reopened(ctx):
    closed = locks.close(ctx, "数据已送审", POST, AT)
    assert closed == lock(ctx, date(2026, 9, 21)) and not closed.takes
    assert closed.why == "2026年第三季度已由街道社区发展治理办公室于2026-09-20关闭：数据已送审"
    assert closed.since == date(2026, 9, 20) and POST in closed.remedy
    reopened = locks.reopen(ctx, "两个网格补报", POST, AT + timedelta(days=2))
    assert reopened.state == "open"
    assert lock(ctx, AT + timedelta(days=1)).state == "closed", "what held then is still known"
    assert lock(ctx, AT - timedelta(hours=1)).state == "open"


def test_each_change_is_kept_and_audited(ctx, pg_admin_url, warehouse_url):
    import psycopg

    locks.close(ctx, "数据已送审", POST, AT)
    locks.reopen(ctx, "两个网格补报", POST, AT + timedelta(days=2))
    with psycopg.connect(warehouse_url) as admin:
        rows = admin.execute("SELECT actor, action, object FROM audit.event ORDER BY event_id").fetchall()
    assert rows == [
        (POST, "close period", "510105005/2026Q3: 数据已送审"),
        (POST, "reopen period", "510105005/2026Q3: 两个网格补报"),
    ]
    with ctx.engine().connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM submissions.period_lock")) == 2


def test_a_change_needs_a_reason_and_a_state_to_change(ctx):
    with pytest.raises(UsageError, match="写明原因"):
        locks.close(ctx, "  ", POST, AT)
    with pytest.raises(UsageError, match="没有关闭"):
        locks.reopen(ctx, "补报", POST, AT)
    locks.close(ctx, "数据已送审", POST, AT)
    with pytest.raises(UsageError, match="已经关闭"):
        locks.close(ctx, "再关一次", POST, AT + timedelta(hours=1))
