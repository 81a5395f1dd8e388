"""From a cell of a published form back to the delivered rows; every look is written to the audit log."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.district.report import CASE_DATASETS
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.reports import cells, editions, facts, published, query
from courtyard.reports.cells import Place
from courtyard.reports.layout import Layout

_SOURCES = text("""
SELECT sources FROM publish.cell_row
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision AND form_row = :row
""")
# What opened or moved a case may have been fetched in the next period. Datasets are named first, so that only their part of the archive is read.
_RECORDS = text("""
SELECT DISTINCT ON (r.delivery_id, r.sheet, r.row_no)
       r.delivery_id, r.sheet, r.row_no, r.dataset, r.record_key, r.valid_from, r.recorded_at
  FROM warehouse.record r
  JOIN unnest(CAST(:deliveries AS text[]), CAST(:sheets AS text[]), CAST(:rows AS int[])) AS p (delivery_id, sheet, row_no)
    ON p.delivery_id = r.delivery_id AND p.sheet = r.sheet AND p.row_no = r.row_no
 WHERE r.street_code = :street AND r.dataset = ANY(:datasets) AND r.recorded_at <= :known_at
   AND r.superseded_at > :known_at AND (r.valid_from <= :as_of OR r.dataset = ANY(:of_cases))
 ORDER BY r.delivery_id, r.sheet, r.row_no, r.valid_from DESC
""")
_DELIVERIES = text("SELECT delivery_id, source, name FROM landing.delivery WHERE delivery_id = ANY(:ids)")
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'trace', :object)")
TITLES = {
    "roster": "花名册的一格",
    "figure": "统计数",
    "total": "合计数",
    "header": "表头",
    "note": "附注",
    "metadata": "表头表尾的文字",
}


def trace(ctx: Context, report: str, period: str, cell: str, revision: int | None, most: int | None) -> dict[str, Any]:
    """See `courtyard.reports.trace`."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    of = Period.parse(period)
    where = {"street": ctx.street_code, "report": report, "period": str(of)}
    with ctx.engine("publisher").begin() as connection:
        publication = published.find(connection, ctx, spec, of, revision)
        layout = Layout(spec, publication.rows, len(publication.manifest["notes"]))
        form = publication.path(ctx, editions.form_file(publication.manifest))
        place = cells.find(spec, form, layout, cell)
        bound = query.parameters(ctx, spec, of, publication.as_known_at)
        kind, rows = _behind(connection, ctx, (spec, place), {**where, "revision": publication.revision}, bound)
        files = _files(connection, rows)
        named = _named(connection, spec, rows[:most], files, {**bound, "street": ctx.street_code})
        connection.execute(
            _AUDIT, {"actor": ctx.holder, "object": f"{of}/{report}/r{publication.revision}/{cell.upper()}"}
        )
    return {
        "report": report,
        "title": spec.title,
        "period": str(of),
        "revision": publication.revision,
        "cell": cell.upper(),
        "anchor": place.cell,
        "kind": TITLES[kind],
        "column": place.column.header if place.column else "",
        "definition": place.definition,
        "rule": _rule(spec, place, kind, publication.as_known_at, of),
        "count": len(rows),
        "files": list(files.values()),
        "rows": named,
    }


def _behind(
    connection: Connection, ctx: Context, about: tuple[ReportSpec, Place], where: facts.Where, bound: query.Parameters
) -> tuple[str, list[facts.Place]]:
    """What kind of cell it is, and the delivered rows it is made of: none but for values of the table."""
    spec, place = about
    if place.kind != "value" or place.column is None:
        return place.kind, []
    sources = connection.scalar(_SOURCES, {**where, "row": place.row})
    if sources is None:
        raise UsageError(f"{place.cell} 不在表体内。", f"表体从第 {spec.first_row} 行开始。")
    if spec.kind == "roster":
        return "roster", facts.roster_places(sources, place.column.name)
    facts.ensure(connection, ctx, spec, where, bound)
    return "total" if sources["is_total"] else "figure", facts.behind(connection, where, sources, place.column)


def _rule(spec: ReportSpec, place: Place, kind: str, known_at: datetime, period: Period) -> dict[str, Any]:
    """What the value follows: the pack's files, the measures of a figure, the datasets, and the moment of knowledge."""
    about: dict[str, Any] = {"basis": spec.basis, "file": f"reports/{spec.report}.yaml"}
    if kind == "metadata":
        return {**about, "text": place.template}
    if kind == "header":
        return about
    if kind == "note":
        about["sql"] = f"reports/sql/{spec.notes}" if spec.notes else "mart.submission_status"
    else:
        about["sql"] = f"reports/sql/{spec.sql}"
    if spec.facts:
        about["facts"] = f"reports/sql/{spec.facts}"
    if spec.facts and place.column:
        about["measures"] = list(facts.measures_of(place.column))
    return {
        **about,
        "datasets": [*spec.datasets],
        "lookups": [*spec.lookups],
        "as_of": str(spec.as_of(period)),
        "known_at": known_at.astimezone(SHANGHAI).isoformat(),
    }


def _files(connection: Connection, places: list[facts.Place]) -> dict[tuple[str, str], dict[str, Any]]:
    """(delivery, sheet) -> {delivery_id, source, name, sheet, rows}: how many rows of each."""
    counts = Counter((delivery, sheet) for delivery, sheet, _ in places)
    ids = [delivery for delivery, _ in counts]
    known = {d.delivery_id: (d.source, d.name) for d in connection.execute(_DELIVERIES, {"ids": ids})}
    known |= {name: tuple(name.split(":", 1)) for name in ids if name.startswith("pack:")}  # a file of the pack
    return {
        (delivery, sheet): {
            "delivery_id": delivery,
            "source": known[delivery][0],
            "name": known[delivery][1],
            "sheet": sheet,
            "rows": count,
        }
        for (delivery, sheet), count in counts.items()
    }


def _named(
    connection: Connection,
    spec: ReportSpec,
    places: list[facts.Place],
    files: dict[tuple[str, str], dict[str, Any]],
    bound: dict[str, Any],
) -> list[dict[str, Any]]:
    """Rows with their delivery's source and file, and the record that the warehouse made of each."""
    if not places:
        return []
    deliveries, sheets, rows = (list(part) for part in zip(*places, strict=True))
    wanted = {
        "deliveries": deliveries,
        "sheets": sheets,
        "rows": rows,
        "datasets": [*spec.rests_on],
        "of_cases": [*CASE_DATASETS],
    }
    records = {(r.delivery_id, r.sheet, r.row_no): r for r in connection.execute(_RECORDS, {**bound, **wanted})}
    return [
        {
            "delivery_id": place[0],
            "source": files[place[:2]]["source"],
            "name": files[place[:2]]["name"],
            "sheet": place[1],
            "row_no": place[2],
            **_record(records.get(place)),
        }
        for place in places
    ]


def _record(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {"dataset": None, "record": None, "valid_from": None, "recorded_at": None}
    return {
        "dataset": row.dataset,
        "record": row.record_key,
        "valid_from": str(row.valid_from),
        "recorded_at": row.recorded_at.astimezone(SHANGHAI).isoformat(),
    }
