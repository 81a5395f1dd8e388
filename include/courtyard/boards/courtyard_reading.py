"""What a courtyard's page shows: its archive as far as a user may see it, how it became what it is, what is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from typing import Any

from sqlalchemy import Connection, text

from courtyard.boards import charts, map_seen
from courtyard.context import Context
from courtyard.district.figures import EVENT_FIGURES
from courtyard.district.models import Courtyard, District
from courtyard.district.posts import Posts
from courtyard.handover.tables import MATTERS
from courtyard.period import SHANGHAI
from courtyard.warehouse.dossier import MODULES, STATES
from courtyard.warehouse.tagging import number, written

_VERSIONS = text(f"""
SELECT period, recorded_at, superseded_at = 'infinity' AS is_current, {", ".join(MODULES)}
  FROM mart.courtyard_archive_history WHERE courtyard_code = :courtyard ORDER BY period, recorded_at
""")
_ITEMS = text("""
SELECT matter, since, due_on, answers_unit, answers_post FROM mart.open_item_on(:day)
 WHERE courtyard_code = :courtyard ORDER BY due_on NULLS LAST, since, matter
""")
KINDS = {"renamed": "更名", "merged": "并入", "split": "分出"}
ALIASES = {"former": "曾用名", "compound": "小区名", "door": "另一门牌"}


@dataclass(frozen=True)
class Line:
    """A figure: its title, what is shown of it, its class in map.css, and why where nothing is known."""

    title: str
    text: str
    css: str = ""
    why: str = ""


def modules(
    district: District, found: Mapping[str, Any], marks: Mapping[str, str | None] | None
) -> dict[str, list[Line]]:
    """The modules with their figures. With `marks`, those of key groups, no other figure of persons is in it."""
    shown = {}
    for module, title in MODULES.items():
        if module != "response":
            names = [name for name in found[module] if f"{module}.{name}" in district.figures]
            lines = [
                line for name in names if (line := _line(district, f"{module}.{name}", found[module][name], marks))
            ]
            if lines:
                shown[title] = lines
    return shown


def _line(district: District, name: str, value: Any, marks: Mapping[str, str | None] | None) -> Line | None:
    title = district.figures[name].title
    if marks is not None and map_seen.is_personal(district, name):
        if name not in marks:
            return None
        cell = map_seen.of_mark(marks[name], district.office.small_count)  # type: ignore[arg-type]
        return Line(title, cell.text, cell.css, "" if marks[name] else why(district, name))
    return Line(title, "—", "na", why(district, name)) if value is None else Line(title, written(district, name, value))


def why(district: District, name: str) -> str:
    """Why a figure of an archive is not known."""
    rule = next((rule for rule in district.archive.figures if rule.figure == name), None)
    group = next((group for group in district.key_groups if f"key_groups.{group.group}" == name), None)
    dataset = rule.dataset if rule else group.dataset if group else "population"
    contract = district.contracts.get(dataset)
    title = contract.title if contract else dataset
    if rule and (rule.needs_row or rule.measure in ("least", "greatest", "values")):
        return f"{title}没有登记这一项，或没有送达"
    return f"没有收到{title}"


def responses(district: District, figures: Mapping[str, Any], *, is_open: bool) -> list[tuple[str, list[str]]]:
    """Each kind of event with its figures, in the order of EVENT_FIGURES; of persons' matters only where `is_open`."""
    rows = []
    for rule in district.archive.events:
        if is_open or not map_seen.is_personal(district, next(iter(rule.figures))):
            asked = [f"{rule.events}_{kind}" for kind in EVENT_FIGURES]
            cells = ["" if f"response.{n}" not in rule.figures else number_or_dash(figures.get(n)) for n in asked]
            rows.append((rule.title, cells))
    return rows


def number_or_dash(value: Any) -> str:
    return "—" if value is None else number(value)


def signed(value: Any) -> str:
    """A change with its sign; — where one of the two is not known."""
    return "—" if value is None else number(value) if value <= 0 else f"+{number(value)}"


def indicators(district: District, found: Sequence[Mapping[str, Any]], *, is_open: bool) -> list[dict[str, Any]]:
    """Indicators with their changes; those that hold a count of persons only where `is_open`."""
    rules = {rule.indicator: rule for rule in district.indicators}
    shown = []
    for one in found:
        rule = rules.get(one["indicator"])
        of = [name for name in (rule.numerator, rule.denominator) if name] if rule else [""]
        if is_open or not any(map_seen.is_personal(district, name) for name in of):
            value = STATES[one["state"]] if one["value"] is None else f"{number(one['value'])}{one['unit']}"
            shown.append({**one, "shown": value})
    return shown


def versions(connection: Connection, code: str) -> list[dict[str, Any]]:
    """Every archive of a courtyard that was ever believed, by quarter and time."""
    return [dict(row) for row in connection.execute(_VERSIONS, {"courtyard": code}).mappings()]


def corrections(district: District, found: Sequence[Mapping[str, Any]], quarter: str) -> list[dict[str, Any]]:
    """What changed in the archive of a quarter each time it was corrected, the last first.

    `day` is the last whole day on which the archive before was believed.
    """
    of_quarter = [one for one in found if one["period"] == quarter]
    told = []
    for before, after in pairwise(of_quarter):
        since, until = (one["recorded_at"].astimezone(SHANGHAI).date() for one in (before, after))
        day = until - timedelta(days=1) if since < until else None
        changes = list(_differences(district, before, after))
        told.append({"at": after["recorded_at"], "day": day, "changes": changes})
    return told[::-1]


def _differences(district: District, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for module in MODULES:
        for name in sorted(before[module].keys() | after[module].keys()):
            old, new = before[module].get(name), after[module].get(name)
            full = f"{module}.{name}"
            if old != new and full in district.figures:
                yield f"{district.figures[full].title} {written(district, full, old)} → {written(district, full, new)}"


def trends(
    district: District, found: Sequence[Mapping[str, Any]], shown: Sequence[Mapping[str, Any]], *, is_open: bool
) -> list[Any]:
    """Charts over the quarters: people, key groups, what was open at the end, shares. Nothing of persons unless `is_open`."""
    current = {one["period"]: one for one in found if one["is_current"]}
    quarters = sorted(current)
    if len(quarters) < 2:
        return []

    def series(names: Sequence[str]) -> dict[str, list[Any]]:
        allowed = [n for n in names if n in district.figures and (is_open or not map_seen.is_personal(district, n))]
        lines = {n: [current[q][n.split(".")[0]].get(n.split(".")[1]) for q in quarters] for n in allowed}
        return {
            district.figures[n].title: line for n, line in lines.items() if any(value is not None for value in line)
        }

    groups = [f"key_groups.{group.group}" for group in district.key_groups]
    events = [f"response.{rule.events}_open" for rule in district.archive.events]
    shares = {one["title"]: [one["trend"].get(q) for q in quarters] for one in shown if one["unit"] == "%"}
    drawn = {
        "人口和户数": series(["population.persons", "population.households"]),
        "重点人群（人）": series(groups),
        "季末未结（件）": series(events),
        "占比和按期率（%）": {
            title: line for title, line in shares.items() if any(value is not None for value in line)
        },
    }
    return [charts.line(title, quarters, lines, y_labels=_scale(lines)) for title, lines in drawn.items() if lines]


def _scale(lines: Mapping[str, Sequence[Any]]) -> list[int]:
    """Whole numbers from 0 to above the greatest value, five steps at most."""
    top = max((float(value) for line in lines.values() for value in line if value is not None), default=0)
    by = max(1, ceil(top / 5))
    return list(range(0, max(1, ceil(top / by)) * by + 1, by))


def history(district: District, courtyard: Courtyard) -> list[tuple[date | None, str]]:
    """How a courtyard became what it is, and its other names, in the order of time."""
    told: list[tuple[date | None, str]] = []
    for change in district.changes:
        if courtyard.code in (change.from_code, change.to_code):
            told.append((change.on, _change(district, courtyard, change)))
    for alias in district.aliases:
        if alias.courtyard_code == courtyard.code:
            until = f"，用到 {alias.valid_to}" if alias.valid_to else ""
            told.append((alias.valid_from, f"{ALIASES[alias.kind]}：{alias.alias}{until}"))
    return sorted(told, key=lambda entry: (entry[0] or date.min, entry[1]))


def _change(district: District, courtyard: Courtyard, change: Any) -> str:
    if change.kind == "renamed":
        return f"由“{change.former_name}”更名为“{courtyard.name}”"
    other = district.courtyard_by_code[change.to_code if courtyard.code == change.from_code else change.from_code].name
    buildings = f"（{'、'.join(f'{number}栋' for number in change.numbers)}）" if change.numbers else ""
    if change.kind == "merged":
        return f"并入{other}{buildings}" if courtyard.code == change.from_code else f"{other}并入{buildings}"
    return f"分出{other}{buildings}" if courtyard.code == change.from_code else f"从{other}分出{buildings}"


def posts(district: District, courtyard: Courtyard, day: date) -> list[tuple[str, str]]:
    """Who answers for the courtyard on a day, from its grid up: unit, and the post that answers for it."""
    held, told = Posts(district), []
    for unit in (district.grid_of(courtyard.code), district.community_of(courtyard.code)):
        answering = held.responsible(unit.code, day)
        where = (
            "" if answering.unit_code == unit.code else f"（由{district.unit_by_code[answering.unit_code].name}代答）"
        )
        told.append((unit.name, f"{answering.post}{where}"))
    return told


def items(connection: Connection, ctx: Context, courtyard: Courtyard, day: date) -> list[dict[str, Any]]:
    """What is open in a courtyard beside cases, without a word that anybody wrote."""
    names = ctx.district.unit_by_code
    return [
        {
            "matter": MATTERS.get(row.matter, row.matter),
            "since": row.since,
            "due_on": row.due_on,
            "is_overdue": row.due_on is not None and row.due_on < day,
            "post": f"{names[row.answers_unit].name} {row.answers_post}" if row.answers_unit in names else "",
        }
        for row in connection.execute(_ITEMS, {"courtyard": courtyard.code, "day": day})
    ]
