"""`courtyard posters` and `courtyard intake` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.intake.test_posters import codes
from typer.testing import CliRunner

from courtyard.cli import application
from courtyard.errors import UsageError
from courtyard.privacy import keys

HOME, COMMUNITY, GRID = "5101050050020001", "510105005002", "510105005002001"
BASE = ("--base-url", "https://shaocheng.example/")


@pytest.fixture
def courtyard(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)

    def run_words(*words):
        result = CliRunner().invoke(application(), list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if "--json" in words else result.output

    return run_words


def printed(courtyard, *words):
    """(file name, what its codes say) of the documents that were written."""
    files = courtyard("posters", *words, *BASE, "--json")["files"]
    return [(Path(path).name, codes(Path(path).read_bytes())) for path in files]


def test_one_courtyard_is_printed_and_printed_again_the_same(courtyard):
    (first,), (again,) = printed(courtyard, "--courtyard", HOME), printed(courtyard, "--courtyard", HOME)
    assert first == again
    name, (url,) = first
    assert name == "510105005002-四道街社区-居民上报-四道街2号院.docx"
    assert url.startswith(f"https://shaocheng.example/q/{HOME}-1-")


def test_revoking_prints_a_new_version(courtyard):
    printed(courtyard, "--courtyard", HOME)
    ((_, (url,)),) = printed(courtyard, "--revoke", HOME)
    assert f"/q/{HOME}-2-" in url
    ((_, (url,)),) = printed(courtyard, "--courtyard", HOME)
    assert f"/q/{HOME}-2-" in url


def test_a_community_has_a_page_for_each_grids_workers(courtyard):
    ((name, urls),) = printed(courtyard, "--workers", "--community", COMMUNITY)
    assert name == "510105005002-四道街社区-网格员上报.docx"
    assert len(urls) == 18 and f"/w/{GRID}-1-" in urls[0]
    ((_, (url,)),) = printed(courtyard, "--revoke", GRID)
    assert f"/w/{GRID}-2-" in url


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Nothing to print"),
        (("--courtyard", "9"), "No such courtyard"),
        (("all",), "phones open"),
        (("all", "--base-url", "shaocheng"), "no web address"),
    ],
)
def test_what_cannot_be_printed_is_told(courtyard, words, told):
    with pytest.raises(UsageError, match=told):
        courtyard("posters", *words)


def test_the_service_that_does_not_run(courtyard):
    assert courtyard("intake", "show", "--json") | {"sample_link": ""} == {
        "address": None,
        "healthy": False,
        "links": 1,
        "sample_link": "",
    }
    assert "没有运行" in courtyard("intake", "show")


def test_what_is_older_than_the_pack_says_is_forgotten(courtyard, warehouse_url):
    admin = create_engine(make_url(warehouse_url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        for number, day in enumerate(("2024-08-31", "2024-09-01")):
            connection.execute(
                text(
                    "INSERT INTO intake.report (report_id, street_code, channel, service_code, requested_at,"
                    " status_token, sealed) VALUES (:id, '510105005', 'page', 'other', :at, :id, 'x')"
                ),
                {"id": f"R{number}", "at": f"{day}T12:00:00+08:00"},
            )
    assert courtyard("intake", "forget", "--on", "2026-09-07", "--json")["reports"] == 1
    with admin.connect() as connection:
        assert list(connection.scalars(text("SELECT report_id FROM intake.report"))) == ["R1"]
    admin.dispose()


def test_reports_of_the_last_half_year_are_never_forgotten(courtyard):
    with pytest.raises(Exception, match="six months"):
        courtyard("intake", "forget", "--on", "2099-01-01")
