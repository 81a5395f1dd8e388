"""What waits for a decision, read from the ledger and from what each file says of itself."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.errors import CourtyardError
from courtyard.period import Period
from courtyard.sources import submitted
from courtyard.store import statements
from courtyard.submissions.deciding import Issue, Paper, Refusal

_SQL = statements.load("courtyard.submissions", "admit.sql")
CORRECTION = "更正"
SIGNATURE_DIGITS = 32
_CHANNELS = {"files": "folder", "": "folder"}


def waiting(connection: Connection, ctx: Context, names: Mapping[str, Any]) -> list[Paper]:
    """The undecided papers of the quarter's collection, in the order in which they were sent."""
    rows = connection.execute(_SQL["papers"], names).all()
    deliveries = {"deliveries": sorted({row.delivery_id for row in rows})}
    contents = {row.delivery_id: row for row in connection.execute(_SQL["contents"], deliveries)}
    known = {row.delivery_id: row for row in connection.execute(_SQL["known"], deliveries)}
    return [paper_of(ctx, row, contents[row.delivery_id], known.get(row.delivery_id)) for row in rows]


def paper_of(ctx: Context, row: Any, content: Any, known: Any = None) -> Paper:
    """`known` is what was found out when the same bytes came before: their batches have moved on since."""
    sheets = [said for batch in content.metadata for said in batch.values()]
    stated = [said["stated"] for said in sheets if said.get("stated")]
    named = submitted.named(ctx.district.sources[row.source], row.name, ctx.street_code)[1]
    return Paper(
        receipt_id=row.receipt_id,
        delivery_id=row.delivery_id,
        channel=_CHANNELS.get(row.channel, row.channel),
        arrived_for=Period.quarter(row.arrived_for),
        sent_at=row.sent_at,
        received_at=row.received_at,
        version_at=row.version_at,
        content_hash=known.content_hash if known else content.content_hash,
        named_unit=named or row.unit_code,
        written_units=frozenset(s["unit"] for s in stated if s.get("unit")),
        written_periods=frozenset(_quarters(s["period"] for s in stated if s.get("period"))),
        issue=next((_issue(ctx, said["issue"]) for said in sheets if said.get("issue")), None),
        is_correction=any(said.get("nature") == CORRECTION for said in sheets),
        unreadable=_unreadable(content, known),
    )


def _unreadable(content: Any, known: Any) -> Refusal | None:
    """The parser's reason where nothing in the file could be read, now or when its bytes came before."""
    if known is not None:
        is_parsers = known.code and not known.code.startswith("submission.")
        return Refusal(known.code, known.reason) if is_parsers else None
    return Refusal(content.code or "file.crashed", content.reason or "") if content.is_rejected else None


def _quarters(texts: Iterable[str]) -> set[Period]:
    """The quarters among the periods that sheets name; a month in a title says nothing of the collection."""
    return {period for period in map(Period.parse, texts) if period.kind == "quarter"}


def _issue(ctx: Context, said: Mapping[str, str]) -> Issue:
    """The issued workbook's own statement, its signature checked with the installation's key."""
    unit, quarter, number = (str(said.get(name, "")) for name in ("unit", "period", "issue_no"))
    try:
        period = Period.quarter(quarter)
    except CourtyardError:
        return Issue(unit, Period.quarter(ctx.district.office.first_quarter), is_genuine=False)
    signature = ctx.keys.token(f"issue/{ctx.street_code}/{unit}/{quarter}/{number}")[:SIGNATURE_DIGITS]
    return Issue(unit, period, hmac.compare_digest(signature, str(said.get("signature", ""))))
