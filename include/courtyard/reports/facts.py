"""What the figures of a published aggregate were made of, kept with its revision.

A form's facts are grouped by what they add to which row: a street's residents are some hundred groups, not 110,000
rows. So a cell is traced without running the whole query again, and two revisions can be set against each other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import PackError
from courtyard.reports import query

Place = tuple[str, str, int]  # delivery, sheet, row
Where = dict[str, Any]  # street, report, period, revision

_OF = "street_code = :street AND report = :report AND period = :period"
_IS_KEPT = text(f"SELECT EXISTS (SELECT FROM publish.cell_fact WHERE {_OF} AND revision = :revision)")
_COLUMNS = text("""
SELECT attname FROM pg_attribute WHERE attrelid = 'pg_temp.facts'::regclass AND attnum > 0 AND NOT attisdropped
""")
_ROWS = text(f"""
SELECT delivery_id, sheet, rows FROM publish.cell_fact
 WHERE {_OF} AND revision = :revision AND jsonb_exists_any(measures, CAST(:measures AS text[]))
   AND (:is_total OR row_key IS NOT DISTINCT FROM :row_key)
""")
_DIFFERENCES = text(f"""
WITH said AS (
    SELECT revision, row_key, delivery_id, sheet, unnest(rows) AS row_no, measures
      FROM publish.cell_fact
     WHERE {_OF} AND revision IN (:old, :new)
)
SELECT row_key, delivery_id, sheet, row_no, measures, count(*) FILTER (WHERE revision = :new) > 0 AS is_new
  FROM said
 GROUP BY row_key, delivery_id, sheet, row_no, measures
HAVING count(*) FILTER (WHERE revision = :old) <> count(*) FILTER (WHERE revision = :new)
""")


@dataclass(frozen=True)
class Fact:
    """A delivered row and what it adds to the figures of the form's row `row_key`."""

    row_key: str | None
    place: Place
    measures: dict[str, Decimal]
    is_new: bool


def measures_of(column: ReportColumn) -> tuple[str, ...]:
    """The fact columns that a cell of an aggregate is made of; a text is made of none unless `traces` says so."""
    if column.traces is not None:
        return column.traces
    return () if column.kind == "text" else (column.name,)


def roster_places(sources: list[dict[str, Any]], column: str | None = None) -> list[Place]:
    """The delivered rows that a roster's row is made of, or one cell of it.

    A source is {delivery_id, sheet, row_no}, or has `rows` for many of one sheet; `columns` where it is of some only.
    """
    return [
        (source["delivery_id"], source["sheet"], number)
        for source in sources
        if column is None or column in source.get("columns", (column,))
        for number in source.get("rows") or (source["row_no"],)
    ]


def keep(connection: Connection, spec: ReportSpec, where: Where) -> None:
    """Keep the facts that the transaction's temporary table `facts` holds as those of a revision."""
    measures = sorted({name for column in spec.columns for name in measures_of(column)})
    if missing := sorted(set(measures) - set(connection.scalars(_COLUMNS))):
        raise PackError(
            f"reports/sql/{spec.facts} 的结果缺少列 {'、'.join(missing)}。",
            "请加上这些列，或在报表定义中用 traces 写明这一栏由哪些列得来。",
        )
    quote = connection.dialect.identifier_preparer.quote_identifier
    added = "".join(f", {quote(name)}" for name in measures)
    pairs = ", ".join(f"'{name}', nullif({quote(name)}, 0)" for name in measures)
    connection.execute(
        text(f"""
INSERT INTO publish.cell_fact (street_code, report, period, revision, fact_no, row_key, delivery_id, sheet, rows, measures)
SELECT :street, :report, :period, :revision, row_number() OVER (ORDER BY row_key NULLS LAST, delivery_id, sheet, measures),
       row_key, delivery_id, sheet, rows, measures
  FROM (SELECT CAST(row_key AS text) AS row_key, delivery_id, sheet, rows,
               jsonb_strip_nulls(jsonb_build_object({pairs})) AS measures
          FROM (SELECT row_key, delivery_id, sheet{added}, array_agg(row_no) AS rows
                  FROM facts GROUP BY row_key, delivery_id, sheet{added}) grouped) kept
 WHERE measures <> '{{}}'
"""),
        where,
    )


def ensure(connection: Connection, ctx: Context, spec: ReportSpec, where: Where, bound: query.Parameters) -> None:
    """Keep the facts of a revision that was published before they were kept; nothing to do for any other."""
    if not connection.scalar(_IS_KEPT, where):
        query.make_facts(connection, ctx, spec, bound)
        keep(connection, spec, where)


def behind(connection: Connection, where: Where, scope: dict[str, Any], column: ReportColumn) -> list[Place]:
    """The delivered rows behind one cell, by delivery, sheet and row. `scope`: {row_key, is_total} of its row."""
    if not (measures := measures_of(column)):
        return []
    bound = {**where, "measures": list(measures), "is_total": scope["is_total"], "row_key": scope.get("row_key")}
    rows: dict[tuple[str, str], set[int]] = defaultdict(set)
    for group in connection.execute(_ROWS, bound):
        rows[group.delivery_id, group.sheet].update(group.rows)
    return [(*file, number) for file in sorted(rows) for number in sorted(rows[file])]


def differences(connection: Connection, where: Where, old: int, new: int) -> list[Fact]:
    """What only one of two revisions counts; `is_new` where that is the newer one."""
    rows = connection.execute(_DIFFERENCES, {**where, "old": old, "new": new})
    return [Fact(r.row_key, (r.delivery_id, r.sheet, r.row_no), _numbers(r.measures), r.is_new) for r in rows]


def _numbers(measures: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(str(value)) for name, value in measures.items()}
