"""质量报告: a quarter's data sets with their counts, and the Data Docs page behind each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response

from courtyard.boards import answering, asked, guard, menu
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.period import Period

# The pages are complete in themselves: whatever one of them held, nothing is loaded from anywhere.
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_PAGE = re.compile(r"[a-z0-9_]+-[0-9a-f]{12}\.html")


def mount(app: FastAPI) -> None:
    """The quality report of a quarter and its pages; `index.html`, to which they lead back, is the report."""

    @app.get("/quality/{quarter}")
    @app.get("/quality/{quarter}/")
    @app.get("/quality/{quarter}/index.html")
    def shown(request: Request, quarter: str, who: Who = guard.allowed(menu.QUALITY)) -> Response:
        period = asked.quarter(quarter)
        rows = _data_sets(_folder(request, period))
        return answering.page(request, "quality.html", period=period, rows=rows)

    @app.get("/quality/{quarter}/{name}")
    def data_docs(request: Request, quarter: str, name: str, who: Who = guard.allowed(menu.QUALITY)) -> Response:
        path = _folder(request, asked.quarter(quarter)) / name
        if not _PAGE.fullmatch(name) or not path.is_file():
            raise Refused(404, "没有这份质量报告。", "请从季度的质量报告进入。")
        return FileResponse(path, headers={"Content-Security-Policy": _ALONE, "Cache-Control": "no-store"})


def _folder(request: Request, quarter: Period) -> Path:
    return request.app.state.settings.quality_docs / str(quarter)


def _data_sets(folder: Path) -> list[dict[str, Any]]:
    """The figures that `validation.quality_docs` wrote beside each page; what has held batches comes first."""
    found = [
        {**json.loads(path.read_text("utf-8")), "page": f"{path.stem}.html"} for path in sorted(folder.glob("*.json"))
    ]
    return sorted(found, key=lambda row: (-len(row["held"]), -row["quarantined"], row["title"]))
