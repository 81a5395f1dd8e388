"""Addresses as DOMAIN.md 25-28 describe them, over a register of six courtyards."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.district.models import Alias, Courtyard, CourtyardChange, District
from courtyard.identity.addresses import Gazetteer
from courtyard.identity.names import Learned

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
TODAY = date(2026, 9, 30)


def courtyard(
    code: str, name: str, road: str, door: str, micro_grid: str, buildings: int = 3, units: int = 2
) -> Courtyard:
    return Courtyard(
        code=code, name=name, micro_grid_code=micro_grid, road=road, door=door, lon=104.05, lat=30.67,
        buildings=buildings, units=units, floors=7, rooms=4, households=40, built_year=1990,
    )  # fmt: skip


def remade(pack: District, **parts) -> District:
    return District(**{name: parts.get(name, getattr(pack, name)) for name in District.model_fields})


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
    return remade(pack, courtyards=courtyards, aliases=aliases, changes=())


GAZETTEER = Gazetteer(district())
SHAOCHENG = Gazetteer(load_district(PACK)), load_district(PACK)
HALF = str.maketrans("０１２３４５６７８９", "0123456789")

# A and E change: on 1 May A's building 3 becomes the whole of C, on 1 June E becomes F's building 4; B is renamed.
CHANGES = (
    CourtyardChange(on=date(2026, 3, 1), kind="renamed", from_code="B", to_code="B", former_name="宽巷酱园宿舍"),
    CourtyardChange(on=date(2026, 5, 1), kind="split", from_code="A", to_code="C", buildings="4=1"),
    CourtyardChange(on=date(2026, 6, 1), kind="merged", from_code="E", to_code="F", buildings="1=4"),
)


def changed() -> Gazetteer:
    pack = district()
    sizes = {"C": 1, "E": 1, "F": 4}
    rows = tuple(c.model_copy(update={"buildings": sizes.get(c.code, c.buildings)}) for c in pack.courtyards)
    others = {"B": {"name": "玉带小区"}, "C": {"units": 2}}
    rows = tuple(c.model_copy(update=others.get(c.code, {})) for c in rows)
    return Gazetteer(remade(pack, courtyards=rows, changes=CHANGES))


@pytest.mark.parametrize(
    ("text", "on", "place"),
    [
        ("一环路西三段28号院4栋2单元501", date(2026, 4, 30), ("A", "4", "2", "501")),
        ("一环路西三段28号院4栋2单元501", date(2026, 5, 1), ("C", "1", "2", "501")),
        ("一环路西三段28号院3栋2单元501", date(2026, 5, 1), ("A", "3", "2", "501")),
        ("宽巷子12号附3号1栋2单元501", date(2026, 4, 30), ("A", "4", "2", "501")),
        ("宽巷子12号附3号1栋2单元501", date(2026, 5, 1), ("C", "1", "2", "501")),
        ("宽巷子12号附3号", date(2026, 4, 30), ("A", None, None, None)),
        ("槐树街7号2单元501", date(2026, 5, 31), ("E", "1", "2", "501")),
        ("槐树街7号2单元501", date(2026, 6, 1), ("F", "4", "2", "501")),
        ("槐树街7号", date(2026, 6, 1), ("F", None, None, None)),
        ("商业街9号4栋2单元501", date(2026, 5, 31), ("E", "1", "2", "501")),
        ("商业街9号4栋2单元501", date(2026, 6, 1), ("F", "4", "2", "501")),
        ("宽巷酱园宿舍501", date(2026, 2, 28), ("B", "1", "1", "501")),
        ("宽巷酱园宿舍501", date(2026, 6, 1), ("B", "1", "1", "501")),
        ("玉带小区501", date(2026, 2, 28), ("B", "1", "1", "501")),
        ("玉带小区501", date(2026, 6, 1), ("B", "1", "1", "501")),
    ],
)
def test_an_address_leads_to_what_the_courtyard_was_on_the_day(text, on, place):
    assert changed().resolve(text, on) == (*place, "resolved")


def learned(address: str, code: str, *inside: str | None, is_name: bool = True, since: date | None = None) -> Learned:
    return Learned(is_name, address, code, *(inside or (None, None, None)), since)


@pytest.mark.parametrize(
    ("decided", "text", "expected"),
    [
        (learned("杨柳新居", "A"), "青羊区杨柳新居3-2-501", ("A", "3", "2", "501", "resolved")),
        (learned("杨柳新居", "A", since=date(2026, 10, 1)), "杨柳新居3-2-501", (None, None, None, None, "unknown")),
        (learned("教师宿舍", "F"), "教师宿舍", ("F", None, None, None, "resolved")),
        (learned("教师宿舍", "A"), "教师宿舍", (None, None, None, None, "ambiguous")),
        (learned("西城新苑", "D"), "西城新苑", ("A", None, None, None, "resolved")),
        (learned("槐树街19号", "D"), "槐树街19号2单元501", ("D", "1", "2", "501", "resolved")),
        (learned("槐树街", "D"), "槐树街", (None, None, None, None, "unknown")),
        (learned("一环路西三段28号院3-501", "A", "3", "1", "501", is_name=False), "一环路西三段28号院 3-501", ("A", "3", "1", "501", "resolved")),
        (learned("一环路西三段28号院3-501", "A", "2", "1", "501", is_name=False), "一环路西三段28号院3-501", ("A", "3", None, "501", "ambiguous")),
        (learned("老地方", "E", None, None, None, is_name=False), "老地方", ("E", None, None, None, "resolved")),
    ],
)  # fmt: skip
def test_what_a_person_decided_is_read_unless_the_register_says_otherwise(decided, text, expected):
    assert Gazetteer(district(), [decided]).resolve(text, TODAY) == expected


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
        ("宽巷子12号院内附3号院2栋501", ("C", "2", "1", "501", "resolved")),
        ("宽巷子12号院附3号2栋501", ("C", "2", "1", "501", "resolved")),
        ("一环路西三段28號院第3棟第2单元501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院3栋2单元5-1", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院3栋2单元5楼501", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院3-2-5-1", ("A", "3", "2", "501", "resolved")),
        ("一环路西三段28号院3#2单元501", ("A", "3", "2", "501", "resolved")),
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
        ("一环路西三段28号院3-2", ("A", None, None, None, "ambiguous")),
        ("一环路西三段28号院3-2-1", ("A", None, None, None, "ambiguous")),
        ("一环路西三段28号院3栋2-1", ("A", "3", None, None, "ambiguous")),
        ("一环路西三段28号院3栋2单元5楼601", ("A", None, None, None, "ambiguous")),
        ("一环路西三段28号院附3号", ("A", None, None, None, "ambiguous")),
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


WIDE = str.maketrans("0123456789#-", "０１２３４５６７８９＃－")
TENS = ("", "十", "二十", "三十")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_writing_of_any_dwelling_leads_there_or_is_ambiguous_and_never_elsewhere(data):
    """Over the whole pack: courtyards with a history too, on any day, in any width, with any spaces."""
    gazetteer, pack = SHAOCHENG
    day = data.draw(st.dates(date(2025, 10, 1), date(2026, 9, 30)))
    changed = sorted(pack.history.changed)
    code = data.draw(st.one_of(st.sampled_from(changed), st.sampled_from([c.code for c in pack.courtyards])))
    row = pack.courtyard_by_code[code]
    houses = pack.history.houses(code)
    building = data.draw(st.sampled_from(sorted(houses)))
    unit, floor, door = (data.draw(st.integers(1, most)) for most in (houses[building], row.floors, row.rooms))
    room = f"{floor}{door:02d}"
    number, _, sub = row.door.partition("附")
    number, sub = int(number.removesuffix("号")), sub.removesuffix("号")
    names = [name for name, since, until in pack.history.names(code) if until is None or (since or day) <= day]
    names += [a.alias for a in pack.aliases if a.courtyard_code == code and a.valid_from is None and a.valid_to is None]
    if not sub:
        tens, ones = divmod(number, 10)
        spelled = [f"{number}#", f"{number}号", f"{number}#院"]
        spelled += [f"{TENS[tens]}{'〇一二三四五六七八九'[ones] if ones else ''}号院"] if number < 40 else []
        names += [row.road + text for text in spelled]
    place = data.draw(st.sampled_from(names))
    inside = data.draw(
        st.sampled_from(
            [
                f"{building}栋{unit}单元{room}", f"{building}-{unit}-{room}", f"{building}幢{unit}单元{floor}楼{door}号",
                f"{building}号楼{unit}单元{room}室", f"{building}-{room}", f"{unit}单元{room}", f"{building}栋{room}", room, "",
                f"{building}栋{unit}单元{floor}-{door}", f"{building}-{unit}-{floor}-{door}", f"{building}-{unit}", f"{building}栋",
            ]
        )
    )  # fmt: skip
    true_code, true_building = pack.history.place_on(code, building, day)
    if true_code != code and inside in (f"{unit}单元{room}", room, ""):
        inside = f"{building}栋{unit}单元{room}"  # who leaves it out means a building that the courtyard has on the day
    text = place + data.draw(st.sampled_from(["", " ", "\u3000", "\u200b"])) + inside
    text = text.translate(WIDE) if data.draw(st.booleans()) else text
    found = gazetteer.resolve(text, day)
    assert found == gazetteer.resolve(text, day)
    if found.courtyard_code is None:
        assert found.status == "ambiguous" and place in {"福里小区", "翰居公寓"}
        return
    assert found.courtyard_code in (true_code, pack.history.place_on(code, None, day)[0])
    assert found.building in (None, true_building) and found.unit in (None, str(unit)) and found.room in (None, room)
    if found.building is not None:
        assert found.courtyard_code == true_code
    if found.status == "resolved" and found.room:
        assert found[:4] == (true_code, true_building, str(unit), room)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["一环路西三段28号院3栋2单元501", "宽巷子12号附3号2-501", "槐树街5号2单元501", "西城新苑3-2-501"]),
    st.data(),
)
def test_width_spaces_and_signs_play_no_part(text, data):
    noise = st.sampled_from(["", "", "", "\u200b", "\ufeff", "\u3000", " "])
    signs = [sign if not sign.isascii() or data.draw(st.booleans()) else sign.translate(WIDE) for sign in text]
    spread = "".join(s + ("" if s.translate(HALF).isdigit() else data.draw(noise)) for s in signs)
    assert GAZETTEER.resolve(spread, TODAY) == GAZETTEER.resolve(text, TODAY)


@given(st.text(alphabet="一环路西三段28号院栋单元-#附宽巷子12（）()A\u200b ", max_size=30))
def test_no_text_breaks_the_grammar(text):
    found = GAZETTEER.resolve(text, TODAY)
    assert found.status in ("resolved", "unknown", "ambiguous", "missing")
    assert (found.courtyard_code is not None) >= (found.status == "resolved")
