"""The bulletin as a revision: the folder, the manifest and the record that every report has."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from courtyard.context import Context
from courtyard.errors import HeldError
from courtyard.period import SHANGHAI
from courtyard.reports import folder
from courtyard.reports.bulletin import composing, figures
from courtyard.reports.bulletin.figures import REPORT, Figures
from courtyard.store import lease

TITLE, RECIPIENT = "季度简报", "街道班子成员、各社区"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LATEST = text("""
SELECT revision, content_hash, folder, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY revision DESC LIMIT 1
""")
_RECORD = text("""
INSERT INTO publish.publication
    (street_code, report, period, revision, content_hash, as_known_at, folder, rows, manifest)
VALUES (:street, :report, :period, :revision, :content_hash, :as_known_at, :folder, :rows, :manifest)
""")
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'export', :object)")


def publish(ctx: Context) -> tuple[str, dict[str, Any]] | None:
    """See `courtyard.reports.bulletin.publish`."""
    where = {"street": ctx.street_code, "report": REPORT, "period": str(ctx.period)}
    with ctx.engine("publisher").begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_LOCK, {"name": "/".join(where.values())})
        found = figures.read(connection, ctx, ctx.period)
        if found is None:
            return None
        latest = connection.execute(_LATEST, where).mappings().one_or_none()
        if latest and latest["content_hash"] == _content_hash(found):
            _restore(ctx, found, latest)
            outcome, revision = "unchanged", latest["revision"]
        else:
            outcome, revision = "published", (latest["revision"] if latest else 0) + 1
            _issue(connection, ctx, found, where | {"revision": revision})
    entry = {"report": REPORT, "period": str(ctx.period), "revision": revision, "folder": _folder(ctx, revision)}
    return outcome, entry


def _folder(ctx: Context, revision: int) -> str:
    return f"{ctx.period}/{REPORT}/r{revision}"


def _content_hash(found: Figures) -> str:
    """Of what is said, apart from the moment at which it was known."""
    said = {**asdict(found), "as_known_at": None}
    written = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _files(ctx: Context, found: Figures, revision: int) -> tuple[dict[str, bytes], folder.Manifest]:
    name = f"{TITLE}_{ctx.period}_r{revision}.docx"
    body = composing.document(ctx.district, found)
    return {name: body}, {
        "report": REPORT,
        "title": TITLE,
        "recipient": RECIPIENT,
        "period": str(ctx.period),
        "revision": revision,
        "supersedes": revision - 1 if revision > 1 else None,
        "as_known_at": found.as_known_at.astimezone(SHANGHAI).isoformat(),
        "content_hash": _content_hash(found),
        "files": {name: folder.sha256(body)},
        "rows": len(found.measures),
        "notes": [],
        "approvals": [],
    }


def _issue(connection: Connection, ctx: Context, found: Figures, where: dict[str, Any]) -> None:
    files, manifest = _files(ctx, found, where["revision"])
    target = ctx.settings.published / _folder(ctx, where["revision"])
    if not folder.is_whole(target, manifest):
        _write(target, files, manifest)
    recorded = {
        **where,
        "content_hash": manifest["content_hash"],
        "as_known_at": found.as_known_at,
        "folder": _folder(ctx, where["revision"]),
        "rows": manifest["rows"],
        "manifest": Jsonb(manifest),
    }
    connection.execute(_RECORD, recorded)
    connection.execute(_AUDIT, {"actor": ctx.holder, "object": recorded["folder"]})


def _restore(ctx: Context, found: Figures, row: RowMapping) -> None:
    """Make the newest revision's folder whole again: its content is what it was."""
    target = ctx.settings.published / row["folder"]
    if folder.is_whole(target, row["manifest"]):
        return
    files, manifest = _files(ctx, found, row["revision"])
    if manifest["files"] != row["manifest"]["files"]:
        raise HeldError(
            f"已发布的简报第 {row['revision']} 版文件缺失或损坏，且无法按原样重做。", "请从备份恢复它的文件夹。"
        )
    _write(target, files, row["manifest"])


def _write(target: Path, files: dict[str, bytes], manifest: folder.Manifest) -> None:
    try:
        folder.write(target, files, manifest)
    except OSError as error:
        raise HeldError(f"简报写不进 published 文件夹（{error.strerror}）。", "请检查磁盘。") from None
