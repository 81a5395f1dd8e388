"""`courtyard intake-keys`: the keys of clients that send reports over GeoReport."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json, services
from courtyard.district import load_district
from courtyard.intake import clients
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

intake_keys = typer.Typer(help="Keys of clients that send reports over GeoReport v2.", no_args_is_help=True)
app.add_typer(intake_keys, name="intake-keys", rich_help_panel="Residents")

Name = Annotated[str, typer.Argument(metavar="CLIENT", help="What the client is called: an application, not a person.")]


@intake_keys.command()
def add(name: Name, as_json: Json = False) -> None:
    """Give a client a key, in place of any it had; it is shown once and stored nowhere."""
    settings = Settings.from_env()
    with _open(settings) as (connection, street_code):
        key = clients.add(connection, keys.load_intake(settings.keys), street_code, name, datetime.now(SHANGHAI))
    if as_json:
        print_json({"client": name, "api_key": key})
    else:
        console.print(f"{name} 的接口密钥（只显示这一次）：{key}", highlight=False, soft_wrap=True, markup=False)


@intake_keys.command("list")
def list_clients(as_json: Json = False) -> None:
    """Every client, and since when its key holds."""
    with _open(Settings.from_env()) as (connection, street_code):
        found = [dict(row) for row in clients.listed(connection, street_code)]
    if as_json:
        print_json(found)
        return
    for row in found:
        state = "有效" if row["is_active"] else "已停用"
        since = row["since"].astimezone(SHANGHAI)
        console.print(f"{row['name']}  {state}  发放于{since:%Y-%m-%d}", highlight=False, markup=False)
    if not found:
        console.print("还没有客户，用 courtyard intake-keys add 添加。")


@intake_keys.command()
def revoke(name: Name, as_json: Json = False) -> None:
    """Take a client's key away; what it sent stays."""
    with _open(Settings.from_env()) as (connection, street_code):
        clients.revoke(connection, street_code, name)
    print_json({"client": name, "is_active": False}) if as_json else console.print(f"{name} 的接口密钥已停用。")


@contextmanager
def _open(settings: Settings) -> Iterator[tuple[Connection, str]]:
    street_code = load_district(settings.district_path).office.street_code
    with services(settings) as url:
        from courtyard.store import database

        with database.engine(url).begin() as connection:
            yield connection, street_code
