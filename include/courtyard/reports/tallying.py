"""Figures read off a form's content, and how they are named to people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from courtyard.district.models import District, ReportSpec
from courtyard.district.report_checks import Figure
from courtyard.reports.content import Content, Value

Figures = dict[str, Decimal]
"""A figure by the printed value of its `by` column; under '' where it is not split."""


def tally(district: District, spec: ReportSpec, content: Content, figure: Figure) -> Figures:
    """The figure as the form shows it: with `by`, one for each value that stands in a row that counts."""
    columns = [_index(spec, name) for name in figure.of]
    if figure.take == "total":
        return {"": sum((number(total_row(content)[i]) for i in columns), Decimal(0))}
    split = _index(spec, figure.by) if figure.by else None
    rows: dict[str, list[tuple[Value, ...]]] = {} if figure.by else {"": []}
    for row in _counting(district, spec, content, figure):
        rows.setdefault(str(row[split]) if split is not None else "", []).append(row)
    return {name: _measure(figure, columns, found) for name, found in rows.items()}


def kept(figure: Figure, values: Figures) -> dict[str, Any]:
    """A figure's values as JSON, with what they measure."""
    return {"figure": _plain(figure), "values": {name: str(value) for name, value in values.items()}}


def recalled(figure: Figure, found: dict[str, Any] | None) -> Figures | None:
    """Values that were kept, or None when there are none or they measure something else."""
    if not found or found["figure"] != _plain(figure):
        return None
    return {name: Decimal(value) for name, value in found["values"].items()}


def _plain(figure: Figure) -> dict[str, Any]:
    """A figure as JSON, as it was kept before rows could be of one dataset alone."""
    return figure.model_dump(mode="json", exclude={"dataset"} if figure.dataset is None else None)


def _measure(figure: Figure, columns: list[int], rows: list[tuple[Value, ...]]) -> Decimal:
    if figure.take == "sum":
        return sum((number(row[i]) for row in rows for i in columns), Decimal(0))
    if figure.take == "rows":
        return Decimal(len(rows))
    values = [tuple(row[i] for i in columns) for row in rows]
    unknown = sum(any(v in (None, "") for v in value) for value in values)
    return Decimal(len({value for value in values if all(v not in (None, "") for v in value)}) + unknown)


def _counting(district: District, spec: ReportSpec, content: Content, figure: Figure) -> Iterator[tuple[Value, ...]]:
    """The rows that count, the total row never; of a group the first such row with `per: group`."""
    wanted = [(_index(spec, name), _printed(district, spec, name, values)) for name, values in figure.where.items()]
    seen: set[str | None] = set()
    for index, row in body(content):
        if any(row[column] not in values for column, values in wanted):
            continue
        if figure.dataset is not None and json.loads(content.identities[index])[0] != figure.dataset:
            continue
        group = content.groups[index]
        if figure.per == "group" and group is not None:
            if group in seen:
                continue
            seen.add(group)
        yield row


def body(content: Content) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """The rows without the total, each with its 0-based place."""
    return ((i, row) for i, row in enumerate(content.rows) if not is_total(content, i))


def is_total(content: Content, index: int) -> bool:
    source = content.sources[index]
    return isinstance(source, dict) and bool(source.get("is_total"))


def total_row(content: Content) -> tuple[Value, ...]:
    """The form's total row; LookupError when its query returned none."""
    for index, row in enumerate(content.rows):
        if is_total(content, index):
            return row
    raise LookupError("the query returned no total row")


def number(value: Value) -> Decimal:
    """A cell as a number: blank and — add nothing."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def header(spec: ReportSpec, name: str) -> str:
    """A column's heading with the one above it."""
    column = spec.columns[_index(spec, name)]
    return f"{column.group}·{column.header}" if column.group else column.header


def named(district: District, spec: ReportSpec, figure: Figure) -> str:
    """What a figure is called: its label, else how it is taken; then which rows count."""
    headers = "+".join(header(spec, name) for name in figure.of)
    said = {
        "total": f"{headers}合计",
        "sum": f"{headers}各行之和",
        "rows": "组数" if figure.per == "group" else "行数",
        "distinct": f"{headers}的个数",
    }[figure.take]
    kept = "、".join(
        f"{header(spec, name)}为{'或'.join(sorted(_printed(district, spec, name, values)))}"
        for name, values in figure.where.items()
    )
    return (figure.label or said) + (f"（{kept}）" if kept else "")


def _printed(district: District, spec: ReportSpec, name: str, values: tuple[str, ...]) -> set[str]:
    """Values of `where` as the form prints them."""
    codes = spec.columns[_index(spec, name)].codes
    return {district.code_label(codes, value) for value in values} if codes else set(values)


def _index(spec: ReportSpec, name: str) -> int:
    return next(i for i, column in enumerate(spec.columns) if column.name == name)
