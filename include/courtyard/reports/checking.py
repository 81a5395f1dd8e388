"""The results of checks in the warehouse, and the explanations that posts give for differences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.desk.deciding import Signed
from courtyard.district.models import ReportSpec
from courtyard.district.report_checks import ChangeCheck, is_explainable
from courtyard.errors import HeldError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.reports import reconciling, tallying
from courtyard.reports.reconciling import Verdict
from courtyard.reports.tallying import Figures

Where = dict[str, str]

_EXPLANATIONS = text("""
SELECT check_name, figures, post, reason, at FROM publish.explanation
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY explanation_id DESC
""")
_LAST = text("""
SELECT r.tally FROM publish.publication p
  JOIN publish.check_result r USING (street_code, report, period, content_hash)
 WHERE p.street_code = :street AND p.report = :report AND p.period = :period AND r.check_name = :check
   AND p.revision = (SELECT max(revision) FROM publish.publication n
                      WHERE n.street_code = p.street_code AND n.report = p.report AND n.period = p.period)
""")
# What was checked but never published is replaced by what is checked now.
_FORGET = text("""
DELETE FROM publish.check_result r
 WHERE street_code = :street AND report = :report AND period = :period
   AND (content_hash = :content_hash OR NOT EXISTS (
        SELECT FROM publish.publication p
         WHERE (p.street_code, p.report, p.period, p.content_hash)
             = (r.street_code, r.report, r.period, r.content_hash)))
""")
_STORE = text("""
INSERT INTO publish.check_result
    (street_code, report, period, content_hash, check_name, place, title, status, reason, figures, tally)
VALUES (:street, :report, :period, :content_hash, :check, :place, :title, :status, :reason, :figures, :tally)
""")
_FAILING = text("""
SELECT report, period, check_name AS check, title, reason, figures FROM publish.check_result
 WHERE street_code = :street AND status = 'failing' ORDER BY period, report, place
""")
_EXPLAIN = text("""
INSERT INTO publish.explanation (street_code, report, period, check_name, figures, reason, post, at)
VALUES (:street, :report, :period, :check, :figures, :reason, :post, :at)
""")
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'explain', :object)")


@dataclass(frozen=True)
class Checked:
    """A form's verdicts, bound to its content."""

    content_hash: str
    verdicts: tuple[Verdict, ...]

    @property
    def failing(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.status == "failing"]


class Unreconciled(HeldError):
    """A form does not add up: it waits with the reason of every check that fails."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(" ".join(verdict.reason for verdict in checked.failing))
        self.checked = checked


def check(connection: Connection, where: Where, form: reconciling.Form) -> Checked:
    """Judge a form; a difference that is explained for exactly these figures passes. Nothing is stored."""
    known = connection.execute(_EXPLANATIONS, where).all() if form.spec.checks else []
    found = []
    last = {**where, "period": str(form.period.previous())}

    def published(change: ChangeCheck) -> Figures | None:
        return tallying.recalled(change.figure, connection.scalar(_LAST, {**last, "check": change.check}))

    for verdict in reconciling.judge(replace(form, published=published)):
        if verdict.status == "failing":
            for row in known:
                if row.check_name == verdict.check and row.figures == verdict.figures:
                    said = {"post": row.post, "reason": row.reason, "at": row.at.astimezone(SHANGHAI).isoformat()}
                    verdict = reconciling.explained(verdict, said)
                    break
        found.append(verdict)
    return Checked(form.content.content_hash, tuple(found))


def store(connection: Connection, where: Where, checked: Checked) -> None:
    """Keep the results of a content, in the caller's transaction."""
    bound = {**where, "content_hash": checked.content_hash}
    connection.execute(_FORGET, bound)
    for place, verdict in enumerate(checked.verdicts):
        values = {"check": verdict.check, "title": verdict.title, "status": verdict.status, "reason": verdict.reason}
        values |= {"figures": Jsonb(verdict.figures), "tally": verdict.tally and Jsonb(verdict.tally)}
        connection.execute(_STORE, {**bound, **values, "place": place})


def failing(ctx: Context) -> list[dict[str, Any]]:
    """Every check that holds a report now: {report, period, check, title, reason, figures}."""
    with ctx.engine("publisher").connect() as connection:
        return [dict(row) for row in connection.execute(_FAILING, {"street": ctx.street_code}).mappings()]


def explain(ctx: Context, report: str, period: Period, check_name: str, signed: Signed) -> dict[str, Any]:
    """Keep why the figures of a failing check are right; the next run publishes.

    Returns {report, period, check, figures}. Raises UsageError for a report, check or post that does not exist,
    for a check that nobody can explain away, and for one that is not failing.
    """
    spec = known_report(ctx, report)
    wanted = next((c for c in spec.checks if c.check == check_name), None)
    if wanted is None:
        names = "、".join(c.check for c in spec.checks) or "无"
        raise UsageError(f"《{spec.title}》没有“{check_name}”这项核对。", f"可选：{names}。")
    if not is_explainable(wanted):
        raise UsageError(f"“{wanted.title}”不能用说明代替。", "请更正数据后重新运行。")
    signed.checked(ctx)
    entry = next(
        (e for e in failing(ctx) if (e["report"], e["period"], e["check"]) == (report, str(period), check_name)), None
    )
    if entry is None:
        raise UsageError(f"《{spec.title}》{period.title}的“{wanted.title}”没有待说明的不符。", "请先运行该季度。")
    where = {"street": ctx.street_code, "report": report, "period": str(period)}
    with ctx.engine("publisher").begin() as connection:
        values = {"check": check_name, "figures": Jsonb(entry["figures"]), "reason": signed.reason.strip()}
        connection.execute(_EXPLAIN, {**where, **values, "post": signed.post, "at": signed.at})
        place = f"{period}/{report} {check_name}"
        connection.execute(_AUDIT, {"at": signed.at, "actor": ctx.holder, "object": place})
    return {"report": report, "period": str(period), "check": check_name, "figures": entry["figures"]}


def known_report(ctx: Context, report: str) -> ReportSpec:
    """The report of this name; UsageError lists the names."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    return spec
