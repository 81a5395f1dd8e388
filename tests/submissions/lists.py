"""What the grids' lists said: rows put straight into the warehouse, as merging leaves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text

from courtyard.context import Context

GRID, OTHER_GRID = "510105005002001", "510105005002002"
HERE, ALSO_HERE, THERE = (
    "5101050050020001",
    "5101050050020002",
    "5101050050020008",
)  # courtyards: two of GRID, one of OTHER_GRID
ID, OTHER_ID = "11010519491231002X", "510105198001010010"
PHONE = "13800001234"

ACTIVIST = {
    "name": "样甲",
    "sex": "1",
    "political_status": "13",
    "courtyard": "四道街2号院",
    "activist_kind": "volunteer",
}
CHILD = {
    "name": "样童", "sex": "2", "birth_date": "2020-10-01", "address": "四道街2号院1栋1单元101", "guardian": "样甲",
    "is_migrant": False,
}  # fmt: skip
BENEFIT = {
    "head_name": "样户", "household_size": 2, "covered_persons": 2, "address": "四道街2号院1栋1单元101", "name": "样户",
    "relation": "0",
}  # fmt: skip
MEMBER = {
    "name": "样党", "sex": "1", "party_org": "四道街社区第一党支部", "member_kind": "full", "joined_date": "2001-07",
    "courtyard": "四道街2号院",
}  # fmt: skip
ROWS = {"grid_activists": ACTIVIST, "grid_school_age": CHILD, "grid_dibao": BENEFIT, "grid_party_members": MEMBER}

_DELIVERY = text("""
INSERT INTO landing.delivery (delivery_id, seq, street_code, source, period, unit_code, name, sha256, size_bytes,
       media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
VALUES (:id, :seq, :street, :source, '2026Q2', :unit, 'file', :id, 1, 'x', :at, :at, 'x', 'k', '')
""")
_RECORD = text("""
INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, valid_to, recorded_at, is_current,
       delivery_id, sheet, row_no, row_hash, is_active, attrs, sealed, person_id, courtyard_code, building, unit_no, room)
VALUES (:street, :dataset, :key, :since, :until, :at, true, :delivery, '', 1, md5(:key)::uuid, :active, :attrs, :sealed,
        :person, :courtyard, :building, :unit_no, :room)
""")
_DISCREPANCY = text("""
INSERT INTO warehouse.discrepancy (street_code, period, discrepancy_id, recorded_at, kind, subject, person_id, attribute,
       claims, basis, chosen_dataset, weighed_by, rule, owner_kind, owner, asked, due_on, status)
VALUES (:street, :period, :person || :attribute || :period, :at, 'claim', :person, :person, :attribute, :claims,
        md5(CAST(:claims AS text)), 'population', 'authority', 'authority', :owner_kind, '', '{}', '2026-10-05', :status)
""")


@dataclass
class Lists:
    """Writes records and discrepancies of the quarters before 2026Q3."""

    ctx: Context
    _serial: Any = field(default_factory=lambda: count(1))

    def delivery(self, unit: str | None = None, source: str = "grid", at: datetime | None = None) -> str:
        number = next(self._serial)
        values = {"id": f"{source}:{number:016x}", "seq": number, "street": self.ctx.street_code, "source": source}
        self._run(_DELIVERY, {**values, "unit": unit, "at": at or datetime(2026, 6, 28, 8, tzinfo=UTC)})
        return values["id"]

    def record(self, dataset: str, key: str, *, reporter: str = GRID, place: tuple = (HERE,), **how: Any) -> None:
        """One row of a list. `how`: since, until, active, person, id_number, phone, and the row's own attributes."""
        sealed = {
            name: self.ctx.keys.seal(how.pop(name), f"{dataset}/{key}/{name}")
            for name in ("id_number", "phone")
            if name in how
        }
        courtyard, building, unit_no, room = (*place, None, None, None)[:4]
        values = {
            "street": self.ctx.street_code, "dataset": dataset, "key": key, "delivery": self.delivery(reporter),
            "since": how.pop("since", date(2026, 4, 1)), "until": how.pop("until", date.max),
            "at": datetime(2026, 6, 28, 8, tzinfo=UTC), "active": how.pop("active", True),
            "person": how.pop("person", f"P-{key}"), "sealed": Jsonb(sealed), "courtyard": courtyard,
            "building": building, "unit_no": unit_no, "room": room,
        }  # fmt: skip
        attrs = {**ROWS[dataset], "change_kind": "added", "change_date": "2026-05-01", **how}
        self._run(_RECORD, {**values, "attrs": Jsonb({k: v for k, v in attrs.items() if v is not None})})

    def disagreement(self, person: str, attribute: str, *claims: tuple[str, str], **how: Any) -> None:
        """Claims are (dataset, value), the most trusted first, made on 2026-06-30 in Shanghai."""
        made = datetime(2026, 6, 29, 17, tzinfo=UTC)
        told = [{"dataset": d, "value": v, "said_at": made.isoformat(), "sheet": "", "row_no": 1} for d, v in claims]
        values = {"street": self.ctx.street_code, "period": "2026Q2", "status": "open", "owner_kind": "grid", **how}
        named = {"person": person, "attribute": attribute, "at": made, "claims": Jsonb(told)}
        self._run(_DISCREPANCY, values | named)

    def _run(self, statement: Any, values: dict[str, Any]) -> None:
        with self.ctx.engine().begin() as connection:
            connection.execute(statement, values)
