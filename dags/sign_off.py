"""
### 签发报表 · ask the approvers for their signatures

Every morning, and by hand at any time: one question a department and approver, under “Required Actions”. The page shows each
report that waits, with its revision, checks, explanations and notes. 签发 lets them out, 退回 needs a reason; the post that
signs is never the one that prepared. What was answered wrongly is asked again, and the approver is told why. What nobody
answers within 23 hours is asked again by the next run. `deliver` then sends what is signed; see docs/releasing.md.
"""

from datetime import datetime

from airflow.sdk import DAG, task

import _courtyard_schedule as schedule
import _courtyard_task as house
from _courtyard_sign_off import SignOffOperator
from courtyard.period import SHANGHAI, Period

with DAG(
    dag_id="courtyard_sign_off",
    dag_display_name="签发报表",
    doc_md=__doc__,
    schedule=schedule.timetable("30 9 * * *"),
    tags=["courtyard", "reports"],
    **schedule.dag_settings(),
):

    def today():
        now = datetime.now(SHANGHAI)
        return now, str(Period.of("quarter", now))

    @task(task_display_name="找出待签发的报表")
    def questions():
        """Who is to be asked: one entry for each department and approver; references only."""
        now, quarter = today()
        return house.act("questions", quarter, at=now)

    ask = SignOffOperator.partial(
        task_id="ask",
        task_display_name="请签发",
        doc_md="Ask one approver for one department. The label is the department.",
        map_index_template="{{ task.department }}",
        retries=5,  # each answer takes one: Airflow counts going on after it as another try
    ).expand_kwargs(questions())

    @task(task_display_name="送达", trigger_rule="none_failed")
    def deliver():
        """Send what is signed or waived and has not arrived."""
        now, quarter = today()
        return house.act("deliver", quarter, at=now)

    ask >> deliver()
