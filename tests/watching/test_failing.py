"""From a failed task to words: unit or source, period, cause and remedy in Chinese, and one key for one cause."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watched import PACK

from courtyard.district import load_district
from courtyard.watching.failing import Failure, cause_of, ended_by, key_of


@pytest.fixture(scope="module")
def district():
    return load_district(PACK)


def failed(**facts: str) -> Failure:
    return Failure(**{"dag_id": "courtyard_quarter", "task_id": "merge", "title": "季度数据链／合并入库", **facts})


def test_a_source_is_named_with_its_department_its_period_and_what_to_do(district):
    found = cause_of(
        district,
        failed(task_id="fetch", source="hotline", period="2026Q3", error="SourceError", said="2026-07：连接被拒绝。", remedy="请检查网络。"),
    )  # fmt: skip
    assert (found.key, found.kind, found.source) == ("source/hotline", "source", "hotline")
    assert found.place == "12345热线办件（青羊区网络理政中心）"
    assert (found.periods, found.what, found.remedy) == (("2026Q3",), "2026-07：连接被拒绝。", "请检查网络。")


def test_a_source_is_one_cause_whoever_asks_it():
    quarter = failed(task_id="fetch", source="hotline", period="2026Q3", error="SourceError")
    daily = replace(quarter, dag_id="courtyard_ingest_hotline", task_id="land", period="2026-07")
    assert key_of(quarter) == key_of(daily) == "source/hotline"


def test_what_fails_at_a_source_through_no_fault_of_it_is_its_tasks_cause(district):
    full = failed(task_id="fetch", source="hotline", period="2026Q3", error="DiskFull")
    found = cause_of(district, full)
    assert (found.kind, found.key) == ("task", "task/courtyard_quarter/fetch/hotline/2026Q3")
    assert found.place.endswith("（12345热线办件）")
    assert found.key in ended_by(replace(full, error=""))


def test_a_stage_is_a_cause_of_its_quarter_and_another_dag_one_of_its_own():
    assert key_of(failed(period="2026Q3")) == "task/courtyard_quarter/merge/2026Q3"
    assert key_of(failed(period="2026Q2")) != key_of(failed(period="2026Q3"))
    reminders = failed(dag_id="courtyard_reminders", task_id="remind", period="2026Q3")
    assert key_of(reminders) == "task/courtyard_reminders/remind"


def test_a_success_ends_what_the_task_failed_with_before_it_knew_its_work():
    early = Failure("courtyard_ingest_hotline", "land", "取数", error="AirflowFailException", said="请填写所属期。")
    done = Failure("courtyard_ingest_hotline", "land", "取数", period="2026-07", source="hotline")
    assert key_of(early) in ended_by(done)
    assert ended_by(done)["source/hotline"] == "2026-07"  # its other periods may still be wrong


@pytest.mark.parametrize("error", ["OperationalError", "ConnectionTimeout"])
def test_a_dead_database_is_one_cause_whatever_fails_by_it(district, error):
    first = cause_of(district, failed(error=error))
    other = cause_of(district, failed(task_id="fetch", source="hotline", error=error))
    assert first.key == other.key == "warehouse"
    assert "PostgreSQL" in first.remedy


@pytest.mark.parametrize(
    ("error", "said", "what"),
    [
        ("LeaseLost", "The lease was lost.", "接替"),
        ("HeldError", "2026Q3 is being worked on.", "占用"),
        ("PackError", "sources/x.yaml line 3.", "配置"),
        ("KeyMissing", "Key 3 is gone.", "密钥"),
        ("DiskFull", "", "磁盘已满"),
        ("ZeroDivisionError", "", "程序出错（ZeroDivisionError）"),
        ("", "", "进程中断"),
    ],
)
def test_what_the_library_says_in_english_is_told_in_chinese(district, error, said, what):
    found = cause_of(district, failed(error=error, said=said))
    assert what in found.what
    assert found.remedy and not any(letter in found.what for letter in said[:6].split())
