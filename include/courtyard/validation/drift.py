"""A delivery whose columns are no longer what the contract says: renamed, dropped, of another type (FAULTS 26).

Every reason names the column by its header and place, and what to do about it. A column that was added
is no reason: the parser warns of it and leaves it out (FAULTS 27).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from courtyard.district.models import Column, Contract
from courtyard.parsing.vocabulary import fold
from courtyard.validation.checks import flag
from courtyard.validation.layout import Layout, number_of
from courtyard.validation.row import Row, required

if TYPE_CHECKING:
    from courtyard.validation.frame import Staged

UNUSABLE_FROM_ROWS = 10  # below it bad cells are single rows' faults, not the column's
OPTIONAL_FROM_CELLS = 100  # of a column that need not be filled: a grid's sheet is filled in by hand
UNUSABLE_SHARE = 0.8  # a column this empty or unreadable was renamed, dropped or changed its type
ALIKE = 0.5  # share of common characters from which an unknown header may be a new name


def missing(contract: Contract, named: Iterable[str], layout: Layout, before: Layout) -> list[str]:
    """Columns that are gone: required ones, and others that were renamed or that the delivery before had.

    `named` are the columns whose header the parser asked for and did not find.
    """
    found = []
    for column in contract.columns:
        if column.volatile:
            continue
        had = before.has(column.name)
        if column.required:
            is_gone = bool({column.name, column.header} & set(named))
        else:
            is_gone = layout.lacks(column.name) and (had or _renamed(contract, column, layout) is not None)
        if is_gone:
            found.append(_gone(contract, column, layout, had=had))
    return found


def _gone(contract: Contract, column: Column, layout: Layout, *, had: bool) -> str:
    kind = "必填列" if column.required else "列"
    place = f"（规定的第{contract.columns.index(column) + 1}列）" if layout.columns else ""
    text = f"缺少{kind}“{column.header}”{place}"
    if new := _renamed(contract, column, layout):
        cell, header = new
        where = f"{cell}单元格的" if cell else ""
        return f"{text}，{where}“{header}”可能是它的新名称，请把表头改回“{column.header}”后重新报送"
    if column.required or not had:
        return f"{text}，请补上该列后重新报送"
    return f"{text}，上一次报送有这一列，请补上该列后重新报送；如已不再采集，请联系街道修改表样"


def _renamed(contract: Contract, column: Column, layout: Layout) -> tuple[str, str] | None:
    """(cell, header) of the unknown column that is most likely this one: by its text, else by its neighbours."""
    known = [fold(name) for name in (column.header, *column.synonyms)]
    alike = {
        (cell, header): max(SequenceMatcher(None, fold(header), name).ratio() for name in known)
        for cell, header in layout.unknown
    }
    best = max(alike, key=lambda one: alike[one], default=None)
    if best and alike[best] >= ALIKE and _is_own(contract, column, best[1]):
        return best
    return _in_its_place(contract, column, layout)


def _is_own(contract: Contract, column: Column, header: str) -> bool:
    """Whether no other column of the contract is more like a header than this one."""

    def likeness(other: Column) -> float:
        names = (other.header, *other.synonyms)
        return max(SequenceMatcher(None, fold(header), fold(name)).ratio() for name in names)

    return max(contract.columns, key=likeness) is column


def _in_its_place(contract: Contract, column: Column, layout: Layout) -> tuple[str, str] | None:
    """The one unknown column that stands just between the neighbours of a required column."""
    at = contract.columns.index(column)
    around = [contract.columns[i].name for i in (at - 1, at + 1) if 0 <= i < len(contract.columns)]
    places = [number_of(letters) for name in around if (letters := layout.letters(name))]
    if not column.required or len(places) != 2 or places[1] - places[0] != 2:
        return None
    between = [one for one in layout.unknown if number_of(one[0]) == places[0] + 1]
    return between[0] if between else None


def unusable(contract: Contract, staged: Staged, layouts: Mapping[str, Layout]) -> dict[str, list[str]]:
    """Columns of a batch that are unreadable in most of their cells, required ones also where they are empty."""
    found: dict[str, list[str]] = {}
    needed = {c.name for c in required(contract)}
    for column in contract.columns:
        if column.volatile:
            continue
        for batch_id, share in _shares(column, staged, is_required=column.name in needed):
            text = _unusable(column, column.name in needed, layouts[batch_id], share)
            found.setdefault(batch_id, []).append(text)
    return found


def unusable_rows(contract: Contract, rows: Sequence[Row], layout: Layout) -> list[str]:
    """The same of one batch's rows, without a frame."""
    found = []
    needed = {c.name for c in required(contract)}
    for column in (c for c in contract.columns if not c.volatile):
        is_required = column.name in needed
        flags = [{p.severity for p in row.problems if p.column_name == column.name} for row in rows]
        filled = [column.name in row.attrs for row in rows]
        bad = [
            "error" in f or (is_required and not f and not is_filled)
            for f, is_filled in zip(flags, filled, strict=True)
        ]
        size = len(rows) if is_required else sum(b or f for b, f in zip(bad, filled, strict=True))
        least = UNUSABLE_FROM_ROWS if is_required else OPTIONAL_FROM_CELLS
        if size >= least and sum(bad) / size >= UNUSABLE_SHARE:
            found.append(_unusable(column, is_required, layout, sum(bad) / size))
    return found


def _unusable(column: Column, is_required: bool, layout: Layout, share: float) -> str:
    letters = layout.letters(column.name)
    name = f"{'必填列' if is_required else '列'}“{column.header}”{f'（{letters}列）' if letters else ''}"
    fault = "为空或无法识别" if is_required else "无法识别"
    return f"{name}有{share:.0%}的行{fault}，可能改了名称或格式，请核对该列后重新报送"


def _shares(column: Column, staged: Staged, *, is_required: bool) -> Iterator[tuple[str, float]]:
    """(batch, share) where too many of the cells that should say something do not."""
    from courtyard.validation.frame import raw_name  # pandas comes with it, which a dry run does without

    batch, frame = staged.place["batch_id"], staged.frame
    is_bad = frame[flag(column.name, "error")].notna()
    if is_required:
        is_bad |= frame[f"{column.name}__given"].isna()
    elif is_bad.any():
        filled = is_bad | frame[raw_name(column)].notna()
        is_bad, batch = is_bad[filled], batch[filled]
    if not is_bad.any():
        return
    least = UNUSABLE_FROM_ROWS if is_required else OPTIONAL_FROM_CELLS
    for batch_id, size, share in is_bad.groupby(batch).agg(["size", "mean"]).itertuples(name=None):
        if size >= least and share >= UNUSABLE_SHARE:
            yield str(batch_id), float(share)
