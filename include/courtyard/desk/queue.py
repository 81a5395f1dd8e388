"""What waits for a person: discrepancies between sources, and records that may be of one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.context import Context
from courtyard.district.models import Contract, District
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.store import statements
from courtyard.warehouse.discrepancies import LISTED_BY, PLACE, PRESENCE, title

_SQL = statements.load("courtyard.desk", "queue.sql")
DUPLICATE = "same_person"
KINDS = {
    "claim": "来源说法不一",
    "id_shared": "一个证件号登记了两个人",
    "two_heads": "一户有两个户主",
    "two_grids": "同一人在两个网格的名册上",
    "gone": "登记已死亡或迁出，名册仍在列",
    DUPLICATE: "可能是同一人",
}
ABOUT_NO_VALUE = ("id_shared", "two_heads", "two_grids")  # their claims are ids and units, no personal data
_SAID = ("name", "birth_date", "courtyard_code", "building", "unit_no", "room")


def listing(
    connection: Connection,
    ctx: Context,
    *,
    period: Period | None = None,
    unit: str | None = None,
    kind: str | None = None,
    with_values: bool = False,
) -> list[dict[str, Any]]:
    """What is open, the oldest due first, then possible duplicates: one dict each.

    Discrepancies are those of one quarter, the newest known one unless given. `unit` is a unit's code (those
    below it too) or a department's source. Values of personal attributes only `with_values`.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"没有“{kind}”这一类。", f"请写{'、'.join(KINDS)}中的一个。")
    where = {"street": ctx.street_code, "id": None, "period": str(period) if period else None}
    found = [_discrepancy(ctx, row, with_values) for row in connection.execute(_SQL["discrepancies"], where).mappings()]
    found += [_review(ctx, row) for row in connection.execute(_SQL["reviews"], where).mappings()]
    return [entry for entry in found if kind in (None, entry["kind"]) and is_of(entry, unit)]


def show(connection: Connection, ctx: Context, wanted: str, *, with_values: bool = False) -> dict[str, Any]:
    """One entry of the queue, settled ones too, with all that is said; UsageError for an id that there is not."""
    where = {"street": ctx.street_code, "id": wanted, "period": None}
    if row := connection.execute(_SQL["discrepancies"], where).mappings().one_or_none():
        since = _since(connection, ctx, row) if row["kind"] == "claim" else {}
        dated = [claim | {"since": since.get((claim["dataset"], claim["value"]))} for claim in row["claims"]]
        return _discrepancy(ctx, {**row, "claims": dated}, with_values)
    if row := connection.execute(_SQL["reviews"], where).mappings().one_or_none():
        return _review(ctx, row) | {"records": _records(connection, ctx, row, with_values)}
    raise UsageError(f"核实台没有编号为{wanted}的事项。", "请用 courtyard desk list 查看编号。")


def newest_quarter(connection: Connection, ctx: Context) -> Period:
    """The quarter whose run takes up what is decided now: the newest of which anything is known, else the first."""
    newest = connection.scalar(text("SELECT mart.newest_quarter(:street)"), {"street": ctx.street_code})
    return Period.parse(newest or ctx.district.office.first_quarter)


def audit(connection: Connection, ctx: Context, at: datetime, ids: Iterable[str]) -> None:
    """Record that values of these entries were shown."""
    for entry in ids:
        named = {"at": at, "actor": ctx.holder, "action": "desk_values", "object": f"{ctx.street_code}/{entry}"}
        connection.execute(_SQL["audit"], named)


def _since(connection: Connection, ctx: Context, row: RowMapping) -> dict[tuple[str, str], date]:
    """Since when each (dataset, value) has been said of the person."""
    about = {"street": ctx.street_code, "person": row["subject"], "attribute": row["attribute"], "place": PLACE}
    about["datasets"] = [claim["dataset"] for claim in row["claims"]]
    return {(found.dataset, found.value): found.since for found in connection.execute(_SQL["since"], about)}


def _discrepancy(ctx: Context, row: Mapping[str, Any], with_values: bool) -> dict[str, Any]:
    shown = with_values or row["kind"] in ABOUT_NO_VALUE
    claims = [_claim(ctx, row["attribute"], claim, shown) for claim in row["claims"]]
    hidden = {"value": row["value"] if shown else None}
    contract = ctx.district.contracts.get(row["claims"][0]["dataset"])
    named = {"attribute_title": (contract and title(contract, row["attribute"])) or row["attribute"]}
    named |= {"owner_name": _owner(ctx, row["owner_kind"], row["owner"]), "kind_title": KINDS[row["kind"]]}
    return {**row, **hidden, **named, "claims": claims}


def _claim(ctx: Context, attribute: str, claim: dict[str, Any], shown: bool) -> dict[str, Any]:
    contract = ctx.district.contracts.get(claim["dataset"])
    title = {"title": contract.title if contract else claim["dataset"]}
    if not shown:
        return {k: v for k, v in claim.items() if k != "value"} | title
    if label := _label(ctx.district, contract, attribute, claim["value"]):
        title["label"] = label
    return claim | title


def _label(district: District, contract: Contract | None, attribute: str, value: str) -> str | None:
    """What people call a value: the name of a place or unit, the title of a code; None for what is a word already."""
    if attribute == PLACE and (courtyard := district.courtyard_by_code.get(value)):
        return courtyard.name
    if attribute == LISTED_BY and (unit := district.unit_by_code.get(value)):
        return unit.name
    for column in contract.columns if contract else ():
        is_asked = column.name == attribute or attribute == PRESENCE  # whichever column says that somebody has gone
        if is_asked and column.codes and value in district.codes[column.codes].values:
            return district.code_label(column.codes, value)
    return None


def _owner(ctx: Context, kind: str, owner: str) -> str:
    if kind == "grid":
        unit = ctx.district.unit_by_code.get(owner)
        return unit.name if unit else owner
    source = ctx.district.sources.get(owner)
    return source.department if source else owner


def _review(ctx: Context, row: RowMapping) -> dict[str, Any]:
    office = {"owner_kind": "street", "owner": ctx.street_code, "owner_name": ctx.district.office.short_name}
    about = {"kind": DUPLICATE, "kind_title": KINDS[DUPLICATE], "period": None, "due_on": None, "asked": []}
    return {**row, **about, **office, "subject": f"{row['left_person']} {row['right_person']}"}


def _records(connection: Connection, ctx: Context, row: RowMapping, with_values: bool) -> list[dict[str, Any]]:
    """Both records side by side: what each of them ever said of itself, and whether they agree in what is sealed."""
    records = [row["left_record"], row["right_record"]]
    values = {"street": ctx.street_code, "records": records, "datasets": [r.partition("/")[0] for r in records]}
    said = connection.execute(_SQL["records"], values).mappings().all()
    tokens = {
        record: {t: {r[t] for r in said if r["record"] == record and r[t]} for t in ("id_token", "phone_token")}
        for record in records
    }
    found = []
    for record, other in (records, records[::-1]):
        own = [r for r in said if r["record"] == record]
        told = {name: [r[name] for r in own if r[name]] for name in _SAID} if with_values else {}
        found.append(
            {
                "record": record,
                "since": min((r["first_from"] for r in own), default=None),
                "has_id_number": bool(tokens[record]["id_token"]),
                "same_id_number": bool(tokens[record]["id_token"] & tokens[other]["id_token"]),
                "same_phone": bool(tokens[record]["phone_token"] & tokens[other]["phone_token"]),
                **{name: list(dict.fromkeys(values)) for name, values in told.items()},
            }
        )
    return found


def is_of(entry: Mapping[str, Any], unit: str | None) -> bool:
    """Whether a unit (its code; those below it too) or a department's source settles an entry; all for None."""
    units = (entry["owner"], *(entry["asked"] or ()))
    return unit is None or any(u == unit or (u.isdigit() and u.startswith(unit)) for u in units)
