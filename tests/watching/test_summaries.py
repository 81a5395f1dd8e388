"""A stage's last line: counts and references in Chinese, for every stage there is."""

from __future__ import annotations

import logging

import pytest

from courtyard import progress, stages
from courtyard.watching.summaries import summary

HELD = {"grid:1/grid_dibao/v2": "比上一次少了12.0%。"}
RESULTS = {
    "open": ({"token": 7}, "已占用这个季度"),
    "fetch": (
        {"source": "x", "landed": 1, "known": 2, "absent": 1, "failed": 0, "deliveries": []},
        "新落地 1 份，此前已有 2 份，1 期对方没有数据",
    ),
    "parse": (
        {"deliveries": 3, "batches": {"parsed": 4, "rejected": 1, "superseded": 0}, "rows": 50, "findings": 2, "unopened": ["a:1"]},
        "读了 3 份交付，50 行；新批次 4 个，读不了退回 1 个；发现问题 2 处；原件打不开 1 份：a:1",
    ),
    "admit": (
        {"submissions": 4, "first": 2, "correction": 1, "duplicate": 1, "misdirected": 0, "reread": 0},
        "收件 4 份：首报 2，更正 1，重复 1，不收 0",
    ),
    "validate": (
        {"batches": 2, "validated": 1, "held": HELD, "rows": 90, "quarantined": 3, "findings": 5},
        "校验 2 个批次、90 行：隔离 3 行，问题 5 处；暂缓 1 个：grid:1/grid_dibao/v2（比上一次少了12.0%）",
    ),
    "link": (
        {"batches": 2, "rows": 90, "quarantined": 0, "places": {"unknown": 2}, "persons": 80, "reviews": 1, "reopened": 0},
        "识别 2 个批次、90 行，对应 80 人；地址存疑 2 行；待核实 1 件",
    ),
    "merge": (
        {"batches": 2, "held": 0, "merged": 90, "unchanged": 80, "superseded": 0, "quarantined": 1, "changed": 4, "discrepancies": 3},
        "合并 2 个批次、90 行（其中 80 行与已知相同），隔离 1 行；来源不一致 3 处",
    ),
    "receipt": ({"written": 3, "unchanged": 1, "notices": 2, "status": {}}, "写回执 3 份，1 份不变；待发通知 2 条"),
    "cases": (
        {"opened": 2, "joined": 1, "replied": 0, "acted": 3, "moved": 4, "chased": 0},
        "新立工单 2 件，并入 1 件，时限推动 4 件，办理动作 3 条",
    ),
    "archive": (
        {"quarters": ["2026Q3"], "changed": 5, "tags": 2, "indicators": 9},
        "看了 2026Q3；变动档案 5 份、标签 2 个、指标 9 个",
    ),
    "publish": (
        {"published": [{}], "unchanged": [{}, {}], "held": [{"report": "dibao_roster", "period": "2026-07", "reason": "缺数。"}]},
        "发布 1 张，不变 2 张，暂缓 1 张：dibao_roster 2026-07",
    ),
    "deliver": (
        {"sent": [{}], "waiting": [{"report": "r", "period": "2026Q3", "recipient": "education"}], "unsigned": 2},
        "送达 1 份，待签发 2 张，未送到 1 份：r 2026Q3 → education",
    ),
}  # fmt: skip


def test_every_stage_has_words_of_its_own():
    assert set(RESULTS) == {stage.name for stage in stages.STAGES}


@pytest.mark.parametrize("stage", RESULTS)
def test_the_line_of_a_stage(stage):
    result, line = RESULTS[stage]
    assert summary(stage, result) == line


def test_many_names_are_shortened_and_counted():
    result = {
        "published": [],
        "unchanged": [],
        "held": [{"report": f"r{n}", "period": "2026Q3", "reason": "x"} for n in range(9)],
    }
    assert summary("publish", result).endswith("r4 2026Q3等")
    assert "暂缓 9 张" in summary("publish", result)


def test_long_work_says_how_far_it_is_and_short_work_nothing(caplog, monkeypatch):
    clock = iter([0.0, 5.0, 16.0, 20.0, 32.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        found = list(progress.Progress(logging.getLogger("t"), "解析", 4, "份").of("abc"))
    assert found == ["a", "b", "c"]
    assert [record.getMessage() for record in caplog.records] == ["解析：已完成 2／4 份"]


def test_a_robots_key_does_not_get_into_a_log(caplog):
    progress.quiet_libraries()
    with caplog.at_level(logging.INFO):
        logging.getLogger("httpx").info(
            "HTTP Request: POST https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret"
        )
        logging.getLogger("paramiko.transport").info("Authentication (password) successful!")
    assert "secret" not in caplog.text and "password" not in caplog.text
