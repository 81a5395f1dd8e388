"""The quality report: Great Expectations' Data Docs pages of scrubbed results, without any outside reference.

The library's own pages fetch scripts, styles and pictures from a dozen hosts; the report is read in
offices without internet and says nothing to anyone, so those references are taken out and a small
style stands in their place. Results hold counts only (`suite.run` scrubs them).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from courtyard.context import Context
from courtyard.validation.batches import Batch

if TYPE_CHECKING:
    from courtyard.validation.validating import Judged

_OUTSIDE = re.compile(
    r"<script\b[^>]*>.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<form\b.*?</form>"
    r"|<a\b[^>]*href=[\"']https?:[^>]*>.*?</a>|url\([\"']?https?:[^)]*\)",
    re.DOTALL | re.IGNORECASE,
)
_LIBRARYS_INDEX = 'href="../../../../index.html"'  # where its own site would have the index
_STYLE = """<meta charset="utf-8"><style>
body{font-family:"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:1.5rem;color:#222}
table{border-collapse:collapse;margin:.6rem 0}td,th{border:1px solid #ccc;padding:.25rem .6rem;text-align:left}
td.n{text-align:right}th{background:#f2f5f8}.held{color:#a33}
nav,footer,.card,[data-toggle=collapse]{display:none}.container-fluid>.row{display:flex;gap:2rem}
.sticky ul{list-style:none;padding:0}h5{margin:1rem 0 0}.alert h5{font-size:1.05rem}
.fa-check-circle::before{content:"✓";color:#287}.fa-times::before{content:"✗";color:#b32}
</style>"""
_log = logging.getLogger(__name__)
_COLUMNS = ("批次", "行数", "隔离行", "错误", "提醒", "暂挂批次")


def pages(
    ctx: Context, waiting: Sequence[Batch], held: Mapping[str, str], judged: Mapping[str, Judged]
) -> dict[str, str]:
    """The files of this run by name: a page and its figures for each dataset.

    A page is named by the batches it is about: validating them again writes the same page, later
    batches of the quarter get pages of their own.
    """
    found: dict[str, str] = {}
    for dataset, one in judged.items():
        batches = [b for b in waiting if b.dataset == dataset]
        about = hashlib.sha256("\n".join(b.batch_id for b in batches).encode()).hexdigest()[:12]
        figures = _figures(batches, held, one)
        found[f"{dataset}-{about}.json"] = json.dumps(figures, ensure_ascii=False, indent=1)
        found[f"{dataset}-{about}.html"] = _page(f"{one.contract.title} {ctx.period}", figures, one)
    return found


def write(ctx: Context, files: Mapping[str, str]) -> None:
    """Put the pages in place, then the index over all pages of the quarter."""
    folder = ctx.settings.quality_docs / str(ctx.period)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        _replace(folder / name, content)
    _replace(folder / "index.html", _index(str(ctx.period), sorted(folder.glob("*.json"))))


def _figures(batches: Sequence[Batch], held: Mapping[str, str], one: Judged) -> dict[str, Any]:
    found = [f for findings in one.findings.values() for f in findings]
    return {
        "title": one.contract.title,
        "batches": len(batches),
        "rows": len(one.staged.place),
        "quarantined": sum(any(f.severity == "error" for f in findings) for findings in one.findings.values()),
        "errors": sum(f.severity == "error" for f in found),
        "warnings": sum(f.severity == "warning" for f in found),
        "held": {b.batch_id: held[b.batch_id] for b in batches if b.batch_id in held},
    }


def _page(title: str, figures: Mapping[str, Any], one: Judged) -> str:
    held = "".join(f"<li class=held>{escape(batch)}：{escape(why)}</li>" for batch, why in figures["held"].items())
    head = f"<p><a href=index.html>返回目录</a></p><h1>{escape(title)}</h1><ul>{held}</ul>"
    if one.outcome.result is not None:
        try:
            html = _OUTSIDE.sub("", _rendered(one)).replace(_LIBRARYS_INDEX, 'href="index.html"')
            return html.replace("</head>", f"{_STYLE}</head>", 1).replace("<body>", f"<body>{head}", 1)
        except Exception as error:  # a page that cannot be drawn must not stop a quarter
            _log.error("%s 的质量报告页没能生成（%s）。", one.contract.dataset, type(error).__name__)
    why = "没有数据行。" if not figures["rows"] else "没有可以显示的校验结果。"
    return f"<!DOCTYPE html>{_STYLE}<title>{escape(title)}</title>{head}<p>{why}</p>"


def _rendered(one: Judged) -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    _by_contract_column(one)
    return _view().render(ValidationResultsPageRenderer().render(one.outcome.result))


@lru_cache(maxsize=1)
def _view() -> Any:
    """One view for all pages: each would compile the library's templates for itself."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _by_contract_column(one: Judged) -> None:
    """Let the page speak of the contract's columns, not of the frame's."""
    headers = {c.name: f"{c.header}（{c.name}）" for c in one.contract.columns}
    for result in one.outcome.result.results:
        check, options = one.checks[result.expectation_config.meta["check"]], result.expectation_config.kwargs
        if "column" in options:
            options["column"] = headers.get(check.column or "", "整行")


def _index(period: str, figures: Sequence[Path]) -> str:
    rows = []
    for path in figures:
        of = json.loads(path.read_text("utf-8"))
        counts = (of["batches"], of["rows"], of["quarantined"], of["errors"], of["warnings"], len(of["held"]))
        cells = "".join(f"<td class=n>{count:,}</td>" for count in counts)
        rows.append(f"<tr><td><a href='{escape(path.stem)}.html'>{escape(of['title'])}</a></td>{cells}</tr>")
    heads = "".join(f"<th>{name}</th>" for name in ("数据集", *_COLUMNS))
    title = f"数据质量报告 {escape(period)}"
    table = f"<table><tr>{heads}</tr>{''.join(rows)}</table>"
    return f"<!DOCTYPE html>{_STYLE}<title>{title}</title><h1>{title}</h1>{table}"


def _replace(path: Path, content: str) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
