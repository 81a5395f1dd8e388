"""What one question of the sign-off does with its answer, without a scheduler."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

import _courtyard_sign_off as sign_off

SHOWN = {"subject": "请签发：民政局（审核岗）", "body": "一张", "asked": [{"report": "r", "period": "2026-07"}]}


@pytest.fixture
def question(monkeypatch):
    """A question whose library is played by the test: `acts` answers by name, `told` keeps what was called."""
    told: list[tuple[str, dict[str, Any]]] = []
    acts: dict[str, Any] = {"ask": SHOWN, "answer": {"signed": ["r 2026-07"], "returned": [], "passed_over": []}}

    def act(name: str, _period: str, **given: Any) -> Any:
        told.append((name, given))
        return acts[name]

    monkeypatch.setattr(sign_off.house, "act", act)
    monkeypatch.setattr(sign_off.house, "send", lambda _: told.append(("send", {})))
    monkeypatch.setattr(
        "airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **detail: told.append(("wait", detail))
    )
    operator = sign_off.SignOffOperator(task_id="ask", department="民政局", approver="审核岗")
    return SimpleNamespace(operator=operator, acts=acts, told=told)


CONTEXT = {"task_instance": SimpleNamespace(id="x"), "ti": SimpleNamespace(xcom_push=lambda **_: None)}


def event(option: str = "签发", **fields: str) -> dict[str, Any]:
    return {"chosen_options": [option], "params_input": fields, "responded_at": None, "responded_by_user": None}


def test_it_waits_with_the_page_and_remembers_what_it_showed(question):
    with pytest.raises(TaskAwaitingInput) as waiting:
        question.operator.execute(CONTEXT)
    assert waiting.value.kwargs == {"asked": SHOWN["asked"]}
    detail = dict(question.told)["wait"]
    assert (detail["subject"], detail["body"], detail["options"]) == (SHOWN["subject"], "一张", ["签发", "退回"])
    assert set(detail["params"]) == {"post", "reason", "only"}


def test_when_nothing_waits_nobody_is_asked(question):
    question.acts["ask"] = None
    with pytest.raises(AirflowSkipException):
        question.operator.execute(CONTEXT)


def test_an_answer_is_carried_out_on_what_was_shown(question):
    done = question.operator.execute_complete(CONTEXT, event(post="审核岗"), SHOWN["asked"])
    assert done["signed"] == ["r 2026-07"]
    (name, given), *_ = question.told
    assert (name, given["asked"], given["option"]) == ("answer", SHOWN["asked"], "签发")
    assert given["given"] == {"post": "审核岗", "reason": "", "only": ""}


def test_a_wrong_answer_waits_again_and_is_told(question):
    question.acts["answer"] = {"wrong": "退回要写理由。"}
    with pytest.raises(TaskAwaitingInput) as waiting:
        question.operator.execute_complete(CONTEXT, event("退回", post="审核岗"), SHOWN["asked"])
    assert waiting.value.kwargs == {"asked": SHOWN["asked"]}
    assert [name for name, _ in question.told] == ["answer", "send", "wait"]


def test_a_question_that_nobody_answers_is_left_for_tomorrow(question):
    with pytest.raises(AirflowSkipException):
        question.operator.execute_complete(CONTEXT, {"error": "late", "error_type": "timeout"}, SHOWN["asked"])
    assert question.told == []
