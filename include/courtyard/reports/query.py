"""A report's SQL: which values are bound, how facts are kept for one transaction, what comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, RowMapping, text

from courtyard.context import Context
from courtyard.district.models import Courtyard, Frozen, Post, ReportChart, ReportSpec, Unit
from courtyard.district.reading import read_csv
from courtyard.errors import PackError
from courtyard.period import Period

_REGISTERS: dict[str, type[Frozen]] = {"units": Unit, "posts": Post, "courtyards": Courtyard}
Parameters = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a report's queries say: its body rows, the lines under the table, and what charts with `sql` draw."""

    rows: Sequence[RowMapping]
    notes: tuple[str, ...]
    charts: tuple[tuple[RowMapping, ...], ...] = ()


def parameters(ctx: Context, spec: ReportSpec, period: Period, known_at: datetime) -> Parameters:
    """Everything a report's SQL may bind; `period_end` is exclusive, `as_of` the 统计截止日."""
    return {
        "street_code": ctx.street_code,
        "period": str(period),
        "period_start": period.start,
        "period_end": period.end,
        "as_of": spec.as_of(period),
        "year_start": period.start.replace(month=1, day=1),
        "known_at": known_at,
        "dibao_standard_yuan": ctx.district.office.dibao_standard_yuan,
        **_birth_window(ctx, spec, period),
        **{f"pack_{table}": _lines_of(ctx, table) for table in spec.pack},
    }


def _birth_window(ctx: Context, spec: ReportSpec, period: Period) -> Parameters:
    if spec.birth_window is None:
        return {}
    window = next(group.birth_window for group in ctx.district.key_groups if group.group == spec.birth_window)
    born_from, born_to = window.on(spec.as_of(period))
    return {"born_from": born_from, "born_to": born_to}


def _lines_of(ctx: Context, table: str) -> str:
    """A register of the pack as a JSON list of objects, each with the line where it stands as `row_no`."""
    name, columns = f"{table}.csv", tuple(_REGISTERS[table].model_fields)
    document = read_csv(ctx.settings.district_path / name, name, columns)
    return json.dumps([{**row, "row_no": document.lines[(at,)]} for at, row in enumerate(document.data)])


def run(connection: Connection, ctx: Context, spec: ReportSpec, bound: Parameters) -> Result:
    """Run a report's queries; PackError when the result lacks a column that the form shows.

    Facts are kept in a temporary table `facts`, since both the figures and the notes read them.
    """
    if spec.facts:
        make_facts(connection, ctx, spec, bound)
    result = connection.execute(text(read(ctx, spec.sql)), bound)
    _has(result, spec.sql, _needed(spec))
    rows = result.mappings().all()
    notes = connection.scalars(text(read(ctx, spec.notes)), bound).all() if spec.notes else []
    return Result(rows, tuple(notes), tuple(_drawn(connection, ctx, chart, bound) for chart in spec.charts))


def _drawn(connection: Connection, ctx: Context, chart: ReportChart, bound: Parameters) -> tuple[RowMapping, ...]:
    """The rows of a chart's own query; none for one that draws the body."""
    if chart.sql is None:
        return ()
    result = connection.execute(text(read(ctx, chart.sql)), bound)
    _has(result, chart.sql, {chart.categories, *chart.values})
    return tuple(result.mappings())


def _has(result: CursorResult[Any], file: str, needed: set[str]) -> None:
    if missing := sorted(needed - set(result.keys())):
        raise PackError(f"reports/sql/{file} 的结果缺少列 {'、'.join(missing)}。", "请在查询中加上这些列。")


def _needed(spec: ReportSpec) -> set[str]:
    needed = {c.name for c in spec.columns} | {name for name in (spec.merge_by, spec.area, *spec.key) if name}
    if any(c.sealed for c in spec.columns):
        needed |= {"dataset", "record_key"}
    return needed | ({"sources"} if spec.kind == "roster" else {"row_key", "is_total"})


def make_facts(connection: Connection, ctx: Context, spec: ReportSpec, bound: Parameters) -> None:
    """A report's facts as the transaction's temporary table `facts`."""
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.facts"))
    connection.execute(text(f"CREATE TEMPORARY TABLE facts ON COMMIT DROP AS\n{read(ctx, spec.facts)}"), bound)


def read(ctx: Context, name: str) -> str:
    """The text of a file in `reports/sql/` of the pack; PackError when there is none."""
    path: Path = ctx.settings.district_path / "reports" / "sql" / name
    try:
        return path.read_text("utf-8")
    except OSError:
        raise PackError(f"找不到 reports/sql/{name}。", "请补上这个文件，或改正报表定义中的文件名。") from None
