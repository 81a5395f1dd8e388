"""The commands of release: explain a difference, sign, waive, deliver, and what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.cli.notices import day as day_of
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context

PANEL = "Release of reports"
DELIVERY = {"confirmed": "已送达", "waiting": "待送", "overtaken": "已有新版"}

Report = Annotated[str | None, typer.Argument(metavar="REPORT", help="A report of the pack, such as dibao_roster.")]
Of = Annotated[str | None, typer.Argument(metavar="PERIOD", help="The report's period, such as 2026-07.")]
As = Annotated[str, typer.Option("--as", metavar="POST", help="The post that decides: never a person's name.")]


@app.command(rich_help_panel=PANEL)
def explain(
    report: Report = None,
    period: Of = None,
    check: Annotated[str | None, typer.Argument(metavar="CHECK", help="A check of the report, by its name.")] = None,
    post: As = "",
    reason: Annotated[str, typer.Option("--reason", help="Why the figures are right; it goes into the manifest.")] = "",
    as_json: Json = False,
) -> None:
    """Say why the figures of a failing check are right; without arguments, list what is held for its figures.

    The explanation holds for exactly these figures, and the next run publishes.
    """
    with _office() as ctx:
        from courtyard.desk.deciding import Signed
        from courtyard.reports import checking

        if report is None:
            found = checking.failing(ctx)
            print_json(found) if as_json else _print_failing(found)
            return
        if period is None or check is None:
            raise UsageError("请写报表、期别和核对项。", "不带参数运行 courtyard explain 可以看到它们。")
        signed = Signed(post, reason, datetime.now(SHANGHAI))
        done = checking.explain(ctx, report, Period.parse(period), check, signed)
    if as_json:
        print_json(done)
    else:
        console.print("说明已记下，下一次运行该季度时发布。", highlight=False)


def _print_failing(found: list[dict[str, Any]]) -> None:
    for entry in found:
        console.print(f"{entry['report']} {entry['period']} {entry['check']}：{entry['reason']}", markup=False, soft_wrap=True)  # fmt: skip
    console.print(f"{len(found)} 项核对不符。", highlight=False)


@app.command(rich_help_panel=PANEL)
def sign(
    report: Report = None,
    period: Of = None,
    post: As = "",
    returned: Annotated[str | None, typer.Option("--return", metavar="REASON", help="Return it, and why.")] = None,
    revision: Annotated[int | None, typer.Option(help="Only if this is still the newest revision.")] = None,
    as_json: Json = False,
) -> None:
    """List what waits for a signature; show one publication; with --as, sign it or return it."""
    with _office() as ctx:
        from courtyard import reports
        from courtyard.desk.deciding import Signed
        from courtyard.reports import signing

        if report is None:
            found = signing.waiting(ctx)
            print_json([p.plain() for p in found]) if as_json else _print_waiting(found, signing.STATES)
            return
        if period is None:
            raise UsageError("没有写期别。", f"例如 courtyard sign {report} 2026-07。")
        target = signing.Target(report, str(Period.parse(period)), revision)
        if not post:
            if returned is not None:
                raise UsageError("没有写签发岗位。", "请加 --as 岗位。")
            _print_one(ctx, target, as_json)
            return
        signed = Signed(post, returned or "", datetime.now(SHANGHAI))
        decide = signing.sign if returned is None else signing.return_
        done = decide(ctx, target, signed)
        reports.refresh_catalogue(ctx)
    if as_json:
        print_json(done.plain())
    else:
        title = f"《{done.spec.title}》{done.period.title}第{done.revision}版"
        console.print(f"{title}{signing.STATES[done.state]}。", highlight=False, soft_wrap=True)


def _print_waiting(found: list[Any], states: dict[str, str]) -> None:
    for one in found:
        told = one.plain()
        line = f"{one.due_on}前  {one.spec.report} {one.period} r{one.revision}  {one.spec.title}  {states[one.state]}"
        reason = f"  退回理由：{told['reason']}" if one.state == "returned" else ""
        line += f"  送{'、'.join(told['recipients'])}  由{one.approver}签发{reason}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(found)} 张待签发。签发：courtyard sign REPORT PERIOD --as 岗位", highlight=False, markup=False)


def _print_one(ctx: Context, target: Any, as_json: bool) -> None:
    from courtyard.reports import asking, signing

    with ctx.engine("publisher").connect() as connection:
        publication = signing.newest(connection, ctx, target)
    if as_json:
        print_json(publication.plain() | {"checks": publication.manifest.get("checks", [])})
        return
    question = asking.Question(publication.spec.recipient, publication.approver, (publication,))
    page = asking.preview(ctx, question, datetime.now(SHANGHAI).date())
    console.print(page, markup=False, highlight=False, soft_wrap=True)


@app.command(rich_help_panel=PANEL)
def waive(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="A report of the pack.")],
    post: As,
    reason: Annotated[str, typer.Option("--reason", help="Why it may go out without sign-off.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day on which this counts.")],
    as_json: Json = False,
) -> None:
    """Let a report go out without sign-off until a day; only its approver can."""
    last = day_of(until)
    with _office() as ctx:
        from courtyard import reports
        from courtyard.desk.deciding import Signed
        from courtyard.reports import waiving

        done = waiving.waive(ctx, report, Signed(post, reason, datetime.now(SHANGHAI)), last)
        reports.refresh_catalogue(ctx)
    if as_json:
        print_json(done)
    else:
        console.print(f"{report} 到 {last} 为止免签发。", highlight=False)


@app.command(rich_help_panel=PANEL)
def deliver(
    period: Annotated[
        str | None, typer.Argument(metavar="PERIOD", help="Only what is counted for a day of it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Send what is signed or waived to its recipients; what has arrived is not sent again.

    Exits 1 when something waits for a recipient that could not be reached.
    """
    within = Period.parse(period) if period else None
    with _office(sources=True) as ctx:
        from courtyard import reports

        done = reports.deliver(ctx, at=datetime.now(SHANGHAI), period=within)
    if as_json:
        print_json(done)
    else:
        for entry in done["waiting"]:
            place = f"{entry['report']} {entry['period']} → {entry['recipient']}（{entry['channel']}）"
            console.print(f"待送  {place}：{entry['error']}", markup=False, highlight=False, soft_wrap=True)
        told = f"送达 {len(done['sent'])} 件，待送 {len(done['waiting'])} 件，{done['unsigned']} 张未签发。"
        console.print(told, highlight=False)
    if done["waiting"]:
        raise typer.Exit(1)


@app.command(rich_help_panel=PANEL)
def sent(as_json: Json = False) -> None:
    """What was sent to whom, on what basis, and whether it was confirmed."""
    with _office() as ctx:
        from courtyard.reports import sendings

        with ctx.engine("publisher").connect() as connection:
            found = sendings.sent(connection, ctx.street_code)
    if as_json:
        print_json(found)
        return
    for row in found:
        at = row["confirmed_at"].astimezone(SHANGHAI).strftime(" %Y-%m-%d %H:%M") if row["confirmed_at"] else ""
        line = f"{row['report']} {row['period']} r{row['revision']} → {row['recipient']}（{row['channel']}）"
        line += f"  {DELIVERY[row['state']]}{at}  {row['attempts']}次  {row['basis']}"
        console.print(f"{line}  {row['error']}".rstrip(), markup=False, highlight=False, soft_wrap=True)
    told = "，".join(f"{title} {sum(row['state'] == state for row in found)}" for state, title in DELIVERY.items())
    console.print(f"{len(found)} 件：{told}。", highlight=False)


@contextmanager
def _office(sources: bool = False) -> Iterator[Context]:
    """The office today: release belongs to no quarter."""
    settings = Settings.from_env()
    with services(settings, sources=sources):
        from courtyard import stages

        quarter = str(Period.of("quarter", datetime.now(SHANGHAI)))
        yield stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)
