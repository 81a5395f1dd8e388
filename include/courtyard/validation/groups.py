"""A contract's rules over rows that belong together, judged without Great Expectations.

`prepared.group_ok` says the same about a frame; a test shows that both agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from courtyard.district.models import Contract, GroupRule
from courtyard.validation import spellings
from courtyard.validation.checks import Prepared
from courtyard.validation.row import Finding

Attrs = Mapping[str, str]


def check_of(rule: GroupRule) -> Prepared:
    """The check whose finding stands at the first row of a group that breaks the rule."""
    return Prepared(f"rule.{rule.id}", rule.about, rule.message, rule.remedy, severity=rule.severity)


def examine_together(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, Finding]]:
    """What is wrong between the rows of one delivery, with the place in `rows` of the row that is told.

    A row has the columns of `staging.row`; only `attrs` is read. Rows stand in the order of the file.
    """
    attrs = [
        {name: text for name, value in row["attrs"].items() if (text := spellings.as_text(value)) is not None}
        for row in rows
    ]
    found = []
    for rule in contract.group_rules:
        finding = check_of(rule).finding
        for members in _groups(contract, rule, attrs):
            if _breaks(contract, rule, [attrs[place] for place in members]):
                found.append((members[0], finding))
    return sorted(found, key=lambda one: one[0])


def _groups(contract: Contract, rule: GroupRule, rows: Sequence[Attrs]) -> Iterator[list[int]]:
    """The places of the rows of each group, without those that are no longer here."""
    found: dict[tuple[str, ...], list[int]] = {}
    active = contract.active
    for place, row in enumerate(rows):
        is_gone = active is not None and active.column in row and row[active.column] not in active.values
        if not is_gone and all(name in row for name in rule.group):
            found.setdefault(tuple(row[name] for name in rule.group), []).append(place)
    yield from found.values()


def _breaks(contract: Contract, rule: GroupRule, rows: Sequence[Attrs]) -> bool:
    needed = [*rule.where, *([contract.active.column] if contract.active else [])]
    if any(name not in row for row in rows for name in needed):
        return False  # a cell that is empty or unreadable has a finding of its own
    meeting = [row for row in rows if all(row[name] in values for name, values in rule.where.items())]
    if rule.check == "one_of":
        return len(meeting) != 1
    column = str(rule.column)
    if rule.check == "same":
        return len({row[column] for row in meeting if column in row}) > 1
    stated = {int(row[column]) for row in rows if re.match(spellings.INTEGER, row.get(column, ""))}
    return len(stated) == 1 and stated != {len(meeting)}
