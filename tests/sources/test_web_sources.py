import json
import time

import pytest
from scripted import Answer, json_answer, source

from courtyard.connection import Connection
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources import georeport, rest

JULY = Period.parse("2026-07")
STREET = "510105005"
REST = source("rest", path="/orders", query={"street": "{street_code}", "from": "{start_at}"}, page_size=2)


def fetch_rest(web, spec=REST, connection=None):
    return list(rest.fetch(spec, connection or web.connection("the-token"), JULY, STREET))


def pages(*records, total=None):
    """A script that gives these pages in order."""
    total = sum(map(len, records)) if total is None else total

    def script(_, query):
        number = int(query["page"])
        return json_answer({"total": total, "data": records[number - 1] if number <= len(records) else []})

    return script


def lines(fetched):
    return [json.loads(line) for line in fetched.data.splitlines()]


def test_all_pages_become_one_delivery_of_json_lines(web):
    web.script = pages([{"n": 1}, {"n": 2}], [{"n": "三"}])
    [fetched] = fetch_rest(web)
    first, second = lines(fetched)
    assert (first["url"], first["status"], first["content_type"]) == (
        "/orders?street=510105005&from=2026-07-01T00%3A00%3A00%2B08%3A00&page=1&pageSize=2",
        200,
        "application/json",
    )
    assert json.loads(second["body"])["data"] == [{"n": "三"}]
    assert fetched.name == "feed-2026-07.pages.jsonl"
    assert {headers["Authorization"] for _, headers in web.asked} == {"Bearer the-token"}


def test_no_records_are_no_delivery(web):
    web.script = pages([])
    assert fetch_rest(web) == []


def test_it_waits_as_long_as_a_429_asks_and_then_goes_on(web):
    page = json_answer({"total": 1, "data": [{"n": 1}]})
    web.script = lambda count, _: Answer(status=429, headers={"Retry-After": "1"}) if count == 1 else page
    assert len(fetch_rest(web)) == 1
    assert len(web.asked) == 2


def test_a_server_error_is_asked_again(web):
    page = json_answer({"total": 1, "data": [{"n": 1}]})
    web.script = lambda count, _: Answer(status=503) if count < 3 else page
    assert len(fetch_rest(web)) == 1


@pytest.mark.parametrize("asked", ["600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_429_that_asks_for_longer_than_the_deadline_fails_at_once(web, asked):
    web.script = lambda *_: Answer(status=429, headers={"Retry-After": asked})
    with pytest.raises(SourceError, match="429"):
        fetch_rest(web)
    assert len(web.asked) == 1


@pytest.mark.parametrize("stated", [1, 4])
def test_a_total_that_the_records_do_not_meet_is_an_error(web, stated):
    web.script = pages([{"n": 1}, {"n": 2}, {"n": 3}], total=stated)
    with pytest.raises(SourceError, match="称有"):
        fetch_rest(web, source("rest", path="/orders", page_size=3))


def test_a_total_that_changes_between_pages_is_an_error(web):
    web.script = lambda count, _: json_answer({"total": 3 + count, "data": [{"n": count}]})
    with pytest.raises(SourceError, match="总数不一致"):
        fetch_rest(web)


def test_a_page_that_comes_again_is_an_error(web):
    web.script = lambda *_: json_answer({"total": 9, "data": [{"n": 1}, {"n": 2}]})
    with pytest.raises(SourceError, match="重复给出同一页"):
        fetch_rest(web)


@pytest.mark.parametrize(
    "body", [b"<html>maintenance</html>", b'{"total": 1}', b'{"total": "1", "data": []}', b"[" * 100_000]
)
def test_an_answer_of_another_shape_is_kept_alone_with_its_problem(web, body):
    page = json_answer({"total": 4, "data": [{"n": 1}, {"n": 2}]})
    web.script = lambda count, _: page if count == 1 else Answer(body, headers={"Content-Type": "text/html"})
    [fetched] = fetch_rest(web)
    assert fetched.problem
    assert [line["body"] for line in lines(fetched)] == [body.decode()]


def test_bytes_that_are_no_utf8_are_kept(web):
    web.script = lambda *_: Answer(b"\xff\xfe")
    [fetched] = fetch_rest(web)
    assert lines(fetched)[0]["body"].encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_a_redirect_to_another_host_is_refused(web):
    web.script = lambda *_: Answer(status=302, headers={"Location": "http://169.254.169.254/latest"})
    with pytest.raises(SourceError, match="已拒绝"):
        fetch_rest(web)


def test_a_redirect_within_the_host_is_followed(web):
    page = json_answer({"total": 1, "data": [{"n": 1}]})
    web.script = lambda count, query: (
        Answer(status=307, headers={"Location": "/v2/orders?page=1"}) if count == 1 else page
    )
    assert len(fetch_rest(web)) == 1


def test_an_endless_redirect_ends(web):
    web.script = lambda *_: Answer(status=302, headers={"Location": "/orders"})
    with pytest.raises(SourceError, match="反复重定向"):
        fetch_rest(web)


@pytest.mark.parametrize(
    "connection",
    [
        Connection("web", "http", host="169.254.169.254", port=80),
        Connection("web", "https", host="example.com"),
    ],
)
def test_a_host_that_is_not_listed_is_never_asked(connection):
    with pytest.raises(SourceError, match="不在允许之列"):
        fetch_rest(None, connection=connection)


def test_another_port_of_a_listed_host_and_plain_http_are_refused():
    spec = REST.model_copy(update={"allowed_hosts": ("api.example.cn",)})
    with pytest.raises(SourceError, match="不在允许之列"):
        fetch_rest(None, spec, Connection("web", "https", host="api.example.cn", port=8443))
    with pytest.raises(SourceError, match="加密"):
        fetch_rest(None, spec, Connection("web", "http", host="api.example.cn"))


def test_a_refused_token_is_not_tried_again_and_never_shown(web):
    web.script = lambda *_: Answer(status=401)
    with pytest.raises(SourceError, match="凭据") as caught:
        fetch_rest(web)
    assert len(web.asked) == 1
    assert "the-token" not in str(caught.value) + repr(web.connection("the-token"))


def test_a_page_over_the_cap_is_refused(web, monkeypatch):
    monkeypatch.setattr("courtyard.sources.web.MAX_PAGE_BYTES", 1000)
    web.script = lambda *_: Answer(b"x" * 1001)
    with pytest.raises(SourceError, match="MB"):
        fetch_rest(web)


def test_a_compressed_page_counts_by_what_it_becomes(web, monkeypatch):
    import gzip

    monkeypatch.setattr("courtyard.sources.web.MAX_PAGE_BYTES", 100_000)
    web.script = lambda *_: Answer(gzip.compress(b"x" * 1_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="MB"):
        fetch_rest(web)


def test_a_slow_drip_ends_at_the_deadline(web):
    web.script = lambda *_: Answer(b"[" * 100, drip=0.05)
    began = time.monotonic()
    with pytest.raises(SourceError, match="限定时间"):
        fetch_rest(web, source("rest", path="/orders", deadline_seconds=0.3))
    assert time.monotonic() - began < 2


def test_a_source_that_is_down_says_so(web):
    spec = source("rest", path="/orders", deadline_seconds=1)
    with pytest.raises(SourceError, match="连不上"):
        fetch_rest(None, spec, Connection("web", "http", host="127.0.0.1", port=1))


def test_georeport_reads_to_the_first_empty_page(web):
    answers = {"1": [{"service_request_id": "1"}], "2": [{"service_request_id": "2"}]}
    web.script = lambda _, query: json_answer(answers.get(query["page"], []))
    [fetched] = georeport.fetch(source("georeport", page_size=1), web.connection(), JULY, STREET)
    assert [json.loads(line["body"]) for line in lines(fetched)] == [answers["1"], answers["2"], []]
    assert web.asked[0][0] == (
        "/requests.json?jurisdiction_id=510105005&start_date=2026-07-01T00%3A00%3A00%2B08%3A00"
        "&end_date=2026-08-01T00%3A00%3A00%2B08%3A00&page=1&page_size=1"
    )
