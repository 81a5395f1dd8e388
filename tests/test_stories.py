"""docs/stories.md, replayed line by line through the product: the form, the pull, the stages, the commands, the status page."""

from __future__ import annotations

import io
import re
import shlex
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from PIL import Image
from sqlalchemy import create_engine, make_url, text
from typer.testing import CliRunner

from courtyard import cases, stages
from courtyard.cli import application, base
from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.intake import links
from courtyard.intake.app import app
from courtyard.intake.links import Link
from courtyard.landing import fetching
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.store import database

GUIDE = Path(__file__).resolve().parents[1] / "docs/stories.md"
DAY = "2026-11-24"
KEY = "the-key-of-the-pipeline"
STORIES = re.findall(r"## (.+?)\n.*?```story\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
COMMANDS = {
    r"resident (\w) scans (.+?): (.+)": "scan",
    r"worker (\w) of (\d+) at (.+?): (.+)": "walk",
    r"pull": "pull",
    r"\$ courtyard (.+)": "command",
    r"> (.+)": "printed",
    r"(\w) answers (\w+): (.+)": "reply",
    r"(\w) sees (.+)": "sees",
    r"told (\d+) (.+)": "told",
    r"letter (\d) has (\d) picture": "pictured",
    r"archive (\S+) (\w+) (.+)": "archived",
}


class Street:
    """One street with its service on loopback, at a time that the story sets."""

    def __init__(self, settings: Settings, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings, self.address, self.now = settings, address, datetime.now(SHANGHAI)
        self.pages: dict[str, str] = {}
        self.output = ""
        monkeypatch.setattr(base, "now", lambda: self.now)
        self.web = httpx.Client(base_url=address, headers={"Accept": "application/json"}, trust_env=False)
        self.sent = 0

    @property
    def ctx(self) -> Context:
        """The quarter's context; the residents' own service is the only GeoReport server there is."""
        ctx = stages.context("2026Q4", holder="story", settings=self.settings, connection=self._connection)
        reports = ctx.district.sources["resident_reports"]
        own = reports.model_copy(
            update={"connection": "intake", "options": reports.channels[0].options, "channels": ()}
        )
        sources = {**ctx.district.sources, "resident_reports": own}
        return replace(ctx, district=ctx.district.model_copy(update={"sources": sources}))

    def _connection(self, conn_id: str) -> Connection:
        assert conn_id == "intake"
        return Connection.from_uri(conn_id, self.address.replace("http://", f"http://pipeline:{KEY}@"))

    def code_of(self, courtyard: str) -> str:
        return next(one.code for one in self.ctx.district.courtyards if one.name == courtyard)

    def print_links(self) -> None:
        """Posters of all courtyards and grids, before the service looks: it learns of new ones after some seconds."""
        district = self.ctx.district
        codes = [one.code for one in (*district.courtyards, *district.units)]
        admin = create_engine(make_url(self.settings.warehouse_url).set(drivername="postgresql+psycopg"))
        with admin.begin() as connection:
            links.issue(connection, self.ctx.street_code, codes, self.now)
        admin.dispose()

    def link(self, kind: str, code: str) -> str:
        return links.path(keys.load_intake(self.settings.keys), self.ctx.street_code, Link(kind, code, 1)).strip("/")

    # --- the lines of a story ---

    def scan(self, who: str, courtyard: str, said: str) -> None:
        self._send(who, said, code=self.link("q", self.code_of(courtyard)))

    def walk(self, who: str, grid: str, courtyard: str, said: str) -> None:
        self._send(who, said, code=self.link("w", grid), courtyard=self.code_of(courtyard))

    def _send(self, who: str, said: str, **link: str) -> None:
        name, address, words, *photo = (part.strip() for part in said.split("|"))
        self.sent += 1
        form = {"name": name, "address": address, "description": words, "sent_as": f"story-{self.sent:020d}"}
        files = {"photo": ("photo.png", picture(), "image/png")} if photo else None
        answer = self.web.post("/report", data={**form, **link}, files=files)
        assert answer.status_code == 201, answer.text
        self.pages[who] = answer.json()["status_url"]

    def pull(self) -> None:
        ctx = self.ctx
        for source in ("resident_reports", "resident_replies", "resident_photos"):
            fetching.fetch(ctx, source, clock=lambda: self.now)
        taken = [stages.stage(name) for name in stages.TAKEN_IN if name != "cases"]
        for step, result in stages.run_these(ctx, taken):
            assert not isinstance(result, Exception), (step, result)
        cases.run(ctx, at=self.now)

    def command(self, line: str) -> None:
        words = [self._numbered(word) for word in shlex.split(line)]
        done = CliRunner().invoke(application(), words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        self.output = done.output

    def printed(self, words: str) -> None:
        assert words in re.sub(r"\s+", " ", self.output), self.output

    def reply(self, who: str, kind: str, words: str) -> None:
        self.sent += 1
        form = {"kind": kind, "text": words, "sent_as": f"story-{self.sent:020d}"}
        answer = self.web.post(f"{self.pages[who]}/reply", data=form)
        assert answer.status_code < 400, answer.text

    def sees(self, who: str, words: str) -> None:
        page = self.web.get(self.pages[who], headers={"Accept": "text/html"}).text
        assert words in re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page)), words

    def told(self, unit: str, words: str) -> None:
        addresses = [c.address for c in self.ctx.district.contacts if c.unit_code == unit]
        found = self._asked("SELECT subject || body FROM notices.notice WHERE address = ANY(:of)", of=addresses)
        assert any(self._numbered(words) in notice for notice in found), found

    def pictured(self, letter: str, count: str) -> None:
        query = "SELECT file FROM cases.letter WHERE letter_no = :letter"
        (file,) = self._asked(query, letter=int(letter))
        with zipfile.ZipFile(self.settings.outbox / file) as document:
            found = [name for name in document.namelist() if name.startswith("word/media/")]
        assert len(found) == int(count), found

    def archived(self, courtyard: str, dataset: str, names: str) -> None:
        found = self._asked(
            "SELECT attrs ->> 'facility_name' FROM warehouse.record WHERE is_current AND dataset = :dataset"
            " AND courtyard_code = :code ORDER BY record_key",
            dataset=dataset, code=self.code_of(courtyard),
        )  # fmt: skip
        assert sorted(found) == sorted(names.split("、"))

    def _numbered(self, word: str) -> str:
        if "CASE" not in word:
            return word
        (number,) = self._asked("SELECT case_no FROM cases.case WHERE status <> 'joined'")
        return word.replace("CASE", number)

    def _asked(self, query: str, **values) -> list[str]:
        with self.ctx.engine().connect() as connection:
            return list(connection.scalars(text(query), values))


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (640, 480), "darkgreen").save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def street(settings: Settings, warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    keys.create(settings.keys)
    for name, value in {"VAR": settings.var, "KEYS": settings.keys, "WAREHOUSE_URL": warehouse_url}.items():
        monkeypatch.setenv(f"COURTYARD_{name}", str(value))
    monkeypatch.setattr(base.console, "width", 200)
    here = Settings.from_env()
    engine = database.service_engine(warehouse_url, "intake", 4)
    listening = socket.create_server(("127.0.0.1", 0))
    found = Street(here, f"http://127.0.0.1:{listening.getsockname()[1]}", monkeypatch)
    service = app(
        engine,
        keys.load_intake(here.keys),
        load_district(here.district_path),
        pipeline_key=KEY,
        clock=lambda: found.now,
    )
    server = uvicorn.Server(uvicorn.Config(service, log_level="warning", access_log=False, lifespan="off"))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    found.print_links()
    yield found
    server.should_exit = True
    serving.join(10)
    found.web.close()
    engine.dispose()


def test_the_guide_tells_two_stories():
    assert len(STORIES) == 2


@pytest.mark.slow
@pytest.mark.parametrize("story", [lines for _, lines in STORIES], ids=["equipment", "dark-courtyard"])
def test_a_story_happens_as_it_is_told(street, story):
    for line in filter(None, map(str.strip, story.splitlines())):
        moment, _, rest = line.partition(" ")
        if re.fullmatch(r"\d\d:\d\d", moment):
            street.now = datetime.fromisoformat(f"{DAY}T{moment}:00").replace(tzinfo=SHANGHAI)
            line = rest.strip()
        matches = ((re.fullmatch(pattern, line), name) for pattern, name in COMMANDS.items())
        found, name = next((match, name) for match, name in matches if match)
        getattr(street, name)(*found.groups())
