"""
### 季度数据链 · one quarter of the street

Takes the quarter, fetches what has not landed, parses, admits submissions, validates, links, merges,
writes receipts, moves cases, archives, publishes and delivers what is signed: the stages of `courtyard.stages`, one task each. Running it again changes nothing.

* **Which quarter**: the parameter `quarter`; when empty, the quarter in which the run's data
  interval starts (Asia/Shanghai). Backfills need no quarter.
* **Why**: the parameter `reason`, which manual runs and backfills must give: 界面“原因”, `trigger --conf`,
  `backfill create --dag-run-conf '{"reason": "…"}'`, `conf` in REST. It stands in the ledger of runs (`courtyard runs`).
* **open is red**: the reason is missing, or the quarter does not exist, has not begun, is before the office's
  first one, or was closed by a post. Nothing was touched; its one line says what to do.
* **A source that is down** turns its `fetch` and `watch` red; the others go on to the reports.
* **publish is red**: a report is held; its one line says which and why. Bring what is missing,
  then clear `fetch` and what follows it. A signature that is missing turns nothing red.
* **open waits**: another run has the quarter; its log says which, why and since when. It is tried again until that run ends.
* **follow_on** triggers the runs of other quarters whose forms stand on facts that this run has changed.
"""

from datetime import timedelta

from airflow.sdk import DAG, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

import _courtyard_follow as follow
import _courtyard_schedule as schedule
import _courtyard_task as house

QUARTER = schedule.quarter_param("按数据区间")
PARSE = "Read the quarter's landed bytes into typed rows, in a sandbox."
STEPS = (
    ("admit", "收件登记", "Decide what each submission is: the first, a correction, a duplicate, or not for now."),
    ("validate", "校验", "Check every batch against its contract; quarantine rows, hold batches."),
    ("link", "识别人与地址", "Find each row's courtyard, room, household and person."),
    ("merge", "合并入库", "Merge the quarter's rows into the bitemporal warehouse."),
    ("receipt", "回执", "Write each submission's receipt: what was understood, cell by cell."),
    ("cases", "工单", "Open and move cases by what was merged, and let their clocks go on."),
    ("archive", "院落档案", "Write each courtyard's archive of the quarter."),
    ("publish", "发布报表", "Publish every report whose period ends in the quarter, and give the quarter back."),
)


def quarter():
    context = get_current_context()
    return schedule.quarter_of(context["params"], context["dag_run"].data_interval_start)


def stage(name, **arguments):
    return house.run(name, quarter(), **arguments)


with DAG(
    dag_id="courtyard_quarter",
    dag_display_name="季度数据链",
    doc_md=__doc__,
    schedule=schedule.timetable(),
    params={"quarter": QUARTER, "reason": schedule.reason_param()},
    tags=["courtyard", "quarter"],
    **schedule.dag_settings(),
):

    @task(task_id="open", task_display_name="占用季度", retries=40, retry_delay=timedelta(seconds=30))
    def open_quarter():
        """Take the lease on (street, quarter); its fencing token goes to every later task."""
        return house.open_quarter(quarter(), follow.asked())

    @task(
        task_display_name="取数落地",
        doc_md="Fetch what has not landed from one source, and seal it. The label is the source.",
        retries=2,
        map_index_template="{{ task.op_kwargs['source'] }}",
    )
    def fetch(source, token):
        return stage("fetch", part=source, token=token)

    def step(name, title, document, **options):
        @task(task_id=name, task_display_name=title, doc_md=document, **options)
        def work(token):
            return stage(name, token=token)

        return work(token)

    # It only repeats what its upstreams are red for, and they have been told of.
    @task(task_display_name="缺数提醒", trigger_rule="one_failed", retries=0, on_failure_callback=None)
    def watch():
        """Fail the run when a source could not be fetched or a report is held, so that nobody overlooks it."""
        raise AirflowFailException("有来源未取到数或有报表被暂缓，详见“取数落地”和“发布报表”；其余已照常处理。")

    token = open_quarter()
    fetched = fetch.partial(token=token).expand(source=[source.source for source in schedule.sources()])
    # One source failing must not stop the others; without a lease nothing may run.
    parsed = step("parse", "解析", PARSE, trigger_rule="all_done_min_one_success")
    *worked, archived, published = (step(*each) for each in STEPS)
    # A report that is held keeps the signed ones from nobody.
    delivered = step("deliver", "送达", "Send what is signed or waived to its recipients.", trigger_rule="all_done")
    chain(fetched, parsed, *worked, archived, published, delivered)
    follow.follow_on([archived, published])
    [fetched, published] >> watch()
