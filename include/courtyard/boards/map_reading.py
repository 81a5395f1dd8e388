"""What the map shows of a quarter: the courtyards that have an archive, their tags, and their open cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard.boards.refusal import Refused
from courtyard.cases import overview
from courtyard.context import Context
from courtyard.district.map_layers import CASES
from courtyard.period import SHANGHAI, Period
from courtyard.warehouse.dossier import MODULES

_QUARTERS = text("SELECT DISTINCT period FROM mart.courtyard_archive WHERE street_code = :street ORDER BY period")
_ARCHIVES = text(f"""
SELECT courtyard_code, courtyard_name, community_code, community_name, grid_code, grid_name, {", ".join(MODULES)}
  FROM mart.courtyard_archive WHERE street_code = :street AND period = :quarter ORDER BY courtyard_code
""")
_TAGS = text("""
SELECT courtyard_code, tag, title FROM mart.courtyard_tag
 WHERE street_code = :street AND period = :quarter ORDER BY courtyard_code, tag
""")


@dataclass(frozen=True)
class Place:
    """A courtyard of the quarter; `figures` by `module.figure`, with those of open cases."""

    code: str
    name: str
    community_code: str
    community: str
    grid_code: str
    grid: str
    figures: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)


def quarters(connection: Connection, ctx: Context) -> list[str]:
    """The quarters that have an archive, the oldest first."""
    return list(connection.scalars(_QUARTERS, {"street": ctx.street_code}))


def chosen(known: list[str], asked: str | None) -> str | None:
    """The quarter asked for, the newest unless one is; None where there is none at all. Refused when it has none."""
    if not asked:
        return known[-1] if known else None
    quarter = str(Period.quarter(asked))
    if quarter not in known:
        listed = f"有档案的季度：{'、'.join(known)}。" if known else "还没有任何季度的档案。"
        raise Refused(404, f"{quarter}没有院落档案。", listed)
    return quarter


def places(connection: Connection, ctx: Context, quarter: str | None, at: datetime) -> list[Place]:
    """The courtyards of a quarter with their figures; without a quarter those of the pack, of which nothing is known."""
    if quarter is None:
        return [_bare(ctx, courtyard.code) for courtyard in ctx.district.courtyards_on(at.astimezone(SHANGHAI).date())]
    cases = overview.by_courtyard(connection, ctx, at)
    tags: dict[str, dict[str, str]] = {}
    for row in connection.execute(_TAGS, {"street": ctx.street_code, "quarter": quarter}):
        tags.setdefault(row.courtyard_code, {})[row.tag] = row.title
    return [
        replace(place, figures={**place.figures, **_cases(cases.get(place.code, {}))}, tags=tags.get(place.code, {}))
        for place in figures(connection, ctx, quarter)
    ]


def figures(connection: Connection, ctx: Context, quarter: str) -> list[Place]:
    """The courtyards of a quarter with the figures of their archives."""
    rows = connection.execute(_ARCHIVES, {"street": ctx.street_code, "quarter": quarter})
    return [
        Place(*row[:6], {f"{m}.{name}": value for m in MODULES for name, value in row._mapping[m].items()})
        for row in rows
    ]


def _cases(found: Mapping[str, int]) -> dict[str, int]:
    return {name: found.get(name.removeprefix("cases."), 0) for name in CASES}


def _bare(ctx: Context, code: str) -> Place:
    district = ctx.district
    community, grid = district.community_of(code), district.grid_of(code)
    name = district.courtyard_by_code[code].name
    return Place(code, name, community.code, community.name, grid.code, grid.name, {})
