"""Rows about no person: organisations and projects need no place, hazards and buildings have one."""

from __future__ import annotations

from typing import Any

import pytest
from deliveries import Delivery, stage
from sqlalchemy import text

from courtyard.context import Context
from courtyard.identity import link

COURTYARD = "5101050050020002"
ORGANISATION = {"org_no": "1", "org_name": "四道街社区第一党支部", "kind": "branch", "founded_on": "1999-07-01"}
HAZARD = {
    "hazard_no": "YH1", "found_at": "2026-07-02T09:00:00+08:00", "description": "井盖破损", "kind": "equipment",
    "grade": "general", "responsible_unit": "样例物业", "due_on": "2026-07-20", "is_closed": False,
}  # fmt: skip


def linked(ctx: Context, dataset: str, *rows: dict[str, Any], period: str = "2026Q3") -> tuple[dict[str, Any], list]:
    """The counts of linking, and (courtyard, person) of every row in order."""
    stage(ctx, Delivery(dataset, rows, period))
    counts = link(ctx)
    with ctx.engine().connect() as connection:
        found = connection.execute(text("SELECT courtyard_code, person_id FROM staging.link ORDER BY row_no")).all()
    return counts, [tuple(row) for row in found]


def findings(ctx: Context) -> list[tuple]:
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT row_no, code, severity FROM quality.finding"))]


def test_what_has_no_address_passes_without_a_word(ctx):
    counts, rows = linked(ctx, "party_organisations", ORGANISATION)
    assert (counts["rows"], counts["quarantined"], counts["persons"], counts["places"]) == (1, 0, 0, {})
    assert rows == [(None, None)]
    assert findings(ctx) == []


@pytest.mark.parametrize(
    ("address", "courtyard"),
    [("青羊区四道街4号院", COURTYARD), ("青羊区样例路99号", None), ("四道街999号院", None), (None, None)],
)
def test_an_organisations_address_is_resolved_where_it_can_be_and_never_a_fault(ctx, address, courtyard):
    values = {"org_name": "样例服务中心", "scope": "助老", "address": address}
    counts, rows = linked(ctx, "social_organisations", values)
    assert rows == [(courtyard, None)]
    assert (counts["quarantined"], findings(ctx)) == (0, [])


def test_a_hazard_stands_at_its_courtyard_and_one_that_cannot_be_placed_is_kept_with_a_warning(ctx):
    lost = {**HAZARD, "hazard_no": "YH2", "address": "四道街999号院"}
    counts, rows = linked(ctx, "hazards", {**HAZARD, "address": "四道街4号院"}, lost, period="2026-07")
    assert rows == [(COURTYARD, None), (None, None)]
    assert (counts["rows"], counts["quarantined"], counts["persons"]) == (2, 0, 0)
    assert findings(ctx) == [(3, "address.unknown_courtyard", "warning")]


def test_a_building_is_found_by_its_door(ctx):
    building = {
        "building_no": "LJ1",
        "courtyard": "四道街4号院",
        "built_year": "1984",
        "buildings": 3,
        "households": 38,
    }
    _, rows = linked(ctx, "old_courtyards", {**building, "address": "四道街4号"})
    assert rows == [(COURTYARD, None)]
