"""`courtyard demo`, `up`, `down` and `logins`: what runs on this machine, and who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from courtyard.cli.base import Json, app, console, print_json, services
from courtyard.district import load_district
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.runtime.demo import Standing

Scale = Annotated[float, typer.Option(min=0.01, envvar="COURTYARD_SCALE", help="1 is the whole street.")]
ROLES = {"street": "街道", "community": "社区", "department": "部门", "viewer": "只看汇总"}
_SWITCH_ON = "courtyard airflow dags unpause --yes --treat-dag-id-as-regex 'courtyard_.*'"


@app.command()
def demo(scale: Scale = 1.0) -> None:
    """Run four quarters of the sample street through a real Airflow scheduler, then stop everything."""
    from courtyard.runtime.demo import run_demo

    raise typer.Exit(run_demo(Settings.from_env(), scale=scale, console=console))


@app.command()
def up(
    scale: Scale = 1.0,
    sample: Annotated[bool, typer.Option(help="Draw the sample street where nothing is yet.")] = True,
    memory: Annotated[bool, typer.Option("--memory", help="Start nothing; print the memory of what runs.")] = False,
) -> None:
    """Start PostgreSQL, the stand-ins, the residents' service and Airflow, and leave them running; prints addresses.

    Where nothing is yet, the sample street is drawn and its four quarters run first.
    """
    from courtyard.cli import residents
    from courtyard.runtime.demo import bring_up

    settings = Settings.from_env()
    if memory:
        _print_memory(settings)
        return
    standing = bring_up(settings, scale=scale, sample=sample, console=console)
    _print_addresses(settings, standing)
    with services(settings) as found:
        residents.print_standing(residents.standing(settings, found))
    console.print("停止：make down")
    raise typer.Exit(0 if standing.good else 1)


@app.command()
def down() -> None:
    """Stop everything that 'up' started, with every child."""
    from courtyard.runtime.supervisor import shut_down

    stopped = shut_down(Settings.from_env())
    console.print(f"Stopped {stopped} process(es)." if stopped else "Nothing was running.")


@app.command()
def logins(
    passwords: Annotated[bool, typer.Option("--passwords", help="Print the passwords too.")] = False,
    as_json: Json = False,
) -> None:
    """Who may sign in to Airflow and the office's pages, and what each sees."""
    found = _logins(Settings.from_env(), passwords)
    if as_json:
        print_json(found)
        return
    table = Table("用户", "角色", "单位或部门", "岗位", "Airflow", *(["密码"] if passwords else []))
    for one in found:
        cells = (one["user"], ROLES[one["role"]], one["of"], one["post"], one["airflow_role"])
        table.add_row(*cells, *([one["password"]] if passwords else []))
    console.print(table)


def _logins(settings: Settings, with_passwords: bool) -> list[dict[str, Any]]:
    from courtyard.runtime import airflow

    district = load_district(settings.district_path)
    known = airflow.passwords(settings) if with_passwords else {}
    listed = {user.user: user for user in district.users}
    found = []
    for name, airflow_role in airflow.logins(settings).items():
        user = listed.get(name)
        unit = district.unit_by_code.get(user.unit_code or "") if user else None
        one = {"user": name, "role": user.role if user else "viewer", "airflow_role": airflow_role}
        one |= {"of": unit.name if unit else (user and user.department) or "", "post": (user and user.post) or ""}
        found.append(one | ({"password": known.get(name, "（还没有生成）")} if with_passwords else {}))
    return found


def _print_addresses(settings: Settings, standing: Standing) -> None:
    from courtyard.boards.menu import MENU

    def tell(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True)

    address = standing.airflow.address
    tell(f"Airflow   {address}　也在它的菜单里：")
    for page in MENU:
        tell(f"  {page.title}  {address}/courtyard{page.path}")
    roles = "、".join(f"{name}" for name in (one["user"] for one in _logins(settings, False)))
    tell(f"登录      {roles}；各看到什么、密码：courtyard logins --passwords")
    tell(f"数据库    {standing.url}")
    if standing.paused:
        tell(f"定时运行  {len(standing.paused)} 个流程停着，不会自己跑，也不会补跑过去的季度。全部打开：{_SWITCH_ON}")
        tell("          打开后，每个流程先把最近一期跑一次，以后按时间跑；只打开一个就写它的名字。")
    if not settings.sample.exists():
        tell("没有示例街道：数据从 var/env 里的连接来。")


def _print_memory(settings: Settings) -> None:
    from courtyard.runtime import memory

    found = memory.shares(settings)
    table = Table("进程", "个数", "内存（MB，PSS）", title="正在运行的内存")
    for share in found:
        table.add_row(share.name, str(share.processes), f"{share.bytes / 1e6:,.0f}")
    table.add_section()
    total = sum(share.bytes for share in found)
    table.add_row("合计", str(sum(share.processes for share in found)), f"{total / 1e6:,.0f}", style="bold")
    console.print(table)
