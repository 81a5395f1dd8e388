"""Staged rows of one dataset as the frame that Great Expectations judges.

Columns, by contract column `c`:
`c` (text) of codes, yes/no, dates and numbers; `c__length` of texts and tokens, whose content stays
in the database; `c__given` 1 where a required cell was filled; `c__problem` and `c__warning` 1 where
the parser marked a cell; `c__number`; `c__first` and `c__last`, the bounds of a date known to its
month or year; `<rule>__left` and `<rule>__right`, the two comparable values of a contract rule;
`<rule>__ok` 1 where a row keeps a rule that is worked out here (`prepared`); and `_row__last_day`,
`_row__keyed` of the row. All numbers are floats, NaN where nothing is known.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from psycopg import sql
from sqlalchemy import Connection

from courtyard.district.models import Column, Contract
from courtyard.period import SHANGHAI
from courtyard.validation import prepared, spellings
from courtyard.validation.checks import flag
from courtyard.validation.row import Finding, cell_problems, key_columns, last_day, required

VALUE_TYPES = ("code", "yes_no", "date", "datetime", "integer", "decimal", "age")
PLACE = ("batch_id", "sheet", "row_no")
_WHOLE = ("problems", "record_key", "id_birth_date", "id_sex")


@dataclass(frozen=True)
class Staged:
    """`frame` for the checks, `place` (batch_id, sheet, row_no) and `problems` by the same position."""

    frame: pd.DataFrame
    place: pd.DataFrame
    problems: Mapping[int, tuple[Finding, ...]]


Failing = Mapping[str, Collection[prepared.Place]]


def read(
    connection: Connection, contract: Contract, periods: Mapping[str, str], failing: Failing = MappingProxyType({})
) -> Staged:
    """The staged rows of some batches of one dataset; `periods` maps batch_id to its period.

    `failing` has the rows that break a reference rule, by the id of each rule that was judged.
    """
    return build(contract, _copy_out(connection, contract, list(periods)), periods, failing)


def build(
    contract: Contract, raw: pd.DataFrame, periods: Mapping[str, str], failing: Failing = MappingProxyType({})
) -> Staged:
    """From columns as `_query` selects them: values as text, lengths as numbers."""
    raw = raw.reset_index(drop=True)
    marked = raw["problems"].dropna()
    problems = {int(at): cell_problems(contract, json.loads(text)) for at, text in marked.items()}
    columns: dict[str, pd.Series | np.ndarray] = {}
    columns["_row__last_day"] = raw["batch_id"].map({b: float(last_day(p)) for b, p in periods.items()})
    columns |= _flags(contract, problems, len(raw))
    columns |= _presence(contract, raw, columns)
    for column in kept(contract):
        columns |= _of_column(column, raw)
    columns |= _of_rules(contract, raw, columns)
    columns |= {f"rule.{rule.id}__ok": prepared.group_ok(contract, rule, raw) for rule in contract.group_rules}
    columns |= {f"rule.{name}__ok": prepared.reference_ok(rows, raw[list(PLACE)]) for name, rows in failing.items()}
    return Staged(pd.DataFrame(columns, index=raw.index), raw[list(PLACE)], problems)


def kept(contract: Contract) -> list[Column]:
    """The columns that staging holds."""
    return [c for c in contract.columns if not c.volatile]


def raw_name(column: Column) -> str:
    return column.name if column.type in VALUE_TYPES else f"{column.name}__length"


def _copy_out(connection: Connection, contract: Contract, batch_ids: Sequence[str]) -> pd.DataFrame:
    driver = connection.connection.driver_connection
    if not connection.in_transaction():
        connection.begin()
    buffer = io.BytesIO()
    with driver.cursor() as cursor, cursor.copy(_query(contract), (list(batch_ids),)) as copy:
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    types = {name: pa.string() for name in ("batch_id", "sheet", *_WHOLE)} | {"row_no": pa.int64()}
    types |= {raw_name(c): pa.string() if c.type in VALUE_TYPES else pa.float64() for c in kept(contract)}
    types |= dict.fromkeys(_group_columns(contract), pa.string())
    options = pa.csv.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pa.csv.read_csv(
        buffer, parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=options
    ).to_pandas()


def _query(contract: Contract) -> sql.Composed:
    def value(column: Column) -> sql.Composed:
        shape = "attrs->>{}" if column.type in VALUE_TYPES else "length(attrs->>{})"
        return sql.SQL(shape + " AS {}").format(sql.Literal(column.name), sql.Identifier(raw_name(column)))

    return sql.SQL(
        "COPY (SELECT batch_id, sheet, row_no, CASE WHEN problems <> '[]' THEN problems::text END AS problems,"
        " (record_key IS NOT NULL)::text AS record_key, id_birth_date, id_sex, {}{}"
        " FROM staging.row WHERE batch_id = ANY(%s) ORDER BY batch_id, sheet, row_no)"
        " TO STDOUT (FORMAT csv, HEADER)"
    ).format(
        sql.SQL(", ").join(value(c) for c in kept(contract)),
        sql.SQL("").join(
            sql.SQL(", {} AS {}").format(of, sql.Identifier(name)) for name, of in _group_columns(contract).items()
        ),
    )


def _group_columns(contract: Contract) -> dict[str, sql.Composed]:
    """What tells the groups of the contract's rules apart: digests, so that no name or address leaves the database."""
    found = {}
    for rule in contract.group_rules:
        parts = [sql.SQL("attrs->>{}").format(sql.Literal(name)) for name in rule.group]
        filled = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(part) for part in parts)
        digest = sql.SQL("hashtextextended(jsonb_build_array({})::text, 0)").format(sql.SQL(", ").join(parts))
        found[prepared.key_name(rule)] = sql.SQL("CASE WHEN {} THEN {} END").format(filled, digest)
        if rule.check == "same":
            value = sql.SQL("hashtextextended(attrs->>{}, 0)").format(sql.Literal(rule.column))
            found[prepared.value_name(rule)] = value
    return found


def _flags(contract: Contract, problems: Mapping[int, Sequence[Finding]], rows: int) -> dict[str, np.ndarray]:
    names = [None, *(c.name for c in contract.columns)]
    flags = {flag(name, severity): np.full(rows, np.nan) for name in names for severity in ("error", "warning")}
    for at, found in problems.items():
        for problem in found:
            flags[flag(problem.column_name, problem.severity)][at] = 1.0
    return flags


def _marked(flags: Mapping[str, Any], name: str) -> np.ndarray:
    """Where the parser said anything about a column."""
    return ~(np.isnan(flags[flag(name, "error")]) & np.isnan(flags[flag(name, "warning")]))


def _presence(contract: Contract, raw: pd.DataFrame, flags: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`c__given` and `_row__keyed`: filled, or explained by another finding."""
    found: dict[str, np.ndarray] = {}
    explained = (raw["record_key"] == "true").to_numpy(dtype=bool)
    needed = {c.name for c in required(contract)}
    for column in contract.columns:
        missing = np.zeros(len(raw), bool)
        if column.name in needed:
            missing = raw[raw_name(column)].isna().to_numpy()
            found[f"{column.name}__given"] = np.where(missing & ~_marked(flags, column.name), np.nan, 1.0)
        if column.name in key_columns(contract):
            explained = explained | missing | _marked(flags, column.name)
    return found | {"_row__keyed": np.where(explained, 1.0, np.nan)}


def _of_column(column: Column, raw: pd.DataFrame) -> dict[str, pd.Series]:
    series = raw[raw_name(column)]
    found = {raw_name(column): series}
    if column.type in ("integer", "decimal") and (column.minimum is not None or column.maximum is not None):
        found[f"{column.name}__number"] = _numbers(_written(series, spellings.DECIMAL))
    if column.type == "date":
        digits = _written(series, spellings.DATE).str.replace("-", "", regex=False)
        found[f"{column.name}__first"] = _numbers(digits.str.ljust(8, "0"))
        if column.earliest:
            found[f"{column.name}__last"] = _numbers(digits.str.ljust(8, "9"))
    return found


def _of_rules(
    contract: Contract, raw: pd.DataFrame, flags: Mapping[str, pd.Series | np.ndarray]
) -> dict[str, pd.Series | np.ndarray]:
    """What the rules over one row compare."""
    found: dict[str, pd.Series | np.ndarray] = {}
    for rule in contract.rules:
        if rule.check == "required_with":
            asked, trigger = (raw[raw_name(contract.column(name))] for name in rule.columns)
            is_filled = asked.notna().to_numpy() | _marked(flags, rule.columns[0])
            found[f"rule.{rule.id}__ok"] = prepared.required_with_ok(rule, trigger, is_filled)
        else:
            left, right = _sides(contract, rule.check, rule.columns, raw)
            found |= {f"rule.{rule.id}__left": left, f"rule.{rule.id}__right": right}
    return found


def _sides(contract: Contract, check: str, columns: tuple[str, ...], raw: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Both values of a rule as floats, NaN in both where one is not known."""
    if check == "not_above":
        right, left = (_numbers(_written(raw[c], spellings.DECIMAL)) for c in columns)
    elif check == "sex_matches_id":
        sexes = {sex: float(sex) for sex in spellings.SEXES}
        left, right = raw[columns[0]].map(sexes), raw["id_sex"].map(sexes)
    elif check == "birth_matches_id":
        left, right = _common_precision(
            _written(raw[columns[0]], spellings.DATE), _written(raw["id_birth_date"], spellings.DATE)
        )
    elif all(contract.column(c).type == "datetime" for c in columns):
        left, right = (_instants(raw[c]) for c in columns)
    else:
        left, right = _common_precision(*(_days(contract.column(c), raw[c]) for c in columns))
    known = left.notna() & right.notna()
    return left.where(known), right.where(known)


def _written(series: pd.Series, pattern: str) -> pd.Series:
    return series.where(series.str.contains(pattern, na=False))


def _numbers(series: pd.Series) -> pd.Series:
    """Text that is known to be numbers, as floats; Arrow's cast is ten times faster than pandas'."""
    return pd.Series(pa.array(series, pa.string()).cast(pa.float64()).to_numpy(zero_copy_only=False), series.index)


def _common_precision(left: pd.Series, right: pd.Series) -> tuple[pd.Series, pd.Series]:
    known = np.fmin(left.str.len().astype("float64"), right.str.len().astype("float64"))
    for length in (4, 7):  # a year, a month
        short = known == length
        if short.any():
            left, right = left.mask(short, left.str[:length]), right.mask(short, right.str[:length])
    return tuple(_numbers(side.str.replace("-", "", regex=False)) for side in (left, right))  # type: ignore[return-value]


def _moments(series: pd.Series) -> pd.Series:
    return pd.to_datetime(_written(series, spellings.DATETIME), utc=True, format="ISO8601", errors="coerce")


def _instants(series: pd.Series) -> pd.Series:
    moments = _moments(series)
    whole = moments.dt.as_unit("us").astype("int64").astype("float64")
    return whole.where(moments.notna())


def _days(column: Column, series: pd.Series) -> pd.Series:
    if column.type != "datetime":
        return _written(series, spellings.DATE)
    return _moments(series).dt.tz_convert(SHANGHAI).dt.strftime("%Y-%m-%d").astype("str")
