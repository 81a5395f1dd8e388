"""`courtyard runs` on a terminal of 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

from rich.cells import cell_len
from rich.console import Console

from courtyard.cli import running

ASKED = datetime(2026, 10, 8, 1, 12, tzinfo=UTC)
RUN = {
    "quarter": "2025Q4",
    "kind": "backfill",
    "reason": "补齐上线前的三个季度[急]",
    "requested_by": "admin",
    "asked_at": ASKED,
    "opened_at": None,
    "ended_at": None,
    "outcome": "waiting",
    "is_lost": False,
    "told": {"fetch:justice": {"error": "连不上。 请检查对方系统和网络。"}},
    "waits_for": "cli:host/1",
    "waits_for_kind": "cli",
    "waits_for_reason": "核对首个季度",
}


def test_every_word_of_a_run_is_there_on_80_columns() -> None:
    told = StringIO()
    Console(file=told, width=80).print(running.listing([RUN]))
    lines = told.getvalue().splitlines()
    assert max(map(cell_len, lines)) == 80
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines[4:-1]]
    assert rows[0] == ["2025Q4", "回填（admin）", "提出 2026-10-08 09:12", "等待"]
    assert ["".join(cells) for cells in zip(*rows, strict=True)] == [
        "2025Q4",
        "回填（admin）补齐上线前的三个季度[急]",
        "提出 2026-10-08 09:12",
        "等待fetch:justice：连不上。请检查对方系统和网络。等命令行运行（cli:host/1，原因：核对首个季度）",
    ]
