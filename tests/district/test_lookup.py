from datetime import date

import pytest

from courtyard.district import load_district


@pytest.fixture
def district(small_pack):
    return load_district(small_pack)


def test_a_courtyard_knows_its_grid_and_community(district):
    assert district.grid_of("5101070010010002").name == "甲社区第2网格"
    assert district.community_of("5101070010010002").name == "甲社区"


def test_an_unknown_courtyard_is_a_key_error(district):
    with pytest.raises(KeyError):
        district.grid_of("5101070010019999")


@pytest.mark.parametrize(
    ("day", "grids"),
    [
        (date(2019, 12, 31), []),
        (date(2025, 9, 30), ["甲社区第1网格"]),
        (date(2025, 10, 1), ["甲社区第2网格"]),
        (date(2030, 1, 1), ["甲社区第2网格"]),
    ],
)
def test_a_split_grid_ends_on_the_day_its_successor_begins(district, day, grids):
    assert [unit.name for unit in district.units_valid_on(day, "grid")] == grids


def test_the_address_is_written_as_a_department_writes_it(district):
    assert district.standard_address(district.courtyards[1]) == "四川省成都市武侯区样例街道甲街1号附3号"


def test_children_include_former_units(district):
    assert [unit.code for unit in district.children_of("510107001001")] == ["510107001001001", "510107001001002"]
    assert district.children_of("51010700100100201") == ()


def test_a_code_prints_under_its_first_label(district):
    assert district.code_label("status", "0") == "离开"
