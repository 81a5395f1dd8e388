"""The views of a publication beside its full form: masked names, or counts without small ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openpyxl.utils import coordinate_to_tuple

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.district.report_views import View, title_of
from courtyard.privacy import masking
from courtyard.reports import counting, disclosing, form, readiness
from courtyard.reports.content import DASH, Content, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from courtyard.reports.publishing import Job


def files(job: Job, made: Content, revision: int, recorded: dict[str, Any] | None) -> dict[str, tuple[str, bytes]]:
    """Each view's file name, its kind and its bytes; of a recorded publication those that it had then."""
    then = None if recorded is None else set(recorded.get("views", {}).values())
    found: dict[str, tuple[str, bytes]] = {}
    for view in job.spec.views:
        if then is None or view.kind in then:
            name = f"{job.spec.title}_{job.period}_r{revision}_{title_of(view.kind)}.xlsx"
            spec, shown = (
                _masked(job, view, made)
                if view.kind == "masked"
                else _counts(job, view, made, revision, then is not None)
            )
            found[name] = view.kind, form.render(job.ctx, spec, shown)
    return found


def entitled(ctx: Context, report: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Who may get which file of a publication: [{file, view, recipients, basis}]; the full form's view is `full`."""
    spec = ctx.district.reports[report]
    by_kind = {view.kind: view for view in spec.views}
    found = []
    for name in manifest["files"]:
        kind = manifest.get("views", {}).get(name, "full")
        if kind == "full":
            recipients, basis = [manifest["recipient"]], spec.basis
        else:
            view = by_kind.get(kind)  # of a view that the pack has given up nobody is entitled any more
            recipients, basis = (list(view.recipients), view.basis) if view else ([], "")
        found.append({"file": name, "view": kind, "recipients": recipients, "basis": basis})
    return found


def _masked(job: Job, view: View, made: Content) -> tuple[ReportSpec, Content]:
    masks = [_mask(job, view, column) for column in job.spec.columns]
    rows = tuple(tuple(mask(value) for mask, value in zip(masks, row, strict=True)) for row in made.rows)
    said = f"本表已脱敏，提供依据：{view.basis}。{masking.WITHHELD}为不提供的内容，地址只到院落。"
    return job.spec, _dressed(view, made, rows, [said])


def _mask(job: Job, view: View, column: ReportColumn) -> Callable[[Value], Value]:
    """What a column's cells become; numbers and codes that declare nothing stay."""
    if column.mask == "drop":
        return lambda value: masking.WITHHELD
    if column.mask == "address":
        return counting.courtyard_namer(job.ctx.district, job.spec.as_of(job.period))
    text: dict[str, Callable[[str], str]] = {
        "name": masking.name,
        "id_number": lambda number: masking.id_number(number, view.keeps),
        "phone": masking.phone,
        "date": masking.date,
    }
    mask = text.get(column.mask or "keep")
    if mask is None:
        return lambda value: value
    return lambda value: value if value is None or value == DASH else mask(str(value))


def _counts(job: Job, view: View, made: Content, revision: int, is_recorded: bool) -> tuple[ReportSpec, Content]:
    spec, counted = job.spec, made
    if view.dimensions:
        spec, view, counted = counting.of_roster(job.ctx, job.spec, view, job.period, made)
    table = counting.table(spec, view, job.period, counted)
    pattern = disclosing.recorded(job, revision) if is_recorded else disclosing.chosen(job, revision, table)
    rows = counting.starred(spec, view, counted, pattern.hidden)
    least = job.ctx.district.office.small_count
    said = f"“{counting.STAR}”为小于{least}的数，或为防止推算而一并不公布的数；0为实数。"
    if pattern.is_whole:
        said = f"“{counting.STAR}”为不公布的数：本期任何较小范围的遮蔽都不能防止推算。"
    said = [said, f"提供依据：{view.basis}。"]
    return spec, _dressed(view, counted, rows, said)


def _dressed(view: View, made: Content, rows: tuple[tuple[Value, ...], ...], said: list[str]) -> Content:
    """The view's content: its title says what it is, and of the form's notes only those stay that tell nothing of persons."""
    kept = (*view.keep_notes, *readiness.SUBMISSION_LABELS)
    notes = [note for note in made.notes if note.startswith(kept)]
    title = min(made.metadata, key=coordinate_to_tuple)
    metadata = {**made.metadata, title: f"{made.metadata[title]}（{title_of(view.kind)}）"}
    return replace(made, rows=rows, metadata=metadata, notes=(*notes, *said))
