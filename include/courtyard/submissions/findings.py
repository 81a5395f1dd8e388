"""One thing that a sender is told, and how several of them stand together without contradicting each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from courtyard.district.models import Contract
from courtyard.parsing.problems import WORDINGS, wording

_NOT_SAID = ("本次报送未能接收", "请联系街道办公室核对后重新报送")
_COLUMN = re.compile(r"([A-Z]{1,3})(\d+)")
_CLAUSE = re.compile(r"[；，。]")


@dataclass(frozen=True)
class Finding:
    """One thing to tell. `cell` is its name in the file, "" for a whole sheet or file. Never holds a value."""

    sheet: str
    row_no: int | None
    column: str | None
    cell: str
    code: str
    severity: str
    message: str
    suggestion: str

    @property
    def order(self) -> tuple[int, int, str, bool, str]:
        """Within a sheet: what concerns all of it, then row by row from left to right, errors first."""
        found = _COLUMN.fullmatch(self.cell)
        row, letters = (int(found[2]), found[1]) if found else (self.row_no or 0, "")
        return row, len(letters), letters, self.severity != "error", self.code

    @property
    def place(self) -> str:
        """The cell, else the row, as a sender finds it."""
        return self.cell or (f"第{self.row_no}行" if self.row_no else "")

    def plain(self) -> dict[str, str]:
        named = asdict(self) | {"cell": self.place}
        return {key: named[key] for key in ("sheet", "cell", "code", "severity", "message", "suggestion")}


def refusal(code: str, reason: str = "") -> Finding:
    """Why a submission as a whole was not taken, or what is to be said of it."""
    severity, message, suggestion = wording(code) if code in WORDINGS else ("error", *_NOT_SAID)
    if reason:
        message, suggestion = split(reason, suggestion)
    return Finding("", None, None, "", code or "submission.rejected", severity, message or _NOT_SAID[0], suggestion)


def split(reason: str, remedy: str = _NOT_SAID[1]) -> tuple[str, str]:
    """A reason's sentences as message and suggestion, without their full stops."""
    first, _, rest = reason.rstrip("。").partition("。")
    return first, rest.rstrip("。") or remedy


def tidy(findings: Iterable[Finding], contract: Contract) -> list[Finding]:
    """In order, each thing said once, and nothing that takes back another: see DOMAIN.md section 5."""
    needed = {column.name for column in contract.columns if column.required}
    kept: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        if finding.column in needed and "留空" in finding.suggestion:
            finding = replace(finding, suggestion=_filled(finding.suggestion))
        about = finding.column if finding.row_no else (finding.column, finding.place, finding.message)
        kept.setdefault((finding.sheet, finding.row_no, about, finding.code), finding)
    return sorted(kept.values(), key=by_sheet)


def _filled(suggestion: str) -> str:
    """A suggestion without the words that a cell may be left blank: its column must be filled."""
    clauses = [clause for clause in _CLAUSE.split(suggestion) if clause and "留空" not in clause]
    return "，".join(clauses) or "此项必填，请补充"


def at_cell(finding: Finding, places: Mapping[str, Mapping[str, str]]) -> Finding:
    """The finding with its cell's name, where that is known."""
    letters = places.get(finding.sheet, {}).get(finding.column or "")
    if finding.cell or finding.row_no is None or not letters:
        return finding
    return replace(finding, cell=f"{letters}{finding.row_no}")


def by_sheet(finding: Finding) -> tuple[Any, ...]:
    """The order in which findings are told."""
    return finding.sheet, finding.order
