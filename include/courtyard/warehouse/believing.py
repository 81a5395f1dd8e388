"""What is made anew of a quarter as a whole: only what differs from what is believed is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, text

_OF_TIME = ("recorded_at", "superseded_at")
_OF_QUARTER = ("street_code", "period")


def believe(connection: Connection, table: Table, quarter: Mapping[str, Any]) -> int:
    """Let a table say of a quarter what the temporary table `_<its name>` says; returns how many rows changed.

    The temporary table has the table's columns but for street, quarter and times. `quarter` holds `street`,
    `period` and `learned`, the moment from which the new rows are known. What was believed before is kept with
    the moment at which it ceased; what was recorded at or after `learned` was never known and goes.
    """
    name = table.name
    columns = [c.name for c in table.columns if c.name not in _OF_TIME + _OF_QUARTER]
    keys = {c.name for c in table.primary_key}
    same = " AND ".join(f"o.{c} {'=' if c in keys else 'IS NOT DISTINCT FROM'} n.{c}" for c in columns)
    current = "o.street_code = :street AND o.period = :period AND o.superseded_at = 'infinity'"
    ours = f"{current} AND NOT EXISTS (SELECT FROM _{name} n WHERE {same})"
    gone = connection.execute(
        text(f"DELETE FROM warehouse.{name} o WHERE {ours} AND o.recorded_at >= :learned"), quarter
    )
    ceased = connection.execute(text(f"UPDATE warehouse.{name} o SET superseded_at = :learned WHERE {ours}"), quarter)
    new = connection.execute(
        text(
            f"INSERT INTO warehouse.{name} (street_code, period, recorded_at, {', '.join(columns)})"
            f" SELECT :street, :period, :learned, {', '.join(f'n.{column}' for column in columns)} FROM _{name} n"
            f" WHERE NOT EXISTS (SELECT FROM warehouse.{name} o WHERE {current} AND {same})"
        ),
        quarter,
    )
    return max(gone.rowcount + ceased.rowcount, new.rowcount)
