"""The stand-ins as the sources meet them: one process over real sockets, read by the real transports."""

import json
import os
import signal
import smtplib
import stat
import subprocess
import sys
import time
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from tests.sample.conftest import PACK

from courtyard.connection import Connection
from courtyard.district import load_district
from courtyard.district.models import SourceSpec
from courtyard.parsing import jsonrows
from courtyard.parsing.limits import Caps
from courtyard.period import Period
from courtyard.sample import standins
from courtyard.sample.standins.credentials import Credentials, folder
from courtyard.settings import Settings
from courtyard.sources.registry import TRANSPORTS

INCLUDE = Path(__file__).resolve().parents[3] / "include"
STREET = "510105005"
JULY, Q3 = Period.parse("2026-07"), Period.parse("2026Q3")


def order(number, created):
    return {"orderNo": str(number), "streetCode": STREET, "createdAt": created}


def report(number, asked, code="leak"):
    return {"service_request_id": number, "service_code": code, "service_name": "漏水", "requested_datetime": asked}


def write_sample(sample):
    """Tiny files in the sample's layout."""
    hotline = [order(n, f"2026-07-{n % 28 + 1:02d}T08:00:00+08:00") for n in range(7)]
    hotline += [order(98, "2026-07-31T23:59:59+08:00"), order(99, "2026-08-01T00:00:00+08:00")]
    hotline += [order(100, "2026-07-02T00:00:00+08:00") | {"streetCode": "510105006"}]
    residents = [report("1", "2026-07-01T00:00:00+08:00"), report("2", "2026-08-01T00:00:00+08:00", "light")]
    days = ("2026-06-30 23:59:59", "2026-07-01 00:00:00", "2026-07-05 08:00:00", "2026-08-01 00:00:00")
    hazards = [{"yhbh": str(n), "jddm": STREET, "gxsj": day} for n, day in enumerate(days)]
    disputes = [{"caseNo": str(n), "areaCode": STREET, "updateTime": day} for n, day in enumerate(days)]
    disputes += [{"caseNo": "8", "areaCode": "510105006", "updateTime": days[2]}]
    files = {
        "hotline/orders.jsonl": hotline, "residents/requests.jsonl": residents,
        "emergency/hazards.jsonl": hazards, "justice/disputes.jsonl": disputes,
    }  # fmt: skip
    for name, records in files.items():
        (sample / name).parent.mkdir(parents=True)
        (sample / name).write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    roll = sample / "sftp/population/2026Q3/syrk.csv"
    roll.parent.mkdir(parents=True)
    roll.write_bytes("姓名\n甲\n".encode("gb18030"))


def start(var):
    """The process and its ready file, once all servers answer."""
    ready = var / "run/standins.json"
    env = {**os.environ, "PYTHONPATH": str(INCLUDE), "COURTYARD_VAR": str(var)}
    process = subprocess.Popen(
        [sys.executable, "-m", "courtyard.sample.standins", "--ready-file", str(ready)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    printed = process.stdout.readline()
    assert json.loads(printed) == json.loads(ready.read_text())
    return process, ready


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    var = tmp_path_factory.mktemp("standins")
    settings = Settings(var=var, district_path=var, keys=var)
    write_sample(settings.sample)
    process, ready = start(var)
    yield settings, json.loads(ready.read_text())
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    assert not ready.exists()


def fetch(site, conn_id, transport, period, **options):
    uri = standins.connections(*site)[conn_id]
    spec = SourceSpec(
        source=conn_id, title=conn_id, department="某局", transport=transport, connection=conn_id, cadence="month",
        schedule="0 0 1 * *", datasets=("things",), allowed_hosts=("127.0.0.1",), options=options,
    )  # fmt: skip
    return list(TRANSPORTS[transport].fetch(spec, Connection.from_uri(conn_id, uri), period, STREET))


def bodies(fetched):
    return [json.loads(json.loads(line)["body"]) for line in fetched.data.splitlines()]


def test_the_hotline_gives_a_month_of_the_street_through_a_429(site):
    query = {"streetCode": "{street_code}", "from": "{start_at}", "to": "{end_at}"}
    began = time.monotonic()
    [fetched] = fetch(site, "hotline", "rest", JULY, path="/api/v1/orders", query=query, page_size=2)
    numbers = [order["orderNo"] for page in bodies(fetched) for order in page["data"]]
    assert sorted(numbers) == ["0", "1", "2", "3", "4", "5", "6", "98"]
    assert [(page["total"], page["page"]) for page in bodies(fetched)] == [(8, 1), (8, 2), (8, 3), (8, 4)]
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(("source", "number"), [("emergency", "yhbh"), ("justice", "caseNo")])
def test_a_ledger_gives_what_changed_in_a_month_as_the_pack_asks_for_it(site, source, number):
    options = load_district(PACK).sources[source].options
    [fetched] = fetch(site, source, "rest", JULY, **{**options, "page_size": 1})
    contract = load_district(PACK).contracts[load_district(PACK).sources[source].datasets[0]]
    read = jsonrows.read_pages(fetched.data, contract, Caps())
    assert read.columns[contract.key[0][0]] == ["1", "2"]
    assert len(bodies(fetched)) == 2


def test_a_ledger_refuses_who_does_not_know_the_token_or_asks_for_no_span(site):
    url = site[1]["emergency"] + "/api/yhpc/list"
    token = Credentials.of(site[0]).department_passwords["emergency"]
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 400
    asked = {"kssj": "2026-07-01", "jssj": "2026-08-01", "pageNum": "1", "pageSize": "9999"}
    assert httpx.get(url, params=asked, headers={"Authorization": f"Bearer {token}"}).status_code == 400


def test_the_hotline_refuses_who_does_not_know_the_token(site):
    url = site[1]["hotline"] + "/api/v1/orders?streetCode=1&from=2026-07-01&to=2026-08-01"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"Authorization": "Bearer x"}).status_code == 401


def test_resident_reports_of_a_month_come_by_georeport(site):
    [fetched] = fetch(site, "resident_reports", "georeport", JULY)
    assert [r["service_request_id"] for page in bodies(fetched) for r in page] == ["1"]


def test_the_georeport_server_describes_itself_and_its_services(site):
    base = site[1]["residents"]
    assert httpx.get(f"{base}/discovery.json").json()["endpoints"][0]["url"] == base
    assert [s["service_code"] for s in httpx.get(f"{base}/services.json").json()] == ["leak", "light"]
    assert httpx.get(f"{base}/services/leak.json").json() == {"service_code": "leak", "attributes": []}
    assert httpx.get(f"{base}/services/none.json").status_code == 404
    assert httpx.get(f"{base}/requests/2.json").json()[0]["service_code"] == "light"
    assert httpx.get(f"{base}/requests/none.json").json() == [
        {"code": 404, "description": "service_request_id was not found"}
    ]
    assert httpx.get(f"{base}/requests.json?service_code=light").json()[0]["service_request_id"] == "2"
    assert httpx.get(f"{base}/requests.json?start_date=yesterday").status_code == 400


def test_a_posted_report_is_kept_and_answered(site):
    url = site[1]["residents"] + "/requests.json"
    key = Credentials.of(site[0]).residents_api_key
    form = {"api_key": key, "service_code": "leak", "address_string": "1号院", "description": "漏水"}
    assert httpx.post(url, data=form | {"api_key": "x"}).status_code == 403
    assert httpx.post(url, data={"api_key": key, "service_code": "leak"}).status_code == 400
    assert httpx.post(url, content=b"x" * 70_000).status_code == 413
    [answer] = httpx.post(url, data=form).json()
    [kept] = httpx.get(url.replace(".json", f"/{answer['service_request_id']}.json")).json()
    assert (kept["address"], kept["description"], kept["status"]) == ("1号院", "漏水", "open")


def test_a_departments_file_comes_by_sftp_with_the_pinned_host_key(site):
    [fetched] = fetch(site, "population", "sftp", Q3, file="population/{period}/syrk.csv")
    assert fetched.data.decode("gb18030") == "姓名\n甲\n"
    assert fetch(site, "school", "sftp", Q3, file="school/{period}/none.xlsx") == []


def test_a_mail_to_the_office_is_in_its_mailbox_and_a_mail_to_others_is_not(site):
    uris = standins.connections(*site)
    session_at = Connection.from_uri("mail", uris["mail"])
    made = EmailMessage()
    made["From"], made["Subject"], made["Date"] = "a@grid.example", "表", "Mon, 28 Sep 2026 10:00:00 +0800"
    made.add_attachment(b"PK", maintype="application", subtype="octet-stream", filename="表.xlsx")
    with smtplib.SMTP(session_at.host, session_at.port, timeout=10) as session:
        session.send_message(made, to_addrs=["b@grid.example"])
        assert fetch(site, "mailbox", "mail", Q3) == []
        session.login(session_at.login, session_at.password)
        session.send_message(made, to_addrs=[session_at.extra["from_email"]])
    [fetched] = fetch(site, "mailbox", "mail", Q3)
    assert (fetched.name, fetched.data) == ("表.xlsx", b"PK")


def test_credentials_made_before_a_system_was_added_are_completed(tmp_path):
    settings = Settings(var=tmp_path, district_path=tmp_path, keys=tmp_path)
    first = Credentials.of(settings)
    path = folder(settings) / "credentials.json"
    known = json.loads(path.read_text())
    del known["mail_password"], known["sftp_passwords"]["grid_sftp"]
    path.write_text(json.dumps(known))
    completed = Credentials.of(settings)
    assert completed.hotline_token == first.hotline_token and completed == Credentials.of(settings)
    assert completed.mail_password != first.mail_password and completed.sftp_passwords["grid_sftp"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_are_private_made_once_and_not_in_the_ready_file(site):
    settings, ready = site
    secret = Credentials.of(settings)
    assert secret == Credentials.of(settings)
    assert stat.S_IMODE((folder(settings) / "credentials.json").stat().st_mode) == 0o600
    assert settings.sample not in folder(settings).parents
    shown = json.dumps(ready) + repr(secret)
    for value in (
        secret.mail_password,
        secret.hotline_token,
        secret.residents_api_key,
        secret.civil_password,
        *secret.sftp_passwords.values(),
        *secret.department_passwords.values(),
    ):
        assert value not in shown


def test_it_ends_when_its_parent_is_gone(tmp_path):
    """A parent that starts it and ends at once: the stand-ins must follow."""
    ready = tmp_path / "ready.json"
    code = (
        "import subprocess, sys, time, pathlib\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'courtyard.sample.standins', '--ready-file', {str(ready)!r},"
        " '--with-parent'], stdout=subprocess.DEVNULL)\n"
        f"while not pathlib.Path({str(ready)!r}).exists(): time.sleep(0.02)\n"
        "print(child.pid)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(INCLUDE), "COURTYARD_VAR": str(tmp_path)}
    parent = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, timeout=30)
    try:
        until = time.monotonic() + 10
        while ready.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not ready.exists()
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(parent.stdout), signal.SIGKILL)
