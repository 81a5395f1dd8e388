"""Which reports a user is told of, in which view it may look at one, and what was published under an address."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import Connection

from courtyard.boards import guard
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.reports import editions, folder, parcel, published
from courtyard.reports.catalogue.entries import Progress, Status
from courtyard.reports.published import Published

VIEWS = {folder.FULL: "全表", "masked": "脱敏表", "counts": "统计表"}
_RELEASED = (Status.SIGNED, Status.WAIVED)


@dataclass(frozen=True)
class Access:
    """How much of a report's forms a user may see: `view` is names (the full form), masked, counts, or None.

    Whoever is no user of the street sees a revision once it has been released.
    """

    view: str | None
    is_office: bool

    @property
    def may_trace(self) -> bool:
        """Whether it may look behind the cells: only what stands on the full form can be told."""
        return self.view == folder.FULL

    def opens(self, progress: Progress) -> bool:
        """Whether it may open a revision that has come this far."""
        return self.view is not None and (self.is_office or progress.status in _RELEASED)


def to(ctx: Context, who: Who, report: str, recipient: str) -> Access:
    """What a user may see of a report; `recipient` is to whom it was published, for one that the pack does not know."""
    if who.role == "street":
        return Access(folder.FULL, True)
    spec = ctx.district.reports.get(report)
    if who.department is None:
        return Access(None, False)
    if spec is None:
        return Access(folder.FULL if recipient == who.department else None, False)
    mine = next((one for one in ctx.district.recipients.of(spec) if one.name == who.department), None)
    if mine is None:
        return Access(folder.FULL if spec.recipient == who.department else None, False)
    return Access(mine.view_of(spec), False)


def is_told(ctx: Context, who: Who, report: str, recipient: str) -> bool:
    """Whether a user is told that there is such a report: a department of its own alone, everybody else of all."""
    return who.role != "department" or to(ctx, who, report, recipient).view is not None


def known(request: Request, ctx: Context, who: Who, report: str) -> ReportSpec:
    """A report of the pack; Refused(404) for none, Refused(403), audited, for one that a department does not receive."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise Refused(404, f"没有报表“{report[:40]}”。", "请从报表目录里选。")
    if not is_told(ctx, who, report, spec.recipient):
        guard.forbid(request, f"《{spec.title}》不报送{who.department}。", "请看报表目录里本单位的报表。")
    return spec


def period_of(text: str) -> Period:
    """A report's period as the address spells it; Refused(400) for what is none."""
    try:
        return Period.parse(text)
    except UsageError:
        remedy = "期别写作 2026Q3、2026-07、2026H2、2026 或 2026-W30；请从报表目录里选。"
        raise Refused(400, f"没有“{text[:20]}”这个期别。", remedy) from None


def revision_of(request: Request) -> int | None:
    """The revision that the address asks for; None for the newest."""
    text = request.query_params.get("revision", "")
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 10_000):
        raise Refused(400, "版次要写成数字。", "请从报表的页面里选一版。")
    return int(text) if text else None


def edition(
    connection: Connection, ctx: Context, report: str, period: Period, revision: int | None = None
) -> Published:
    """What was published; Refused(404) when nothing was."""
    found = published.look_for(connection, ctx, report, period, revision)
    if found is None:
        wanted = f"第{revision}版" if revision else ""
        raise Refused(
            404, f"这张报表{period.title}{wanted}没有发布过。", "请在报表目录里看它为什么没有办理，或改选一期。"
        )
    return found


def files(edition_: Published, access: Access) -> list[str]:
    """The files of a revision that a user may take away."""
    if access.is_office:
        return list(edition_.manifest["files"])
    return list(parcel.files_for(edition_.manifest, access.view)) if access.view else []


def form(edition_: Published, view: str) -> str | None:
    """The workbook of a revision that shows this view; None where there is none."""
    if view == folder.FULL:
        name = editions.form_file(edition_.manifest)
    else:
        name = next(iter(parcel.files_for(edition_.manifest, view)), "")
    return name if name.endswith(".xlsx") else None
