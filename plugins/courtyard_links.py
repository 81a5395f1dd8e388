"""Buttons on a task's page that lead to the office's pages: the delivery, receipt, report, case behind the task.

The task left the paths itself (`dags/_courtyard_links.py`), so the links are right for mapped tasks and from the moment
a task begins. Airflow hides a button that a task has no path for.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperatorLink

PREFIX = "/courtyard"
KEY = "courtyard_links"
TITLES = ("来件", "回执", "质量报告", "运行记录", "季度看板", "报表", "工单")


class PageLink(BaseOperatorLink):
    """One button; Airflow asks for its address each time it shows a task."""

    def __init__(self, title: str) -> None:
        self._title = title

    @property
    def name(self) -> str:
        return self._title

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address of the page, or "" where the task left none under this title."""
        path = _left(ti_key).get(self._title)
        return f"{_root()}{PREFIX}{path}" if path else ""


def _left(ti_key: Any) -> dict[str, str]:
    """What a task instance left; the API server reads it as it reads any operator's links."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.execute(
            XComModel.get_many(
                key=KEY,
                run_id=ti_key.run_id,
                dag_ids=ti_key.dag_id,
                task_ids=ti_key.task_id,
                map_indexes=ti_key.map_index,
            ).with_only_columns(XComModel.value)
        ).first()
    if found is None:
        return {}
    return json.loads(found.value) if isinstance(found.value, str) else found.value


def _root() -> str:
    """The path below which Airflow answers, where a web server puts it below one."""
    from airflow.configuration import conf

    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")


class CourtyardLinksPlugin(AirflowPlugin):
    name = "courtyard_links"
    global_operator_extra_links = [PageLink(title) for title in TITLES]  # noqa: RUF012  Airflow reads a class attribute
