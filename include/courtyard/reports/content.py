"""What a form says, apart from how it looks: the values of its cells, and their hash."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import RowMapping

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import HeldError
from courtyard.period import SHANGHAI, Period
from courtyard.reports.query import Result
from courtyard.reports.sheet_cells import CELL_LIMIT, Value, is_too_long, writable

DASH = "—"


@dataclass(frozen=True)
class Content:
    """A form's content. `metadata` is by cell of the blank form; `groups` names each row's merged cell.

    `charts` are the rows behind each chart of the report (category, values), empty for one that draws the body.
    `areas` are the units in which a roster's rows are counted, for its view of counts.
    `identities` say what each row is about, so that it is found again in another revision wherever it stands.
    """

    title: str
    metadata: dict[str, str]
    rows: tuple[tuple[Value, ...], ...]
    groups: tuple[str | None, ...]
    sources: tuple[Any, ...]
    notes: tuple[str, ...]
    content_hash: str
    as_known_at: datetime
    charts: tuple[tuple[tuple[Value, ...], ...], ...] = ()
    areas: tuple[str | None, ...] = ()
    identities: tuple[str, ...] = ()


def build(
    ctx: Context, spec: ReportSpec, period: Period, result: Result, notes: Sequence[str], at: datetime
) -> Content:
    """Turn query rows into printed values; sealed values are opened here and live no longer than the form.

    `content_hash` leaves out 填表日期: a form that says the same on another day is the same.
    """
    rows = tuple(_row(ctx, spec, spec.first_row + index, row) for index, row in enumerate(result.rows))
    charts = tuple(
        tuple(tuple(row[name] for name in (chart.categories, *chart.values)) for row in drawn)
        for chart, drawn in zip(spec.charts, result.charts, strict=True)
    )
    metadata = metadata_of(ctx, spec, period, at.astimezone(SHANGHAI).date())
    hashed = {
        "title": spec.title,
        "period": str(period),
        "metadata": metadata_of(ctx, spec, period, None),
        "headers": [[c.group, c.header] for c in spec.columns],
        "rows": rows,
        "notes": list(notes),
    }
    if any(charts):
        hashed["charts"] = charts
    return Content(
        title=spec.title,
        metadata=metadata,
        rows=rows,
        groups=tuple(row[spec.merge_by] if spec.merge_by else None for row in result.rows),
        sources=tuple(_sources(spec, row) for row in result.rows),
        notes=tuple(notes),
        content_hash=hashlib.sha256(canonical(hashed).encode()).hexdigest(),
        as_known_at=at,
        charts=charts,
        areas=tuple(row[spec.area] for row in result.rows) if spec.area else (),
        identities=tuple(_identity(spec, row) for row in result.rows),
    )


def metadata_of(ctx: Context, spec: ReportSpec, period: Period, filled_on: date | None) -> dict[str, str]:
    """The texts around a form's table, by cell; 填表日期 stays empty without a day."""
    office = ctx.district.office
    fields = {
        "street": office.short_name,
        "unit": office.name,
        "period": period.title,
        "preparer": office.preparer,
        "reviewer": office.reviewer,
        "as_of": _chinese(spec.as_of(period)),
        "filled_on": _chinese(filled_on) if filled_on else "",
    }
    return {cell: re.sub(r"\{(\w+)\}", lambda m: fields[m[1]], text) for cell, text in spec.metadata.items()}


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _row(ctx: Context, spec: ReportSpec, form_row: int, row: RowMapping) -> tuple[Value, ...]:
    """One body row. HeldError when a text does not fit: Excel would cut it without a word."""
    values = tuple(_value(ctx, column, row) for column in spec.columns)
    for column, value in zip(spec.columns, values, strict=True):
        if isinstance(value, str) and is_too_long(value):
            raise HeldError(
                f"第 {form_row} 行的“{column.header}”超过 {CELL_LIMIT} 字，单元格放不下。", "请在来源中缩短它。"
            )
    return values


def _value(ctx: Context, column: ReportColumn, row: RowMapping) -> Value:
    """One cell. Counted zero stays 0; NULL prints as the column's `empty` says.

    A sealed value is of the row's own record unless the query names another, `dataset/record_key`, as `<name>_of`.
    """
    value = row[column.name]
    if value is None:
        return DASH if column.empty == "dash" else None
    if column.sealed:
        record = row.get(f"{column.name}_of") or f"{row['dataset']}/{row['record_key']}"
        value = ctx.keys.open(value, f"{record}/{column.sealed}")
    if column.codes:
        labels = ctx.district.codes[column.codes].values.get(value)
        value = labels[0] if labels else value
    if column.kind == "integer":
        return int(value)
    if column.kind == "decimal":
        return Decimal(value).quantize(Decimal(1).scaleb(-column.places), ROUND_HALF_UP)
    return writable(str(value))


def _identity(spec: ReportSpec, row: RowMapping) -> str:
    """What a row is about: its unit in an aggregate, in a roster what `key` says, else its record, else its sources."""
    if spec.kind == "aggregate":
        return canonical([row["is_total"], row["row_key"]])
    if spec.key:
        return canonical([row[name] for name in spec.key])
    if "record_key" in row:
        return canonical([row.get("dataset"), row["record_key"]])
    return canonical(row["sources"])


def canonical(value: Any) -> str:
    """JSON that is equal where the values are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _sources(spec: ReportSpec, row: RowMapping) -> Any:
    """How a body row is traced: the delivered rows themselves, or the condition that selects the facts."""
    if spec.kind == "roster":
        return row["sources"]
    return {"row_key": row["row_key"], "is_total": row["is_total"]}
