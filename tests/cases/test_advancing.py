"""The clock of all cases over the real ledger: once, also with two at a time and after a kill; a year of it as `year` says."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import create_engine, make_url, text
from tests.cases.stories import opening, shanghai
from tests.cases.year import RULES, Year

from courtyard.cases import advancing, alerts, ledger, machine
from courtyard.store import database

DUE = shanghai("2026-11-26 15:00")


@pytest.fixture
def many(ctx):
    """200 cases that are due at one moment."""
    steps = []
    for number in range(200):
        event = opening(shanghai("2026-11-26 10:00"))
        steps.append((event, machine.opened(RULES, case_no=f"261126-{number:05}", event=event)))
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        ledger.append(connection, ctx.street_code, steps)


def counted(ctx, query="SELECT count(*) FROM cases.event WHERE kind = 'escalated'"):
    with ctx.engine().connect() as connection:
        return connection.scalar(text(query))


def test_nothing_happens_early(ctx, many):
    assert advancing.advance(ctx, at=shanghai("2026-11-26 14:59")) == {"moved": 0, "by_kind": {}}


def test_each_deadline_happens_once_however_often_the_clock_runs(ctx, many):
    done = [advancing.advance(ctx, at=DUE) for _ in range(3)]
    assert done[0] == {"moved": 200, "by_kind": {"escalated": 200}}
    assert [entry["moved"] for entry in done[1:]] == [0, 0]


def test_two_at_once_move_each_case_once(ctx, many):
    ready = threading.Barrier(2)

    def run(_):
        ready.wait()
        return advancing.advance(ctx, at=DUE)["moved"]

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(run, range(2))) == [0, 200]
    assert counted(ctx) == 200


def test_what_fails_before_the_end_has_not_happened(ctx, many, monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(alerts, "queue", broken)
    with pytest.raises(RuntimeError):
        advancing.advance(ctx, at=DUE)
    monkeypatch.undo()
    assert counted(ctx) == 0
    assert advancing.advance(ctx, at=DUE)["moved"] == 200


@pytest.mark.slow
def test_killed_in_the_middle_each_deadline_still_happens_once(ctx, many):
    for seconds in (0.05, 0.0):
        process = multiprocessing.get_context("fork").Process(target=_run_and_wait, args=(ctx, seconds))
        process.start()
        while (
            counted(ctx, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == 0
            and process.is_alive()
        ):
            time.sleep(0.01)
        time.sleep(0.3)  # the events are written, nothing is committed
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert counted(ctx) == 0
    assert advancing.advance(ctx, at=DUE)["moved"] == 200
    assert counted(ctx) == 200


def _run_and_wait(ctx, seconds):
    database._engine.cache_clear()  # a process of its own has connections of its own

    def wait(*_):
        time.sleep(60)

    time.sleep(seconds)
    alerts.queue = wait
    advancing.advance(ctx, at=DUE)


@pytest.mark.slow
def test_a_year_in_the_ledger(ctx):
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))

    class LedgerYear(Year):
        """The same year; what happens stands in the database, and the clock is `advancing.advance`."""

        def clear(self):
            with admin.begin() as connection:
                connection.execute(text('TRUNCATE cases."case", cases.event, notices.notice'))

        def put(self, case_no, event):
            case = super().put(case_no, event)
            with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
                ledger.append(connection, ctx.street_code, [(event, case)])
            return self.stored(case_no)

        def let(self, case, event):
            with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
                ledger.happen(connection, ctx.street_code, RULES, case, event)
            return self.stored(case.case_no)

        def run_clock(self):
            before = self.last_seq()
            advancing.advance(ctx, at=self.now)
            steps = []
            with ctx.engine().connect() as connection:
                for number, seq in before.items():
                    case = self.cases[number]
                    for event in ledger.events(connection, ctx.street_code, number)[seq:]:
                        case = machine.apply(RULES, case, event)
                        steps.append((event, case))
            return steps

        def last_seq(self):
            return {number: case.last_seq for number, case in self.cases.items()}

        def stored(self, case_no):
            with ctx.engine().connect() as connection:
                return ledger.find(connection, ctx.street_code, case_no)

        def teardown(self):
            with ctx.engine().connect() as connection:
                for number, case in self.cases.items():
                    events = ledger.events(connection, ctx.street_code, number)
                    assert events == self.events[number]
                    assert (
                        machine.fold(RULES, number, events) == ledger.find(connection, ctx.street_code, number) == case
                    )

    run_state_machine_as_test(LedgerYear, settings=settings(max_examples=25, stateful_step_count=40, deadline=None))
    admin.dispose()
