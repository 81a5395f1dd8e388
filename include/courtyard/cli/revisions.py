"""`courtyard compare`, `recalls`, `close-report`: what changed in a published form, who was told, what is closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context

PANEL = "Revisions of reports"
recalls = typer.Typer(help="Letters that recall older figures (更正函): waiting, sent, acknowledged.")
app.add_typer(recalls, name="recalls", rich_help_panel=PANEL)

Report = Annotated[str, typer.Argument(metavar="REPORT", help="A report of the pack, such as dibao_roster.")]
Of = Annotated[str, typer.Argument(metavar="PERIOD", help="The report's period, such as 2026-07.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in one sentence; name nobody.")]
Post = Annotated[str, typer.Option("--post", help="The post that decides: never a person's name.")]
_HIDDEN = "（加 --show-values 显示）"


@app.command(rich_help_panel=PANEL)
def compare(
    report: Report,
    period: Of,
    old: Annotated[
        int | None, typer.Option("--from", help="The older revision, the last but one unless given.")
    ] = None,
    new: Annotated[int | None, typer.Option("--to", help="The newer revision, the last unless given.")] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show a roster's values too: they name persons.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What changed between two revisions of a published form, cell by cell, and why."""
    with _context(period) as ctx:
        from courtyard import reports

        found = reports.compare(ctx, report, str(Period.parse(period)), old, new)
        if ctx.district.reports[report].kind == "roster" and not show_values:
            for change in found["changes"]:
                change.update(label=_HIDDEN, before=_HIDDEN, after=_HIDDEN)
    print_json(found) if as_json else _show_changes(found)


def _show_changes(found: dict[str, Any]) -> None:
    names = ("变动", "单元格", "原单元格", "所在行", "栏目", "原内容", "现内容", "原因")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for change in found["changes"]:
        keys = ("kind", "cell", "old_cell", "label", "column", "before", "after", "cause")
        table.add_row(*(escape("" if change[key] is None else str(change[key])) for key in keys))
    console.print(table)
    console.print(
        f"{found['title']} {found['period']}：第{found['old']}版 → 第{found['new']}版，{found['count']}处变动。",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@recalls.callback(invoke_without_command=True)
def list_recalls(words: typer.Context, as_json: Json = False) -> None:
    """Every recall with its state, the first due first."""
    if words.invoked_subcommand:
        return
    now = datetime.now(SHANGHAI)
    with _context(None) as ctx:
        from courtyard.reports import recalling

        found = recalling.listing(ctx, now.date())
        outbox = ctx.settings.outbox
    if as_json:
        print_json(found)
        return
    names = ("状态", "报表", "所属期", "原版", "新版", "收件单位", "函号", "改动", "确认期限", "确认")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for row in found:
        state = row["state"] + ("，已逾期" if row["is_overdue"] else "")
        cells = (
            state, row["report"], row["period"], row["old_revision"], row["new_revision"], row["recipient"],
            row["letter_number"], row["changes"], row["due_on"], row["acknowledged_by"] or "",
        )  # fmt: skip
        table.add_row(*(escape(str(cell)) for cell in cells), style="bold red" if row["is_overdue"] else "")
    console.print(table)
    open_ = sum(row["acknowledged_at"] is None for row in found)
    late = sum(row["is_overdue"] for row in found)
    console.print(
        f"更正函{len(found)}份，待确认{open_}份，其中逾期{late}份。函件在 {outbox}/recalls。",
        highlight=False,
        soft_wrap=True,
    )


@recalls.command("acknowledge")
def acknowledge(
    report: Report,
    period: Of,
    by: Annotated[str, typer.Option("--by", help="Who acknowledged: the recipient's office or post.")],
    recipient: Annotated[
        str | None, typer.Option(help="Only this recipient's; all of the report's period unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Enter that the recipient has acknowledged the recall of older figures."""
    now = datetime.now(SHANGHAI)
    with _context(period) as ctx:
        from courtyard.reports import recalling

        done = recalling.acknowledge(ctx, report, period, by=by, at=now, recipient=recipient)
    if as_json:
        print_json(done)
        return
    for row in done:
        console.print(
            f"已确认：{row['report']} {row['period']} 第{row['old_revision']}版，{row['recipient']}（{by}）。",
            highlight=False,
        )


@recalls.command("sent")
def sent(
    report: Report,
    period: Of,
    recipient: Annotated[str, typer.Option(help="To whom the letter was handed.")],
    as_json: Json = False,
) -> None:
    """Enter that a letter was handed over on paper; what is delivered by the system is entered by itself."""
    now = datetime.now(SHANGHAI)
    with _context(period) as ctx:
        from courtyard.reports import recalling

        count = recalling.handed_over(ctx, report, period, recipient=recipient, at=now)
    print_json({"sent": count}) if as_json else console.print(f"已登记发出 {count} 份更正函。", highlight=False)


@app.command("close-report", rich_help_panel=PANEL)
def close_report(report: Report, period: Of, reason: Reason, post: Post, as_json: Json = False) -> None:
    """Close a report's period: changed figures make no new revision, they are held and say why."""
    _close(report, period, (reason, post), True, as_json)


@app.command("reopen-report", rich_help_panel=PANEL)
def reopen_report(report: Report, period: Of, reason: Reason, post: Post, as_json: Json = False) -> None:
    """Open a report's period again; the next run publishes what was held."""
    _close(report, period, (reason, post), False, as_json)


def _close(report: str, period: str, signed: tuple[str, str], is_closed: bool, as_json: bool) -> None:
    now, (reason, post) = datetime.now(SHANGHAI), signed
    with _context(period) as ctx:
        from courtyard.desk.deciding import Signed
        from courtyard.reports import closing

        do = closing.close if is_closed else closing.reopen
        done = do(ctx, report, period, Signed(post, reason, now))
    if as_json:
        print_json(done)
        return
    state = "已关闭，不再出新版" if is_closed else "已重新开放，下一次运行时出新版"
    console.print(
        f"{done['title']} {done['period']} {state}：{done['reason']}（{done['post']}）", highlight=False, soft_wrap=True
    )


@contextmanager
def _context(period: str | None) -> Iterator[Context]:
    """The context of the quarter in which a report's period ends; of today's where there is none."""
    day = Period.parse(period).last_day if period else datetime.now(SHANGHAI).date()
    settings = Settings.from_env()
    with services(settings):
        from courtyard import stages

        yield stages.context(str(Period.of("quarter", day)), holder=f"cli:{process_name()}", settings=settings)
