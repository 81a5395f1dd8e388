"""One report for one period: what it says, as known at a moment, and where its revisions lie."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.period import Period
from courtyard.reports import content, facts, query, readiness
from courtyard.reports.content import Content
from courtyard.reports.kept import Kept


@dataclass(frozen=True)
class Job:
    """One report for one period within a transaction of the publisher."""

    ctx: Context
    spec: ReportSpec
    period: Period
    connection: Connection
    kept: Kept = field(default_factory=Kept)

    @property
    def where(self) -> dict[str, str]:
        return {"street": self.ctx.street_code, "report": self.spec.report, "period": str(self.period)}

    def content(self, at: datetime, notes: list[str] | None = None) -> Content:
        """What the form says as known at a moment; `notes` replaces those that can change afterwards."""
        bound = query.parameters(self.ctx, self.spec, self.period, at)
        result = query.run(self.connection, self.ctx, self.spec, bound)
        self.kept.facts_of = self._facts_key(at)
        if notes is None:
            wanted = readiness.needs(self.ctx, self.spec, self.period)
            notes = [*result.notes, *readiness.submission_notes(self.connection, self.ctx, wanted)]
        return content.build(self.ctx, self.spec, self.period, result, notes, at)

    def known_content(self) -> Content:
        """What the form says as known now; its data must be there."""
        at = readiness.known_at(self.connection, self.ctx, self.spec, self.period)
        return self.kept.get(self.spec.report, (str(self.period), at), lambda: self.content(at))

    def other(self, spec: ReportSpec, period: Period) -> Content | None:
        """What another form says as known now, or None where its data is not there or it cannot be made."""
        wanted = readiness.needs(self.ctx, spec, period)
        if not wanted or readiness.missing(self.connection, self.ctx, wanted):
            return None
        try:
            with self.connection.begin_nested():
                return replace(self, spec=spec, period=period).known_content()
        except Exception:  # its own turn says what is wrong with it; this form is not held for it
            return None

    def keep_facts(self, revision: int, at: datetime) -> None:
        """Keep what a revision's figures are made of; another form may have been made in the transaction meanwhile."""
        if self.kept.facts_of != self._facts_key(at):
            query.make_facts(
                self.connection, self.ctx, self.spec, query.parameters(self.ctx, self.spec, self.period, at)
            )
        facts.keep(self.connection, self.spec, {**self.where, "revision": revision})

    def _facts_key(self, at: datetime) -> tuple[object, ...]:
        return self.connection.get_transaction(), self.spec.report, self.period, at

    def folder_name(self, revision: int) -> str:
        return f"{self.period}/{self.spec.report}/r{revision}"

    def path(self, revision: int) -> Path:
        return self.ctx.settings.published / self.folder_name(revision)
