"""The commands of the catalogue and of the burden ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from courtyard.cli.base import Json, Quarter, app, console, print_json, process_name, services
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context
    from courtyard.reports.burden.admission import Finding, Verdict
    from courtyard.reports.burden.ledger import Year

PANEL = "Reports"
_COLOURS = {"admitted": "green", "knowingly": "yellow", "refused": "red"}
_WORDS: dict[str, Verdict] = {
    "准入": "admitted", "知情准入": "knowingly", "退回": "refused", "admitted": "admitted", "knowingly": "knowingly",
    "refused": "refused",
}  # fmt: skip
meetings = typer.Typer(help="Meetings that were not needed, as people tell (少开的会).", no_args_is_help=True)
app.add_typer(meetings, name="meetings", rich_help_panel=PANEL)

Post = Annotated[str, typer.Option("--post", help="The post that says so: never a person's name.")]
Department = Annotated[str, typer.Option("--source", help="The department.")]


@contextmanager
def _office() -> Iterator[Context]:
    """The office's context; which quarter it is plays no part."""
    settings = Settings.from_env()
    with services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", datetime.now(UTC).date()))
        yield stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)


@app.command(rich_help_panel=PANEL)
def catalogue(as_json: Json = False) -> None:
    """Bring the catalogue of reports (published/catalogue/) up to date and print its first page's path."""
    with _office() as ctx:
        from courtyard.reports import catalogue as site

        page = site.build(ctx)
    print_json({"page": str(page)}) if as_json else console.print(str(page), highlight=False, soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def bulletin(period: Quarter, as_json: Json = False) -> None:
    """Publish a quarter's bulletin (季度简报) if it says anything new; `run` does it with the reports."""
    settings = Settings.from_env()
    Period.quarter(period)
    with services(settings):
        from courtyard import stages
        from courtyard.reports import bulletin as made
        from courtyard.store import lease

        ctx = stages.context(period, holder=f"cli:{process_name()}", settings=settings)
        ctx = ctx.under(lease.acquire(ctx))
        try:
            found = made.publish(ctx)
        finally:
            lease.release(ctx)
    if found is None:
        raise UsageError(f"{period} 还没有院落档案。", f"请先运行 courtyard run {period}。")
    outcome, entry = found
    if as_json:
        print_json({"outcome": outcome, **entry})
        return
    said = "已发布" if outcome == "published" else "内容未变"
    console.print(f"{said}  {settings.published / entry['folder']}", highlight=False, soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def admit(
    file: Annotated[Path, typer.Argument(help="A report's YAML, or a department's blank form (.xlsx).")],
    source: Annotated[str | None, typer.Option("--source", help="The department that asks; of a workbook.")] = None,
    decide: Annotated[
        str | None, typer.Option("--decide", help="准入, 知情准入 or 退回: keeps a post's decision.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; with --decide.")] = "",
    post: Annotated[str, typer.Option("--post", help="The post that decides, never a person's name.")] = "",
    as_json: Json = False,
) -> None:
    """Check a new or changed form against the archive, the other forms and the duty list before it is admitted."""
    if decide is not None and decide not in _WORDS:
        raise UsageError(f"没有“{decide}”这种决定。", "请写 准入、知情准入 或 退回。")
    with _office() as ctx:
        from courtyard.reports.burden import admission, proposed

        form = proposed.read(ctx.district, file, source)
        with ctx.engine("publisher").begin() as connection:
            found = admission.check(connection, ctx, form)
            if decide is not None:
                decision = admission.Decision(_WORDS[decide], reason, post, datetime.now(UTC))
                admission.decide(connection, ctx, found, decision)
    if as_json:
        print_json({**asdict(found), "decided": decide and _WORDS[decide]})
        return
    _show_finding(found)
    if decide is not None:
        console.print(f"已记录决定：{admission.VERDICTS[_WORDS[decide]]}（{post}）。", highlight=False)


def _show_finding(found: Finding) -> None:
    from courtyard.reports.burden.admission import VERDICTS

    console.print(f"{found.title}（{found.recipient}）", highlight=False, markup=False)
    console.print(f"权责事项：{found.matter or '清单中没有'}", highlight=False, markup=False)
    table = Table("栏目", "档案", "掌握率", "还有谁在要")
    for column in found.columns:
        held = (
            Text(f"负面清单：{column.refused_as}", style="red") if column.refused_as else Text(column.held_in or "没有")
        )
        share = "—" if column.coverage is None else f"{column.coverage:.0%}"
        table.add_row(Text(column.header), held, share, Text("、".join(column.also_asked_by)))
    console.print(table)
    console.print(Text(f"意见：{VERDICTS[found.advised]}", style=f"bold {_COLOURS[found.advised]}"))
    for reason in found.reasons:
        console.print(f"· {reason}", highlight=False, markup=False, soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def burden(
    year: Annotated[int, typer.Argument(help="Such as 2026.", min=2000, max=2100)],
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="OUT", help="Write it as a workbook too.")] = None,
    as_json: Json = False,
) -> None:
    """A year's burden by department: cells asked, filled, by hand, hours saved (estimated), facts asked n times."""
    with _office() as ctx:
        from courtyard.reports.burden import ledger, stock, workbook

        stock.take(ctx)
        with ctx.engine("publisher").connect() as connection:
            found = ledger.read(connection, ctx, year)
        if xlsx is not None:
            try:
                xlsx.write_bytes(workbook.book(ctx.district, found))
            except OSError as error:
                raise UsageError(f"{xlsx} 写不进去（{error.strerror}）。", "请换一个位置。") from None
    if as_json:
        print_json(found.plain())
        return
    _show_year(found)
    if xlsx is not None:
        console.print(f"已写入 {xlsx}", highlight=False, soft_wrap=True)


def _show_year(found: Year) -> None:
    from courtyard.reports.burden.ledger import FORMULA

    table = Table("部门", "报表", "期数", "要求格数", "自动填出", "仍须手填", "档案未掌握", "节省工时(估)", "少开会议",
                  title=f"{found.year}年减负账")  # fmt: skip
    for s in (*found.sources, found.total):
        numbers = (s.forms, s.periods, s.asked, s.filled, s.by_hand, s.not_known)
        table.add_row(s.name, *(f"{n:,}" for n in numbers), f"{s.hours:,.1f}", str(s.meetings))
    console.print(table)
    for fact in found.asked_by_several:
        names = "、".join(fact.recipient_names)
        console.print(
            f"“{fact.header}”有{fact.recipients}个部门在要：{names}", highlight=False, markup=False, soft_wrap=True
        )
    console.print(f"{FORMULA}。参数为本办估计，非实测（rules/burden.yaml）。", highlight=False, soft_wrap=True)
    if found.uncounted:
        console.print(f"另有{found.uncounted}张报表的栏目已变，无法补计。", highlight=False)


@meetings.command("add")
def add_meeting(
    day: Annotated[str, typer.Option("--day", help="When it would have been held, such as 2026-09-15.")],
    source: Department,
    matter: Annotated[str, typer.Option("--matter", help="What it would have been about; name nobody.")],
    people: Annotated[int, typer.Option("--people", help="How many would have come.")],
    hours: Annotated[float, typer.Option("--hours", help="How long it would have taken each.")],
    post: Post,
    as_json: Json = False,
) -> None:
    """Tell of a meeting that was not needed because the archive answered. Only added to, never computed."""
    with _office() as ctx:
        from courtyard.reports.burden import ledger

        told = ledger.Meeting(0, _day(day), source, matter, people, Decimal(str(hours)), post, datetime.now(UTC))
        with ctx.engine("publisher").begin() as connection:
            ledger.add_meeting(connection, ctx, told)
    print_json({"day": day, "source": source}) if as_json else console.print("已记入。")


@meetings.command("list")
def list_meetings(
    year: Annotated[int | None, typer.Argument(help="Only of a year.")] = None, as_json: Json = False
) -> None:
    """What was told."""
    with _office() as ctx:
        from courtyard.reports.burden import ledger

        with ctx.engine("publisher").connect() as connection:
            found = ledger.meetings(connection, ctx, year)
    if as_json:
        print_json([asdict(meeting) for meeting in found])
        return
    table = Table("日期", "部门", "事项", "人数", "每人小时", "填报岗位", "记于")
    for m in found:
        noted = f"{m.at.astimezone(SHANGHAI):%Y-%m-%d}"
        table.add_row(str(m.day), Text(m.source), Text(m.matter), str(m.people), f"{m.hours}", Text(m.post), noted)
    console.print(table)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise UsageError(f"“{written}”不是日期。", "请写成 2026-09-15。") from None
