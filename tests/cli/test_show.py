"""`courtyard show`: a courtyard is found by any of its names, and its archive says counts only."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from deliveries import Delivery, stage
from rich.console import Console

from courtyard.cli import archive as shown
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.errors import CourtyardError, UsageError
from courtyard.identity import link
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings
from courtyard.warehouse import archive, dossier, merge

HOME_CODE = "5101050050020002"

PACK = load_district(Settings.from_env().district_path)
HOME = PACK.courtyard_by_code[HOME_CODE]
ONE = {
    "person_no": "1", "name": "样1", "sex": "1", "birth_date": "1980-01-01", "id_number": "ID-1", "household_no": "H1",
    "residence_type": "hukou", "address": "四道街4号院3栋2单元201", "status": "resident",
}  # fmt: skip
TWO = {**ONE, "person_no": "2", "name": "样2", "birth_date": "1940-01-01", "id_number": "ID-2"}
LEDGER = {
    "building_no": "LJ1", "courtyard": "四道街4号院", "address": "四道街4号院", "built_year": "1984", "buildings": 3,
    "households": 38, "structure": "4", "ownership": "mixed", "property_mode": "none", "has_committee": False,
}  # fmt: skip
FACILITY = {
    "facility_no": "1", "kind": "fire", "facility_name": "样例", "address": "四道街4号院", "quantity": 2, "state": "in_use",
}  # fmt: skip


@pytest.mark.parametrize("asked", [HOME_CODE, "四道街4号院", "四道街4号", "康里公寓", " 康里公寓 ", "康里"])
def test_a_courtyard_is_found_by_code_name_door_or_another_name(asked):
    assert dossier.find(PACK, asked) == HOME


def test_a_name_that_stands_for_several_lists_them_and_an_unknown_one_says_so():
    with pytest.raises(UsageError, match="“四道街”可以是：四道街2号院（5101050050020001）、四道街4号院"):
        dossier.find(PACK, "四道街")
    with pytest.raises(UsageError, match=r"等\d+个。 请写全名或院落编码"):
        dossier.find(PACK, "院")
    for nowhere in ("不知何处", "", "%"):
        with pytest.raises(UsageError, match="没有叫"):
            dossier.find(PACK, nowhere)


@pytest.fixture
def ctx(warehouse_url, settings):
    keys = KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
    return Context(settings, PACK, Period.quarter("2026Q3"), warehouse_url, keys, lambda conn_id: None, "test")


def at(month, day=1):
    return datetime(2026, month, day, 8, tzinfo=UTC)


def run(ctx, *deliveries):
    stage(ctx, *deliveries)
    ctx = replace(ctx, period=Period.quarter(deliveries[0].period))
    link(ctx)
    merge(ctx)
    archive(ctx)


def read(ctx, period=None, day=None):
    with ctx.engine("publisher").connect() as connection:
        return dossier.read(connection, PACK, HOME, period, day)


def screen(found):
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    shown.show(console, PACK, found)
    return console.export_text()


def test_the_screen_has_the_five_modules_the_tags_with_reasons_and_the_trend(ctx):
    run(ctx, Delivery("population", [ONE], "2026Q2", at(7)))
    run(ctx, Delivery("population", [ONE, TWO], "2026Q3", at(10)),
        Delivery("old_courtyards", [LEDGER], "2026Q3", at(10)), Delivery("facilities", [FACILITY], "2026Q3", at(10)))  # fmt: skip
    told = screen(read(ctx))
    for word in (
        *dossier.MODULES.values(),
        "2026Q3，按现在所知",
        "1984年建成（标准：2000年及以前）",
        "消防设施1处",
        "实有人口",
    ):
        assert word in told, word
    assert re.search(r"60岁及以上人口占比 *│ 50% *│ 0 *│ \+50 *│ 0 → 50", told)
    assert re.search(r"季末未销号隐患 *│ 无数据", told)
    assert re.search(r"12345办件 *│ 不详", told)
    assert "未判断　隐患未销号：没有来源说明安全隐患季末未结" in told
    assert "样1" not in told and "ID-1" not in told


def test_json_is_numbers_and_what_is_not_known_is_null(ctx):
    run(ctx, Delivery("population", [ONE], "2026Q3", at(10)))
    found = json.loads(json.dumps(read(ctx), default=str))
    assert found["population"]["persons"] == 1 and found["response"]["hazards_open"] is None
    (share,) = [one for one in found["indicators"] if one["indicator"] == "aged_60_share"]
    assert (share["value"], share["state"], share["trend"]) == (0.0, "known", {"2026Q3": 0.0})


def test_a_quarter_is_shown_as_it_was_known_at_the_end_of_a_day(ctx):
    run(ctx, Delivery("population", [ONE], "2026Q3", at(10)))
    run(ctx, Delivery("population", [ONE, TWO], "2026Q3", at(10, 9)))
    days = (date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 9), None)
    assert [read(ctx, "2026Q3", day)["population"]["persons"] for day in days] == [1, 1, 2, 2]
    with pytest.raises(CourtyardError, match="截至2026-09-30，四道街4号院没有2026Q3档案"):
        read(ctx, "2026Q3", date(2026, 9, 30))
    with pytest.raises(CourtyardError, match="没有2025Q4档案。 有档案的季度：2026Q3"):
        read(ctx, "2025Q4")
