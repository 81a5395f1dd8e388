"""Asking an approver, a department at a time: what is to be signed, and what an answer means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from courtyard.context import Context
from courtyard.desk.deciding import Signed
from courtyard.errors import CourtyardError, UsageError
from courtyard.period import SHANGHAI
from courtyard.reports import reminding, signing
from courtyard.reports.signing import Publication, Target

SIGN, RETURN = "签发", "退回"
OPTIONS = (SIGN, RETURN)
CHECKS = {"passed": "通过", "explained": "已说明", "failing": "不符", "not_compared": "未比较"}

# The last answer that was not accepted, unless a decision came after it.
_REFUSED = text("""
SELECT DISTINCT ON (report, period, revision) decision, reason FROM publish.sign_off
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision
 ORDER BY report, period, revision, sign_id DESC
""")


class WrongAnswer(CourtyardError):
    """An answer that cannot be taken: the approver is asked again and reads why."""


@dataclass(frozen=True)
class Question:
    """What one approver is to sign for one department."""

    department: str
    approver: str
    publications: tuple[Publication, ...]

    @property
    def label(self) -> str:
        return f"{self.department}（{self.approver}）"

    @property
    def targets(self) -> list[dict[str, Any]]:
        """The very revisions and contents that are shown."""
        return [vars(publication.target) for publication in self.publications]


@dataclass(frozen=True)
class Answer:
    """What was answered. `only` names some of the publications as `report period`, all of them when empty."""

    option: str
    post: str
    reason: str = ""
    only: str = ""


def questions(ctx: Context, on: date) -> list[Question]:
    """What waits for a signature, by department and approver; what was returned is not asked again."""
    found: dict[tuple[str, str], list[Publication]] = {}
    for publication in signing.unanswered(ctx, on):
        found.setdefault((publication.spec.recipient, publication.approver), []).append(publication)
    return [Question(*key, tuple(publications)) for key, publications in found.items()]


def preview(ctx: Context, question: Question, on: date) -> str:
    """The sign-off page in Markdown: each report with its revision, checks and notes; a refused answer's reason first."""
    return "\n".join([*_refused(ctx, question), *_intro(question), *(_shown(p, on) for p in question.publications)])


def _refused(ctx: Context, question: Question) -> list[str]:
    with ctx.engine("publisher").connect() as connection:
        rows = [
            row
            for publication in question.publications
            for row in connection.execute(_REFUSED, {**publication.where, "street": ctx.street_code})
        ]
    reasons = dict.fromkeys(row.reason for row in rows if row.decision == "refused")
    return [f"> **上次的答复没有被接受：{reason}**\n" for reason in reasons]


def _intro(question: Question) -> Iterator[str]:
    preparers = "、".join(dict.fromkeys(p.preparer for p in question.publications))
    yield f"报送{question.department}的 {len(question.publications)} 张报表待签发。填报：{preparers}；签发：{question.approver}。"
    yield f"请选“{SIGN}”或“{RETURN}”，并填写签发岗位；退回须写理由。"
    yield "同一页再次出现，说明上次的答复没有被接受，原因已另行通知，也可用 courtyard sign 报表 期别 查看。\n"


def _shown(publication: Publication, on: date) -> str:
    manifest = publication.manifest
    late = "，**已过期限**" if publication.due_on < on else ""
    replaces = f"，取代第{manifest['supersedes']}版" if manifest.get("supersedes") else ""
    lines = [
        f"### {publication.spec.title} {publication.period.title} 第{publication.revision}版{replaces}",
        f"- 报表 `{publication.spec.report} {publication.period}`，{manifest['rows']} 行，{publication.due_on}前报送{late}",
        f"- 数据截至 {datetime.fromisoformat(manifest['as_known_at']).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    ]
    for check in manifest.get("checks", ()):
        said = check["reason"] if check["status"] in ("explained", "not_compared") else ""
        lines.append(f"- 核对：{check['title']}：{CHECKS[check['status']]}" + (f"。{said}" if said else ""))
        if check.get("explanation"):
            lines.append(f"  - {check['explanation']['post']}说明：{check['explanation']['reason']}")
    lines += [f"- 注：{note}" for note in manifest.get("notes", ())]
    lines += [f"- 文件：{name}" for name in manifest["files"]]
    return "\n".join(lines) + "\n"


def answer(ctx: Context, asked: Sequence[dict[str, Any]], given: Answer, at: datetime) -> dict[str, list[str]]:
    """Carry out an answer on what was asked: `signed`, `returned`, and `passed_over` (decided meanwhile or replaced).

    Raises WrongAnswer, and keeps its reason with the publications, when the answer cannot be taken; then nothing of it
    was carried out.
    """
    targets = [Target(**target) for target in asked]
    try:
        chosen = _chosen(targets, given)
        current, passed_over = _still_waiting(ctx, chosen)
        for publication in current:
            signing.check_approver(ctx, publication, Signed(given.post.strip(), given.reason, at))
    except UsageError as error:
        signing.refuse(ctx, targets, given.post.strip(), str(error), at)
        reminding.tell_refused(ctx, targets[0], str(error), at)
        raise WrongAnswer(error.message, error.remedy) from None
    decide = signing.sign if given.option == SIGN else signing.return_
    done: dict[str, list[str]] = {"signed": [], "returned": [], "passed_over": [_named(t) for t in passed_over]}
    for publication in current:
        decide(ctx, publication.target, Signed(given.post.strip(), given.reason, at))
        done["signed" if given.option == SIGN else "returned"].append(_named(publication.target))
    return done


def _chosen(targets: list[Target], given: Answer) -> list[Target]:
    if given.option not in OPTIONS:
        raise UsageError("没有选签发或退回。", f"请选“{SIGN}”或“{RETURN}”。")
    if not given.post.strip():
        raise UsageError("没有填写签发岗位。", "请写以哪个岗位签发。")
    if given.option == RETURN and not given.reason.strip():
        raise UsageError("退回要写理由。", "请写明哪里不对、请谁更正。")
    known = {_named(target): target for target in targets}
    wanted = [part.strip() for part in given.only.replace("，", ",").replace("\n", ",").split(",") if part.strip()]
    if unknown := [part for part in wanted if part not in known]:
        raise UsageError(f"“{unknown[0]}”不在待签发之列。", f"请照写，如 {next(iter(known))}；全部则留空。")
    return [known[part] for part in wanted] or targets


def _still_waiting(ctx: Context, targets: list[Target]) -> tuple[list[Publication], list[Target]]:
    """What of it still waits in the very revision that was shown, and the rest."""
    waits = {p.target: p for p in signing.waiting(ctx) if p.state == "waiting"}
    return [waits[t] for t in targets if t in waits], [t for t in targets if t not in waits]


def _named(target: Target) -> str:
    return f"{target.report} {target.period}"
