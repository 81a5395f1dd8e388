"""Observations become beliefs: bitemporal, set-based, independent of the order of arrival.

Every accepted row is kept as a claim about a record from a day on. Of claims for one day the source's
greatest version wins, and a record's timeline is what its claims say in the order of their days. Only
timelines that a run could change are drawn anew, and only differences are written.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.identity.persons import anchor
from courtyard.parsing.problems import wording
from courtyard.period import Period
from courtyard.store import database, lease, statements
from courtyard.warehouse import discrepancies, follow_on, quarters, registers

_SQL = statements.load("courtyard.warehouse", "merge.sql")
_SCRATCH = ("make_turn", "make_claim", "make_now", "make_line", "make_same")
_BATCH = (
    "batch_id", "delivery_id", "dataset", "period", "unit_code", "version_at", "received_at",
    "is_period", "effective_from", "effective_to",
)  # fmt: skip


def merge(ctx: Context) -> dict[str, int]:
    """Merge the quarter's linked batches, in one transaction; running it again finds none.

    Returns counts: batches, merged (unchanged included), unchanged, superseded, quarantined, held,
    changed (beliefs written) and discrepancies. Other quarters that stand on what changed are kept as due
    (`follow_on`). Raises LeaseLost when another run has taken over.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_SQL["one_at_a_time"], {"street": ctx.street_code})
        registers.keep_in_step(connection, ctx.district)
        connection.execute(text("SET LOCAL default_statistics_target = 10"))  # small samples: the tables are uniform
        connection.execute(text("SET LOCAL enable_mergejoin = off"))  # sorting long keys costs more than hashing them
        work = _Merge(connection, ctx)
        found = work.open_batches()
        held = work.hold_incomplete()
        if len(found) == held:
            counts = {"merged": 0, "unchanged": 0, "superseded": 0, "quarantined": 0, "changed": 0, "discrepancies": 0}
            return {"batches": 0, "held": held, **counts}
        work.observe()
        moved_from = work.moved_from()
        changed = work.believe()
        counts = work.settle()
        standing, decided = discrepancies.find(connection, ctx, moved_from)
        work.watch.ask(decided)
        return {
            "batches": len(found) - held,
            "held": held,
            **counts,
            "changed": changed,
            "discrepancies": standing,
        }


class _Merge:
    """The steps of one merge on its transaction."""

    def __init__(self, connection: Connection, ctx: Context) -> None:
        self.connection = connection
        self.contracts = ctx.district.contracts
        self.watch = follow_on.Watch(connection, ctx)
        self.names: dict[str, Any] = {
            "street": ctx.street_code,
            "anchor": anchor(ctx.district),
            "periods": quarters.delivered_in(ctx.period),
            "period_datasets": [c.dataset for c in self.contracts.values() if c.grain == "period"],
        }

    def run(self, step: str, **values: Any) -> int:
        return self.connection.execute(_SQL[step], {**self.names, **values}).rowcount

    def analyze(self, *tables: str) -> None:
        for table in tables:
            self.connection.execute(text(f"ANALYZE {table}"))

    def open_batches(self) -> list[str]:
        """Put the linked batches of the quarter's deliveries into `_batch`."""
        rows = self.connection.execute(_SQL["linked_batches"], self.names).all()
        self.run("make_batch")
        database.copy_rows(self.connection, "pg_temp._batch", _BATCH, ((*row, *self._validity(row)) for row in rows))
        return [row.batch_id for row in rows]

    def _validity(self, row: Any) -> tuple[Any, ...]:
        """From the start of its period on; facts of one period end with it."""
        period, is_period = Period.parse(row.period), self.contracts[row.dataset].grain == "period"
        return is_period, period.start, period.end if is_period else "infinity"

    def hold_incomplete(self) -> int:
        held = self.connection.scalars(_SQL["hold_incomplete"]).all()
        self.run("forget_held", batches=list(held))
        return len(held)

    def observe(self) -> None:
        """Keep every accepted row as a claim, and find the records whose timeline it could change."""
        worded = wording("record.repeated")
        self.run("refresh_statistics")
        self.analyze("_batch")
        self.run("make_repeat")
        self.run("warn_repeats", message=worded.message, suggestion=worded.suggestion)
        for step in _SCRATCH:
            self.run(step)
        for step in ("drop_reparsed", "observe"):
            self.run(step)
        self.run("refresh_statistics")
        self.analyze("_claim")
        for step in ("compare", "waves", "turns", "make_obsolete", "obsolete_turns"):
            self.run(step)

    def moved_from(self) -> date | None:
        """The first day of records that `believe` will take along to another person."""
        return self.connection.scalar(_SQL["moved_from"], self.names)

    def believe(self) -> int:
        """Draw the changed timelines: the register of the population first, since households come from it."""
        latest = self.connection.scalar(text("SELECT max(received_at) FROM _batch"))
        changed = self._draw_all("register_turns", latest=latest, of_anchor=True)
        self.run("refresh_statistics")
        self.run("make_home")
        self.analyze("_home")
        return changed + self._draw_all("other_turns", latest=latest, of_anchor=False)

    def _draw_all(self, turns: str, *, latest: datetime, of_anchor: bool) -> int:
        waves = max(1, self.connection.scalar(_SQL["last_wave"], {**self.names, "of_anchor": of_anchor}))
        self.run(turns, wave=waves, latest=latest)
        self.analyze("_turn")
        return sum(self._draw(wave=wave, of_anchor=of_anchor) for wave in range(1, waves + 1))

    def _draw(self, **which: Any) -> int:
        self.connection.execute(text("TRUNCATE _now, _line, _same"))
        if not self.run("take_turn", **which):
            return 0
        self.analyze("_now")
        self.run("draw_lines", **which)
        self.analyze("_line")
        if not which["of_anchor"]:
            self.run("name_households")
        self.run("find_same")
        self.watch.note("note_old")
        for step in ("drop_unknown", "supersede"):
            self.run(step)
        changed = self.run("believe")
        self.watch.note("note_new")
        return changed

    def settle(self) -> dict[str, int]:
        """Close the ledger of each batch and clear its staged rows."""
        rows = self.connection.execute(_SQL["settle_batches"], self.names).all()
        for step in ("clear_rows", "clear_links"):
            self.run(step)
        return {
            "merged": sum(r.merged for r in rows),
            "unchanged": sum(r.unchanged for r in rows),
            "superseded": sum(r.superseded for r in rows),
            "quarantined": sum(r.quarantined for r in rows),
        }
