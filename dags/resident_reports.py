"""
### 居民随手报 · land what residents report

Every two minutes, the reports of the running month from the Open311 server are landed; the
quarter's run reads them. A month asked for again with nothing new changes nothing.
"""

from airflow.sdk import DAG, Param, get_current_context, task

import _courtyard_dag as house

PERIOD = Param("", type="string", pattern=r"^(\d{4}(Q[1-4]|-\d{2}))?$", title="所属期", description="留空为本月。")

for _source in house.sources():
    if _source.transport != "georeport":
        continue
    with DAG(
        dag_id=f"courtyard_{_source.source}",
        dag_display_name=_source.title,
        doc_md=__doc__,
        schedule=house.timetable(_source.schedule),
        start_date=house.first_day(),
        catchup=False,
        max_active_runs=1,
        default_args=house.DEFAULTS,
        params={"period": PERIOD},
        tags=["courtyard", "residents"],
    ):

        @task(task_display_name="取数落地", retries=2)
        def land(source=_source):
            """Fetch the month's reports and seal them."""
            context = get_current_context()
            period = house.period_to_land(source, context["params"], context["dag_run"].data_interval_end)
            return house.run("fetch", period, part=source.source)

        land()
