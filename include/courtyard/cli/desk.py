"""`courtyard desk`: what waits for a person, everything said about it, and what a post decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from courtyard.context import Context

desk = typer.Typer(
    help="The disagreement desk (核实台): what sources say differently, and who may be one person.",
    no_args_is_help=True,
)
app.add_typer(desk, name="desk", rich_help_panel="Decisions of people")

Values = Annotated[bool, typer.Option("--show-values", help="Show personal values too; that is audited.")]
Reason = Annotated[str, typer.Option("--reason", help="How it was found out. Kept with the decision; name nobody.")]
Post = Annotated[str, typer.Option("--post", help="The post that decides: never a person's name.")]
Into = Annotated[
    str | None, typer.Option("--period", help="The quarter whose run takes it up, the newest known unless given.")
]
_NEXT = "决定已收下（{number}件），{period}的下一次运行后生效：courtyard run {period}"
_HIDDEN = "（加 --show-values 显示）"


@desk.command("list")
def list_queue(
    period: Annotated[
        str | None, typer.Argument(metavar="PERIOD", help="A quarter; the newest known when left out.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Only what this unit (or one below it) or department settles.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="claim, id_shared, two_heads, two_grids, gone or same_person.")
    ] = None,
    show_values: Values = False,
    as_json: Json = False,
) -> None:
    """What is open: how many first, then one line each, the oldest due first."""
    quarter = Period.quarter(period) if period else None
    with _at_the_desk(show_values) as (connection, ctx):
        from courtyard.desk import queue

        found = queue.listing(connection, ctx, period=quarter, unit=unit, kind=kind, with_values=show_values)
        if show_values:
            queue.audit(connection, ctx, datetime.now(SHANGHAI), [entry["id"] for entry in found])
    print_json(found) if as_json else _print_queue(found, queue.KINDS)


@desk.command()
def show(
    entry: Annotated[str, typer.Argument(metavar="ID")], show_values: Values = False, as_json: Json = False
) -> None:
    """One entry with all claims side by side, their dates and sources, and the rule that won."""
    with _at_the_desk(show_values) as (connection, ctx):
        from courtyard.desk import queue

        found = queue.show(connection, ctx, entry, with_values=show_values)
        if show_values:
            queue.audit(connection, ctx, datetime.now(SHANGHAI), [entry])
    if as_json:
        print_json(found)
    elif found["kind"] == queue.DUPLICATE:
        _print_records(found)
    else:
        _print_claims(found)


@desk.command()
def decide(
    entry: Annotated[str | None, typer.Argument(metavar="ID")] = None,
    verdict: Annotated[
        str | None, typer.Argument(help="A claim's number, a dataset, or value; same or different for two records.")
    ] = None,
    reason: Reason = "",
    post: Post = "",
    value: Annotated[str | None, typer.Option("--value", help="What is right, where no claim is.")] = None,
    file: Annotated[Path | None, typer.Option("--from", help="A CSV file: id,verdict,value,reason,post.")] = None,
    revise: Annotated[bool, typer.Option("--revise", help="Overrule what is settled already.")] = False,
    period: Into = None,
    as_json: Json = False,
) -> None:
    """Decide one entry, or all of a CSV file at once. The next run of the quarter takes it up."""
    if (file is None) == (entry is None or verdict is None):
        raise UsageError(
            "请写编号和结论，或用 --from 给一个CSV文件。", "例如 courtyard desk decide D… 1 --reason … --post …"
        )

    def make(connection: Connection, ctx: Context) -> list[dict[str, Any]]:
        from courtyard.desk import deciding

        now = datetime.now(SHANGHAI)
        if file is not None:
            return deciding.from_file(connection, ctx, file, now, revise=revise)
        signed = deciding.Signed(post, reason, now)
        return [deciding.on_entry(connection, ctx, entry or "", verdict or "", value, signed, revise=revise)]

    _hand_in(make, period, as_json)


@desk.command()
def alias(
    name: Annotated[str, typer.Argument(help="What people call the courtyard.")],
    courtyard: Annotated[str, typer.Argument(help="Its code.")],
    reason: Reason,
    post: Post,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="In use from this day; always when left out.")
    ] = None,
    period: Into = None,
    as_json: Json = False,
) -> None:
    """Teach a name of a courtyard; all sources are read by it from the next run on."""
    day = _day(since)

    def make(connection: Connection, ctx: Context) -> list[dict[str, Any]]:
        from courtyard.desk import deciding

        signed = deciding.Signed(post, reason, datetime.now(SHANGHAI))
        return [deciding.alias(connection, ctx, name, courtyard, day, signed)]

    _hand_in(make, period, as_json)


@desk.command()
def place(
    address: Annotated[str, typer.Argument(help="One whole address as it is written.")],
    target: Annotated[str, typer.Argument(metavar="COURTYARD/BUILDING/UNIT/ROOM")],
    reason: Reason,
    post: Post,
    period: Into = None,
    as_json: Json = False,
) -> None:
    """Say where one address is that nobody could tell."""

    def make(_: Connection, ctx: Context) -> list[dict[str, Any]]:
        from courtyard.desk import deciding

        return [deciding.place(ctx, address, target, deciding.Signed(post, reason, datetime.now(SHANGHAI)))]

    _hand_in(make, period, as_json)


@contextmanager
def _at_the_desk(writes: bool = False) -> Iterator[tuple[Connection, Context]]:
    settings = Settings.from_env()
    first = load_district(settings.district_path).office.first_quarter  # the desk belongs to no quarter
    with services(settings):
        from courtyard import stages

        ctx = stages.context(first, holder=f"cli:desk:{process_name()}", settings=settings)
        with ctx.engine().begin() if writes else ctx.engine().connect() as connection:
            yield connection, ctx


def _hand_in(make: Callable[[Connection, Context], list[dict[str, Any]]], period: str | None, as_json: bool) -> None:
    """Make decisions, land them for a quarter, and say when they take effect."""
    wanted = Period.quarter(period) if period else None
    with _at_the_desk() as (connection, ctx):
        from dataclasses import replace

        from courtyard.desk import deciding, queue

        quarter = wanted or queue.newest_quarter(connection, ctx)
        made = make(connection, replace(ctx, period=quarter))
        delivery = deciding.hand_in(ctx, made, quarter)
    numbers = [decision["decision_no"] for decision in made]
    if as_json:
        print_json({"delivery_id": delivery, "period": str(quarter), "decisions": numbers})
    else:
        console.print(_NEXT.format(number=len(made), period=quarter), highlight=False, soft_wrap=True)


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise UsageError(f"“{written}”不是日期。", "请写成 2026-07-01 这样。") from None


def _print_queue(found: list[dict[str, Any]], kinds: dict[str, str]) -> None:
    counts = Counter(entry["kind"] for entry in found)
    told = "，".join(f"{title}{counts[kind]}" for kind, title in kinds.items() if counts[kind])
    console.print(f"待核实 {len(found)} 件{'：' + told if told else ''}", highlight=False, soft_wrap=True)
    for entry in found:
        due = f"{entry['due_on']}前" if entry["due_on"] else "不限期"
        about = entry.get("attribute_title") or f"{entry['left_record']} 与 {entry['right_record']}"
        score = f"  可能性{entry['score']:.4f}" if entry.get("score") is not None else ""
        said = "、".join(_told(claim) for claim in entry.get("claims", ()))
        line = f"{entry['id']}  {due}  {entry['owner_name']}  {entry['kind_title']}  {about}  {said}{score}"
        console.print(line.rstrip(), highlight=False, soft_wrap=True, markup=False)


def _told(claim: dict[str, Any]) -> str:
    value = claim.get("label") or claim.get("value")
    return f"{claim['title']}：{value}" if value else claim["title"]


def _print_claims(found: dict[str, Any]) -> None:
    how = {"agreed": "各来源已一致", "grid_answer": "网格已答复", "desk": "核实台已决定"}.get(found["settled_how"], "")
    state = f"已核实（{how}，{found['settled_by']}）" if found["status"] == "settled" else "待核实"
    console.print(
        f"{found['id']}  {found['kind_title']}  {found['attribute_title']}  {found['period']}  {state}", highlight=False
    )
    console.print(
        f"对象 {found['subject']}；由{found['owner_name']}在{found['due_on']}前核实；现按 {found['rule']} 取值",
        highlight=False,
        soft_wrap=True,
    )
    table = Table("序号", "来源", "说法", "数据时间", "所属期", "单位", "交付", "表", "行")
    for number, claim in enumerate(found["claims"], 1):
        value = claim.get("label") or claim.get("value") or _HIDDEN
        day = datetime.fromisoformat(claim["said_at"]).astimezone(SHANGHAI).date() if claim.get("said_at") else ""
        table.add_row(str(number), claim["title"], value, str(day), claim.get("said_for", ""), claim.get("unit", ""),
                      claim.get("delivery_id", ""), claim.get("sheet", ""), str(claim.get("row_no", "")))  # fmt: skip
    console.print(table)


def _print_records(found: dict[str, Any]) -> None:
    state = {"open": "待核实", "same": "已定为同一人", "different": "已定为不是同一人"}[found["status"]]
    score = f"，可能性{found['score']:.4f}" if found["score"] is not None else ""
    console.print(f"{found['id']}  {found['kind_title']}  {found['reason']}{score}  {state}", highlight=False)
    for name, level in found["details"].items():
        console.print(f"  {name}: {level}", highlight=False)
    left, right = found["records"]
    table = Table("", left["record"], right["record"])
    for name in left:
        if name != "record":
            table.add_row(
                name,
                *("、".join(map(str, r[name])) if isinstance(r[name], list) else str(r[name]) for r in (left, right)),
            )
    console.print(table)
