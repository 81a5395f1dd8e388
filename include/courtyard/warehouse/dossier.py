"""A courtyard's archive, tags and indicators of a quarter as plain data: what `courtyard show` and its page are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from courtyard.district.models import Courtyard, District
from courtyard.errors import CourtyardError, UsageError
from courtyard.period import SHANGHAI, Period

MODULES = {
    "population": "人口底数",
    "key_groups": "重点人群",
    "resources": "资源分布",
    "providers": "服务主体",
    "items": "服务事项",
    "response": "响应流程",
}
STATES = {"no_data": "无数据", "no_cases": "无此类事项"}
SHOWN = 12
_PERIODS = text("""
SELECT DISTINCT period FROM mart.courtyard_archive_history
 WHERE courtyard_code = :courtyard AND recorded_at <= :known_at
   AND (superseded_at > :known_at OR superseded_at = 'infinity')
 ORDER BY period
""")
_ARCHIVE = text("SELECT * FROM mart.courtyard_archive_as_of(:period, :known_at) WHERE courtyard_code = :courtyard")
_TAGS = text("""
SELECT tag, title, category, reason, figures
  FROM mart.courtyard_tag_as_of(:period, :known_at) WHERE courtyard_code = :courtyard
""")
_UNJUDGED = text("""
SELECT tag, title, reason FROM mart.courtyard_tag_unjudged_as_of(:period, :known_at) WHERE courtyard_code = :courtyard
""")
_INDICATORS = text("""
SELECT indicator, title, unit, value, numerator, denominator, state, period
  FROM mart.courtyard_indicator_history
 WHERE unit_code = :courtyard AND period <= :period AND recorded_at <= :known_at
   AND (superseded_at > :known_at OR superseded_at = 'infinity')
 ORDER BY period
""")


def find(district: District, asked: str) -> Courtyard:
    """The courtyard of this code, name, address or alias; where there is just one, also of a part of these.

    Raises UsageError that lists the candidates when there are several, or none.
    """
    names = {c.code: [c.code, c.name, f"{c.road}{c.door}"] for c in district.courtyards}
    for alias in district.aliases:
        names[alias.courtyard_code].append(alias.alias)
    wanted = asked.strip()
    exact = [code for code, known in names.items() if wanted in known]
    found = exact or [code for code, known in names.items() if wanted and any(wanted in name for name in known)]
    if len(found) == 1:
        return district.courtyard_by_code[found[0]]
    if not found:
        raise UsageError(f"没有叫“{asked}”的院落。", "请写院落编码、名称、门牌或曾用名。")
    listed = "、".join(f"{district.courtyard_by_code[code].name}（{code}）" for code in found[:SHOWN])
    more = f"等{len(found)}个" if len(found) > SHOWN else ""
    raise UsageError(f"“{asked}”可以是：{listed}{more}。", "请写全名或院落编码。")


def known_at(day: date | None) -> datetime | str:
    """The end of a day in Shanghai; for ever without one."""
    return (
        "infinity"
        if day is None
        else datetime.combine(day + timedelta(days=1), time(), SHANGHAI) - timedelta.resolution
    )


def read(
    connection: Connection, district: District, courtyard: Courtyard, period: str | None, day: date | None
) -> dict[str, Any]:
    """A courtyard's archive, tags and indicators of a quarter as known at the end of a day, as plain data.

    Without a quarter it is the newest that has an archive. Raises CourtyardError when there is none.
    """
    names = {"courtyard": courtyard.code, "known_at": known_at(day)}
    periods = list(connection.scalars(_PERIODS, names))
    chosen = period or (periods[-1] if periods else "")
    if chosen not in periods:
        when = f"截至{day}，" if day else ""
        has = f"有档案的季度：{'、'.join(periods)}。" if periods else "还没有任何季度的档案。"
        raise CourtyardError(f"{when}{courtyard.name}没有{chosen}档案。", has)
    names["period"] = chosen
    (archive,) = connection.execute(_ARCHIVE, names).mappings()
    tags, unjudged = (
        [dict(row) for row in connection.execute(query, names).mappings()] for query in (_TAGS, _UNJUDGED)
    )
    indicators = _indicators(connection, names)
    order = {rule.tag: at for at, rule in enumerate(district.tags)}
    listed = {one.indicator: at for at, one in enumerate(district.indicators)}
    return {
        "courtyard_code": courtyard.code,
        "name": archive["courtyard_name"],
        "address": district.standard_address(courtyard),
        "community": archive["community_name"],
        "grid": archive["grid_name"],
        "period": chosen,
        "as_known": day,
        "recorded_at": archive["recorded_at"],
        **{module: _in_order(district, module, archive[module]) for module in MODULES},
        "tags": sorted(tags, key=lambda tag: order.get(tag["tag"], len(order))),
        "unjudged": sorted(unjudged, key=lambda tag: order.get(tag["tag"], len(order))),
        "indicators": sorted(indicators, key=lambda one: listed.get(one["indicator"], len(listed))),
    }


def _in_order(district: District, module: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a module as the pack lists them, then what it lists no longer."""
    names = [name.split(".")[1] for name in district.figures if name.startswith(f"{module}.")]
    return {name: figures[name] for name in (*names, *sorted(set(figures) - set(names))) if name in figures}


def _indicators(connection: Connection, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The indicators of the quarter with what they were a quarter and a year before, and over the quarters until then."""
    trends: dict[str, dict[str, Decimal | None]] = {}
    rows = connection.execute(_INDICATORS, names).mappings().all()
    for row in rows:
        trends.setdefault(row["indicator"], {})[row["period"]] = row["value"]
    found = []
    for row in rows:
        if row["period"] == names["period"]:
            trend, year = trends[row["indicator"]], int(names["period"][:4])
            before = trend.get(str(Period.quarter(names["period"]).previous()))
            year_before = trend.get(f"{year - 1}{names['period'][4:]}")
            told = {**row, "previous": before, "change": _less(row["value"], before)}
            told |= {"year_before": year_before, "change_on_year": _less(row["value"], year_before)}
            told = {name: float(value) if isinstance(value, Decimal) else value for name, value in told.items()}
            told["trend"] = {period: None if value is None else float(value) for period, value in trend.items()}
            del told["period"]
            found.append(told)
    return found


def _less(value: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if value is None or before is None else value - before
