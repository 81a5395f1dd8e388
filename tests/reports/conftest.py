"""A warehouse with literal rows, as the merge stage leaves it, for reports to be made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from psycopg.types.json import Jsonb
from sqlalchemy import text

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import Period
from courtyard.privacy import keys
from courtyard.store import database

STREET = "510105005"
FOREVER = date.max
COMMUNITIES = {"510105005002": "四道街社区", "510105005003": "商业街社区"}
GRIDS = {"510105005002001": "四道街第1网格", "510105005002002": "四道街第2网格", "510105005003001": "商业街第1网格"}
COURTYARDS = {"C1": ("510105005002", "四道街2号院"), "C2": ("510105005003", "商业街5号院")}


@dataclass
class World:
    """Writes rows straight into the warehouse and publishes from them."""

    ctx: Context
    _serial: Any = field(default_factory=lambda: count(1))

    def execute(self, statement: str, **values: Any) -> None:
        with self.ctx.engine().begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, statement: str, role: str = "publisher", **values: Any) -> list[dict[str, Any]]:
        with self.ctx.engine(role).connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]

    def batch(self, dataset: str, period: str, received: str = "2026-10-02T08:00:00+08:00", **more: Any) -> str:
        """A delivery with one batch; returns the delivery's id. `unit`, `status`, `is_nil`, `landed`, `reason`."""
        number = next(self._serial)
        source = next(s.source for s in self.ctx.district.sources.values() if dataset in s.datasets)
        delivery, at = f"{source}:{number:016x}", datetime.fromisoformat(received)
        self.execute(
            """INSERT INTO landing.delivery (delivery_id, seq, street_code, source, period, unit_code, name, sha256,
                   size_bytes, media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
               VALUES (:id, nextval('landing.delivery_seq'), :street, :source, :folder, :unit, :name, :sha, 1, 'x', :at, :at, 'x', 'k', '')""",
            id=delivery,
            street=STREET,
            source=source,
            folder=more.get("folder", period),
            unit=more.get("unit"),
            name=f"{dataset}_{period}_{number}",
            sha=f"{number:064x}",
            at=at,
        )
        landed = more.get("landed", 1)
        status = more.get("status", "merged")
        self.execute(
            """INSERT INTO quality.batch (batch_id, delivery_id, street_code, dataset, period, unit_code, status,
                   is_nil, landed, merged, held, reason)
               VALUES (:batch, :id, :street, :dataset, :period, :unit, :status, :nil, :landed, :merged, :held, :reason)""",
            batch=f"{delivery}/{dataset}/v1",
            id=delivery,
            street=STREET,
            dataset=dataset,
            period=period,
            unit=more.get("unit"),
            status=status,
            nil=more.get("is_nil", False),
            landed=landed,
            merged=landed if status == "merged" else 0,
            held=landed if status == "held" else 0,
            reason=more.get("reason", ""),
        )
        return delivery

    def record(self, delivery: str, key: str, attrs: dict[str, Any], **more: Any) -> None:
        """A current record. `start`, `end`, `sealed`, `person`, `courtyard`, `row_no`, `sheet`, `is_active`."""
        found = self.rows(
            """SELECT b.dataset, b.period, d.received_at FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
                WHERE delivery_id = :id""",
            id=delivery,
        )[0]
        dataset, period = found["dataset"], Period.parse(found["period"])
        by_period = self.ctx.district.contracts[dataset].grain == "period"
        record_key = f"{period}/{key}" if by_period else key
        sealed = {
            column: self.ctx.keys.seal(value, f"{dataset}/{record_key}/{column}")
            for column, value in more.get("sealed", {}).items()
        }
        self.execute(
            """INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, valid_to, recorded_at,
                   is_current, delivery_id, sheet, row_no, row_hash, is_active, attrs, sealed, person_id, household_id,
                   courtyard_code)
               VALUES (:street, :dataset, :key, :start, CAST(:end AS text)::date, :at, true, :delivery, :sheet, :row_no,
                   gen_random_uuid(), :is_active, :attrs, :sealed, :person, :household, :courtyard)""",
            street=STREET,
            dataset=dataset,
            key=record_key,
            start=more.get("start", period.start),
            end=str(more.get("end", period.end if by_period else "infinity")),
            at=found["received_at"],
            delivery=delivery,
            sheet=more.get("sheet", ""),
            row_no=more.get("row_no", next(self._serial)),
            is_active=more.get("is_active", True),
            attrs=Jsonb(attrs),
            sealed=Jsonb(sealed),
            person=more.get("person", key),
            household=more.get("household"),
            courtyard=more.get("courtyard"),
        )

    def replace(self, delivery: str, dataset: str, key: str, attrs: dict[str, Any]) -> None:
        """A new version of a record's facts, as a correction's merge writes it: the old one goes to history."""
        self.execute(
            """WITH at AS (SELECT received_at FROM landing.delivery WHERE delivery_id = :delivery),
                    old AS (SELECT * FROM warehouse.record WHERE dataset = :dataset AND record_key = :key AND is_current)
               INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, valid_to, recorded_at,
                   is_current, delivery_id, sheet, row_no, row_hash, is_active, attrs, sealed, person_id, courtyard_code)
               SELECT street_code, dataset, record_key, valid_from, valid_to, (SELECT received_at FROM at), true,
                      :delivery, sheet, row_no, gen_random_uuid(), is_active, attrs || :attrs, sealed, person_id,
                      courtyard_code
                 FROM old""",
            delivery=delivery,
            dataset=dataset,
            key=key,
            attrs=Jsonb(attrs),
        )
        self.execute(
            """UPDATE warehouse.record SET is_current = false,
                      superseded_at = (SELECT received_at FROM landing.delivery WHERE delivery_id = :delivery)
                WHERE dataset = :dataset AND record_key = :key AND is_current AND delivery_id <> :delivery""",
            delivery=delivery,
            dataset=dataset,
            key=key,
        )

    def only(self, *reports: str) -> World:
        """The same world whose pack holds these reports alone."""
        specs = {name: self.ctx.district.reports[name] for name in reports}
        district = self.ctx.district.model_copy(update={"reports": specs})
        return World(replace(self.ctx, district=district), self._serial)

    def sent(self) -> None:
        """All that is published counts as sent to the department whose form it is."""
        codes = {r.name: r.recipient for r in self.ctx.district.recipients.recipients}
        statement = """INSERT INTO publish.sending (street_code, report, period, revision, recipient, channel, target, basis,
                   view, files, queued_at, sent_at, confirmed_at)
               SELECT street_code, report, period, revision, CAST(:codes AS jsonb) ->> (manifest ->> 'recipient'), 'folder',
                      '', '', 'names', '{}', as_known_at, as_known_at, as_known_at
                 FROM publish.publication WHERE report <> 'bulletin'
               ON CONFLICT DO NOTHING"""
        with self.ctx.engine("publisher").begin() as connection:
            connection.execute(text(statement), {"codes": json.dumps(codes)})

    def sheet(self, folder: str) -> Worksheet:
        """The full form in a folder below published/, opened."""
        return self.view(folder, None)

    def view(self, folder: str, kind: str | None) -> Worksheet:
        """A publication's view of a kind, opened; its full form for None."""
        place = self.ctx.settings.published / folder
        manifest = json.loads((place / "manifest.json").read_bytes())
        name = next((name for name, view in manifest["views"].items() if view == kind), manifest["form"])
        return load_workbook(BytesIO((place / name).read_bytes())).active


def table(sheet: Worksheet, first_row: int, rows: int) -> list[list[Any]]:
    """Cell values of some rows of a form."""
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=first_row, max_row=first_row + rows - 1)]


@pytest.fixture
def world(settings, warehouse_url) -> World:
    keys.create(settings.keys)
    ctx = Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.quarter("2026Q3"),
        url=warehouse_url,
        keys=keys.load(settings.keys),
        connection=lambda conn_id: (_ for _ in ()).throw(AssertionError("reports fetch nothing")),
        holder="test",
    )
    with ctx.engine().begin() as connection:
        units = [(STREET, "少城街道", "street", None)]
        units += [(code, name, "community", STREET) for code, name in COMMUNITIES.items()]
        units += [(code, name, "grid", code[:12]) for code, name in GRIDS.items()]
        database.copy_rows(
            connection,
            "warehouse.unit",
            ("code", "name", "kind", "parent_code", "valid_from", "valid_to", "street_code"),
            [(*unit, date(2020, 1, 1), "infinity", STREET) for unit in units],
        )
        database.copy_rows(
            connection,
            "warehouse.courtyard",
            ("courtyard_code", "street_code", "community_code", "grid_code", "micro_grid_code", "name",
             "standard_address", "lon", "lat"),
            [
                (code, STREET, community, f"{community}001", f"{community}00101", name, name, "104.05", "30.67")
                for code, (community, name) in COURTYARDS.items()
            ],
        )  # fmt: skip
        database.copy_rows(
            connection,
            "warehouse.code",
            ("street_code", "list", "code", "label"),
            [
                (STREET, c.codes, code, labels[0])
                for c in ctx.district.codes.values()
                for code, labels in c.values.items()
            ],
        )
        database.copy_rows(
            connection,
            "warehouse.authority",
            ("street_code", "attribute", "dataset", "rank"),
            [
                (STREET, a.attribute, dataset, rank)
                for a in ctx.district.authority
                for rank, dataset in enumerate(a.datasets)
            ],
        )
        database.copy_rows(
            connection,
            "warehouse.grid_cycle",
            ("street_code", "issued_before", "due_after", "frozen_after"),
            [(STREET, 15, 5, 10)],
        )
        database.copy_rows(
            connection,
            "warehouse.submitted_dataset",
            ("street_code", "dataset", "source", "title", "is_owed"),
            [(STREET, d, "grid", ctx.district.contracts[d].title, True) for d in ("grid_activists", "grid_dibao")],
        )
        database.copy_rows(
            connection,
            "warehouse.key_group",
            ("street_code", "group_code", "title", "dataset", "conditions", "birth_window"),
            [
                (
                    STREET,
                    g.group,
                    g.title,
                    g.dataset,
                    Jsonb(g.where),
                    g.birth_window and Jsonb(g.birth_window.model_dump()),
                )
                for g in ctx.district.key_groups
            ],
        )
    return World(ctx)


@pytest.fixture
def dibao(world: World) -> World:
    """The register of July and August: a couple with a child, a widow; in July another category too."""
    for month in ("2026-07", "2026-08"):
        delivery = world.batch("dibao_register", month, f"{month}-03T09:00:00+08:00", landed=5)
        for row_no, (key, person, attrs, sealed, courtyard) in enumerate(DIBAO_ROWS, 2):
            if month == "2026-07" or attrs["category"] == "dibao":
                world.record(
                    delivery, key, {**attrs, "month": month}, person=person, sealed=sealed, courtyard=courtyard,
                    row_no=row_no,
                )  # fmt: skip
    return world


_WANG = {
    "benefit_no": "D001",
    "head_name": "王样例",
    "household_size": 3,
    "covered_persons": 3,
    "category": "dibao",
    "benefit_class": "A类",
    "monthly_amount": "1860.50",
    "start_month": "2024-03",
    "cause": "因病",
    "address": "四道街2号院1栋1单元101",
}
_ZHAO = {
    "benefit_no": "D002",
    "head_name": "赵样例",
    "household_size": 1,
    "covered_persons": 1,
    "category": "dibao",
    "monthly_amount": "930",
    "start_month": "2025",
    "address": "商业街5号院2-301",
}
DIBAO_ROWS = [
    ("k2", "P2", {**_WANG, "name": "李样例", "relation": "1"}, {"id_number": "510105198803070024"}, "C1"),
    ("k1", "P1", {**_WANG, "name": "王样例", "relation": "0"},
     {"id_number": "510105196609300017", "phone": "13800000001"}, "C1"),
    ("k3", "P3", {**_WANG, "name": "王小样", "relation": "2"}, {}, "C1"),
    ("k4", "P4", {**_ZHAO, "name": "赵样例", "relation": "0", "remark": "=1+1"}, {"phone": "028-86000001"}, "C2"),
    ("k5", "P5", {**_ZHAO, "benefit_no": "T001", "head_name": "钱样例", "name": "钱样例", "relation": "0",
                  "category": "tekun", "monthly_amount": "1395"}, {}, "C2"),
]  # fmt: skip
