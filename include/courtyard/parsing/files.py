"""Reading one file from outside any run: the dry run of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from courtyard.district.models import CodeList, Contract
from courtyard.parsing import metadata, reading
from courtyard.parsing.sandbox import Closed, Opened, Rows, Sandbox, Task
from courtyard.parsing.tables import ParsedTable
from courtyard.period import Period


def parse_file(
    data: bytes,
    name: str,
    contracts: Sequence[Contract],
    codes: Mapping[str, CodeList],
    *,
    as_of: date | None = None,
    sandbox: Sandbox | None = None,
) -> list[ParsedTable]:
    """The typed tables of a file, one or more for each contract; refused ones say why. Raises nothing.

    `name` labels the file in logs. `as_of` is the last day of the period it speaks of (for two-digit
    years), taken from the name where it tells the period. ID numbers and phones are plain in the
    result: it must not be stored or printed.
    """
    if as_of is None and (period := metadata.period_in(name)):
        as_of = Period.parse(period).last_day
    job = reading.job_for(contracts, {key: listed.values for key, listed in codes.items()}, as_of)
    if sandbox is not None:
        return _parsed(sandbox, name, job, data)
    with Sandbox(workers=1) as own:
        return _parsed(own, name, job, data)


def _parsed(sandbox: Sandbox, name: str, job: reading.Job, data: bytes) -> list[ParsedTable]:
    tables: list[ParsedTable] = []
    for event in sandbox.run([Task(name, job, lambda: data)]):
        match event:
            case Opened():
                tables = event.tables
            case Rows():
                reading.append(tables[event.table], event.block)
            case Closed(code=code, detail=detail) if code:
                tables = [refused(contract, code, detail) for contract in job.contracts]
    return tables


def refused(contract: Contract, code: str, detail: str = "", rows: int = 0) -> ParsedTable:
    """What is left of a table whose file was refused on the way."""
    return ParsedTable(contract.dataset, contract.sheet or "", rejected=(code, detail), landed=rows)
