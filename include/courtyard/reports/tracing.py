"""From a cell of a published form back to the delivered rows; every look is written to the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openpyxl.utils import coordinate_to_tuple
from openpyxl.utils.exceptions import CellCoordinatesException
from sqlalchemy import Connection, RowMapping, text

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.reports import query

_PUBLICATION = text("""
SELECT revision, as_known_at FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period
   AND (CAST(:revision AS int) IS NULL OR revision = :revision)
 ORDER BY revision DESC LIMIT 1
""")
_SOURCES = text("""
SELECT sources FROM publish.cell_row
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision AND form_row = :row
""")
_DELIVERIES = text("SELECT delivery_id, source, name FROM landing.delivery WHERE delivery_id = ANY(:ids)")
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'trace', :object)")


def trace(ctx: Context, report: str, period: str, cell: str, revision: int | None) -> dict[str, Any]:
    """See `courtyard.reports.trace`."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    of = Period.parse(period)
    row, column = _place(spec, cell)
    with ctx.engine("publisher").begin() as connection:
        where = {"street": ctx.street_code, "report": report, "period": str(of)}
        publication = connection.execute(_PUBLICATION, {**where, "revision": revision}).one_or_none()
        if publication is None:
            wanted = f"第 {revision} 版" if revision else ""
            raise UsageError(f"{spec.title} {of} {wanted}没有发布过。", "请先运行该季度，或改正期别。")
        where["revision"] = publication.revision
        sources = connection.scalar(_SOURCES, {**where, "row": row})
        if sources is None:
            raise UsageError(f"{cell.upper()} 不在表体内。", f"表体从第 {spec.first_row} 行开始。")
        bound = query.parameters(ctx, spec, of, publication.as_known_at)
        if spec.kind == "roster":  # a source may be of some columns only
            rows = [row for row in sources if column.name in row.get("columns", (column.name,))]
        else:
            rows = query.fact_rows(connection, ctx, spec, bound, sources, column)
        found = _named(connection, rows)
        place = f"{of}/{report}/r{publication.revision}/{cell.upper()}"
        connection.execute(_AUDIT, {"actor": ctx.holder, "object": place})
    return {
        "report": report,
        "title": spec.title,
        "period": str(of),
        "revision": publication.revision,
        "cell": cell.upper(),
        "column": column.header,
        "definition": column.definition,
        "count": len(rows),
        "rows": found,
    }


def _place(spec: ReportSpec, cell: str) -> tuple[int, ReportColumn]:
    try:
        row, index = coordinate_to_tuple(cell.upper())
        return row, spec.columns[index - 1]
    except (CellCoordinatesException, ValueError, IndexError):
        last = len(spec.columns)
        raise UsageError(f"“{cell}”不是这张表的单元格。", f"请写列字母和行号，如 B7；本表有 {last} 列。") from None


def _named(connection: Connection, rows: Sequence[RowMapping | dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the source and file name of their delivery; `pack:posts.csv` is a file of the pack."""
    ids = sorted({row["delivery_id"] for row in rows})
    known = {d.delivery_id: (d.source, d.name) for d in connection.execute(_DELIVERIES, {"ids": ids})}
    known |= {name: tuple(name.split(":", 1)) for name in ids if name.startswith("pack:")}
    return [
        {
            "delivery_id": row["delivery_id"],
            "source": known[row["delivery_id"]][0],
            "name": known[row["delivery_id"]][1],
            "sheet": row["sheet"],
            "row_no": row["row_no"],
        }
        for row in rows
    ]
