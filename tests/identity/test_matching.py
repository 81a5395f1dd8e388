"""The model by itself: literal rows in, scored pairs out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.errors import PackError
from courtyard.identity import matching, residue
from courtyard.identity.rulings import leaders

COMMON = ("王伟样", "wang wei yang")


@pytest.fixture(scope="module")
def model(pack_path):
    return residue.read_model(load_district(pack_path))


@pytest.fixture(scope="module")
def pack_path():
    from pathlib import Path

    return Path(__file__).resolve().parents[2] / "include/districts/shaocheng"


def rows(*values):
    return matching.table(residue.COLUMNS, [(number, *row) for number, row in enumerate(values)])


def row(name="李梅样", sound="li mei yang", born="1960-05-01", courtyard="C1", room="3-2-201", phone="t"):
    return name, sound, born, courtyard, room, phone


def share(name, value):
    import pyarrow as pa

    return {"name": pa.table({"name": [name], "tf_name": [value]})}


def test_a_pair_is_scored_with_the_level_of_each_comparison(model):
    (pair,) = model.score(rows(row()), rows(row(born="1960-05-02", room=None)), share("李梅样", 1e-5))
    assert (pair.left, pair.right) == (0, 0)
    assert pair.levels == {"name": "same", "birth_date": "one digit", "place": "same courtyard", "phone": "same"}


def test_the_levels_have_the_names_that_conclusions_depend_on(model):
    wanted = {"name": {residue.EXACT}, "birth_date": {residue.EXACT, *residue.CONTRADICTED}, "phone": {residue.EXACT}}
    wanted["place"] = {residue.OTHER_ROOM, *residue.UNPLACED}
    for number, name in enumerate(model.comparisons):
        count = len(model.settings["comparisons"][number]["comparison_levels"])
        assert {model.label(number, gamma) for gamma in range(-1, count - 1)} >= wanted[name]


@pytest.mark.parametrize(
    ("left", "right", "levels"),
    [
        (row(born="1960-05"), row(), {"birth_date": "same month"}),
        (row(born="1960-05-11"), row(), {"birth_date": "one digit"}),
        (row(born="1971-01-30"), row(), {"birth_date": "another"}),
        (row(name="李媚样"), row(), {"name": "sounds alike"}),
        (row(name="李兰样", sound="li lan yang"), row(), {"name": "one character"}),
        (row(room="1-1-101"), row(), {"place": "another room"}),
        (row(courtyard="C2"), row(), {"place": "another"}),
        (row(phone="u"), row(), {"phone": "another"}),
        (row(phone=None), row(), {"phone": "not said"}),
    ],
)
def test_each_level_is_what_it_says(model, left, right, levels):
    (pair,) = model.score(rows(left), rows(right), share("李梅样", 1e-5), least=0)
    assert levels.items() <= pair.levels.items()


def test_a_rare_name_says_more_than_a_common_one(model):
    plain = row(born=None, room=None, phone=None)
    (rare,) = model.score(rows(plain), rows(plain), share("李梅样", 1e-5), least=0)
    (common,) = model.score(rows(plain), rows(plain), share("李梅样", 1e-3), least=0)
    assert rare.probability > 0.99 > common.probability


def test_nobody_to_compare_with_is_no_pair(model):
    assert model.score(rows(), rows(row())) == model.score(rows(row()), rows()) == []


def test_pairs_that_share_no_block_are_not_looked_at(model):
    assert model.score(rows(row()), rows(row("赵大样", "zhao da yang", "1999-01-01", "C2", None, "u")), least=0) == []


@given(st.lists(st.tuples(st.sampled_from("ABCDEFG"), st.sampled_from("ABCDEFG"))), st.sets(st.sampled_from("ABCDEFG")))
def test_everybody_of_a_group_becomes_one_of_it_whatever_the_order_of_pairs(pairs, of_register):
    found = leaders(pairs, of_register)
    who = {name: found.get(name, name) for name in "ABCDEFG"}
    assert all(who[a] == who[b] for a, b in pairs)
    assert all(who[lead] == lead for lead in who.values())
    assert found == leaders([(b, a) for a, b in reversed(pairs)], of_register)
    for member, lead in found.items():
        assert member not in of_register or lead in of_register


def test_a_pack_whose_model_is_missing_is_named(tmp_path, pack_path):
    import shutil

    pack = shutil.copytree(pack_path, tmp_path / "pack")
    (pack / "rules/linkage-v1.json").unlink()
    with pytest.raises(PackError, match=r"rules/linkage.yaml:3: model: there is no file rules/linkage-v1.json"):
        load_district(pack)
