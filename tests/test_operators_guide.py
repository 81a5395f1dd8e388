"""Every command of the operators' guide and of both READMEs is run, in order, in a small installation.

The few that cannot run here are named in ELSEWHERE with the reason; of those the command and its options must exist.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from tests import folders

from courtyard.cli import application
from courtyard.runtime import postgres, supervisor
from courtyard.settings import Settings
from courtyard.store import database

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("docs/operators-guide.zh-CN.md", "README.md", "README.zh-CN.md")
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Why a command cannot run here; its name and options are checked instead.
ELSEWHERE = {
    "make": "starts a real Airflow, or the tests: tests/dags and tests/tour.py do",
    "courtyard airflow": "needs the running Airflow: tests/dags/test_end_to_end.py backfills",
}
# Exit code 1 of these says that something is held, has findings or is owed; it is an answer, not an error.
ANSWERS_WITH_1 = (
    "courtyard run",
    "courtyard backfill",
    "courtyard check",
    "courtyard admit",
    "courtyard ledger",
    "courtyard deliver",
)
# Commands that ask for something that this street may not have, and the words with which they say so.
NOTHING_THERE = {
    "courtyard release": "没有待人确认的批次",
    "courtyard compare": "只发布过第 1 版",
    "courtyard desk show": "没有编号为",
    "courtyard cases answer": "签收|acknowledge|不能|答复",
}


def commands() -> list[tuple[str, str]]:
    """(page, command) of every `sh` block, a continued line joined."""
    found = []
    for page in PAGES:
        for block in _FENCE.findall((ROOT / page).read_text("utf-8")):
            joined = block.replace("\\\n", " ")
            found += [
                (page, line.strip())
                for line in joined.splitlines()
                if line.strip() and not line.strip().startswith("#")
            ]
    return found


def test_the_pages_hold_commands():
    by_page = {page: sum(1 for p, _ in commands() if p == page) for page in PAGES}
    assert all(count >= 15 for count in by_page.values()), by_page


def test_every_command_and_option_exists():
    wrong = [f"{page}: {line}" for page, line in commands() if _problem(line)]
    assert wrong == []


def _problem(line: str) -> str:
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        return "" if words[1] in targets else "no such target"
    if words[0] != "courtyard":
        return ""
    command = typer.main.get_command(application())
    for word in words[1:]:
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
    if command.name == "airflow":
        return ""
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return next((word for word in words if word.startswith("--") and word.partition("=")[0] not in known), "")


@dataclass(frozen=True)
class Installation:
    settings: Settings
    env: dict[str, str]
    url: str
    ran: set[str] = field(default_factory=set)
    """What has run already: the pages repeat each other, and each command runs once."""

    def one(self, query: str) -> str:
        with database.engine(self.url).connect() as connection:
            return str(connection.scalar(text(query)) or "")

    def filled(self, line: str) -> str:
        """The line with what an operator would put in: a case, a batch, an entry of the desk, a workbook, a form."""
        books = sorted((self.settings.var / "outbox/grid/2026Q3").rglob("*.xlsx"))
        said = {
            "某网格.xlsx": shlex.quote(str(books[0])) if books else "某网格.xlsx",
            "新表.xlsx": str(ROOT / "include/districts/shaocheng/reports/forms/dibao_roster.xlsx"),
            "工单号": self.one("SELECT case_no FROM cases.\"case\" WHERE status = 'waiting' ORDER BY case_no LIMIT 1"),
            "261126-7K2QM": self.one(
                "SELECT case_no FROM cases.\"case\" WHERE status IN ('waiting', 'handling') ORDER BY case_no LIMIT 1"
            ),
            "批次号": shlex.quote(
                self.one("SELECT batch_id FROM quality.batch WHERE status = 'held' ORDER BY 1 LIMIT 1")
            ),
            "事项号": shlex.quote(
                self.one(
                    "SELECT discrepancy_id FROM warehouse.discrepancy WHERE superseded_at = 'infinity' AND status = 'open' ORDER BY 1 LIMIT 1"
                )
            ),
            "https://…": "https://reports.example",
            "--text …": "--text 已安排处理",
            '"…"': '"年度审计"',
        }
        for word, value in said.items():
            line = line.replace(word, value)
        return line


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with folders.passable("courtyard-guide-") as folder:
        yield from _installed(folder)


def _installed(folder: Path) -> Iterator[Installation]:
    own = {"COURTYARD_VAR": str(folder / "var"), "COURTYARD_KEYS": str(folder / "keys")}
    env = {**os.environ, **own, "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb"}
    settings = Settings.from_env(env)
    try:
        for line in ("courtyard init", "courtyard sample --scale 0.01"):
            subprocess.run(line, shell=True, env=env, cwd=ROOT, check=True, capture_output=True)
        with supervisor.running(settings, standins=True, intake=True) as services:
            _run_once(env, "2026Q3")
            yield Installation(settings, env, services.url)
    finally:
        supervisor.shut_down(settings)
        postgres.stop(settings.pgdata)


def _run_once(env: dict[str, str], quarter: str) -> None:
    done = subprocess.run(
        f"courtyard run {quarter}", shell=True, env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(installation, page):
    """One shell a page, so that what a line sets (an environment, a variable) holds for the lines below it."""
    failed, ran = [], 0
    shell = _Shell(installation.env)
    try:
        for _, line in (one for one in commands() if one[0] == page):
            if any(line.startswith(name) for name in ELSEWHERE):
                continue
            ran += 1
            command = " ".join(line.partition(" #")[0].split())
            if command in installation.ran:
                continue
            installation.ran.add(command)
            code, said = shell.run(installation.filled(line))
            if not _is_good(line, code, said):
                failed.append(f"{line}\n  -> {code}: {said.strip()[-300:]}")
    finally:
        shell.close()
    assert ran >= 10
    assert failed == [], "\n".join(failed)


def _is_good(line: str, code: int, said: str) -> bool:
    if code == 0:
        return True
    if code == 1:
        return any(line.startswith(name) for name in ANSWERS_WITH_1)
    words = next((words for name, words in NOTHING_THERE.items() if line.startswith(name)), None)
    return words is not None and re.search(words, said) is not None


class _Shell:
    """A shell that tells the exit code of each line."""

    END = "--- end of line ---"

    def __init__(self, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )  # fmt: skip

    def run(self, line: str) -> tuple[int, str]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{{ {line}\n}} </dev/null\nprintf '\\n{self.END} %s\\n' $?\n")
        self._process.stdin.flush()
        said = []
        for answer in self._process.stdout:
            if answer.startswith(self.END):
                return int(answer.split()[-1]), "".join(said)
            said.append(answer)
        raise AssertionError(f"the shell ended at: {line}")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)
