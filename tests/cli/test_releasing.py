"""The commands of release, for people and for programs."""

import json
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from courtyard.cli import application
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.privacy import keys


@pytest.fixture
def courtyard(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)

    def run(*words):
        return CliRunner().invoke(application(), list(words))

    return run


def test_where_nothing_was_published_nothing_waits_and_nothing_was_sent(courtyard):
    assert json.loads(courtyard("sign", "--json").stdout) == []
    assert json.loads(courtyard("explain", "--json").stdout) == []
    assert json.loads(courtyard("sent", "--json").stdout) == []
    assert json.loads(courtyard("deliver", "--json").stdout) == {"sent": [], "waiting": [], "unsigned": 0}
    assert "0 张待签发" in courtyard("sign").stdout and "0 项核对不符" in courtyard("explain").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "dibao_roster"), "请写报表、期别和核对项"),
        (("explain", "dibao_roster", "2026-07", "nothing", "--as", "x", "--reason", "y"), "没有“nothing”这项核对"),
        (("sign", "dibao_roster"), "没有写期别"),
        (("sign", "dibao_roster", "2026-07", "--return", "x"), "没有写签发岗位"),
        (("sign", "no_report", "2026-07", "--as", "街道办事处审核岗"), "没有报表“no_report”"),
        (("sign", "no_report", "2026-07"), "没有报表“no_report”"),
        (("sign", "dibao_roster", "2026-07", "--as", "街道办事处审核岗"), "没有发布过"),
        (("waive", "dibao_roster", "--as", "街道办事处审核岗", "--reason", "x", "--until", "soon"), "not a date"),
        (("deliver", "tomorrow"), "not a period"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(courtyard, words, said):
    done = courtyard(*words)
    assert isinstance(done.exception, UsageError) and said in str(done.exception)


def test_a_waiver_is_kept(courtyard):
    until = str(datetime.now(SHANGHAI).date() + timedelta(days=30))
    words = ("--as", "街道办事处审核岗", "--reason", "出差", "--until", until, "--json")
    assert json.loads(courtyard("waive", "dibao_roster", *words).stdout)["until"] == until


@pytest.mark.parametrize("command", ["explain", "sign", "waive", "deliver", "sent"])
def test_each_command_explains_itself(courtyard, command):
    assert "--json" in courtyard(command, "--help").output
