"""`python -m courtyard.parsing.worker`: reads hostile files where they can do no harm.

A process without keys, connections or secrets, limited in memory, CPU time, files and output. A job
comes over standard input as two frames (JSON, then the file's bytes), its tables leave over standard
output as JSON frames: data never becomes code. It lives for many jobs; see `sandbox` for its owner.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import xlrd  # noqa: F401  (loaded while files may still be opened)

from courtyard.district.models import Contract
from courtyard.parsing import picture, reading
from courtyard.parsing.limits import Caps

LENGTH = struct.Struct(">Q")
MAX_FRAME = 1 << 30


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame; None at the end of the stream, whole or torn."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    if size > MAX_FRAME:
        return None
    body = source.read(size)
    return body if len(body) == size else None


def write_frame(target: BinaryIO, body: bytes) -> None:
    target.write(LENGTH.pack(len(body)))
    target.write(body)
    target.flush()


def job_frame(job: reading.Job) -> bytes:
    """A job as the worker reads it."""
    return _dump(
        {
            "contracts": [contract.model_dump_json() for contract in job.contracts],
            "codes": job.codes,
            "as_of": job.as_of.isoformat() if job.as_of else None,
            "caps": asdict(job.caps),
            "is_picture": job.is_picture,
        }
    )


@lru_cache(maxsize=64)
def _contract(text: str) -> Contract:
    return Contract.model_validate_json(text)


@lru_cache(maxsize=256)
def _job(frame: bytes) -> reading.Job:
    given = json.loads(frame)
    return reading.Job(
        contracts=tuple(map(_contract, given["contracts"])),
        codes={
            name: {code: tuple(labels) for code, labels in values.items()} for name, values in given["codes"].items()
        },
        as_of=date.fromisoformat(given["as_of"]) if given["as_of"] else None,
        caps=Caps(**given["caps"]),
        is_picture=given["is_picture"],
    )


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def answers(frame: bytes, data: bytes) -> Iterator[dict[str, Any]]:
    """What is sent back for a file: the tables without rows, their rows in blocks, then `done` or `failed`.

    An unforeseen exception is told by its type and place only: its text may quote the file.
    """
    try:
        job = _job(frame)
        _limit_cpu(job.caps)
        if job.is_picture:
            yield from ({"seen": kind, "body": body} for kind, body in picture.pieces(job, data))
            yield {"done": True}
            return
        raws = reading.read(job, data)
        yield {"tables": [asdict(reading.outline(raw)) for raw in raws]}
        for index, raw in enumerate(raws):
            for block in reading.typed(raw, job):
                yield {"table": index, "row_nos": block.row_nos, "columns": block.columns, "problems": block.problems}
        yield {"done": True}
    except MemoryError:
        yield {"failed": "file.too_large", "detail": "读取时超出内存上限"}
    except Exception as error:
        yield {"failed": "file.crashed", "detail": _place(error)}


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__} {where}"


def _limit_cpu(caps: Caps) -> None:
    """CPU seconds count for the process: each job may use its own on top of what is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = max(int(used.ru_utime + used.ru_stime) + caps.cpu_seconds, 1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def confine(caps: Caps) -> None:
    """Give up what reading a file does not need: writing files, opening more of them, core dumps, memory."""
    for encoding in ("gb18030", "cp936", "utf-16", "utf-16-le", "cp1252", "cp437", "idna"):
        "".encode(encoding)
    memory = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + caps.memory
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def main() -> None:
    """Serve jobs until standard input ends."""
    confine(Caps())
    gc.disable()  # millions of cells that are no garbage would be searched for it again and again
    gc.freeze()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while (frame := read_frame(source)) is not None and (data := read_frame(source)) is not None:
        for answer in answers(frame, data):
            write_frame(target, _dump(answer))
            if answer.get("detail") and "failed" in answer:
                return  # what is left of memory after a failure is not to be trusted with the next file
        del data
        gc.collect()


if __name__ == "__main__":
    main()
