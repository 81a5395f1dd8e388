"""What must hold within a contract, and between it and the code lists and contracts it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from courtyard.district.models import Column, ColumnType, Contract
from courtyard.district.pack import Pack, Read
from courtyard.district.reading import Loc
from courtyard.errors import UsageError
from courtyard.period import Period

NUMBERS: tuple[ColumnType, ...] = ("integer", "decimal")
DATES: tuple[ColumnType, ...] = ("date", "datetime")
# What a rule's columns must be, by its check; None stands for any type.
RULE_TYPES: Mapping[str, tuple[tuple[ColumnType, ...] | None, tuple[ColumnType, ...] | None]] = {
    "birth_matches_id": (("date",), ("id_number",)),
    "sex_matches_id": (("code",), ("id_number",)),
    "not_before": (DATES, DATES),
    "not_above": (NUMBERS, NUMBERS),
    "required_with": (None, None),
}
_NAME_ONE = "Name a column of this contract."


def problems_of(pack: Pack) -> Iterator[str]:
    """Every problem of the contracts of a pack."""
    for read in pack.contracts.values():
        yield from _columns(pack, read)
        yield from _names(read)
        yield from _active(pack, read)
        yield from _row_rules(pack, read)
        yield from _group_rules(pack, read)
        yield from _reference_rules(pack, read)
        yield from _forms(read)


def repeated(read: Read[Contract], key: str, names: list[str]) -> Iterator[str]:
    """Problems for entries of a list that carry the name of an earlier one."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield read.document.problem((key, index), f"'{name}' stands twice", "Rename one of the two.")


def condition(
    pack: Pack, read: Read, loc: Loc, where: Mapping[str, Iterable[str]], columns: Mapping[str, Column]
) -> Iterator[str]:
    """Problems of a `where`: columns that are not there, values that they cannot have."""
    for name, values in where.items():
        if name not in columns:
            yield read.document.problem((*loc, name), f"there is no column '{name}'", "Name a column of its contract.")
        else:
            yield from unfit(pack, read, (*loc, name), columns[name], values)


def unfit(pack: Pack, read: Read, loc: Loc, column: Column, values: Iterable[str]) -> Iterator[str]:
    """Problems for values that a column cannot have; only codes and yes or no are compared with values."""
    if column.type not in ("code", "yes_no"):
        yield read.document.problem(
            loc, f"'{column.name}' has no fixed values", "Name a column of type code or yes_no."
        )
        return
    if column.type == "code" and column.codes not in pack.codes:
        return  # told at the column
    known = pack.codes[column.codes].value.values if column.codes else ("true", "false")
    for index, value in enumerate(values):
        if value not in known and column.codes:
            remedy = f"Write a code of codes/{column.codes}.yaml, not a label."
            yield read.document.problem((*loc, index), f"'{value}' is not a code of {column.codes}", remedy)
        elif value not in known:
            yield read.document.problem((*loc, index), f"'{value}' is neither yes nor no", 'Write "true" or "false".')


def _columns(pack: Pack, read: Read[Contract]) -> Iterator[str]:
    contract, headers = read.value, dict[str, int]()
    yield from repeated(read, "columns", [column.name for column in contract.columns])
    roles: dict[str, str] = {}
    for index, column in enumerate(contract.columns):
        if column.codes is not None and column.codes not in pack.codes:
            message = f"there is no code list '{column.codes}'"
            yield read.document.problem(("columns", index, "codes"), message, "Add it to codes/ or correct it.")
        for header in (column.header, *column.synonyms):
            if headers.setdefault(header, index) != index:
                message = f"'{header}' already names the column {contract.columns[headers[header]].name}"
                yield read.document.problem(("columns", index), message, "Keep it in one of the two.")
        if column.role and roles.setdefault(column.role, column.name) != column.name:
            message = f"the column {roles[column.role]} already plays this role"
            yield read.document.problem(("columns", index, "role"), message, "Keep it at one of the two.")


def _names(read: Read[Contract]) -> Iterator[str]:
    """The key and the sample row; `optional` says something about a sheet only."""
    contract = read.value
    names = {column.name for column in contract.columns}
    for index, alternative in enumerate(contract.key):
        yield from _unknown(read, ("key", index), alternative, names)
    for name in contract.sample_row:
        if name not in names:
            yield read.document.problem(("sample_row", name), f"there is no column '{name}'", _NAME_ONE)
    if contract.optional and contract.format != "workbook":
        message = "only a sheet of a workbook may be left out"
        yield read.document.problem(("optional",), message, "Remove it or set the format to workbook.")


def _unknown(read: Read[Contract], loc: Loc, named: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    for position, name in enumerate(named):
        if name not in names:
            yield read.document.problem((*loc, position), f"there is no column '{name}'", _NAME_ONE)


def _active(pack: Pack, read: Read[Contract]) -> Iterator[str]:
    active = read.value.active
    columns = {column.name: column for column in read.value.columns}
    if active and active.column not in columns:
        yield read.document.problem(("active", "column"), f"there is no column '{active.column}'", _NAME_ONE)
    elif active:
        yield from unfit(pack, read, ("active", "values"), columns[active.column], active.values)


def _judged(read: Read[Contract], loc: Loc, named: Iterable[str]) -> Iterator[str]:
    """Columns that a rule reads: known ones that staging keeps."""
    columns = {column.name: column for column in read.value.columns}
    yield from _unknown(read, loc, named, columns)
    for position, name in enumerate(named):
        if name in columns and columns[name].volatile:
            message = f"'{name}' is volatile, so nothing of it is kept"
            yield read.document.problem((*loc, position), message, "Name a column that is kept.")


def _row_rules(pack: Pack, read: Read[Contract]) -> Iterator[str]:
    contract = read.value
    columns = {column.name: column for column in contract.columns}
    every = (*contract.rules, *contract.group_rules, *contract.reference_rules)
    counts = Counter(rule.id for rule in every)
    for key in ("rules", "group_rules", "reference_rules"):
        ids = [rule.id for rule in getattr(contract, key)]
        yield from repeated(read, key, ids)
        for index, name in enumerate(ids):
            if key != "rules" and counts[name] > ids.count(name):
                message = f"'{name}' also names a rule of another kind"
                yield read.document.problem((key, index, "id"), message, "Rename one of the two.")
    for index, rule in enumerate(contract.rules):
        loc: Loc = ("rules", index)
        yield from _judged(read, (*loc, "columns"), rule.columns)
        for position, (name, types) in enumerate(zip(rule.columns, RULE_TYPES[rule.check], strict=True)):
            if types and name in columns and columns[name].type not in types:
                message = f"'{name}' is {columns[name].type}; {rule.check} compares {' or '.join(types)} here"
                yield read.document.problem((*loc, "columns", position), message, "Name another column or check.")
        if rule.values and rule.check != "required_with":
            yield read.document.problem((*loc, "values"), "go with required_with only", "Remove them.")
        elif rule.values and rule.columns[1] in columns:
            yield from unfit(pack, read, (*loc, "values"), columns[rule.columns[1]], rule.values)


def _group_rules(pack: Pack, read: Read[Contract]) -> Iterator[str]:
    columns = {column.name: column for column in read.value.columns}
    for index, rule in enumerate(read.value.group_rules):
        loc: Loc = ("group_rules", index)
        yield from _judged(read, (*loc, "group"), rule.group)
        yield from condition(pack, read, (*loc, "where"), rule.where, columns)
        if rule.column is None:
            continue
        if rule.column not in columns or columns[rule.column].volatile:
            message = f"there is no kept column '{rule.column}'"
            yield read.document.problem((*loc, "column"), message, _NAME_ONE)
        elif rule.check == "count_is" and columns[rule.column].type != "integer":
            message = f"'{rule.column}' is {columns[rule.column].type}; count_is needs a column of type integer"
            yield read.document.problem((*loc, "column"), message, "Name another column.")


def _reference_rules(pack: Pack, read: Read[Contract]) -> Iterator[str]:
    columns = {column.name: column for column in read.value.columns}
    for index, rule in enumerate(read.value.reference_rules):
        loc: Loc = ("reference_rules", index)
        yield from _judged(read, (*loc, "columns"), rule.columns)
        if rule.dataset not in pack.contracts:
            message = f"there is no contract '{rule.dataset}'"
            yield read.document.problem((*loc, "dataset"), message, "Add the contract or correct it.")
            continue
        other = {column.name: column for column in pack.contracts[rule.dataset].value.columns}
        yield from condition(pack, read, (*loc, "where"), rule.where, other)
        for position, (ours, theirs) in enumerate(zip(rule.columns, rule.theirs, strict=True)):
            if theirs not in other or other[theirs].volatile:
                message = f"{rule.dataset} keeps no column '{theirs}'"
                yield read.document.problem((*loc, "theirs", position), message, "Name a column of its contract.")
            elif ours in columns and columns[ours].type != other[theirs].type:
                message = f"'{theirs}' is {other[theirs].type}, '{ours}' is {columns[ours].type}: they never agree"
                yield read.document.problem((*loc, "theirs", position), message, "Name columns of one type.")


def _forms(read: Read[Contract]) -> Iterator[str]:
    contract = read.value
    columns = {column.name: column for column in contract.columns}
    yield from repeated(read, "forms", [form.version for form in contract.forms])
    for index, form in enumerate(contract.forms):
        loc: Loc = ("forms", index)
        for name in form.headers:
            if name not in columns:
                yield read.document.problem((*loc, "headers", name), f"there is no column '{name}'", _NAME_ONE)
        yield from _unknown(read, (*loc, "without"), form.without, columns)
        for position, name in enumerate(form.without):
            if name in form.headers:
                message = f"'{name}' has a header in this version"
                yield read.document.problem((*loc, "without", position), message, "Keep one of the two.")
        taken = Counter(
            form.headers.get(name, column.header) for name, column in columns.items() if name not in form.without
        )
        for name, header in form.headers.items():
            if taken[header] > 1:
                message = f"'{header}' names two columns of this version"
                yield read.document.problem((*loc, "headers", name), message, "Rename one of the two.")
        if form.last is not None and not _is_period(form.last):
            yield read.document.problem((*loc, "last"), "is not a period", "Write one such as 2026Q3 or 2026-09.")


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except UsageError:
        return False
    return True
