"""A quarter with parsed batches of literal rows, as the parse stage leaves them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.district.models import District
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings
from courtyard.store import database

STREET = "510105005"
ROW_COLUMNS = (
    "batch_id", "sheet", "row_no", "dataset", "record_key", "attrs", "problems", "id_birth_date", "id_sex", "is_active",
)  # fmt: skip


@dataclass
class Quarter:
    """Writes parsed batches straight into staging and reads back what validation made of them."""

    ctx: Context
    _serial: Any = field(default_factory=lambda: count(1))

    def batch(self, rows: list[dict[str, Any]], dataset: str = "population", **more: Any) -> str:
        """Stage rows ({attrs, problems, record_key, id_birth_date, id_sex, is_active}); returns the batch's id.

        `more`: period, folder (the delivery's period), unit, is_nil, is_unchanged, landed, status, version_at,
        sheet, metadata.
        """
        number, period = next(self._serial), more.get("period", str(self.ctx.period))
        source = next(s.source for s in self.ctx.district.sources.values() if dataset in s.datasets)
        delivery = f"{source}:{number:016x}"
        batch_id = f"{delivery}/{dataset}/v1"
        with self.ctx.engine().begin() as connection:
            connection.execute(
                text("""INSERT INTO landing.delivery (delivery_id, seq, street_code, source, period, unit_code, name,
                    sha256, size_bytes, media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
                    VALUES (:id, :seq, :street, :source, :period, :unit, 'n', :id, 1, 'x', :at, :at, 's', 'k', '')"""),
                {
                    "id": delivery,
                    "seq": number,
                    "street": STREET,
                    "source": source,
                    "period": more.get("folder", period),
                    "unit": more.get("unit"),
                    "at": more.get("version_at", datetime(2026, 10, 1, number % 24)),
                },
            )
            connection.execute(
                text("""INSERT INTO quality.batch (batch_id, delivery_id, street_code, dataset, period, unit_code,
                    status, is_nil, is_unchanged, landed, metadata) VALUES (:id, :delivery, :street, :dataset, :period,
                    :unit, :status, :nil, :unchanged, :landed, CAST(:metadata AS jsonb))"""),
                {
                    "id": batch_id,
                    "delivery": delivery,
                    "street": STREET,
                    "dataset": dataset,
                    "period": period,
                    "unit": more.get("unit"),
                    "status": more.get("status", "parsed"),
                    "nil": more.get("is_nil", False),
                    "unchanged": more.get("is_unchanged", False),
                    "metadata": json.dumps(more.get("metadata", {}), ensure_ascii=False),
                    "landed": more.get("landed", len(rows)),
                },
            )
            staged = (
                (
                    batch_id,
                    more.get("sheet", ""),
                    number_of_row,
                    dataset,
                    row.get("record_key", f"K{number_of_row}"),
                    json.dumps(row["attrs"], ensure_ascii=False),
                    json.dumps(row.get("problems", [])),
                    row.get("id_birth_date"),
                    row.get("id_sex"),
                    row.get("is_active", True),
                )
                for number_of_row, row in enumerate(rows, 2)
            )
            database.copy_rows(connection, "staging.row", ROW_COLUMNS, staged)
        return batch_id

    def rows(self, statement: str, **values: Any) -> list[tuple]:
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def findings(self) -> list[tuple]:
        """(row_no, column_name, cell, code, severity) of every finding."""
        return self.rows(
            "SELECT row_no, column_name, cell, code, severity FROM quality.finding ORDER BY batch_id, row_no, code"
        )

    def state(self, batch_id: str) -> tuple:
        """(status, landed, quarantined, held, reason) of a batch."""
        return self.rows(
            "SELECT status, landed, quarantined, held, reason FROM quality.batch WHERE batch_id = :id", id=batch_id
        )[0]


@pytest.fixture(scope="session")
def district() -> District:
    return load_district(Settings.from_env({}).district_path)


@pytest.fixture
def quarter(warehouse_url: str, settings: Settings, district: District) -> Quarter:
    ring = KeyRing({f"{kind}-1": bytes([n]) * 32 for n, kind in enumerate(KINDS)})
    return Quarter(
        Context(
            settings=settings,
            district=district,
            period=Period.quarter("2026Q3"),
            url=warehouse_url,
            keys=ring,
            connection=lambda conn_id: pytest.fail(f"validation asked for the connection {conn_id}"),
            holder="tests",
        )
    )
