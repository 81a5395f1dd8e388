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

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import RowMapping

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI, Period

CELL_LIMIT = 32_767  # characters Excel keeps in a cell; openpyxl cuts the rest without a word
DASH = "—"

Value = str | int | Decimal | None


@dataclass(frozen=True)
class Content:
    """A form's content. `metadata` is by cell of the blank form; `groups` names each row's merged cell.

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
    identities: tuple[str, ...] = ()


def build(
    ctx: Context, spec: ReportSpec, period: Period, result: Sequence[RowMapping], notes: Sequence[str], at: datetime
) -> Content:
    """Turn query rows into printed values; sealed values are opened here and live no longer than the form.

    `content_hash` leaves out 填表日期: a form that says the same on another day is the same.
    """
    rows = tuple(tuple(_value(ctx, column, row) for column in spec.columns) for row in result)
    metadata = _metadata(ctx, spec, period, at.astimezone(SHANGHAI).date())
    hashed = {
        "title": spec.title,
        "period": str(period),
        "metadata": _metadata(ctx, spec, period, None),
        "headers": [[c.group, c.header] for c in spec.columns],
        "rows": [[str(v) if isinstance(v, Decimal) else v for v in row] for row in rows],
        "notes": list(notes),
    }
    return Content(
        title=spec.title,
        metadata=metadata,
        rows=rows,
        groups=tuple(row[spec.merge_by] if spec.merge_by else None for row in result),
        sources=tuple(_sources(spec, row) for row in result),
        notes=tuple(notes),
        content_hash=hashlib.sha256(canonical(hashed).encode()).hexdigest(),
        as_known_at=at,
        identities=tuple(_identity(spec, row) for row in result),
    )


def _metadata(ctx: Context, spec: ReportSpec, period: Period, filled_on: date | None) -> dict[str, str]:
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


def _value(ctx: Context, column: ReportColumn, row: RowMapping) -> Value:
    """One cell. Counted zero stays 0; NULL prints as the column's `empty` says."""
    value = row[column.name]
    if value is None:
        return DASH if column.empty == "dash" else None
    if column.sealed:
        value = ctx.keys.open(value, f"{row['dataset']}/{row['record_key']}/{column.sealed}")
    if column.codes:
        labels = ctx.district.codes[column.codes].values.get(value)
        value = labels[0] if labels else value
    if column.kind == "integer":
        return int(value)
    if column.kind == "decimal":
        return Decimal(value).quantize(Decimal(1).scaleb(-column.places), ROUND_HALF_UP)
    written = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    if len(written) > CELL_LIMIT:
        raise CourtyardError(f"“{column.header}”列有内容超过 {CELL_LIMIT} 字，单元格放不下。", "请在来源中缩短它。")
    return written


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
