"""The owner of the workers: hands out files, passes on their tables, replaces a worker that dies or hangs."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courtyard.errors import CourtyardError
from courtyard.parsing.reading import Job
from courtyard.parsing.tables import ParsedTable, Problem, Remark
from courtyard.parsing.worker import job_frame, read_frame, write_frame

log = logging.getLogger(__name__)

WORKERS = 2
QUEUED = 8  # answers that may wait for their reader
_INCLUDE = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Opened:
    """A file was read: its tables, still without rows."""

    key: str
    tables: list[ParsedTable]


@dataclass(frozen=True)
class Rows:
    """The next rows of one of its tables."""

    key: str
    table: int
    block: ParsedTable


@dataclass(frozen=True)
class Closed:
    """Nothing more comes of a file. `code` is set when it was refused on the way."""

    key: str
    code: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Unopened:
    """The bytes could not be had; nothing was read."""

    key: str
    error: CourtyardError


@dataclass(frozen=True)
class Seen:
    """A piece of the picture that was asked for instead of rows; see `picture.pieces`."""

    key: str
    kind: str
    body: Any


Event = Opened | Rows | Seen | Closed | Unopened


@dataclass(frozen=True)
class Task:
    """One file to read. `load` is called when a worker is free, so that few files are in memory at once."""

    key: str
    job: Job
    load: Callable[[], bytes]


class Sandbox:
    """Workers for hostile files. A context manager: leaving it ends them."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = [_Worker() for _ in range(workers)]
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Sandbox:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()
        for worker in self._workers:
            worker.stop()

    def run(self, tasks: Iterable[Task]) -> Iterator[Event]:
        """Events of all files as they come, each file's own in order; files of several workers interleave."""
        waiting = iter(tasks)
        lock = threading.Lock()
        events: queue.Queue[Event | None] = queue.Queue(maxsize=QUEUED)
        self._threads = [
            threading.Thread(target=self._serve, args=(worker, waiting, lock, events), daemon=True)
            for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            event = events.get()
            if event is None:
                running -= 1
            else:
                yield event

    def _serve(
        self, worker: _Worker, waiting: Iterator[Task], lock: threading.Lock, events: queue.Queue[Event | None]
    ) -> None:
        while not self._closed.is_set():
            with lock:
                task = next(waiting, None)
            if task is None:
                break
            for event in worker.read(task):
                if not self._put(events, event):
                    return
        self._put(events, None)

    def _put(self, events: queue.Queue[Event | None], event: Event | None) -> bool:
        while not self._closed.is_set():
            try:
                events.put(event, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False


class _Worker:
    """One worker process, started again whenever it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "courtyard.parsing.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": _INCLUDE, "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"},
            cwd="/",
        )

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()  # type: ignore[union-attr]
        self._process = None

    def read(self, task: Task) -> Iterator[Event]:
        """All events of one file, the last one Closed or Unopened, whatever the file does to the process."""
        try:
            data = task.load()
        except CourtyardError as error:
            yield Unopened(task.key, error)
            return
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self.start()
        with contextlib.suppress(OSError):  # the answer, or its absence, says what happened
            self._send(task.job, data)
        del data
        while True:
            event = self._event(task)
            yield event
            if isinstance(event, Closed):
                return

    def _send(self, job: Job, data: bytes) -> None:
        stdin = self._process.stdin  # type: ignore[union-attr]
        write_frame(stdin, job_frame(job))
        write_frame(stdin, data)

    def _event(self, task: Task) -> Event:
        process = self._process
        assert process is not None and process.stdout is not None
        timer = threading.Timer(task.job.caps.wall_seconds, process.kill)
        timer.start()
        try:
            frame = read_frame(process.stdout)
        finally:
            timer.cancel()
        try:
            event = None if frame is None else _understood(task, json.loads(frame))
        except (ValueError, KeyError, TypeError, IndexError):
            event = None
        if event is None or (isinstance(event, Closed) and event.code):
            self.stop()
            if event is None:
                log.warning("解析进程在 %s 上中断，这份按读不了处理。", task.key)
                return Closed(task.key, "file.crashed")
            log.warning("解析 %s 失败：%s", task.key, event.detail)
        return event


def _understood(task: Task, answer: dict[str, Any]) -> Event:
    """A worker's answer as an event; it may only speak of the datasets it was asked for."""
    if "tables" in answer:
        tables = [_table(table) for table in answer["tables"]]
        if not {t.dataset for t in tables} <= {c.dataset for c in task.job.contracts}:
            raise ValueError("dataset")
        return Opened(task.key, tables)
    if "seen" in answer:
        return Seen(task.key, answer["seen"], answer["body"])
    if "failed" in answer:
        return Closed(task.key, answer["failed"], answer["detail"])
    if "done" in answer:
        return Closed(task.key)
    problems = [Problem(*problem) for problem in answer["problems"]]
    block = ParsedTable("", "", row_nos=answer["row_nos"], columns=answer["columns"], problems=problems)
    return Rows(task.key, answer["table"], block)


def _table(answer: dict[str, Any]) -> ParsedTable:
    remarks = [Remark(*remark) for remark in answer.pop("remarks")]
    rejected = answer.pop("rejected")
    return ParsedTable(**answer, remarks=remarks, rejected=tuple(rejected) if rejected else None)
