"""A resident's report through a real scheduler: sent, landed, a case, answered, seen on the status page."""

from __future__ import annotations

import json
from datetime import datetime

import httpx
import pytest

from courtyard.period import SHANGHAI, Period
from courtyard.runtime import supervisor

pytestmark = pytest.mark.airflow_e2e

DAGS = ("courtyard_resident_reports", "courtyard_resident_replies", "courtyard_residents", "courtyard_cases")
GRID_POST = "510105005002001/网格员"


@pytest.fixture
def page(api, installed) -> httpx.Client:
    for dag in DAGS:
        api.pause(dag, False)
    address = supervisor.intake_address(installed.settings)
    return httpx.Client(base_url=address, headers={"Accept": "application/json"}, trust_env=False)


def test_a_report_becomes_a_case_and_its_reporter_sees_the_answer_and_closes_it(api, installed, page, until):
    link = json.loads(installed.run("intake", "show", "--json").stdout)["sample_link"]
    code = link.partition("/q/")[2]
    form = {"name": "王样例", "address": "1栋1单元101", "description": "单元门口的路灯坏了，晚上看不清台阶"}
    sent = page.post("/report", data={**form, "code": f"q/{code}", "sent_as": "airflow-e2e-00000001"})
    assert sent.status_code == 201, sent.text
    status = sent.json()["status_url"]
    _pull(api, until)
    (case,) = _own(installed)
    assert (case["category"], case["level"], case["status"]) == ("light", "courtyard", "waiting")

    done = installed.run("cases", "answer", case["case_no"], "--post", GRID_POST, "--text", "已换灯泡")
    assert done.returncode == 0, done.stderr
    seen = page.get(status, headers={"Accept": "text/html"}).text
    assert "已答复" in seen and "已换灯泡" in seen
    confirmed = page.post(f"{status}/reply", data={"kind": "confirm", "sent_as": "airflow-e2e-00000002"})
    assert confirmed.status_code < 400, confirmed.text
    _pull(api, until)
    assert [one["status"] for one in _own(installed)] == ["closed"]


def _pull(api, until) -> None:
    """What the schedules do every minute or two: land reports and replies, take in, let the clocks go on."""
    now = datetime.now(SHANGHAI)
    month, quarter = ({"period": str(Period.of("month", now))}, {"quarter": str(Period.of("quarter", now))})
    for dag, conf in zip(DAGS, (month, month, quarter, quarter), strict=True):
        run = api.trigger(dag, conf)
        until(lambda dag=dag, run=run: api.run(dag, run)["state"] in ("success", "failed"))
        assert api.run(dag, run)["state"] == "success", [(t["task_id"], t["state"]) for t in api.tasks(dag, run)]


def _own(installed) -> list[dict]:
    """The cases of today's report: the sample's are of other days."""
    today = f"{datetime.now(SHANGHAI):%y%m%d}-"
    found = json.loads(installed.run("cases", "list", "--all", "--json").stdout)
    return [one for one in found if one["case_no"].startswith(today)]
