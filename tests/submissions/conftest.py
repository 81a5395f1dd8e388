"""The real pack, a warehouse of the test's own, and an inbox into which grids put real files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import PACK
from tests.parsing.made import SHEETS, book, headers, line

from courtyard import identity, parsing, submissions, validation, warehouse
from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.landing import fetching
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.submissions import status

GRID, SECOND, THIRD, FOURTH, FIFTH = (f"51010500500200{n}" for n in range(1, 6))
NAMES = {GRID: "四道街社区第1网格", SECOND: "四道街社区第2网格"}


def activist(name: str = "王小明", **more: Any) -> dict[str, Any]:
    """A row of 居民骨干 as a grid worker writes it; named by a phone instead of an ID number."""
    row = {
        "name": name, "sex": "男", "political_status": "群众", "courtyard": "四道街2号院", "activist_kind": "楼栋长",
        "change_kind": "无变化",
    }  # fmt: skip
    return row | more


def workbook(
    *activists: Mapping[str, Any],
    quarter: str | None = "2026年第三季度",
    unit: str | None = GRID,
    said: Sequence[str] = (),
    sheets: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> bytes:
    """The four sheets; those without rows say 本季度无. `said` are further lines above each table."""
    rows = {"grid_activists": activists, **(sheets or {})}
    above = [[f"少城街道{quarter or ''}信息采集表"], [f"填报单位：网格（{unit}）" if unit else "填表说明"]]
    above += [[text] for text in said]
    made = []
    for title, dataset in SHEETS.items():
        body = [line(dataset, n, row) for n, row in enumerate(rows.get(dataset, ()), 1)] or [["本季度无"]]
        made.append((title, [*above, headers(dataset), *body]))
    return book(*made)


def at(moment: str) -> datetime:
    """A moment of Shanghai: `2026-10-03` is its noon."""
    return datetime.fromisoformat(moment if "T" in moment else f"{moment}T12:00").replace(tzinfo=SHANGHAI)


@dataclass
class Collection:
    """The grids' inbox and the stages that empty it."""

    ctx: Context

    def put(self, data: bytes, sent: str, *, unit: str = GRID, quarter: str = "2026Q3", name: str = "采集表") -> Path:
        """A file of this grid in the folder of a quarter, last written at the moment it was sent."""
        folder = self.ctx.settings.inbox / quarter
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{unit}_{name}.xlsx"
        path.write_bytes(data)
        os.utime(path, (at(sent).timestamp(),) * 2)
        return path

    def during(self, quarter: str) -> Context:
        return replace(self.ctx, period=Period.quarter(quarter))

    def admit(self, quarter: str = "2026Q3", now: str = "2026-12-31") -> dict[str, Any]:
        """Fetch, parse, admit; `now` is when the files are received."""
        ctx = self.during(quarter)
        fetching.fetch(ctx, "grid", lambda: at(now))
        parsing.parse(ctx)
        return submissions.admit(ctx)

    def run(self, quarter: str = "2026Q3", now: str = "2026-12-31") -> dict[str, Any]:
        """All stages up to the settled status."""
        ctx = self.during(quarter)
        result = self.admit(quarter, now)
        for stage in (validation.validate, identity.link, warehouse.merge):
            stage(ctx)
        with ctx.engine().begin() as connection:
            status.settle(connection, ctx)
        return result

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def decided(self) -> list[tuple[Any, ...]]:
        """Each submission: quarter, unit, kind, status, code, related one (by its place), in the order sent."""
        return self.rows(
            """SELECT s.period, right(s.unit_code, 3), s.kind, s.status, s.code,
                      (SELECT count(*) FROM submissions.submission o, submissions.submission r
                        WHERE r.receipt_id = s.related_receipt
                          AND (o.sent_at, o.receipt_id) <= (r.sent_at, r.receipt_id))
                 FROM submissions.submission s ORDER BY s.sent_at, s.receipt_id"""
        )

    def residuals(self) -> list[tuple[Any, ...]]:
        """Batches whose ledger does not balance though they are final."""
        return self.rows(
            "SELECT batch_id FROM mart.ledger WHERE residual <> 0 AND status IN ('merged', 'rejected', 'superseded')"
        )


def through(grids, quarter="2026Q3", now="2026-10-20"):
    """All stages up to the receipt."""
    ctx = grids.during(quarter)
    fetching.fetch(ctx, "grid", lambda: at(now))
    stages = (parsing.parse, submissions.admit, validation.validate, identity.link, warehouse.merge)
    for stage in stages:
        stage(ctx)
    return submissions.receipt(ctx)


@pytest.fixture(scope="session")
def district():
    """The pack whose grids hand in by the folder alone."""
    pack = load_district(PACK)
    folder = pack.sources["grid"].model_copy(update={"channels": ()})
    return pack.model_copy(update={"sources": pack.sources | {"grid": folder}})


@pytest.fixture
def ctx(warehouse_url, settings, district):
    keys.create(settings.keys)
    inbox = Connection("grid", "file", path=str(settings.inbox))
    ring = keys.load(settings.keys)
    return Context(settings, district, Period.quarter("2026Q3"), warehouse_url, ring, lambda _: inbox, "test")


@pytest.fixture
def grids(ctx) -> Collection:
    return Collection(ctx)
