"""催办函: after the deadline, every span, once a step, never after a reply or an answer."""

from __future__ import annotations

import io

import pytest
from docx import Document
from street_cases import OFFICE, at, context, happen, opened, rows

from courtyard import cases
from courtyard.cases import chasing, letters, replies


@pytest.fixture
def ctx(warehouse_url, settings):
    made = context(warehouse_url, settings)
    opened(made)
    letters.write(
        made, "260921-AAAAA", "文体旅局", post=OFFICE, at=at("2026-09-21 11:00"), request="请检修"
    )  # due 29 Sep
    return made


def chase(ctx, when) -> int:
    return chasing.chase(ctx, at=at(when))["chased"]


def chases(ctx):
    return [(row.letter_no, row.number, row.about_no) for row in letters.listing(ctx) if row.kind == "chase"]


def test_the_whole_last_day_is_the_departments(ctx):
    assert chase(ctx, "2026-09-29 23:59") == 0
    assert chase(ctx, "2026-09-30 00:00") == 1
    assert chases(ctx) == [(2, "少城办函〔2026〕2号", 1)]


def test_the_next_one_comes_a_span_after_the_last_and_a_second_run_changes_nothing(ctx):
    assert [chase(ctx, when) for when in ("2026-09-30 08:00", "2026-09-30 08:00", "2026-10-09 16:59", "2026-10-09 17:00", "2026-10-09 17:05")] == [1, 0, 0, 1, 0]  # fmt: skip
    assert chases(ctx) == [(2, "少城办函〔2026〕2号", 1), (3, "少城办函〔2026〕3号", 1)]
    assert rows(ctx, "SELECT cause, due_at FROM cases.event WHERE kind = 'chased' ORDER BY seq") == [
        ("chase/1/1", at("2026-09-30 00:00")),
        ("chase/1/2", at("2026-10-09 17:00")),
    ]
    assert rows(ctx, "SELECT chased FROM cases.letter WHERE letter_no = 1") == [(2,)]


def test_a_downtime_of_a_month_is_one_letter(ctx):
    assert [chase(ctx, when) for when in ("2026-10-30 09:00", "2026-10-30 09:01")] == [1, 0]


def test_a_killed_run_takes_no_number(ctx, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(chasing, "update", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            chase(ctx, "2026-09-30 08:00")
    assert chases(ctx) == []
    assert chase(ctx, "2026-09-30 09:00") == 1
    assert chases(ctx) == [(2, "少城办函〔2026〕2号", 1)]


@pytest.mark.parametrize("outcome", ["done", "accepted"])
def test_a_reply_ends_it(ctx, outcome):
    replies.reply(ctx, "260921-AAAAA", 1, number="8号", outcome=outcome, text="已安排", post=OFFICE, at=at("2026-09-29 10:00"))  # fmt: skip
    assert chase(ctx, "2026-10-30 09:00") == 0


def test_so_does_an_answer_to_the_reporters(ctx):
    happen(ctx, "260921-AAAAA", "answered", "2026-09-29 10:00", OFFICE, text="已修好")
    assert chase(ctx, "2026-10-30 09:00") == 0


def test_what_a_chase_says_and_to_whom(ctx):
    chase(ctx, "2026-09-30 08:00")
    letter = letters.listing(ctx)[-1]
    said = "\n".join(p.text for p in Document(io.BytesIO((ctx.settings.outbox / letter.file).read_bytes())).paragraphs)
    for words in ("催办", "于2026年9月21日以少城办函〔2026〕1号商请", "请你单位于2026年9月29日前复函", "请办理的事项是：请检修。",
                  "并于2026年10月9日前复函"):  # fmt: skip
        assert words in said, words
    assert rows(ctx, "SELECT address FROM notices.notice WHERE cause = 'letter/260921-AAAAA/2' ORDER BY 1") == [
        ("culture-tourism@qingyang.example",),
        ("street-510105005@shaocheng.example",),
    ]


def test_the_clock_of_the_quarter_chases_too(ctx):
    assert cases.run(ctx, at=at("2026-09-30 08:00"))["chased"] == 1
    assert cases.run(ctx, at=at("2026-09-30 08:00"))["chased"] == 0
