"""The digital archive of each courtyard for a quarter, the tags that follow from it, and the indicators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.figures import BUILT_IN
from courtyard.district.models import Contract, District
from courtyard.identity.persons import anchor
from courtyard.period import Period
from courtyard.store import database, lease, statements
from courtyard.store.tables import courtyard_archive, courtyard_indicator, courtyard_tag
from courtyard.warehouse import follow_on, indicators, quarters, tagging
from courtyard.warehouse.believing import believe

_SQL = statements.load("courtyard.warehouse", "archive.sql")
MODULES = ("population", "key_groups", "resources", "providers", "items", "response")
POPULATION = tuple(name.split(".")[1] for name in BUILT_IN if name.startswith("population."))


def archive(ctx: Context) -> dict[str, Any]:
    """Bring the archive of the run's quarters in step with what is believed, in one transaction.

    Returns the quarters looked at and how many courtyards, tags and indicators changed. Other quarters whose bulletin
    shows what changed are kept as due (`follow_on`). Raises LeaseLost when another run has taken over the quarter.
    """
    changed, touched = dict.fromkeys(("changed", "tags", "indicators"), 0), []
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_SQL["alone"], {"street": ctx.street_code})
        moved_from = _moved_from(connection, ctx)
        looked_at = quarters.affected(connection, ctx, moved_from)
        for quarter in looked_at:
            written = _archive(connection, ctx, quarter, moved_from)
            for name, count in written.items():
                changed[name] += count
            if any(written.values()):
                touched.append(quarter)
        follow_on.archived(connection, ctx, touched)
    return {"quarters": [str(quarter) for quarter in looked_at], **changed}


def _moved_from(connection: Connection, ctx: Context) -> date | None:
    """The first day of records that merges took along to another person, whatever their quarter, since the last archive."""
    if not connection.scalar(_SQL["any_moved"], {"street": ctx.street_code}):
        return None
    connection.execute(_SQL["one_at_a_time"], {"street": ctx.street_code})
    datasets = [c.dataset for c in ctx.district.contracts.values() if c.grain == "period"]
    return connection.scalar(_SQL["followed"], {"street": ctx.street_code, "period_datasets": datasets})


def _archive(connection: Connection, ctx: Context, quarter: Period, moved_from: date | None) -> dict[str, int]:
    every = list(connection.scalars(_SQL["periods"], {"street": ctx.street_code}))
    names = _names(ctx, quarter, [Period.parse(period) for period in every])
    names["learned"] = _learned(connection, names, every if moved_from and moved_from <= quarter.last_day else [])
    if names["learned"] is None:
        return {}
    _count(connection, ctx, quarter, names)
    _judge(connection, ctx, quarter)
    tables = {"changed": courtyard_archive, "tags": courtyard_tag, "indicators": courtyard_indicator}
    changed = {name: believe(connection, table, names) for name, table in tables.items()}
    connection.execute(_SQL["drop"])
    return changed


def _learned(connection: Connection, names: dict[str, Any], others: list[str]) -> datetime | None:
    """When the last delivery that speaks of the quarter or an earlier one was received; None where there is none.

    Where somebody turned out to be another person, a delivery of any period may have told so: then `others` are all
    periods. Knowledge does not go back: nothing is recorded before what was noted of the quarter already.
    """
    told = connection.scalar(_SQL["learned"], names)
    if told is None:
        return None
    behind = connection.scalar(_SQL["learned"], {**names, "periods": others})
    noted = connection.scalar(_SQL["noted"], names)
    return max(moment for moment in (told, behind, noted) if moment)


def _count(connection: Connection, ctx: Context, quarter: Period, names: dict[str, Any]) -> None:
    """From the records to `_courtyard_archive`."""
    steps = ("standing", "covered", "holds", "population", "key_groups", "make_figure", "told", "figures", "happened")
    for step in steps:
        connection.execute(_SQL[step], names)
    connection.execute(_SQL["responses"], names)
    posts = _posts(ctx.district, quarter)
    database.copy_rows(connection, "pg_temp._figure", ("courtyard_code", "figure", "value"), posts)
    connection.execute(_SQL["archive"], names)


def _names(ctx: Context, quarter: Period, periods: list[Period]) -> dict[str, Any]:
    """The values of all the statements' names."""
    district, before = ctx.district, [p for p in periods if p.start < quarter.end]
    rules = district.archive
    anchored = anchor(district)
    held = {rule.dataset for rule in rules.figures}
    spoken = held | {rule.dataset for rule in rules.events} | {g.dataset for g in district.key_groups} | {anchored}
    contracts = [district.contracts[dataset] for dataset in sorted(spoken)]
    return {
        "street": ctx.street_code,
        "anchor": anchored,
        "period": str(quarter),
        "periods": [str(p) for p in before],
        "within": [str(p) for p in before if p.end > quarter.start],
        "ending": [str(p) for p in before if p.end >= quarter.end],
        "before": quarter.start - timedelta(days=1),
        "day": quarter.last_day,
        "first": quarter.start.isoformat(),
        "last": quarter.last_day.isoformat(),
        "starts": quarter.start_at,
        "ends": quarter.end_at,
        "datasets": [contract.dataset for contract in contracts],
        "grains": [contract.grain for contract in contracts],
        "held": sorted(held),
        "figures": json.dumps([_figure(district.contracts[r.dataset], r.model_dump()) for r in rules.figures]),
        "events": json.dumps([rule.model_dump() for rule in rules.events]),
        "nobody": json.dumps(dict.fromkeys(POPULATION, 0)),
        "unknown": json.dumps(dict.fromkeys(POPULATION)),
    }


def _figure(contract: Contract, rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "is_date": rule["column"] is not None and contract.column(rule["column"]).type == "date"}


def _posts(district: District, quarter: Period) -> Iterator[tuple[str, str, str]]:
    """How many posts of the grid and the community look after each courtyard, and how many of them are vacant."""
    day = quarter.last_day
    held: dict[str, dict[str, bool]] = {}
    for post in district.posts:
        if post.valid_from <= day:
            of_unit = held.setdefault(post.unit_code, {})
            of_unit[post.post] = of_unit.get(post.post, False) or post.valid_to is None or day < post.valid_to
    for courtyard in district.courtyards:
        units = (district.grid_of(courtyard.code).code, district.community_of(courtyard.code).code)
        found = [is_held for unit in units for is_held in held.get(unit, {}).values()]
        yield courtyard.code, "providers.posts", str(len(found))
        yield courtyard.code, "providers.posts_vacant", str(found.count(False))


def _judge(connection: Connection, ctx: Context, quarter: Period) -> None:
    """From `_courtyard_archive` to `_courtyard_tag` and `_courtyard_indicator`."""
    found = [
        (row.courtyard_code, row.community_code, flat(row._mapping)) for row in connection.execute(_SQL["modules"])
    ]
    tags = tagging.rows(ctx.district, str(quarter), ((code, figures) for code, _, figures in found))
    _fill(connection, courtyard_tag.name, (
        "courtyard_code", "tag", "title", "category", "is_judged", "reason", "figures",
    ), ((*row[:-1], json.dumps(row[-1], ensure_ascii=False)) for row in tags))  # fmt: skip
    values = indicators.rows(ctx.district.indicators, ctx.street_code, found)
    _fill(connection, courtyard_indicator.name, (
        "unit_code", "indicator", "level", "title", "unit", "value", "numerator", "denominator", "state",
        "courtyards", "courtyards_known",
    ), values)  # fmt: skip


def _fill(connection: Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    connection.exec_driver_sql(f"CREATE TEMP TABLE _{table} (LIKE warehouse.{table}) ON COMMIT DROP")
    for name in ("street_code", "period", "recorded_at", "superseded_at"):
        connection.exec_driver_sql(f"ALTER TABLE _{table} DROP COLUMN {name}")
    database.copy_rows(connection, f"pg_temp._{table}", columns, rows)
    connection.exec_driver_sql(f"ANALYZE _{table}")


def flat(modules: Any) -> dict[str, Any]:
    """The figures of an archive's modules by `module.figure`."""
    return {f"{module}.{name}": value for module in MODULES for name, value in modules[module].items()}
