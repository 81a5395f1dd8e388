"""A department's SQL database: one query a period, streamed into JSON lines.

Delivered format `rows`: the first line is `{"columns": [...]}`, then one JSON array a row, with
decimals, dates and times as strings and NULL as null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import URL, TextClause, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources.fetched import Fetched

DEADLINE_SECONDS = 120
ROWS_AT_ONCE = 2_000
MAX_BYTES = 512 * 1024 * 1024
MEDIA_TYPE = "application/x-ndjson"

_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched]:
    """Run `options.query` and yield its rows as one delivery, or nothing when there are none.

    The query may use `:month :quarter :street_code :start :end` (end exclusive). It runs in a
    read-only transaction under `options.deadline_seconds`.
    """
    query = _query(spec)
    wanted = query.compile().params
    given = parameters(period, street_code)
    if unknown := sorted(set(wanted) - set(given)):
        raise SourceError(
            f"来源「{spec.title}」的查询用了未定义的参数 {'、'.join(unknown)}。", "请改正来源文件中的 query。"
        )
    deadline_ms = int(float(spec.options.get("deadline_seconds", DEADLINE_SECONDS)) * 1000)
    engine = create_engine(
        _url(connection),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "options": f"-c statement_timeout={deadline_ms}"},
    )
    try:
        with engine.connect().execution_options(postgresql_readonly=True, yield_per=ROWS_AT_ONCE) as database:
            result = database.execute(query, {name: given[name] for name in wanted})
            data, count = _lines(spec, result)
    except SQLAlchemyError as error:
        # A driver's message can quote the row at fault: only the error's kind goes further.
        raise SourceError(
            f"来源「{spec.title}」的数据库查询失败（{type(error).__name__}）。",
            "请检查数据库是否开机、账号和查询是否有效。",
        ) from None
    if count:
        yield Fetched(f"{spec.source}-{period}.rows.jsonl", data, MEDIA_TYPE)


def parameters(period: Period, street_code: str) -> dict[str, Any]:
    """What a query may bind. `month` is None for a period longer than a month."""
    return {
        "month": str(period) if period.kind == "month" else None,
        "quarter": str(Period.of("quarter", period.start)),
        "start": period.start,
        "end": period.end,
        "street_code": street_code,
    }


def _query(spec: SourceSpec) -> TextClause:
    statement = str(spec.options.get("query", ""))
    if not _READS.match(statement) or ";" in statement:
        raise SourceError(f"来源「{spec.title}」的 query 不是一条 SELECT 语句。", "请在来源文件中写一条 SELECT。")
    return text(statement)


def _url(connection: Connection) -> URL:
    return URL.create(
        "postgresql+psycopg",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.path or None,
        query=dict(connection.extra),
    )


def _lines(spec: SourceSpec, result: Any) -> tuple[bytes, int]:
    """The result as JSON lines, and how many rows it has."""
    lines = bytearray(_line({"columns": list(result.keys())}))
    count = 0
    for row in result:
        count += 1
        lines += _line([_plain(value) for value in row])
        if len(lines) > MAX_BYTES:
            raise SourceError(f"来源「{spec.title}」一期的数据超过 {MAX_BYTES >> 20} MB。", "请核对查询条件。")
    return bytes(lines), count


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
