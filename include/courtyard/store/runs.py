"""The ledger of runs: every run of a quarter with its kind, its reason, for whom it waited and what became of it.

A run that is tried again or cleared keeps its row: same holder, kind and reason. References and counts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI

KINDS = {
    "scheduled": "定时运行",
    "manual": "手动运行",
    "backfill": "回填",
    "follow_on": "更正续算",
    "cli": "命令行运行",
}
OUTCOMES = {"waiting": "等待", "running": "运行中", "done": "完成", "held": "有报表暂缓", "failed": "失败"}

_OF = "street_code = :street AND quarter = :quarter"
_ASK = text(f"""
WITH known AS (
    SELECT run_no FROM warehouse.quarter_run
     WHERE {_OF} AND holder = :holder AND kind = :kind AND reason = :reason AND (kind <> 'cli' OR ended_at IS NULL)
     ORDER BY run_no DESC LIMIT 1
), made AS (
    INSERT INTO warehouse.quarter_run
        (street_code, quarter, holder, kind, reason, requested_by, asked_at, outcome)
    SELECT :street, :quarter, :holder, :kind, :reason, :requested_by, clock_timestamp(), 'waiting'
     WHERE NOT EXISTS (SELECT FROM known)
    RETURNING run_no
)
SELECT run_no FROM known UNION ALL SELECT run_no FROM made
""")
_WAITS = text("""
UPDATE warehouse.quarter_run SET waits_for = :other, outcome = 'waiting', ended_at = NULL WHERE run_no = :run_no
""")
_OPENED = text("""
UPDATE warehouse.quarter_run
   SET token = :token, outcome = 'running', opened_at = clock_timestamp(), ended_at = NULL
 WHERE run_no = :run_no
""")
_DIED = text(f"""
UPDATE warehouse.quarter_run SET outcome = 'failed', ended_at = clock_timestamp()
 WHERE {_OF} AND outcome = 'running' AND holder <> :holder
""")
_TELL = text(f"""
UPDATE warehouse.quarter_run
   SET told = (told - CAST(:step AS text)) || jsonb_build_object(CAST(:step AS text), CAST(:said AS jsonb)),
       outcome = CASE WHEN outcome = 'failed' THEN 'running' ELSE outcome END,
       ended_at = CASE WHEN outcome = 'failed' THEN NULL ELSE ended_at END
 WHERE {_OF} AND token = :token
""")
_END = text(f"""
UPDATE warehouse.quarter_run SET outcome = :outcome, ended_at = clock_timestamp()
 WHERE {_OF} AND token = :token AND outcome = 'running'
""")
_GIVE_UP = text(f"""
UPDATE warehouse.quarter_run SET outcome = 'failed', ended_at = clock_timestamp()
 WHERE {_OF} AND holder = :holder AND outcome = 'waiting'
""")
_HAS = text(f"""
SELECT holder, l.acquired_at, r.kind, r.reason
  FROM warehouse.lease l
  LEFT JOIN warehouse.quarter_run r USING (street_code, quarter, token, holder)
 WHERE {_OF}
""")


def asked_for(connection: Connection, ctx: Context) -> int | None:
    """The row of the run, made when it asks for the first time; None for what is no run of a quarter."""
    if ctx.asked is None:
        return None
    asked = {"kind": ctx.asked.kind, "reason": ctx.asked.reason, "requested_by": ctx.asked.requested_by or ctx.holder}
    return connection.scalar(_ASK, {**_where(ctx), **asked})


def opened(connection: Connection, ctx: Context, token: int) -> None:
    """The run has the quarter. Another one that still stands as running has died: its lease was taken over."""
    connection.execute(_DIED, _where(ctx))
    if run_no := asked_for(connection, ctx):
        connection.execute(_OPENED, {"run_no": run_no, "token": token})


def waits(connection: Connection, ctx: Context) -> str:
    """The run waits; returns in Chinese for whom: which run has the quarter, why, and since when."""
    has = connection.execute(_HAS, _where(ctx)).one()
    if run_no := asked_for(connection, ctx):
        connection.execute(_WAITS, {"run_no": run_no, "other": has.holder})
    return named(has.holder, has.kind, has.reason, has.acquired_at)


def gave_up(ctx: Context) -> None:
    """The run will not wait any longer for its quarter."""
    with ctx.engine().begin() as connection:
        connection.execute(_GIVE_UP, _where(ctx))


def told(ctx: Context, step: str, result: Mapping[str, Any]) -> None:
    """Keep what a step of the run came to: counts, and the length of what is listed."""
    _tell(ctx, step, {name: count for name, value in result.items() if (count := _counted(value)) is not None})


def failed(ctx: Context, step: str, error: CourtyardError | None) -> None:
    """Keep why a step failed, in one line; of what nobody foresaw only that it did."""
    _tell(ctx, step, {"error": str(error) if error else "未预料的错误，见日志"})


def _tell(ctx: Context, step: str, said: Mapping[str, Any]) -> None:
    if ctx.token is None:
        return
    with ctx.engine().begin() as connection:
        connection.execute(_TELL, {**_where(ctx), "token": ctx.token, "step": step, "said": Jsonb(said)})


def ended(ctx: Context, outcome: str) -> None:
    """The run is over, unless it was before: `done`, `held` (some reports wait) or `failed`."""
    with ctx.engine().begin() as connection:
        connection.execute(_END, {**_where(ctx), "token": ctx.token, "outcome": outcome})


def _counted(value: Any) -> int | None:
    if isinstance(value, list | tuple | dict):
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _where(ctx: Context) -> dict[str, Any]:
    return {"street": ctx.street_code, "quarter": str(ctx.period), "holder": ctx.holder}


_LIST = text("""
SELECT quarter, run_no, kind, reason, requested_by, holder, asked_at, opened_at, ended_at, outcome, is_lost,
       waits_for, waits_for_kind, waits_for_reason, waits_for_since, told
  FROM mart.quarter_run
 WHERE street_code = :street AND (CAST(:quarter AS text) IS NULL OR quarter = :quarter)
 ORDER BY asked_at DESC, run_no DESC
 LIMIT :most
""")


def listed(
    connection: Connection, street_code: str, quarter: str | None = None, most: int = 50
) -> list[dict[str, Any]]:
    """The runs of a quarter, or of all, the newest first."""
    found = connection.execute(_LIST, {"street": street_code, "quarter": quarter, "most": most})
    return [dict(row) for row in found.mappings()]


def named(holder: str, kind: str | None, reason: str | None, since: datetime | None = None) -> str:
    """A run as a waiting one names it: its kind, holder and reason, and since when it has the quarter."""
    told = [holder, f"原因：{reason}" if reason else "", f"自 {moment(since)} 起" if since else ""]
    return f"{KINDS.get(kind or '', '收件等其他工作')}（{'，'.join(filter(None, told))}）"


def moment(at: datetime | None) -> str:
    """A moment as a person of the office reads it; empty where it has not come."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""
