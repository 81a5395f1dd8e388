"""Airflow's own backfills of the quarter DAG over its REST API, in the name of whoever is signed in."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from courtyard.errors import CourtyardError, HeldError
from courtyard.period import Period

if TYPE_CHECKING:
    import httpx

DAG = "courtyard_quarter"
ADDRESS = "AIRFLOW__API__BASE_URL"
_SECONDS = 20
_REFUSED = {
    401: ("登录已过期，Airflow 不认这个账号。", "请重新登录后再试。"),
    403: ("您的 Airflow 账号无权发起或取消回填。", "请有运维权限（op）的账号来做，或请管理员调整角色。"),
    404: ("Airflow 里没有季度数据链 courtyard_quarter。", "请先运行 make up，并检查 DAG 导入错误。"),
}


class Refused(CourtyardError):
    """Airflow did not do what was asked; `status` is its answer's."""

    def __init__(self, status: int, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.status = status


@dataclass(frozen=True)
class Order:
    """A backfill to be made: an unbroken span of quarters, why, and how."""

    first: Period
    last: Period
    reason: str
    backwards: bool = False
    max_active_runs: int = 1

    def body(self) -> dict[str, Any]:
        """What `POST /api/v2/backfills` takes."""
        return {
            "dag_id": DAG,
            "from_date": self.first.start_at.isoformat(),
            "to_date": self.last.start_at.isoformat(),
            "max_active_runs": self.max_active_runs,
            "reprocess_behavior": "completed",
            "run_backwards": self.backwards,
            "dag_run_conf": {"reason": self.reason},
        }

    def command(self) -> str:
        """The command of Airflow's own that does the same."""
        body = self.body()
        conf = json.dumps(body["dag_run_conf"], ensure_ascii=False)
        words = ["courtyard", "airflow", "backfill", "create", "--dag-id", DAG, "--from-date", body["from_date"]]
        words += ["--to-date", body["to_date"], "--reprocess-behavior", "completed"]
        words += ["--max-active-runs", str(self.max_active_runs), "--dag-run-conf", conf]
        return shlex.join([*words, *(["--run-backwards"] if self.backwards else [])])

    def call(self, address: str = "$AIRFLOW") -> str:
        """The REST call that does the same, for curl; the token is the caller's own."""
        body = json.dumps(self.body(), ensure_ascii=False)
        return (
            f'curl -X POST "{address}/api/v2/backfills" -H "Authorization: Bearer $TOKEN" '
            f'-H "Content-Type: application/json" -d {shlex.quote(body)}'
        )


@dataclass(frozen=True)
class Running:
    """A backfill that Airflow has not ended."""

    id: int
    from_date: datetime
    to_date: datetime
    reason: str


@dataclass
class Backfills:
    """Backfills as one signed-in user may see and make them; every refusal is Airflow's own, told in Chinese."""

    address: str
    token: str = field(repr=False)
    transport: httpx.BaseTransport | None = None

    def start(self, order: Order) -> int:
        """Make a backfill; returns its id. HeldError while another one is active."""
        self._send("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})
        return self._send("POST", "/api/v2/backfills", json=order.body())["id"]

    def trigger(self, quarter: Period, reason: str) -> str:
        """Run a quarter that has not ended, which Airflow's backfills leave out; returns the run's id."""
        self._send("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})
        body = {"logical_date": None, "conf": {"quarter": str(quarter), "reason": reason}}
        return self._send("POST", f"/api/v2/dags/{DAG}/dagRuns", json=body)["dag_run_id"]

    def active(self) -> Running | None:
        """The backfill that is going on, if any: Airflow allows one a DAG."""
        found = self._send("GET", "/api/v2/backfills", params={"dag_id": DAG, "limit": 100})["backfills"]
        for entry in found:
            if entry["completed_at"] is None:
                dates = (
                    datetime.fromisoformat(entry[name].replace("Z", "+00:00")) for name in ("from_date", "to_date")
                )
                return Running(entry["id"], *dates, reason=(entry["dag_run_conf"] or {}).get("reason", ""))
        return None

    def cancel(self, backfill: int) -> None:
        """Start no further run of it; the one that runs goes on to its end."""
        self._send("PUT", f"/api/v2/backfills/{backfill}/cancel")

    def runs(self, quarters: set[Period]) -> dict[Period, dict[str, Any]]:
        """The run of each quarter of a backfill, as Airflow has it."""
        query = {"limit": 100, "order_by": "-logical_date", "run_type": "backfill"}
        found = self._send("GET", f"/api/v2/dags/{DAG}/dagRuns", params=query)["dag_runs"]
        dated = {
            datetime.fromisoformat(r["logical_date"].replace("Z", "+00:00")): r for r in found if r["logical_date"]
        }
        return {quarter: dated[quarter.start_at] for quarter in quarters if quarter.start_at in dated}

    def _send(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        import httpx  # the command line prints orders without it

        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            # trust_env False: a proxy in the environment must not see a user's token.
            with httpx.Client(
                base_url=self.address, timeout=_SECONDS, trust_env=False, transport=self.transport
            ) as client:
                answer = client.request(method, path, headers=headers, **arguments)
        except httpx.TransportError:
            raise Refused(503, "Airflow 没有应答。", "请确认它在运行（make up），稍后再试。") from None
        if answer.status_code == 409:
            if method == "PUT":
                raise HeldError("这次回填已经结束，不必取消。", "刷新页面查看结果。")
            raise HeldError("已有一次回填正在进行。", "请等它结束，或先取消它，再发起新的回填。")
        if answer.status_code >= 400:
            told = _REFUSED.get(
                answer.status_code, (f"Airflow 没有接受这次回填（{answer.status_code}）。", "请看它的日志。")
            )
            raise Refused(answer.status_code, *told)
        return answer.json()


def address_of(default: str | None = None) -> str | None:
    """Where Airflow answers: as it is told itself, else `default`."""
    return (os.environ.get(ADDRESS) or default or "").rstrip("/") or None
