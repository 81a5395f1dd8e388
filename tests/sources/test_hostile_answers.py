"""FAULTS 2, JSON/API, what concerns the way there; redirects, foreign hosts and gzip bombs are in test_web_sources."""

import json

import pytest
from scripted import Answer, json_answer, source

from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources import georeport, rest

JULY = Period.parse("2026-07")
STREET = "510105005"


def test_a_next_link_is_never_followed(web):
    """Pages are asked for by number: whatever address an answer names, on another host or this one, is nobody's."""
    answers = {"1": [{"n": 1}], "2": []}
    web.script = lambda _, query: json_answer(
        {
            "total": 1,
            "data": answers[query["page"]],
            "next": "http://169.254.169.254/latest",
            "links": {"next": "/other"},
        }
    )
    [fetched] = list(rest.fetch(source("rest", path="/orders"), web.connection(), JULY, STREET))
    assert json.loads(json.loads(fetched.data.splitlines()[0])["body"])["data"] == [{"n": 1}]
    assert all(path.startswith("/orders?") for path, _ in web.asked)


@pytest.mark.parametrize("fetch", [rest.fetch, georeport.fetch])
def test_pages_without_end_come_to_one(web, fetch):
    """Ever new records and never an empty page: the deadline ends it, and nothing of it is taken."""
    web.script = lambda count, _: json_answer(
        [{"service_request_id": str(count)}] if fetch is georeport.fetch else {"data": [{"n": count}]}
    )
    spec = source("rest", path="/orders", page_size=1, total_path="", deadline_seconds=0.5)
    with pytest.raises(SourceError):
        list(fetch(spec, web.connection(), JULY, STREET))


def test_a_body_over_the_cap_within_one_packet_is_refused(web, monkeypatch):
    monkeypatch.setattr("courtyard.sources.web.MAX_PAGE_BYTES", 1_000)
    web.script = lambda *_: Answer(b"[" * 100_000)
    with pytest.raises(SourceError, match="MB"):
        list(rest.fetch(source("rest", path="/orders"), web.connection(), JULY, STREET))
