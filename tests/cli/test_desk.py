"""The disagreement desk on the command line: the queue, one entry, decisions that the next run takes up."""

from __future__ import annotations

import json

import pytest
from deliveries import Delivery
from sqlalchemy import create_engine, make_url, text
from tests.warehouse.quarter import at, child, entry, run
from typer.testing import CliRunner

from courtyard import stages
from courtyard.cli import application
from courtyard.errors import UsageError
from courtyard.privacy import keys
from courtyard.settings import Settings

POST = ("--reason", "电话核实", "--post", "街道办事处审核岗")
GRID = "510105005002001"


@pytest.fixture
def courtyard(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)

    def run_words(*words):
        return CliRunner().invoke(application(), ["desk", *words])

    return run_words


@pytest.fixture
def ctx(courtyard):
    return stages.context("2026Q3", holder="test", settings=Settings.from_env())


@pytest.fixture
def names_differ(ctx):
    run(
        ctx,
        Delivery("population", [entry("1", birth_date="2021-01-01")], "2026Q3", at(10)),
        Delivery(
            "grid_school_age", [child("1", name="样改", birth_date="2021-01-01")], "2026Q3", at(10), unit_code=GRID
        ),
    )


@pytest.fixture
def alike(ctx):
    """One ID number in the register under two names."""
    two = [entry("1"), entry("2", id_number="ID-1", name="样二", household_no="H2")]
    run(ctx, Delivery("population", two, "2026Q3", at(10)))


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(done, words):
    assert done.exit_code != 0
    assert isinstance(done.exception, UsageError) and words in str(done.exception), done.output


def only(courtyard, *words):
    (found,) = told(courtyard("list", *words, "--json"))
    return found


def audited(url):
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        found = connection.execute(text("SELECT action, object FROM audit.event ORDER BY event_id")).tuples().all()
    admin.dispose()
    return found


def test_the_queue_names_no_value_unless_it_is_asked_and_audited(courtyard, warehouse_url, names_differ):
    shown = courtyard("list").stdout
    assert "待核实 1 件：来源说法不一1" in shown and "四道街社区第1网格" in shown and "样改" not in shown
    found = only(courtyard)
    assert (found["kind"], found["owner"], found["due_on"]) == ("claim", GRID, "2027-01-05")
    assert "value" not in found["claims"][0] and found["value"] is None
    assert audited(warehouse_url) == []
    assert "样改" in courtyard("list", "--show-values").stdout
    assert audited(warehouse_url) == [("desk_values", f"510105005/{found['id']}")]
    assert "样改" in courtyard("show", found["id"], "--show-values").stdout
    assert "样改" not in courtyard("show", found["id"]).stdout


def test_the_queue_is_asked_by_unit_kind_and_quarter(courtyard, names_differ):
    for words, size in [(("--unit", GRID), 1), (("--unit", "510105005002"), 1), (("--unit", "510105005003"), 0),
                        (("--kind", "claim"), 1), (("--kind", "gone"), 0), (("2026Q2",), 0)]:  # fmt: skip
        assert len(told(courtyard("list", *words, "--json"))) == size, words
    refused(courtyard("list", "--kind", "x"), "没有“x”这一类")


def test_a_decision_is_landed_and_takes_effect_with_the_next_run(courtyard, ctx, names_differ):
    wanted = only(courtyard)["id"]
    done = courtyard("decide", wanted, "2", *POST)
    assert "2026Q3的下一次运行后生效：courtyard run 2026Q3" in done.stdout
    with ctx.engine().connect() as connection:
        landed = connection.execute(text("SELECT source, period FROM landing.delivery WHERE source = 'desk'")).all()
    assert [tuple(row) for row in landed] == [("desk", "2026Q3")]
    take_up(ctx)
    assert told(courtyard("list", "--json")) == []
    found = told(courtyard("show", wanted, "--json", "--show-values"))
    assert (found["status"], found["rule"], found["value"]) == ("settled", "desk", "样改")
    refused(courtyard("decide", wanted, "1", *POST), "已经核实过")
    told(courtyard("decide", wanted, "1", *POST, "--revise", "--json"))


def take_up(ctx):
    """What a run of the quarter does with landed decisions."""
    for name in ("parse", "validate", "link", "merge"):
        stages.stage(name).work(ctx)


def test_what_makes_no_sense_is_refused_in_one_line(courtyard, names_differ):
    wanted = only(courtyard)["id"]
    refused(courtyard("decide", "D0", "1", *POST), "没有编号为D0")
    refused(courtyard("decide", wanted, "3", *POST), "没有“3”这个说法")
    refused(courtyard("decide", wanted, "value", *POST), "value 要和 --value")
    refused(courtyard("decide", wanted, "1", "--reason", "x", "--post", "张三"), "没有“张三”这个岗位")
    refused(courtyard("decide", wanted, "1", "--post", "街道办事处审核岗"), "没有写理由")
    refused(courtyard("decide", wanted), "编号和结论")
    refused(courtyard("show", "R0"), "没有编号为R0")


def test_two_records_are_told_apart_once(courtyard, ctx, alike):
    found = only(courtyard, "--kind", "same_person")
    shown = told(courtyard("show", found["id"], "--json", "--show-values"))
    assert [r["name"] for r in shown["records"]] == [["样1"], ["样二"]]
    assert [r["same_id_number"] for r in shown["records"]] == [True, True]
    assert "name" not in told(courtyard("show", found["id"], "--json"))["records"][0]
    refused(courtyard("decide", found["id"], "1", *POST), "同一人")
    told(courtyard("decide", found["id"], "different", *POST, "--json"))
    take_up(ctx)
    assert told(courtyard("list", "--kind", "same_person", "--json")) == []


def test_many_decisions_come_from_one_file_or_none_of_them(courtyard, ctx, names_differ, tmp_path):
    wanted, file = only(courtyard)["id"], tmp_path / "决定.csv"
    line = f"{wanted},value,样一,上门核实,{GRID}/网格长\n"
    file.write_text(f"id,verdict,value,reason,post\n{line}D0,1,,x,街道办事处审核岗\n", "utf-8")
    refused(courtyard("decide", "--from", str(file)), "第3行：核实台没有编号为D0")
    file.write_text(f"id,verdict,value,reason,post\n{line}", "utf-8")
    assert len(told(courtyard("decide", "--from", str(file), "--json"))["decisions"]) == 1
    take_up(ctx)
    assert told(courtyard("show", wanted, "--json", "--show-values"))["value"] == "样一"


def test_a_name_is_taught_unless_it_means_another_courtyard(courtyard, ctx):
    told(courtyard("alias", "杏花楼大院", "5101050050020002", *POST, "--from", "2026-07-01", "--json"))
    refused(courtyard("alias", "桂苑大院", "5101050050020002", *POST), "已经指院落5101050050020003")
    refused(courtyard("alias", "康里公寓", "5101050050020002", *POST), "本来就是指")
    refused(courtyard("alias", "某院", "5101050050029999", *POST), "没有编码为5101050050029999的院落")
    refused(courtyard("alias", "某院", "5101050050020002", *POST, "--from", "7月"), "不是日期")


def test_a_place_is_said_by_courtyard_building_unit_and_room(courtyard, ctx):
    told(courtyard("place", "老煤建宿舍一栋一号", "5101050050020002/1/1/101", *POST, "--json"))
    refused(courtyard("place", "某处", "5101050050020002/1/1/101/9", *POST), "看不懂这个位置")
