"""The stage: one validation per dataset over all its parsed batches of the quarter, one transaction for the result."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.progress import Progress
from courtyard.store import database, lease
from courtyard.validation import batches, frame, groups, quality_docs, references, suite
from courtyard.validation.batches import Batch
from courtyard.validation.checks import Check, Flagged
from courtyard.validation.frame import Staged
from courtyard.validation.layout import Layout
from courtyard.validation.prepared import Place
from courtyard.validation.row import Finding
from courtyard.validation.rules import checks_of, findings_of

log = logging.getLogger(__name__)

MAX_FINDINGS = 20_000  # of one batch; every bad row is in quarantine with its codes, told or not

_KNOWN = text("""
SELECT batch_id, sheet, row_no, coalesce(column_name, ''), code FROM quality.finding
 WHERE batch_id = ANY(:ids) AND row_no IS NOT NULL
""")
_STILL_PARSED = text("SELECT batch_id FROM quality.batch WHERE batch_id = ANY(:ids) AND status = 'parsed' FOR UPDATE")
_QUARANTINE = text("""
UPDATE staging.row r SET disposition = 'quarantined'
  FROM quality.quarantined_row q
 WHERE q.batch_id = ANY(:ids)
   AND (r.batch_id, r.sheet, r.row_no) = (q.batch_id, q.sheet, q.row_no)
""")
_VALIDATED = text("""
UPDATE quality.batch b SET status = 'validated', reason = '',
       quarantined = b.quarantined + (SELECT count(*) FROM unnest(CAST(:places AS text[])) p WHERE p = b.batch_id)
 WHERE b.batch_id = ANY(:ids)
""")
_HELD = text("""
UPDATE quality.batch SET status = 'held', held = landed - quarantined, reason = :reason WHERE batch_id = :id
""")


@dataclass(frozen=True)
class Judged:
    """One dataset's validation: its rows, and what each failed check found where."""

    contract: Contract
    staged: Staged
    findings: dict[Place, list[Finding]]
    outcome: suite.Outcome
    checks: tuple[Check, ...]


def validate(ctx: Context) -> dict[str, Any]:
    """Judge the parsed batches of the quarter and write findings, quarantine, holds and the quality report.

    Batches become `validated` or `held`; running it again finds none. Returns counts: batches,
    validated, held (with reasons by batch), rows, quarantined, findings, and the report's folder.
    Raises LeaseLost when another run has taken over the quarter.
    """
    with ctx.engine().connect() as connection:
        waiting = batches.parsed(connection, ctx)
        datasets = list(dict.fromkeys(b.dataset for b in waiting))
        counted = Progress(log, "校验", len(datasets), "个数据集").of(datasets)
        judged = {dataset: _judge(connection, ctx, dataset, waiting) for dataset in counted}
        held = batches.holds(connection, ctx, waiting, {d: j.staged for d, j in judged.items()})
    held = _with_raised(held, waiting, judged)
    result: dict[str, Any] = {"batches": len(waiting), "validated": len(waiting) - len(held), "held": held}
    if not waiting:
        return {**result, "rows": 0, "quarantined": 0, "findings": 0}
    pages = quality_docs.pages(ctx, waiting, held, judged)
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        counts = _write(connection, waiting, held, judged)
        quality_docs.write(ctx, pages)
    return {**result, "rows": sum(len(j.staged.place) for j in judged.values()), **counts}


def _judge(connection: Connection, ctx: Context, dataset: str, waiting: Sequence[Batch]) -> Judged:
    contract = ctx.district.contracts[dataset]
    own = {b.batch_id: b for b in waiting if b.dataset == dataset}
    failing = references.failing(connection, ctx, contract, list(own))
    staged = frame.read(connection, contract, {b.batch_id: b.period for b in own.values()}, failing)
    marked = {(p.column_name, p.severity) for problems in staged.problems.values() for p in problems}
    # Each expectation costs milliseconds whatever its frame: a flag that no cell carries is not worth one.
    checks = tuple(
        check
        for check in checks_of(contract, ctx.district.codes)
        if not isinstance(check, Flagged) or (check.column, check.severity) in marked
    )
    checks += tuple(groups.check_of(rule) for rule in contract.group_rules)
    checks += tuple(references.check_of(rule) for rule in contract.reference_rules if rule.id in failing)
    outcome = suite.run(dataset, checks, staged.frame) if len(staged.frame) else suite.NOTHING
    found = _findings(checks, outcome, staged)
    findings = {place: _placed(contract, own[place[0]].layout, place, these) for place, these in found.items()}
    return Judged(contract, staged, findings, outcome, checks)


def _placed(contract: Contract, layout: Layout, place: Place, findings: Sequence[Finding]) -> list[Finding]:
    """Findings with the names of their cells; the parser's own have theirs already."""
    _, sheet, row_no = place
    return [f if f.cell else replace(f, cell=layout.cell(contract, sheet, f.column_name, row_no)) for f in findings]


def _findings(checks: Sequence[Check], outcome: suite.Outcome, staged: Staged) -> dict[Place, list[Finding]]:
    """The findings of every row that failed a check; rows are looked up by position, never by value."""
    found: dict[int, list[Finding]] = defaultdict(list)
    for at, positions in outcome.failed.items():
        for position in positions:
            found[position] += findings_of(checks[at], staged.problems.get(position, ()))
    places = staged.place.loc[list(found)].itertuples(index=False, name=None)
    return {(str(b), str(s), int(r)): findings for (b, s, r), findings in zip(places, found.values(), strict=True)}


def _with_raised(held: Mapping[str, str], waiting: Sequence[Batch], judged: Mapping[str, Judged]) -> dict[str, str]:
    """A check that could not be judged holds every batch it should have judged (FAULTS 34)."""
    reasons = dict(held)
    for batch in waiting:
        one = judged[batch.dataset]
        if one.outcome.raised:
            names = "、".join(dict.fromkeys(one.checks[at].label for at in one.outcome.raised[:3]))
            why = f"{len(one.outcome.raised)}条校验规则执行出错，未能校验：{names}"
            reasons[batch.batch_id] = "；".join(filter(None, [reasons.get(batch.batch_id), why]))
    return reasons


def _write(
    connection: Connection, waiting: Sequence[Batch], held: Mapping[str, str], judged: Mapping[str, Judged]
) -> dict[str, int]:
    """Findings, quarantined rows and the batches' new states. A held batch keeps its rows as they are."""
    ids = [b.batch_id for b in waiting]
    still = set(connection.scalars(_STILL_PARSED, {"ids": ids}))
    passed = [b for b in ids if b in still and b not in held]
    findings = {place: f for one in judged.values() for place, f in one.findings.items() if place[0] in set(passed)}
    codes = {p: sorted({x.code for x in f if x.severity == "error"}) for p, f in findings.items()}
    bad = {place: errors for place, errors in codes.items() if errors}
    written = _write_findings(connection, passed, findings)
    database.copy_rows(
        connection,
        "quality.quarantined_row",
        ("batch_id", "sheet", "row_no", "codes"),
        ((*place, errors) for place, errors in bad.items()),
    )
    connection.execute(_QUARANTINE, {"ids": passed})
    connection.execute(_VALIDATED, {"ids": passed, "places": [place[0] for place in bad]})
    for batch_id in still & set(held):
        connection.execute(_HELD, {"id": batch_id, "reason": held[batch_id]})
    return {"quarantined": len(bad), "findings": written}


def _write_findings(connection: Connection, ids: list[str], findings: Mapping[Place, list[Finding]]) -> int:
    """Add what the parser has not written already; returns how many findings stand for the rows."""
    known = set(connection.execute(_KNOWN, {"ids": ids}).tuples())
    told = Counter(batch_id for batch_id, *_ in known)
    rows = []
    for place, found in findings.items():
        for f in found:
            is_new = (*place, f.column_name or "", f.code) not in known
            if is_new and told[place[0]] < MAX_FINDINGS:
                told[place[0]] += 1
                rows.append((*place, f.column_name, f.cell, f.code, f.severity, f.message, f.suggestion))
    columns = ("batch_id", "sheet", "row_no", "column_name", "cell", "code", "severity", "message", "suggestion")
    database.copy_rows(connection, "quality.finding", columns, rows)
    return sum(told.values())
