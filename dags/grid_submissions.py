"""
### 网格采集表收件 · collect submissions and answer each with a receipt

Every ten minutes: looks at inbox folder, SFTP and mailbox, and takes in what is new, up to the
warehouse. Each submission gets its receipt (`var/outbox/receipts/`) in the run that collected it.

* **Which quarter**: the parameter `quarter`; when empty, the quarter whose workbooks were issued last.
* **Nothing new**: the run ends after `collect`.
* **take_in waits**: a quarter run has the quarter; it is tried again until that run ends.
"""

from datetime import timedelta

from airflow.sdk import DAG, get_current_context, task

import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER = schedule.quarter_param("按运行日期")


def submissions(source):
    with DAG(
        dag_id=f"courtyard_submissions_{source.source}",
        dag_display_name=f"收件：{source.title}",
        doc_md=__doc__,
        schedule=schedule.timetable(source.schedule),
        params={"quarter": QUARTER},
        tags=["courtyard", "grid"],
        **schedule.dag_settings(),
    ) as dag:

        def quarter():
            context = get_current_context()
            return schedule.quarter_collected(context["params"], context["dag_run"].data_interval_end)

        @task.short_circuit(task_display_name="取件", retries=2)
        def collect():
            """Land what has come by any channel; without anything new the run ends here."""
            return house.act("collect", quarter(), source=source.source)

        @task(task_display_name="入库并回执", retries=40, retry_delay=timedelta(seconds=30))
        def take_in():
            """Parse, admit, validate, link, merge, and write a receipt for every submission."""
            return house.act("take_in", quarter())

        @task(task_display_name="发送回执")
        def tell():
            """Send the receipts that are queued."""
            return house.send(quarter())

        collect() >> take_in() >> tell()
    return dag


for _source in schedule.sources():
    if _source.is_submitted:
        globals()[f"courtyard_submissions_{_source.source}"] = submissions(_source)
