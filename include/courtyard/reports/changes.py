"""Changes between revisions as they are kept: what cannot name anybody in the clear, labels and values sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from sqlalchemy import text

from courtyard.reports import causes, comparison, facts, query
from courtyard.reports.causes import Cause
from courtyard.reports.comparison import Change
from courtyard.reports.content import Value
from courtyard.reports.editions import Edition
from courtyard.store import database

if TYPE_CHECKING:
    from courtyard.reports.job import Job

_KEPT = text("""
SELECT change_no, kind, cell, old_cell, column_name, header, sealed, cause FROM publish.change
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision ORDER BY change_no
""")
_COLUMNS = (
    "street_code", "report", "period", "revision", "change_no", "kind", "cell", "old_cell", "column_name", "header",
    "sealed", "cause",
)  # fmt: skip
_CAUSES_SHOWN = 6
KINDS = {
    "cell": "数值变动",
    "added": "新增一行",
    "removed": "删去一行",
    "moved": "次序变动",
    "renumbered": "序号变动",
    "column": "栏目变动",
    "note": "附注变动",
    "metadata": "表头表尾变动",
}


@dataclass(frozen=True)
class Entry:
    """A change and why; no cause where no delivery did it but a change of the pack."""

    change: Change
    causes: tuple[Cause, ...]


def between(job: Job, old: Edition, new: Edition) -> list[Entry]:
    """Every change from one published edition to another, with its causes."""
    if job.spec.kind == "aggregate":
        for edition in (old, new):
            bound = query.parameters(job.ctx, job.spec, job.period, edition.as_known_at)
            facts.ensure(job.connection, job.ctx, job.spec, {**job.where, "revision": edition.revision}, bound)
    changes = comparison.compare(old.said, new.said)
    return [Entry(*pair) for pair in zip(changes, causes.find(job, old, new, changes), strict=True)]


def keep(job: Job, revision: int, entries: Sequence[Entry]) -> None:
    """Keep what changed from the revision before."""
    database.copy_rows(
        job.connection,
        "publish.change",
        _COLUMNS,
        (
            (
                *job.where.values(),
                revision,
                number,
                entry.change.kind,
                entry.change.cell,
                entry.change.old_cell,
                entry.change.column,
                entry.change.header,
                job.ctx.keys.seal(_values(entry.change), _subject(job, revision, number)),
                Jsonb([{"delivery_id": c.delivery_id, "sheet": c.sheet, "rows": list(c.rows)} for c in entry.causes]),
            )
            for number, entry in enumerate(entries, 1)
        ),
    )


def kept(job: Job, revision: int) -> list[Entry]:
    """What changed from the revision before, as it was kept; KeyMissing once its key was destroyed."""
    found = []
    for row in job.connection.execute(_KEPT, {**job.where, "revision": revision}):
        said = json.loads(job.ctx.keys.open(row.sealed, _subject(job, revision, row.change_no)))
        change = Change(
            row.kind, row.cell, row.old_cell, row.column_name, row.header, said["label"],
            _plain(said["before"]), _plain(said["after"]),
        )  # fmt: skip
        reasons = tuple(Cause(c["delivery_id"], c["sheet"], tuple(c["rows"])) for c in row.cause)
        found.append(Entry(change, reasons))
    return found


def reasons(entry: Entry, words: dict[Cause, str]) -> str:
    """Why, in one line a cause, the first few of many."""
    told = [words[cause] for cause in entry.causes[:_CAUSES_SHOWN]]
    if len(entry.causes) > _CAUSES_SHOWN:
        told.append(f"等{len({cause.delivery_id for cause in entry.causes})}份交付")
    return "\n".join(told) or causes.NO_DELIVERY


def _subject(job: Job, revision: int, number: int) -> str:
    return f"publish.change/{'/'.join(job.where.values())}/{revision}/{number}"


def _values(change: Change) -> str:
    said = {"label": change.label, "before": _json(change.before), "after": _json(change.after)}
    return json.dumps(said, ensure_ascii=False)


def _json(value: Value) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _plain(value: Any) -> Value:
    return Decimal(value["decimal"]) if isinstance(value, dict) else value
