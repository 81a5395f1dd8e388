"""A task that failed for good becomes an alert, and one that works again ends it; every DAG has these by `dag_settings`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import BaseNotifier

from courtyard.period import SHANGHAI, Period


class AlertNotifier(BaseNotifier):
    """Tells what failed, once a cause; with `recovered`, that it works again.

    Set as on_failure_callback it is not called while a try is left. Whatever happens here the task keeps its own
    outcome: without a database the alert stands in the log, without a mail server it waits in the ledger of notices.
    """

    def __init__(self, *, recovered: bool = False) -> None:
        super().__init__()
        self.recovered = recovered

    def notify(self, context: Any) -> None:
        from courtyard.watching.failing import Failure

        failure = Failure(**_facts(context))
        try:
            self._recover(failure) if self.recovered else self._alert(failure)
        except Exception as error:  # of whatever kind: an alert must not hide what it is about
            self._fall_back(failure, error)

    def _alert(self, failure: Any) -> None:
        from courtyard import actions

        done = actions.ACTIONS["alert"](**_asked(failure))
        if not done["told"]:
            self.log.info("告警：同一原因已经告知过，这次只记数。")
        elif waiting := done["sending"]["waiting"]:
            self.log.info("告警：已登记；%d 条通知因渠道不通待发，恢复后自动发出。", waiting)
        else:
            self.log.info("告警：已发出。")

    def _recover(self, failure: Any) -> None:
        from courtyard import actions

        if actions.ACTIONS["recovered"](**_asked(failure))["over"]:
            self.log.info("此前的告警已结束，恢复通知已发出。")

    def _fall_back(self, failure: Any, error: Exception) -> None:
        """Only the kind of error: a database's words may quote a row."""
        if self.recovered:
            self.log.warning("没能查看有无待结束的告警（%s）；监测流程会补上。", type(error).__name__)
            return
        what = failure.said or f"程序出错（{failure.error or '进程中断'}）。"
        self.log.error(
            "告警发不出（%s），只记在这里：%s %s %s", type(error).__name__, failure.title, failure.period, what
        )


def _asked(failure: Any) -> dict[str, Any]:
    """What the library's action is asked; the period only names where its records are kept."""
    import _courtyard_task as house

    now = datetime.now(SHANGHAI)
    quarter = str(Period.of("quarter", now))
    return {"period": quarter, "holder": "airflow:alert", "connection": house.connection, "failure": failure, "at": now}


def _facts(context: Any) -> dict[str, str]:
    """What failed, from the context and from what the task was doing; of an error none of the library's only its class."""
    import _courtyard_task as house

    task, dag, error = context.get("task"), context.get("dag"), context.get("exception")
    instance = context["task_instance"]
    title = "／".join(
        filter(None, (getattr(dag, "dag_display_name", instance.dag_id), getattr(task, "task_display_name", None)))
    )
    facts = {"dag_id": instance.dag_id, "task_id": instance.task_id, "title": title, **house.doing()}
    return facts if error is None else {**facts, **house.said_by(error)}
