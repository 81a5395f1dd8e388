"""A source that gives only what is new: what is landed says where to go on."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.landing.test_fetching import killed

from courtyard.connection import Connection
from courtyard.errors import NotConnected, SourceError
from courtyard.landing import ledger, open_delivery
from courtyard.period import SHANGHAI, Period
from courtyard.sources import georeport
from courtyard.sources.web import Busy, Page

JPEG = b"\xff\xd8\xff-"


class Server:
    """The service's rows of September and its photos; `said` are the answers that a test puts in between."""

    def __init__(self) -> None:
        self.rows: list[dict] = []
        self.photos: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.said: list[str | Exception] = []

    def __call__(self, spec, connection):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def get(self, path, params):
        path = path.removeprefix("georeport/v2/")
        self.asked.append((path, params.get("after", "")))
        if self.said:
            said = self.said.pop(0)
            if isinstance(said, Exception):
                raise said
            return Page(f"/{path}", 200, "application/json", said)
        september = params["start_date"].startswith("2026-09")
        found: list = list(self.photos) if path == "photos.json" else []
        if path != "photos.json":
            found = [row for row in self.rows if row["seq"] > int(params["after"])][: int(params["page_size"])]
        return Page(f"/{path}", 200, "application/json", json.dumps(found if september else []))

    def download(self, path):
        path = path.removeprefix("georeport/v2/")
        self.asked.append((path, ""))
        found = self.photos[path.removeprefix("photos/").removesuffix(".jpg")]
        if isinstance(found, Exception):
            raise found
        return found

    def add(self, *numbers: int) -> None:
        self.rows += [{"seq": number, "service_request_id": f"R{number}"} for number in numbers]


@pytest.fixture
def server(monkeypatch):
    found = Server()
    monkeypatch.setattr(georeport, "WebClient", found)
    monkeypatch.setattr(georeport, "NEW_PAGE_SIZE", 2)
    return found


@pytest.fixture
def reports(office, server):
    """The office of the other tests, with reports and photos that come behind a cursor."""
    spec = office.ctx.district.sources["register"]
    for source, resource in (("reports", "requests"), ("photos", "photos")):
        office.ctx.district.sources[source] = spec.model_copy(
            update={
                "source": source,
                "transport": "georeport",
                "connection": "intake",
                "options": {"cursor": True, "resource": resource},
            }
        )
    office.connections["intake"] = Connection("intake", "http", host="127.0.0.1", port=1)
    office.now = datetime(2026, 9, 7, 2, tzinfo=UTC)
    return replace_period(office, "2026-09")


def replace_period(office, period):
    office.ctx = replace(office.ctx, period=Period.parse(period))
    return office


def landed(office, source="reports"):
    """Names of the deliveries and the numbers of the rows in each."""
    with office.ctx.engine().connect() as connection:
        rows = ledger.deliveries(connection, office.ctx.street_code, office.ctx.period, source)
    return [(row.name, numbers(open_delivery(office.ctx, row))) for row in rows]


def numbers(data):
    return [row["seq"] for line in data.splitlines() for row in json.loads(json.loads(line)["body"])]


def name(last):
    return f"reports-2026-09-to-{last:09d}.pages.jsonl"


def status(office):
    return office.rows("SELECT status, reason FROM landing.fetch")[0]


def test_each_page_is_a_delivery_and_the_next_run_goes_on_behind_it(reports, server):
    server.add(1, 2, 5)
    assert reports.fetch("reports")["landed"] == 2
    server.add(6)
    assert reports.fetch("reports")["landed"] == 1
    assert reports.fetch("reports")["landed"] == 0
    assert landed(reports) == [(name(2), [1, 2]), (name(5), [5]), (name(6), [6])]
    assert [after for _, after in server.asked] == ["0", "2", "5", "5", "6", "6"]
    assert status(reports) == ("landed", "")


def test_a_run_that_dies_between_two_pages_has_kept_the_first(reports, server, monkeypatch):
    server.add(1, 2, 3)
    server.said = [json.dumps(server.rows[:2]), SourceError("连不上")]
    with pytest.raises(SourceError):
        reports.fetch("reports")
    assert reports.fetch("reports")["landed"] == 1
    assert landed(reports) == [(name(2), [1, 2]), (name(3), [3])]


def test_a_run_that_dies_before_the_ledger_row_is_adopted_and_not_fetched_again(reports, server, monkeypatch):
    server.add(1)
    monkeypatch.setattr(ledger, "record_delivery", killed)
    with pytest.raises(KeyboardInterrupt):
        reports.fetch("reports")
    monkeypatch.undo()
    monkeypatch.setattr(georeport, "WebClient", server)
    assert reports.fetch("reports")["landed"] == 1
    assert landed(reports) == [(name(1), [1])]
    assert server.asked[-1] == ("requests.json", "1")


@pytest.mark.parametrize(
    "said",
    ["<html>", "[" * 100_000, "{}", '[{"seq": "1"}]', '[{"seq": 1e999}]', '[{"seq": true}]', "[1]", '[{"seq": -3}]'],
)
def test_what_is_no_list_of_numbered_rows_is_kept_and_does_not_move_the_cursor(reports, server, said):
    server.add(1)
    server.said = [said]
    with pytest.raises(SourceError):
        reports.fetch("reports")
    assert reports.fetch("reports")["landed"] == 1
    assert landed_names(reports) == ["reports-2026-09-after-000000000.unreadable.jsonl", name(1)]
    assert server.asked[1] == ("requests.json", "0")


def landed_names(office, source="reports"):
    with office.ctx.engine().connect() as connection:
        return [r.name for r in ledger.deliveries(connection, office.ctx.street_code, office.ctx.period, source)]


@pytest.mark.parametrize("order", [[2, 1], [1, 1], [0, 1], [2**63]])
def test_numbers_that_do_not_go_up_land_nothing(reports, server, order):
    server.said = [json.dumps([{"seq": number} for number in order])]
    with pytest.raises(SourceError):
        reports.fetch("reports")
    assert name(order[-1]) not in landed_names(reports)


def test_pages_without_end_come_to_one(reports, server, monkeypatch):
    monkeypatch.setattr(georeport, "MAX_PAGES", 3)
    server.add(*range(1, 20))
    with pytest.raises(SourceError, match="仍没有结束"):
        reports.fetch("reports")
    assert landed(reports)[-1] == (name(6), [5, 6])


def test_a_period_is_asked_for_once_more_when_its_last_second_has_settled(reports, server):
    end = datetime(2026, 10, 1, tzinfo=SHANGHAI)
    server.add(1)
    reports.now = end - timedelta(minutes=1)
    reports.fetch("reports")
    server.add(2)  # written at 23:59:59, there to be fetched a moment later
    reports.now = end + timedelta(seconds=5)
    assert reports.fetch("reports")["landed"] == 1
    reports.now = end + timedelta(minutes=61)
    reports.fetch("reports")
    asked = len(server.asked)
    reports.now = end + timedelta(minutes=70)
    reports.fetch("reports")
    assert len(server.asked) == asked


def test_another_period_has_its_own_cursor(reports, server):
    server.add(7)
    reports.fetch("reports")
    replace_period(reports, "2026-10").fetch("reports")
    assert server.asked[-1] == ("requests.json", "0")


def test_photos_are_deliveries_of_their_own_and_fetched_once(reports, server):
    server.photos = {"F1": JPEG + b"1", "F2": JPEG + b"2"}
    assert reports.fetch("photos")["landed"] == 2
    server.photos["F3"] = JPEG + b"1"  # the same picture under another number
    reports.fetch("photos")
    reports.fetch("photos")
    assert landed_names(reports, "photos") == ["F1.jpg", "F2.jpg"]
    assert [path for path, _ in server.asked if path.startswith("photos/")] == [f"photos/F{n}.jpg" for n in (1, 2, 3)]
    with reports.ctx.engine().connect() as connection:
        same = [ledger.named(connection, reports.ctx.street_code, "photos", f"F{n}.jpg").delivery_id for n in (1, 3)]
        assert ledger.named(connection, reports.ctx.street_code, "photos", "F9.jpg") is None
    assert same[0] == same[1]


def test_a_photo_that_cannot_be_had_stops_no_other(reports, server):
    server.photos = {"F1": SourceError("没有"), "F2": b"<html>", "F3": JPEG}
    with pytest.raises(SourceError, match="2 张"):
        reports.fetch("photos")
    assert landed_names(reports, "photos") == ["F3.jpg"]
    server.photos |= {"F1": JPEG + b"1", "F2": JPEG + b"2"}
    assert reports.fetch("photos")["landed"] == 2


def test_a_service_that_is_away_is_not_asked_for_every_photo(reports, server):
    server.photos = {f"F{n}": Busy("连不上") for n in range(9)}
    with pytest.raises(SourceError):
        reports.fetch("photos")
    assert len(server.asked) == 2


@pytest.mark.parametrize("listed", ['["../../x", "F1"]', '{"a": 1}', "[[]]"])
def test_ids_that_are_none_never_become_paths(reports, server, listed):
    server.photos = {"F1": JPEG}
    server.said = [listed]
    with suppress(SourceError):
        reports.fetch("photos")
    assert {path for path, _ in server.asked} <= {"photos.json", "photos/F1.jpg"}


def missing(conn_id):
    raise NotConnected(f"没有设置连接 {conn_id}。")


def test_an_optional_source_that_is_not_connected_is_noted_and_does_not_fail(reports, server):
    sources = reports.ctx.district.sources
    sources["reports"] = sources["reports"].model_copy(update={"optional": True})
    found = reports.fetch("reports", connection=missing)
    assert (found["landed"], found["absent"]) == (0, 1)
    assert status(reports) == ("absent", "来源没有这一期的数据；没有设置连接 intake。")


def test_any_other_source_that_is_not_connected_fails(reports, server):
    with pytest.raises(SourceError, match="没有设置连接"):
        reports.fetch("reports", connection=missing)
    assert status(reports)[0] == "failed"


def test_an_optional_channel_leaves_the_other_way_as_it_is(reports, server):
    from courtyard.district.source import Channel

    window = {"transport": "georeport", "connection": "intake", "options": {}, "cadence": "month"}
    channel = Channel(transport="georeport", connection="own", optional=True, options={"cursor": True})
    sources = reports.ctx.district.sources
    sources["reports"] = sources["reports"].model_copy(update={**window, "channels": (channel,)})
    server.said = ['[{"service_request_id": "1"}]', "[]"]

    def known(conn_id):
        return missing(conn_id) if conn_id == "own" else reports.connections[conn_id]

    assert reports.fetch("reports", connection=known)["landed"] == 1
    assert status(reports) == ("landed", "没有设置连接 own。")


def test_the_name_of_a_delivery_is_read_back_only_where_it_is_one(reports):
    spec, period = reports.ctx.district.sources["reports"], Period.parse("2026-09")
    assert georeport.last_of(spec, period, georeport.name_of(spec, period, 123)) == 123
    for other in ("reports-2026-09.pages.jsonl", name(5).replace("09", "08", 1), f"x{name(5)}", "F1.jpg"):
        assert georeport.last_of(spec, period, other) == 0
