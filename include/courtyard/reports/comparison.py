"""What differs between two revisions of a form: rows are found again by what they are about, not by where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from openpyxl.utils import get_column_letter

from courtyard.district.models import ReportSpec
from courtyard.reports.content import Content, Value
from courtyard.reports.layout import Layout

ORDINAL = "序号"
JOINED = "；"

Key = tuple[str, int]  # a row's identity, and the how-manyth with it


@dataclass(frozen=True)
class Heading:
    """A column of a form. `is_ordinal`: it counts the rows and says nothing of them."""

    name: str
    header: str

    @property
    def is_ordinal(self) -> bool:
        return self.header == ORDINAL


@dataclass(frozen=True)
class Line:
    """A body row and where it stands; `sources` as `publish.cell_row` keeps them.

    `covered` are the places of cells that are merged with the one above and so show its value.
    """

    identity: str
    form_row: int
    values: tuple[Value, ...]
    sources: Any = None
    covered: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Said:
    """All that a filled form says. `fixed` are the texts outside the table, without the date of filling:
    what it is -> (cell, text)."""

    columns: tuple[Heading, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    first_note: int = 0
    fixed: dict[str, tuple[str | None, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One difference, in the order of the new form.

    `kind` is cell, added, removed, moved, renumbered, column, note or metadata. `cell` is None for what is gone;
    `old_cell` is given only where it stood elsewhere or is gone. `label` names the row.
    """

    kind: str
    cell: str | None = None
    old_cell: str | None = None
    column: str = ""
    header: str = ""
    label: str = ""
    before: Value = None
    after: Value = None
    key: Key | None = None


def said(spec: ReportSpec, made: Content) -> Said:
    """A content as it stands in its form."""
    place = Layout(spec, len(made.rows), len(made.notes))
    fixed: dict[str, tuple[str | None, str]] = {"标题": (None, made.title)}
    fixed |= {
        f"表头表尾 {cell}": (place.metadata_cell(cell), text)
        for cell, text in made.metadata.items()
        if "{filled_on}" not in spec.metadata[cell]
    }
    rows = zip(made.identities, made.rows, made.sources, _covered(spec, made), strict=True)
    return Said(
        columns=headings(spec),
        lines=tuple(Line(identity, spec.first_row + i, *rest) for i, (identity, *rest) in enumerate(rows)),
        notes=made.notes,
        first_note=place.first_note,
        fixed=fixed,
    )


def _covered(spec: ReportSpec, made: Content) -> list[frozenset[int]]:
    """Per row the places of its cells that are merged with the row above: as far as a group's values are equal."""
    columns = [i for i, column in enumerate(spec.columns) if spec.merge_by and column.name in spec.merge_columns]
    found: list[frozenset[int]] = []
    for _, group in groupby(zip(made.groups, made.rows, strict=True), key=itemgetter(0)):
        rows = [values for _, values in group]
        merged = frozenset(column for column in columns if len({values[column] for values in rows}) == 1)
        found += [frozenset(), *(merged for _ in rows[1:])] if spec.merge_by else [frozenset() for _ in rows]
    return found


def headings(spec: ReportSpec) -> tuple[Heading, ...]:
    return tuple(Heading(c.name, f"{c.group}：{c.header}" if c.group else c.header) for c in spec.columns)


def compare(old: Said, new: Said) -> tuple[Change, ...]:
    """Every difference of two forms; none exactly where they say the same in the same order."""
    before, after = by_key(old), by_key(new)
    found = [*_fixed(old, new), *_columns(old, new)]
    above: dict[int, tuple[Value, Value]] = {}
    for key, line in after.items():
        if key in before:
            found += _cells(old, new, (before[key], line), (key, above))
        else:
            whole = _whole(new, line)
            found.append(Change("added", _span(new, line), label=label(new, line), after=whole, key=key))
    for key, line in before.items():
        if key not in after:
            whole = _whole(old, line)
            found.append(Change("removed", None, _span(old, line), label=label(old, line), before=whole, key=key))
    return (*found, *_order(old, new, before, after), *_notes(old, new))


def label(form: Said, line: Line) -> str:
    """What a reader knows a row by: its name, else the first column that is no running number."""
    names = [c.name for c in form.columns]
    at = (
        names.index("name") if "name" in names else next((i for i, c in enumerate(form.columns) if not c.is_ordinal), 0)
    )
    return str(line.values[at] if line.values[at] is not None else "")


def equal(left: Value, right: Value) -> bool:
    """Whether two cells say the same: 940 is 940.00, an empty text is a blank, and 0 is neither."""
    left, right = (None if value == "" else value for value in (left, right))
    return left == right


def by_key(form: Said) -> dict[Key, Line]:
    """The lines by identity, in their order; the second of one identity is (identity, 1)."""
    seen: Counter[str] = Counter()
    found: dict[Key, Line] = {}
    for line in form.lines:
        found[line.identity, seen[line.identity]] = line
        seen[line.identity] += 1
    return found


def _cells(
    old: Said, new: Said, pair: tuple[Line, Line], at: tuple[Key, dict[int, tuple[Value, Value]]]
) -> Iterator[Change]:
    """Changed cells of a row; `at` is its key and, by place, what was and is said above, for merged cells."""
    (was, now), (key, above) = pair, at
    places = {c.name: i for i, c in enumerate(old.columns)}
    for index, column in enumerate(new.columns):
        if column.is_ordinal or column.name not in places:
            continue
        place = places[column.name]
        said_then_and_now = was.values[place], now.values[index]
        is_shown_above = index in now.covered and above.get(index) == said_then_and_now
        above[index] = said_then_and_now
        if not is_shown_above and not equal(*said_then_and_now):
            cell, old_cell = _cell(now, index), _cell(was, place)
            moved_from = old_cell if old_cell != cell else None
            about = (column.name, column.header, label(new, now))
            yield Change("cell", cell, moved_from, *about, *said_then_and_now, key)


def _columns(old: Said, new: Said) -> Iterator[Change]:
    """Columns that came, went or are called otherwise."""
    was, now = ({c.name: (i, c.header) for i, c in enumerate(form.columns)} for form in (old, new))
    for name in [*now, *(n for n in was if n not in now)]:
        before, after = was.get(name), now.get(name)
        if before and after and before[1] == after[1]:
            continue
        yield Change(
            "column",
            f"{get_column_letter(after[0] + 1)}列" if after else None,
            f"{get_column_letter(before[0] + 1)}列" if before and (not after or before[0] != after[0]) else None,
            name,
            (after or before or (0, ""))[1],
            "栏目",
            before[1] if before else None,
            after[1] if after else None,
        )


def _order(old: Said, new: Said, before: dict[Key, Line], after: dict[Key, Line]) -> Iterator[Change]:
    """Said once: rows that stand in another order, and running numbers that moved."""
    order_now = [key for key in after if key in before]
    order_then = [key for key in before if key in after]
    if moved := sum(a != b for a, b in zip(order_now, order_then, strict=True)):
        yield Change("moved", label="行的次序", after=f"{moved}行换了位置")
    numbers = {c.name: i for i, c in enumerate(old.columns) if c.is_ordinal}
    for index, column in enumerate(new.columns):
        if not column.is_ordinal or column.name not in numbers:
            continue
        at = numbers[column.name]
        told = [after[k] for k in order_now if not equal(before[k].values[at], after[k].values[index])]
        if told:
            first = _cell(told[0], index)
            yield Change(
                "renumbered", first, None, column.name, column.header, "序号", None, f"{len(told)}行的序号变动"
            )


def _notes(old: Said, new: Said) -> Iterator[Change]:
    """Notes that are new beside those that are gone; a note that stays is none, wherever it stands."""
    gone = list((Counter(old.notes) - Counter(new.notes)).elements())
    come = Counter(new.notes) - Counter(old.notes)
    for index, note in enumerate(new.notes):
        if come[note] > 0:
            come[note] -= 1
            was = gone.pop(0) if gone else None
            yield Change("note", f"A{new.first_note + index}", label="附注", before=was, after=note)
    for note in gone:
        yield Change("note", None, f"A{old.first_note + old.notes.index(note)}", label="附注", before=note)


def _fixed(old: Said, new: Said) -> Iterator[Change]:
    for name in [*new.fixed, *(n for n in old.fixed if n not in new.fixed)]:
        (old_cell, before), (cell, after) = old.fixed.get(name, (None, None)), new.fixed.get(name, (None, None))
        if before != after:
            yield Change(
                "metadata", cell, old_cell if old_cell != cell else None, label=name, before=before, after=after
            )


def _cell(line: Line, index: int) -> str:
    return f"{get_column_letter(index + 1)}{line.form_row}"


def _span(form: Said, line: Line) -> str:
    last = get_column_letter(len(form.columns))
    return f"A{line.form_row}:{last}{line.form_row}"


def _whole(form: Said, line: Line) -> str:
    """A row in one line, for one that is new or gone."""
    pairs = zip(form.columns, line.values, strict=True)
    return JOINED.join(f"{column.header} {value}" for column, value in pairs if value is not None)
