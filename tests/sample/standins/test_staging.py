import os
import re

import psycopg
import pytest
from tests.sample.conftest import PACK

from courtyard.connection import Connection
from courtyard.district import load_district
from courtyard.errors import CourtyardError
from courtyard.sample import standins
from courtyard.sample.standins import sqlserver
from courtyard.sample.standins.records import Records, moment

HEADER = "bzzh,xh,ny,jdbm,hzxm,cyxm,sfzh,gx,jtrk,bzrs,bzlb,sblb,ybzje,qsny,zpyy,jzdz,lxdh,bz\n"
ROW = '5101,1,2026-07,510105005,甲,"甲,乙",,0,2,1,dibao,,930.50,2024-03,病,"1号院",,\n'


@pytest.fixture
def civil(pg_admin_url, tmp_path):
    """(load a register's text, the URL of its reader); the database and login are this test's own."""
    path = tmp_path / "dibao.csv"
    database = f"civil_{os.urandom(4).hex()}"

    def load(text):
        path.write_text(text, "utf-8")
        uri = sqlserver.load(pg_admin_url, sqlserver.CIVIL_AFFAIRS, path, "the-password", database)
        return uri.replace("postgres://", "postgresql://")

    yield load
    with psycopg.connect(pg_admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def test_the_register_becomes_a_table_that_its_reader_may_read_and_not_change(civil):
    url = civil(HEADER + ROW)
    with psycopg.connect(url) as reader:
        assert reader.execute("SELECT cyxm, sfzh, ybzje::text, jtrk FROM dibao_ydhz").fetchall() == [
            ("甲,乙", None, "930.50", 2)
        ]
    for statement in ("DELETE FROM dibao_ydhz", "CREATE TABLE mine (a int)", "SET ROLE postgres"):
        with psycopg.connect(url) as reader:
            reader.execute("SET default_transaction_read_only = off")
            reader.commit()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def test_it_is_loaded_again_only_when_the_file_has_changed(civil):
    def state(url):
        with psycopg.connect(url) as reader:
            return reader.execute("SELECT 'dibao_ydhz'::regclass::oid, (SELECT count(*) FROM dibao_ydhz)").fetchone()

    first = state(civil(HEADER + ROW))
    assert state(civil(HEADER + ROW)) == first
    changed = state(civil(HEADER + ROW + ROW))
    assert changed[0] != first[0] and changed[1] == 2


def test_every_column_that_the_pack_asks_a_database_for_is_there():
    pack = load_district(PACK)
    asked = {c: s.options["query"] for s in pack.sources.values() if s.transport == "sql" for c in [s.connection]}
    assert set(asked) == {register.database for register in sqlserver.REGISTERS}
    for register in sqlserver.REGISTERS:
        words = set(re.findall(r"[a-z_]+", asked[register.database].split("FROM")[0]))
        assert words <= set(register.columns) and register.table in asked[register.database]


def test_another_header_is_refused_and_the_old_register_stays(civil):
    url = civil(HEADER + ROW)
    with pytest.raises(CourtyardError, match="columns"):
        civil(HEADER.replace("ybzje", "amount") + ROW)
    with psycopg.connect(url) as reader:
        assert reader.execute("SELECT count(*) FROM dibao_ydhz").fetchone() == (1,)


def test_a_missing_register_says_what_to_do(pg_admin_url, settings):
    with pytest.raises(CourtyardError, match="courtyard sample"):
        standins.load_databases(settings, pg_admin_url)


def test_connections_read_back_as_the_library_reads_them(settings):
    ready = {"hotline": "http://127.0.0.1:8001", "residents": "http://127.0.0.1:8002", "sftp": "sftp://127.0.0.1:8003"}
    ready |= {"smtp": "smtp://127.0.0.1:8004", "imap": "imap://127.0.0.1:8005"}
    ready |= {
        "emergency": "http://127.0.0.1:8006",
        "justice": "http://127.0.0.1:8007",
        "receiver": "sftp://127.0.0.1:8008",
    }
    databases = {"civil_affairs": "postgres://civil_reader:p%40ss@/civil_affairs?host=%2Fvar%2Frun"}
    found = {c: Connection.from_uri(c, uri) for c, uri in standins.connections(settings, ready, databases).items()}
    departments = {"civil_affairs", "hotline", "population", "school", "resident_reports"}
    departments |= {"party", "civil_rosters", "housing", "community_governance", "emergency", "justice"}
    assert set(found) == {*departments, "grid", "grid_sftp", "mailbox", "mail"} | {"departments"}
    assert (found["mail"].scheme, found["mail"].port, found["mail"].login) == ("smtp", 8004, "office")
    assert (found["mailbox"].scheme, found["mailbox"].port, found["mailbox"].path) == ("imap", 8005, "INBOX")
    assert found["mail"].password == found["mailbox"].password != ""
    assert (found["hotline"].host, found["hotline"].port, found["hotline"].login) == ("127.0.0.1", 8001, "")
    assert found["population"].extra["host_key"] == found["school"].extra["host_key"] != ""
    assert (found["departments"].port, found["departments"].extra) == (8008, found["population"].extra)
    assert found["population"].password != found["school"].password
    assert f"/{found['grid'].path}" == str(settings.inbox)
    assert (found["civil_affairs"].password, found["civil_affairs"].extra["host"]) == ("p@ss", "/var/run")


def test_the_inbox_gets_one_quarter_once_with_the_files_own_times(settings):
    for quarter in ("2026Q2", "2026Q3"):
        folder = settings.sample / "inbox" / quarter
        folder.mkdir(parents=True)
        (folder / "a.xlsx").write_bytes(b"a")
        os.utime(folder / "a.xlsx", (1_790_000_000, 1_790_000_000))
    assert standins.stage_inbox(settings, "2026Q3") == 1
    [staged] = settings.inbox.rglob("*.xlsx")
    assert staged == settings.inbox / "2026Q3/a.xlsx" and staged.stat().st_mtime == 1_790_000_000
    staged.unlink()
    assert standins.stage_inbox(settings, "2026Q3") == 0
    assert list(settings.inbox.rglob("*")) == [settings.inbox / "2026Q3"]
    assert standins.stage_inbox(settings, "2025Q1") == 0


def test_records_are_found_by_time_and_read_again_when_the_file_changes(tmp_path):
    path = tmp_path / "r.jsonl"
    records = Records(path, "at")
    assert records.all() == []
    path.write_text('{"at": "2026-07-02 08:00"}\n{"at": "soon"}\n\n{"at": "2026-07-01T00:00:00Z"}\n')
    july_1, july_2 = moment("2026-07-01"), moment("2026-07-02")
    assert records.between(july_1, july_2) == [{"at": "2026-07-01T00:00:00Z"}]
    assert records.between(july_2, None) == [{"at": "2026-07-02 08:00"}, {"at": "soon"}]
    path.write_text("")
    assert records.all() == []
