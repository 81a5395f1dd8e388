"""What each row below a header is: data, or part of the form (totals, notes, the sample, 本季度无, 无变化).

Every row of a sheet goes into exactly one class. A row that could be either is data: a row wrongly
taken for a note would be lost, one wrongly taken for data is quarantined and seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from courtyard.district.models import Contract
from courtyard.parsing import metadata
from courtyard.parsing.cells import Typed, shown
from courtyard.parsing.headers import Header
from courtyard.parsing.sheets import Merge, Row
from courtyard.parsing.text import clean, compact

_LEAST_ID = 15  # an ID number of the first kind; no total has so many digits in that column
_TOTAL = re.compile(r"^(合计|小计|总计|共计|累计|本页合计)(?::|$|(?=\d|共))")
_NOTE = re.compile(
    r"^(?:附?注|备注|说明|填表说明|填报说明|注意事项|填[报表]人|审核人|负责人|单位负责人|主管领导|制表人?|统计人|复核人?"
    r"|经办人|签字|签名|签章|盖章|联系人)(?:签字|签名|签章|电话|\(.{0,8}\))?[\d一二三]{0,2}[:.、]"
)
_COUNT = re.compile(r"(\d+)\s*(人|名|条|行|户|人次)")


@dataclass
class Body:
    """The rows of a sheet below its header, by class."""

    data: list[Row] = field(default_factory=list)
    totals: list[tuple[Row, int]] = field(default_factory=list)  # with the number of data rows above it
    notes: list[Row] = field(default_factory=list)
    samples: list[Row] = field(default_factory=list)
    empty_forms: list[Row] = field(default_factory=list)  # nothing but prefilled row numbers
    nil: list[Row] = field(default_factory=list)
    unchanged: list[Row] = field(default_factory=list)
    cleared: list[Row] = field(default_factory=list)  # prefilled rows that were emptied

    @property
    def structural(self) -> int:
        classes = (self.totals, self.notes, self.samples, self.empty_forms, self.nil, self.unchanged, self.cleared)
        return sum(map(len, classes))


def split(rows: Sequence[Row], header: Header, merges: Sequence[Merge] = ()) -> Body:
    """Classify the rows below a header. A lone cell merged over three columns or more is a line of text."""
    body = Body()
    wide = {merge.top for merge in merges if merge.right - merge.left >= 2}
    contract = header.contract
    known = set(header.columns.values())
    volatile = {header.columns[c.name] for c in contract.columns if c.volatile and c.name in header.columns}
    coded = {header.columns[c.name] for c in contract.columns if c.codes and c.name in header.columns}
    wanted = known - volatile
    reference = header.columns.get(contract.role("record_ref") or "")
    numbers = {header.columns[c.name] for c in contract.columns if c.type == "id_number" and c.name in header.columns}
    sample = {header.columns[n]: compact(v) for n, v in contract.sample_row.items() if n in header.columns}
    for row in rows:
        filled = {column: cell for column, cell in row.cells.items() if column in wanted}
        first = compact(clean(shown(row.cells[min(row.cells)])))
        if (_TOTAL.match(first) or _total_later(row, filled, volatile)) and not _is_somebody(row, numbers):
            body.totals.append((row, len(body.data)))
        elif answer := _statement(row, coded):
            (body.nil if answer == "nil" else body.unchanged).append(row)
        elif _is_note(row, first) or (row.number in wide and len(row.cells) == 1):
            body.notes.append(row)
        elif sample and _is_sample(filled, sample):
            body.samples.append(row)
        elif reference in row.cells and set(filled) <= {reference}:
            body.cleared.append(row)
        elif not filled:
            (body.empty_forms if set(row.cells) <= volatile else body.notes).append(row)
        else:
            body.data.append(row)
    return body


def _is_somebody(row: Row, numbers: set[int]) -> bool:
    """Whether a row gives an ID number: then it speaks of a person, whatever that person is called."""
    return any(len(compact(shown(row.cells[at]))) >= _LEAST_ID for at in numbers if at in row.cells)


def _total_later(row: Row, filled: dict, volatile: set[int]) -> bool:
    """合计 behind a row number."""
    if not filled or min(row.cells) not in volatile:
        return False
    return bool(_TOTAL.match(compact(shown(filled[min(filled)])))) and len(filled) <= 3


def _statement(row: Row, coded: set[int]) -> metadata.Answer | None:
    """本季度无 or 无变化 as the whole of a row; 无变化 in a column of codes is that column's value."""
    if len(row.cells) > 2:
        return None
    said = {metadata.answer_of(compact(shown(cell))) for at, cell in row.cells.items() if at not in coded}
    return "nil" if "nil" in said else "unchanged" if "unchanged" in said else None


def _is_note(row: Row, first: str) -> bool:
    """A signature or note line: every text in it is a label, or it stands alone."""
    if not (_NOTE.match(first) or metadata.has_label(first)):
        return False
    texts = [compact(shown(cell)) for cell in row.cells.values() if isinstance(cell, str)]
    labelled = sum(bool(_NOTE.match(text)) or text.endswith(":") or metadata.has_label(text) for text in texts)
    return len(row.cells) <= 2 or labelled * 2 >= len(row.cells)


def _is_sample(filled: dict, sample: dict[int, str]) -> bool:
    """The template's own row: equal in every cell the template names."""
    return all(compact(shown(filled.get(column))) == text for column, text in sample.items())


def reconcile(body: Body, header: Header, groups: int) -> list[tuple[Row, str]]:
    """Total rows that say something else than the rows above them, with what differs.

    A total may count rows (`12人`, a bare number below a text column), households (`5户`; `groups`
    of them) or sum a number column. A 小计 speaks of the rows since the last total.
    """
    found: list[tuple[Row, str]] = []
    start = 0
    for row, end in body.totals:
        is_part = "小计" in compact(shown(row.cells[min(row.cells)]))
        rows = body.data[start:end] if is_part else body.data[:end]
        start = end if is_part else start
        for stated, accepted in _claims(row, rows, header, None if is_part else groups):
            if stated not in accepted:
                found.append((row, f"写的是{stated:g}，数据行为{max(accepted):g}"))
                break
    return found


def _claims(row: Row, rows: Sequence[Row], header: Header, groups: int | None) -> list[tuple[float, set[float]]]:
    """(stated number, numbers that would be right) of a total row."""
    names = {column: name for name, column in header.columns.items()}
    claims: list[tuple[float, set[float]]] = []
    for column, cell in row.cells.items():
        text = compact(shown(cell))
        if isinstance(cell, Typed) and not cell.is_number:
            continue
        for number, unit in _COUNT.findall(text):
            if unit != "户":
                claims.append((float(number), {float(len(rows))}))
            elif groups is not None:
                claims.append((float(number), {float(groups), float(len(rows))}))
        if text.isdecimal() and len(text) < 10:
            right = {float(len(rows)), *_sums(names.get(column), column, rows, header.contract)}
            claims.append((float(text), right | ({float(groups)} if groups is not None else set())))
    return claims


def _sums(name: str | None, column: int, rows: Sequence[Row], contract: Contract) -> set[float]:
    if name is None or contract.column(name).type not in ("integer", "decimal"):
        return set()
    return {
        sum(float(t) for row in rows if (t := compact(shown(row.cells.get(column)))).replace(".", "", 1).isdecimal())
    }
