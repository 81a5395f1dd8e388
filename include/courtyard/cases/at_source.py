"""What becomes of a report in the system it came from: closed there, opened again."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from courtyard.cases import ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.reported import closed_at
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district.case_reports import ReportSource
from courtyard.store import statements

_SQL = statements.load("courtyard.cases", "reports.sql")


def follow(connection: Connection, ctx: Context, rules: Rules, at: datetime) -> list[Step]:
    """The events of what their source did to reports since the last time, not yet appended; the new status is kept.

    A case ends with its source only when every report of it has ended there: a neighbour who scanned the code is answered
    by us.
    """
    found = [
        (source, row)
        for source in ctx.district.cases.sources
        if source.status
        for row in connection.execute(
            _SQL["turned"], {"street": ctx.street_code, "dataset": source.dataset, "status": source.status}
        ).mappings()
    ]
    if not found:
        return []
    turns = _Turns(connection, ctx, rules, at, sorted({row["case_no"] for _, row in found}))
    for source, row in found:
        turns.take(source, row)
    turns.keep()
    return turns.steps


class _Turns:
    """Reports that turned, one by one, over what is known of their cases."""

    def __init__(self, connection: Connection, ctx: Context, rules: Rules, at: datetime, numbers: list[str]) -> None:
        self.steps: list[Step] = []
        self._connection, self._street, self._rules, self._at = connection, ctx.street_code, rules, at
        self._closed = {source.dataset: source.closed for source in ctx.district.cases.sources}
        self._cases = {number: ledger.find(connection, ctx.street_code, number) for number in numbers}
        values = {"street": ctx.street_code, "numbers": numbers}
        self._status: dict[str, dict[tuple[str, str], str | None]] = defaultdict(dict)
        for row in connection.execute(_SQL["siblings"], values):
            self._status[row.case_no][row.dataset, row.record_key] = row.source_status
        causes = connection.execute(_SQL["source_causes"], values)
        self._times = Counter((row.case_no, "/".join(row.cause.split("/")[:4])) for row in causes)
        self._kept: list[tuple[str, str, str | None]] = []

    def take(self, source: ReportSource, row: RowMapping) -> None:
        case, key = self._cases[row["case_no"]], (row["dataset"], row["record_key"])
        status, was_closed = row["attrs"].get(source.status), row["before"] in source.closed
        self._status[case.case_no][key] = status
        self._kept.append((*key, status))
        if (status in source.closed) == was_closed:
            return
        kind = self._kind(case, is_closed=not was_closed)
        data: dict[str, Any] = {"status": status}
        if (since := closed_at(source, row["attrs"])) and not was_closed:
            data["closed_at"] = since.isoformat()
        event = Event(kind, self._at, "source", self._cause(case, key, status), data=data)
        after = machine.apply(self._rules, case, event)
        self._cases[case.case_no] = after
        self.steps.append((event, after))

    def keep(self) -> None:
        datasets, keys, statuses = (list(values) for values in zip(*self._kept, strict=True))
        values = {"street": self._street, "datasets": datasets, "keys": keys, "statuses": statuses}
        self._connection.execute(_SQL["keep_status"], values)

    def _kind(self, case: Case, *, is_closed: bool) -> str:
        if is_closed and case.is_open and self._all_closed(case):
            return "source_closed"
        if not is_closed and case.status in machine.ALLOWED["reopened"]:
            return "reopened"
        return "noted"

    def _all_closed(self, case: Case) -> bool:
        return all(status in self._closed.get(key[0], ()) for key, status in self._status[case.case_no].items())

    def _cause(self, case: Case, key: tuple[str, str], status: str | None) -> str:
        """`source/<dataset>/<key>/<status>`, and how often where it is not the first time."""
        cause = f"source/{key[0]}/{key[1]}/{status}"
        self._times[case.case_no, cause] += 1
        times = self._times[case.case_no, cause]
        return cause if times == 1 else f"{cause}/{times}"
