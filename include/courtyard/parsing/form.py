"""What the form around a table says, put into the table: period, unit, answers, units of measure, its version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from courtyard.district.models import Contract
from courtyard.errors import CourtyardError
from courtyard.parsing import text, units
from courtyard.parsing.cells import column_letters, shown
from courtyard.parsing.headers import Header
from courtyard.parsing.metadata import About
from courtyard.parsing.normalise import CodeValues
from courtyard.parsing.structure import Body
from courtyard.parsing.tables import RawTable, Remark
from courtyard.period import Period
from courtyard.sources.fetched import safe_name

CHANGE_CODES, UNCHANGED = "change_kind", "unchanged"  # the code list that says what became of a row, and its 无变化


def describe(table: RawTable, header: Header, about: About, body: Body) -> None:
    """Complete a table whose cells are read: what its lines declare, and remarks on its header and its answers."""
    table.period, table.unit_code = about.period, about.unit_code
    table.metadata |= {"title": about.title, **about.texts}
    if header.form:
        table.metadata["form"] = header.form.version
    if about.nature:
        table.metadata["nature"] = about.nature
    table.missing = header.missing
    table.remarks += _of_header(header)
    table.remarks += [Remark("row.cleared", cell=f"{column_letters(min(r.cells))}{r.number}") for r in body.cleared]
    headings = {name: header.heading(at) for name, at in header.columns.items()}
    declare_units(table, header.units, about.units, headings)
    _answer(table, about, body)
    _refuse_repeated_refs(table)


def _of_header(header: Header) -> list[Remark]:
    titles = {c.name: c.header for c in header.contract.columns}
    found = [Remark("header.missing_column", name, header=titles[name]) for name in header.missing]
    for column in header.unknown:
        named = safe_name(header.texts.get(column, "").strip())[:20]
        found.append(Remark("header.unknown_column", cell=header.heading(column), detail=named))
    return found


def declare_units(
    table: RawTable,
    declared: Mapping[str, str],
    line: tuple[str, ...] = (),
    headings: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Which unit each measured column is written in; a column in a unit of another kind is not taken.

    A unit that a header declares comes before the line above the table. A line that speaks of no column of the
    table is about units that nobody expects: then no column without a unit of its own is taken. `headings` are
    the cells of the headers, by column.
    """
    measured = {c.name: c.unit for c in table.contract.columns if c.unit and c.name in table.columns}
    by_line = {name: _fitting(line, unit) for name, unit in measured.items()}
    is_foreign = bool(line) and not any(by_line.values())
    for name, kept in measured.items():
        written = declared.get(name) or by_line[name] or (line[0] if is_foreign else None)
        if written is None:
            continue
        if units.factor(written, kept) is None:
            _refuse_column(table, name, written, headings.get(name))
        else:
            table.units[name] = written


def _fitting(line: tuple[str, ...], kept: str) -> str | None:
    return next((unit for unit in line if units.factor(unit, kept) is not None), None)


def _refuse_column(table: RawTable, name: str, written: str, heading: str | None) -> None:
    column = table.contract.column(name)
    table.remarks.append(Remark("header.wrong_unit", name, heading, column.header, safe_name(written)[:12]))
    table.columns.pop(name)
    table.places = {kept: letters for kept, letters in table.places.items() if kept != name}
    if column.required:
        table.missing = [*table.missing, name]


def _answer(table: RawTable, about: About, body: Body) -> None:
    """本表情况 and the lines 本季度无 and 无变化. Rows count whatever is said; who says 本季度无 beside rows is told."""
    statements = [f"{column_letters(min(row.cells))}{row.number}" for row in (*body.nil, *body.unchanged)]
    where = about.answer_cell or next(iter(statements), None)
    says_nil = about.answer == "nil" or bool(body.nil)
    table.is_nil = not table.landed and (says_nil or table.contract.optional)
    table.is_unchanged = not says_nil and (about.answer == "unchanged" or bool(body.unchanged))
    if says_nil and table.landed:
        table.remarks.append(Remark("nil.contradicted", cell=where))
    if about.answer == "unknown":
        table.remarks.append(Remark("answer.unknown", cell=where))


def _refuse_repeated_refs(table: RawTable) -> None:
    """A record's reference that stands in several rows tells of none of them which record it is: a row was copied."""
    name = table.contract.role("record_ref")
    cells = table.columns.get(name or "")
    if not cells or not name:
        return
    spelled = [text.compact(shown(cell)) for cell in cells]
    often = {ref for ref, times in Counter(spelled).items() if ref and times > 1}
    for index, ref in enumerate(spelled):
        if ref in often:
            table.row_problems.setdefault(index, []).append("record.ref_repeated")
    if often:
        table.columns[name] = [None if ref in often else cell for ref, cell in zip(spelled, cells, strict=True)]


def judge(table: RawTable, codes: CodeValues, as_of: date | None) -> None:
    """What only the code lists and the period tell: rows that contradict 无变化, a form that is no longer taken."""
    form = next((f for f in table.contract.forms if f.version == table.metadata.get("form")), None)
    if form and form.last and as_of and _last_day(form.last) < as_of:
        table.remarks.append(Remark("form.outdated", detail=f"{form.version}（用到{form.last}）"))
    if table.is_unchanged and (found := _changed_rows(table, table.contract, codes)):
        table.is_unchanged = False
        table.remarks += found


def _last_day(period: str) -> date:
    try:
        return Period.parse(period).last_day
    except CourtyardError:
        return date.max


def _changed_rows(table: RawTable, contract: Contract, codes: CodeValues) -> list[Remark]:
    """Rows of a sheet that says 无变化 whose own change kind says something else."""
    column = next((c for c in contract.columns if c.codes == CHANGE_CODES and c.name in table.columns), None)
    if column is None:
        return []
    accepted = text.spellings(codes[CHANGE_CODES])
    kinds = (text.code(cell, accepted)[0] if cell is not None else None for cell in table.columns[column.name])
    changed = [row_no for row_no, kind in zip(table.row_nos, kinds, strict=True) if kind not in (None, UNCHANGED)]
    return [Remark("nochange.contradicted", column.name, table.place(column.name, n), column.header) for n in changed]
