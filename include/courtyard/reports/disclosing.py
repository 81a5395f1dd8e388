"""The pattern of suppressed cells that each view of counts was given out with: chosen once, then read back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text

from courtyard.errors import HeldError
from courtyard.privacy.disclosure.tables import Pattern, Published, Table

if TYPE_CHECKING:
    from courtyard.reports.job import Job

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('disclosure/' || :street, 0))")
_WHERE = "street_code = :street AND report = :report AND period = :period AND revision = :revision"
_STORED = text(f"""
SELECT counts, cells, is_whole, threshold,
       seq = (SELECT max(seq) FROM publish.suppression WHERE street_code = :street) AS is_last
  FROM publish.suppression WHERE {_WHERE}
""")
_FORGET = text(f"DELETE FROM publish.suppression WHERE {_WHERE}")
# Those that were published and told anything, in the order in which they were chosen.
_BEFORE = text("""
SELECT s.counts, s.cells
  FROM publish.suppression s
  JOIN publish.publication USING (street_code, report, period, revision)
 WHERE s.street_code = :street AND NOT s.is_whole AND s.first_day <= :last_day AND s.last_day >= :first_day
   AND (s.report, s.period, s.revision) <> (:report, :period, :revision)
 ORDER BY s.seq
""")
_STORE = text("""
INSERT INTO publish.suppression
    (street_code, report, period, revision, first_day, last_day, threshold, counts, cells, is_whole)
VALUES (:street, :report, :period, :revision, :first_day, :last_day, :threshold, :counts, :cells, :is_whole)
""")


class Chosen(NamedTuple):
    """A pattern, and the smallest count that was shown when it was chosen."""

    pattern: Pattern
    threshold: int


def recorded(job: Job, revision: int) -> Chosen:
    """The pattern of a publication; HeldError when it is not there any more."""
    stored = job.connection.execute(_STORED, {**job.where, "revision": revision}).one_or_none()
    if stored is None:
        raise HeldError(f"第 {revision} 版统计表的遮蔽记录缺失。", "请从备份恢复 publish.suppression。")
    return _chosen(stored)


def chosen(job: Job, revision: int, table: Table) -> Chosen:
    """The pattern of a new publication, chosen beside all that were published.

    The same again for the same counts, unless another was chosen since. One choice at a time in a street, so that each
    knows of the one before.
    """
    where = {**job.where, "revision": revision}
    job.connection.execute(_LOCK, {"street": job.ctx.street_code})
    stored = job.connection.execute(_STORED, where).one_or_none()
    if stored and stored.is_last and Table.of(stored.counts) == table:
        return _chosen(stored)
    from courtyard.privacy.disclosure.suppression import suppress  # its solver takes seconds to import

    job.connection.execute(_FORGET, where)
    first, last = _days(table)
    years = {"first_day": first.replace(month=1, day=1), "last_day": last.replace(month=12, day=31)}
    before = [
        Published(Table.of(row.counts), _places(row.cells))
        for row in job.connection.execute(_BEFORE, {**where, **years})
    ]
    threshold = job.ctx.district.office.small_count
    pattern = suppress(table, before, threshold)
    stored_as = {
        "first_day": first,
        "last_day": last,
        "threshold": threshold,
        "counts": Jsonb(table.plain()),
        "cells": Jsonb(sorted(map(list, pattern.hidden))),
        "is_whole": pattern.is_whole,
    }
    job.connection.execute(_STORE, {**where, **stored_as})
    return Chosen(pattern, threshold)


def _chosen(stored: Row) -> Chosen:
    return Chosen(Pattern(_places(stored.cells), stored.is_whole), stored.threshold)


def _places(cells: Iterable[list[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((area, column) for area, column in cells)


def _days(table: Table) -> tuple[date, date]:
    days = [day for column in table.columns for day in column.days] + [table.start, table.end]
    return min(days), max(days)
