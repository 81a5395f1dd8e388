"""Charts as SVG for a page: drawn on the server, without scripts, without anything from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pygal
from lxml import etree
from markupsafe import Markup
from pygal.style import Style

Series = Mapping[str, Sequence[float | int | None]]
FONT = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif"
COLORS = ("#1f6f8b", "#d1495b", "#edae49", "#5b8c5a", "#7a5195", "#8d99ae", "#3d405b", "#b56576")
_EM = 12
_STYLE = Style(
    font_family=FONT,
    background="transparent",
    plot_background="transparent",
    foreground="#333",
    foreground_strong="#111",
    foreground_subtle="#999",
    guide_stroke_color="#e3e8ee",
    major_guide_stroke_color="#ccd4dd",
    colors=COLORS,
    label_font_size=_EM,
    major_label_font_size=_EM,
    legend_font_size=12,
    title_font_size=14,
)


def line(title: str, labels: Sequence[str], series: Series, **options: Any) -> Markup:
    """A line a series over the labels; None is a gap, not 0."""
    return _drawn(pygal.Line(allow_interruptions=True, **_options(title, labels, series, options)), labels, series)


def bars(title: str, labels: Sequence[str], series: Series, **options: Any) -> Markup:
    """Bars side by side; with `stacked=True` on top of each other, with `horizontal=True` lying."""
    if options.get("horizontal"):  # pygal takes a character for half as wide as a Chinese one is
        options.setdefault("margin_left", 20 + _EM * max(map(len, labels), default=0) // 2)
    kind = {
        (False, False): pygal.Bar,
        (True, False): pygal.StackedBar,
        (False, True): pygal.HorizontalBar,
        (True, True): pygal.HorizontalStackedBar,
    }[bool(options.pop("stacked", False)), bool(options.pop("horizontal", False))]
    return _drawn(kind(**_options(title, labels, series, options)), labels, series)


def _options(title: str, labels: Sequence[str], series: Series, options: dict[str, Any]) -> dict[str, Any]:
    given = {
        "title": title or None,
        "show_legend": len(series) > 1,
        "legend_at_bottom": True,
        "width": 720,
        "height": 280,
    }
    return {**given, "style": _STYLE, "js": [], "disable_xml_declaration": True, "include_x_axis": True, **options}


def _drawn(chart: Any, labels: Sequence[str], series: Series) -> Markup:
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, list(values))
    root = chart.render_tree()
    for left in [*root.iter(etree.Comment), *root.iter("{*}script")]:
        left.getparent().remove(left)
    root.attrib.pop("width", None)
    root.set("role", "img")
    root.set("aria-label", chart.config.title or "、".join(series))
    return Markup(re.sub(r'\s+xmlns:xlink="[^"]+"', "", etree.tostring(root, encoding="unicode"), count=1))
