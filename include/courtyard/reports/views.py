"""The views of a publication beside its full form: masked names, or counts without small ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openpyxl.utils import coordinate_to_tuple

from courtyard.context import Context
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.district.report_views import View, title_of
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.privacy import masking
from courtyard.reports import counting, disclosing, folder, form, published, readiness
from courtyard.reports.content import DASH, Content, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from courtyard.reports.job import Job


def files(job: Job, made: Content, revision: int, recorded: dict[str, Any] | None) -> dict[str, tuple[str, bytes]]:
    """Each view's file name, its kind and its bytes; of a recorded publication those that it had then."""
    then = None if recorded is None else recorded.get("views", {}).values()
    found: dict[str, tuple[str, bytes]] = {}
    for view in job.spec.views:
        if then is not None and view.kind not in then:
            continue
        if view.kind == "masked":
            spec, shown = _masked(job, view, made)
        else:
            spec, shown = _counts(job, view, made, revision, is_new=then is None)
        name = f"{job.spec.title}_{job.period}_r{revision}_{title_of(view.kind)}.xlsx"
        found[name] = view.kind, form.render(job.ctx, spec, shown)
    return found


def entitled(ctx: Context, report: str, period: str) -> dict[str, Any]:
    """See `courtyard.reports.entitled`."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    with ctx.engine("publisher").connect() as connection:
        latest = published.find(connection, ctx, spec, Period.parse(period), None)
    return {
        "report": report,
        "title": spec.title,
        "period": str(latest.period),
        "revision": latest.revision,
        "folder": latest.folder,
        "files": [_to_whom(spec, latest.manifest, name) for name in latest.manifest["files"]],
    }


def _to_whom(spec: ReportSpec, manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """Who may get a file of a publication and on what basis; nobody any more, where the pack gave a view up."""
    kind = folder.view_of(manifest, name)
    if kind == folder.FULL:
        return {"file": name, "view": kind, "recipients": [manifest["recipient"]], "basis": spec.basis}
    view = next((view for view in spec.views if view.kind == kind), None)
    return {
        "file": name,
        "view": kind,
        "recipients": list(view.recipients) if view else [],
        "basis": view.basis if view else "",
    }


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
    masks: dict[str, Callable[[str], str]] = {
        "name": masking.name,
        "id_number": lambda number: masking.id_number(number, view.keeps),
        "phone": masking.phone,
        "date": masking.date,
    }
    mask = masks.get(column.mask or "keep")
    if mask is None:
        return lambda value: value
    return lambda value: value if value is None or value == DASH else mask(str(value))


def _counts(job: Job, view: View, made: Content, revision: int, *, is_new: bool) -> tuple[ReportSpec, Content]:
    spec, counted = job.spec, made
    if view.dimensions:
        spec, view, counted = counting.of_roster(job.ctx, job.spec, view, job.period, made)
    table = counting.table(spec, view, job.period, counted)
    pattern, least = disclosing.chosen(job, revision, table) if is_new else disclosing.recorded(job, revision)
    rows = counting.starred(spec, view, counted, pattern.hidden)
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
