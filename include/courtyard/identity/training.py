"""Trains the linkage model on pairs that an ID number proves, so that nobody has to label any.

How often one person's rows agree (m) is counted on rows of other sources whose ID number the register has; how often
two persons' do (u) on rows drawn at random (Splink's estimators; Fellegi & Sunter 1969).
"""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.identity import matching, residue
from courtyard.identity.persons import anchor
from courtyard.store import statements

_SQL = statements.load("courtyard.identity", "residue.sql")
LEAST_PAIRS = 500
RANDOM_PAIRS = 20_000_000
SEED = 1
_DIGITS = 6

_NULL = {"is_null_level": True, "label_for_charts": "not said"}


def _level(label: str, condition: str, **more: Any) -> dict[str, Any]:
    return {"label_for_charts": label, "sql_condition": condition, **more}


def _comparison(name: str, null: str, *levels: dict[str, Any]) -> dict[str, Any]:
    told = [{**_NULL, "sql_condition": null}, *levels, _level("another", "ELSE")]
    return {"output_column_name": name, "comparison_levels": told}


COMPARISONS = [
    _comparison(
        "name",
        "name_l IS NULL OR name_r IS NULL",
        _level(residue.EXACT, "name_l = name_r", tf_adjustment_column="name", tf_adjustment_weight=1.0),
        _level("sounds alike", "sound_l = sound_r"),
        _level("one character", "length(name_l) = length(name_r) AND levenshtein(name_l, name_r) = 1"),
    ),
    _comparison(
        "birth_date",
        "birth_date_l IS NULL OR birth_date_r IS NULL",
        _level(residue.EXACT, "birth_date_l = birth_date_r AND length(birth_date_l) = 10"),
        _level(
            "same month",
            "left(birth_date_l, 7) = left(birth_date_r, 7) AND length(birth_date_l) + length(birth_date_r) < 20",
        ),
        _level("one digit", "damerau_levenshtein(birth_date_l, birth_date_r) = 1"),
    ),
    _comparison(
        "place",
        "courtyard_l IS NULL OR courtyard_r IS NULL",
        _level("same room", "courtyard_l = courtyard_r AND room_l = room_r"),
        _level("same courtyard", "courtyard_l = courtyard_r AND (room_l IS NULL OR room_r IS NULL)"),
        _level(residue.OTHER_ROOM, "courtyard_l = courtyard_r"),
    ),
    _comparison(
        "phone",
        "phone_l IS NULL OR phone_r IS NULL",
        _level(residue.EXACT, "phone_l = phone_r"),
    ),
]
BLOCKS = ("l.name = r.name", "l.birth_date = r.birth_date AND l.courtyard = r.courtyard", "l.phone = r.phone AND l.courtyard = r.courtyard")  # fmt: skip


def train(connection: Connection, ctx: Context) -> dict[str, Any]:
    """A model, as Splink saves it, from all evidence of the street. Raises UsageError where too few pairs are proven."""
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    sides = [_evidence(connection, ctx, of_anchor) for of_anchor in (False, True)]
    others, register = sides
    known = set(register.column("id_token").to_pylist()) - {None}
    proven = sum(token in known for token in others.column("id_token").to_pylist())
    if proven < LEAST_PAIRS:
        raise UsageError(
            f"Only {proven} rows share an ID number with the register; {LEAST_PAIRS} are needed to learn from.",
            "Run more quarters first, or keep the pack's model.",
        )
    database = DuckDBAPI()
    tables = [database.register(t, dataset_display_name=n) for t, n in zip(sides, matching.SIDES, strict=True)]
    linker = Linker(tables, _settings(proven / others.num_rows / register.num_rows), log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    linker.training.estimate_m_from_label_column("id_token")
    return _plain(linker.misc.save_model_to_json(), proven)


def _evidence(connection: Connection, ctx: Context, of_anchor: bool) -> Any:
    names = {"street": ctx.street_code, "anchor": anchor(ctx.district), "of_anchor": of_anchor}
    found = connection.execute(_SQL["proven"], names).all()
    rows = [(number, *residue.compared(row[2:]), row.id_token) for number, row in enumerate(found)]
    return matching.table((*residue.COLUMNS, "id_token"), rows)


def _settings(prior: float) -> dict[str, Any]:
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "probability_two_random_records_match": prior,
        "comparisons": COMPARISONS,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in BLOCKS],
    }


def _plain(model: dict[str, Any], proven: int) -> dict[str, Any]:
    """The model without what changes from run to run, its probabilities to six digits.

    What was never seen is not impossible: half an instance stands for it.
    """
    model.pop("linker_uid", None)
    for comparison in model["comparisons"]:
        for level in (lv for lv in comparison["comparison_levels"] if not lv.get("is_null_level")):
            level["m_probability"] = level.get("m_probability") or 0.5 / proven
            level["u_probability"] = level.get("u_probability") or 0.5 / RANDOM_PAIRS
    return json.loads(json.dumps(model), parse_float=lambda text: float(f"{float(text):.{_DIGITS}g}"))
