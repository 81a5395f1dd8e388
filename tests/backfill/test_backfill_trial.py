"""A trial says what the run then does, and leaves the warehouse, its folders and its server as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.e2e.conftest import small_street  # noqa: F401  (fixture)

from courtyard import backfill, stages
from courtyard.backfill import trial
from courtyard.context import Asked, Context
from courtyard.errors import HeldError
from courtyard.period import Period
from courtyard.warehouse.hashing import content_hash

pytestmark = pytest.mark.slow


@pytest.fixture
def ctx(small_street) -> Context:  # noqa: F811
    return small_street.context("2025Q4")


def newest(ctx: Context) -> dict[tuple[str, str], int]:
    query = "SELECT report, period, max(revision) AS revision FROM publish.publication GROUP BY 1, 2"
    with ctx.engine("publisher").connect() as connection:
        return {(row.report, row.period): row.revision for row in connection.execute(text(query))}


def files(folder: Path) -> set[tuple[str, int]]:
    return {(str(p.relative_to(folder)), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def databases(ctx: Context) -> list[str]:
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        return list(connection.scalars(text("SELECT datname FROM pg_database ORDER BY 1")))


def test_a_trial_changes_nothing_and_the_run_then_does_what_it_said(ctx, withdraw):
    plan = backfill.plan(ctx, [ctx.period], ctx.period.next().end_at)
    sure = {(form.report, form.period) for form in plan.moving if form.outcome == "changes"}
    withdraw("population", "2025Q4")
    before = content_hash(ctx.engine(), full=True), files(ctx.settings.var), databases(ctx), newest(ctx)
    steps: list[str] = []
    tried = trial.run(ctx, [ctx.period], steps.append)
    assert (content_hash(ctx.engine(), full=True), files(ctx.settings.var), databases(ctx), newest(ctx)) == before
    assert steps[0] == "复制数据仓库" and "2025Q4 发布报表" in steps

    asked = replace(ctx, asked=Asked("backfill", "试算对照", "test"))
    _run(asked)
    for quarter in tried.follow_on:
        _run(replace(asked, period=Period.quarter(quarter), asked=Asked("follow_on", "续算", "test")))
    after = newest(ctx)
    assert {(c.report, c.period): c.new for c in tried.changed} == {
        key: revision for key, revision in after.items() if before[3].get(key) != revision
    }
    assert sure <= {(c.report, c.period) for c in tried.changed}


def test_one_trial_at_a_time_and_nothing_is_left_after_a_failure(ctx, monkeypatch):
    before = databases(ctx)
    with trial._copied(ctx, lambda line: None), pytest.raises(HeldError, match="另一次试算正在进行"):
        trial.run(ctx, [ctx.period])

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(trial, "_run", broken)
    with pytest.raises(RuntimeError):
        trial.run(ctx, [ctx.period])
    assert databases(ctx) == before and not list(ctx.settings.run_dir.glob("trial-*"))


def _run(ctx: Context) -> None:
    for _step, _result in stages.run_steps(ctx, trial.STEPS):
        pass


@pytest.fixture
def withdraw(ctx) -> Callable[[str, str], None]:
    """Let a delivery count as not read yet: its batches are forgotten, as of one that has just landed."""

    def forget(source: str, period: str) -> None:
        with ctx.engine().begin() as connection:
            connection.execute(
                text(
                    """DELETE FROM quality.batch b USING landing.delivery d
                        WHERE d.delivery_id = b.delivery_id AND d.source = :source AND d.period = :period"""
                ),
                {"source": source, "period": period},
            )

    return forget
