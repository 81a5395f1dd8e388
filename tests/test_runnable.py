"""Quarters that may not be run say so in one Chinese line before anything is touched."""

from dataclasses import replace
from datetime import datetime

import pytest

from courtyard import runnable, stages
from courtyard.context import Asked, Context
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.submissions import locks

AT = datetime(2026, 10, 8, 9, tzinfo=SHANGHAI)
MANUAL = Asked("manual", "补报民政数据", "street01")
SCHEDULED, BACKFILL, FOLLOW_ON, CLI = (Asked(kind) for kind in ("scheduled", "backfill", "follow_on", "cli"))


@pytest.fixture
def ctx(warehouse_url, settings) -> Context:
    district = load_district(settings.district_path)
    period = Period.quarter("2026Q3")
    return Context(settings, district, period, warehouse_url, None, None, "run", asked=MANUAL)


def of(ctx, quarter="2026Q3", asked=MANUAL):
    return replace(ctx, period=Period.quarter(quarter), asked=asked)


@pytest.mark.parametrize("quarter", ["2026Q5", "2026-07", "2026", "下季度", ""])
def test_a_quarter_that_does_not_exist(quarter):
    with pytest.raises(UsageError, match=f"没有“{quarter}”这个季度。 季度写作 2026Q3"):
        runnable.quarter(quarter)


@pytest.mark.parametrize("asked", [MANUAL, SCHEDULED, CLI])
def test_a_quarter_out_of_time(ctx, asked):
    with pytest.raises(UsageError, match="2026Q4 还没有开始"):
        runnable.check(of(ctx, "2026Q4", asked), datetime(2026, 9, 30, 23, 59, tzinfo=SHANGHAI))
    runnable.check(of(ctx, "2026Q4", asked), datetime(2026, 10, 1, tzinfo=SHANGHAI))
    with pytest.raises(UsageError, match="2024Q4 早于本街道的首个季度"):
        runnable.check(of(ctx, "2024Q4", asked), AT)


def test_the_sample_street_may_live_ahead_of_the_calendar(ctx):
    (ctx.settings.sample / "inbox/2027Q1").mkdir(parents=True)
    runnable.check(of(ctx, "2027Q1"), AT)
    with pytest.raises(UsageError, match="2027Q2 还没有开始"):
        runnable.check(of(ctx, "2027Q2"), AT)


@pytest.mark.parametrize(("asked", "kind"), [(Asked("manual", "  "), "手动运行"), (BACKFILL, "回填")])
def test_what_somebody_asks_for_in_airflow_needs_a_reason(ctx, asked, kind):
    with pytest.raises(UsageError, match=f"{kind}必须写明原因，运行没有开始。.*reason"):
        runnable.check(of(ctx, asked=asked), AT)
    for free in (SCHEDULED, CLI, FOLLOW_ON):
        runnable.check(of(ctx, asked=free), AT)


def test_a_closed_quarter_says_who_closed_it_why_and_how_to_reopen_and_only_its_schedule_runs_it(ctx):
    locks.close(ctx, "年终封账", "街道社区发展治理办公室", AT)
    told = "2026年第三季度已由街道社区发展治理办公室于2026-10-08关闭：年终封账。 .*courtyard reopen 2026Q3"
    for asked in (MANUAL, replace(BACKFILL, reason="补"), FOLLOW_ON, CLI):
        with pytest.raises(UsageError, match=told):
            runnable.check(of(ctx, asked=asked), AT)
    runnable.check(of(ctx, asked=SCHEDULED), AT)
    locks.reopen(ctx, "补报", "街道社区发展治理办公室", AT)
    runnable.check(of(ctx), AT)


def test_a_refused_run_touches_nothing(ctx):
    ctx = of(ctx, "2024Q4")
    with pytest.raises(UsageError):
        stages.stage("open").work(ctx)
    with ctx.engine().connect() as connection:
        for table in ("warehouse.quarter_run", "warehouse.lease"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


@pytest.mark.parametrize("kind", ["manual", "backfill", "cli"])
def test_a_reason_is_kept_so_it_holds_no_number_of_a_person(ctx, kind):
    with pytest.raises(UsageError, match="理由里不能写电话或证件号码") as refused:
        runnable.check(of(ctx, "2026Q1", Asked(kind, "已电 13800000000 核实")), AT)
    assert "138" not in str(refused.value)


def test_the_houses_own_reason_may_name_deliveries(ctx):
    runnable.check(of(ctx, "2026Q1", Asked("follow_on", "更正续算：2025Q4 收到 名册（delivery x:12345678901234）")), AT)
