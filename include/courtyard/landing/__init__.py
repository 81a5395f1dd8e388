"""Delivered bytes: fetched, sealed, kept as they came, and their ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from courtyard.context import Context
    from courtyard.landing.vault import HasVault
    from courtyard.sources.fetched import Fetched


def fetch(ctx: Context, source_id: str) -> dict[str, Any]:
    """Fetch and land every period of a source that ends in the quarter; see `landing.fetching.fetch`."""
    from courtyard.landing import fetching

    return fetching.fetch(ctx, source_id)


def hand_in(ctx: Context, source_id: str, item: Fetched) -> str:
    """Land bytes that a command of the office makes; see `landing.fetching.hand_in`."""
    from courtyard.landing import fetching

    return fetching.hand_in(ctx, source_id, item)


def open_delivery(at: HasVault, delivery: Mapping[str, Any] | Any) -> bytes:
    """The bytes of a delivery, proved to be the ones that came; see `landing.vault.open_delivery`."""
    from courtyard.landing import vault

    return vault.open_delivery(at, delivery)


def named(connection: Connection, street_code: str, source: str, name: str) -> Row | None:
    """The delivery that came from a source under a name; see `landing.ledger.named`."""
    from courtyard.landing import ledger

    return ledger.named(connection, street_code, source, name)
