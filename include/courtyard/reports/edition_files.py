"""The files of a revision: the form, what changed in it, its views, and the manifest; made once, or made again."""

from __future__ import annotations

from sqlalchemy import RowMapping, text

from courtyard.errors import HeldError
from courtyard.period import SHANGHAI
from courtyard.reports import causes, changes, comparison_sheet, folder, form, views
from courtyard.reports.changes import Entry
from courtyard.reports.content import Content
from courtyard.reports.job import Job

_KNOWN_AT = text("""
SELECT as_known_at FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision
""")


def made_of(
    job: Job, made: Content, revision: int, entries: list[Entry], recorded: folder.Manifest | None = None
) -> tuple[dict[str, bytes], folder.Manifest]:
    """The form, beside it what changed and its views (of a recorded manifest as chosen then), and the manifest of all."""
    name = f"{job.spec.title}_{job.period}_r{revision}.xlsx"
    files = {name: form.render(job.ctx, job.spec, made)}
    if entries:
        compared = comparison_sheet.name(job.spec.title, str(job.period), revision)
        files[compared] = _comparison(job, made, revision, entries)
    shown = dict.fromkeys(files, folder.FULL)
    for view, (kind, body) in views.files(job, made, revision, recorded).items():
        files[view], shown[view] = body, kind
    return files, {
        "report": job.spec.report,
        "title": job.spec.title,
        "recipient": job.spec.recipient,
        "period": str(job.period),
        "revision": revision,
        "supersedes": revision - 1 if revision > 1 else None,
        "as_known_at": made.as_known_at.astimezone(SHANGHAI).isoformat(),
        "content_hash": made.content_hash,
        "form": name,
        "files": {file: folder.sha256(body) for file, body in files.items()},
        "views": shown,
        "changes": len(entries),
        "trace": f"courtyard trace {job.spec.report} {job.period} <单元格>",
        "rows": len(made.rows),
        "notes": list(made.notes),
        "approvals": [],
    }


def _comparison(job: Job, made: Content, revision: int, entries: list[Entry]) -> bytes:
    known_at = job.connection.scalar(_KNOWN_AT, {**job.where, "revision": revision - 1})
    title = f"{job.ctx.district.office.short_name}{job.period.title}{job.spec.title}"
    about = comparison_sheet.About(title, revision - 1, known_at, revision, made.as_known_at)
    words = causes.described(job.connection, job.ctx.district, {c for entry in entries for c in entry.causes})
    return comparison_sheet.render(about, entries, words)


def restore(job: Job, row: RowMapping) -> None:
    """Make a recorded revision's folder whole again, from the warehouse as it was known then.

    The recorded manifest holds: what people added to it later (approvals) cannot be made again.
    """
    path, manifest = job.path(row["revision"]), row["manifest"]
    if folder.is_whole(path, manifest):
        return
    if folder.has_files(path, manifest):
        folder.write_manifest(path, manifest)
        return
    made = job.content(row["as_known_at"], notes=manifest["notes"])
    entries = changes.kept(job, row["revision"])
    files, again = made_of(job, made, row["revision"], entries, manifest)
    if again["files"] != manifest["files"]:
        raise HeldError(
            f"已发布的第 {row['revision']} 版文件缺失或损坏，且无法按原样重做。", "请从备份恢复它的文件夹。"
        )
    folder.write(path, files, manifest)
