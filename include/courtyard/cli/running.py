"""`courtyard run` and `courtyard runs`: the stages of a quarter in this process, and the ledger of all runs."""

from __future__ import annotations

import getpass
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from courtyard.cli import show
from courtyard.cli.base import Json, Quarter, app, console, now, office, print_json, process_name, services
from courtyard.errors import CourtyardError
from courtyard.period import Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Asked
    from courtyard.warehouse.follow_on import Due


@app.command()
def run(
    period: Quarter,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger of runs.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Then run the quarters that a correction left due.")] = False,
    refetch: Annotated[bool, typer.Option("--refetch", help="Ask the sources again for what has landed.")] = False,
    as_json: Json = False,
) -> None:
    """Run all stages of a quarter in this process: the same functions as the Airflow tasks.

    Says which other quarters must be run again since facts behind their forms have changed. Exits 1 when a source or a
    report is held, 0 when the ledger balances.
    """
    from courtyard import runnable
    from courtyard.context import Asked

    settings, me = Settings.from_env(), f"{getpass.getuser()}@{process_name()}"
    runnable.quarter(period)
    with services(settings, sources=True):
        from courtyard.warehouse import follow_on

        told = run_one(settings, period, Asked("cli", reason.strip(), me), refetch, as_json)
        due, followed = follow_on.due(told["ctx"]), []
        for one in due if follow else ():
            if runnable.closed(told["ctx"], Period.quarter(one.quarter), now()):
                continue  # it stays due until its post opens it again
            followed.append(run_one(settings, one.quarter, Asked("follow_on", one.reason, me), False, as_json))
        due = follow_on.due(told["ctx"])
    if as_json:
        print_json({**_plain(told), "followed": [_plain(one) for one in followed], "due": [_told(one) for one in due]})
    else:
        show_due(due)
    if any(one["is_bad"] for one in (told, *followed)):
        raise typer.Exit(1)


def run_one(settings: Settings, period: str, asked: Asked, refetch: bool, as_json: bool) -> dict[str, Any]:
    """Run one quarter and show it, unless as JSON: {period, steps, ledger, ctx, is_bad}."""
    from courtyard import stages

    _stage_inbox(settings, period)
    holder = f"cli:{process_name()}"
    ctx = stages.context(period, holder=holder, settings=settings, refetch=refetch, asked=asked)
    if not as_json and asked.kind == "follow_on":
        console.print(f"{period}  {asked.reason}", highlight=False, soft_wrap=True)
    results, since = {}, time.monotonic()
    for step, result in stages.run_quarter(ctx):
        seconds = time.monotonic() - since
        told = {"error": str(result)} if isinstance(result, CourtyardError) else result
        results[step] = {**told, "seconds": round(seconds, 2)}
        if not as_json:
            show.step(console, step, result, seconds)
        since = time.monotonic()
    ledger = show.ledger_rows(ctx.engine(), ctx.street_code, period)
    if not as_json:
        show.ledger_summary(console, ledger)
        show.publications(console, settings, results["publish"])
    held = [step for step, result in results.items() if "error" in result] + results["publish"]["held"]
    is_bad = bool(held or any(entry["residual"] for entry in ledger))
    return {"period": period, "steps": results, "ledger": ledger, "ctx": ctx, "is_bad": is_bad}


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("period", "steps", "ledger")}


def _stage_inbox(settings: Settings, period: str) -> None:
    if settings.sample.exists():
        from courtyard.sample.standins import stage_inbox

        stage_inbox(settings, period)


def _told(due: Due) -> dict[str, Any]:
    return {
        "quarter": due.quarter,
        "reason": due.reason,
        "because_of": due.because_of,
        "deliveries": due.delivery_ids,
        "asked_at": due.asked_at,
    }


def show_due(due: list[Due]) -> None:
    for one in due:
        told = f"[yellow]待续算[/yellow]  {one.quarter}：{one.reason}。运行 courtyard run {one.quarter}"
        console.print(told, highlight=False, soft_wrap=True)


@app.command()
def runs(
    period: Annotated[str | None, typer.Argument(metavar="QUARTER", help="One quarter; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """The runs of a quarter, whoever started them: why, by whom, for whom they waited, what came of them; and what is due."""
    from courtyard import runnable
    from courtyard.store import runs as ledger

    if period:
        runnable.quarter(period)
    with office() as ctx:
        from courtyard.warehouse import follow_on

        with ctx.engine().connect() as connection:
            found = ledger.listed(connection, ctx.street_code, period)
        due = [one for one in follow_on.due(ctx) if period in (None, one.quarter)]
    if as_json:
        print_json({"runs": found, "due": [_told(one) for one in due]})
        return
    console.print(listing(found))
    show_due(due)


def listing(found: list[dict[str, Any]]) -> Table:
    """The ledger, the oldest run first; cells of several lines, since a terminal of 80 columns has no room for more columns."""
    table = Table("季度", title="运行台账", show_lines=True)
    for title, is_whole in (("为什么运行", False), ("何时", True), ("结果", False)):
        table.add_column(title, no_wrap=is_whole, overflow="fold")
    for row in reversed(found):
        table.add_row(*_line(row))
    return table


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    from courtyard.store import runs as ledger

    by = "" if row["kind"] == "follow_on" else f"（{row['requested_by']}）"  # the reason names the quarter that asked
    why = [ledger.KINDS[row["kind"]] + by, row["reason"]]
    moments = {"提出": row["asked_at"], "取得": row["opened_at"], "结束": row["ended_at"]}
    when = [f"{title} {ledger.moment(at)}" for title, at in moments.items() if at]
    told = ["中断" if row["is_lost"] else ledger.OUTCOMES[row["outcome"]]]
    told += [f"{step}：{said['error']}" for step, said in row["told"].items() if "error" in said]
    if row["waits_for"]:
        other = ledger.named(row["waits_for"], row["waits_for_kind"], row["waits_for_reason"])
        told.append(f"{'等' if row['outcome'] == 'waiting' else '等过'}{other}")
    return (row["quarter"], *(escape("\n".join(filter(None, lines))) for lines in (why, when, told)))
