"""A report's SQL: which values are bound, how facts are kept for one transaction, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import PackError
from courtyard.period import Period

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a report's queries say: its body rows, and the lines that go under the table."""

    rows: Sequence[RowMapping]
    notes: tuple[str, ...]


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
    }


def run(connection: Connection, ctx: Context, spec: ReportSpec, bound: Parameters) -> Result:
    """Run a report's queries; PackError when the result lacks a column that the form shows.

    Facts are kept in a temporary table `facts`, since both the figures and the notes read them.
    """
    if spec.facts:
        make_facts(connection, ctx, spec, bound)
    result = connection.execute(text(read(ctx, spec.sql)), bound)
    if missing := sorted(_needed(spec) - set(result.keys())):
        raise PackError(f"reports/sql/{spec.sql} 的结果缺少列 {'、'.join(missing)}。", "请在查询中加上这些列。")
    rows = result.mappings().all()
    notes = connection.scalars(text(read(ctx, spec.notes)), bound).all() if spec.notes else []
    return Result(rows, tuple(notes))


def _needed(spec: ReportSpec) -> set[str]:
    needed = {c.name for c in spec.columns} | ({spec.merge_by} if spec.merge_by else set()) | set(spec.key)
    if any(c.sealed for c in spec.columns):
        needed |= {"dataset", "record_key"}
    return needed | ({"sources"} if spec.kind == "roster" else {"row_key", "is_total"})


def make_facts(connection: Connection, ctx: Context, spec: ReportSpec, bound: Parameters) -> None:
    """An aggregate's facts as the transaction's temporary table `facts`."""
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.facts"))
    connection.execute(text(f"CREATE TEMPORARY TABLE facts ON COMMIT DROP AS\n{read(ctx, spec.facts)}"), bound)


def read(ctx: Context, name: str) -> str:
    """The text of a file in `reports/sql/` of the pack; PackError when there is none."""
    path: Path = ctx.settings.district_path / "reports" / "sql" / name
    try:
        return path.read_text("utf-8")
    except OSError:
        raise PackError(f"找不到 reports/sql/{name}。", "请补上这个文件，或改正报表定义中的文件名。") from None
