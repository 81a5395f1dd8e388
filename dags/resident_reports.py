"""
### 居民随手报 · land what residents report

Every two minutes, the reports of the running month from the Open311 server are landed; the
quarter's run reads them. A month asked for again with nothing new changes nothing.
"""

from airflow.sdk import DAG, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

PERIOD = schedule.period_param("按来源的节奏")

for _source in schedule.sources():
    if _source.transport != "georeport":
        continue
    with DAG(
        dag_id=f"courtyard_{_source.source}",
        dag_display_name=_source.title,
        doc_md=__doc__,
        schedule=schedule.timetable(_source.schedule),
        params={"period": PERIOD},
        tags=["courtyard", "residents"],
        **schedule.dag_settings(),
    ):

        @task(task_display_name="取数落地", retries=2)
        def land(source=_source):
            """Fetch the month's reports and seal them."""
            context = get_current_context()
            period = schedule.period_to_land(source, context["params"], context["dag_run"].data_interval_end)
            return house.run("fetch", period, part=source.source)

        land()
