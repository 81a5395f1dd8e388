"""Sending what is queued: one try for each notice and run, and only for those that were not sent yet."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.notices import ledger, mail, webhook
from courtyard.notices.notice import Notice
from courtyard.notices.problems import AddressRefused, ChannelDown, NotSent

log = logging.getLogger(__name__)

Send = Callable[[Row], None]
Open = Callable[[Connection, Path, datetime], AbstractContextManager[Send]]
CHANNELS: dict[str, Open] = {"mail": mail.opened, "wecom": webhook.wecom, "dingtalk": webhook.dingtalk}


def deliver(ctx: Context, notices: Iterable[Notice], *, at: datetime) -> dict[str, Any]:
    """Queue and send at once, for callers without a transaction of their own, such as a DAG's notifier."""
    with ctx.engine().begin() as connection:
        ledger.queue(connection, notices)
    return send(ctx, at=at)


def send(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Send the street's queued notices; `at` is the moment of sending, by the real clock.

    Returns `{"sent", "waiting", "given_up", "problems"}`: counts, and one Chinese line for each connection
    that is missing or down. Never raises for a channel: what did not go out waits for the next run.
    """
    with ctx.engine().connect() as connection:
        queued = ledger.unsent(connection, ctx.street_code)
    by_connection: dict[tuple[str, str], list[Row]] = {}
    for row in queued:
        conn_id = row.address if row.channel != "mail" else mail.CONNECTION
        by_connection.setdefault((row.channel, conn_id), []).append(row)
    sent, problems = 0, []
    for (channel, conn_id), rows in by_connection.items():
        try:
            sent += _send_all(ctx, channel, conn_id, rows, at)
        except ChannelDown as error:
            problems.append(f"{len(rows)} 条通知待发（{conn_id}）：{error}")
    with ctx.engine().connect() as connection:
        states = Counter(ledger.state(row) for row in ledger.all_of(connection, ctx.street_code))
    log.info("通知：发出 %d 条，待发 %d 条，放弃 %d 条", sent, states["waiting"], states["given_up"])
    for problem in problems:
        log.warning("%s", problem)
    return {"sent": sent, "waiting": states["waiting"], "given_up": states["given_up"], "problems": problems}


def _send_all(ctx: Context, channel: str, conn_id: str, rows: list[Row], at: datetime) -> int:
    """Send over one connection; returns how many went out. ChannelDown when the rest has to wait."""
    sent = 0
    with CHANNELS[channel](_connection(ctx, conn_id), ctx.settings.outbox, at) as send_one:
        for row in rows:
            sent += _send_one(ctx, send_one, row, at)
    return sent


def _send_one(ctx: Context, send_one: Send, row: Row, at: datetime) -> bool:
    """One try under the notice's lock, so that two runs at once send it once."""
    with ctx.engine().begin() as connection:
        if not ledger.claim(connection, row):
            return False
        try:
            send_one(row)
        except NotSent as error:
            ledger.mark_failed(connection, row, str(error), counts=isinstance(error, AddressRefused))
            down = error if isinstance(error, ChannelDown) else None
        else:
            ledger.mark_sent(connection, row, at, ctx.holder)
            return True
    if down:
        raise down
    return False


def _connection(ctx: Context, conn_id: str) -> Connection:
    try:
        return ctx.connection(conn_id)
    except Exception as error:  # each place that keeps connections says "not set" in its own way
        log.debug("没有连接 %s：%s", conn_id, type(error).__name__)
        raise ChannelDown("没有设置这个连接。", f"请设置连接 {conn_id} 后再发。") from None
