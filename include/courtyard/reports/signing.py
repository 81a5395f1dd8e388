"""Sign-off: a publication waits for its approver, who signs it or returns it. Bound to revision and content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from courtyard.context import Context
from courtyard.desk.deciding import Signed
from courtyard.district import posts
from courtyard.district.models import Recipient, ReportSpec
from courtyard.errors import HeldError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import written
from courtyard.reports import folder, waiving
from courtyard.reports.checking import known_report

STATES = {"waiting": "待签发", "signed": "已签发", "returned": "退回"}

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")  # the publisher's, see publishing
_LATEST = text("""
SELECT DISTINCT ON (p.report, p.period) p.report, p.period, p.revision, p.content_hash, p.folder, p.manifest,
       s.decision, s.post, s.reason, s.at
  FROM publish.publication p
  LEFT JOIN LATERAL (
       SELECT decision, post, reason, at FROM publish.sign_off s
        WHERE (s.street_code, s.report, s.period, s.revision, s.content_hash)
            = (p.street_code, p.report, p.period, p.revision, p.content_hash) AND decision <> 'refused'
        ORDER BY sign_id DESC LIMIT 1) s ON true
 WHERE p.street_code = :street
   AND (CAST(:report AS text) IS NULL OR p.report = :report) AND (CAST(:period AS text) IS NULL OR p.period = :period)
 ORDER BY p.report, p.period, p.revision DESC
""")
_ENTER = text("""
INSERT INTO publish.sign_off (street_code, report, period, revision, content_hash, decision, reason, post, at)
VALUES (:street, :report, :period, :revision, :content_hash, :decision, :reason, :post, :at)
""")
_APPROVE = text("""
UPDATE publish.publication SET manifest = :manifest
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision
""")
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)")


@dataclass(frozen=True)
class Target:
    """What is decided on: a report's period; with revision and content, only while these are the newest."""

    report: str
    period: str
    revision: int | None = None
    content_hash: str | None = None


@dataclass(frozen=True)
class Publication:
    """The newest revision of a report's period and where it stands. `decided` is what its approver last said."""

    spec: ReportSpec
    period: Period
    revision: int
    content_hash: str
    folder: str
    manifest: dict[str, Any]
    state: str
    decided: dict[str, Any]
    due_on: date
    preparer: str
    approver: str
    recipients: tuple[Recipient, ...]

    @classmethod
    def of(cls, ctx: Context, row: RowMapping) -> Publication:
        spec, period = ctx.district.reports[row["report"]], Period.parse(row["period"])
        office, pack = ctx.district.office, ctx.district.recipients
        preparer, approver = pack.signers(spec.report, office.preparer, office.reviewer)
        recipients, as_of = pack.of(spec), spec.as_of(period)
        decided = {key: row[key] for key in ("post", "reason", "at")} if row["decision"] else {}
        known = {key: row[key] for key in ("revision", "content_hash", "folder", "manifest")}
        due_on = min((recipient.due_on(spec, as_of) for recipient in recipients), default=as_of)
        state = row["decision"] or "waiting"
        return cls(spec, period, **known, state=state, decided=decided, due_on=due_on, preparer=preparer,
                   approver=approver, recipients=recipients)  # fmt: skip

    @property
    def target(self) -> Target:
        return Target(self.spec.report, str(self.period), self.revision, self.content_hash)

    @property
    def where(self) -> dict[str, Any]:
        return {"report": self.spec.report, "period": str(self.period), "revision": self.revision}

    def plain(self) -> dict[str, Any]:
        return {
            **self.where,
            "title": self.spec.title,
            "content_hash": self.content_hash,
            "state": self.state,
            "reason": self.decided.get("reason", ""),
            "due_on": self.due_on,
            "preparer": self.preparer,
            "approver": self.approver,
            "recipients": [recipient.name for recipient in self.recipients],
        }


def latest(
    connection: Connection, ctx: Context, report: str | None = None, period: str | None = None
) -> list[Publication]:
    """The newest publications of the pack's reports, by due date; older revisions are nobody's concern any more."""
    where = {"street": ctx.street_code, "report": report, "period": period}
    rows = connection.execute(_LATEST, where).mappings()
    found = [Publication.of(ctx, row) for row in rows if row["report"] in ctx.district.reports]
    return sorted(found, key=lambda p: (p.due_on, p.spec.report, p.period.start))


def waiting(ctx: Context) -> list[Publication]:
    """What is not signed: waiting or returned, by due date."""
    with ctx.engine("publisher").connect() as connection:
        return [publication for publication in latest(connection, ctx) if publication.state != "signed"]


def unanswered(ctx: Context, on: date) -> list[Publication]:
    """What its approver is still to be asked about on a day: neither signed, nor returned, nor waived."""
    with ctx.engine("publisher").connect() as connection:
        waived = waiving.valid(connection, ctx, on)
        found = latest(connection, ctx)
    return [p for p in found if p.state == "waiting" and p.spec.report not in waived]


def sign(ctx: Context, target: Target, signed: Signed) -> Publication:
    """The approver lets a publication out; see `_decide` for what is refused."""
    return _decide(ctx, target, "signed", signed)


def return_(ctx: Context, target: Target, signed: Signed) -> Publication:
    """The approver returns a publication, with a reason; it is not sent."""
    if not signed.reason.strip():
        raise UsageError("退回要写理由。", "请写明哪里不对、请谁更正。")
    return _decide(ctx, target, "returned", signed)


def _decide(ctx: Context, target: Target, decision: str, signed: Signed) -> Publication:
    """Enter a decision and put it into the manifest, in the warehouse and on disk.

    UsageError for what was not published, is not the newest any more or is signed already, and for a post that may
    not sign it; HeldError when the publication's files are gone.
    """
    reason = written.reason(signed.reason)
    spec, period = known_report(ctx, target.report), Period.parse(target.period)
    where = {"street": ctx.street_code, "report": spec.report, "period": str(period)}
    with ctx.engine("publisher").begin() as connection:
        connection.execute(_LOCK, {"name": "/".join(where.values())})
        publication = newest(connection, ctx, target)
        if publication.state == "signed":
            told = f"已由{publication.decided['post']}签发"
            raise UsageError(
                f"《{spec.title}》{period.title}第{publication.revision}版{told}。", "数据有误请更正后出新版。"
            )
        check_approver(ctx, publication, signed)
        bound = {**where, "revision": publication.revision, "content_hash": publication.content_hash}
        said = {"decision": decision, "reason": reason, "post": signed.post}
        connection.execute(_ENTER, {**bound, **said, "at": signed.at})
        manifest = _approved(publication, said, signed.at)
        connection.execute(_APPROVE, {**where, "revision": publication.revision, "manifest": Jsonb(manifest)})
        action = "sign" if decision == "signed" else "return"
        connection.execute(
            _AUDIT, {"at": signed.at, "actor": ctx.holder, "action": action, "object": publication.folder}
        )
        path = ctx.settings.published / publication.folder
        if not folder.has_files(path, manifest):
            raise HeldError("这一版的文件缺失或损坏。", "请先运行该季度把它恢复，再签发。")
        folder.write_manifest(path, manifest)  # last: when it fails, nothing was decided
        return newest(connection, ctx, target)


def _approved(publication: Publication, said: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """The manifest with one more approval."""
    entry = {**said, "preparer": publication.preparer, "at": at.astimezone(SHANGHAI).isoformat(timespec="seconds")}
    return {**publication.manifest, "approvals": [*publication.manifest["approvals"], entry]}


def newest(connection: Connection, ctx: Context, target: Target) -> Publication:
    """The publication that a target means, if it is still the newest."""
    found = latest(connection, ctx, target.report, str(Period.parse(target.period)))
    if not found:
        title = known_report(ctx, target.report).title
        raise UsageError(f"《{title}》{target.period}没有发布过。", "请先运行该季度，或改正期别。")
    (publication,) = found
    if target.revision not in (None, publication.revision) or target.content_hash not in (
        None,
        publication.content_hash,
    ):
        raise UsageError(
            f"《{publication.spec.title}》{publication.period.title}第{target.revision}版已不是最新的一版。",
            f"请核对并签发第{publication.revision}版。",
        )
    return publication


def check_approver(ctx: Context, publication: Publication, signed: Signed) -> None:
    """UsageError unless the post is the report's approver, and somebody else than its preparer holds it."""
    preparer, approver, day = publication.preparer, publication.approver, signed.at.astimezone(SHANGHAI).date()
    if signed.post == preparer:
        raise UsageError(f"{preparer}是填报岗位，不能签发自己填报的报表。", f"请由{approver}签发。")
    if signed.post != approver:
        posts.required(ctx.district, signed.post, day)
        raise UsageError(f"《{publication.spec.title}》不由{signed.post}签发。", f"请由{approver}签发。")
    holder = posts.required(ctx.district, approver, day).holder
    unit, _, post = preparer.partition("/")
    prepares = posts.Posts(ctx.district).holder(unit, post, day) if post else None
    if holder and prepares and prepares.holder == holder:
        raise UsageError(
            f"{preparer}和{approver}现由同一人担任，不能自己签发。", "请在 recipients.yaml 中另定签发岗位。"
        )


def refuse(ctx: Context, targets: list[Target], post: str, reason: str, at: datetime) -> None:
    """Keep an answer that was not accepted, so that whoever is asked again reads why."""
    with ctx.engine("publisher").begin() as connection:
        for target in targets:
            bound = {**vars(target), "street": ctx.street_code, "decision": "refused"}
            connection.execute(_ENTER, {**bound, "reason": reason, "post": post, "at": at})
