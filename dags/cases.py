"""
### 工单时限 · the clocks of cases

Every five minutes: reports, replies and actions that were merged are taken up, every deadline that has passed
happens once (escalation to the next level, overdue, closing after nobody objected, follow-up due), and
community and street are told. After a downtime the first run does what was missed; each level that is told
then has its whole time. Running it again changes nothing. Where Airflow sends metrics, what stands is measured too.

* **Which quarter**: the parameter `quarter`; when empty, the quarter of the run. Cases belong to no quarter: it
  only names where a run's records are kept.
"""

from airflow.sdk import DAG, get_current_context, task

import _courtyard_metrics as metrics
import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER = schedule.quarter_param("按运行时间")

with DAG(
    dag_id="courtyard_cases",
    dag_display_name="工单时限",
    doc_md=__doc__,
    schedule=schedule.timetable("*/5 * * * *"),
    params={"quarter": QUARTER},
    tags=["courtyard", "residents"],
    **schedule.dag_settings(),
):

    def quarter():
        context = get_current_context()
        dag_run = context["dag_run"]
        return schedule.quarter_of(context["params"], dag_run.data_interval_end or dag_run.run_after)

    @task(task_display_name="到期办理", retries=2)
    def clock():
        """Take up what was merged and let deadlines happen, by the real clock: a late run must not be early."""
        return house.act_now("cases", quarter())

    @task(task_display_name="发送通知")
    def tell():
        """Send what is queued; what cannot be sent stays queued and is tried again at the next run."""
        return house.send(quarter())

    acted = clock()
    acted >> tell()
    if metrics.are_on():

        @task(task_display_name="发送指标", trigger_rule="all_done")
        def measure():
            """Send what stands now: rows, lateness of sources, reports, cases (docs/monitoring.md)."""
            return house.measure(quarter())

        acted >> measure()
