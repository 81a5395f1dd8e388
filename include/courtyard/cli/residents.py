"""`courtyard intake` and `courtyard posters`: the residents' service, and the paper that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from courtyard.cli.base import Json, app, console, office, print_json, services
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.store import database

if TYPE_CHECKING:
    from courtyard.district.models import District, Unit

BASE_URL = "COURTYARD_INTAKE_BASE_URL"
_PANEL = "Residents"
intake = typer.Typer(
    help="The residents' service (居民上报): its address, its links, what it forgets.", no_args_is_help=True
)
app.add_typer(intake, name="intake", rich_help_panel=_PANEL)
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", envvar=BASE_URL, help="What residents' phones open, such as https://example.gov.cn."),
]


@intake.command("show")
def show_service(base_url: BaseUrl = None, as_json: Json = False) -> None:
    """Where it answers, whether its database does, and one link to try."""
    settings = Settings.from_env()
    with services(settings) as url:
        found = standing(settings, url, base_url)
    print_json(found) if as_json else print_standing(found)


@intake.command("forget")
def forget(
    on: Annotated[str | None, typer.Option(help="Reckon from this day, today unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Delete from the service what is older than `limits.kept_months` of rules/cases.yaml. Cases and landed bytes stay."""
    day = date.fromisoformat(on) if on else datetime.now(SHANGHAI).date()
    with office() as ctx:
        from courtyard import actions

        done = actions.forgotten(ctx, day)
    if as_json:
        print_json(done)
    else:
        console.print(f"{done['before']:%Y年%m月}以前的上报已从居民上报服务中删除：{done['reports']}件。")


@app.command(rich_help_panel=_PANEL)
def posters(
    which: Annotated[str | None, typer.Argument(metavar="[all]", help="'all': the whole street.")] = None,
    courtyard: Annotated[str | None, typer.Option(help="One courtyard, by its code.")] = None,
    community: Annotated[str | None, typer.Option(help="One community, by its code.")] = None,
    workers: Annotated[bool, typer.Option("--workers", help="The grid workers' links, a page a grid.")] = False,
    revoke: Annotated[
        str | None, typer.Option(metavar="CODE", help="Print a courtyard or grid anew; its older posters stop.")
    ] = None,
    base_url: BaseUrl = None,
    out: Annotated[Path | None, typer.Option(help="A folder, var/outbox/posters unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Print QR posters: a Word document a community, a page a courtyard. Printing is what makes a link valid."""
    settings, at = Settings.from_env(), datetime.now(SHANGHAI)
    district = load_district(settings.district_path)
    workers = workers or (revoke or "") in district.unit_by_code
    wanted = {name: code for name, code in (("code", revoke or courtyard), ("community", community)) if code}
    if not wanted and which != "all":
        raise UsageError("Nothing to print was named.", "Give --courtyard, --community, --revoke or 'all'.")
    places = _places(district, at.date(), workers, **wanted)
    if not places:
        raise UsageError("No such courtyard, community or grid exists today.", "Look for its code in the pack.")
    with services(settings) as url:
        base = _base(settings, base_url)
        versions = _versions(settings, district, url, [place.code for place in places], revoke, at)
    folder = out or settings.outbox / "posters"
    files = _write(settings, district, places, versions, base, folder)
    if as_json:
        print_json({"base_url": base, "files": files})
        return
    for path, count in files.items():
        console.print(f"{path}　{count}页", highlight=False, soft_wrap=True)
    if not base.startswith("https://"):
        console.print("这个网址不是 https，只能试用。张贴前请用 --base-url 给出正式网址。")


def print_standing(found: dict[str, Any]) -> None:
    """What `intake show` and `up` print."""
    if not found["address"]:
        console.print("居民上报  没有运行（make up 启动）")
        return
    console.print(
        f"居民上报  {found['address']}　{'正常' if found['healthy'] else '数据库连不上'}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"试一试    {found['sample_link']}", highlight=False, soft_wrap=True)


def standing(settings: Settings, url: str, base_url: str | None = None) -> dict[str, Any]:
    """The service's address, whether it is well, how many links are valid, and one of them."""
    from courtyard.intake import links
    from courtyard.runtime.supervisor import intake_address

    address = intake_address(settings)
    district = load_district(settings.district_path)
    at, street = datetime.now(SHANGHAI), district.office.street_code
    first = district.courtyards_on(at.date())[0].code
    with database.engine(url).begin() as connection:
        version = links.issue(connection, street, [first], at)[first]
        count = len(links.current(connection, street))
    path = links.path(keys.load_intake(settings.keys), street, links.Link("q", first, version))
    base = base_url or address or ""
    return {
        "address": address,
        "healthy": _is_well(address),
        "links": count,
        "sample_link": f"{base.rstrip('/')}{path}",
    }


@dataclass(frozen=True)
class _Place:
    """What gets a poster: a courtyard or, for workers, a grid."""

    code: str
    title: str
    community: Unit
    kind: Literal["q", "w"]


def _places(
    district: District, day: date, workers: bool, code: str | None = None, community: str | None = None
) -> list[_Place]:
    """The courtyards of a day, or the grids, community by community; one of them, or those of one community."""
    if workers:
        grids = district.units_valid_on(day, "grid")
        found = [_Place(grid.code, grid.name, district.unit_by_code[grid.parent_code or ""], "w") for grid in grids]
    else:
        found = [
            _Place(one.code, one.name, district.community_of(one.code), "q") for one in district.courtyards_on(day)
        ]
    found = [p for p in found if code in (None, p.code) and community in (None, p.community.code)]
    return sorted(found, key=lambda place: place.community.code)


def _versions(
    settings: Settings, district: District, url: str, codes: list[str], revoke: str | None, at: datetime
) -> dict[str, int]:
    from courtyard.intake import links

    with database.engine(url).begin() as connection:
        if revoke:
            links.revoke(connection, district.office.street_code, revoke, at)
        return links.issue(connection, district.office.street_code, codes, at)


def _write(
    settings: Settings, district: District, places: list[_Place], versions: dict[str, int], base: str, folder: Path
) -> dict[str, int]:
    """One document a community; returns path -> pages."""
    from courtyard.intake import links, posters

    ring, office = keys.load_intake(settings.keys), district.office
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, int] = {}
    for community, group in groupby(places, key=lambda place: place.community):
        pages = []
        for place in group:
            link = links.Link(place.kind, place.code, versions[place.code])
            url = base.rstrip("/") + links.path(ring, office.street_code, link)
            pages.append(posters.Poster(place.title, url, f"{place.code}-{link.version}", place.kind == "w"))
        what = "网格员上报" if pages[0].is_for_workers else "居民上报"
        one = f"-{pages[0].title}" if len(pages) == 1 else ""
        path = folder / f"{community.code}-{community.name}-{what}{one}.docx"
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(posters.document(office.short_name, pages, district.cases.limits.kept_months))
        part.replace(path)
        files[str(path)] = len(pages)
    return files


def _base(settings: Settings, given: str | None) -> str:
    """What comes before the path in a code."""
    from courtyard.runtime.supervisor import intake_address

    found = given or intake_address(settings)
    if found is None:
        raise UsageError("The address that phones open is not known.", f"Give --base-url or set {BASE_URL}.")
    if not found.startswith(("https://", "http://")):
        raise UsageError("The base URL is no web address.", "Write https:// and the name of the host.")
    return found


def _is_well(address: str | None) -> bool:
    import httpx

    if address is None:
        return False
    try:
        return httpx.get(f"{address}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
