"""一张图: the courtyards of a quarter, coloured by a layer, and the same courtyards as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import Response

from courtyard.boards import answering, guard, map_reading, map_seen, menu
from courtyard.boards.map_drawing import Sheet
from courtyard.boards.map_reading import Place
from courtyard.boards.map_seen import Cell
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.district.map_layers import CASES, MapLayer
from courtyard.district.models import District

ASSUMED_WIDTH = 900  # pixels of the map, until the script knows better


@dataclass(frozen=True)
class Asked:
    """What the address of the page says; '' is all."""

    layer: str = ""
    quarter: str = ""
    community: str = ""
    grid: str = ""
    tag: str = ""
    q: str = ""
    sort: str = "figure"

    def link(self, **changed: str) -> str:
        """The page with something else asked for."""
        asked = {**vars(self), **changed}
        plain = vars(Asked())
        return f"{menu.MAP.path}?{urlencode({k: v for k, v in asked.items() if v and v != plain[k]})}"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.community or self.grid or self.tag or self.q)


def mount(app: FastAPI) -> None:
    @app.get(menu.MAP.path)
    def show(
        request: Request,
        layer: str = "",
        quarter: str = "",
        community: str = "",
        grid: str = "",
        tag: str = "",
        q: str = "",
        sort: str = "figure",
        who: Who = guard.allowed(menu.MAP),
    ) -> Response:
        asked = Asked(layer, quarter, community, grid, tag, q.strip(), sort)
        ctx, at = guard.context(request), guard.now(request)
        offered = layers_for(ctx.district, who)
        chosen = _layer(request, ctx.district, offered, asked)
        with ctx.engine("publisher").connect() as connection:
            known = map_reading.quarters(connection, ctx)
            period = map_reading.chosen(known, asked.quarter)
            places = map_reading.places(connection, ctx, period, at)
        values = _values(ctx, who, asked, places)
        named = {"asked": asked, "layer": chosen, "layers": offered, "quarters": known, "quarter": period}
        return answering.page(request, "map.html", **named, **values)


def layers_for(district: District, who: Who) -> list[MapLayer]:
    """The layers that a user is offered: that of cases goes with the page of cases."""
    return [layer for layer in district.map_layers if not layer.is_cases or who.role in menu.CASES.roles]


def _layer(request: Request, district: District, offered: Sequence[MapLayer], asked: Asked) -> MapLayer:
    """The layer asked for, the first unless one is."""
    if not offered:
        raise Refused(404, "地图还没有图层。", "请在数据包的 rules/map.yaml 中写明图层。")
    if not asked.layer:
        return offered[0]
    if found := [layer for layer in offered if layer.layer == asked.layer]:
        return found[0]
    if any(layer.layer == asked.layer for layer in district.map_layers):
        guard.forbid(request, "这个图层不对您的账号开放。")
    raise Refused(404, "没有这个图层。", "请在地图上方重新选择图层。")


def _values(ctx: Context, who: Who, asked: Asked, places: list[Place]) -> dict[str, Any]:
    district, sheet = ctx.district, Sheet(ctx.district)
    seen = map_seen.cells(district, who, places)
    tags = {place.code: map_seen.tags_for(district, who, place) for place in places}
    matching = [place for place in places if _matches(district, asked, place, tags[place.code])]
    found = {place.code for place in matching}
    frame = sheet.frame(found if asked.is_narrowed and found else [place.code for place in places])
    layers = layers_for(district, who)
    layer = asked.layer or layers[0].layer
    return {
        "places": [(place, sheet.shape(place.code), place.code in found) for place in places],
        "rows": _sorted(matching, seen[layer], asked),
        "cells": seen,
        "tags": tags,
        "legends": {one.layer: map_seen.legend(district, one, seen[one.layer].values()) for one in layers},
        "totals": {one.layer: _total(one, matching, seen[one.layer]) for one in layers},
        "frame": frame,
        "unit": round(frame[2] / ASSUMED_WIDTH, 2),
        "communities": sheet.communities(places),
        "roads": sheet.roads(),
        "choices": _choices(places, tags),
        "flags": {one.layer: _flag(district, one) for one in layers},
        "surveyed": sum(outline.properties.surveyed for outline in district.outlines),
    }


def _matches(district: District, asked: Asked, place: Place, tags: dict[str, str]) -> bool:
    if (asked.community and place.community_code != asked.community) or (asked.grid and place.grid_code != asked.grid):
        return False
    return (not asked.tag or asked.tag in tags) and (not asked.q or any(asked.q in n for n in _names(district, place)))


def _names(district: District, place: Place) -> list[str]:
    """What a courtyard may be looked for by."""
    courtyard = district.courtyard_by_code[place.code]
    aliases = [alias.alias for alias in district.aliases if alias.courtyard_code == place.code]
    return [place.code, place.name, courtyard.name, f"{courtyard.road}{courtyard.door}", *aliases]


def _sorted(places: list[Place], cells: dict[str, Cell], asked: Asked) -> list[Place]:
    """By what the layer shows, the most first; or by name. Never by what it does not show."""
    if asked.sort == "name":
        return sorted(places, key=lambda place: (place.community, place.name))
    return sorted(places, key=lambda place: (-cells[place.code].rank, place.code))


def _total(layer: MapLayer, places: Sequence[Place], cells: dict[str, Cell]) -> str:
    """The sum of what is shown, where no mark stands for a number."""
    shown = [cells[place.code] for place in places]
    if not shown or any(cell.css in ("few", "many", "closed") for cell in shown):
        return ""
    known = [cell.rank for cell in shown if cell.css != "na"]
    missing = f"，{len(shown) - len(known)} 个院落不详" if len(known) < len(shown) else ""
    return f"合计 {sum(known):,} {layer.unit}{missing}"


def _flag(district: District, layer: MapLayer) -> str:
    """What it means that a courtyard is outlined."""
    known = district.figures.get(layer.flag or "") or CASES.get(layer.flag or "")
    return f"有{known.title}" if known else ""


def _choices(places: Sequence[Place], tags: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What the filters offer: communities, the grids of each, and tags that any courtyard shows."""
    communities: dict[str, str] = {}
    grids: dict[str, dict[str, str]] = {}
    for place in places:
        communities[place.community_code] = place.community
        grids.setdefault(place.community, {})[place.grid_code] = place.grid
    offered = {tag: title for found in tags.values() for tag, title in found.items()}
    return {
        "communities": dict(sorted(communities.items())),
        "grids": {name: dict(sorted(of.items())) for name, of in grids.items()},
        "tags": dict(sorted(offered.items(), key=lambda item: item[1])),
    }
