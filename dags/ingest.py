"""
### 来源取数 · fetch one source and land it

Made from `sources/<source>.yaml` of the district pack: a new file there is a new DAG here. It
fetches and seals; the quarter's run reads what has landed.

* **Which period**: the parameter `period` (2026Q3 or 2026-07); when empty, the last finished one,
  or the running one of a source whose submissions keep coming.
* **Red**: the source could not be reached or answered wrongly; the task's one line says which.
"""

from airflow.sdk import DAG, Param, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

PERIOD = schedule.period_param("按来源的节奏")
REFETCH = Param(False, type="boolean", title="重新取数", description="已落地的所属期也再取一次。")


def ingestion(source):
    with DAG(
        dag_id=f"courtyard_ingest_{source.source}",
        dag_display_name=f"取数：{source.title}",
        description=f"{source.department} {source.title}",
        doc_md=__doc__,
        schedule=schedule.timetable(source.schedule),
        params={"period": PERIOD, "refetch": REFETCH},
        tags=["courtyard", "ingest", source.cadence],
        **schedule.dag_settings(),
    ) as dag:

        @task(task_display_name="取数落地", retries=3)
        def land():
            """Fetch the period from the source and seal the bytes; equal bytes are one delivery."""
            context = get_current_context()
            params = context["params"]
            period = schedule.period_to_land(source, params, context["dag_run"].data_interval_end)
            return house.run("fetch", period, part=source.source, refetch=params["refetch"])

        land()
    return dag


for _source in schedule.sources():
    # Residents' reports and what units hand in have DAGs of their own; the office's desk is asked for nothing.
    if _source.transport not in ("georeport", "desk") and not _source.is_submitted:
        globals()[f"courtyard_ingest_{_source.source}"] = ingestion(_source)
