"""
### 每日报表 · weekly and monthly reports between the quarter runs

Every morning: takes in what has landed for the running quarter (and, in the month after its end, for the last one), publishes the
reports whose 统计截止日 is past, and sends what is signed or waived. A report whose data has not come, or that does not add up, is
held with its reason and stops nothing: `courtyard status`, `courtyard explain`.

* **Which quarter**: the parameter `quarter`; when empty, the one in which the run's day lies.
* **follow_on** triggers the runs of quarters that a correction has left due and that nothing has run yet.
* **report waits**: a quarter run has the quarter; it is tried again until that run ends.
"""

from datetime import datetime, timedelta

from airflow.sdk import DAG, get_current_context, task

import _courtyard_follow as follow
import _courtyard_schedule as schedule
import _courtyard_task as house
from courtyard.period import SHANGHAI

QUARTER = schedule.quarter_param("按运行日期")

with DAG(
    dag_id="courtyard_reports",
    dag_display_name="每日报表",
    doc_md=__doc__,
    schedule=schedule.timetable("30 7 * * *"),
    params={"quarter": QUARTER},
    tags=["courtyard", "reports"],
    **schedule.dag_settings(),
):

    def moment():
        dag_run = get_current_context()["dag_run"]
        return dag_run.data_interval_end or dag_run.run_after

    def quarter():
        return schedule.quarter_of(get_current_context()["params"], moment())

    @task(task_display_name="入库并发布", retries=40, retry_delay=timedelta(seconds=30))
    def report():
        """Take in what has landed and publish what is due; returns what was published and what is held."""
        return house.act("report", quarter(), at=moment())

    @task(task_display_name="送达", trigger_rule="all_done")
    def deliver():
        """Send what is signed or waived and has not arrived."""
        return house.act("deliver", quarter(), at=datetime.now(SHANGHAI))

    reported, delivered = report(), deliver()
    reported >> delivered
    follow.follow_on([delivered], again=True)
