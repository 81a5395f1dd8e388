"""Addresses as DOMAIN.md 25-28 describe them, over a register of six courtyards."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.district.models import Alias, Courtyard, District
from courtyard.identity.addresses import Gazetteer

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
TODAY = date(2026, 9, 30)


def courtyard(
    code: str, name: str, road: str, door: str, micro_grid: str, buildings: int = 3, units: int = 2
) -> Courtyard:
    return Courtyard(
        code=code, name=name, micro_grid_code=micro_grid, road=road, door=door, lon=104.05, lat=30.67,
        buildings=buildings, units=units, floors=7, rooms=4, households=40, built_year=1990,
    )  # fmt: skip


def district() -> District:
    pack = load_district(PACK)
    here, there = (
        "51010500500200101",
        next(u.code for u in pack.units if u.code.startswith("510105005003") and u.kind == "micro_grid"),
    )
    courtyards = (
        courtyard("A", "一环路西三段28号院", "一环路西三段", "28号", here),
        courtyard("B", "宽巷子12号院", "宽巷子", "12号", here, buildings=1, units=1),
        courtyard("C", "宽巷子12号附3号院", "宽巷子", "12号附3号", here, buildings=4, units=1),
        courtyard("D", "桂苑小区", "槐树街", "5号", here, buildings=1, units=3),
        courtyard("E", "教师宿舍", "槐树街", "7号", here),
        courtyard("F", "教师宿舍", "商业街", "9号", there),
    )
    aliases = (
        Alias(courtyard_code="A", alias="西城新苑", kind="compound"),
        Alias(
            courtyard_code="A",
            alias="机床厂宿舍",
            kind="former",
            valid_from=date(1985, 1, 1),
            valid_to=date(2009, 1, 1),
        ),
        Alias(courtyard_code="D", alias="机床厂宿舍", kind="former", valid_from=date(2009, 1, 1)),
        Alias(
            courtyard_code="D",
            alias="豆腐社宿舍",
            kind="former",
            valid_from=date(1980, 1, 1),
            valid_to=date(2000, 1, 1),
        ),
        Alias(courtyard_code="E", alias="槐树街17号", kind="door", valid_to=date(2019, 7, 1)),
    )
    return District(**{**dict(pack), "courtyards": courtyards, "aliases": aliases})


GAZETTEER = Gazetteer(district())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一环路西三段28号院3栋2单元501", ("A", "3", "2", "501", "resolved")),
        ("四川省成都市青羊区少城街道四道街社区一环路西三段28号院3栋2单元501号", ("A", "3", "2", "501", "resolved")),
        ("少城街道办事处一环路西三段28#3-2-501", ("A", "3", "2", "501", "resolved")),
        ("青羊区一环路西三段28#院3栋2单元501室", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段二十八号院3幢贰单元5楼1号", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段廿八号3号楼2单元501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段２８号院３栋２单元５０１", ("A", "3", "2", "501", "resolved")),
        ("一环路\u200b西三段28号院\u00a03栋 2单元\n501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院 3 2 501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院三栋二单元五〇一", ("A", "3", "2", "501", "resolved")),
        ("西城新苑3栋2单元501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号西城新苑3栋2单元501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院（西城新苑）3-2-501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院A座501", ("A", "A", None, "501", "ambiguous")),
        ("一环路西三段28号院", ("A", None, None, None, "resolved")),
        ("一环路西三段28号院门口", ("A", None, None, None, "resolved")),
        ("一环路西三段28号院3栋楼下", ("A", "3", None, None, "resolved")),
        ("西城新苑", ("A", None, None, None, "resolved")),
        ("宽巷子12号附3号2-501", ("C", "2", "1", "501", "resolved")),
        ("宽巷子12-附3号院2栋501", ("C", "2", "1", "501", "resolved")),
        ("宽巷子十二号附三号院", ("C", None, None, None, "resolved")),
        ("宽巷子12号1-501", ("B", "1", "1", "501", "resolved")),
        ("宽巷子12号院501", ("B", "1", "1", "501", "resolved")),
        ("槐树街5号2单元501", ("D", "1", "2", "501", "resolved")),
        ("槐树街桂苑小区2单元501", ("D", "1", "2", "501", "resolved")),
        ("四道街社区教师宿舍", ("E", None, None, None, "resolved")),
        ("槐树街教师宿舍", ("E", None, None, None, "resolved")),
    ],
)
def test_a_spelling_leads_to_its_place(text, expected):
    assert GAZETTEER.resolve(text, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一环路西三段28号院3-501", ("A", "3", None, "501", "ambiguous")),
        ("一环路西三段28号院501", ("A", None, None, "501", "ambiguous")),
        ("一环路西三段28号院9栋2单元501", ("A", "9", "2", "501", "ambiguous")),
        ("一环路西三段28号院北区3栋2单元501", ("A", None, None, None, "ambiguous")),
    ],
)
def test_a_place_that_the_courtyard_cannot_settle_stays_ambiguous(text, expected):
    assert GAZETTEER.resolve(text, TODAY) == expected


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("一环路西三段30号院", "unknown"), ("一环路西二段28号院", "unknown"), ("武侯区一环路西三段28号院", "unknown"),
        ("西城新苑二期3栋", "unknown"), ("宽巷子12号附9号", "unknown"), ("某处", "unknown"), ("28号院", "unknown"),
        ("教师宿舍", "ambiguous"), ("一环路西三段28号院对面", "ambiguous"), ("一环路西三段28号院与宽巷子12号院之间", "ambiguous"),
        ("一环路西三段28号桂苑小区", "ambiguous"), ("商业街桂苑小区", "ambiguous"), ("一环路西三段28号院、宽巷子12号院", "ambiguous"),
        ("", "missing"), ("无", "missing"), (" \u200b", "missing"), (None, "missing"),
    ],
)  # fmt: skip
def test_what_the_register_cannot_tell_is_never_guessed(text, status):
    assert GAZETTEER.resolve(text, TODAY) == (None, None, None, None, status)


@pytest.mark.parametrize(
    ("text", "on", "code"),
    [
        ("机床厂宿舍", date(2008, 12, 31), "A"),
        ("机床厂宿舍", date(2009, 1, 1), "D"),
        ("机床厂宿舍", date(1984, 12, 31), None),
        ("豆腐社宿舍", TODAY, "D"),
        ("豆腐社宿舍", date(1979, 1, 1), None),
        ("槐树街17号", date(2019, 6, 30), "E"),
        ("槐树街17号", TODAY, None),
    ],
)
def test_a_name_means_whoever_bore_it_that_day_and_a_retired_door_means_nobody(text, on, code):
    assert GAZETTEER.resolve(text, on).courtyard_code == code


def _numerals(number: int) -> str:
    tens, ones = divmod(number, 10)
    return (
        ("" if tens == 1 else "〇一二三四五六七八九"[tens]) * bool(tens)
        + "十" * bool(tens)
        + "一二三四五六七八九"[ones - 1] * bool(ones)
    )


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 7), st.integers(1, 4))
def test_every_spelling_of_a_dwelling_is_the_same_dwelling(data, building, unit, floor, door):
    prefix = data.draw(
        st.sampled_from(["", "青羊区", "成都市青羊区", "四川省成都市青羊区少城街道", "少城街道四道街社区"])
    )
    place = data.draw(
        st.sampled_from(
            ["一环路西三段28号院", "一环路西三段28#", "一环路西三段廿八号院", "一环路西三段２８号", "西城新苑"]
        )
    )
    room = f"{floor}{door:02d}"
    within = data.draw(
        st.sampled_from(
            [
                f"{building}栋{unit}单元{room}", f"{building}-{unit}-{room}", f"{building}幢{_numerals(unit)}单元{floor}楼{door}号",
                f"{building}号楼{unit}单元{room}室", f"{_numerals(building)}栋{_numerals(unit)}单元{room}号",
            ]
        )
    )  # fmt: skip
    noise = data.draw(st.sampled_from(["", " ", "\u200b", "\u00a0", "\u3000"]))
    found = GAZETTEER.resolve(prefix + place + noise + within, TODAY)
    assert found == ("A", str(building), str(unit), room, "resolved")


@given(st.text(alphabet="一环路西三段28号院栋单元-#附宽巷子12（）()A\u200b ", max_size=30))
def test_no_text_breaks_the_grammar(text):
    found = GAZETTEER.resolve(text, TODAY)
    assert found.status in ("resolved", "unknown", "ambiguous", "missing")
    assert (found.courtyard_code is not None) >= (found.status == "resolved")
