"""One run at a time on (street, quarter): a lease row with a fencing token.

Tasks of one run are separate processes, so a database session lock cannot serve. A worker that was
thought lost but lives carries an old token, and its writes are refused (FAULTS.md 8 and 29).
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.errors import HeldError, LeaseLost
from courtyard.store import runs

LEASE_MINUTES = 30  # renewed as each stage begins, so it bounds a stage, and how long a dead run blocks

_ACQUIRE = text("""
INSERT INTO warehouse.lease AS held (street_code, quarter, token, holder, expires_at)
VALUES (:street, :quarter, 1, :holder, clock_timestamp() + make_interval(mins => :minutes))
ON CONFLICT (street_code, quarter) DO UPDATE
   SET token = held.token + 1, holder = excluded.holder,
       acquired_at = clock_timestamp(), expires_at = excluded.expires_at
 WHERE held.holder = excluded.holder OR held.expires_at < clock_timestamp()
RETURNING token
""")
_CHECK = text("""
SELECT 1 FROM warehouse.lease
 WHERE street_code = :street AND quarter = :quarter AND token = :token AND expires_at > clock_timestamp()
   FOR SHARE
""")
_RENEW = text("""
UPDATE warehouse.lease SET expires_at = clock_timestamp() + make_interval(mins => :minutes)
 WHERE street_code = :street AND quarter = :quarter AND token = :token AND expires_at > clock_timestamp()
""")
_RELEASE = text("""
UPDATE warehouse.lease SET expires_at = clock_timestamp()
 WHERE street_code = :street AND quarter = :quarter AND token = :token
""")


def acquire(ctx: Context) -> int:
    """Take the quarter; returns the fencing token. HeldError says which run has it, why and since when.

    Both are kept in the ledger of runs.
    """
    where = {"street": ctx.street_code, "quarter": str(ctx.period)}
    with ctx.engine().begin() as connection:
        token = connection.scalar(_ACQUIRE, {**where, "holder": ctx.holder, "minutes": LEASE_MINUTES})
        if token is not None:
            runs.opened(connection, ctx, token)
            return token
        other = runs.waits(connection, ctx)
    raise HeldError(f"{ctx.period} 正由{other}占用。", "等它结束后再运行；Airflow 会自动再试。")


def check(connection: Connection, ctx: Context) -> None:
    """Refuse to write under a lost lease; first in every writing transaction of a quarter.

    The row stays share-locked until the transaction ends, so no other run takes over in between;
    several transactions of one run may hold it side by side.
    """
    if ctx.token is not None and connection.scalar(_CHECK, _held(ctx)) is None:
        raise LeaseLost(f"The lease on {ctx.period} was lost.", "Another run has taken over; look at its result.")


def renew(ctx: Context) -> None:
    """Prolong a held lease, in a transaction of its own; does nothing without one, or when it is lost."""
    if ctx.token is not None:
        with ctx.engine().begin() as connection:
            connection.execute(_RENEW, {**_held(ctx), "minutes": LEASE_MINUTES})


def release(ctx: Context, outcome: str = "failed") -> None:
    """Give the quarter back, and let the ledger of runs say what became of the run unless it does already.

    Does nothing when the lease is another's.
    """
    runs.ended(ctx, outcome)
    with ctx.engine().begin() as connection:
        connection.execute(_RELEASE, _held(ctx))


def _held(ctx: Context) -> dict[str, object]:
    return {"street": ctx.street_code, "quarter": str(ctx.period), "token": ctx.token}
