"""
### 催报 · remind who owes a submission

Every morning: grids that still owe for the quarter being collected are reminded on the days that the
pack names (`district.yaml`, `grid_cycle`), before and after the due date, each step once; communities
and the street get the list when the last step has passed. Nobody is reminded who owes nothing.
A unit whose post changes hands (`posts.csv`) is told, once, that a handover pack is due.
What the residents' service has kept as long as the posters promise is deleted from it.

* **Which quarter**: the parameter `quarter`; when empty, the quarter whose workbooks were issued last.
"""

from airflow.sdk import DAG, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER = schedule.quarter_param("按运行日期")

with DAG(
    dag_id="courtyard_reminders",
    dag_display_name="催报",
    doc_md=__doc__,
    schedule=schedule.timetable("0 9 * * *"),
    params={"quarter": QUARTER},
    tags=["courtyard", "grid"],
    **schedule.dag_settings(),
):

    def moment():
        dag_run = get_current_context()["dag_run"]
        return dag_run.data_interval_end or dag_run.run_after

    def quarter():
        return schedule.quarter_collected(get_current_context()["params"], moment())

    @task(task_display_name="找出未报单位")
    def remind():
        """Queue one notice for each unit and step that is due today."""
        return house.act("remind", quarter(), at=moment())

    @task(task_display_name="发送催报")
    def tell():
        """Send what is queued; what cannot be sent stays queued and is tried again tomorrow."""
        return house.send(quarter())

    @task(task_display_name="清理到期的居民上报")
    def forget():
        """Delete from the residents' service what is older than the pack keeps (`limits.kept_months`)."""
        return house.act("forget", quarter(), at=moment())["reports"]

    remind() >> tell()
    forget()
