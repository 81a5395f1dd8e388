"""A client of Airflow's REST API, of what the demo and the tests need."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from courtyard.errors import CourtyardError
from courtyard.runtime.airflow import USER, Secrets

POLL_SECONDS = 0.5
ENDED = ("success", "failed")


@dataclass
class Api:
    """One signed-in client; `still_alive` raises when Airflow's processes are gone."""

    secrets: Secrets
    still_alive: Callable[[], None] = lambda: None
    _client: httpx.Client = field(init=False)
    _warm: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        # trust_env False: a proxy in the environment must not see, or answer for, loopback.
        self._client = httpx.Client(base_url=self.secrets.address, timeout=30, trust_env=False)

    def wait_until_ready(self, dag_ids: list[str], seconds: float = 180) -> None:
        """Wait until the server answers, the scheduler beats and all these DAGs are parsed."""
        deadline = time.monotonic() + seconds
        missing = "the API server"
        while time.monotonic() < deadline:
            self.still_alive()
            try:
                missing = self._missing(dag_ids)
            except httpx.TransportError:
                missing = "the API server"
            if not missing:
                return
            time.sleep(POLL_SECONDS)
        raise CourtyardError(f"Airflow was not ready within {seconds:.0f} seconds: {missing} is missing.")

    def _missing(self, dag_ids: list[str]) -> str:
        health = self._client.get("/api/v2/monitor/health")
        if health.status_code != 200:
            return "the API server"
        if not self._warm:  # the first task would wait five seconds for the tasks' API to be put together
            self._warm = self._client.get("/execution/health").status_code == 200
        if health.json()["scheduler"]["status"] != "healthy":
            return "the scheduler"
        if "Authorization" not in self._client.headers:
            self.sign_in()
        known = {dag["dag_id"] for dag in self._get("/api/v2/dags", limit=100, exclude_stale=True)["dags"]}
        absent = [dag_id for dag_id in dag_ids if dag_id not in known]
        errors = self._get("/api/v2/importErrors")["import_errors"] if absent else []
        if errors:
            last = errors[0]["stack_trace"].strip().splitlines()[-1]
            raise CourtyardError(f"Airflow cannot load {errors[0]['filename']}.", last)
        return f"DAG {absent[0]}" if absent else ""

    def sign_in(self) -> str:
        """Sign in as the administrator; returns the token."""
        answer = self._client.post("/auth/token", json={"username": USER, "password": self.secrets.password})
        answer.raise_for_status()
        token = answer.json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
        return token

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._send("GET", path, params=query)

    def _send(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            self.still_alive()
            raise CourtyardError(f"Airflow did not answer: {type(error).__name__}.", "Look at its logs.") from None
        if answer.status_code >= 400:
            raise CourtyardError(f"Airflow refused {method} {path} ({answer.status_code}): {answer.text[:300]}")
        return answer.json()

    def pause(self, dag_id: str, paused: bool) -> None:
        self._send("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": paused})

    def paused(self) -> tuple[str, ...]:
        """The DAGs with a schedule that are paused, by name."""
        found = self._get("/api/v2/dags", limit=100, exclude_stale=True, paused=True)["dags"]
        return tuple(sorted(dag["dag_id"] for dag in found if dag["timetable_summary"]))

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run without a logical date; returns its id."""
        return self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})[
            "dag_run_id"
        ]

    def backfill(self, dag_id: str, from_date: str, to_date: str, reason: str) -> int:
        """Start a backfill, one run at a time, that reprocesses completed runs; `reason` is kept. Returns its id."""
        body = {
            "dag_id": dag_id,
            "from_date": from_date,
            "to_date": to_date,
            "max_active_runs": 1,
            "reprocess_behavior": "completed",
            "run_backwards": False,
            "dag_run_conf": {"reason": reason},
        }
        return self._send("POST", "/api/v2/backfills", json=body)["id"]

    def settle(self, dag_ids: list[str]) -> None:
        """End what a killed demo left open, so that nothing waits for a task that no longer runs."""
        for dag_id in dag_ids:
            for found in self._get("/api/v2/backfills", dag_id=dag_id, limit=100)["backfills"]:
                if found["completed_at"] is None:
                    self._send("PUT", f"/api/v2/backfills/{found['id']}/cancel")
            for run in self.unfinished(dag_id):
                path = f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
                self._send("PATCH", path, json={"state": "failed"})

    def runs(self, dag_id: str, **query: Any) -> list[dict[str, Any]]:
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns", limit=100, **query)["dag_runs"]

    def unfinished(self, dag_id: str) -> list[dict[str, Any]]:
        """Runs that run or are queued, in the order in which they were asked for."""
        # One question: between two, a run may go from one state to the other.
        found = self.runs(dag_id, state=["running", "queued"])
        return sorted(found, key=lambda run: run["run_after"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run, mapped ones each by itself."""
        found = self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)
        return found["task_instances"]

    def last_error(self, task: dict[str, Any]) -> str:
        """The last error line of a task's log; empty when there is none."""
        path = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        query = {"map_index": task["map_index"], "full_content": True}
        lines = self._get(f"{path}/logs/{max(task['try_number'], 1)}", **query).get("content", [])
        found = ""
        for line in lines:
            for detail in line.get("error_detail") or [] if isinstance(line, dict) else []:
                found = detail.get("exc_value") or found
        return found
