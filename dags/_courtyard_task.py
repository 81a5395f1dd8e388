"""One way to run the library as a task; it is imported inside tasks only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from airflow.sdk import Connection as AirflowConnection
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

from courtyard.period import SHANGHAI

# What meets one of these is tried again; any other error of the library needs a person.
TRIED_AGAIN = {
    "open": "HeldError",
    "fetch": "SourceError",
    "collect": "SourceError",
    "take_in": "HeldError",
    "take_in_reports": "HeldError",
    "report": "HeldError",
}


def run(stage: str, period: str, **given: Any) -> Any:
    """Run one stage of the library in this task; `given` as in `stages.run_stage`."""
    from courtyard import stages

    with in_one_line(TRIED_AGAIN.get(stage, "")):
        result = stages.run_stage(stage, period, holder=holder(), connection=connection, **given)
        return stages.require_published(result) if stage == "publish" else result


def open_quarter(quarter: str, asked: dict[str, str]) -> int:
    """Take the lease of a quarter for this run; returns its token. `asked` is kind, reason and asker."""
    from courtyard.context import Asked

    task = get_current_context()["ti"]
    is_last = task.try_number > task.max_tries
    return run("open", quarter, asked=Asked(**asked), gives_up=is_last)["token"]  # type: ignore[arg-type]


def send(period: str) -> Any:
    """Send what is queued, dated by the clock: a signature made for the start of a long run would have expired."""
    return act_now("send", period)


def act_now(name: str, period: str) -> Any:
    """Run one of `actions.ACTIONS` that goes by the moment at which it runs."""
    return act(name, period, at=datetime.now(SHANGHAI))


def act(name: str, period: str, **options: Any) -> Any:
    """Run one of the library's `actions.ACTIONS` in this task."""
    from courtyard import actions

    with in_one_line(TRIED_AGAIN.get(name, "")):
        return actions.ACTIONS[name](period, holder=holder(), connection=connection, **options)


def holder() -> str:
    """Who holds a lease that this task takes."""
    dag_run = get_current_context()["dag_run"]
    return f"airflow:{dag_run.dag_id}/{dag_run.run_id}"


@contextmanager
def in_one_line(tried_again: str = "") -> Iterator[None]:
    """What a person must act on fails at once, in one line; the error named is tried again."""
    from courtyard import errors

    again = getattr(errors, tried_again, ())
    try:
        yield
    except again as error:
        raise AirflowException(str(error)) from None
    except errors.CourtyardError as error:
        raise AirflowFailException(str(error)) from None


def connection(conn_id: str) -> Any:
    """A source's connection as Airflow knows it, from any of its secret stores."""
    from courtyard.connection import Connection
    from courtyard.errors import NotConnected

    try:
        uri = AirflowConnection.get(conn_id).get_uri()
    except AirflowNotFoundException:
        raise NotConnected(f"没有设置连接 {conn_id}。", "请在 Airflow 的“连接”中添加，或写入 var/env。") from None
    return Connection.from_uri(conn_id, uri)
