"""The sandbox: a worker that dies, hangs or eats memory costs its file and nothing else."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from courtyard import parsing
from courtyard.parsing import reading, worker
from courtyard.parsing.files import parse_file
from courtyard.parsing.limits import Caps
from courtyard.parsing.sandbox import Closed, Opened, Rows, Sandbox, Task, Unopened

from .made import AS_OF, ID, activists, contract, csv_of, job, pack

BIG = csv_of("population", *[{"name": f"甲{n}"} for n in range(10_000)])


def last(sandbox, *tasks):
    """The closing event of each file, by its key."""
    return {e.key: e for e in sandbox.run(tasks) if isinstance(e, (Closed, Unopened))}


def task(key, data=None, caps=None, load=None):
    return Task(key, job("grid_activists", caps=caps), load or (lambda: data))


def only_process(sandbox):
    (one,) = sandbox._workers
    return one._process


def test_the_same_tables_come_out_of_the_sandbox_as_without_it(sandbox, district):
    data = activists({"id_number": ID, "change_date": "24/3/1"}, {"id_number": 1.0})
    (inside,) = parse_file(data, "x.xlsx", [contract("grid_activists")], district.codes, as_of=AS_OF, sandbox=sandbox)
    (outside,) = reading.whole(job("grid_activists"), data)
    assert inside == outside and inside.columns == outside.columns


def test_a_large_file_comes_in_blocks(sandbox):
    events = list(sandbox.run([Task("x", job("population"), lambda: BIG)]))
    assert isinstance(events[0], Opened) and events[0].tables[0].landed == 10_000 and not events[0].tables[0].row_nos
    blocks = [e.block for e in events if isinstance(e, Rows)]
    assert [len(b.row_nos) for b in blocks] == [reading.ROWS_AT_ONCE, 10_000 - reading.ROWS_AT_ONCE]
    assert isinstance(events[-1], Closed) and events[-1].code == ""


def test_a_worker_that_is_killed_is_replaced_and_its_file_refused():
    with Sandbox(workers=1) as sandbox:

        def kill():
            only_process(sandbox).kill()
            only_process(sandbox).wait()
            return activists({})

        # Killed before the file arrives, it is simply started again; killed while reading, the file is refused.
        assert last(sandbox, task("a", load=kill))["a"].code == ""
        first = only_process(sandbox).pid
        only_process(sandbox).send_signal(signal.SIGSTOP)
        threading.Timer(0.3, os.kill, (first, signal.SIGKILL)).start()
        assert last(sandbox, task("b", activists({})))["b"].code == "file.crashed"
        assert last(sandbox, task("c", activists({})))["c"].code == ""
        assert only_process(sandbox).pid != first


def test_a_worker_that_hangs_is_ended_within_the_wall_limit():
    with Sandbox(workers=1) as sandbox:
        only_process(sandbox).send_signal(signal.SIGSTOP)
        began = time.monotonic()
        found = last(sandbox, task("a", activists({}), Caps(wall_seconds=1)), task("b", activists({})))
        assert time.monotonic() - began < 20
        assert found["a"].code == "file.crashed" and found["b"].code == ""


def test_a_file_that_costs_too_much_cpu_is_ended():
    rows = csv_of("population", *[{"name": f"甲{n}"} for n in range(190_000)])
    with Sandbox(workers=1) as sandbox:
        caps = Caps(cpu_seconds=0)  # nothing beyond what the worker has used already
        heavy = Task("a", job("population", caps=caps), lambda: rows)
        assert last(sandbox, heavy, task("b", activists({}))) == {
            "a": Closed("a", "file.crashed"), "b": Closed("b"),
        }  # fmt: skip


def test_a_file_that_costs_too_much_memory_is_refused_as_too_large():
    text = "姓名,性别\n" + "甲,男\n" * 9_000_000
    with Sandbox(workers=1) as sandbox:
        heavy = Task("a", job("population"), lambda: text.encode("gb18030"))
        found = last(sandbox, heavy, task("b", activists({})))
        assert found["a"] in (Closed("a", "file.too_large", "读取时超出内存上限"), Closed("a", "file.crashed"))
        assert found["b"].code == ""


def test_two_workers_serve_many_files():
    with Sandbox(workers=2) as sandbox:
        tasks = [task(f"f{n}", activists(*[{}] * n)) for n in range(1, 21)]
        counts = {e.key: e.tables[0].landed for e in sandbox.run(tasks) if isinstance(e, Opened)}
        assert counts == {f"f{n}": n for n in range(1, 21)}


def test_bytes_that_cannot_be_had_stop_nothing():
    from courtyard.errors import CourtyardError

    def broken():
        raise CourtyardError("The landed file is damaged.")

    with Sandbox(workers=1) as sandbox:
        found = last(sandbox, task("a", load=broken), task("b", activists({})))
    assert isinstance(found["a"], Unopened) and found["b"].code == ""


def test_leaving_early_ends_every_worker():
    with Sandbox(workers=2) as sandbox:
        processes = [w._process for w in sandbox._workers]
        for _ in sandbox.run([Task(f"{n}", job("population"), lambda: BIG) for n in range(9)]):
            break
    assert all(p.poll() is not None for p in processes) and all(w._process is None for w in sandbox._workers)


def test_a_worker_holds_no_secret_and_can_open_nothing(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_POPULATION", "sftp://user:secret@host/")
    monkeypatch.setenv("COURTYARD_KEYS", "/keys")
    with Sandbox(workers=1) as sandbox:
        last(sandbox, task("a", activists({})))
        pid = only_process(sandbox).pid
        environment = Path(f"/proc/{pid}/environ").read_text()
        limits = Path(f"/proc/{pid}/limits").read_text()
        handles = os.listdir(f"/proc/{pid}/fd")
    assert "secret" not in environment and "COURTYARD" not in environment
    assert sorted(map(int, handles)) == [0, 1, 2]
    found = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert (found["Max file size"], found["Max open files"], found["Max core file size"]) == ("0", "3", "0")
    assert int(found["Max address space"]) < 1_200_000_000


def test_an_unforeseen_exception_is_told_by_type_and_place_only(monkeypatch):
    def broken(*_):
        raise RuntimeError(f"cannot read {ID}")

    monkeypatch.setattr(reading, "read", broken)
    monkeypatch.setattr(worker, "_limit_cpu", lambda caps: None)
    (answer,) = worker.answers(worker.job_frame(job("grid_activists")), b"x")
    assert answer["failed"] == "file.crashed" and answer["detail"].startswith("RuntimeError test_sandbox.py:")
    assert ID not in str(answer)


@pytest.mark.parametrize(
    "data",
    [b"", b"garbage", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 90, activists({})[:-40]],
    ids=["empty", "garbage", "zip", "ole", "cut"],
)
def test_the_dry_run_never_raises(data):
    (found,) = parsing.parse_file(data, "x.xlsx", [contract("grid_activists")], pack().codes)
    assert found.is_rejected and found.reason and found.findings(contract("grid_activists"))


def test_a_table_of_nothing_but_wrong_cells_keeps_one_error_a_row(monkeypatch):
    """What a table held as a whole remembers is bounded, and no bad row passes for a good one."""
    monkeypatch.setattr(reading, "MAX_PROBLEMS", 4)
    rows = [{"id_number": 1.0, "sex": "?", "change_date": "?"}] * 3
    (found,) = reading.whole(job("grid_activists"), activists(*rows))
    assert sorted({p.row_no for p in found.problems}) == [4, 5, 6] and len(found.problems) == 3
