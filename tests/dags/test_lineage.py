"""What OpenLineage is told: real datasets that join sources to landing, warehouse and reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import lineage as airflow_lineage

import _courtyard_lineage as lineage
from courtyard import stages
from courtyard.connection import Connection
from courtyard.district import load_district
from courtyard.errors import NotConnected
from courtyard.settings import Settings

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
URIS = {
    "civil_affairs": "postgresql://reader:secret@db.example:5433/dibao",
    "population": "sftp://reader:secret@sftp.example:2222",
    "hotline": "https://key:secret@hotline.example",
    "grid": "file:///srv/inbox",
}
PUBLISHED = {
    "published": [{"report": "dibao_roster", "period": "2026-07", "revision": 2}],
    "unchanged": [{"report": "bulletin", "period": "2026Q3"}],
    "held": [{"report": "hotline_statistics", "period": "2026-07", "reason": "x"}],
}
TOLD = "postgres://localhost:5432/courtyard"


@pytest.fixture(scope="module")
def district():
    return load_district(PACK)


def connection(conn_id: str) -> Connection:
    if conn_id not in URIS:
        raise NotConnected("x", "y")
    return Connection.from_uri(conn_id, URIS[conn_id])


def told(district, step, part=None, result=None, url="postgresql://postgres@/courtyard?host=%2Fsocket"):
    house = lineage.House(Settings(Path("/srv/var"), PACK, Path("/keys")), url)
    return house.of(step, part, result, district, connection)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("civil_affairs", ["postgres://db.example:5433/dibao/public/dibao_ydhz"]),
        ("population", ["sftp://sftp.example:2222/population"]),
        ("hotline", ["file://hotline.example/api/v1/orders"]),
        ("grid", ["file:///srv/inbox/grid"]),
        ("school", []),
    ],
)
def test_fetching_reads_its_own_source_and_writes_landing(district, source, read):
    landed = [f"{TOLD}/landing/delivery", f"{TOLD}/landing/receipt", f"file:///srv/var/landing/510105005/{source}"]
    assert told(district, "fetch", source) == (read, landed)
    assert "secret" not in str(told(district, "fetch", source))


def test_publishing_writes_the_forms_that_stand_and_none_that_is_held(district):
    _, written = told(district, "publish", result=PUBLISHED)
    assert [uri for uri in written if uri.startswith("file:")] == [
        "file:///srv/var/published/2026-07/dibao_roster",
        "file:///srv/var/published/2026Q3/bulletin",
    ]
    assert told(district, "report", result={"2026Q3": {"publish": PUBLISHED}})[1][-2:] == written[-2:]


def test_the_chain_from_source_to_report_is_connected(district):
    reached = set(told(district, "fetch", "civil_affairs")[0])
    for stage in stages.STAGES:
        read, written = told(district, stage.name, "civil_affairs" if stage.per_source else None, PUBLISHED)
        if reached & set(read):
            reached |= set(written)
    assert "file:///srv/var/published/2026-07/dibao_roster" in reached
    assert f"{TOLD}/publish/sending" in reached


def test_a_warehouse_reached_by_network_has_its_one_host(district):
    read, _ = told(district, "deliver", url="postgresql://postgres:secret@warehouse.example:5544/courtyard")
    assert read == ["postgres://warehouse.example:5544/courtyard/publish/publication"]


def test_every_table_exists():
    from courtyard.store.tables import metadata

    named = {table for read, written in lineage.TABLES.values() for table in (*read, *written)}
    assert named - {f"{table.schema}.{table.name}" for table in metadata.tables.values()} == set()


def test_nothing_is_looked_up_while_nobody_collects(monkeypatch):
    monkeypatch.setattr(lineage, "get_hook_lineage_collector", airflow_lineage.NoOpCollector)
    lineage.tell("fetch", "civil_affairs", None, lambda conn_id: pytest.fail("a connection was asked for"))


def test_units_with_an_unchanged_workbook_are_no_forms(district):
    assert told(district, "issue", result={"issued": [], "unchanged": ["510105005002001"]}) == ([], [])


def test_a_task_does_not_fail_for_its_lineage(monkeypatch, caplog):
    def broken(*told):
        raise TypeError("13800000000")

    monkeypatch.setattr(lineage, "get_hook_lineage_collector", lambda: object())
    monkeypatch.setattr(lineage, "_tell", broken)
    lineage.tell("publish", None, PUBLISHED, connection)
    assert [record.getMessage() for record in caplog.records] == ["The lineage of publish is not told: TypeError"]
