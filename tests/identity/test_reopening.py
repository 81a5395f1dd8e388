"""A decision about a spelling lets in what came before it, as if it had been there first: through landed bytes."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from courtyard import identity, parsing, submissions, validation, warehouse
from courtyard.context import Context
from courtyard.identity import decisions
from courtyard.landing import fetching
from courtyard.period import Period
from courtyard.sources.fetched import Fetched
from courtyard.warehouse.hashing import content_hash

STRANGE, HALF, KNOWN = "杨柳新居3栋2单元201", "四道街4号院3-202", "四道街4号院3栋2单元203"
CODE = "5101050050020002"  # 四道街4号院: three buildings of three units


def person(number: int, address: str, **values: Any) -> dict[str, Any]:
    row = {
        "person_no": f"510105005{number:09d}", "name": f"样例{'甲乙丙丁'[number]}", "sex": "男", "birth_date": "1980-01-01",
        "document_type": "无证件", "household_no": f"H{number}", "residence_type": "户籍人口", "address": address,
        "status": "在住",
    }  # fmt: skip
    return row | values


def people(ctx: Context, *rows: dict[str, Any]) -> bytes:
    """A file of the population register."""
    contract = ctx.district.contracts["population"]
    target = io.StringIO()
    table = csv.writer(target, lineterminator="\r\n")
    table.writerow([c.header for c in contract.columns])
    for row in rows:
        table.writerow([row.get(c.name, "") for c in contract.columns])
    return target.getvalue().encode(contract.encoding)


class House:
    """Deliveries that land and run, each quarter as far as the archive. Every one is received a day after the last."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._days = itertools.count(1)

    def during(self, quarter: str) -> Context:
        return replace(self.ctx, period=Period.quarter(quarter))

    def deliver(self, source: str, data: bytes, quarter: str = "2026Q3", day: int | None = None) -> None:
        item = Fetched(f"{source}.txt", data, "text/plain", datetime(2026, 10, day or 1, tzinfo=UTC))
        received = datetime(2026, 10, 2, next(self._days), tzinfo=UTC)
        fetching.hand_in(self.during(quarter), source, item, lambda: received)

    def decide(self, matter: str, address: str, no: str = "J1", **values: Any) -> None:
        """Land one decision of the desk."""
        row = {
            "decision_no": no, "matter": "院落别名" if matter == "alias" else "地址所在", "verdict": "chosen", "address": address,
            "courtyard_code": CODE, "decided_by": "社区发展治理岗", "decided_at": f"2026-10-05T09:00:0{no[-1]}+08:00",
            "reason": "现场核实",
        }  # fmt: skip
        contract = decisions.contract(self.ctx.district)
        self.deliver("desk", decisions.as_bytes(contract, [{**row, **values}]))

    def run(self, quarter: str = "2026Q3") -> dict[str, Any]:
        ctx = self.during(quarter)
        for stage in (parsing.parse, submissions.admit, validation.validate):
            stage(ctx)
        linked = identity.link(ctx)
        warehouse.merge(ctx)
        warehouse.archive(ctx)
        return linked

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def believed(self) -> list[tuple[Any, ...]]:
        return self.rows(
            """SELECT right(record_key, 1), courtyard_code, building, unit_no, room FROM warehouse.record
                WHERE is_current AND dataset = 'population' ORDER BY 1"""
        )

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT dataset, landed, merged, quarantined, residual FROM mart.ledger ORDER BY 1, 2")

    def hash(self) -> str:
        return content_hash(self.ctx.engine())


@pytest.fixture
def house(ctx) -> House:
    return House(ctx)


def everybody(ctx: Context) -> bytes:
    return people(ctx, person(1, STRANGE), person(2, HALF), person(3, KNOWN))


def test_a_learned_name_lets_in_the_row_that_was_set_aside_for_it(house):
    house.deliver("population", everybody(house.ctx))
    house.run()
    assert house.believed() == [("2", CODE, "3", None, "202"), ("3", CODE, "3", "2", "203")]
    assert house.ledger() == [("population", 3, 2, 1, 0)]
    house.decide("alias", "杨柳新居")
    assert house.run()["reopened"] == 1
    assert house.believed()[0] == ("1", CODE, "3", "2", "201")
    assert house.ledger() == [("decisions", 1, 1, 0, 0), ("population", 3, 3, 0, 0)]
    assert house.rows("SELECT count(*) FROM quality.quarantined_row") == [(0,)]
    assert house.run()["reopened"] == 0


def test_a_place_decided_for_one_address_completes_the_row_that_was_kept_in_doubt(house):
    house.deliver("population", everybody(house.ctx))
    house.run()
    house.decide("place", HALF, building="3", unit_no="1", room="202")
    assert house.run()["reopened"] == 1
    assert house.believed() == [("2", CODE, "3", "1", "202"), ("3", CODE, "3", "2", "203")]
    assert house.ledger()[1] == ("population", 3, 2, 1, 0)


def test_only_batches_in_which_something_changes_are_read_again_whatever_quarter_they_came_for(house):
    house.deliver("population", people(house.ctx, person(1, STRANGE), person(3, KNOWN)), "2026Q1", day=1)
    house.run("2026Q1")
    house.deliver("population", people(house.ctx, person(2, HALF), person(3, KNOWN)), "2026Q2", day=2)
    house.run("2026Q2")
    house.decide("alias", "杨柳新居")
    assert house.run()["reopened"] == 1
    assert ("1", CODE, "3", "2", "201") in house.believed()
    assert [row[-1] for row in house.ledger()] == [0, 0, 0]
    query = "SELECT count(*) FROM warehouse.courtyard_archive WHERE superseded_at = 'infinity' AND courtyard_code = '{}' AND (population ->> 'persons')::int = 3"
    assert house.rows(query.format(CODE)) == [(2,)]  # of 2026Q2 and 2026Q3


def _first(house: House, quarter: str = "2026Q3") -> None:
    house.decide("alias", "杨柳新居", "J1", valid_from="2026-01-01")
    house.decide("place", HALF, "J2", building="3", unit_no="1", room="202")
    house.run()


def _deliveries(house: House) -> None:
    moved = (
        person(1, STRANGE, phone="15400000001"),
        person(2, HALF, status="迁出", status_date="2026-08-01"),
        person(3, KNOWN),
    )
    for quarter, rows in (("2026Q2", (person(1, STRANGE), person(2, HALF), person(3, STRANGE))), ("2026Q3", moved)):
        house.deliver("population", people(house.ctx, *rows), quarter)
        house.run(quarter)


def test_deliveries_then_decisions_are_decisions_then_deliveries(house, another_ctx):
    other = House(another_ctx)
    _first(house)
    _deliveries(house)
    house.run()
    _deliveries(other)
    assert other.hash() != house.hash()
    _first(other)
    assert other.hash() == house.hash()
    assert [row[-1] for row in other.ledger()] == [0] * 4 and other.ledger() == house.ledger()
    assert other.believed() == house.believed()


def test_a_name_that_means_another_courtyard_by_the_register_is_not_learned(house):
    house.deliver("population", everybody(house.ctx))
    house.decide("alias", "四道街6号院")
    house.decide("place", KNOWN, "J2", courtyard_code="5101050050020003", building="1", unit_no="1", room="101")
    house.run()
    assert house.believed() == [("2", CODE, "3", None, "202"), ("3", CODE, "3", "2", "203")]


def test_the_last_decision_on_a_spelling_holds_and_one_can_be_taken_back(house):
    house.deliver("population", everybody(house.ctx))
    house.decide("alias", "杨柳新居", "J1", courtyard_code="5101050050020003")
    house.decide("alias", "杨柳新居", "J2")
    house.run()
    assert house.believed()[0] == ("1", CODE, "3", "2", "201")
    house.decide("alias", "杨柳新居", "J3", verdict="withdrawn")
    house.deliver("population", people(house.ctx, person(0, STRANGE)), day=2)
    house.run()
    assert "0" not in {row[0] for row in house.believed()}


def test_an_address_set_aside_is_sealed_for_its_row(house):
    house.deliver("population", everybody(house.ctx))
    house.run()
    ((batch, sheet, row, sealed),) = house.rows("SELECT batch_id, sheet, row_no, address FROM quality.quarantined_row")
    assert house.ctx.keys.open(sealed, f"{batch}/{sheet}/{row}") == STRANGE
    assert "杨柳" not in sealed


def test_a_batch_whose_bytes_are_gone_stays_as_it_is(house):
    house.deliver("population", everybody(house.ctx))
    house.run()
    for file in house.ctx.settings.landing.rglob("*.sealed"):
        file.unlink()
    house.decide("alias", "杨柳新居")
    assert house.run()["reopened"] == 0
    assert house.ledger() == [("decisions", 1, 1, 0, 0), ("population", 3, 2, 1, 0)]


def test_what_a_crash_left_half_read_is_finished_by_the_next_run(house, monkeypatch):
    house.deliver("population", everybody(house.ctx))
    house.run()
    house.decide("alias", "杨柳新居")
    with monkeypatch.context() as broken:
        broken.setattr(parsing.stage, "parse_again", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.run()
    house.run()
    assert house.believed()[0] == ("1", CODE, "3", "2", "201")
    assert house.ledger() == [("decisions", 1, 1, 0, 0), ("population", 3, 3, 0, 0)]
