"""Signed links: which open, which are answered how."""

from __future__ import annotations

import pytest
from tests.intake.conftest import GRID, HOME, OTHER_HOME
from tests.intake.test_form_pages import FILLED, get, post

from courtyard.intake.refusal import Refused


def forged(path: str) -> str:
    return path[:-1] + ("0" if path[-1] != "0" else "1")


def test_forged_and_unknown_links_are_answered_alike(service):
    answers = [
        get(service, path)
        for path in (forged(service.link()), "/q/9999999999999999-1-0123456789abcdef", "/q/x", f"/q/{HOME}-1-")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert 'href="/report"' in answers[0].text and "12345" in answers[0].text


def test_a_link_that_was_signed_and_never_printed_does_not_open(service):
    assert get(service, service.link(OTHER_HOME)).status_code == 410
    assert get(service, service.link(HOME, 2)).status_code == 410


def test_a_newer_poster_ends_the_older_one(service):
    old = service.link()
    assert service.revoke(HOME) == 2
    answer = get(service, old)
    assert answer.status_code == 410
    assert "已停用" in answer.text and 'href="/report"' in answer.text
    assert get(service, service.link(HOME, 2)).status_code == 200
    assert post(service, code=old.removeprefix("/"), **FILLED).status_code == 410
    assert service.rows("report") == []


def test_issuing_again_prints_the_same_version(service):
    service.issue(HOME, HOME, GRID)
    assert sorted((row["courtyard_code"], row["version"]) for row in service.rows("link")) == [(HOME, 1), (GRID, 1)]


def test_a_courtyards_link_is_no_workers_link(service):
    assert get(service, service.link().replace("/q/", "/w/")).status_code == 404
    assert get(service, service.link(GRID).replace("/w/", "/q/")).status_code == 404


def test_links_go_on_opening_while_the_database_is_away(service, monkeypatch):
    from sqlalchemy.exc import OperationalError

    known = service.app.state.links
    written = service.link().removeprefix("/q/")
    known.opened("q", written)

    def away():
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(known, "_engine", type("Away", (), {"connect": staticmethod(away)}))
    monkeypatch.setattr(known, "_tick", lambda: 1e9)
    assert known.opened("q", written).code == HOME
    with pytest.raises(Refused):
        known.opened("q", forged(written))
