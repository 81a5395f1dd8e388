"""A quarter of an office with two sources: a query by month and a folder of workbooks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district.models import District, Office, SourceSpec
from courtyard.errors import UsageError
from courtyard.landing import fetching
from courtyard.period import Period
from courtyard.privacy import keys

STREET = "510105005"


def _spec(source: str, transport: str, cadence: str, **options: object) -> SourceSpec:
    return SourceSpec(
        source=source,
        title=source,
        department="某局",
        transport=transport,
        connection=source,
        cadence=cadence,
        schedule="0 0 1 * *",
        datasets=("things",),
        options=options,
        is_submitted=transport == "files",
    )


@dataclass
class Landing:
    """The context, the sources' hands and a clock that the test moves."""

    ctx: Context
    register: str
    inbox: Path
    now: datetime = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
    connections: dict[str, Connection] = field(default_factory=dict)

    def fetch(self, source: str, **changes: object) -> dict:
        def clock() -> datetime:
            self.now += timedelta(seconds=1)
            return self.now

        return fetching.fetch(replace(self.ctx, **changes), source, clock)

    def book(self, month: str, name: str, street: str = STREET) -> None:
        """Write a row into the register's database."""
        with psycopg.connect(self.register) as database:
            database.execute("INSERT INTO roll VALUES (%s, %s, %s)", (month, street, name))

    def unbook(self) -> None:
        with psycopg.connect(self.register) as database:
            database.execute("DELETE FROM roll")

    def workbook(self, name: str, data: bytes, quarter: str = "2026Q3") -> Path:
        folder = self.inbox / quarter
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        return folder / name

    def rows(self, query: str) -> list[tuple]:
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    @property
    def sealed(self) -> list[Path]:
        return sorted(p for p in self.ctx.settings.landing.rglob("*") if p.is_file())


@pytest.fixture
def office(settings, warehouse_url):
    keys.create(settings.keys)
    with psycopg.connect(warehouse_url) as database:
        database.execute("CREATE TABLE roll (month text, street text, name text)")
    url = make_url(warehouse_url)
    query = "SELECT name FROM roll WHERE month = :month AND street = :street_code ORDER BY name"
    known = {
        "register": Connection("register", "postgres", login=url.username, path=url.database, extra=dict(url.query)),
        "books": Connection("books", "file"),
    }

    def connection(conn_id: str) -> Connection:
        if conn_id not in known:
            raise UsageError(f"The connection '{conn_id}' is not set.")
        return known[conn_id]

    sources = {
        "register": _spec("register", "sql", "month", query=query),
        "books": _spec(
            "books", "files", "quarter", pattern="{period}/*", unit_from_name=r"^(?P<unit>\d{15})", settle_seconds=0
        ),
    }
    district = District.model_construct(office=Office.model_construct(street_code=STREET), sources=sources)
    ctx = Context(
        settings=settings,
        district=district,
        period=Period.parse("2026Q3"),
        url=warehouse_url,
        keys=keys.load(settings.keys),
        connection=connection,
        holder="test",
    )
    return Landing(ctx, warehouse_url, settings.inbox, connections=known)
