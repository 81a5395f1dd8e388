"""Runs that follow from a correction: Airflow does not by itself run again what was built on it, so two tasks do.

They end the quarter's chain and the daily one. A run's id says which quarter and which cause, so a cause triggers one run however
often it is looked at; what is due for hours is triggered once more a day, and stands in `mart.follow_on` until it has run.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import DagRunTriggerException

import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER_DAG = "courtyard_quarter"


def follow_on(upstream: list[Any], *, again: bool = False) -> None:
    """Look for what is due after the tasks `upstream`, at least one of which has succeeded, and trigger it in order.

    `again` also triggers what was triggered hours ago and is still due.
    """

    @task(task_id="due", task_display_name="查续算", trigger_rule="all_done_min_one_success")
    def due():
        """The quarters to be run again since facts behind their forms have changed: {run_id, conf} each."""
        return house.act_now("due", schedule.running_quarter(), again=again)

    @task(
        task_id="follow_on",
        task_display_name="触发续算",
        doc_md="Trigger the run of a quarter that is due after a correction. The label is the run's id.",
        max_active_tis_per_dagrun=1,
        map_index_template="{{ task.op_kwargs['run']['run_id'] }}",
    )
    def trigger(run):
        trigger_run(run["run_id"], run["conf"])

    found = due()
    upstream >> found
    trigger.expand(run=found)


def trigger_run(run_id: str, conf: dict[str, str]) -> None:
    """Start a run of the quarter DAG, unless one of this id is there already.

    What TriggerDagRunOperator does, without the second that importing it costs each parse.
    """
    raise DagRunTriggerException(
        trigger_dag_id=QUARTER_DAG,
        dag_run_id=run_id,
        conf=conf,
        logical_date=None,
        reset_dag_run=False,
        skip_when_already_exists=True,
        wait_for_completion=False,
        allowed_states=["success"],
        failed_states=["failed"],
        poke_interval=60,
        deferrable=False,
    )


def kind_of(dag_run: Any) -> str:
    """How a run of the quarter DAG came about, in the words of `courtyard.store.runs`."""
    if dag_run.run_id.startswith("follow_on__"):
        return "follow_on"
    return {"scheduled": "scheduled", "backfill": "backfill"}.get(str(dag_run.run_type), "manual")


def asked() -> dict[str, str]:
    """Kind, reason and asker of the run in which this task runs."""
    context = get_current_context()
    dag_run = context["dag_run"]
    kind = kind_of(dag_run)
    reason = "" if kind == "scheduled" else str(context["params"].get("reason") or "").strip()
    by = getattr(dag_run, "triggering_user_name", None) or dag_run.run_id
    return {"kind": kind, "reason": reason, "requested_by": dag_run.run_id if kind == "follow_on" else by}
