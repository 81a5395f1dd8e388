"""Addresses of staged rows: each spelling resolved once, rows without a courtyard set aside."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.identity import learning
from courtyard.identity.addresses import Gazetteer
from courtyard.identity.points import PointIndex
from courtyard.parsing.problems import wording
from courtyard.period import Period
from courtyard.store import database, statements
from courtyard.validation.layout import Layout

_SQL = statements.load("courtyard.identity", "places.sql")
_CODES = {"unknown": "address.unknown_courtyard", "ambiguous": "address.ambiguous", "missing": "address.missing"}
_INSIDE_MESSAGE, _INSIDE_SUGGESTION = "{header}中的楼栋、单元或房号不完整", "请写明楼栋、单元和房号，如3栋2单元501"


def open_batches(connection: Connection, ctx: Context) -> list[str]:
    """Put the validated batches of the quarter's deliveries into `_batch`; returns their ids."""
    periods = [str(part) for kind in ("year", "half", "quarter", "month", "week") for part in ctx.period.parts(kind)]
    found = connection.execute(_SQL["open_batches"], {"street": ctx.street_code, "periods": periods}).all()
    connection.execute(_SQL["make_batch"])
    database.copy_rows(
        connection,
        "pg_temp._batch",
        ("batch_id", "delivery_id", "dataset", "is_person", "is_placed", "is_period", "effective_from", "on_day"),
        (
            (
                batch_id,
                delivery_id,
                dataset,
                contract.subject == "person",
                contract.subject != "none",
                contract.grain == "period",
                p.start,
                p.last_day,
            )
            for batch_id, delivery_id, dataset, period in found
            for contract, p in [(ctx.district.contracts[dataset], Period.parse(period))]
        ),
    )
    connection.execute(text("ANALYZE _batch"))
    return [batch_id for batch_id, *_ in found]


def resolve(connection: Connection, ctx: Context) -> dict[str, Any]:
    """Build `_row`, the rows to link with their places, and quarantine persons without a courtyard.

    Rows about a courtyard stay, with a warning and without one; rows about neither need none. Returns `quarantined` and `places`, the
    doubtful ones by kind.
    """
    gazetteer = learning.gazetteer(connection, ctx)
    connection.execute(_SQL["make_place"])
    spellings = connection.execute(_SQL["spellings"]).all()
    database.copy_rows(
        connection,
        "pg_temp._place",
        ("address", "on_day", "courtyard_code", "building", "unit_no", "room", "status"),
        ((address, on_day, *gazetteer.resolve(address, on_day)) for on_day, address in spellings),
    )
    connection.execute(_SQL["make_point"])
    for contract in ctx.district.contracts.values():
        if contract.role("lon") and contract.role("lat"):
            _locate(connection, ctx, contract, gazetteer)
    connection.execute(text("ANALYZE _place"))
    connection.execute(_SQL["make_row"])
    statuses = _report(connection, ctx)
    _seal_addresses(connection, ctx)
    for step in ("quarantine", "set_aside", "count_quarantined"):
        connection.execute(_SQL[step])
    quarantined = connection.execute(_SQL["forget_quarantined"]).rowcount
    connection.execute(text("ANALYZE _row"))
    return {"quarantined": quarantined, "places": statuses}


def subject(batch_id: str, sheet: str, row_no: int) -> str:
    """What the sealed address of a row set aside is bound to."""
    return f"{batch_id}/{sheet}/{row_no}"


def _seal_addresses(connection: Connection, ctx: Context) -> None:
    """Keep the addresses of rows that are set aside for them alone: a decision may let these rows in later."""
    connection.execute(_SQL["make_sealed"])
    rows = connection.execute(_SQL["unplaced"]).all()
    sealed = ((*place, ctx.keys.seal(address, subject(*place))) for *place, address in rows)
    database.copy_rows(connection, "pg_temp._sealed", ("batch_id", "sheet", "row_no", "address"), sealed)


def _locate(connection: Connection, ctx: Context, contract: Contract, gazetteer: Gazetteer) -> None:
    """Places of rows that name a courtyard's code, or give a point where the address says nothing."""
    indexes: dict[date, PointIndex] = {}
    roles = {"dataset": contract.dataset, "lon": contract.role("lon"), "lat": contract.role("lat")}
    rows = connection.execute(_SQL["points"], roles).all()
    spoken = _spoken(connection, contract) if rows else set()
    found = []
    for batch_id, sheet, row_no, on_day, code, lon, lat in rows:
        there = gazetteer.of_code(code, on_day) if code else None
        if there is None and lon and lat and (batch_id, sheet, row_no) not in spoken:
            if on_day not in indexes:
                indexes[on_day] = PointIndex(ctx.district.courtyards_on(on_day))
            there = indexes[on_day].nearest(float(lon), float(lat))
        if there:
            found.append((batch_id, sheet, row_no, there))
    database.copy_rows(connection, "pg_temp._point", ("batch_id", "sheet", "row_no", "courtyard_code"), found)


def _spoken(connection: Connection, contract: Contract) -> set[tuple[str, str, int]]:
    """Rows whose address names a courtyard already, or several; their point is not asked."""
    rows = connection.execute(_SQL["spoken"], {"dataset": contract.dataset})
    return {(batch_id, sheet, row_no) for batch_id, sheet, row_no in rows}


def _report(connection: Connection, ctx: Context) -> dict[str, int]:
    """Findings for every row whose place is in doubt: names the column, never the address."""
    doubtful = connection.execute(_SQL["doubtful"]).all()
    layouts = {batch_id: Layout.of(metadata) for batch_id, metadata in connection.execute(_SQL["layouts"])}
    findings = []
    for batch_id, sheet, row_no, dataset, status, is_known in doubtful:
        contract = ctx.district.contracts[dataset]
        told = doubt(contract, status, is_known)
        findings.append((batch_id, sheet, row_no, layouts[batch_id].cell(contract, sheet, told[0], row_no), *told))
    columns = ("batch_id", "sheet", "row_no", "cell", "column_name", "code", "severity", "message", "suggestion")
    database.copy_rows(connection, "quality.finding", columns, findings)
    return dict(Counter(status if not is_known else "room_ambiguous" for *_, status, is_known in doubtful))


def doubt(contract: Contract, status: str, is_known: bool) -> tuple[Any, ...]:
    """Column, code, severity, message and suggestion for a place that is not `resolved`; `is_known`: its courtyard is."""
    name = contract.role("address") or contract.role("courtyard_name")
    header = contract.column(name).header if name else ""
    code = _CODES[status]
    worded = wording(code, header)
    if is_known:
        return name, code, "warning", _INSIDE_MESSAGE.format(header=header), _INSIDE_SUGGESTION
    severity = "error" if contract.subject == "person" else "warning"
    return name, code, severity, worded.message, worded.suggestion
