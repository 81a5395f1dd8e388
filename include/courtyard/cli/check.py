"""`courtyard check`: which datasets a file holds, what keys and warehouse are at hand, and the receipt on a screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from courtyard.context import Context
from courtyard.district.models import District, SourceSpec
from courtyard.errors import CourtyardError, KeyMissing, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.submissions import annotating, checking, phrases
from courtyard.submissions.checking import Checked, File
from courtyard.submissions.outcome import Receipt

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WORKBOOKS = (".xlsx", ".xls", ".et", ".xlsm")
_COLOURS = {"good": "green", "fair": "yellow", "bad": "red"}


def run(
    path: Path, settings: Settings, district: District, *, dataset: str | None, period: str | None, unit: str | None
) -> Checked:
    """Check one file. UsageError when it is not there, or nothing tells what it holds, or the unit is unknown."""
    if not path.is_file():
        raise UsageError(f"There is no file {path}.", "Give the path of the file to check.")
    if unit is not None and unit not in district.unit_by_code:
        raise UsageError(f"The pack has no unit '{unit}'.", "Give a unit's code from units.csv.")
    given = Period.parse(period) if period else None
    file = _file(path, district, dataset, given, unit)
    ring, has_keys = _keys(settings)
    ctx = Context(settings, district, given or _today(), "", ring, _no_connection, "cli:check")
    with _warehouse(settings) as connection:
        return checking.check(ctx, file, datetime.now(SHANGHAI), has_keys=has_keys, connection=connection)


def _today() -> Period:
    return Period.of("quarter", datetime.now(SHANGHAI).date())


def _no_connection(name: str) -> None:
    raise KeyError(name)


def _file(path: Path, district: District, dataset: str | None, period: Period | None, unit: str | None) -> File:
    source = _source(path.name, district, dataset)
    contracts = tuple(district.contracts[name] for name in source.datasets)
    if (
        dataset and district.contracts[dataset].format != "workbook"
    ):  # in a workbook the other sheets are its neighbours
        contracts = (district.contracts[dataset],)
    return File(path.read_bytes(), path.name, source, contracts, period, unit, dataset)


def _source(name: str, district: District, dataset: str | None) -> SourceSpec:
    """Whose a file is: of the dataset as said, by its name, or a workbook as a submission."""
    if dataset is not None:
        if source := district.source_of(dataset):
            return source
        raise UsageError(f"The pack has no dataset '{dataset}'.", f"Choose of {', '.join(sorted(district.contracts))}.")
    for source in district.sources.values():
        if _delivers(source, name):
            return source
    handed_in = [source for source in district.sources.values() if source.is_submitted]
    if name.lower().endswith(_WORKBOOKS) and handed_in:
        return handed_in[0]
    raise UsageError(f"The name '{name}' does not tell which dataset the file holds.", "Say it with --dataset.")


def _delivers(source: SourceSpec, name: str) -> bool:
    """A source's own file name with its placeholders read as anything."""
    template = Path(str(source.options.get("file", ""))).name
    if not template:
        return False
    pattern = "".join(".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", template))
    return re.fullmatch(pattern, name) is not None


def _keys(settings: Settings) -> tuple[keys.KeyRing, bool]:
    try:
        return keys.load(settings.keys), True
    except (KeyMissing, OSError):
        return checking.forgotten_keys(), False


@contextmanager
def _warehouse(settings: Settings) -> Iterator[Connection | None]:
    """A transaction that reads only, where a warehouse is running; nothing is started for a check."""
    if settings.warehouse_url is None and not settings.pgdata.exists():
        yield None
        return
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from courtyard import stages
    from courtyard.store import database

    try:
        connection = database.engine(stages.warehouse_url(settings)).connect()
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("SELECT FROM submissions.submission LIMIT 0"))
    except (CourtyardError, SQLAlchemyError):
        yield None
        return
    with connection:
        yield connection


def annotate(checked: Checked, target: Path) -> None:
    """Write the annotated copy, for its sender's eyes alone (0600). UsageError where it cannot be written."""
    try:
        target.touch(mode=0o600)
        target.chmod(0o600)
        target.write_bytes(annotating.annotated(checked.receipt, checked.picture))
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.", "Give another place.") from None


def show(console: Console, name: str, receipt: Receipt) -> None:
    """A receipt as a person reads it; no value of a cell is on the screen."""
    colour = _COLOURS[phrases.mood(receipt.status)]
    console.print(f"试检回执（不入库）：{name}", highlight=False, markup=False)
    console.print(Text(f"结果：{phrases.result(receipt)}", style=f"bold {colour}"))
    for label, text in phrases.facts(receipt):
        console.print(f"{label}：{text}", highlight=False, markup=False, soft_wrap=True)
    counts = Table(*phrases.COUNT_TITLES[:-1])
    for part in receipt.parts:
        counts.add_row(*phrases.counts(part)[:-1])
    console.print(counts)
    if receipt.findings:
        found = Table("级别", "位置", "问题", "怎样改", show_lines=False)
        for finding in receipt.findings:
            style = "red" if finding.severity == "error" else "yellow"
            place = Text(" ".join(filter(None, (finding.sheet, finding.place))) or "整份文件")
            told = Text(phrases.SEVERITIES[finding.severity], style=style)
            found.add_row(told, place, Text(finding.message), Text(finding.suggestion))
        console.print(found)
    for text in receipt.left_out:
        console.print(f"本次没有检查：{text}。", highlight=False, markup=False, soft_wrap=True)
