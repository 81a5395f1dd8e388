"""GET requests: which reports are asked for, and where their cases stand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from courtyard.intake.refusal import Refused
from courtyard.privacy.keys import KeyRing

SPAN = timedelta(days=90)
MOST = 1000
MOST_IDS = 1000
STATUSES = ("open", "closed")
_COLUMNS = """
SELECT r.*, c.status AS case_status, c.category, c.unit_code, c.opened_at, c.total_due_at, c.answered_at, c.closed_at
  FROM intake.report r LEFT JOIN LATERAL intake.case_of(r.report_id) c ON true
"""
_FOUND = text(f"""
{_COLUMNS}
 WHERE r.street_code = :street AND r.requested_at >= :start AND r.requested_at < :end
   AND (CAST(:codes AS text[]) IS NULL OR coalesce(c.category, r.service_code) = ANY(:codes))
   AND (CAST(:closed AS boolean) IS NULL OR coalesce(c.status IN ('closed', 'refused'), false) = :closed)
 ORDER BY r.requested_at DESC, r.seq DESC LIMIT :limit OFFSET :offset
""")
_OF_IDS = text(f"{_COLUMNS} WHERE r.street_code = :street AND r.report_id = ANY(:ids) ORDER BY r.seq")


@dataclass(frozen=True)
class Found:
    """A report with where its case stands (`case_status`, None before there is one)."""

    row: RowMapping
    keys: KeyRing

    @cached_property
    def _content(self) -> dict[str, Any]:
        return json.loads(self.keys.open(self.row["sealed"], self.row["report_id"]))

    def content(self) -> dict[str, Any]:
        """What was sealed, opened when it is asked for."""
        return self._content


@dataclass(frozen=True)
class Search:
    """What a client asks for. `ids` overrides all else."""

    ids: tuple[str, ...]
    codes: tuple[str, ...]
    closed: bool | None
    start: datetime
    end: datetime
    limit: int
    offset: int
    api_key: str

    @classmethod
    def read(cls, asked: Mapping[str, str], now: datetime) -> Search:
        """From the query; by default the last 90 days. Refused (400) for what cannot be read or spans more."""
        start, end = _span(asked, now)
        size = _number(asked, "page_size", MOST, MOST)
        page = _number(asked, "page", 1, 10**6)
        statuses = _listed(asked, "status")
        if not set(statuses) <= set(STATUSES):
            raise Refused(400, "status 只能是 open 或 closed。")
        closed = None if len(set(statuses)) != 1 else statuses[0] == "closed"
        ids = _listed(asked, "service_request_id")
        if len(ids) > MOST_IDS:
            raise Refused(400, f"service_request_id 一次最多{MOST_IDS}个。")
        return cls(
            ids=ids,
            codes=_listed(asked, "service_code"),
            closed=closed,
            start=start,
            end=end,
            limit=size,
            offset=(page - 1) * size,
            api_key=asked.get("api_key", ""),
        )


def found(connection: Connection, state: Any, wanted: Search) -> list[Found]:
    """The reports asked for, the newest first, at most 1,000; unknown ids are left out."""
    if wanted.ids:
        return of_ids(connection, state, wanted.ids)
    values = {
        "street": state.district.office.street_code,
        "start": wanted.start,
        "end": wanted.end,
        "codes": list(wanted.codes) or None,
        "closed": wanted.closed,
        "limit": wanted.limit,
        "offset": wanted.offset,
    }
    return [Found(row, state.keys) for row in connection.execute(_FOUND, values).mappings()]


def of_ids(connection: Connection, state: Any, ids: Sequence[str]) -> list[Found]:
    """The reports of these ids, in the order of arrival."""
    values = {"street": state.district.office.street_code, "ids": list(ids)}
    return [Found(row, state.keys) for row in connection.execute(_OF_IDS, values).mappings()]


def moment(asked: Mapping[str, str], name: str) -> datetime | None:
    """A moment of the query in W3C's format, with its offset; None where it is not given. Refused (400) for another."""
    written = asked.get(name, "").strip()
    if not written:
        return None
    try:
        # A plus sign that nobody escaped arrives as a blank.
        at = datetime.fromisoformat(written.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1900 < at.year < 9000:
        raise Refused(400, f"{name} 须写成带时区的时间，如 2026-11-26T08:00:00+08:00。")
    return at


def _span(asked: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    start, end = moment(asked, "start_date"), moment(asked, "end_date")
    if start is None:
        end = end or now + timedelta(seconds=1)
        start = end - SPAN
    end = end or start + SPAN
    if end - start > SPAN:
        raise Refused(400, "start_date 和 end_date 最多相隔90天。")
    return start, end


def _listed(asked: Mapping[str, str], name: str) -> tuple[str, ...]:
    if "\0" in asked.get(name, ""):
        raise Refused(400, f"{name} 无法识别。")
    return tuple(part for part in (piece.strip() for piece in asked.get(name, "").split(",")) if part)


def _number(asked: Mapping[str, str], name: str, otherwise: int, most: int) -> int:
    written = asked.get(name, "")
    if not written:
        return otherwise
    if not (written.isascii() and written.isdigit() and len(written) <= 9 and 1 <= int(written) <= most):
        raise Refused(400, f"{name} 须是1到{most}的整数。")
    return int(written)
