"""One published revision as it was: from the warehouse as known then, or from its file where the pack has changed since.

The warehouse gives typed values and what each row is about, and its content hash proves that nothing differs from what
was published. Only where it does (a standard, a register or the form itself was changed) are the values read from the
published file, which is what the recipient holds.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import RowMapping, text

from courtyard.errors import HeldError
from courtyard.reports import comparison
from courtyard.reports.comparison import Heading, Line, Said
from courtyard.reports.content import Content, Value, canonical
from courtyard.reports.layout import Layout

if TYPE_CHECKING:
    from courtyard.reports.job import Job

_LINES = text("""
SELECT form_row, sources FROM publish.cell_row
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision ORDER BY row_index
""")


@dataclass(frozen=True)
class Edition:
    """A revision, when it was known, and what it says."""

    revision: int
    as_known_at: datetime
    said: Said


def of_content(job: Job, revision: int, made: Content) -> Edition:
    return Edition(revision, made.as_known_at, comparison.said(job.spec, made))


def published(job: Job, row: RowMapping) -> Edition:
    """The edition of a row of `publish.publication`, whose folder is whole."""
    then = job.content(row["as_known_at"], notes=row["manifest"]["notes"])
    if then.content_hash == row["content_hash"]:
        return of_content(job, row["revision"], then)
    said = replace(comparison.said(job.spec, then), notes=tuple(row["manifest"]["notes"]))
    return Edition(row["revision"], row["as_known_at"], _from_file(job, row, said))


def form_file(manifest: dict[str, Any]) -> str:
    """The name of the form among a publication's files."""
    return manifest.get("form") or next(iter(manifest["files"]))


def _from_file(job: Job, row: RowMapping, then: Said) -> Said:
    """The file's values; `then`, made by the pack of today, tells what each row is about."""
    sheet = _sheet(job, row)
    anchors = {(r, c): m.start_cell for m in sheet.merged_cells.ranges for r, c in m.cells}
    kept = job.connection.execute(_LINES, {**job.where, "revision": row["revision"]}).all()
    identities = {canonical(line.sources): line.identity for line in then.lines}
    first = kept[0].form_row if kept else job.spec.first_row
    columns = _headings(sheet, first, job)
    lines = []
    for form_row, sources in kept:
        values = tuple(
            _value(anchors.get((form_row, i), sheet.cell(form_row, i)).value) for i in range(1, len(columns) + 1)
        )
        lines.append(Line(identities.get(canonical(sources), canonical(sources)), form_row, values, sources))
    place = Layout(job.spec, len(lines), len(then.notes))
    fixed: dict[str, tuple[str | None, str]] = {"标题": (None, row["manifest"]["title"])}
    for cell, template in job.spec.metadata.items():
        if "{filled_on}" not in template:
            at = place.metadata_cell(cell)
            fixed[f"表头表尾 {cell}"] = at, str(sheet[at].value or "")
    return Said(columns, tuple(lines), then.notes, place.first_note, fixed)


def _sheet(job: Job, row: RowMapping) -> Worksheet:
    try:
        body = (job.path(row["revision"]) / form_file(row["manifest"])).read_bytes()
    except OSError:
        raise HeldError(f"已发布的第 {row['revision']} 版文件缺失。", "请从备份恢复它的文件夹。") from None
    return load_workbook(io.BytesIO(body)).active


def _headings(sheet: Worksheet, first_row: int, job: Job) -> tuple[Heading, ...]:
    """The file's columns; one whose header the report no longer has goes by that header."""
    known = {
        re.sub(r"\s", "", c.header): h for c, h in zip(job.spec.columns, comparison.headings(job.spec), strict=True)
    }
    found = []
    for index in range(1, sheet.max_column + 1):
        texts = [str(sheet.cell(row, index).value) for row in range(max(1, first_row - 2), first_row)
                 if sheet.cell(row, index).value is not None]  # fmt: skip
        if not texts:
            break
        header = re.sub(r"\s", "", texts[-1])
        found.append(known.get(header, Heading(header, header)))
    return tuple(found)


def _value(value: Any) -> Value:
    return Decimal(str(value)) if isinstance(value, float) else value
