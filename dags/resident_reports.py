"""
### 居民随手报 · land what residents send, and make cases of it

* **Landing** (one DAG a source: reports, replies, photos): every minute or two, what is new of the running month is fetched
  and sealed; in a month's first three days also what is new of the month before. It needs no lease, so a quarter that is being
  worked on delays nothing. A run with nothing new changes nothing.
* **Cases** (`courtyard_residents`): every two minutes, what has landed is taken in up to the cases, and what units are to be told
  is sent. While another run has the quarter it waits for that run to end.
"""

from datetime import timedelta

from airflow.sdk import DAG, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

PERIOD = schedule.period_param("按来源的节奏")
QUARTER = schedule.quarter_param("按运行日期")

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
            """Fetch what is new and seal it."""
            context = get_current_context()
            asked = schedule.periods_to_land(source, context["params"], context["dag_run"].data_interval_end)
            return [house.run("fetch", period, part=source.source) for period in asked]

        land()

with DAG(
    dag_id="courtyard_residents",
    dag_display_name="居民随手报：受理",
    doc_md=__doc__,
    schedule=schedule.timetable("*/2 * * * *"),
    params={"quarter": QUARTER},
    tags=["courtyard", "residents"],
    **schedule.dag_settings(),
):

    def quarter():
        context = get_current_context()
        return schedule.quarter_of(context["params"], context["dag_run"].data_interval_end)

    @task.short_circuit(task_display_name="有无新件")
    def wait():
        """Without anything new the run ends here."""
        return house.act("reports_wait", quarter())

    @task(task_display_name="受理", retries=40, retry_delay=timedelta(seconds=30))
    def take_in():
        """Parse, validate, link, merge, and open or move cases."""
        return house.act("take_in_reports", quarter())

    @task(task_display_name="发送通知")
    def tell():
        """Send what units are to be told."""
        return house.send(quarter())

    wait() >> take_in() >> tell()
