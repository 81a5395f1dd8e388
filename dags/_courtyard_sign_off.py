"""One question to an approver through Airflow's human in the loop; imported by the sign-off DAG alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

import _courtyard_links as links
import _courtyard_task as house
from courtyard.period import SHANGHAI, Period

OPTIONS = ["签发", "退回"]
FIELDS = {
    "post": ("签发岗位", "以哪个岗位签发，照题目里写的填；填报岗位不能签发自己填报的报表。"),
    "reason": ("理由", "退回必填：哪里不对、请谁更正。"),
    "only": ("只针对", "如 dibao_roster 2026-07，多张用逗号隔开；留空为全部。"),
}


class SignOffOperator(HITLOperator):
    """Shows one department's reports to their approver and carries out the answer.

    After a wrong answer the same page waits again: Airflow keeps what a question said, so the reason goes to the approver
    by notice, into the log, and onto the page of the next run. Without an answer in time the task is skipped; the next
    run asks again.
    """

    template_fields = ()

    def __init__(self, *, department: str, approver: str, **kwargs: Any) -> None:
        params = {
            name: Param("", type="string", title=title, description=told) for name, (title, told) in FIELDS.items()
        }
        super().__init__(
            subject="请签发", options=OPTIONS, params=params, response_timeout=timedelta(hours=23), **kwargs
        )
        self.department, self.approver = department, approver

    def execute(self, context: Any) -> Any:
        now = datetime.now(SHANGHAI)
        shown = house.act("ask", _quarter(now), department=self.department, approver=self.approver, at=now)
        if shown is None:
            raise AirflowSkipException("已没有待签发的报表。")
        links.leave_reports(context["ti"], shown["asked"])
        self.subject, self.body = shown["subject"], shown["body"]
        return self._wait(context, shown["asked"])

    def _wait(self, context: Any, asked: list[dict[str, Any]]) -> Any:
        try:
            return super().execute(context)
        except TaskAwaitingInput as waiting:  # what was shown comes back with the answer
            waiting.kwargs = {"asked": asked}
            raise

    def execute_complete(self, context: Any, event: dict[str, Any], asked: list[dict[str, Any]]) -> Any:
        if event.get("error_type") == "timeout":
            raise AirflowSkipException("今天没有答复，明天再问。")
        chosen, given = event["chosen_options"], event.get("params_input") or {}
        now = datetime.now(SHANGHAI)
        done = house.act(
            "answer",
            _quarter(now),
            asked=asked,
            option=chosen[0] if chosen else "",
            given={name: str(given.get(name) or "") for name in FIELDS},
            at=now,
        )
        if "wrong" in done:
            self.log.warning("答复没有被接受，再问一次：%s", done["wrong"])
            house.send(_quarter(now))
            return self._wait(context, asked)
        return done


def _quarter(now: datetime) -> str:
    return str(Period.of("quarter", now))
