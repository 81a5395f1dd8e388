"""A change of hands is told once, to the unit, and to who answers while nobody is there."""

from datetime import date, datetime, timedelta

import pytest
from tests.warehouse.quarter import rows

from courtyard import handover, stages
from courtyard.period import SHANGHAI

from .conftest import COMMUNITY, GRID, term, under

DAY = date(2026, 7, 1)


def mail(unit):
    kind = {9: "street", 12: "community", 15: "grid"}[len(unit)]
    return f"{kind}-{unit}@shaocheng.example"


def told(ctx):
    return rows(ctx, "SELECT cause, address, subject, body FROM notices.notice ORDER BY cause, address")


@pytest.fixture
def changing(ctx, holding):
    leader = term(COMMUNITY, "社区书记", "社区书记样例甲", "2021-01-01")
    return lambda *posts: under(ctx, holding(leader, *posts))


def test_a_successor_is_told_once_from_a_week_ahead(changing):
    ctx = changing(term(GRID, "网格员", "样例甲", "2022-06-01", str(DAY)), term(GRID, "网格员", "样例乙", str(DAY)))
    queued = [handover.notify(ctx, on=DAY + timedelta(days=n))["queued"] for n in range(-9, 40)]
    assert sum(queued) == 1 and queued.index(1) == 2
    ((cause, address, subject, body),) = told(ctx)
    assert (cause, address) == (f"handover/{GRID}/网格员/2026-07-01", mail(GRID))
    assert subject == "交接提醒：四道街社区第1网格网格员自2026年7月1日起换人"
    assert f"courtyard handover {GRID} --post 网格员 --on 2026-07-01" in body
    assert "样例" not in subject + body


def test_of_a_vacancy_who_answers_meanwhile_hears_too(changing):
    ctx = changing(term(GRID, "网格员", "样例甲", "2022-06-01", str(DAY)))
    handover.notify(ctx, on=DAY)
    assert [row[1] for row in told(ctx)] == sorted([mail(GRID), mail(COMMUNITY)])
    assert all("空缺期间，这个岗位上的事由四道街社区社区书记负责。" in row[3] for row in told(ctx))


def test_leaving_and_coming_apart_are_two_occasions(changing):
    ctx = changing(
        term(GRID, "网格员", "样例甲", "2022-06-01", "2026-07-01"),
        term(GRID, "网格员", "样例乙", "2026-07-20"),
        term(GRID, "网格长", "样例丙", "2022-06-01"),
    )
    for n in range(60):
        handover.notify(ctx, on=date(2026, 6, 20) + timedelta(days=n))
    assert [row[2][-2:] for row in told(ctx)] == ["空缺", "到岗"]


def test_a_change_long_past_and_a_first_holder_are_not_told(changing):
    ctx = changing(
        term(GRID, "网格员", "样例甲", "2026-07-01"), term(GRID, "网格长", "样例丙", "2022-06-01", "2026-03-01")
    )
    assert handover.notify(ctx, on=DAY) == {"due": [], "queued": 0, "unreachable": []}


def test_a_unit_without_contacts_is_named(changing):
    ctx = changing(term(GRID, "网格员", "样例甲", "2022-06-01", str(DAY)), term(GRID, "网格长", "样例丙", "2022-06-01"))
    silent = under(ctx, ctx.district.model_copy(update={"contacts": ()}))
    assert handover.notify(silent, on=DAY) == {"due": [GRID], "queued": 0, "unreachable": [GRID]}


def test_the_daily_reminders_tell_of_changes_too(changing, monkeypatch):
    ctx = changing(term(GRID, "网格员", "样例甲", "2022-06-01", str(DAY)), term(GRID, "网格员", "样例乙", str(DAY)))
    monkeypatch.setattr(stages, "context", lambda *_, **__: ctx)
    done = stages.GRID_ACTIONS["remind"]("2026Q2", holder="test", at=datetime(2026, 7, 1, 9, tzinfo=SHANGHAI))
    assert done["handovers"]["queued"] == 1 and "owing" in done
