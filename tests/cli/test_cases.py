"""The commands of cases, for people and for programs."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.cases.stories import COURTYARD, GRID_POST, STREET, STREET_POST, merged, opening, shanghai, timeline
from typer.testing import CliRunner

from courtyard import stages
from courtyard.cases import ledger, machine, overview
from courtyard.cases.rules import Rules
from courtyard.cli import application, base
from courtyard.cli.base import console
from courtyard.errors import UsageError
from courtyard.privacy import keys
from courtyard.settings import Settings

NO, OTHER = "261126-AAAAA", "261126-BBBBB"
NOW = "2026-11-26 14:30"
OF_GRID = ("--post", GRID_POST)
OF_STREET = ("--post", STREET_POST)


@pytest.fixture
def clock(monkeypatch):
    def set_to(written):
        monkeypatch.setattr(base, "now", lambda: shanghai(written))

    set_to(NOW)
    return set_to


@pytest.fixture
def ctx(settings, warehouse_url, monkeypatch, clock):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    monkeypatch.setattr(console, "width", 200)  # made with the process, whose terminal may be narrow
    return stages.context("2026Q4", holder="test", settings=Settings.from_env())


@pytest.fixture
def courtyard(ctx):
    """Two cases: one of the morning at the grid, one of the street that nobody acknowledged for days."""
    rules, steps = Rules.of(ctx.district), []
    first = opening(shanghai("2026-11-26 10:00"))
    second = opening(shanghai("2026-11-20 10:00"), level="street", unit_code=STREET, held=True, courtyard_code=None)
    for number, event in ((NO, first), (OTHER, second)):
        steps.append((event, machine.opened(rules, case_no=number, event=event)))
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        ledger.append(connection, ctx.street_code, steps)
        connection.execute(
            text("INSERT INTO cases.report VALUES (:street, 'resident_reports', 'R1', :no, :at, 'page', 'opened')"),
            {"street": ctx.street_code, "no": NO, "at": first.at},
        )
    merged(
        ctx,
        "resident_reports",
        {"request_id": "R1", "description": "路灯三天没亮", "reporter_name": "样某", "address": "四道街4号院"},
    )

    def run(*words):
        return CliRunner().invoke(application(), ["cases", *words])

    return run


def said(done):
    assert done.exit_code == 0, done.output
    return done.output


def test_the_list_shows_both_clocks_overdue_first(courtyard):
    lines = said(courtyard("list")).splitlines()
    rows = [line for line in lines if "2611" in line]
    assert [OTHER in rows[0], NO in rows[1]] == [True, True]
    assert "超1天3小时30分" not in rows[0] and "待核" in rows[0]
    assert "剩30分" in rows[1] and "4小时30分/30天" in rows[1] and "院落 四道街社区第1网格" in rows[1]
    assert lines[-1] == "2 件，其中逾期 1 件。"


def test_the_list_for_a_program_and_for_one_unit(courtyard):
    (one,) = json.loads(said(courtyard("list", "--unit", "510105005002", "--json")))
    assert (one["case_no"], one["level_left_minutes"], one["total_minutes"], one["is_overdue"]) == (NO, 30, 270, False)
    assert one["post"] == "网格员" and one["courtyard_code"] == COURTYARD
    assert [one["case_no"] for one in json.loads(said(courtyard("list", "--overdue", "--json")))] == [OTHER]
    assert json.loads(said(courtyard("list", "--level", "community", "--json"))) == []


@pytest.mark.parametrize("at", ["2026-11-26 14:30", "2026-11-26 15:00", "2026-12-20 09:00", "2027-02-01 09:00"])
def test_the_counts_are_those_of_the_list(courtyard, ctx, clock, at):
    clock(at)
    for _ in range(2):
        listed = json.loads(said(courtyard("list", "--json")))
        with ctx.engine().connect() as connection:
            counts = overview.counts(connection, ctx, shanghai(at))
        assert counts == {
            "open": len(listed),
            "held": 1,
            "overdue": sum(one["is_overdue"] for one in listed),
            "follow_up": 0,
        }
        said(courtyard("advance"))


def test_what_is_held_waits_for_a_person(courtyard):
    assert [one["case_no"] for one in json.loads(said(courtyard("held", "--json")))] == [OTHER]
    assert "待签收" in said(courtyard("release", OTHER, *OF_STREET))
    assert said(courtyard("held")).strip() == "0 件，其中逾期 0 件。"


def test_one_case_with_the_residents_words_and_the_reading_audited(courtyard, ctx):
    told = said(courtyard("show", NO))
    assert "路灯三天没亮" in told and "样某" in told and "本级：剩30分（到11-26 15:00）" in told
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        rows = connection.execute(text("SELECT action, object FROM audit.event WHERE object LIKE 'case %'")).all()
    admin.dispose()
    assert [tuple(row) for row in rows] == [("read", f"case 510105005/{NO}")]


def test_the_list_shows_nobodys_words(courtyard):
    assert "样某" not in said(courtyard("list", "--json")) and "路灯三天" not in said(courtyard("list", "--json"))


def test_a_case_from_acknowledgement_to_follow_up(courtyard, ctx, clock):
    assert said(courtyard("acknowledge", NO, *OF_GRID)).strip() == (
        f"{NO} 签收，记下了。现在办理中，在四道街社区第1网格，时限 11-30 17:00。"
    )
    said(courtyard("measure", NO, *OF_GRID, "--text", "先放了反光锥"))
    said(courtyard("extend", NO, *OF_GRID, "--reason", "等配件", "--by", "1 working_days"))
    said(courtyard("raise", NO, *OF_GRID, "--reason", "要换灯杆"))
    said(courtyard("supervise", NO, *OF_STREET, "--reason", "已反映三次"))
    said(courtyard("answer", NO, *OF_STREET, "--text", "已换好"))
    clock("2026-12-03 14:30")
    assert json.loads(said(courtyard("advance", "--json")))["moved"] == 2  # lapsed, and the held one is overdue
    clock("2026-12-20 09:00")
    said(courtyard("advance"))
    due = json.loads(said(courtyard("due", "--json")))
    assert [(one["case_no"], one["follow_up"]) for one in due] == [(OTHER, False), (NO, True)]
    case = json.loads(
        said(courtyard("follow-up", NO, *OF_STREET, "--satisfaction", "dissatisfied", "--not-solved", "--json"))
    )
    assert (case["status"], case["level"]) == ("waiting", "street")
    assert timeline(ctx, NO) == [
        "opened", "acknowledged", "measured", "extended", "raised", "supervised", "answered", "lapsed",
        "follow_up_due", "followed_up",
    ]  # fmt: skip
    assert "先放了反光锥" in said(courtyard("show", NO))


def test_the_other_actions(courtyard, ctx):
    said(courtyard("place", OTHER, COURTYARD, *OF_STREET))
    said(courtyard("classify", OTHER, "leak", *OF_STREET))
    said(courtyard("note", OTHER, *OF_STREET, "--text", "同一户"))
    said(courtyard("join", OTHER, NO, *OF_STREET))
    said(courtyard("hand-back", NO, *OF_GRID, "--reason", "要社区统一办", "--to", "community"))
    said(courtyard("refuse", NO, *OF_STREET, "--reason", "不属于本街道", "--where", "区住建局"))
    assert timeline(ctx, OTHER) == ["opened", "placed", "classified", "noted", "joined"]
    assert timeline(ctx, NO) == ["opened", "joined_by", "handed_back", "refused"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "261126-ZZZZZ"), "没有工单261126-ZZZZZ"),
        (("answer", NO, *OF_GRID, "--text", " "), "没有写明内容"),
        (("supervise", NO, *OF_GRID, "--reason", "x"), "上级单位"),
        (("acknowledge", NO, "--post", "样某"), "没有“样某”这个岗位"),
        (("due", "--within", "soon"), "不是一段时间"),
        (("release", NO, *OF_GRID), "不能再“核实后受理”"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(courtyard, words, told):
    done = courtyard(*words)
    assert done.exit_code == 1 and isinstance(done.exception, UsageError) and told in str(done.exception)


def test_an_action_without_its_reason_is_a_mistake_of_usage(courtyard):
    assert courtyard("raise", NO, *OF_GRID).exit_code == 2


def test_help_tells_every_command(courtyard):
    told = said(courtyard("--help"))
    for command in ("list", "held", "due", "show", "advance", "hand-back", "follow-up", "supervise"):
        assert f" {command} " in told
