"""Processes that one installation started: recorded by id and birth time, stopped with every child.

A process id alone may be reused, so each is known with its creation time as well. A child is found
by descent, by the session its ancestor opened, or by the mark every descendant inherits in its
environment; so an orphan whose parent died first is still found, and no other process ever is.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from courtyard.errors import CourtyardError

MARK = "COURTYARD_STARTED_AS"
GRACE_SECONDS = 10.0
LOG_LINES_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """One started process: `mark` is what its descendants carry in their environment."""

    pid: int
    created: float
    mark: str = ""

    @classmethod
    def of(cls, pid: int, mark: str = "") -> Entry:
        return cls(pid, psutil.Process(pid).create_time(), mark)

    def process(self) -> psutil.Process | None:
        """The live process, or None when it ended (a zombie has ended) or its id is another's now."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            if found.create_time() == self.created and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None


@dataclass
class Register:
    """`var/run/processes.json`: what runs, and which commands use it at the moment."""

    processes: dict[str, Entry] = field(default_factory=dict)
    users: list[Entry] = field(default_factory=list)
    kept: bool = False

    @classmethod
    def read(cls, path: Path) -> Register:
        """The register; empty when there is none or when it was cut off in writing."""
        try:
            raw = json.loads(path.read_text("utf-8"))
            return cls(
                processes={name: Entry(**entry) for name, entry in raw["processes"].items()},
                users=[Entry(**entry) for entry in raw["users"]],
                kept=raw["kept"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        part.replace(path)

    def alive(self, name: str) -> psutil.Process | None:
        entry = self.processes.get(name)
        return entry.process() if entry else None

    def forget_ended_users(self) -> None:
        self.users = [user for user in self.users if user.process()]


@contextmanager
def register(run_dir: Path) -> Iterator[Register]:
    """The register under an exclusive lock; written back at the end, also after an error."""
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    run_dir.mkdir(mode=0o700, exist_ok=True)
    path = run_dir / "processes.json"
    with open(run_dir / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = Register.read(path)
        try:
            yield found
        finally:
            found.write(path)


def start(argv: Sequence[str], env: Mapping[str, str], log: Path) -> Entry:
    """Start a process in a session of its own, its output appended to a log readable by the owner only."""
    log.parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(8)
    # SPT_NOENV keeps setproctitle, which Airflow uses, from overwriting the environment that carries the mark.
    marked = {**env, MARK: mark, "SPT_NOENV": "1"}
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
        child = subprocess.Popen(
            list(argv), env=marked, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    return Entry.of(child.pid, mark)


def wait_until_ready(entry: Entry, ready: Path, title: str, log: Path, seconds: float) -> None:
    """Wait for a started process to write its ready file; CourtyardError when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not (ready.exists() and ready.stat().st_size):
        if entry.process() is None:
            raise CourtyardError(f"{title} did not start.", f"The end of {log}: {last_lines(log)}")
        if time.monotonic() > deadline:
            raise CourtyardError(f"{title} was not ready within {seconds:.0f} seconds.", f"Look at {log}.")
        time.sleep(0.05)


def last_lines(log: Path) -> str:
    """The end of a log, for an error message."""
    with suppress(OSError):
        return " / ".join(log.read_text("utf-8", "replace").splitlines()[-LOG_LINES_SHOWN:])
    return ""


def family(entry: Entry) -> list[psutil.Process]:
    """The process and all its descendants that live, orphans included."""
    members: dict[int, psutil.Process] = {}
    leader = entry.process()
    if leader:
        with suppress(psutil.NoSuchProcess):
            members |= {p.pid: p for p in [leader, *leader.children(recursive=True)]}
    for candidate in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if candidate.pid not in members and _belongs(candidate, entry):
                members[candidate.pid] = candidate
    return [p for p in members.values() if _running(p)]


def _belongs(candidate: psutil.Process, entry: Entry) -> bool:
    if not entry.mark or candidate.create_time() < entry.created:
        return False
    return candidate.environ().get(MARK) == entry.mark


def _running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop(*entries: Entry, grace: float = GRACE_SECONDS) -> int:
    """Stop processes and every descendant: SIGTERM to all, SIGKILL after the grace time. Returns how many."""
    members = _all(entries)
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.terminate()
    psutil.wait_procs(members, timeout=grace)
    while survivors := _all(entries):  # one killed in the middle of forking may leave a child behind
        for member in survivors:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(survivors, timeout=grace)
    return len(members)


def _all(entries: Sequence[Entry]) -> list[psutil.Process]:
    return list({member.pid: member for entry in entries for member in family(entry)}.values())
