"""The page 回填: who may open it, the plan, starting and cancelling through an Airflow that is played here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from tests.boards.conftest import Open

from courtyard.backfill import starting
from courtyard.errors import HeldError
from courtyard.period import Period
from courtyard.store import database

STREET = "510105005"


@dataclass
class Airflow:
    """What the page asks of Airflow, and what it is told."""

    going_on: starting.Running | None = None
    refuses: Exception | None = None
    asked: list[object] = field(default_factory=list)

    def active(self) -> starting.Running | None:
        return self.going_on

    def start(self, order: starting.Order) -> int:
        self._ask(order)
        return 7

    def trigger(self, quarter: Period, reason: str) -> str:
        self._ask((str(quarter), reason))
        return "manual__1"

    def cancel(self, number: int) -> None:
        self._ask(number)

    def _ask(self, what: object) -> None:
        if self.refuses:
            raise self.refuses
        self.asked.append(what)


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def street01(as_user: Open, airflow: Airflow) -> TestClient:
    client = as_user("street01")
    client.app.state.backfills = lambda request: airflow
    return client


@pytest.fixture
def enter(warehouse_url: str) -> Callable[..., None]:
    def run(statement: str, **values: object) -> None:
        with database.engine(warehouse_url).begin() as connection:
            connection.execute(text(statement), values)

    return run


def order(first: str, last: str, reason: str, backwards: bool = False) -> starting.Order:
    return starting.Order(Period.quarter(first), Period.quarter(last), reason, backwards)


@pytest.mark.parametrize("user", ["community01", "department01", "viewer01"])
@pytest.mark.parametrize("path", ["/backfill", "/backfill/cancel"])
def test_only_the_street_may_open_it(as_user: Open, user: str, path: str) -> None:
    client = as_user(user)
    answer = client.get(path) if path == "/backfill" else client.post(path)
    assert answer.status_code == 403 and "回填不对" in answer.text
    assert client.post("/backfill", data={"first": "2026Q1", "last": "2026Q1", "reason": "x"}).status_code == 403


def test_it_offers_the_quarters_that_may_run_and_says_how_else_without_airflow(as_user: Open) -> None:
    page = as_user("street01").get("/backfill").text
    assert [q for q in ("2025Q3", "2025Q4", "2026Q4", "2027Q1") if f'value="{q}"' in page] == ["2025Q4", "2026Q4"]
    plan = as_user("street01").get("/backfill?first=2026Q1&last=2026Q2").text
    assert "2026年第一季度" in plan and "2026年第二季度" in plan and "这里没有连接 Airflow" in plan
    assert "courtyard backfill 2026Q1..2026Q2 --reason 原因" in plan


def test_a_plan_shows_what_waits_and_what_is_asked_again(street01: TestClient, enter: Callable[..., None]) -> None:
    enter(
        """INSERT INTO landing.delivery (delivery_id, seq, street_code, source, period, unit_code, name, sha256, size_bytes,
               media_type, version_at, received_at, sealed_name, key_id, wrapped_key)
           VALUES ('grid:1', 1, :street, 'grid', '2026Q2', '510105005002001', '某网格.xlsx', 'a', 1, 'x',
                   '2026-07-20T09:00+08', '2026-07-20T09:00+08', 'x', 'k', '')""",
        street=STREET,
    )
    enter(
        """INSERT INTO landing.fetch (street_code, source, period, status, reason, at)
           VALUES (:street, 'civil_affairs', '2026-05', 'failed', '连接超时', '2026-07-02T08:00+08')""",
        street=STREET,
    )
    page = street01.get("/backfill?first=2026Q2&last=2026Q2").text
    assert "会用到·迟到" in page and "四道街社区第1网格" in page and "报送会收到回执" in page
    assert "2026-05（上次取数失败：连接超时）" in page
    assert "开始回填2026年第二季度" in page and 'name="reason"' in page


def test_it_starts_airflows_backfill_as_the_user_and_a_reload_starts_no_other(
    street01: TestClient, airflow: Airflow
) -> None:
    given = {"first": "2025Q4", "last": "2026Q2", "reason": " 补报\n民政数据 ", "backwards": "true"}
    answer = street01.post("/backfill", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/backfill?started=1")
    assert airflow.asked == [order("2025Q4", "2026Q2", "补报 民政数据", backwards=True)]
    assert "已交给 Airflow" in street01.get("/backfill?started=1").text and len(airflow.asked) == 1


def test_a_quarter_that_has_not_ended_runs_by_itself_since_airflow_would_leave_it_out(
    street01: TestClient, airflow: Airflow
) -> None:
    street01.post("/backfill", data={"first": "2026Q3", "last": "2026Q4", "reason": "补报"})
    assert airflow.asked == [("2026Q4", "补报"), order("2026Q3", "2026Q3", "补报")]


@pytest.mark.parametrize(
    ("first", "last", "reason", "said"),
    [
        ("2026Q1", "2026Q1", "  ", "回填必须写明原因。"),
        ("2026Q1", "2026Q1", "长" * 201, "原因太长。"),
        ("2026Q2", "2026Q1", "补报", "起止颠倒：2026Q2 晚于 2026Q1。"),
        ("2026Q7", "2026Q7", "补报", "“2026Q7”不是一个季度。"),
        ("2025Q1", "2025Q1", "补报", "2025Q4"),
        ("2027Q1", "2027Q1", "补报", "还没有开始"),
    ],
)
def test_what_cannot_be_run_is_told_and_not_started(
    street01: TestClient, airflow: Airflow, first: str, last: str, reason: str, said: str
) -> None:
    answer = street01.post("/backfill", data={"first": first, "last": last, "reason": reason})
    assert answer.status_code == 400 and said in answer.text and airflow.asked == []


@pytest.mark.parametrize(
    ("refusal", "status", "said"),
    [
        (starting.Refused(403, "您的 Airflow 账号无权发起或取消回填。", "请有运维权限的账号来做。"), 403, "无权发起"),
        (HeldError("已有一次回填正在进行。", "请等它结束。"), 409, "已有一次回填正在进行。"),
        (starting.Refused(503, "Airflow 没有应答。", "请稍后再试。"), 503, "Airflow 没有应答。"),
    ],
)
def test_airflows_own_answer_is_told(
    street01: TestClient, airflow: Airflow, refusal: Exception, status: int, said: str
) -> None:
    airflow.refuses = refusal
    answer = street01.post("/backfill", data={"first": "2026Q1", "last": "2026Q1", "reason": "补报"})
    assert answer.status_code == status and said in answer.text


def test_what_goes_on_is_shown_with_whom_it_waits_for_and_reloads_itself(
    street01: TestClient, airflow: Airflow, enter: Callable[..., None]
) -> None:
    page = street01.get("/backfill").text
    assert "http-equiv" not in page and "还没有运行记录" in page
    run = """INSERT INTO warehouse.quarter_run (street_code, quarter, token, holder, kind, reason, requested_by, asked_at,
                 waits_for, opened_at, outcome)
             VALUES (:street, '2026Q1', :token, :holder, :kind, :reason, 'street01', '2026-10-08T09:00+08', :waits,
                     '2026-10-08T09:00+08', :outcome)"""
    given = {"street": STREET, "reason": "按时运行", "kind": "scheduled", "outcome": "running", "waits": None}
    enter(run, **given, token=1, holder="a")
    enter(
        """INSERT INTO warehouse.lease (street_code, quarter, token, holder, expires_at)
           VALUES (:street, '2026Q1', 1, 'a', now() + interval '1 hour')""",
        street=STREET,
    )
    enter(
        run,
        **{**given, "reason": "补报", "kind": "backfill", "outcome": "waiting", "waits": "a"},
        token=None,
        holder="b",
    )
    airflow.going_on = starting.Running(7, datetime.fromisoformat("2026-01-01T00:00+08:00"),
                                        datetime.fromisoformat("2026-01-01T00:00+08:00"), "补报")  # fmt: skip
    page = street01.get("/backfill").text
    assert 'http-equiv="refresh"' in page and "等 定时运行（按时运行），自 2026-10-08 09:00" in page
    assert "回填：补报" in page and "取消还没开始的季度" in page
    assert "http-equiv" not in street01.get("/backfill?first=2026Q1").text  # nobody's reason is lost to a reload


def test_cancelling_ends_the_active_backfill(street01: TestClient, airflow: Airflow) -> None:
    airflow.going_on = starting.Running(7, datetime.now().astimezone(), datetime.now().astimezone(), "")
    assert street01.post("/backfill/cancel").status_code == 303
    assert airflow.asked == [7]


def test_signed_in_takes_the_requests_own_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    assert starting.signed_in({}, {"_token": "t"}) is None
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://127.0.0.1:8080/")
    assert starting.signed_in({}, {}) is None
    for found in (starting.signed_in({}, {"_token": "t"}), starting.signed_in({"authorization": "Bearer t"}, {})):
        assert found is not None and (found.address, found.token) == ("http://127.0.0.1:8080", "t")
        assert "'t'" not in repr(found)
