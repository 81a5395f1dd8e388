"""A published form as a grid of cells, each of which leads to what it is made of."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from openpyxl.utils import get_column_letter
from starlette.responses import Response

from courtyard import reports
from courtyard.boards import answering, guard, menu, report_access, report_period
from courtyard.boards.refusal import Refused
from courtyard.boards.report_access import Access
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.reports import folder, form_grid
from courtyard.reports.form_grid import Grid
from courtyard.reports.published import Published

_MOST_ROWS = 200


def mount(app: FastAPI) -> None:
    @app.get("/reports/{report}/{period}/form")
    def form(request: Request, report: str, period: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _form(request, who, report, report_access.period_of(period))

    @app.get("/reports/{report}/{period}/cell/{cell}")
    def cell(request: Request, report: str, period: str, cell: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _cell(request, who, (report, report_access.period_of(period)), cell)


def _form(request: Request, who: Who, report: str, period: Period) -> Response:
    """The form in the view to which the user is entitled; the street may choose one of the others."""
    ctx, access, edition = report_period.opened(request, who, (report, period), report_access.revision_of(request))
    view = request.query_params.get("view", "") or access.view
    if view not in report_access.VIEWS or (view != access.view and not access.is_office):
        guard.forbid(request, "这个视图超出本单位的查看范围。", "请从这一期的页面打开表格。")
    grid = read(ctx, edition, view, _page_of(request))
    spec = ctx.district.reports[report]
    if spec.kind == "roster" and view != "counts":
        guard.audit(request, "show_personal", f"{edition.folder} {view} page {grid.page}")
    return answering.page(
        request, "report_form.html", grid=grid, edition=edition, spec=spec, view=view, all_views=_views(edition, access),
        is_traced=view == folder.FULL and access.may_trace, numbers=_numbers(grid),
        letters=[get_column_letter(index) for index in range(1, len(grid.widths) + 1)],
    )  # fmt: skip


def read(ctx: Context, edition: Published, view: str, page: int) -> Grid:
    """A page of a revision's form; Refused(404) when it has none in this view that is a table."""
    spec = ctx.district.reports.get(edition.report)
    name = report_access.form(edition, view)
    if spec is None or name is None:
        raise Refused(404, "这一版没有可以在网页上看的表格。", "请从这一期的页面下载文件。")
    rows = 0 if view == "counts" else edition.rows
    return form_grid.read(edition.path(ctx, name), spec.first_row, rows, page)


def _views(edition: Published, access: Access) -> dict[str, str]:
    """The views of this revision that the user may choose from."""
    if not access.is_office:
        return {}
    return {view: title for view, title in report_access.VIEWS.items() if report_access.form(edition, view)}


def _numbers(grid: Grid) -> list[int | None]:
    """The pages to which a link leads: the first, the last, and those around this one; None is a gap."""
    near = sorted({1, grid.pages, *range(max(1, grid.page - 2), min(grid.pages, grid.page + 2) + 1)})
    found: list[int | None] = []
    for before, number in zip([0, *near], near, strict=False):
        found += [None, number] if number - before > 1 else [number]
    return found


def _page_of(request: Request) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Refused(400, "页码要写成数字。", "请用表格下面的链接翻页。")
    return int(text)


def _cell(request: Request, who: Who, asked: tuple[str, Period], cell: str) -> Response:
    """What `reports.trace` tells of a cell; it writes every look to the audit log itself."""
    ctx, access, edition = report_period.opened(request, who, asked, report_access.revision_of(request))
    if not access.may_trace:
        guard.forbid(request, "单元格的来源只对街道和看全表的单位开放。", "如需核对，请联系街道。")
    report, period = asked
    try:
        found = reports.trace(ctx, report, str(period), cell, edition.revision, _MOST_ROWS)
    except UsageError as error:
        raise Refused(404, error.message, error.remedy) from None
    return answering.page(
        request, "report_cell.html", found=found, edition=edition, period=period, value=_value(ctx, edition, found),
        page=_page_with(ctx, edition, found), titles=_titles(ctx), most=_MOST_ROWS,
    )  # fmt: skip


def _value(ctx: Context, edition: Published, found: dict[str, Any]) -> str:
    """What stands in the cell."""
    grid = read(ctx, edition, folder.FULL, _page_with(ctx, edition, found))
    return next((one.text for row in grid.rows for one in row.cells if one.name == found["anchor"]), "")


def _page_with(ctx: Context, edition: Published, found: dict[str, Any]) -> int:
    row = int("".join(sign for sign in found["anchor"] if sign.isdigit()))
    return max(0, row - ctx.district.reports[edition.report].first_row) // form_grid.ROWS + 1


def _titles(ctx: Context) -> dict[str, str]:
    """What people call the datasets and sources."""
    titles = {name: contract.title for name, contract in ctx.district.contracts.items()}
    return titles | {name: source.title for name, source in ctx.district.sources.items()}
