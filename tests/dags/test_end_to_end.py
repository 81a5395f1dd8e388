"""A small street through a real scheduler: the same result as the command line, and nothing left behind."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
from tests import folders

from courtyard.runtime import supervisor
from courtyard.settings import Settings

pytestmark = pytest.mark.airflow_e2e

ROOT = Path(__file__).resolve().parents[2]
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
SCALE = "0.01"
MOST_SECONDS = 900


@dataclass(frozen=True)
class Installation:
    """A checkout's command line with data of its own."""

    settings: Settings

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "courtyard", *arguments],
            env=supervisor.child_env(self.settings),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )

    def hash(self) -> str:
        return json.loads(self.run("ledger", "--hash", "--json").stdout)["hash"]

    def processes(self) -> list[str]:
        """Every process that carries this installation's folder in its environment or command."""
        found = []
        for process in psutil.process_iter():
            try:
                var = process.environ().get("COURTYARD_VAR")
                if var == str(self.settings.var) or str(self.settings.var) in " ".join(process.cmdline()):
                    found.append(f"{process.pid} {process.name()} {process.status()}")
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with folders.passable("courtyard-e2e-") as made:
        yield made


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[Installation]:
    """The installation after `courtyard demo`."""
    installed = Installation(Settings(folder / "airflow", ROOT / "include/districts/shaocheng", folder / "keys"))
    done = installed.run("demo", "--scale", SCALE)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    yield installed
    supervisor.shut_down(installed.settings)


@pytest.fixture(scope="module")
def by_hand(folder: Path) -> Installation:
    """The same street, with the same keys, after `courtyard run` of each quarter."""
    installed = Installation(Settings(folder / "hand", ROOT / "include/districts/shaocheng", folder / "keys"))
    assert installed.run("init").returncode == 0
    assert installed.run("sample", "--scale", SCALE).returncode == 0
    for quarter in QUARTERS:
        done = installed.run("run", quarter)
        assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]
    return installed


def test_the_demo_leaves_no_process(demo):
    assert demo.processes() == []


def test_airflow_and_the_command_line_come_to_the_same_belief(demo, by_hand):
    assert demo.hash() == by_hand.hash()


def test_every_quarter_was_published_with_residual_zero(demo):
    deliveries = json.loads(demo.run("ledger", "--json").stdout)["deliveries"]
    assert {row["residual"] for row in deliveries} == {0}
    assert {path.name for path in demo.settings.published.iterdir()} >= set(QUARTERS)


def test_workbooks_were_issued_and_every_submission_was_answered_in_the_run_that_collected_it(demo):
    issued = list((demo.settings.outbox / "grid" / QUARTERS[-1]).glob("*.xlsx"))
    assert len(issued) > 90
    answered = {path.parent.name for path in (demo.settings.outbox / "receipts").glob("*/*/*/receipt.json")}
    listed = json.loads(demo.run("submissions", QUARTERS[-1], "--json").stdout)
    assert len(listed) > 90 and {str(row["receipt_id"]) for row in listed} <= answered
    told = json.loads(demo.run("notices", "--json").stdout)
    assert len(told["notices"]) >= len(issued) and {notice["state"] for notice in told["notices"]} == {"sent"}


def test_reprocessing_completed_quarters_changes_nothing(demo):
    """The second demo's backfill runs every completed quarter again (`--reprocess-behavior completed`).

    An earlier quarter may get a second revision, with what came in late; of the last one only the bulletin may, which
    names the forms that have been revised since it was written.
    """
    before, published = demo.hash(), _manifests(demo)
    done = demo.run("demo", "--scale", SCALE)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert demo.hash() == before
    after = _manifests(demo)
    assert {name: after[name] for name in published} == published, "A published revision was changed."
    new = after.keys() - published.keys()
    of_the_last = {name for name in new if name.startswith(QUARTERS[-1])}
    revised = {name for name in new - of_the_last if "/bulletin/" not in name}
    assert of_the_last <= ({f"{QUARTERS[-1]}/bulletin/r2/manifest.json"} if revised else set())
    assert demo.processes() == []


def test_no_id_number_is_in_logs_xcoms_or_quality_documents(demo):
    """Looks for ID numbers of the sample as they were delivered."""
    file = next(demo.settings.sample.rglob("syrk_*_2026Q3.csv"))
    with file.open(encoding="gb18030", newline="") as lines:
        cells = {cell.strip() for row in csv.reader(lines) for cell in row}
    planted = [cell for cell in cells if len(cell) == 18 and cell[:17].isdigit()]
    assert len(planted) > 100
    texts = [
        path.read_text("utf-8", "replace")
        for root in (demo.settings.run_dir, demo.settings.quality_docs)
        for path in root.rglob("*")
        if path.is_file()
    ]
    with (
        supervisor.running(demo.settings, standins=False),
        psycopg.connect(supervisor.airflow_database(demo.settings)) as connection,
    ):
        texts += [row[0] for row in connection.execute("SELECT value::text FROM xcom WHERE value IS NOT NULL")]
    assert len(texts) > 50
    for text in texts:
        assert not [number for number in planted if number in text], "An ID number reached a log, XCom or document."


def test_no_name_or_phone_is_in_a_tasks_log(demo):
    file = next(demo.settings.sample.rglob("syrk_*_2026Q3.csv"))
    with file.open(encoding="gb18030", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = {row["姓名"] for row in rows if len(row["姓名"]) >= 3}
    phones = {row["联系电话"] for row in rows if len(row["联系电话"]) == 11}
    assert len(names) > 100 and len(phones) > 100
    texts = [path.read_text("utf-8", "replace") for path in demo.settings.run_dir.rglob("attempt=*.log")]
    assert len(texts) > 50 and any("取数落地｜" in text for text in texts)
    for text in texts:
        assert not [planted for planted in names | phones if planted in text], "A name or phone reached a task's log."


def test_an_interrupted_demo_leaves_no_process(demo):
    env = supervisor.child_env(demo.settings)
    command = subprocess.Popen(
        [sys.executable, "-m", "courtyard", "demo", "--scale", SCALE],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert command.stdout
    for line in command.stdout:
        if "回填" in line:
            break
    command.terminate()
    command.stdout.read()
    assert command.wait(120) != 0
    assert demo.processes() == []


def test_up_serves_a_page_on_loopback_and_down_stops_every_child(demo):
    import httpx

    done = demo.run("up")
    try:
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        address = next(word for word in done.stdout.split() if word.startswith("http://127.0.0.1:"))
        assert httpx.get(address, trust_env=False, follow_redirects=True).status_code == 200
        listening = {
            connection.laddr.ip
            for process in psutil.process_iter()
            if _of(process, demo.settings.var)
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
    finally:
        stopped = demo.run("down")
    assert stopped.returncode == 0
    assert demo.processes() == []


def _manifests(installed: Installation) -> dict[str, str]:
    root = installed.settings.published
    return {str(path.relative_to(root)): path.read_text("utf-8") for path in root.rglob("manifest.json")}


def _of(process: psutil.Process, var: Path) -> bool:
    try:
        return process.environ().get("COURTYARD_VAR") == str(var)
    except (psutil.Error, OSError):
        return False
