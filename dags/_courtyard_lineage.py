"""What a task read and wrote, as real datasets, for OpenLineage; nothing happens while OpenLineage is off.

It is told to Airflow's lineage collector as the task ends, so a mapped task names its own source and a publishing task
the very forms it published. Names are addresses and tables, never a value.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import get_current_context
from airflow.sdk.lineage import NoOpCollector, get_hook_lineage_collector

if TYPE_CHECKING:
    from courtyard.connection import Connection
    from courtyard.district.models import District
    from courtyard.district.source import SourceSpec
    from courtyard.settings import Settings

log = logging.getLogger("courtyard.dags")
# Step -> tables read, tables written. The deliveries' ledger joins fetching and parsing, and so on to the reports.
TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fetch": ((), ("landing.delivery", "landing.receipt")),
    "parse": (("landing.delivery",), ("staging.row", "quality.batch")),
    "admit": (("landing.receipt", "quality.batch"), ("submissions.submission",)),
    "validate": (("staging.row", "quality.batch"), ("quality.finding", "quality.quarantined_row")),
    "link": (("staging.row",), ("staging.link", "identity.person")),
    "merge": (
        ("staging.row", "staging.link"),
        ("warehouse.record", "warehouse.observation", "warehouse.discrepancy"),
    ),
    "receipt": (("submissions.submission", "quality.finding"), ()),
    "cases": (("warehouse.record",), ("cases.case", "cases.event")),
    "archive": (
        ("warehouse.record",),
        ("warehouse.courtyard_archive", "warehouse.courtyard_tag", "warehouse.courtyard_indicator"),
    ),
    "publish": (("warehouse.record", "warehouse.courtyard_archive", "cases.case"), ("publish.publication",)),
    "deliver": (("publish.publication",), ("publish.sending",)),
}
_TAKEN_IN = ("parse", "admit", "validate", "link", "merge", "receipt", "cases")
STEPS: Mapping[str, tuple[str, ...]] = {
    "collect": ("fetch",),
    "take_in": _TAKEN_IN,
    "take_in_reports": _TAKEN_IN,
    "report": (*_TAKEN_IN, "publish"),
}
_TABLE = re.compile(r"\bFROM\s+((?:\w+\.)?\w+)", re.IGNORECASE)


def tell(step: str, part: str | None, result: Any, connection: Any) -> None:
    """Tell the collector what a stage or an action read and wrote; `connection` is how a task knows its sources.

    What has been done stays done: an error in the telling is a warning, not the task's.
    """
    collector = get_hook_lineage_collector()
    if isinstance(collector, NoOpCollector):
        return
    try:
        _tell(collector, step, part, result, connection)
    except Exception as error:
        log.warning("The lineage of %s is not told: %s", step, type(error).__name__)


def _tell(collector: Any, step: str, part: str | None, result: Any, connection: Any) -> None:
    from courtyard import stages
    from courtyard.district import load_district
    from courtyard.settings import Settings

    settings = Settings.from_env()
    house = House(settings, stages.warehouse_url(settings))
    task = get_current_context()["task"]
    read, written = house.of(step, part, result, load_district(settings.district_path), connection)
    for uri in read:
        collector.add_input_asset(task, uri=uri)
    for uri in written:
        collector.add_output_asset(task, uri=uri)


class House:
    """The datasets of one installation under their one name each."""

    def __init__(self, settings: Settings, warehouse_url: str) -> None:
        self._settings = settings
        parts = urlsplit(warehouse_url)
        # An embedded server is reached by a socket: it gets the name under which everybody knows its machine.
        self._database = f"postgres://{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"

    def of(
        self, step: str, part: str | None, result: Any, district: District, connection: Any
    ) -> tuple[list[str], list[str]]:
        """URIs of what a step read and of what it wrote."""
        steps = STEPS.get(step, (step,))
        tables = [TABLES[name] for name in steps if name in TABLES]
        read = [self.table(name) for inputs, _ in tables for name in inputs]
        written = [self.table(name) for _, outputs in tables for name in outputs]
        if "fetch" in steps and part in district.sources:
            read += sources(district.sources[part], connection)
            written.append(self.file(self._settings.landing / district.office.street_code / part))
        if "receipt" in steps:
            written.append(self.file(self._settings.outbox / "receipts"))
        if "publish" in steps:
            written += [self.file(self._settings.published / folder) for folder in _published(result)]
        return list(dict.fromkeys(read)), list(dict.fromkeys(written))

    def table(self, name: str) -> str:
        """`warehouse.record` as a dataset of the warehouse's server."""
        return f"{self._database}/{name.replace('.', '/')}"

    def file(self, path: Any) -> str:
        return f"file://{path}"


def sources(spec: SourceSpec, connection: Any) -> Iterator[str]:
    """Where a source's deliveries come from, way by way; a way that is not connected is left out."""
    from courtyard.errors import NotConnected

    for way in spec.ways:
        try:
            known = connection(way.connection)
        except NotConnected:
            continue
        if uri := _source(way, known):
            yield uri


def _source(way: SourceSpec, known: Connection) -> str | None:
    """A database's table, or a folder of a file server or of an interface; what stands for a period is left out."""
    host = f"{known.host or 'localhost'}:{known.port}" if known.port else known.host or "localhost"
    if way.transport == "sql":
        table = _TABLE.search(way.options["query"])
        name = table[1] if table else way.source
        return f"postgres://{host}/{known.path}/{name.replace('.', '/') if '.' in name else f'public/{name}'}"
    path = str(way.options.get("file") or way.options.get("pattern") or way.options.get("path") or "")
    folder = path.split("{")[0].strip("/") or way.source
    if way.transport == "sftp":
        return f"sftp://{host}/{folder}"
    if way.transport in ("rest", "georeport"):
        return f"file://{host}/{folder}"  # as a file server's: OpenLineage has no name for an interface
    return f"file:///{known.path.strip('/')}/{folder}" if way.transport == "files" and known.path else None


def _published(result: Any) -> Iterable[str]:
    """The folders of forms below `published` that stand after a run, new or unchanged: `<period>/<report>` of each."""
    if not isinstance(result, dict):
        return
    for key, value in result.items():
        if key in ("published", "unchanged") and isinstance(value, list):
            yield from (f"{one['period']}/{one['report']}" for one in value)
        elif isinstance(value, dict):
            yield from _published(value)
