"""Whatever the order in which submissions arrive, the same one stands in the end."""

import hashlib
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from courtyard import submissions
from courtyard.submissions import admitting

from .conftest import GRID, at

WIPED = "landing.delivery, quality.batch, staging.row, submissions.submission, submissions.content"
FIRST_AT = at("2026-10-01")


class Arrivals:
    """Submissions of one grid as parsing leaves them: literal rows of one dataset, without files."""

    def __init__(self, grids, sent):
        self.grids = grids
        self.sent = sent

    def arrive(self, number, is_merged):
        """The submission lands and is admitted; `is_merged`: its run goes through to the warehouse."""
        self._execute(
            """INSERT INTO landing.delivery (seq, delivery_id, street_code, source, period, unit_code, name, sha256,
                      size_bytes, media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
               VALUES (nextval('landing.delivery_seq'), :id, :street, 'grid', '2026Q3', :unit, :name, :id, 1, 'x', :at,
                       :at, 'x', 'k', '')""",
            **self._of(number),
        )
        self._execute(
            "INSERT INTO landing.receipt (delivery_id, name, period, received_at, sent_at) VALUES (:id, :name, '2026Q3', :at, :at)",
            **self._of(number),
        )
        self.read(number)
        submissions.admit(self.grids.ctx)
        if is_merged:
            self._execute("UPDATE quality.batch SET status = 'merged', merged = landed WHERE status = 'parsed'")
            self._execute("DELETE FROM staging.row")

    def read(self, number):
        rows = self.sent[number]
        values = {**self._of(number), "rows": len(rows), "batch": f"grid:{number}/grid_activists/v1"}
        self._execute(
            """INSERT INTO quality.batch (batch_id, delivery_id, street_code, dataset, period, unit_code, status, landed)
               VALUES (:batch, :id, :street, 'grid_activists', '2026Q3', :unit, 'parsed', :rows)""",
            **values,
        )
        for row_no, row in enumerate(rows):
            self._execute(
                """INSERT INTO staging.row (batch_id, sheet, row_no, dataset, record_key, row_hash)
                   VALUES (:batch, '居民骨干', :row_no, 'grid_activists', :key, CAST(:hash AS uuid))""",
                batch=values["batch"], row_no=row_no, key=row, hash=hashlib.md5(row.encode()).hexdigest(),
            )  # fmt: skip

    def read_again(self, ctx, deliveries):
        for delivery in deliveries:
            self.read(int(delivery.removeprefix("grid:")))

    def standing(self):
        """The rows of the newest batch that was not set aside, and how many submissions there are of each kind."""
        ((delivery,),) = self.grids.rows(
            """SELECT delivery_id FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
                WHERE b.status IN ('parsed', 'merged') ORDER BY d.version_at DESC LIMIT 1"""
        )
        waiting = self.grids.rows("SELECT delivery_id FROM quality.batch WHERE status = 'parsed'")
        assert len(waiting) <= 1, "only one submission waits to be merged"
        kinds = self.grids.rows("SELECT kind, count(*) FROM submissions.submission GROUP BY kind ORDER BY kind")
        residuals = self.grids.rows("SELECT FROM mart.ledger WHERE status <> 'parsed' AND residual <> 0")
        assert not residuals
        return sorted(self.sent[int(delivery.removeprefix("grid:"))]), kinds

    def _of(self, number):
        return {
            "id": f"grid:{number}",
            "street": self.grids.ctx.street_code,
            "unit": GRID,
            "name": f"{GRID}_{number}.xlsx",
            "at": FIRST_AT + timedelta(hours=number),
        }

    def _execute(self, statement, **values):
        with self.grids.ctx.engine().begin() as connection:
            connection.execute(text(statement), values)


@pytest.fixture
def play(grids, warehouse_url, monkeypatch):
    """Let submissions arrive in an order, in an empty warehouse; what stands then."""

    def run(sent, order, merged=()):
        with psycopg.connect(warehouse_url) as admin:
            admin.execute(f"TRUNCATE {WIPED} CASCADE")
        arrivals = Arrivals(grids, sent)
        monkeypatch.setattr(admitting.parsing_stage, "parse_again", arrivals.read_again)
        for number in order:
            arrivals.arrive(number, number in merged)
        return arrivals.standing()

    return run


contents = st.lists(st.sampled_from([("甲",), ("甲", "乙"), ("丙",)]), min_size=2, max_size=4)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents, st.randoms(use_true_random=False), st.sets(st.integers(0, 3)))
def test_permuted_arrivals_end_in_the_same_standing_submission(play, sent, random, merged):
    order = list(range(len(sent)))
    in_order = play(sent, order)
    random.shuffle(order)
    assert play(sent, order) == in_order
    assert play(sent, order, merged) == in_order, "whatever was merged on the way"


def test_a_copy_that_a_later_found_correction_parts_from_its_original_counts_again(play):
    standing, kinds = play([("甲",), ("丙",), ("甲",)], [0, 2, 1])
    assert standing == ["甲"] and kinds == [("correction", 2), ("first", 1)]
