"""One way to run the library as a task; it is imported inside tasks only."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from airflow.sdk import Connection as AirflowConnection
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

import _courtyard_lineage as lineage
import _courtyard_links as links
import _courtyard_metrics as metrics
from courtyard.period import SHANGHAI

log = logging.getLogger("courtyard.dags")
# What meets one of these is tried again; any other error of the library needs a person.
TRIED_AGAIN = {
    "open": "HeldError",
    "fetch": "SourceError",
    "collect": "SourceError",
    "take_in": "HeldError",
    "take_in_reports": "HeldError",
    "report": "HeldError",
}


# One process runs one task, so this is the task's own.
_DOING: dict[str, str] = {}


def run(stage: str, period: str, **given: Any) -> Any:
    """Run one stage of the library in this task; `given` as in `stages.run_stage`."""
    from courtyard import stages

    part = given.get("part")
    _DOING.update(period=period, source=part or "")
    links.leave(get_current_context()["ti"], stage, period, part)
    with in_one_line(TRIED_AGAIN.get(stage, "")), metrics.timed(stage):
        result = stages.run_stage(stage, period, holder=holder(), connection=connection, **given)
        lineage.tell(stage, part, result, connection)
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


def measure(period: str) -> int:
    """Send what stands now as gauges; returns how many."""
    gauges = act_now("measure", period)
    metrics.send(gauges)
    return len(gauges)


def act_now(name: str, period: str, **options: Any) -> Any:
    """Run one of `actions.ACTIONS` that goes by the moment at which it runs."""
    return act(name, period, at=datetime.now(SHANGHAI), **options)


def act(name: str, period: str, **options: Any) -> Any:
    """Run one of the library's `actions.ACTIONS` in this task."""
    from courtyard import actions

    part = options.get("source")
    _DOING.update(period=period, source=part or "")
    links.leave(get_current_context()["ti"], name, period, part)
    with in_one_line(TRIED_AGAIN.get(name, "")), metrics.timed(name):
        result = actions.ACTIONS[name](period, holder=holder(), connection=connection, **options)
        lineage.tell(name, part, result, connection)
    if line := actions.said_of(name, result):
        log.info("%s", line)
    return result


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
        raise _told(AirflowException, error) from None
    except errors.CourtyardError as error:
        raise _told(AirflowFailException, error) from None


def _told(kind: type[AirflowException], error: Any) -> AirflowException:
    """The task's error in one line, which keeps what the library said for the alert."""
    made = kind(str(error))
    made.said = {"error": type(error).__name__, "said": error.message, "remedy": error.remedy}
    return made


def doing() -> dict[str, str]:
    """What this task was last asked to work on: `period` and `source`; empty before it began, or in another process."""
    return dict(_DOING)


def said_by(error: BaseException) -> dict[str, str]:
    """What may be told of a task's error: `error`, and `said` and `remedy` where a person wrote them."""
    if said := getattr(error, "said", None):
        return said
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return {"error": "DiskFull"}
    if type(error) in (AirflowException, AirflowFailException):  # raised by these DAGs themselves
        return {"error": type(error).__name__, "said": str(error)}
    return {"error": type(error).__name__}


def connection(conn_id: str) -> Any:
    """A source's connection as Airflow knows it, from any of its secret stores."""
    from courtyard.connection import Connection
    from courtyard.errors import NotConnected

    try:
        uri = AirflowConnection.get(conn_id).get_uri()
    except AirflowNotFoundException:
        raise NotConnected(f"没有设置连接 {conn_id}。", "请在 Airflow 的“连接”中添加，或写入 var/env。") from None
    return Connection.from_uri(conn_id, uri)
