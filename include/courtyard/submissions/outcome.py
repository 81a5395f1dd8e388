"""What a submission's sender is told: one value, whether it was really handed in or only checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any

from courtyard.district.models import Contract
from courtyard.submissions.findings import Finding, at_cell, by_sheet, refusal, split, tidy

TITLES = {
    "received": "已收到",
    "accepted": "已接收",
    "accepted_with_findings": "已接收（有提示）",
    "partly_accepted": "部分接收",
    "rejected": "退回",
    "superseded": "已被更正替代",
    "confirmed_nil": "确认本季度无",
    "missing": "未报送",
}


@dataclass(frozen=True)
class Part:
    """What became of one dataset. `unchanged` rows are part of `accepted`; None where nobody has compared."""

    dataset: str
    title: str
    sheet: str
    status: str
    read: int
    quarantined: int
    unchanged: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> int:
        return self.read - self.quarantined

    @property
    def rows(self) -> dict[str, int]:
        return {"read": self.read, "accepted": self.accepted, "quarantined": self.quarantined}


@dataclass(frozen=True)
class Submitted:
    """Facts of a submission that was really handed in; a dry run has none."""

    receipt_id: int
    name: str
    channel: str
    sent_at: datetime
    received_at: datetime
    kind: str
    code: str
    is_late: bool
    is_restatement: bool
    related_receipt: int | None


@dataclass(frozen=True)
class Receipt:
    """A submission's receipt. `own` are findings on the file as a whole; `left_out` are checks a dry run could not do."""

    source: str
    title: str
    status: str
    period: str | None
    unit_code: str | None
    unit_name: str
    parts: tuple[Part, ...]
    own: tuple[Finding, ...] = ()
    due_on: date | None = None
    frozen_on: date | None = None
    advice: str = ""
    whom: str = ""
    submitted: Submitted | None = None
    left_out: tuple[str, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """All of them: the file's, then sheet by sheet."""
        return [*self.own, *(finding for part in self.parts for finding in part.findings)]

    @property
    def rows(self) -> dict[str, int]:
        return {key: sum(part.rows[key] for part in self.parts) for key in ("read", "accepted", "quarantined")}

    def plain(self) -> dict[str, Any]:
        """What `receipt.json` and `courtyard check --json` both say."""
        place = {"period": self.period, "unit": self.unit_code}
        return {
            "status": self.status,
            "status_title": TITLES[self.status],
            "dataset": self.parts[0].dataset if len(self.parts) == 1 else self.source,
            "title": self.title,
            **place,
            "rows": self.rows,
            "findings": [finding.plain() for finding in self.findings],
            "datasets": [
                {
                    "status": part.status,
                    "status_title": TITLES[part.status],
                    "dataset": part.dataset,
                    "title": part.title,
                    **place,
                    "rows": part.rows,
                    "findings": [finding.plain() for finding in self.findings_of(part)],
                }
                for part in self.parts
            ],
        }

    def findings_of(self, part: Part) -> tuple[Finding, ...]:
        """A dataset's findings; one that went down with its file has the file's."""
        is_explained = part.status != "rejected" or any(f.severity == "error" for f in part.findings)
        return part.findings if is_explained else (*self.own, *part.findings)

    def digest(self) -> str:
        """A hash of what is told: told again only when it changes."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=str).encode()).hexdigest()


def part(
    contract: Contract,
    state: str,
    rows: tuple[int, int],
    findings: Iterable[Finding],
    *,
    is_nil: bool = False,
    reason: str = "",
    unchanged: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Part:
    """One dataset's outcome. `state` is its batch's: rejected, held, superseded, merged, or on the way.

    `rows` are (read, quarantined). `reason` is told where no finding says why it was refused or held.
    """
    read, quarantined = rows
    told = tidy(findings, contract)
    is_explained = any(f.severity == "error" and (f.row_no is None or state != "held") for f in told)
    sheet = contract.sheet or ""
    if state in ("rejected", "held") and reason and not is_explained:
        told = [Finding(sheet, None, None, "", f"batch.{state}", "error", *split(reason)), *told]
    status = of_part(state, read, quarantined, is_nil, bool(told))
    quarantined = read if state == "rejected" else quarantined
    return Part(
        contract.dataset, contract.title, sheet, status, read, quarantined, unchanged, changes or {}, tuple(told)
    )


def of_part(state: str, read: int, quarantined: int, is_nil: bool, is_told: bool) -> str:
    """The status of one dataset from its batch; `is_told`: there is something to say about its rows."""
    if state in ("rejected", "superseded"):
        return state
    if state in ("parsed", "validated", "linked", "held"):
        return "received"
    if read == 0 and is_nil:
        return "confirmed_nil"
    if quarantined:
        return "partly_accepted" if quarantined < read else "rejected"
    return "accepted_with_findings" if is_told else "accepted"


def overall(statuses: Sequence[str]) -> str:
    """The status of a submission from those of its datasets, as a sender would say it."""
    found = set(statuses)
    if not found or found == {"rejected"}:
        return "rejected"
    if len(found) == 1:
        return found.pop()
    if "received" in found:
        return "received"
    if found & {"rejected", "partly_accepted"}:
        return "partly_accepted"
    return "accepted_with_findings" if "accepted_with_findings" in found else "accepted"


def complete(receipt: Receipt) -> Receipt:
    """A refusal never comes with an empty list of errors, neither the file's nor one dataset's."""

    def is_bare(findings: Sequence[Finding]) -> bool:
        return all(finding.severity != "error" for finding in findings)

    unsaid = refusal("")
    own = {(finding.message, finding.suggestion) for finding in receipt.own}
    parts = (replace(one, findings=tuple(f for f in one.findings if not _repeats(f, own))) for one in receipt.parts)
    parts = tuple(
        replace(one, findings=(replace(unsaid, sheet=one.sheet), *one.findings))
        if one.status == "rejected" and is_bare((*one.findings, *receipt.own))
        else one
        for one in parts
    )
    receipt = replace(receipt, parts=parts)
    is_unsaid = receipt.status == "rejected" and is_bare(receipt.findings)
    return replace(receipt, own=(*receipt.own, unsaid)) if is_unsaid else receipt


def _repeats(finding: Finding, own: Collection[tuple[str, str]]) -> bool:
    """Whether a finding on a whole sheet says only what is said of the file."""
    return finding.row_no is None and not finding.cell and (finding.message, finding.suggestion) in own


def placed(receipt: Receipt, places: Mapping[str, Mapping[str, str]]) -> Receipt:
    """The receipt with the name of every cell whose column is known: `places` maps sheet and column to letters."""
    return replace(
        receipt,
        parts=tuple(
            replace(one, findings=tuple(sorted((at_cell(f, places) for f in one.findings), key=by_sheet)))
            for one in receipt.parts
        ),
    )


def places_of(metadata: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Sheet -> column -> letters, from what the parser noted of each batch (`quality.batch.metadata`)."""
    return {sheet: said["columns"] for batch in metadata for sheet, said in batch.items() if "columns" in said}
