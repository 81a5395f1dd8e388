"""Deliveries as parsing and validation leave them, for the rooms behind: literal rows in, staged rows out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import text

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.store import database

RECEIVED = datetime(2026, 10, 1, 8, tzinfo=UTC)
_STAGED = (
    "batch_id", "sheet", "row_no", "dataset", "record_key", "row_hash", "is_active", "attrs", "sealed",
    "name", "id_token", "phone_token", "birth_date", "sex", "address", "household_no",
)  # fmt: skip
_ROLES = {"name": "name", "birth_date": "birth_date", "sex": "sex", "household_no": "household"}


@dataclass(frozen=True)
class Delivery:
    """One dataset of one delivery. Rows map contract columns to values; an absent column is an empty cell."""

    dataset: str
    rows: Sequence[Mapping[str, Any]]
    period: str = "2026Q3"
    received_at: datetime = RECEIVED
    version_at: datetime | None = None
    unit_code: str | None = None
    fetched_for: str | None = None
    structural: int = 0
    contract_version: int = 1

    @cached_property
    def delivery_id(self) -> str:
        body = json.dumps([self.dataset, list(map(dict, self.rows)), self.period, self.unit_code, str(self.version_at)])
        return f"{self.source}:{hashlib.sha256(body.encode()).hexdigest()[:16]}"

    @property
    def source(self) -> str:
        return "grid" if self.dataset.startswith("grid_") else self.dataset

    @property
    def batch_id(self) -> str:
        return f"{self.delivery_id}/{self.dataset}/v{self.contract_version}"


def stage(ctx: Context, *deliveries: Delivery) -> None:
    """Write deliveries as received, parsed and validated. A delivery that is there already stays as it is.

    One that is there under another version of its contract is read again.
    """
    with ctx.engine().begin() as connection:
        for delivery in deliveries:
            known = {"id": delivery.delivery_id}
            if connection.scalar(text("SELECT 1 FROM quality.batch WHERE batch_id = :id"), {"id": delivery.batch_id}):
                continue
            if not connection.scalar(text("SELECT 1 FROM landing.delivery WHERE delivery_id = :id"), known):
                _note(connection, ctx, delivery)
            _note_batch(connection, ctx, delivery)
            contract = ctx.district.contracts[delivery.dataset]
            database.copy_rows(connection, "staging.row", _STAGED, _staged(ctx, contract, delivery))


def _note(connection: Any, ctx: Context, delivery: Delivery) -> None:
    connection.execute(
        text("""
        INSERT INTO landing.delivery (seq, delivery_id, street_code, source, period, unit_code, name, sha256, size_bytes,
               media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
        VALUES (nextval('landing.delivery_seq'), :id, :street, :source, :fetched, :unit, 'file', :id, 1, 'text/plain', :version, :received, 'x', 'k', '')
        """),
        {
            "id": delivery.delivery_id, "street": ctx.street_code, "source": delivery.source,
            "fetched": delivery.fetched_for or delivery.period, "unit": delivery.unit_code,
            "version": delivery.version_at or delivery.received_at, "received": delivery.received_at,
        },
    )  # fmt: skip


def _note_batch(connection: Any, ctx: Context, delivery: Delivery) -> None:
    connection.execute(
        text("""
        INSERT INTO quality.batch (batch_id, delivery_id, street_code, dataset, period, unit_code, status, is_nil,
               landed, structural)
        VALUES (:batch, :id, :street, :dataset, :period, :unit, 'validated', :nil, :landed, :structural)
        """),
        {
            "batch": delivery.batch_id, "id": delivery.delivery_id, "street": ctx.street_code,
            "dataset": delivery.dataset, "period": delivery.period, "unit": delivery.unit_code,
            "nil": not delivery.rows, "landed": len(delivery.rows), "structural": delivery.structural,
        },
    )  # fmt: skip


def _staged(ctx: Context, contract: Contract, delivery: Delivery) -> Iterator[tuple[Any, ...]]:
    for number, values in enumerate(delivery.rows, 2):
        attrs = {
            name: ctx.keys.token(value) if contract.column(name).type in ("id_number", "phone") else value
            for name, value in values.items()
            if value is not None
        }
        canonical = json.dumps(attrs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        place = contract.role("address") or contract.role("courtyard_name")
        active = contract.active is None or attrs.get(contract.active.column) in contract.active.values
        roles = {field: attrs.get(contract.role(role) or "") for field, role in _ROLES.items()}
        yield (
            delivery.batch_id, contract.sheet or "", number, contract.dataset, _key(ctx, contract, delivery, values),
            hashlib.md5(canonical.encode()).hexdigest(), active, canonical, "{}",
            roles["name"], attrs.get("id_number"), attrs.get("phone"), roles["birth_date"], roles["sex"],
            attrs.get(place or ""), roles["household_no"],
        )  # fmt: skip


def _key(ctx: Context, contract: Contract, delivery: Delivery, values: Mapping[str, Any]) -> str:
    """The record key by the rule that parsing follows."""
    names = next(alternative for alternative in contract.key if all(values.get(n) for n in alternative))
    joined = "/".join(str(values[n]) for n in names)
    if any(contract.column(n).type in ("person_name", "id_number", "address") or n == "courtyard" for n in names):
        joined = ctx.keys.token(joined)
    return f"{delivery.period}/{joined}" if contract.grain == "period" else joined
