"""What the pipeline fetches: every row once, in order, none left out, whoever is still writing."""

from __future__ import annotations

import base64
import io
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import text
from tests.intake.conftest import HOME, NOW, PIPELINE_KEY
from tests.intake.georeport_client import call, errors

from courtyard.district.contract import Contract
from courtyard.intake import ledger
from courtyard.intake.ledger import NewReport
from courtyard.intake.receiving import Incoming, receive

KEY = {"Authorization": f"Bearer {PIPELINE_KEY}"}
SEPTEMBER = {"start_date": "2026-09-01T00:00:00+08:00", "end_date": "2026-10-01T00:00:00+08:00"}
REPORT = NewReport("510105005", "page", "light", {"description": "灯不亮"}, NOW)


def fetch(service, path, headers=KEY, **params):
    return call(service, "GET", path, params={**SEPTEMBER, **params}, headers=headers)


def numbers(service, path="/requests.json", **params):
    return [row["seq"] for row in fetch(service, path, after="0", **params).json()]


def accept(service, **changes):
    with service.app.state.engine.begin() as connection:
        return ledger.accept(connection, service.keys, replace(REPORT, **changes)).report_id


def test_a_report_carries_every_column_of_its_contract(service, district):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    sent = Incoming(
        "page",
        NOW,
        "楼道着火了！加微信看照片",
        name="王阿姨",
        address="2栋1单元301",
        phone="13800000000",
        service_code="light",
        courtyard_code=HOME,
        lat=30.67,
        lon=104.05,
        coords="gcj02",
        photo=picture.getvalue(),
        extra={"attributes": '{"灯杆编号": ["A1", "A2"]}'},
    )
    accepted = receive(service.app.state, sent)
    [row] = fetch(service, "/requests.json", after="0").json()
    [stored] = service.rows("report")
    assert row == {
        "seq": 1,
        "service_request_id": accepted.report_id,
        "status": "open",
        "service_code": "light",
        "service_name": "公共照明",
        "description": "楼道着火了！加微信看照片\n灯杆编号：A1、A2",
        "address": "2栋1单元301",
        "address_id": HOME,
        "lat": float(stored["lat"]),
        "long": float(stored["lon"]),
        "given_lat": 30.67,
        "given_long": 104.05,
        "requested_datetime": "2026-09-07T10:00:00+08:00",
        "updated_datetime": "2026-09-07T10:00:00+08:00",
        "channel": "page",
        "reporter_name": "王阿姨",
        "phone": "13800000000",
        "photo_id": stored["photo_id"],
        "flags": "words",
        "emergency": "119",
    }
    contract: Contract = district.contracts["resident_reports"]
    assert {column.header for column in contract.columns} == set(row)


def test_a_reply_carries_every_column_of_its_contract(service, district):
    accept(service)
    with service.app.state.engine.begin() as connection:
        [report] = ledger.after(connection, service.keys, "510105005", 0, NOW, NOW + timedelta(days=1), 9)
        ledger.reply(connection, service.keys, report, "rating", {"rating": 4, "text": "很快"}, NOW, "again-and-again")
    [row] = fetch(service, "/replies.json", after="0").json()
    [stored] = service.rows("reply")
    assert row == {
        "seq": 1,
        "reply_id": stored["reply_id"],
        "service_request_id": report.report_id,
        "kind": "rating",
        "text": "很快",
        "rating": 4,
        "replied_at": "2026-09-07T10:00:00+08:00",
    }
    assert {column.header for column in district.contracts["resident_replies"].columns} == set(row)
    assert fetch(service, "/replies.json", after="1").json() == []


def test_pages_follow_each_other_and_the_window_binds(service):
    for days in (-10, 0, 1, 2, 30):
        accept(service, requested_at=NOW + timedelta(days=days))
    assert numbers(service) == [2, 3, 4]
    assert numbers(service, page_size="2") == [2, 3]
    assert [row["seq"] for row in fetch(service, "/requests.json", after="3").json()] == [4]
    assert fetch(service, "/requests.json", after="5").json() == []


def test_photos_of_the_window_are_listed_and_given(service):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "JPEG")
    receive(service.app.state, Incoming("page", NOW, "树枝断了", address="2栋", photo=picture.getvalue()))
    accept(service)
    [photo_id] = fetch(service, "/photos.json").json()
    answer = fetch(service, f"/photos/{photo_id}.jpg")
    assert answer.headers["content-type"] == "image/jpeg" and answer.content.startswith(b"\xff\xd8\xff")
    assert fetch(service, "/photos/F0.jpg").status_code == 404
    outside = {"start_date": "2026-10-01T00:00:00+08:00", "end_date": "2026-11-01T00:00:00+08:00"}
    assert fetch(service, "/photos.json", **outside).json() == []


@pytest.mark.parametrize("path", ["/requests.json?after=0", "/replies.json", "/photos.json", "/photos/F0.jpg"])
def test_nobody_fetches_without_the_key(service, path):
    wrong = base64.b64encode(b"pipeline:wrong").decode()
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {wrong}"},
        {"Authorization": "Basic ="},
    ):
        answer = call(service, "GET", path, headers=headers)
        assert (answer.status_code, errors(answer)) == (403, ["403"])
    service.app.state.pipeline_key = ""
    assert call(service, "GET", path, headers={"Authorization": "Bearer "}).status_code == 403


def test_the_key_may_be_a_basic_password(service):
    given = base64.b64encode(f"pipeline:{PIPELINE_KEY}".encode()).decode()
    assert fetch(service, "/requests.json", {"Authorization": f"Basic {given}"}, after="0").status_code == 200


@pytest.mark.parametrize(
    "params", [{"start_date": ""}, {"end_date": "x"}, {"after": "-1"}, {"after": str(2**63)}, {"page_size": "many"}]
)
def test_what_cannot_be_read_is_refused(service, params):
    answer = fetch(service, "/requests.json", **{"after": "0", **params})
    assert (answer.status_code, errors(answer)) == (400, ["400"])


def test_a_cursor_beyond_the_last_row_means_an_older_database(service):
    accept(service)
    answer = fetch(service, "/requests.json", after="2")
    assert (answer.status_code, errors(answer)) == (409, ["409"])
    assert fetch(service, "/replies.json", after="1").status_code == 409


def test_a_row_that_is_committed_late_is_not_passed_over(service):
    """The first writer drew the smaller number and is still writing when the second has committed."""
    first = service.app.state.engine.connect()
    held = first.begin()
    ledger.accept(first, service.keys, REPORT)
    accept(service)
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.extend(numbers(service)))
    reader.start()
    reader.join(0.3)
    assert reader.is_alive() and seen == []
    held.commit()
    first.close()
    reader.join(5)
    assert seen == [1, 2]


def test_a_writer_that_hangs_delays_the_reader_only_so_long(service, monkeypatch):
    monkeypatch.setattr(ledger, "_PATIENCE", text("SET LOCAL lock_timeout = '50ms'"))
    with service.app.state.engine.connect() as first:
        ledger.accept(first, service.keys, REPORT)
        answer = fetch(service, "/requests.json", after="0")
        assert (answer.status_code, errors(answer), answer.headers["retry-after"]) == (503, ["503"], "1")
    accept(service)
    assert numbers(service) == [2]


def test_a_long_transaction_elsewhere_delays_nobody(service):
    """The merge of a quarter may take minutes; what residents sent is fetched meanwhile."""
    with service.admin.begin() as connection:
        connection.execute(text("CREATE TABLE public.long_work (n int)"))
        accept(service)
        assert numbers(service) == [1]
