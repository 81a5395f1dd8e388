"""`courtyard asof` and `courtyard marts`: what is shown, what is not, and what is written down about looking."""

from __future__ import annotations

import csv
import io
import json

import pytest
from deliveries import Delivery, stage
from rich.console import Console
from sqlalchemy import create_engine, make_url, text
from typer.testing import CliRunner

from courtyard.cli import application, asof
from courtyard.cli import marts as marts_cli
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.identity import link
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.store import catalogue, database
from courtyard.warehouse import merge

COMMUNITY, GRID, MICRO, HOME = "510105005002", "510105005002001", "51010500500200102", "5101050050020002"
NAMES = ("样例甲", "=样例乙", "样例丙")
PLACES = ("四道街4号院3栋2单元201", "四道街4号院3栋2单元202", "四道街6号院1栋1单元101")


@pytest.fixture
def ctx(warehouse_url, settings):
    """Three persons of the register in two courtyards."""
    ring = KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
    district = load_district(settings.district_path)
    ctx = Context(settings, district, Period.quarter("2026Q3"), warehouse_url, ring, lambda name: None, "cli:test")
    people = [
        {
            "person_no": f"N{n}", "name": name, "sex": "1", "birth_date": "1980-01-01", "household_no": f"H{n}", "relation": "0",
            "residence_type": "hukou", "address": place, "status": "resident",
        }
        for n, (name, place) in enumerate(zip(NAMES, PLACES, strict=True))
    ]  # fmt: skip
    stage(ctx, Delivery("population", people))
    link(ctx)
    merge(ctx)
    return ctx


def ask(ctx, view, period="2026Q3", known=None, where=None, personal=False):
    return asof.answer(ctx, asof.question(view, period, known, where, personal))


def audited(ctx):
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        found = [tuple(row) for row in connection.execute(text("SELECT actor, action, object FROM audit.event"))]
    admin.dispose()
    return found


def printed(found):
    console = Console(record=True, width=300, file=io.StringIO())
    asof.show(console, found)
    return console.export_text() + asof.as_csv(found) + json.dumps(found.plain(), default=str, ensure_ascii=False)


def test_names_birth_dates_and_rooms_are_not_shown_and_nothing_is_audited(ctx):
    for view in catalogue.historic():
        told = printed(ask(ctx, view, where=None))
        assert not [value for value in (*NAMES, "1980-01-01", "样例") if value in told], view
    assert ask(ctx, "person").hidden == ("name", "sex", "birth_date")
    assert {"building", "unit_no", "room"} == set(ask(ctx, "residence").hidden)
    assert "未显示个人信息：name、sex、birth_date" in printed(ask(ctx, "person"))
    assert audited(ctx) == []


def test_looking_at_personal_data_is_audited_and_the_entry_names_nobody(ctx):
    found = ask(ctx, "person", known="2026-12-01", where=HOME, personal=True)
    assert {row[found.columns.index("name")] for row in found.rows} == set(NAMES[:2])
    assert audited(ctx) == [
        ("cli:test", "show_personal", f"person/2026Q3 known 2026-12-01T23:59:59.999999+08:00 where {HOME}: 2 rows")
    ]


def test_marts_without_personal_data_are_not_audited(ctx):
    ask(ctx, "courtyard", personal=True)
    assert audited(ctx) == []


@pytest.mark.parametrize(
    ("where", "persons"), [(None, 3), ("510105005", 3), (COMMUNITY, 3), (MICRO, 3), (HOME, 2), ("510105005003", 0)]
)
def test_a_unit_shows_all_that_lies_below_it(ctx, where, persons):
    assert len(ask(ctx, "residence", where=where).rows) == persons


def test_known_at_a_day_is_its_end_in_shanghai(ctx):
    """The register was received on 1 October at 16:00 in Shanghai."""
    assert [len(ask(ctx, "household", known=day).rows) for day in ("2026-09-30", "2026-10-01")] == [0, 3]


def test_csv_is_read_back_and_holds_no_formula(ctx):
    found = ask(ctx, "person", personal=True)
    rows = list(csv.DictReader(io.StringIO(asof.as_csv(found))))
    assert {row["name"] for row in rows} == {"样例甲", "'=样例乙", "样例丙"}
    assert {row["datasets"] for row in rows} == {"population"}


def test_days_without_end_are_printed_as_infinity(ctx):
    assert {row["valid_to"] for row in ask(ctx, "residence").plain()["rows"]} == {"infinity"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("x", "2026Q1"), "There is no view 'x' to ask for. Choose of case"),
        (("person", "2026Q5"), "'2026Q5' is not a period."),
        (("person", "9999"), "'9999' is not a period."),
        (("person", "2026Q1", "2026-02-30"), "'2026-02-30' is not a date."),
        (("person", "2026Q1", "9999-12-31"), "'9999-12-31' is not a date."),
        (("person", "2026Q1", None, "99"), "The pack has no unit or courtyard '99'."),
        (("key_group_count", "2026Q1", None, GRID), "'key_group_count' counts nothing below a community."),
        (("key_group_count", "2026Q1", None, HOME), "'key_group_count' counts nothing below a community."),
        (("person_claim", "2026Q1", None, GRID), "'person_claim' does not say where."),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(ctx, words, told):
    with pytest.raises(UsageError) as refused:
        ask(ctx, *words)
    assert str(refused.value).startswith(told) and "\n" not in str(refused.value)


def test_every_mart_can_be_asked_for_and_stands_in_the_help(ctx):
    shown = CliRunner().invoke(application(), ["asof", "--help"], env={"COLUMNS": "300"}).output
    for view in catalogue.historic():
        assert view in shown
        assert ask(ctx, view, "2026H2").plain()["view"] == view
    with ctx.engine().connect() as connection:
        made = {mart.name for mart in catalogue.marts(connection) if mart.name.endswith("_as_of")}
    assert made == {f"{view}_as_of" for view in catalogue.historic()}


def test_the_page_of_marts_is_what_the_warehouse_says(warehouse_url):
    made = marts_cli.page(marts_cli.read(database.engine(warehouse_url)))
    assert marts_cli.PAGE.read_text("utf-8") == made, "docs/marts.md is stale. Renew it with: courtyard marts --write"


def test_one_mart_can_be_looked_up_and_an_unknown_one_is_told(warehouse_url):
    found = marts_cli.read(database.engine(warehouse_url))
    told = marts_cli.shown(found, "mart.residence")
    assert told.startswith("## residence") and "May read: pipeline, publisher." in told
    assert "| `came` | `text` | How it began: first" in told and "| `room` | `text` | personal data |" in told
    with pytest.raises(UsageError, match="Schema mart has no 'x'"):
        marts_cli.shown(found, "x")
