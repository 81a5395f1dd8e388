"""Waivers: a report that goes out without sign-off for a time, on a post's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.desk.deciding import Signed
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.reports.checking import known_report

LONGEST_DAYS = 366

_WAIVE = text("""
INSERT INTO publish.waiver (street_code, report, post, reason, valid_until, at)
VALUES (:street, :report, :post, :reason, :until, :at)
""")
_VALID = text("""
SELECT DISTINCT ON (report) report, post, reason, valid_until, at FROM publish.waiver
 WHERE street_code = :street AND valid_until >= :day ORDER BY report, valid_until DESC, waiver_id DESC
""")
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'waive', :object)")


@dataclass(frozen=True)
class Waiver:
    """Who lets a report go out without sign-off, why, and until which day, inclusive."""

    report: str
    post: str
    reason: str
    valid_until: date
    at: datetime

    @property
    def basis(self) -> str:
        return f"免签发（{self.post}，{self.reason}，至{self.valid_until}）"


def waive(ctx: Context, report: str, signed: Signed, until: date) -> dict[str, Any]:
    """Keep a waiver; only the report's approver may give it. Returns {report, post, reason, until}.

    UsageError for an unknown report, a missing reason, another post, a day that is past or more than a year away.
    """
    spec, day = known_report(ctx, report), signed.at.astimezone(SHANGHAI).date()
    signed.checked(ctx)
    office = ctx.district.office
    _, approver = ctx.district.recipients.signers(report, office.preparer, office.reviewer)
    if signed.post != approver:
        raise UsageError(f"《{spec.title}》的免签发不由{signed.post}决定。", f"请由{approver}决定。")
    if not 0 <= (until - day).days <= LONGEST_DAYS:
        raise UsageError(f"免签发不能到{until}。", f"请写{day}至一年内的日期。")
    values = {"report": report, "post": signed.post, "reason": signed.reason.strip(), "until": until}
    with ctx.engine("publisher").begin() as connection:
        connection.execute(_WAIVE, {**values, "street": ctx.street_code, "at": signed.at})
        connection.execute(_AUDIT, {"at": signed.at, "actor": ctx.holder, "object": f"{report} {until}"})
    return values


def valid(connection: Connection, ctx: Context, day: date) -> dict[str, Waiver]:
    """The waivers that count on a day, by report; an expired one does not."""
    rows = connection.execute(_VALID, {"street": ctx.street_code, "day": day}).mappings()
    return {row["report"]: Waiver(**row) for row in rows}
