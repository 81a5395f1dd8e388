"""The successor's pack: what belongs to a post, gathered for the one who takes it over."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping

from courtyard.context import Context
from courtyard.district.models import Unit
from courtyard.errors import UsageError
from courtyard.handover import holding, paper, tables
from courtyard.handover.holding import Turn
from courtyard.handover.tables import Found, Table
from courtyard.identity import persons
from courtyard.period import Period
from courtyard.store import statements
from courtyard.warehouse import registers

QUARTERS = 4
_SQL = statements.load("courtyard.handover", "content.sql")


def write(
    ctx: Context, unit_code: str, *, post: str | None, on: date, at: datetime, out: Path | None
) -> dict[str, Any]:
    """Write the pack of a unit's post as of a day to `out`, below outbox/handover/ unless given.

    The copy is put into the audit log: it names people. Returns the file, the post, from whom to whom, and
    the counts of the cover. Raises UsageError for a unit, a post or a day that the pack does not know.
    """
    turn = holding.chosen(ctx.district, unit_code, post, on)
    name = f"{turn.unit.code}_{turn.post}_{on}.xlsx"
    path = out or ctx.settings.outbox / "handover" / name
    with ctx.engine().begin() as connection:
        registers.keep_in_step(connection, ctx.district)
        made = gather(connection, ctx, turn, on)
        connection.execute(_SQL["audited"], {"at": at, "actor": ctx.holder, "object": f"{unit_code} {turn.post} {on}"})
        _save(path, paper.book(ctx.district, turn, on, made))
    return {
        "file": str(path),
        "unit": turn.unit.code,
        "unit_name": turn.unit.name,
        "post": turn.post,
        "day": turn.day,
        "from": turn.left,
        "to": turn.came,
        "as_of": on,
        "counts": {table.title: len(table.rows) for table in made},
    }


def _save(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"写不了{path}：{error.strerror}。", "请换一个位置。") from None


def gather(connection: Connection, ctx: Context, turn: Turn, on: date) -> list[Table]:
    """The tables of a pack, in the order of its sheets."""
    district = ctx.district
    codes = [c.code for c in district.courtyards if c.micro_grid_code.startswith(turn.unit.code)]
    found = _found(connection, ctx, turn.unit, codes, on)
    return [
        tables.courtyards(district, codes, found),
        tables.members(district, found),
        tables.items(district, found, on),
        tables.promised(district, found, set(codes), _party_names(ctx, turn.unit), on),
        tables.changes(district, found),
        tables.submitted(found),
    ]


def _found(connection: Connection, ctx: Context, unit: Unit, codes: list[str], on: date) -> Found:
    quarters = [Period.of("quarter", on)]
    while len(quarters) < QUARTERS:
        quarters.append(quarters[-1].previous())
    values = {
        "street": ctx.street_code,
        "units": [u.code for u in ctx.district.units if u.code.startswith(unit.code)],
        "courtyards": codes,
        "anchor": persons.anchor(ctx.district),
        "day": on,
        "since": quarters[-1].start,
        "quarter": str(quarters[0]),
        "quarters": [str(quarter) for quarter in quarters],
    }

    def rows(name: str) -> list[RowMapping]:
        return list(connection.execute(_SQL[name], values).mappings())

    items = rows("items")
    named = connection.execute(_SQL["names"], {"persons": sorted({i["person_id"] for i in items if i["person_id"]})})
    has_tags = connection.scalar(_SQL["has_tags"])
    return Found(
        people={row["courtyard_code"]: row for row in rows("people")},
        tags={row["courtyard_code"]: row["tags"] for row in rows("tags")} if has_tags else {},
        members=[_member(ctx, row) for row in rows("members")],
        items=items,
        names=dict(named.tuples().all()),
        promised=rows("promised"),
        changes=rows("changes"),
        submissions=rows("submissions"),
    )


def _member(ctx: Context, row: RowMapping) -> dict[str, Any]:
    """What the pack shows of a person: of numbers only their first and last signs."""
    attrs, sealed = row["attrs"], row["sealed"]

    def shown(column: str) -> str:
        value = sealed.get(column)
        return masked(ctx.keys.open(value, f"{row['dataset']}/{row['record_key']}/{column}")) if value else ""

    sex = ctx.district.codes["sex"].values.get(attrs.get("sex") or "", ("",))[0]
    own = {
        name: row[name] for name in ("group", "title", "courtyard_code", "valid_from", "building", "unit_no", "room")
    }
    return {
        **own,
        "name": attrs.get("name") or "",
        "sex": sex,
        "birth_date": attrs.get("birth_date") or "",
        "id_number": shown("id_number") or shown("disability_no"),
        "phone": shown("phone"),
    }


def masked(text: str) -> str:
    """`510100********123X`, `154****0000`, each of several; of anything short only the last sign."""
    return "、".join(_masked(number) for number in re.split(r"[^0-9A-Za-z-]+", text) if number)


def _masked(number: str) -> str:
    if len(number) >= 15:
        return number[:6] + "*" * (len(number) - 10) + number[-4:]
    if len(number) >= 8:
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    return "*" * (len(number) - 1) + number[-1:]


def _party_names(ctx: Context, unit: Unit) -> list[str]:
    """The communities whose branches' projects concern the unit: its own, or all below it."""
    above = unit
    while above.kind not in ("community", "street"):
        above = ctx.district.unit_by_code[above.parent_code or ""]
    return [u.name for u in ctx.district.units if u.kind == "community" and u.code.startswith(above.code)]
