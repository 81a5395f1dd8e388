"""Backfills through Airflow in the name of the user who looks at a page: Airflow's own permissions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from courtyard.backfill import choosing
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.privacy import written
from courtyard.runtime.backfills import Backfills, Order, Refused, Running, address_of

__all__ = ["LONGEST_REASON", "Backfills", "Refused", "Running", "orders", "reasoned", "signed_in", "start"]

LONGEST_REASON = 200


def signed_in(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Backfills | None:
    """Airflow for the user of a request, by the request's own token; None where no Airflow serves this page."""
    address = address_of()
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    token = bearer if scheme.lower() == "bearer" and bearer else cookies.get("_token")
    return Backfills(address, token) if address and token else None


def reasoned(text: str) -> str:
    """A reason as it is kept, on one line; UsageError without one, for one too long or with a number of a person."""
    reason = written.reason(text)
    if not reason:
        raise UsageError(
            "回填必须写明原因。",
            "请用一句话写为什么要重跑，例如“补报民政数据”，不写人名；命令行用 --reason，只看计划用 --dry-run。",
        )
    if len(reason) > LONGEST_REASON:
        raise UsageError("原因太长。", f"请用一句话说明，不超过{LONGEST_REASON}字。")
    return reason


def orders(quarters: Sequence[Period], reason: str, *, backwards: bool = False, most: int = 1) -> list[Order]:
    """A backfill for each unbroken span of quarters, in the order in which they run."""
    found = [Order(first, last, reason, backwards, most) for first, last in choosing.spans(quarters)]
    return found[::-1] if backwards else found


def start(backfills: Backfills, order: Order, at: datetime) -> None:
    """Start a span: its ended quarters as a backfill, which leaves out one that has not ended; that runs by itself."""
    last = order.last
    if last.end_at > at:
        backfills.trigger(last, order.reason)
        last = last.previous()
    if order.first <= last:
        backfills.start(Order(order.first, last, order.reason, order.backwards, order.max_active_runs))
