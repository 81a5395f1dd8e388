"""Every cell of 12345办件统计 held against the sample street's truth: what the hotline really had, and where.

The orders are read from the sample's own file and their places from its truth; nothing of the pipeline is used but
the published workbook and the list of what the warehouse holds. A cell that differs must be explained to the last
order: quarantined on purpose, or kept without the courtyard that its address could not tell.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from openpyxl import load_workbook
from sqlalchemy import Engine, text
from tests.e2e.truth_check import UNPLACED

from courtyard.district.models import District
from courtyard.period import Period
from courtyard.sample.mess import effect
from courtyard.settings import Settings

REPORT, FIRST_ROW = "hotline_statistics", 6
COLUMNS = ("受理", "按期办结", "逾期", "退单", "重复件", "满意", "不满意", "满意率", "平均用时")
STATES = {"办结": "resolved", "已办结": "resolved", "退单": "returned", "已退单": "returned"}
GRADES = {"满意": "yes", "非常满意": "yes", "基本满意": "yes", "不满意": "no"}
_KEPT = text("""
SELECT DISTINCT r.record_key, c.community_code
  FROM warehouse.record_current r LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE r.dataset = 'hotline_cases'
""")


@dataclass(frozen=True)
class Order:
    """One order as the hotline has it; `community` is None where a form cannot tell it."""

    number: str
    community: str | None
    created: datetime
    due: datetime | None
    closed: datetime | None
    state: str | None
    grade: str | None
    repeats: bool
    defects: frozenset[str]


@dataclass(frozen=True)
class CellDifference:
    """A cell that is not the true one. `orders` are those behind it; `is_explained` when they make the difference."""

    period: str
    area: str
    column: str
    true: str
    published: str
    orders: tuple[str, ...]
    is_explained: bool


def differences(engine: Engine, settings: Settings, district: District, months: Iterable[str]) -> list[CellDifference]:
    """Every cell of these months' forms that differs from the truth."""
    with engine.connect() as connection:
        kept = dict(connection.execute(_KEPT).tuples().all())
    found: list[CellDifference] = []
    for month in months:
        found += _of_month(settings, district, Period.parse(month), kept)
    return found


def _of_month(
    settings: Settings, district: District, month: Period, kept: dict[str, str | None]
) -> list[CellDifference]:
    true = [order for order in _orders(settings) if month.start_at <= order.created < month.end_at]
    told, why = _as_told(true, kept)
    published = _published(settings, month)
    names = {unit.code: unit.name for unit in district.units if unit.kind == "community"}
    areas: dict[str, str | None] = {name: code for code, name in names.items()}
    if any(order.community is None for order in told):
        areas["未对应社区"] = None
    assert set(published) == {*areas, "合计"}, f"{month}: {sorted(published)}"
    found = []
    for area in published:
        here = (lambda order: True) if area == "合计" else (lambda order, code=areas[area]: order.community == code)
        should, expected = _figures(filter(here, true), month), _figures(filter(here, told), month)
        behind = {n: said for n, said in why.items() if any(o.number == n and here(o) for o in (*true, *told))}
        for column, figure in zip(COLUMNS, published[area], strict=True):
            at = COLUMNS.index(column)
            if figure != should[at]:
                orders = tuple(f"{number}: {said}" for number, said in sorted(behind.items()))
                is_explained = figure == expected[at] and bool(orders) and "?" not in behind.values()
                found.append(CellDifference(str(month), area, column, should[at], figure, orders, is_explained))
    return found


def _as_told(true: list[Order], kept: dict[str, str | None]) -> tuple[list[Order], dict[str, str]]:
    """The orders as the warehouse has them, and for each that is missing or elsewhere the reason; '?' without one."""
    told, why = [], {}
    for order in true:
        if order.number not in kept:
            spoilt = sorted(d for d in order.defects if effect(d) == "quarantined")
            why[order.number] = "/".join(spoilt) or "?"
            continue
        place = kept[order.number]
        if place != order.community:
            why[order.number] = "/".join(sorted(order.defects & UNPLACED)) if place is None else "?"
            why[order.number] = why[order.number] or "?"
        told.append(replace(order, community=place))
    return told, why


def _orders(settings: Settings) -> list[Order]:
    with (settings.truth / "rows.csv").open(encoding="utf-8", newline="") as file:
        places = {r["row_no"]: r for r in csv.DictReader(file) if r["dataset"] == "hotline_cases"}
    lines = (settings.sample / "hotline/orders.jsonl").read_text("utf-8").splitlines()
    return [_order(json.loads(line), places) for line in lines]


def _order(said: dict[str, str | None], places: dict[str, dict[str, str]]) -> Order:
    place = places[str(said["orderNo"])]
    moments = [datetime.fromisoformat(at) if (at := said[key]) else None for key in ("createdAt", "dueAt", "closedAt")]
    return Order(
        str(said["orderNo"]),
        place["courtyard_code"][:12] or None,
        *moments,
        STATES.get(str(said["status"])),
        GRADES.get(str(said["satisfaction"])),
        bool(said["duplicateOf"]),
        frozenset(filter(None, place["defects"].split(";"))),
    )


def _figures(orders: Iterable[Order], month: Period) -> tuple[str, ...]:
    """The form's figures as printed, counted order by order."""
    listed, end = list(orders), month.end_at
    done = [o for o in listed if o.state == "resolved" and o.closed and o.closed < end]
    returned = [o for o in listed if o.state == "returned" and (not o.closed or o.closed < end)]
    in_time = [o for o in done if o.due and o.closed <= o.due]
    late = [o for o in done if o.due and o.closed > o.due]
    late += [o for o in listed if o not in done and o not in returned and o.due and o.due < end]
    pleased, not_pleased = (sum(o.grade == grade for o in done) for grade in ("yes", "no"))
    hours = [Decimal((o.closed - o.created).total_seconds()) / 3600 for o in done]
    counts = (len(listed), len(in_time), len(late), len(returned), sum(o.repeats for o in listed), pleased, not_pleased)
    rate = _rounded(Decimal(100 * pleased) / (pleased + not_pleased)) if pleased + not_pleased else "—"
    return (*map(str, counts), rate, _rounded(sum(hours) / len(hours)) if hours else "—")


def _rounded(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _published(settings: Settings, month: Period) -> dict[str, tuple[str, ...]]:
    """Each row of the newest revision's table by its area, as printed."""
    newest = max((settings.published / str(month) / REPORT).glob("r*"), key=lambda path: int(path.name[1:]))
    (path,) = newest.glob(f"12345*_{newest.name}.xlsx")
    found = {}
    for row in load_workbook(path).active.iter_rows(min_row=FIRST_ROW, values_only=True):
        if str(row[0]).startswith("注："):
            break
        *counts, rate, hours = row[1:]
        shown = (value if value == "—" else _rounded(Decimal(str(value))) for value in (rate, hours))
        found[str(row[0])] = (*map(str, counts), *shown)
    return found
