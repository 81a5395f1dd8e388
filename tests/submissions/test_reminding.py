"""Who is told what on which day of the collection of 2026Q3: issued 15 Sep, due 5 Oct, frozen 10 Oct."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from courtyard import submissions
from courtyard.district.models import Channel, GridCycle
from courtyard.period import SHANGHAI, Period
from courtyard.submissions import locks, reminding
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.reminding import Steps

DUE, SUMMARY = date(2026, 10, 5), date(2026, 10, 9)
COMMUNITY = "510105005002"
A, B = f"{COMMUNITY}001", f"{COMMUNITY}002"


@pytest.fixture
def office(ctx, monkeypatch):
    """Two grids of one community; `statuses` is what the mart says of them, all else is missing."""
    kept = {A, B, COMMUNITY, ctx.street_code}
    units = tuple(unit for unit in ctx.district.units if unit.code in kept)
    small = ctx.district.model_copy(update={"units": units, "sources": dict(ctx.district.sources)})
    statuses: dict[tuple[str, str], str] = {}

    def owing(connection, context, real=reminding._owing):
        view = " UNION ALL ".join(
            ["SELECT NULL::text AS unit_code, NULL::text AS dataset, NULL::text AS status WHERE false"]
            + [f"SELECT '{unit}', '{dataset}', '{status}'" for (unit, dataset), status in statuses.items()]
        )
        monkeypatch.setattr(reminding, "_STATUS", text(f"SELECT * FROM ({view}) v WHERE :street > '' AND :period > ''"))
        return real(connection, context)

    monkeypatch.setattr(reminding, "_owing", owing)
    return replace(ctx, district=small), statuses


def told(ctx):
    query = "SELECT cause, address FROM notices.notice ORDER BY queued_at, cause"
    with ctx.engine().connect() as connection:
        return [cause.removeprefix("reminder/2026Q3/") for cause, _ in connection.execute(text(query))]


def days(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def reported(ctx, statuses, unit, status="reported"):
    for dataset in ctx.district.sources["grid"].datasets:
        statuses[unit, dataset] = status


def test_a_unit_that_owes_is_told_each_step_once_and_then_those_above_it(office):
    ctx, statuses = office
    reported(ctx, statuses, B)
    for day in days(date(2026, 9, 1), date(2026, 11, 1)):
        submissions.remind(ctx, on=day)
        submissions.remind(ctx, on=day)
    assert told(ctx) == [
        f"{A}/grid-due-3", f"{A}/grid-due-1", f"{A}/grid-due+1", f"{A}/grid-due+3",
        f"{ctx.street_code}/summary", f"{COMMUNITY}/summary",
    ]  # fmt: skip


def test_who_has_reported_or_confirmed_nil_is_told_nothing_and_a_refused_one_is(office):
    ctx, statuses = office
    reported(ctx, statuses, A, "confirmed_nil")
    reported(ctx, statuses, B, "accepted_with_findings")
    assert submissions.remind(ctx, on=DUE)["owing"] == []
    statuses[B, "grid_dibao"] = "rejected"
    assert submissions.remind(ctx, on=DUE)["owing"] == [B]


def test_an_optional_sheet_is_not_owed(office):
    ctx, statuses = office
    for unit in (A, B):
        reported(ctx, statuses, unit)
        statuses.pop((unit, "grid_answers"), None)
    assert submissions.remind(ctx, on=DUE)["owing"] == []


def test_steps_missed_by_downtime_are_told_once_not_one_by_one(office):
    ctx, _ = office
    assert submissions.remind(ctx, on=DUE)["step"] == "due-1"
    submissions.remind(ctx, on=DUE + timedelta(days=2))
    assert told(ctx) == [f"{A}/grid-due-1", f"{B}/grid-due-1", f"{A}/grid-due+1", f"{B}/grid-due+1"]


def test_nothing_is_told_before_the_first_step_after_the_freeze_or_once_closed(office):
    ctx, _ = office
    for day in (DUE - timedelta(days=4), date(2026, 10, 11), date(2027, 1, 1)):
        assert submissions.remind(ctx, on=day)["notices"] == []
    locks.close(ctx, "数据已核定", "街道办事处审核岗", datetime(2026, 10, 1, 9, tzinfo=SHANGHAI))
    done = submissions.remind(ctx, on=DUE)
    assert (done["state"], done["step"], done["notices"]) == ("closed", None, [])


def test_a_dry_run_says_what_would_be_queued_and_queues_nothing(office):
    ctx, _ = office
    done = submissions.remind(ctx, on=DUE, dry_run=True)
    assert done["queued"] == len(done["notices"]) == 2 and told(ctx) == []
    assert submissions.remind(ctx, on=DUE)["queued"] == 2


def test_a_unit_without_contacts_is_named(office):
    ctx, _ = office
    contacts = tuple(c for c in ctx.district.contacts if c.unit_code != A)
    bare = replace(ctx, district=ctx.district.model_copy(update={"contacts": contacts}))
    assert submissions.remind(bare, on=DUE)["unreachable"] == [A]


def test_the_words_name_what_is_missing_until_when_and_where_to_send_it(office):
    ctx, statuses = office
    channels = (
        Channel(transport="sftp", connection="grid_sftp"),
        Channel(transport="mail", connection="mailbox", options={"address": "grid@shaocheng.example"}),
    )
    ctx.district.sources["grid"] = ctx.district.sources["grid"].model_copy(update={"channels": channels})
    reported(ctx, statuses, A)
    statuses[A, "grid_dibao"] = "rejected"
    submissions.remind(ctx, on=DUE - timedelta(days=3))
    with ctx.engine().connect() as connection:
        query = text("SELECT subject, body FROM notices.notice WHERE cause LIKE :cause")
        subject, body = connection.execute(query, {"cause": f"reminder/2026Q3/{A}/%"}).one()
    unit, titles = ctx.district.unit_by_code[A].name, ctx.district.contracts
    assert subject == f"提醒：{unit}2026年第三季度网格季度采集表还有3天"
    assert f"· {titles['grid_dibao'].title}（已退回，请按回执改正后重报）" in body
    assert titles["grid_activists"].title not in body
    for words in ("10月5日", "收件文件夹", "SFTP", "grid@shaocheng.example", "本季度无"):
        assert words in body


def test_the_list_for_those_above_names_every_unit_and_since_when(office):
    ctx, statuses = office
    reported(ctx, statuses, A)
    statuses[A, "grid_dibao"] = "missing"
    submissions.remind(ctx, on=SUMMARY)
    with ctx.engine().connect() as connection:
        query = text("SELECT subject, body FROM notices.notice WHERE cause = :cause")
        subject, body = connection.execute(query, {"cause": f"reminder/2026Q3/{COMMUNITY}/summary"}).one()
    assert "还有2个网格未报齐" in subject
    assert "10月5日截止，已过4天" in body and "10月10日冻结" in body
    assert f"· {ctx.district.unit_by_code[A].name}：{ctx.district.contracts['grid_dibao'].title}\n" in body


OFFSETS = st.lists(st.integers(0, 20), max_size=4, unique=True).map(tuple)


@given(OFFSETS, OFFSETS, st.integers(0, 30), st.sets(st.integers(-40, 60)))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_on_any_days_on_which_it_runs_no_step_is_early_twice_or_out_of_order(before, after, due_after, runs):
    """Downtime is the days that are not in `runs`; the ledger tells each step once."""
    rules = GridCycle(
        issued_before=15, due_after=due_after, frozen_after=180, remind_before_due=before, remind_after_due=after
    )
    cycle = Cycle.of(Period.parse("2026Q3"), rules)
    steps = Steps.of(cycle, rules)
    at = {step: day for day, step in steps.days}
    sent: list[str] = []
    for day in sorted(cycle.due_on + timedelta(days=n) for n in runs):
        step = steps.on(day)
        if step and step not in sent:
            sent.append(step)
            assert at[step] <= day
            assert not any(at[step] < later <= day for later in at.values())
    assert [at[step] for step in sent] == sorted(at[step] for step in sent)
    assert all(day < steps.summary_on for day in at.values()) and steps.summary_on > cycle.due_on


@given(OFFSETS, OFFSETS)
def test_run_every_day_no_step_is_left_out(before, after):
    rules = GridCycle(issued_before=15, due_after=5, frozen_after=180, remind_before_due=before, remind_after_due=after)
    cycle = Cycle.of(Period.parse("2026Q3"), rules)
    steps = Steps.of(cycle, rules)
    told_on = {steps.on(cycle.due_on + timedelta(days=n)): None for n in range(-40, 61)}
    assert {cycle.due_on - timedelta(days=n) for n in before} | {cycle.due_on + timedelta(days=n) for n in after} == {
        day for day, step in steps.days if step in told_on
    }
