"""Columns of the frame that say of each row whether it keeps a rule: 1 where it does, NaN where it does not.

What a rule compares may be names or addresses, so Great Expectations gets the answer only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from courtyard.district.models import Contract, GroupRule, Rule
from courtyard.validation import spellings

Place = tuple[str, str, int]  # batch_id, sheet, row_no


def key_name(rule: GroupRule) -> str:
    """The raw column with the group of a row as an opaque text, NULL for a row without one."""
    return f"group.{rule.id}"


def value_name(rule: GroupRule) -> str:
    """The raw column with what must be the same in a group, as an opaque text."""
    return f"group.{rule.id}.value"


def required_with_ok(rule: Rule, trigger: pd.Series, is_filled: np.ndarray) -> np.ndarray:
    """`is_filled` counts a cell that has a finding of its own; `trigger` is the column that asks for it."""
    asks = trigger.isin(rule.values) if rule.values else trigger.notna()
    return np.where(asks.to_numpy() & ~is_filled, np.nan, 1.0)


def group_ok(contract: Contract, rule: GroupRule, raw: pd.DataFrame) -> np.ndarray:
    """NaN at the first row of each group that breaks the rule; see `groups` for what a group is."""
    is_member, is_unknown, meets = raw[key_name(rule)].notna(), pd.Series(False, raw.index), pd.Series(True, raw.index)
    if contract.active:
        state = raw[contract.active.column]
        is_member &= state.isna() | state.isin(contract.active.values)
        is_unknown |= state.isna()
    for name, values in rule.where.items():
        is_unknown |= raw[name].isna()
        meets &= raw[name].isin(values)
    table = pd.DataFrame({"key": raw[key_name(rule)], "batch": raw["batch_id"], "unknown": is_unknown, "meets": meets})
    table["at"] = np.arange(len(raw))
    if rule.check == "same":
        table["value"] = raw[value_name(rule)].where(meets)
    elif rule.check == "count_is":
        column = raw[str(rule.column)]
        table["value"] = pd.to_numeric(column.where(column.str.contains(spellings.INTEGER, na=False))).astype("float64")
    groups = table[is_member].groupby(["batch", "key"], sort=False)
    broken = _broken(rule, groups) & ~groups["unknown"].any()
    ok = np.ones(len(raw))
    ok[groups["at"].first()[broken].to_numpy(dtype=int)] = np.nan
    return ok


def _broken(rule: GroupRule, groups: pd.api.typing.DataFrameGroupBy) -> pd.Series:
    counted = groups["meets"].sum()
    if rule.check == "one_of":
        return counted != 1
    if rule.check == "same":
        return groups["value"].nunique() > 1
    least, most = groups["value"].min(), groups["value"].max()
    return (least == most) & (least != counted)


def reference_ok(failing: Collection[Place], place: pd.DataFrame) -> np.ndarray:
    """NaN at the rows that the database found to contradict another dataset."""
    ok = np.ones(len(place))
    if failing:
        at: Mapping[Place, int] = {p: i for i, p in enumerate(place.itertuples(index=False, name=None))}
        ok[[at[p] for p in failing]] = np.nan
    return ok
