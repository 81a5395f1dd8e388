"""The receipt a submission would get: the stages' own parsing and rules, without a database."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

from courtyard import parsing
from courtyard.district.models import Contract, District, SourceSpec
from courtyard.errors import UsageError
from courtyard.parsing.seal import COLUMNS, Sealer
from courtyard.parsing.tables import ParsedTable
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.validation import rules

STATUS_TITLES = {
    "accepted": "可以接收",
    "accepted_with_findings": "可以接收，有提示",
    "partly_accepted": "部分可接收",
    "rejected": "不能接收",
    "confirmed_nil": "确认本季度无",
}


def receipt_of(file: Path, district: District, dataset: str | None = None) -> list[dict[str, Any]]:
    """One receipt for each dataset the file may hold.

    Keys: status, status_title, dataset, title, period, unit, rows {read, accepted, quarantined},
    findings [{sheet, cell, code, severity, message, suggestion}]. Holds no value of a data cell.
    Raises UsageError when the name tells no dataset and none is given.
    """
    contracts = _contracts(file.name, district, dataset)
    tables = parsing.parse_file(file.read_bytes(), file.name, contracts, district.codes)
    ring = KeyRing({f"{kind}-1": secrets.token_bytes(32) for kind in KINDS})  # forgotten with this process
    return [_receipt(c, [t for t in tables if t.dataset == c.dataset], district, ring) for c in contracts]


def _contracts(name: str, district: District, dataset: str | None) -> list[Contract]:
    if dataset is not None:
        if dataset not in district.contracts:
            raise UsageError(
                f"The pack has no dataset '{dataset}'.", f"Choose of {', '.join(sorted(district.contracts))}."
            )
        return [district.contracts[dataset]]
    for source in district.sources.values():
        if _delivers(source, name):
            return [district.contracts[d] for d in source.datasets]
    workbooks = [s for s in district.sources.values() if s.transport == "files"]
    if name.lower().endswith((".xlsx", ".xls", ".et")) and workbooks:
        return [district.contracts[d] for d in workbooks[0].datasets]
    raise UsageError(f"The name '{name}' does not tell which dataset the file holds.", "Say it with --dataset.")


def _delivers(source: SourceSpec, name: str) -> bool:
    """A source's own file name with its placeholders read as anything."""
    template = Path(str(source.options.get("file", ""))).name
    if not template:
        return False
    pattern = "".join(".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", template))
    return re.fullmatch(pattern, name) is not None


def _receipt(contract: Contract, tables: list[ParsedTable], district: District, ring: KeyRing) -> dict[str, Any]:
    period = min((t.period for t in tables if t.period), default=None)
    findings = [
        {
            "sheet": f.sheet,
            "cell": f.cell or "",
            "code": f.code,
            "severity": f.severity,
            "message": f.message,
            "suggestion": f.suggestion,
        }
        for table in tables
        for f in table.table_findings()
    ]
    read = sum(t.landed for t in tables)
    rejected = not tables or any(t.is_rejected for t in tables)
    quarantined = read
    if not rejected:
        judged = [_judge(contract, table, period, district, ring) for table in tables]
        quarantined = sum(bad for bad, _ in judged)
        findings += [finding for _, found in judged for finding in found]
    status = _status(rejected, read, quarantined, findings, any(t.is_nil for t in tables))
    return {
        "status": status,
        "status_title": STATUS_TITLES[status],
        "dataset": contract.dataset,
        "title": contract.title,
        "period": period,
        "unit": next((t.unit_code for t in tables if t.unit_code), None),
        "rows": {"read": read, "accepted": read - quarantined, "quarantined": quarantined},
        "findings": findings,
    }


def _judge(
    contract: Contract, table: ParsedTable, period: str | None, district: District, ring: KeyRing
) -> tuple[int, list[dict[str, str]]]:
    """How many rows would be quarantined, and every row finding."""
    spoken = period or str(Period.of("quarter", Period.quarter(district.office.first_quarter).start).next())
    sealer = Sealer(contract, ring, "check", spoken)
    bad, found = 0, []
    for values in sealer.rows(table.sheet, table):
        staged = dict(zip(COLUMNS, values, strict=True))
        staged |= {name: json.loads(staged[name]) for name in ("attrs", "problems")} | {"period": spoken}
        row = rules.examine(contract, staged, district.codes)
        bad += any(f.severity == "error" for f in row)
        for f in row:
            cell = f.cell or f"第{staged['row_no']}行"
            found.append(
                {
                    "sheet": table.sheet,
                    "cell": cell,
                    "code": f.code,
                    "severity": f.severity,
                    "message": f.message,
                    "suggestion": f.suggestion,
                }
            )
    return bad, found


def _status(rejected: bool, read: int, quarantined: int, findings: list[dict[str, str]], is_nil: bool) -> str:
    if rejected:
        return "rejected"
    if read == 0 and is_nil:
        return "confirmed_nil"
    if quarantined:
        return "partly_accepted" if quarantined < read else "rejected"
    return "accepted_with_findings" if findings else "accepted"
