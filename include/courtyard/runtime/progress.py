"""Follows Airflow runs through the REST API and prints a line as each stage ends."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from courtyard.runtime.api import ENDED, POLL_SECONDS, Api

MOST_LETTERS = 200
DONE = ("success", "failed", "skipped", "upstream_failed", "removed")
TASK_TITLES = {
    "open": "占用季度",
    "fetch": "取数落地",
    "parse": "解析",
    "admit": "收件登记",
    "validate": "校验",
    "link": "识别人与地址",
    "merge": "合并入库",
    "receipt": "回执",
    "cases": "工单",
    "archive": "院落档案",
    "publish": "发布报表",
    "deliver": "送达",
    "watch": "缺数提醒",
    "due": "查续算",
    "follow_on": "触发续算",
    "land": "取数落地",
    "issue": "生成采集表",
    "collect": "取件",
    "take_in": "入库并回执",
    "tell": "发送通知",
}


@dataclass
class Progress:
    """Prints with the time since the demo began."""

    console: Console
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        self.console.print(
            f"[dim]{time.monotonic() - self.began:6.1f} 秒[/dim]  {text}", highlight=False, soft_wrap=True
        )


def follow(api: Api, progress: Progress, dag_id: str, run_id: str, title: str) -> bool:
    """Wait for a run to end, printing each stage; returns whether it succeeded."""
    told: set[str] = set()
    while True:
        run = api.run(dag_id, run_id)
        if run["state"] != "queued":
            _tell(api, progress, title, api.tasks(dag_id, run_id), told)
        if run["state"] in ENDED:
            mark = "[green]完成[/green]" if run["state"] == "success" else "[red]未完成[/red]"
            progress.say(f"{title}  {mark}，用时 {_seconds(run):.0f} 秒")
            return run["state"] == "success"
        api.still_alive()
        time.sleep(POLL_SECONDS)


def wait_for_all(api: Api, progress: Progress, runs: Iterable[tuple[str, str, str]]) -> bool:
    """Wait for several runs (DAG, run, title); a line as each ends. Returns whether all succeeded."""
    waiting = {(dag_id, run_id): title for dag_id, run_id, title in runs}
    good = True
    while waiting:
        for (dag_id, run_id), title in list(waiting.items()):
            run = api.run(dag_id, run_id)
            if run["state"] not in ENDED:
                continue
            del waiting[dag_id, run_id]
            good &= run["state"] == "success"
            mark = "[green]✓[/green]" if run["state"] == "success" else "[red]✗[/red]"
            progress.say(f"{mark} {title}  {_seconds(run):.1f} 秒")
            if run["state"] == "failed":
                _tell(api, progress, title, api.tasks(dag_id, run_id), set())
        api.still_alive()
        time.sleep(POLL_SECONDS)
    return good


def _tell(api: Api, progress: Progress, title: str, tasks: list[dict[str, Any]], told: set[str]) -> None:
    """Print each stage once, when all its mapped parts have ended; skipped ones not at all."""
    for name in dict.fromkeys(task["task_id"] for task in tasks):
        parts = [task for task in tasks if task["task_id"] == name]
        if name in told or not all(task["state"] in DONE for task in parts):
            continue
        told.add(name)
        failed = [task for task in parts if task["state"] == "failed"]
        if any(task["state"] == "success" for task in parts) and not failed:
            progress.say(f"{title}  [green]✓[/green] {TASK_TITLES.get(name, name)}  {_span(parts):.1f} 秒")
        for task in failed:
            label = task.get("rendered_map_index") or ""
            reason = textwrap.shorten(api.last_error(task), MOST_LETTERS, placeholder=" …")
            progress.say(f"{title}  [red]✗[/red] {TASK_TITLES.get(name, name)} {label}  {escape(reason)}".rstrip())


def _span(tasks: list[dict[str, Any]]) -> float:
    starts = [_moment(task["start_date"]) for task in tasks if task["start_date"]]
    ends = [_moment(task["end_date"]) for task in tasks if task["end_date"]]
    return (max(ends) - min(starts)).total_seconds() if starts and ends else 0.0


def _seconds(run: dict[str, Any]) -> float:
    if not (run["start_date"] and run["end_date"]):
        return 0.0
    return (_moment(run["end_date"]) - _moment(run["start_date"])).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
