"""The notifier with a task's own context: what it asks of the library, and that it never hides what failed."""

from __future__ import annotations

import errno
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import post_office
import pytest
from airflow.sdk.exceptions import AirflowFailException

import _courtyard_schedule as schedule
import _courtyard_task as house
from _courtyard_alert import AlertNotifier
from courtyard import actions, errors, stages
from courtyard.errors import NotConnected
from courtyard.privacy import keys

PLANTED = "张建国 510105195203041234 13800138000"


@pytest.fixture(autouse=True)
def _own_work(monkeypatch):
    monkeypatch.setattr(house, "_DOING", {})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


@pytest.fixture
def office(settings, warehouse_url, server, monkeypatch):
    """The library as a task finds it: its folders, its warehouse, its mail."""
    keys.create(settings.keys)
    server.empty()
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)

    def connection(conn_id: str) -> Any:
        if conn_id != "mail":
            raise NotConnected(f"没有设置连接 {conn_id}。")
        return server.mail

    monkeypatch.setattr(house, "connection", connection)
    return server


def context(error: BaseException | None, task_id: str = "fetch") -> dict[str, Any]:
    """What Airflow hands to a callback, of what is used of it."""
    return {
        "exception": error,
        "task_instance": SimpleNamespace(dag_id="courtyard_quarter", task_id=task_id),
        "dag": SimpleNamespace(dag_display_name="季度数据链", get_template_env=lambda **_: None),
        "task": SimpleNamespace(task_display_name="取数落地", dag=None),
        "dag_run": SimpleNamespace(dag_id="courtyard_quarter", run_id="r"),
        "ti": SimpleNamespace(xcom_push=lambda key, value: None),
    }


def failing(monkeypatch, error: Exception, stage: str = "fetch", part: str | None = "hotline") -> BaseException:
    """What a task raises when its stage raises an error."""
    monkeypatch.setattr(house, "get_current_context", lambda: context(None))

    def run_stage(*_given: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(stages, "run_stage", run_stage)
    with pytest.raises(BaseException) as raised:
        house.run(stage, "2026Q3", part=part)
    return raised.value


def test_a_failed_source_is_one_mail_to_the_street_and_another_when_it_works(office, monkeypatch):
    error = failing(monkeypatch, errors.SourceError("2026-07：连接被拒绝。", "请检查网络。"))
    for _ in range(3):
        AlertNotifier()(context(error))
    [mail] = office.told()
    assert mail["subject"] == "【告警】取数失败：12345热线办件（青羊区网络理政中心） 2026年第三季度"
    assert mail["to"] == "street-510105005@shaocheng.example"
    body = mail.get_body().get_content()
    assert "原因：2026-07：连接被拒绝。" in body and "处理：请检查网络。" in body
    office.empty()
    for _ in range(2):
        AlertNotifier(recovered=True)(context(None))
    assert [mail["subject"][:5] for mail in office.told()] == ["【已恢复】"]


def test_an_error_that_is_none_of_the_librarys_is_named_by_its_class_alone(office, monkeypatch):
    error = failing(monkeypatch, ValueError(f"bad row {PLANTED}"), "merge", None)
    AlertNotifier()(context(error, "merge"))
    [mail] = office.told()
    told = mail.as_string() + mail.get_body().get_content()
    assert "程序出错（ValueError）" in told
    assert not any(word in told for word in PLANTED.split())


def test_a_full_disk_is_told_as_such(monkeypatch):
    assert house.said_by(OSError(errno.ENOSPC, "No space left on device")) == {"error": "DiskFull"}


def test_a_dead_database_leaves_the_failure_to_the_log(office, monkeypatch, capfd):
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", "postgresql://nobody@127.0.0.1:9/none")
    error = failing(monkeypatch, errors.SourceError("2026-07：连接被拒绝。"))
    AlertNotifier()(context(error))  # and raises nothing
    AlertNotifier(recovered=True)(context(None))
    said = "".join(capfd.readouterr())
    assert "告警发不出（OperationalError）" in said and "季度数据链／取数落地 2026Q3 2026-07：连接被拒绝。" in said
    assert office.told() == []


def test_a_dead_mail_server_does_not_fail_either(office, monkeypatch):
    dead = replace(office.mail, port=9)
    monkeypatch.setattr(house, "connection", lambda _: dead)
    done: list[dict] = []
    alert = actions.ACTIONS["alert"]
    monkeypatch.setitem(actions.ACTIONS, "alert", lambda **asked: done.append(alert(**asked)) or done[-1])
    AlertNotifier()(context(AirflowFailException("手动运行须填写季度参数。")))
    assert done[0]["told"] == 1 and done[0]["sending"]["waiting"] == 1


def test_a_task_that_was_killed_is_told_without_a_word_of_an_error(office):
    AlertNotifier()(context(None))
    [mail] = office.told()
    assert "进程中断" in mail.get_body().get_content()


def test_every_task_has_both_callbacks_by_the_settings_of_all_dags():
    given = schedule.dag_settings()["default_args"]
    (failing,), (succeeding,) = given["on_failure_callback"], given["on_success_callback"]
    assert isinstance(failing, AlertNotifier) and not failing.recovered
    assert isinstance(succeeding, AlertNotifier) and succeeding.recovered
