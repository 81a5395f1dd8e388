"""
### 监测 · what is missing, unusual, stuck or due

Every hour: sources whose period is due and has not landed, feeds that nobody looks for any more, residents who are silent for
unusually long; rows far from the periods before; batches that are held, quarantined or on their way for too long; forms that are
due soon or overdue, with what each waits for. Thresholds and receivers: `rules/watch.yaml`. Each cause is told once, and again
only when it has been well in between; `courtyard alerts` lists what is open. Running it again tells nothing twice.

* **Red**: the watch itself failed. That nothing was found is green.
"""

from datetime import datetime

from airflow.sdk import DAG, task

import _courtyard_schedule as schedule
import _courtyard_task as house
from courtyard.period import SHANGHAI, Period

with DAG(
    dag_id="courtyard_watch",
    dag_display_name="监测",
    doc_md=__doc__,
    schedule=schedule.timetable("20 * * * *"),
    tags=["courtyard", "watch"],
    **schedule.dag_settings(),
):

    @task(task_display_name="查看来源、积压和期限", retries=2)
    def look():
        """Look by the real clock, keep how each source stands, and tell what is new or over."""
        return house.act_now("watch", str(Period.of("quarter", datetime.now(SHANGHAI))))

    look()
