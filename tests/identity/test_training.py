"""A model is learnt from what ID numbers prove, and only from enough of it."""

from __future__ import annotations

from typing import Any

import pytest
from deliveries import Delivery, stage

from courtyard.errors import UsageError
from courtyard.identity import link, matching, residue, training

SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒"


def entry(number: int, **values: Any) -> dict[str, Any]:
    row = {"person_no": str(number), "name": f"李{SIGNS[number % 30]}{SIGNS[number // 30]}", "sex": "2", "birth_date": f"19{number % 60 + 20}-0{number % 9 + 1}-1{number % 10}"}  # fmt: skip
    place = f"四道街4号院{number % 3 + 1}栋{number % 2 + 1}单元{number % 3 + 1}0{number % 2 + 1}"
    return {**row, "id_number": f"R-{number}", "household_no": f"H{number}", "residence_type": "hukou", "address": place, "status": "resident", **values}  # fmt: skip


def pupil(number: int, **values: Any) -> dict[str, Any]:
    known = entry(number)
    row = {name: known[name] for name in ("name", "sex", "birth_date", "id_number", "address")}
    return {**row, "student_no": f"S{number}", "school": "样例小学", "is_migrant": False, **values}


def train(ctx, pupils):
    stage(ctx, Delivery("population", [entry(n) for n in range(600)]), Delivery("school_children", pupils))
    link(ctx)
    with ctx.engine().connect() as connection:
        return training.train(connection, ctx)


def test_what_agrees_in_proven_pairs_and_rarely_by_chance_weighs_most(ctx):
    pupils = [pupil(n, **({"address": "四道街4号院"} if n < 200 else {})) for n in range(550)]
    model = train(ctx, pupils)
    levels = {
        (c["output_column_name"], level["label_for_charts"]): level
        for c in model["comparisons"]
        for level in c["comparison_levels"]
        if not level.get("is_null_level")
    }
    assert levels["name", "same"]["m_probability"] == 1.0 and levels["name", "same"]["u_probability"] < 0.01
    assert levels["place", "same courtyard"]["m_probability"] == pytest.approx(200 / 550, abs=0.001)
    unseen = levels["phone", "same"]
    assert unseen["m_probability"] == unseen["u_probability"]
    assert "linker_uid" not in model
    assert matching.Model(model).comparisons == ["name", "birth_date", "place", "phone"]
    assert residue.EXACT == "same"


def test_too_few_proven_pairs_are_refused_with_what_to_do(ctx):
    with pytest.raises(UsageError, match="Only 5 rows share an ID number with the register; 500 are needed"):
        train(ctx, [pupil(n) for n in range(5)])
