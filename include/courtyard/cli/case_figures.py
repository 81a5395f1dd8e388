"""`courtyard cases figures|root-causes`: the figures of cases, and cases that come back at one spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from courtyard.cli import base
from courtyard.cli.base import Json, console, office, print_json
from courtyard.cli.cases import cases
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period

if TYPE_CHECKING:
    from courtyard.context import Context


LEVELS = {"street": "街道", "community": "社区", "grid": "网格", "courtyard": "院落"}
_SOLVED = ("solved_courtyard", "solved_community", "solved_street", "solved_department")
COLUMNS: dict[str, tuple[str, ...]] = {
    "单位": ("unit_name",),
    "受理": ("received",),
    "重复": ("repeats",),
    "按期/本级": ("answered_in_time", "answered_in_level_time"),
    "逾期": ("overdue",),
    "在办": ("open",),
    "办结": _SOLVED,
    "不予": ("refused",),
    "重办": ("reopened",),
    "小时": ("median_answer_hours",),
    "满意%": ("satisfaction_rate",),
}
SMALL = "*"


@cases.command()
def figures(
    period: Annotated[str, typer.Argument(help="A quarter or month, such as 2026Q3 or 2026-07.")],
    level: Annotated[
        str, typer.Option(help="street, community, grid or courtyard; the street always goes along.")
    ] = "community",
    closing: Annotated[
        bool, typer.Option("--at-end", help="As things stood at the period's end, not as known now.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What was received in a period and what became of it; ratings of few residents print as *."""
    wanted = Period.parse(period)
    if wanted.kind not in ("quarter", "month"):
        raise UsageError(f"“{period}”不是季度或月份。", "请写成 2026Q3 或 2026-07。")
    if level not in LEVELS:
        raise UsageError(f"没有“{level}”这一级。", f"可选：{'、'.join(LEVELS)}。")
    with office() as ctx:
        rows = _figures(ctx, str(wanted), level, closing)
    shown = [shown_row(row) for row in rows]
    print_json(shown) if as_json else _print_figures(wanted, shown, closing)


@cases.command("root-causes")
def root_causes(as_json: Json = False) -> None:
    """Cases of one category that came back in one courtyard and have no root cause yet."""
    from courtyard.cases import root_causes as finding

    with office() as ctx, ctx.engine().connect() as connection:
        found = finding.candidates(connection, ctx, at=base.now())
        rows = [_told(ctx, candidate) for candidate in found]
    if as_json:
        print_json(rows)
        return
    console.print(f"根源线索 {len(rows)} 条。", highlight=False)
    for row in rows:
        line = f"{row['name']}  {row['courtyard']}  {row['category']}  {len(row['cases'])}件（{row['first_on']}至{row['last_on']}）"
        console.print(f"{line}：{'、'.join(row['cases'])}", highlight=False, soft_wrap=True, markup=False)
    if rows:
        console.print("确认：courtyard cases confirm-root-cause 工单号 --post 岗位 --text 根源是什么", highlight=False)


@cases.command("confirm-root-cause")
def confirm_root_cause(
    name: Annotated[str, typer.Argument(metavar="CASE", help="The first case of the line in root-causes.")],
    post: Annotated[str, typer.Option("--post", help="The post that says so: never a person's name.")],
    said: Annotated[str, typer.Option("--text", help="What the cause is. Kept with the case; name nobody.")],
    as_json: Json = False,
) -> None:
    """Open a case of the root cause at the street, with the repeated cases below it."""
    from courtyard.cases import root_causes as finding

    with office() as ctx:
        case = finding.confirm(ctx, name, post=post, at=base.now(), text=said)
    if as_json:
        print_json({"case_no": case.case_no, "unit": case.unit_code, "total_due_at": case.total_due_at})
    else:
        console.print(f"根源工单{case.case_no}已立，由街道办理。", highlight=False)


def shown_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it may be shown: no rating of few residents."""
    rating = ("rated", "satisfied", "neutral", "dissatisfied", "satisfaction_rate")
    return {**row, **(dict.fromkeys(rating, SMALL) if row["is_rating_small"] else {})}


def _figures(ctx: Context, period: str, level: str, closing: bool) -> list[dict[str, Any]]:
    from sqlalchemy import text

    mart = "mart.case_indicator_as_of(:period)" if closing else "mart.case_indicator"
    query = text(
        f"SELECT * FROM {mart} WHERE street_code = :street AND period = :period AND level IN ('street', :level)"
        " ORDER BY level <> 'street', unit_code"
    )
    with ctx.engine("publisher").connect() as connection:
        asked = {"period": period, "street": ctx.street_code, "level": level}
        return [dict(row) for row in connection.execute(query, asked).mappings()]


def _told(ctx: Context, candidate: Any) -> dict[str, Any]:
    place = ctx.district.courtyard_by_code.get(candidate.courtyard_code)
    return {
        "name": candidate.name,
        "courtyard_code": candidate.courtyard_code,
        "courtyard": place.name if place else candidate.courtyard_code,
        "category": ctx.district.cases.category(candidate.category).title,
        "first_on": candidate.first_at.astimezone(SHANGHAI).date(),
        "last_on": candidate.last_at.astimezone(SHANGHAI).date(),
        "cases": list(candidate.case_nos),
    }


def _print_figures(period: Period, rows: list[dict[str, Any]], closing: bool) -> None:
    said = "期末的结果" if closing else "现在的结果"
    if not rows:
        console.print(f"{period.title}没有受理工单。", highlight=False)
        return
    table = Table(title=f"{period.title}工单统计（{said}）", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in COLUMNS:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*("/".join(_cell(row[name]) for name in names) for names in COLUMNS.values()))
    console.print(table)
    console.print(
        "按期/本级：总时限内、本级时限内答复。办结：院落/社区/街道/部门。小时：答复用时的中位数。", highlight=False
    )
    if any(row["is_rating_small"] for row in rows):
        console.print(f"{SMALL}：评价人数少，或可由此推算出少的人数，不列出。", highlight=False)


def _cell(value: Any) -> str:
    return "—" if value is None else str(value)
