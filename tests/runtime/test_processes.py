"""Real processes are started, found again, and stopped with every child."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from courtyard.errors import CourtyardError
from courtyard.runtime import processes
from courtyard.runtime.processes import Entry, Register

# A parent that starts a child, tells both ids, and then sleeps; {extra} runs in both.
FAMILY = """
import os, signal, subprocess, sys, time
{extra}
child = subprocess.Popen([sys.executable, "-c", {child!r}], start_new_session={session})
open({told!r}, "w").write(f"{{child.pid}}")
time.sleep(300)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({ready!r}, 'w').write('x'); time.sleep(300)"


def start_family(tmp_path: Path, *, extra: str = "", session: bool = False) -> tuple[Entry, psutil.Process]:
    told, ready = tmp_path / "told", tmp_path / "ready"
    code = FAMILY.format(extra=extra, child=DEAF.format(ready=str(ready)), session=session, told=str(told))
    entry = processes.start([sys.executable, "-c", code], dict(os.environ), tmp_path / "log")
    wait_for(lambda: told.exists() and told.read_text() and ready.exists())
    return entry, psutil.Process(int(told.read_text()))


def wait_for(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_child_that_ignores_sigterm_is_stopped_with_its_parent(tmp_path):
    entry, child = start_family(tmp_path)
    assert processes.stop(entry, grace=0.5) == 2
    assert entry.process() is None and gone(child)


@pytest.mark.parametrize("session", [False, True])
def test_an_orphan_is_found_after_its_parent_was_killed(tmp_path, session):
    entry, child = start_family(tmp_path, session=session)
    os.kill(entry.pid, signal.SIGKILL)
    os.waitpid(entry.pid, 0)
    assert [member.pid for member in processes.family(entry)] == [child.pid]
    processes.stop(entry, grace=0.5)
    assert gone(child)


def test_an_id_that_is_another_process_now_is_left_alone(tmp_path):
    other = processes.start([sys.executable, "-c", "import time; time.sleep(300)"], dict(os.environ), tmp_path / "log")
    stale = Entry(other.pid, other.created - 100, "0" * 16)
    assert stale.process() is None
    assert processes.stop(stale) == 0
    assert other.process() is not None
    processes.stop(other)


def test_the_log_is_for_the_owner_only(tmp_path):
    entry = processes.start([sys.executable, "-c", "print('hello')"], dict(os.environ), tmp_path / "run/log")
    wait_for(lambda: entry.process() is None)
    assert (tmp_path / "run/log").read_text() == "hello\n"
    assert (tmp_path / "run/log").stat().st_mode & 0o777 == 0o600


def test_a_process_that_ends_before_it_is_ready_is_an_error_with_the_end_of_its_log(tmp_path):
    log = tmp_path / "log"
    entry = processes.start([sys.executable, "-c", "print('no port left'); raise SystemExit(3)"], dict(os.environ), log)
    with pytest.raises(CourtyardError, match="no port left"):
        processes.wait_until_ready(entry, tmp_path / "ready", "The server", log, 20)


def test_a_process_that_takes_too_long_is_an_error(tmp_path):
    entry = processes.start([sys.executable, "-c", "import time; time.sleep(300)"], dict(os.environ), tmp_path / "log")
    with pytest.raises(CourtyardError, match="within 0 seconds"):
        processes.wait_until_ready(entry, tmp_path / "ready", "The server", tmp_path / "log", 0.2)
    processes.stop(entry)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"processes": {"a": {"pid": 1}}}'])
def test_a_register_cut_off_in_writing_is_an_empty_one(tmp_path, text):
    (tmp_path / "processes.json").write_text(text)
    assert Register.read(tmp_path / "processes.json") == Register()


def test_the_register_is_written_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), processes.register(tmp_path) as known:
        known.processes["a"] = Entry(1, 2.0, "m")
        raise ZeroDivisionError
    assert json.loads((tmp_path / "processes.json").read_text())["processes"] == {
        "a": {"pid": 1, "created": 2.0, "mark": "m"}
    }


def test_users_that_ended_are_forgotten(tmp_path):
    with processes.register(tmp_path) as known:
        known.users = [Entry(os.getpid(), 1.0), Entry.of(os.getpid())]
        known.forget_ended_users()
        assert known.users == [Entry.of(os.getpid())]
