"""The sign-off through a real scheduler: asked by department, a wrong answer asked again, what is signed delivered."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from courtyard.runtime.api import Api

pytestmark = pytest.mark.airflow_e2e

DAG = "courtyard_sign_off"
APPROVER, PREPARER = "街道办事处审核岗", "街道社区发展治理办公室"
CIVIL = ("dibao_statistics", "2025-12")


def question(api: Api, run: str, index: int) -> dict[str, Any]:
    return api._send("GET", f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/ask/{index}/hitlDetails")


def answer(api: Api, run: str, index: int, option: str, **fields: str) -> None:
    given = {"post": "", "reason": "", "only": "", **fields}
    body = {"chosen_options": [option], "params_input": given}
    api._send("PATCH", f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/ask/{index}/hitlDetails", json=body)


def asked(api: Api, run: str) -> dict[str, int]:
    """Department -> map index, of the questions that wait for an answer."""
    waits = [t for t in api.tasks(DAG, run) if t["task_id"] == "ask" and t["state"] == "awaiting_input"]
    return {task["rendered_map_index"]: task["map_index"] for task in waits}


def test_each_department_is_asked_a_wrong_answer_is_asked_again_and_what_is_signed_is_sent(api, installed, until):
    api.pause(DAG, False)
    run = api.trigger(DAG, {})
    departments = {"青羊区民政局", "青羊区统计局", "青羊区委社区发展治理委员会"}
    waits = until(lambda: found if (found := asked(api, run)).keys() >= departments else None)
    civil = waits["青羊区民政局"]
    first = question(api, run, civil)
    assert first["options"] == ["签发", "退回"] and first["subject"] == f"请签发：青羊区民政局（{APPROVER}）"
    assert "### 城市低保统计表 2025年12月 第1版" in first["body"] and "> **上次的答复" not in first["body"]

    answer(api, run, civil, "签发", post=PREPARER)  # who prepared it may not sign it
    assert until(lambda: _again(api, run, civil))["body"] == first["body"]
    (told,) = [n for n in json.loads(installed.run("notices", "--json").stdout)["notices"] if "/refused/" in n["cause"]]
    assert (told["state"], told["subject"]) == ("sent", "签发的答复没有被接受，请再答一次")
    assert "上次的答复没有被接受：街道社区发展治理办公室是填报岗位" in installed.run("sign", *CIVIL).stdout
    signs, returns = ("签发", {"post": APPROVER}), ("退回", {"post": APPROVER, "reason": "请核对总人口"})
    answers = dict.fromkeys(departments, signs) | {"青羊区统计局": returns}
    until(lambda: _ended(api, run, answers))
    assert api.run(DAG, run)["state"] == "success", [(t["task_id"], t["state"]) for t in api.tasks(DAG, run)]

    sent = json.loads(installed.run("sent", "--json").stdout)
    with_views = {"communities", "social_work"}  # of the signed forms they get masked names or counts
    assert {entry["recipient"] for entry in sent} == {"civil_affairs", "community_governance", *with_views}
    assert {entry["state"] for entry in sent} == {"confirmed"}
    left = {entry["report"]: entry for entry in json.loads(installed.run("sign", "--json").stdout)}
    assert {entry["state"] for entry in left.values()} == {"returned"}
    assert left["population_statistics"]["reason"] == "请核对总人口"
    assert not left.keys() & {"dibao_statistics", "dibao_roster", "activist_ledger"}
    manifest = installed.settings.published / "2025-12/dibao_statistics/r1/manifest.json"
    (approval,) = json.loads(manifest.read_bytes())["approvals"]
    assert (approval["post"], approval["preparer"], approval["decision"]) == (APPROVER, PREPARER, "signed")


def _ended(api: Api, run: str, answers: dict[str, tuple[str, dict[str, str]]]) -> bool:
    """Whether the run has ended; whoever waits is answered meanwhile, with a return where nothing is said.

    An answer takes a moment, as a person's does: the scheduler may ask once more where one comes as the question is put.
    """
    time.sleep(5)
    for name, index in asked(api, run).items():
        if not question(api, run, index)["response_received"]:
            option, fields = answers.get(name, ("退回", {"post": APPROVER, "reason": "本次不报"}))
            answer(api, run, index, option, **fields)
    return api.run(DAG, run)["state"] in ("success", "failed")


def _again(api: Api, run: str, index: int) -> dict[str, Any] | None:
    """The question, once it is asked a second time."""
    if index not in asked(api, run).values():
        return None
    found = question(api, run, index)
    return found if not found["response_received"] else None
