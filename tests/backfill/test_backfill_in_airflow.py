"""What Airflow is asked over REST, in whose name, and how its refusals are told."""

from __future__ import annotations

import json
import shlex
from datetime import datetime

import httpx
import pytest

from courtyard.backfill import starting
from courtyard.errors import HeldError
from courtyard.period import SHANGHAI, Period
from courtyard.runtime.backfills import Backfills, Order, Refused

ORDER = Order(Period.quarter("2025Q4"), Period.quarter("2026Q1"), "补报民政数据", backwards=True, max_active_runs=2)
BODY = {
    "dag_id": "courtyard_quarter",
    "from_date": "2025-10-01T00:00:00+08:00",
    "to_date": "2026-01-01T00:00:00+08:00",
    "max_active_runs": 2,
    "reprocess_behavior": "completed",
    "run_backwards": True,
    "dag_run_conf": {"reason": "补报民政数据"},
}


def airflow(answers: dict[str, httpx.Response], asked: list[httpx.Request]) -> Backfills:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers.get(f"{request.method} {request.url.path}", httpx.Response(200, json={}))

    return Backfills("http://127.0.0.1:8080", "the-users-own", httpx.MockTransport(answer))


def said(asked: list[httpx.Request]) -> list[tuple[str, str, dict]]:
    return [(r.method, r.url.path, json.loads(r.content or "{}")) for r in asked]


def test_a_backfill_is_made_in_the_users_name():
    asked: list[httpx.Request] = []
    found = airflow({"POST /api/v2/backfills": httpx.Response(200, json={"id": 7})}, asked)
    assert found.start(ORDER) == 7
    assert said(asked)[-1] == ("POST", "/api/v2/backfills", BODY)
    assert {request.headers["authorization"] for request in asked} == {"Bearer the-users-own"}


def test_the_printed_command_and_call_say_the_same():
    words = shlex.split(ORDER.command())
    assert words[:4] == ["courtyard", "airflow", "backfill", "create"]
    given = dict(zip(words[4:-1:2], words[5::2], strict=True))
    assert given["--from-date"] == BODY["from_date"] and given["--to-date"] == BODY["to_date"]
    assert json.loads(given["--dag-run-conf"]) == BODY["dag_run_conf"]
    assert given["--reprocess-behavior"] == "completed" and words[-1] == "--run-backwards"
    call = shlex.split(Order(ORDER.first, ORDER.last, "王局长's 要求").call("http://127.0.0.1:8080"))
    assert json.loads(call[call.index("-d") + 1])["dag_run_conf"] == {"reason": "王局长's 要求"}


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (409, HeldError, "已有一次回填正在进行。"),
        (403, Refused, "您的 Airflow 账号无权发起或取消回填。"),
        (401, Refused, "登录已过期"),
        (404, Refused, "Airflow 里没有季度数据链"),
        (422, Refused, "（422）"),
    ],
)
def test_refusals_are_one_chinese_line_with_a_remedy(status, error, words):
    found = airflow({"POST /api/v2/backfills": httpx.Response(status, json={"detail": "English"})}, [])
    with pytest.raises(error) as told:
        found.start(ORDER)
    assert words in told.value.message and told.value.remedy and "English" not in str(told.value)


def test_an_airflow_that_is_away_is_told():
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    with pytest.raises(Refused, match="Airflow 没有应答"):
        Backfills("http://127.0.0.1:1", "t", httpx.MockTransport(away)).active()


def test_the_active_backfill_is_the_one_that_has_not_ended():
    entry = {
        "id": 3,
        "from_date": "2025-09-30T16:00:00Z",
        "to_date": "2025-12-31T16:00:00Z",
        "completed_at": None,
        "dag_run_conf": {"reason": "补报"},
    }
    listed = {"backfills": [{**entry, "id": 2, "completed_at": "2026-01-01T00:00:00Z"}, entry]}
    found = airflow({"GET /api/v2/backfills": httpx.Response(200, json=listed)}, []).active()
    assert found is not None and (found.id, found.reason) == (3, "补报")
    assert found.from_date.astimezone(SHANGHAI) == datetime(2025, 10, 1, tzinfo=SHANGHAI)
    ended = {"backfills": [{**entry, "completed_at": "2026-01-01T00:00:00Z"}]}
    assert airflow({"GET /api/v2/backfills": httpx.Response(200, json=ended)}, []).active() is None


def test_runs_are_found_by_their_quarter():
    runs = {"dag_runs": [{"logical_date": "2025-12-31T16:00:00Z", "dag_run_id": "b1"}, {"logical_date": None}]}
    found = airflow({"GET /api/v2/dags/courtyard_quarter/dagRuns": httpx.Response(200, json=runs)}, [])
    quarters = {Period.quarter("2026Q1"), Period.quarter("2026Q2")}
    assert {str(q): run["dag_run_id"] for q, run in found.runs(quarters).items()} == {"2026Q1": "b1"}


def test_the_part_of_a_span_that_has_not_ended_is_triggered():
    asked: list[httpx.Request] = []
    answers = {
        "POST /api/v2/backfills": httpx.Response(200, json={"id": 7}),
        "POST /api/v2/dags/courtyard_quarter/dagRuns": httpx.Response(200, json={"dag_run_id": "m"}),
    }
    at = datetime(2026, 2, 1, tzinfo=SHANGHAI)
    starting.start(airflow(answers, asked), ORDER, at)
    posts = [(path, body) for method, path, body in said(asked) if method == "POST"]
    conf = {"quarter": "2026Q1", "reason": "补报民政数据"}
    assert posts[0][1]["conf"] == conf
    assert posts[1][1]["to_date"] == "2025-10-01T00:00:00+08:00"
