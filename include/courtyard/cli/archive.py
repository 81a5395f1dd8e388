"""How a person reads what `courtyard show` finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from courtyard.district.figures import EVENT_FIGURES
from courtyard.district.models import District
from courtyard.period import SHANGHAI
from courtyard.warehouse.dossier import MODULES, STATES
from courtyard.warehouse.tagging import number, written

_PAIRS = 2
_LONG = 14


def show(console: Console, district: District, found: Mapping[str, Any]) -> None:
    """The archive as a person reads it."""
    when = f"截至{found['as_known']}所知" if found["as_known"] else "按现在所知"
    console.print(f"[bold]{found['name']}[/bold]（{found['courtyard_code']}）", highlight=False)
    console.print(f"{found['address']}　{found['community']}　{found['grid']}", highlight=False, soft_wrap=True)
    recorded = found["recorded_at"].astimezone(SHANGHAI)
    console.print(f"{found['period']}，{when}；最近一次变动记于{recorded:%Y-%m-%d}", highlight=False)
    _tags(console, found)
    for module, title in MODULES.items():
        _response(console, district, found[module]) if module == "response" else _module(
            console, district, module, title, found[module]
        )
    _indicators(console, found["indicators"])


def _tags(console: Console, found: Mapping[str, Any]) -> None:
    table = Table("标签", "类别", "理由", title="标签", title_justify="left")
    for tag in found["tags"]:
        table.add_row(tag["title"], tag["category"], tag["reason"])
    console.print(table if found["tags"] else "标签：无", highlight=False)
    reasons: dict[str, list[str]] = {}
    for tag in found["unjudged"]:
        reasons.setdefault(tag["reason"], []).append(tag["title"])
    for reason, titles in reasons.items():
        console.print(
            f"未判断　{'、'.join(titles)}：{reason.removeprefix('无法判断：')}", highlight=False, soft_wrap=True
        )


def _module(console: Console, district: District, module: str, title: str, figures: Mapping[str, Any]) -> None:
    """Short figures in pairs of columns, several a line; long ones a line each below."""
    told = list(_told(district, module, figures))
    short = [pair for pair in told if len(pair[1]) <= _LONG]
    table = Table(title=title, title_justify="left", show_header=False)
    for _ in range(_PAIRS):
        table.add_column()
        table.add_column(justify="right")
    for at in range(0, len(short), _PAIRS):
        table.add_row(*(cell for pair in short[at : at + _PAIRS] for cell in pair))
    console.print(table)
    for name, value in told:
        if len(value) > _LONG:
            console.print(f"{name}：{value}", highlight=False, soft_wrap=True)


def _told(district: District, module: str, figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in figures.items():
        known = district.figures.get(f"{module}.{name}")
        if known:
            yield known.title, written(district, f"{module}.{name}", value)


def _response(console: Console, district: District, figures: Mapping[str, Any]) -> None:
    table = Table("响应流程", *EVENT_FIGURES.values(), title=MODULES["response"], title_justify="left")
    for rule in district.archive.events:
        cells = (figures.get(f"{rule.events}_{kind}", "—") for kind in EVENT_FIGURES)
        table.add_row(rule.title, *("不详" if cell is None else str(cell) for cell in cells))
    console.print(table)


def _indicators(console: Console, indicators: list[dict[str, Any]]) -> None:
    """Each with its values over the quarters; the year before only where it is known of some."""
    has_year = any(one["year_before"] is not None for one in indicators)
    year = ("上年同期", "同比") if has_year else ()
    table = Table("指标", "本季", "上季", "变化", *year, "走势", title="指标", title_justify="left")
    for one in indicators:
        value = STATES[one["state"]] if one["value"] is None else f"{number(one['value'])}{one['unit']}"
        trend = " → ".join("…" if at is None else number(at) for at in one["trend"].values())
        on_year = (_or_none(one["year_before"]), _signed(one["change_on_year"])) if has_year else ()
        table.add_row(one["title"], value, _or_none(one["previous"]), _signed(one["change"]), *on_year, trend)
    console.print(table)


def _or_none(value: Any) -> str:
    return "—" if value is None else number(value)


def _signed(value: Any) -> str:
    if value is None:
        return "—"
    return number(value) if value <= 0 else f"+{number(value)}"
