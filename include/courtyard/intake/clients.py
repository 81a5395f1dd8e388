"""Who may send reports over GeoReport: clients with a key of their own, of which a keyed digest is stored."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.errors import UsageError
from courtyard.privacy.keys import KeyRing

_NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")
_OF_KEY = text("SELECT name FROM intake.client WHERE street_code = :street AND digest = :digest AND is_active")
_ADD = text("""
INSERT INTO intake.client (street_code, name, digest, is_active, since) VALUES (:street, :name, :digest, true, :at)
ON CONFLICT (street_code, name) DO UPDATE SET digest = excluded.digest, is_active = true, since = excluded.since
""")
_LIST = text("SELECT name, is_active, since FROM intake.client WHERE street_code = :street ORDER BY name")
_REVOKE = text("UPDATE intake.client SET is_active = false WHERE street_code = :street AND name = :name RETURNING name")


def of_key(connection: Connection, state: Any, key: str) -> str | None:
    """The active client that has this key."""
    if not key:
        return None
    values = {"street": state.district.office.street_code, "digest": _digest(state.keys, key)}
    return connection.scalar(_OF_KEY, values)


def add(connection: Connection, keys: KeyRing, street_code: str, name: str, at: datetime) -> str:
    """Give a client a key, which replaces any it had; returns the key, which is stored nowhere."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"“{name}”不能作为客户名。", "请用小写字母开头的2至40个小写字母、数字、- 或 _。")
    key = secrets.token_urlsafe(24)
    connection.execute(_ADD, {"street": street_code, "name": name, "digest": _digest(keys, key), "at": at})
    return key


def listed(connection: Connection, street_code: str) -> list[RowMapping]:
    """name, is_active and since of every client."""
    return list(connection.execute(_LIST, {"street": street_code}).mappings())


def revoke(connection: Connection, street_code: str, name: str) -> None:
    """Take a client's key away; UsageError where there is no such client."""
    if connection.scalar(_REVOKE, {"street": street_code, "name": name}) is None:
        raise UsageError(f"没有名为“{name}”的客户。", "用 courtyard intake-keys list 查看。")


def _digest(keys: KeyRing, key: str) -> str:
    return keys.token(f"client/{key}")
