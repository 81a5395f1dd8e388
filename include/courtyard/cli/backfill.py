"""`courtyard backfill`: quarters run again, with a plan before and a reason kept."""

from __future__ import annotations

import getpass
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from courtyard.backfill import choosing, starting
from courtyard.backfill.choosing import Chosen
from courtyard.cli.base import Json, app, console, now, print_json, process_name, services
from courtyard.errors import CourtyardError, HeldError, UsageError
from courtyard.period import Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context
    from courtyard.runtime.backfills import Order

FOUND_SECONDS = 30

Words = Annotated[list[str] | None, typer.Argument(metavar="QUARTERS", help="2025Q4 2026Q1, or 2025Q4..2026Q2.")]
From = Annotated[
    str | None, typer.Option("--from-date", help="Quarters that begin from then; Shanghai's time if no zone.")
]
To = Annotated[str | None, typer.Option("--to-date", help="... until then, inclusive, as in Airflow.")]


@app.command()
def backfill(
    quarters: Words = None,
    from_date: From = None,
    to_date: To = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in one sentence; kept with each run.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan; changes nothing.")] = False,
    trial: Annotated[bool, typer.Option("--trial", help="Run in a copy and show exactly what changes.")] = False,
    backwards: Annotated[bool, typer.Option("--backwards", help="The newest quarter first.")] = False,
    most: Annotated[int, typer.Option("--max-active-runs", min=1, help="Quarters at a time, in Airflow.")] = 1,
    refetch: Annotated[bool, typer.Option("--refetch", help="Ask the sources again for what has landed.")] = False,
    as_json: Json = False,
) -> None:
    """Run quarters again, in Airflow where it runs here, else in this process; shows first what that would do.

    Exits 1 when a source or a report is held, 2 when nothing was started.
    """
    settings = Settings.from_env()
    chosen = _chosen(quarters or [], from_date, to_date)
    chosen = chosen.backwards() if backwards else chosen
    is_dry = dry_run or trial
    why = reason if is_dry else starting.reasoned(reason)
    with services(settings):
        from courtyard import stages
        from courtyard.backfill import permits

        ctx = stages.context(str(chosen.quarters[0]), holder=f"cli:{process_name()}", settings=settings)
        if not dry_run:
            permits.required(ctx, chosen.quarters, now())
        if is_dry:
            good = _try(ctx, chosen, trial=trial, as_json=as_json)
        elif _airflow_runs(settings):
            if refetch:
                raise UsageError(
                    "Airflow 里的回填不能重新取数。", "请先运行各来源的取数 DAG，或停下 Airflow 后再用 --refetch。"
                )
            good = _in_airflow(settings, ctx, chosen, (why, backwards, most), as_json)
        else:
            good = _here(settings, ctx, chosen, (why, backwards, most), refetch, as_json)
    if not good:
        raise typer.Exit(1)


def _chosen(words: list[str], from_date: str | None, to_date: str | None) -> Chosen:
    if words and (from_date or to_date):
        raise UsageError("季度和日期只能写一种。", "写 2025Q4..2026Q2，或 --from-date 和 --to-date。")
    if from_date or to_date:
        if not (from_date and to_date):
            raise UsageError("--from-date 和 --to-date 要一起写。", "只回填一季请直接写季度，如 2026Q3。")
        return choosing.dated(from_date, to_date)
    return choosing.named(words)


def _airflow_runs(settings: Settings) -> bool:
    from courtyard.runtime import airflow

    return airflow.is_running(settings)


def _try(ctx: Context, chosen: Chosen, *, trial: bool, as_json: bool) -> bool:
    """The plan, or with `trial` what a copy came to; True when every quarter may run."""
    from courtyard.cli import backfill_show

    if trial:
        from courtyard.backfill import trial as trying

        say = (lambda line: None) if as_json else (lambda line: console.print(f"  … {line}", style="dim"))
        tried = trying.run(ctx, chosen.quarters, say)
        print_json(tried.plain()) if as_json else backfill_show.trial(console, tried)
        return True
    found = _plan(ctx, chosen, as_json=as_json)
    if as_json:
        print_json({**found.plain(), "how": [_how(order) for order in starting.orders(chosen.quarters, "原因")]})
        return found.may_run
    _same_in_airflow(starting.orders(chosen.quarters, "原因"))
    for step in found.steps:
        if not step.verdict.may_run:
            raise UsageError(step.verdict.why, step.verdict.remedy)
    return True


def _plan(ctx: Context, chosen: Chosen, *, as_json: bool) -> Any:
    from courtyard import backfill as planning
    from courtyard.cli import backfill_show

    found = planning.plan(ctx, chosen.quarters, now())
    if not as_json:
        for note in chosen.notes:
            console.print(note)
        backfill_show.plan(console, found)
    return found


def _how(order: Order) -> dict[str, Any]:
    return {"command": order.command(), "rest": order.call(), "body": order.body()}


def _same_in_airflow(made: Sequence[Order]) -> None:
    console.print("用 Airflow 自己的工具做同样的事：", style="bold")
    for order in made:
        print(f"  {order.command()}\n  {order.call()}")


def _in_airflow(settings: Settings, ctx: Context, chosen: Chosen, how: tuple[str, bool, int], as_json: bool) -> bool:
    """Airflow's own backfill, one span after the other, followed to its end."""
    from courtyard.runtime import airflow
    from courtyard.runtime.api import Api
    from courtyard.runtime.backfills import DAG, Backfills
    from courtyard.runtime.progress import Progress, follow

    reason, backwards, most = how
    known = airflow.load_secrets(settings)
    api = Api(known, lambda: airflow.check_alive(settings))
    backfills = Backfills(known.address, api.sign_in())
    if backfills.active():
        raise HeldError("已有一次回填正在进行。", "请等它结束，或在“回填”页取消它。")
    if not as_json:
        _plan(ctx, chosen, as_json=False)
        _same_in_airflow(starting.orders(chosen.quarters, reason, backwards=backwards, most=most))
    progress = Progress(_quiet() if as_json else console)
    good, told = True, {}
    ended = [quarter for quarter in chosen.quarters if quarter.end_at <= now()]
    for order in starting.orders(ended, reason, backwards=backwards, most=most):
        number = backfills.start(order)
        progress.say(f"Airflow 回填 {number}：{order.first} 至 {order.last}")
        span = choosing.named([f"{order.first}..{order.last}"])
        for quarter in (span.backwards() if backwards else span).quarters:
            run_id = _run_of(backfills, quarter)
            told[str(quarter)] = follow(api, progress, DAG, run_id, str(quarter))
    for quarter in (quarter for quarter in chosen.quarters if quarter not in ended):
        progress.say(f"{quarter} 还没有结束，Airflow 的回填会略过它：单独运行")
        told[str(quarter)] = follow(api, progress, DAG, backfills.trigger(quarter, reason), str(quarter))
    good = all(told.values())
    if as_json:
        print_json({"in": "airflow", "quarters": told})
    return good


def _run_of(backfills: Any, quarter: Period) -> str:
    """The id of a quarter's run; Airflow makes them within seconds."""
    deadline = time.monotonic() + FOUND_SECONDS
    while time.monotonic() < deadline:
        if run := backfills.runs({quarter}).get(quarter):
            return run["dag_run_id"]
        time.sleep(1)
    raise CourtyardError(f"Airflow 没有为 {quarter} 建立运行。", "请看调度器的日志。")


def _quiet() -> Any:
    import io

    from rich.console import Console

    return Console(file=io.StringIO())


def _here(
    settings: Settings, ctx: Context, chosen: Chosen, how: tuple[str, bool, int], refetch: bool, as_json: bool
) -> bool:
    """The same stages in this process, one quarter after the other, each under its lease."""
    from courtyard.cli import running
    from courtyard.context import Asked
    from courtyard.warehouse import follow_on

    asked = Asked("backfill", how[0], f"{getpass.getuser()}@{process_name()}")
    ran = []
    with services(settings, sources=True):
        if not as_json:
            _plan(ctx, chosen, as_json=False)
            _same_in_airflow(starting.orders(chosen.quarters, how[0], backwards=how[1], most=how[2]))
        for quarter in chosen.quarters:
            if not as_json:
                console.print(f"{quarter.title}：{asked.reason}", style="bold", highlight=False)
            ran.append(running.run_one(settings, str(quarter), asked, refetch, as_json))
        due = follow_on.due(ctx)
    if as_json:
        quarters = {one["period"]: {"steps": one["steps"], "is_bad": one["is_bad"]} for one in ran}
        print_json({"in": "process", "quarters": quarters, "due": [one.quarter for one in due]})
    else:
        running.show_due(due)
    return not any(one["is_bad"] for one in ran)
