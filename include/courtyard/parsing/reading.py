"""From bytes to typed tables: the whole of parsing that needs no key and no database.

Runs in the sandbox's worker, in one direction: bytes in, plain values out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from courtyard.district.models import Contract
from courtyard.parsing import delimited, form, jsonrows, workbook
from courtyard.parsing.cells import Cell
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.normalise import CodeValues, Normalisers, Terms, normalise_document
from courtyard.parsing.problems import is_error
from courtyard.parsing.tables import ParsedTable, Problem, RawTable, is_read
from courtyard.period import Period

ROWS_AT_ONCE = 8_192
MAX_PROBLEMS = 50_000  # of one table held as a whole
# Documents whose number follows GB 11643; `none` stays checked, so that a stray number is seen.
CHECKED_DOCUMENTS = (None, "id_card", "residence_permit", "none")


@dataclass(frozen=True)
class Job:
    """One delivered file and what it may hold. `as_of` is the last day of the period it came for.

    `is_picture` asks for what the file looks like (`picture`) instead of its typed rows.
    """

    contracts: tuple[Contract, ...]
    codes: CodeValues
    as_of: date | None = None
    caps: Caps = field(default_factory=Caps)
    is_picture: bool = False


def read(job: Job, data: bytes) -> list[RawTable]:
    """The raw tables of a file; a refused one for each contract that it cannot serve."""
    formats = {contract.format for contract in job.contracts}
    try:
        if formats == {"workbook"}:
            tables = workbook.read(data, job.contracts, job.caps)
        else:
            tables = [_read_one(contract, data, job.caps) for contract in job.contracts]
    except Unreadable as refusal:
        return [RawTable.refused(c, refusal.code, refusal.detail, refusal.rows) for c in job.contracts]
    for table in tables:
        form.judge(table, job.codes, _as_of(table, job))
    return tables


def _read_one(contract: Contract, data: bytes, caps: Caps) -> RawTable:
    match contract.format:
        case "rows":
            return jsonrows.read_rows(data, contract, caps)
        case "pages":
            return jsonrows.read_pages(data, contract, caps)
        case "delimited":
            return delimited.read(data, contract, caps)
    return workbook.read(data, [contract], caps)[0]


def outline(table: RawTable) -> ParsedTable:
    """Everything of a table but its rows."""
    return ParsedTable(
        dataset=table.contract.dataset,
        sheet=table.sheet,
        period=table.period,
        unit_code=table.unit_code,
        landed=table.landed,
        structural=table.structural,
        is_nil=table.is_nil,
        is_unchanged=table.is_unchanged,
        metadata=table.metadata,
        places=dict(table.places),
        missing=table.missing,
        rejected=table.rejected,
        remarks=table.remarks,
    )


def typed(table: RawTable, job: Job) -> Iterator[ParsedTable]:
    """The rows of a table in blocks, typed, with what could not be."""
    if table.rejected:
        return
    as_of = _as_of(table, job)
    work = Normalisers(table.contract, job.codes, Terms(as_of, _counted_on(table) or as_of, table.units))
    names = [c.name for c in table.contract.columns if is_read(c) and c.name in table.columns]
    for start in range(0, len(table.row_nos), ROWS_AT_ONCE):
        yield _block(table, work, names, slice(start, start + ROWS_AT_ONCE))


def _as_of(table: RawTable, job: Job) -> date | None:
    """The last day that the rows can speak of: of the period written in the file where it is earlier."""
    written = Period.parse(table.period).last_day if table.period else None
    return min((day for day in (written, job.as_of) if day), default=None)


def _counted_on(table: RawTable) -> date | None:
    """统计截止日, where the sheet names a day."""
    try:
        return date.fromisoformat(table.metadata.get("统计截止日", ""))
    except ValueError:
        return None


def _block(table: RawTable, work: Normalisers, names: Sequence[str], part: slice) -> ParsedTable:
    row_nos = table.row_nos[part]
    columns: dict[str, list] = {}
    marked: list[tuple[int, str, str]] = []
    for name in names:
        columns[name], found = work.column(name, table.columns[name][part])
        marked += [(index, name, code) for index, code in found]
    marked = _other_documents(table, part, columns, marked)
    problems = [Problem(row_nos[i], name, code, table.place(name, row_nos[i])) for i, name, code in marked]
    for index in range(part.start, part.start + len(row_nos)) if table.row_problems else ():
        for code in table.row_problems.get(index, ()):
            problems.append(Problem(table.row_nos[index], None, code, None))
    problems.sort(key=lambda problem: problem.row_no)
    return ParsedTable(table.contract.dataset, table.sheet, row_nos=row_nos, columns=columns, problems=problems)


def _other_documents(
    table: RawTable, part: slice, columns: dict[str, list], marked: list[tuple[int, str, str]]
) -> list[tuple[int, str, str]]:
    """Take passports and the like out of the ID number's check, where a column says what document it is."""
    contract = table.contract
    number = contract.role("id_number")
    kind = next((c.name for c in contract.columns if c.codes == "document_type"), None)
    if number not in columns or kind not in columns:
        return marked
    kept = []
    cells: list[Cell] = table.columns[number][part]
    for index, name, code in marked:
        if name != number or columns[kind][index] in CHECKED_DOCUMENTS:
            kept.append((index, name, code))
            continue
        value, problem = normalise_document(cells[index])
        columns[number][index] = value
        if problem:
            kept.append((index, name, problem))
    return kept


def whole(job: Job, data: bytes) -> list[ParsedTable]:
    """All tables with all their rows, in this process: for files that are trusted, and for tests."""
    tables = []
    for raw in read(job, data):
        table = outline(raw)
        for block in typed(raw, job):
            append(table, block)
        tables.append(table)
    return tables


def append(table: ParsedTable, block: ParsedTable) -> None:
    """Add a block's rows to a table. Where too many cells are wrong to be told one by one, a row keeps one error."""
    table.row_nos += block.row_nos
    is_many = len(table.problems) + len(block.problems) > MAX_PROBLEMS
    table.problems += {p.row_no: p for p in block.problems if is_error(p.code)}.values() if is_many else block.problems
    for name, values in block.columns.items():
        table.columns.setdefault(name, []).extend(values)


def job_for(contracts: Sequence[Contract], codes: CodeValues, as_of: date | None, caps: Caps | None = None) -> Job:
    """A job that carries only the code lists its contracts name."""
    lists = {c.codes for contract in contracts for c in contract.columns if c.codes}
    job = Job(tuple(contracts), {name: codes[name] for name in sorted(lists)}, as_of)
    return replace(job, caps=caps) if caps else job
