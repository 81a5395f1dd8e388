"""What came in: accepted once each, sealed, and read again by the resident's token or by the pipeline's cursor."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.privacy.keys import READ_OUT, KeyRing

_ID_LETTERS = 13
_TOKEN_BYTES = 18
_ACCEPT = text("""
INSERT INTO intake.report (report_id, street_code, channel, courtyard_code, service_code, lat, lon, given_lat,
                           given_lon, requested_at, status_token, idempotency, sealed, photo_id, flags, emergency)
VALUES (:report_id, :street_code, :channel, :courtyard_code, :service_code,
        :lat, :lon, :given_lat, :given_lon, :requested_at, :status_token, :idempotency, :sealed, :photo_id, :flags, :emergency)
ON CONFLICT (idempotency) DO NOTHING
RETURNING report_id
""")
_SAME = text("SELECT * FROM intake.report WHERE idempotency = :idempotency")
_BY_TOKEN = text("SELECT * FROM intake.report WHERE status_token = :token")
_BY_ID = text("SELECT * FROM intake.report WHERE street_code = :street AND report_id = ANY(:ids) ORDER BY seq")
# A seq is drawn before its row can be seen, and in any order. Whoever writes holds this lock from before it draws one until
# it commits; a reader waits until nobody does, so that no smaller seq can come later. (A transaction id says too little: of two
# open writers the later one may hold the smaller seq. And it says too much: any long transaction of the server would hold up all.)
_WRITING = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('intake/seq', 0))")
_ALL_WRITTEN = text("SELECT pg_advisory_xact_lock(hashtextextended('intake/seq', 0))")
_PATIENCE = text("SET LOCAL lock_timeout = '5s'")
_AFTER = text("""
SELECT * FROM intake.report
 WHERE street_code = :street AND seq > :after AND requested_at >= :start AND requested_at < :end
 ORDER BY seq LIMIT :limit
""")
_REPLY = text("""
INSERT INTO intake.reply (reply_id, street_code, report_id, kind, replied_at, sealed, idempotency)
VALUES (:reply_id, :street_code, :report_id, :kind, :replied_at, :sealed, :idempotency)
ON CONFLICT (idempotency) DO NOTHING
RETURNING reply_id
""")
_REPLIES_AFTER = text("""
SELECT * FROM intake.reply
 WHERE street_code = :street AND seq > :after AND replied_at >= :start AND replied_at < :end
 ORDER BY seq LIMIT :limit
""")


@dataclass(frozen=True)
class NewReport:
    """What somebody reports. `content` is sealed: name, address, description, phone and whatever else was written.

    `sent_as` is what the sender calls this report (a draft's id, a token): sent again it is the same report.
    `given` is (latitude, longitude) as sent where that was GCJ-02; `lat` and `lon` are WGS-84.
    """

    street_code: str
    channel: str
    service_code: str
    content: Mapping[str, Any]
    requested_at: datetime
    courtyard_code: str | None = None
    lat: float | None = None
    lon: float | None = None
    given: tuple[float, float] | None = None
    sent_as: str = ""
    photo_id: str | None = None
    flags: Sequence[str] = ()
    emergency: str | None = None


@dataclass(frozen=True)
class Accepted:
    """A report that is stored. `token` opens its status page; empty where it had been stored before and is not told again."""

    report_id: str
    token: str
    is_new: bool


@dataclass(frozen=True)
class Stored:
    """A report as it was stored, opened."""

    row: RowMapping
    content: dict[str, Any] = field(repr=False)

    @property
    def report_id(self) -> str:
        return self.row["report_id"]


def code(prefix: str, letters: int = _ID_LETTERS) -> str:
    """A random code that can be read out: `R` and 13 letters are 65 bits."""
    return prefix + "".join(secrets.choice(READ_OUT) for _ in range(letters))


def accept(connection: Connection, keys: KeyRing, new: NewReport) -> Accepted:
    """Store a report in the caller's transaction; sent again (`sent_as`) it is the one that is there.

    The token of a report that is sent again is worked out from `sent_as`, so that whoever lost the receipt gets it again.
    """
    report_id = code("R")
    token = (
        keys.token(f"status/{new.street_code}/{new.sent_as}") if new.sent_as else secrets.token_urlsafe(_TOKEN_BYTES)
    )
    idempotency = keys.token(f"sent/{new.street_code}/{new.sent_as}") if new.sent_as else None
    values = {
        "report_id": report_id,
        "street_code": new.street_code,
        "channel": new.channel,
        "courtyard_code": new.courtyard_code,
        "service_code": new.service_code,
        "lat": new.lat,
        "lon": new.lon,
        "given_lat": new.given[0] if new.given else None,
        "given_lon": new.given[1] if new.given else None,
        "requested_at": new.requested_at,
        "status_token": digest(keys, token),
        "idempotency": idempotency,
        "sealed": keys.seal(json.dumps(dict(new.content), ensure_ascii=False), report_id),
        "photo_id": new.photo_id,
        "flags": list(new.flags),
        "emergency": new.emergency,
    }
    connection.execute(_WRITING)
    if connection.execute(_ACCEPT, values).first():
        return Accepted(report_id, token, True)
    there = connection.execute(_SAME, {"idempotency": idempotency}).mappings().one()
    return Accepted(there["report_id"], token, False)


def digest(keys: KeyRing, token: str) -> str:
    """What is stored of a status link's token."""
    return keys.token(f"link/{token}")


def by_token(connection: Connection, keys: KeyRing, token: str) -> Stored | None:
    """The report whose status link bears this token."""
    row = connection.execute(_BY_TOKEN, {"token": digest(keys, token)}).mappings().one_or_none()
    return _stored(keys, row) if row else None


def by_id(connection: Connection, keys: KeyRing, street_code: str, ids: Sequence[str]) -> list[Stored]:
    """The reports of these ids, in the order of arrival."""
    rows = connection.execute(_BY_ID, {"street": street_code, "ids": list(ids)}).mappings()
    return [_stored(keys, row) for row in rows]


def after(
    connection: Connection, keys: KeyRing, street_code: str, cursor: int, start: datetime, end: datetime, limit: int
) -> list[Stored]:
    """Reports behind a cursor (a `seq`) that were made from `start` to before `end`: each once, none left out.

    Writers wait until the caller's transaction ends: end it soon. OperationalError where one does not end in five seconds.
    """
    _wait_for_writers(connection)
    bound = {"street": street_code, "after": cursor, "start": start, "end": end, "limit": limit}
    return [_stored(keys, row) for row in connection.execute(_AFTER, bound).mappings()]


def reply(
    connection: Connection,
    keys: KeyRing,
    report: Stored,
    kind: str,
    content: Mapping[str, Any],
    at: datetime,
    sent_as: str,
) -> bool:
    """Store what a reporter says of an answer; False where it was stored before."""
    reply_id = code("A")
    values = {
        "reply_id": reply_id,
        "street_code": report.row["street_code"],
        "report_id": report.report_id,
        "kind": kind,
        "replied_at": at,
        "sealed": keys.seal(json.dumps(dict(content), ensure_ascii=False), reply_id),
        "idempotency": keys.token(f"reply/{report.report_id}/{sent_as}") if sent_as else None,
    }
    connection.execute(_WRITING)
    return connection.execute(_REPLY, values).first() is not None


def replies_after(
    connection: Connection, keys: KeyRing, street_code: str, cursor: int, start: datetime, end: datetime, limit: int
) -> list[tuple[RowMapping, dict[str, Any]]]:
    """Replies behind a cursor, as `after`: (row, opened content)."""
    _wait_for_writers(connection)
    bound = {"street": street_code, "after": cursor, "start": start, "end": end, "limit": limit}
    rows = connection.execute(_REPLIES_AFTER, bound).mappings()
    return [(row, json.loads(keys.open(row["sealed"], row["reply_id"]))) for row in rows]


def _wait_for_writers(connection: Connection) -> None:
    connection.execute(_PATIENCE)
    connection.execute(_ALL_WRITTEN)


def _stored(keys: KeyRing, row: RowMapping) -> Stored:
    return Stored(row, json.loads(keys.open(row["sealed"], row["report_id"])))
