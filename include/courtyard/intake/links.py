"""Signed links behind the QR codes: `/q/<courtyard>-<version>-<signature>`, for grid workers `/w/<grid>-…`.

`intake.link` holds the versions that were printed. A link opens while its version is the newest that is not revoked;
revoking makes the next one. Unknown and forged links are answered alike, so nobody learns codes by trying.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from courtyard.intake.limits import Tick
from courtyard.intake.refusal import Refused
from courtyard.privacy.keys import KeyRing

Kind = Literal["q", "w"]
SIGNATURE_DIGITS = 16  # of 16: 64 bits, which can only be tried against the running service
FRESH_SECONDS = 5.0
_WRITTEN = re.compile(rf"([A-Za-z0-9]{{1,32}})-([1-9]\d{{0,5}})-([0-9a-f]{{{SIGNATURE_DIGITS}}})")
_CURRENT = text(
    "SELECT courtyard_code, max(version) AS version FROM intake.link"
    " WHERE street_code = :street AND NOT is_revoked GROUP BY courtyard_code"
)
_ISSUE = text("""
INSERT INTO intake.link (street_code, courtyard_code, version, issued_at)
SELECT :street, code, 1 + coalesce((SELECT max(version) FROM intake.link WHERE street_code = :street AND courtyard_code = code), 0), :at
  FROM unnest(CAST(:codes AS text[])) AS code
 WHERE NOT EXISTS (SELECT 1 FROM intake.link WHERE street_code = :street AND courtyard_code = code AND NOT is_revoked)
ON CONFLICT DO NOTHING
""")
_REVOKE = text("""
UPDATE intake.link SET is_revoked = true WHERE street_code = :street AND courtyard_code = :code AND NOT is_revoked
""")


@dataclass(frozen=True)
class Link:
    """What a link stands for: `code` is a courtyard's (`q`) or a grid's (`w`)."""

    kind: Kind
    code: str
    version: int


def path(keys: KeyRing, street_code: str, link: Link) -> str:
    """The link's path, `/q/<courtyard code>-1-0123456789abcdef`."""
    return f"/{link.kind}/{link.code}-{link.version}-{_signature(keys, street_code, link)}"


def issue(connection: Connection, street_code: str, codes: Iterable[str], at: datetime) -> dict[str, int]:
    """The version to print for each courtyard or grid; the first is made where there is none that is valid."""
    wanted = list(codes)
    connection.execute(_ISSUE, {"street": street_code, "codes": wanted, "at": at})
    versions = current(connection, street_code)
    return {code: versions[code] for code in wanted}


def revoke(connection: Connection, street_code: str, code: str, at: datetime) -> int:
    """Make older posters of a courtyard or grid stop working; returns the version to print from now on."""
    connection.execute(_REVOKE, {"street": street_code, "code": code})
    return issue(connection, street_code, [code], at)[code]


def current(connection: Connection, street_code: str) -> dict[str, int]:
    """Code -> the version that opens, of all that were printed."""
    return {row.courtyard_code: row.version for row in connection.execute(_CURRENT, {"street": street_code})}


class Links:
    """The versions as the running service knows them, at most `FRESH_SECONDS` old."""

    def __init__(self, engine: Engine, keys: KeyRing, street_code: str, tick: Tick = time.monotonic) -> None:
        self._engine, self._keys, self._street, self._tick = engine, keys, street_code, tick
        self._known: tuple[float, dict[str, int]] | None = None

    def opened(self, kind: Kind, written: str) -> Link:
        """The link that `<code>-<version>-<signature>` is.

        Refused: 404 for what nobody ever printed, 410 for a poster that a newer one has replaced.
        """
        parts = _WRITTEN.fullmatch(written)
        link = Link(kind, parts[1], int(parts[2])) if parts else Link(kind, "", 0)
        signature = parts[3] if parts else ""
        if not hmac.compare_digest(signature, _signature(self._keys, self._street, link)):
            raise Refused(404, "这个二维码无效。", "您仍然可以写明地址来反映问题。")
        if self._versions().get(link.code) != link.version:
            raise Refused(410, "这个二维码已停用。", "院落里可能贴了新的；您仍然可以写明地址来反映问题。")
        return link

    def _versions(self) -> dict[str, int]:
        now, known = self._tick(), self._known
        if known is None or now - known[0] > FRESH_SECONDS:
            try:
                with self._engine.connect() as connection:
                    known = (now, current(connection, self._street))
            except DBAPIError:
                if known is None:
                    raise
            self._known = known
        return known[1]


def _signature(keys: KeyRing, street_code: str, link: Link) -> str:
    subject = f"link/{street_code}/{link.kind}/{link.code}/{link.version}"
    return keys.token(subject)[:SIGNATURE_DIGITS]
