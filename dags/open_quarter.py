"""
### 下发季度采集表 · issue the quarter's workbooks

Makes one workbook per grid from the warehouse, prefilled with what was true last quarter, in
`var/outbox/grid/<quarter>/`. Runs on the issue day of the pack (`district.yaml`, `grid_cycle`).
Running it again issues only what has changed.

* **Which quarter**: the parameter `quarter`; when empty, the one in which the run's day lies.
"""

from airflow.sdk import DAG, MultipleCronTriggerTimetable, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER = schedule.quarter_param("按运行日期")

with DAG(
    dag_id="courtyard_open_quarter",
    dag_display_name="下发季度采集表",
    doc_md=__doc__,
    schedule=MultipleCronTriggerTimetable(*schedule.issue_days(), timezone="Asia/Shanghai"),
    params={"quarter": QUARTER},
    tags=["courtyard", "grid"],
    **schedule.dag_settings(),
):

    def quarter():
        context = get_current_context()
        return schedule.quarter_of(context["params"], context["dag_run"].logical_date)

    @task(task_display_name="生成采集表")
    def issue():
        """Write one workbook for each grid; a grid whose content is unchanged keeps the one it has."""
        return house.act("issue", quarter(), at=get_current_context()["dag_run"].run_after)

    @task(task_display_name="通知网格")
    def tell():
        """Send what is queued for the grids."""
        return house.send(quarter())

    issue() >> tell()
