"""What the tests of the sources share: answers of a web server, and specifications with little in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0  # seconds between single bytes


@dataclass
class Scripted:
    """`script(request number, query)` decides each answer; `asked` keeps paths and headers."""

    port: int
    script: Callable[[int, dict[str, str]], Answer] | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def connection(self, password: str = "") -> Connection:
        return Connection("web", "http", host="127.0.0.1", port=self.port, password=password)


def json_answer(value: object, **headers: str) -> Answer:
    return Answer(json.dumps(value).encode(), headers={"Content-Type": "application/json", **headers})


def source(transport: str, **options: object) -> SourceSpec:
    return SourceSpec(
        source="feed",
        title="某系统",
        department="某局",
        transport=transport,
        connection="feed",
        cadence="month",
        schedule="0 0 1 * *",
        datasets=("things",),
        allowed_hosts=("127.0.0.1",),
        options=options,
    )
