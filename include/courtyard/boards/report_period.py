"""One report of one period: its revisions, what changed, who approved, to whom it went; its files, for those entitled."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

from courtyard import reports
from courtyard.boards import answering, guard, menu, quarter_asked, quarter_reading, report, report_access
from courtyard.boards.refusal import Refused
from courtyard.boards.report_access import Access
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports import folder
from courtyard.reports.catalogue import reading, showing
from courtyard.reports.progress import Standing

_MOST_CHANGES = 500


def mount(app: FastAPI) -> None:
    @app.get("/reports/{report}/{period}")
    def one(request: Request, report: str, period: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _period(request, who, report, report_access.period_of(period))

    @app.get("/reports/{report}/{period}/changes")
    def changes(request: Request, report: str, period: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _changes(request, who, report, report_access.period_of(period))

    @app.get("/reports/{report}/{period}/files/{name}")
    def file(request: Request, report: str, period: str, name: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _file(request, who, (report, report_access.period_of(period)), name)


def _period(request: Request, who: Who, report_: str, period: Period) -> Response:
    ctx, day = guard.context(request), guard.today(request)
    with ctx.engine("publisher").connect() as connection:
        quarters = quarter_asked.all_until(ctx.district.office, day)
        found = report.told(connection, ctx, who, (day, quarters))
        standing = next((one for one in found if one.key == (report_, str(period))), None)
        if standing is None:
            raise _absent(request, ctx, who, (report_, period))
        access = report_access.to(ctx, who, report_, standing.entry.recipient)
        entry = reading.with_arrivals(connection, ctx, standing.entry)
        editions = {
            revision.number: report_access.edition(connection, ctx, report_, period, revision.number)
            for revision in entry.revisions
        }
    opened = {
        revision.number: report_access.files(editions[revision.number], access)
        for revision in entry.revisions
        if access.opens(revision.progress)
    }
    return answering.page(
        request, "report_period.html", standing=standing, entry=entry, line=quarter_reading.report_lines([standing])[0],
        access=access, opened=opened, editions=editions, views=report_access.VIEWS, names=report.names(ctx),
        given=_given(ctx, standing), view_of=folder.view_of, download=showing.download,
    )  # fmt: skip


def _absent(request: Request, ctx: Context, who: Who, asked: tuple[str, Period]) -> Refused:
    """Why there is no such page: no such report, none of this user's, or no such period of it."""
    report_, period = asked
    if report_ not in ctx.district.reports:
        with ctx.engine("publisher").connect() as connection:
            foreign = report_access.edition(connection, ctx, report_, period)
        if not report_access.is_told(ctx, who, report_, foreign.manifest["recipient"]):
            guard.forbid(request, f"《{foreign.manifest['title']}》不报送{who.department}。")
    else:
        spec = report_access.known(request, ctx, who, report_)
        if period.kind == spec.frequency and period.start > guard.today(request):
            return Refused(404, f"{period.title}还没有开始。", "请从报表的页面里选一期。")
    return Refused(404, f"这张报表没有{period.title}这一期。", "请从报表的页面里选一期。")


def _given(ctx: Context, standing: Standing) -> list[tuple[str, str, str]]:
    """Who may get the report, in which view, on what basis."""
    spec = standing.entry.spec
    if spec is None:
        return [(standing.entry.recipient, report_access.VIEWS[folder.FULL], "")]
    return [(r.name, report_access.VIEWS[r.view_of(spec)], r.basis_of(spec)) for r in standing.recipients]


def opened(request: Request, who: Who, asked: tuple[str, Period], revision: int | None) -> tuple[Context, Access, Any]:
    """A revision that this user may open; Refused(404) for none, Refused(403), audited, where it may not."""
    report_, period = asked
    ctx = guard.context(request)
    with ctx.engine("publisher").connect() as connection:
        edition = report_access.edition(connection, ctx, report_, period, revision)
        progress = reading.progress_of(connection, ctx, (report_, str(period), edition.revision))
    access = report_access.to(ctx, who, report_, edition.manifest["recipient"])
    if access.view is None:
        whom = who.department or f"{who.title}账号"
        guard.forbid(request, f"《{edition.manifest['title']}》的表格不对{whom}开放。", "办理情况见报表目录。")
    if not access.opens(progress):
        guard.forbid(request, f"第{edition.revision}版还没有签发，不能查看。", "签发后会送达，也可在这里查看。")
    return ctx, access, edition


def _file(request: Request, who: Who, asked: tuple[str, Period], name: str) -> Response:
    ctx, access, edition = opened(request, who, asked, report_access.revision_of(request))
    if name not in edition.manifest["files"]:
        raise Refused(404, "这一版没有这个文件。", "请从这一期的页面下载。")
    if name not in report_access.files(edition, access):
        guard.forbid(request, "这个文件超出本单位的查看范围。", "请下载列出的文件。")
    path = edition.path(ctx, name)
    if not path.is_file():
        raise Refused(409, "这一版的文件缺失。", "请告诉管理员运行该季度把它恢复。")
    guard.audit(request, "download", f"{edition.folder}/{name}")
    return FileResponse(path, filename=name, headers={"Cache-Control": "no-store"})


def _changes(request: Request, who: Who, report_: str, period: Period) -> Response:
    ctx, access, edition = opened(request, who, (report_, period), report_access.revision_of(request))
    if not access.may_trace or report_ not in ctx.district.reports:
        guard.forbid(request, "逐格的变动只对看全表的单位开放。", "变动的数量见这一期的页面。")
    if edition.revision == 1:
        raise Refused(404, "第1版之前没有别的版本。", "请从这一期的页面选较新的一版。")
    found = reports.compare(ctx, report_, str(period), edition.revision - 1, edition.revision)
    return answering.page(request, "report_changes.html", found=found, period=period, most=_MOST_CHANGES)
