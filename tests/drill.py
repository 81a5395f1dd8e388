"""The drill: three quarters are backfilled while the current one runs and a source is down; then the oldest is corrected.

    make drill                      # ARGS=--pictures keeps the boards it looks at in docs/drill; needs Chromium

Real Airflow over a small sample street in a folder of its own, which is removed afterwards. After each step it prints what the
ledger of runs and the forms say, reads the office's boards as the street does, and stops with an AssertionError where they do not
tell the story. docs/drill.md tells it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from lxml import html
from openpyxl import load_workbook
from sqlalchemy import text
from tests import folders, tour

from courtyard.privacy import keys
from courtyard.runtime import airflow, supervisor
from courtyard.runtime.api import Api
from courtyard.runtime.demo import QUARTER_DAG
from courtyard.settings import Settings
from courtyard.store import database, runs

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs/drill"
OLDEST, *LATER = QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
CURRENT = QUARTERS[-1]
STREET = "510105005"
DOWN = "justice"
INGEST = "courtyard_ingest_civil_rosters"
WHY_BACKFILL, WHY_CURRENT = "补齐上线前的三个季度", "季末出报表"
WHY_BY_HAND, WHY_CORRECTED = "核对首个季度", "民政局更正老年人名册，补一位漏报的老人"
SIGNED = ("2025-12", "2026-03")
MOST_SECONDS = 900


@dataclass
class Drill:
    """The installation of the drill, and what it has said so far."""

    settings: Settings
    pictures: Path | None = None
    url: str = ""
    since: float = field(default_factory=time.monotonic)

    def say(self, told: str) -> None:
        print(f"{time.monotonic() - self.since:4.0f} s  {told}", flush=True)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "courtyard", *words]

    def env(self) -> dict[str, str]:
        return supervisor.child_env(self.settings)

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            self.command(*words), env=self.env(), cwd=ROOT, capture_output=True, text=True, timeout=MOST_SECONDS
        )
        assert done.returncode in codes, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def runs(self) -> list[dict[str, Any]]:
        """The ledger of runs, the oldest first."""
        with database.engine(self.url).connect() as connection:
            return runs.listed(connection, STREET)[::-1]

    def due(self) -> list[str]:
        with database.engine(self.url).connect() as connection:
            return list(connection.scalars(text("SELECT quarter FROM mart.follow_on WHERE is_due ORDER BY 1")))

    def show(self, title: str) -> None:
        """The ledger of runs as an operator sees it."""
        self.say(title)
        print(self.run("runs"), flush=True)

    def board(self, path: str, *says: str, picture: str) -> None:
        """A page of the office, as the street sees it, says all of this; a picture of it where they are kept."""
        address = airflow.load_secrets(self.settings).address + tour.PAGES + path
        cookies = {"_token": tour.token(self.settings, "street01")}
        answer = httpx.get(address, cookies=cookies, trust_env=False, timeout=60).raise_for_status()
        read = " ".join(html.fromstring(answer.text).text_content().split())
        assert not (missing := [words for words in says if words not in read]), (path, missing, read)
        self.say(f"{tour.PAGES}{path}：{'；'.join(says)}")
        if self.pictures:
            with tour.standing(self.settings) as looking:
                looking.go(tour.Stop(picture, "street01", tour.PAGES + path, says[:1]))
                looking.picture(self.pictures / f"{picture}.png")

    def revisions(self, report: str) -> dict[str, int]:
        folders = self.settings.published.glob(f"*/{report}/r*")
        found: dict[str, int] = {}
        for folder in folders:
            period = folder.parent.parent.name
            found[period] = max(found.get(period, 0), int(folder.name[1:]))
        return dict(sorted(found.items()))


def play(folder: Path, pictures: Path | None = None) -> None:
    """The whole drill in a folder; stops all it has started."""
    os.environ.update({"COLUMNS": "130", f"AIRFLOW_CONN_{DOWN.upper()}": "http://127.0.0.1:9"})
    drill = Drill(Settings(folder / "var", ROOT / "include/districts/shaocheng", folder / "keys"), pictures)
    keys.create(drill.settings.keys)
    try:
        drill.run("init")
        if not drill.settings.sample.exists():
            drill.run("sample", "--scale", "0.01")
        with supervisor.running(drill.settings, standins=True, intake=True) as services:
            drill.url = services.url
            airflow.prepare(drill.settings, services.url)
            known = airflow.start(drill.settings, services.url, scheduled=False)
            api = Api(known, lambda: airflow.check_alive(drill.settings))
            api.wait_until_ready([QUARTER_DAG, INGEST])
            for dag_id in (QUARTER_DAG, INGEST):
                api.pause(dag_id, False)
            refused(drill, api)
            backfilled(drill, api)
            signed(drill)
            corrected(drill, api)
    finally:
        supervisor.shut_down(drill.settings)
        for name in ("COLUMNS", f"AIRFLOW_CONN_{DOWN.upper()}"):
            os.environ.pop(name, None)


def refused(drill: Drill, api: Api) -> None:
    """What may not be run says so at once and touches nothing."""
    asked = {
        "没有写原因": {"quarter": OLDEST},
        "还没有开始": {"quarter": "2099Q1", "reason": "试"},
        "早于首个季度": {"quarter": "2020Q1", "reason": "试"},
    }
    for title, conf in asked.items():
        run_id = api.trigger(QUARTER_DAG, conf)
        wait(drill, api, lambda run_id=run_id: api.run(QUARTER_DAG, run_id)["state"] == "failed")
        (task,) = [task for task in api.tasks(QUARTER_DAG, run_id) if task["task_id"] == "open"]
        assert task["state"] == "failed" and task["try_number"] == 1
        drill.say(f"{title}：{api.last_error(task)}")
    assert drill.runs() == []


def backfilled(drill: Drill, api: Api) -> None:
    """Three quarters, the current one beside them, one source down, and somebody has the oldest quarter already."""
    by_hand = subprocess.Popen(
        drill.command("run", OLDEST, "--reason", WHY_BY_HAND),
        env=drill.env(),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait(drill, api, lambda: [run for run in drill.runs() if run["outcome"] == "running"])
    api.backfill(QUARTER_DAG, "2025-10-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", WHY_BACKFILL)
    api.trigger(QUARTER_DAG, {"quarter": CURRENT, "reason": WHY_CURRENT})
    wait(drill, api, lambda: [run for run in drill.runs() if run["outcome"] == "waiting"])
    (waiting,) = [run for run in drill.runs() if run["outcome"] == "waiting"]
    assert (waiting["quarter"], waiting["kind"], waiting["reason"]) == (OLDEST, "backfill", WHY_BACKFILL)
    assert (waiting["waits_for_kind"], waiting["waits_for_reason"]) == ("cli", WHY_BY_HAND)
    drill.board(f"/runs/{OLDEST}", "在等：命令行运行", f"原因：{WHY_BY_HAND}", "不用再做什么", picture="waiting")
    drill.show("回填三个季度，本季度同时在跑；最早的季度有人在命令行运行，回填等它")
    by_hand.wait(MOST_SECONDS)
    wait(drill, api, lambda: not api.unfinished(QUARTER_DAG))
    drill.show(f"都跑完了；{DOWN} 的系统连不上，其余照常，矛盾纠纷台账暂缓")
    ran = {(run["quarter"], run["kind"]): run for run in drill.runs()}
    expected = {*((quarter, "backfill") for quarter in QUARTERS[:-1]), (CURRENT, "manual"), (OLDEST, "cli")}
    assert expected <= ran.keys()
    for key in expected:
        assert ran[key]["outcome"] == "held", ran[key]
        assert "error" in ran[key]["told"][f"fetch:{DOWN}"], ran[key]["told"]
    down = json.loads(drill.run("status", OLDEST, "--json"))
    failed = {row["source"]: row["reason"] for row in down["sources"] if row["status"] == "failed"}
    assert failed.keys() == {DOWN}
    drill.say(f"来源：{DOWN} 取数失败，{failed[DOWN]}")
    for row in down["reports"]:
        if row["report"] == "dispute_ledger":
            drill.say(f"报表：{row['report']} {row['period']} {row['state']}")
    drill.board(f"/quarter/{OLDEST}", "季度看板", "连不上", "请检查对方系统和网络", picture="source-down")
    assert drill.due() == []


def signed(drill: Drill) -> None:
    """Two of the forms that will change are signed and delivered: their recipients must hear of it."""
    for period in SIGNED:
        drill.run("sign", "elderly_ledger", period, "--as", "街道办事处审核岗")
    drill.run("deliver")
    drill.say(f"老人台账 {'、'.join(SIGNED)} 已签发并送达")


def corrected(drill: Drill, api: Api) -> None:
    """The department's roster of the oldest quarter had left somebody out."""
    before = drill.revisions("elderly_ledger")
    quiet = drill.revisions("dibao_statistics")
    add_an_elder(drill.settings)
    landed = api.trigger(INGEST, {"period": OLDEST, "refetch": True})
    wait(drill, api, lambda: api.run(INGEST, landed)["state"] == "success")
    start = len(drill.runs())
    api.trigger(QUARTER_DAG, {"quarter": OLDEST, "reason": WHY_CORRECTED})
    wait(drill, api, lambda: not api.unfinished(QUARTER_DAG))
    ran = drill.runs()[start:]
    drill.show("最早季度的更正到了：它先重跑，建立在它上面的季度自己跟着续算")
    assert [(run["quarter"], run["kind"]) for run in ran] == [
        (OLDEST, "manual"),
        *((quarter, "follow_on") for quarter in LATER),
    ]
    for run in ran[1:]:
        assert run["reason"].startswith(f"更正续算：{OLDEST} 收到 老年人和社会组织名册（delivery "), run["reason"]
    assert drill.due() == []
    after = drill.revisions("elderly_ledger")
    assert after == {period: revision + 1 for period, revision in before.items()}, (before, after)
    drill.say(f"老人台账每月都有新版：{after}")
    assert drill.revisions("dibao_statistics") == quiet
    drill.say("与更正无关的低保统计表没有新版")
    letters = json.loads(drill.run("recalls", "--json"))
    assert {letter["period"] for letter in letters} == set(SIGNED), letters
    print(drill.run("recalls"), flush=True)
    drill.board(f"/runs/{LATER[0]}", "因更正需要续算", "已续算", f"更正续算：{OLDEST} 收到", picture="follow-on")
    drill.board(f"/reports/elderly_ledger/{SIGNED[0]}", "更正函", "第1版 → 第2版", "青羊区民政局", picture="recall")


def add_an_elder(settings: Settings) -> None:
    """The corrected file lies where the department puts its files: one more row, a made-up neighbour of the last one."""
    (path,) = (settings.sample / "sftp/civil_rosters" / OLDEST).glob("*.xlsx")
    book = load_workbook(path)
    sheet = book.worksheets[0]
    last = max(row for row in range(1, sheet.max_row + 1) if isinstance(sheet.cell(row, 1).value, int))
    values = [cell.value for cell in sheet[last]]
    values[0:5] = [values[0] + 1, "样演练", "女", "1940-01-01", id_number("510105", "19400101", "994")]
    sheet.insert_rows(last + 1)
    for column, value in enumerate(values, 1):
        sheet.cell(last + 1, column, value)
    book.save(path)


def id_number(*parts: str) -> str:
    """A number with its check character, GB 11643."""
    digits = "".join(parts)
    return digits + "10X98765432"[sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(digits)) % 11]


def wait(drill: Drill, api: Api, until: Any) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not until():
        api.still_alive()
        assert time.monotonic() < deadline, "It takes too long; look at the scheduler's log."
        time.sleep(1)


def main(pictures: Path | None = None) -> None:
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with folders.passable("courtyard-drill-") as folder:
        play(folder, pictures)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pictures", action="store_true", help="keep pictures of the boards in docs/drill")
    main(PICTURES if words.parse_args().pictures else None)
