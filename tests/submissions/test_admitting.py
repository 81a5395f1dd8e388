"""Every submission gets one right decision: real files through landing and parsing."""

import pytest
from sqlalchemy import text
from tests.parsing.made import SHEETS, book, headers

from courtyard import parsing, submissions
from courtyard.errors import LeaseLost
from courtyard.landing import fetching
from courtyard.store import lease
from courtyard.submissions import locks

from .conftest import GRID, SECOND, activist, at, workbook

ONE, TWO, THREE = (activist(name) for name in ("王小明", "李小红", "张小军"))
STANDING = """SELECT period, status, landed, superseded, quarantined FROM quality.batch
               WHERE dataset = 'grid_activists' ORDER BY period, status, landed"""


def test_the_first_submission_is_placed_with_its_time_and_channel(grids):
    grids.put(workbook(ONE), "2026-10-03T09:30")
    assert grids.admit() == {
        "submissions": 1, "first": 1, "correction": 0, "duplicate": 0, "misdirected": 0, "reread": 0,
    }  # fmt: skip
    assert grids.decided() == [("2026Q3", "001", "first", "received", "", 0)]
    found = grids.rows("SELECT sent_at, channel, is_late, is_restatement, arrived_for FROM submissions.submission")
    assert found == [(at("2026-10-03T09:30"), "folder", False, False, "2026Q3")]
    assert grids.rows("SELECT sent_at, channel FROM landing.receipt") == [(at("2026-10-03T09:30"), "files")]


def test_running_it_again_decides_nothing(grids):
    grids.put(workbook(ONE), "2026-10-03")
    grids.admit()
    before = grids.rows("SELECT * FROM submissions.submission"), grids.rows("SELECT * FROM quality.batch ORDER BY 1")
    assert grids.admit()["submissions"] == 0
    assert before == (
        grids.rows("SELECT * FROM submissions.submission"),
        grids.rows("SELECT * FROM quality.batch ORDER BY 1"),
    )


def test_a_correction_supersedes_and_says_exactly_what_changed(grids):
    grids.put(workbook(ONE, TWO), "2026-10-02", name="初")
    grids.put(workbook(ONE | {"skill": "书法"}, THREE), "2026-10-04", name="改")
    grids.run()
    assert grids.decided() == [
        ("2026Q3", "001", "first", "superseded", "", 0),
        ("2026Q3", "001", "correction", "accepted", "", 1),
    ]
    assert grids.rows(STANDING) == [("2026Q3", "merged", 2, 0, 0), ("2026Q3", "superseded", 2, 2, 0)]
    ((changes,),) = grids.rows("SELECT changes FROM submissions.submission WHERE kind = 'correction'")
    assert changes == {
        "grid_activists": {
            "added": 1, "changed": 1, "removed": 1,
            "places": {"added": ["居民骨干!5"], "changed": ["居民骨干!4"], "removed": ["居民骨干!5"]},
        }
    }  # fmt: skip
    assert not grids.residuals()


def test_the_same_rows_in_another_file_order_and_spelling_are_a_duplicate(grids):
    grids.put(workbook(ONE, TWO), "2026-10-02", name="初")
    grids.put(workbook(TWO, ONE | {"name": "王 小明"}, said=["请核对"]), "2026-10-04", name="再")
    grids.run()
    assert grids.decided() == [
        ("2026Q3", "001", "first", "accepted", "", 0),
        ("2026Q3", "001", "duplicate", "superseded", "submission.duplicate", 1),
    ]
    assert grids.rows(STANDING) == [("2026Q3", "merged", 2, 0, 0), ("2026Q3", "superseded", 2, 2, 0)]
    assert not grids.residuals()


def test_the_same_bytes_under_another_name_are_a_second_receipt_and_a_duplicate(grids):
    grids.put(workbook(ONE), "2026-10-02", name="初")
    grids.run()
    grids.put(workbook(ONE), "2026-10-02", name="再")
    (grids.ctx.settings.inbox / "2026Q3" / f"{GRID}_再.xlsx").write_bytes(
        (grids.ctx.settings.inbox / "2026Q3" / f"{GRID}_初.xlsx").read_bytes()
    )
    grids.run()
    assert [row[2:4] for row in grids.decided()] == [("first", "accepted"), ("duplicate", "superseded")]
    assert grids.rows("SELECT count(*) FROM landing.delivery") == [(1,)]
    assert grids.rows(STANDING) == [("2026Q3", "merged", 1, 0, 0)]


def test_a_late_return_is_merged_into_its_own_quarter_as_a_restatement(grids):
    grids.put(workbook(ONE, quarter="2026年第二季度"), "2026-07-20")
    grids.run()
    assert grids.decided() == [("2026Q2", "001", "first", "accepted", "", 0)]
    assert grids.rows("SELECT arrived_for, is_late, is_restatement FROM submissions.submission") == [
        ("2026Q3", True, True)
    ]
    assert grids.rows(STANDING) == [("2026Q2", "merged", 1, 0, 0)]


@pytest.mark.parametrize(
    ("sent", "is_late", "is_restatement"),
    [("2026-10-05T23:59", False, False), ("2026-10-06T00:01", True, False), ("2026-10-11T00:01", True, True)],
)
def test_the_senders_day_decides_whether_it_is_late(grids, sent, is_late, is_restatement):
    grids.put(workbook(ONE), sent)
    grids.admit()
    assert grids.rows("SELECT is_late, is_restatement FROM submissions.submission") == [(is_late, is_restatement)]


def test_last_quarters_file_is_refused_whether_its_bytes_or_its_quarter_tell(grids):
    old = workbook(ONE, quarter="2026年第二季度")
    grids.put(old, "2026-07-02", quarter="2026Q2")
    grids.run("2026Q2")
    path = grids.put(old, "2026-10-02", name="照旧")
    path.write_bytes((grids.ctx.settings.inbox / "2026Q2" / f"{GRID}_采集表.xlsx").read_bytes())
    grids.put(workbook(ONE, TWO, quarter="2026年第二季度"), "2026-10-03", name="改日期前")
    grids.run()
    assert [row[2:5] for row in grids.decided()] == [
        ("first", "accepted", ""),
        ("misdirected", "rejected", "submission.last_quarter_file"),
        ("misdirected", "rejected", "submission.last_quarter_file"),
    ]
    assert grids.rows(STANDING) == [("2026Q2", "merged", 1, 0, 0), ("2026Q2", "rejected", 2, 0, 2)]
    ((reason,),) = grids.rows("SELECT DISTINCT reason FROM quality.batch WHERE status = 'rejected'")
    assert reason.startswith("这是2026年第二季度已经报送过的采集表。") and "更正" in reason
    assert grids.rows("SELECT count(*) FROM staging.row") == [(0,)] and not grids.residuals()


def test_a_later_quarter_is_refused_and_so_is_one_before_the_first(grids):
    grids.put(workbook(ONE, quarter="2026年第四季度"), "2026-10-02")
    grids.put(workbook(TWO, quarter="2024年第四季度", unit=SECOND), "2026-10-02", unit=SECOND)
    grids.admit()
    assert [row[2:5] for row in grids.decided()] == [("misdirected", "rejected", "submission.wrong_period")] * 2
    assert grids.rows("SELECT DISTINCT status FROM quality.batch") == [("rejected",)]


def test_a_quarter_that_is_not_open_yet_is_refused_and_the_same_file_is_taken_when_it_is_sent_in_time(grids):
    grids.put(workbook(ONE), "2026-09-10")
    assert grids.admit(now="2026-09-10")["misdirected"] == 1
    assert grids.decided()[0][3:5] == ("rejected", "submission.not_open")
    path = grids.ctx.settings.inbox / "2026Q3" / f"{GRID}_采集表.xlsx"
    grids.put(path.read_bytes(), "2026-09-20")
    assert grids.run(now="2026-09-20")["reread"] == 1
    assert [row[2:4] for row in grids.decided()] == [("misdirected", "rejected"), ("first", "accepted")]
    assert grids.rows(STANDING) == [("2026Q3", "merged", 1, 0, 0)]


def test_a_quarter_closed_by_hand_refuses_with_the_locks_reason_until_it_is_reopened(grids):
    locks.close(grids.ctx, "数据已送审", "街道办", at("2026-10-02"))
    grids.put(workbook(ONE), "2026-10-03")
    grids.admit(now="2026-10-03T18:00")
    ((code, reason),) = grids.rows("SELECT code, reason FROM submissions.submission")
    assert code == "submission.closed" and "数据已送审" in reason and "联系街道" in reason
    locks.reopen(grids.ctx, "补报", "街道办", at("2026-10-04"))
    grids.run(now="2026-10-05")
    assert grids.decided() == [("2026Q3", "001", "first", "accepted", "", 0)], "what came meanwhile is taken now"


def test_a_workbook_of_another_grid_is_refused_with_its_rows_counted_and_taken_under_its_right_name(grids):
    path = grids.put(workbook(ONE), "2026-10-02", unit=SECOND)
    grids.admit()
    assert grids.decided() == [("2026Q3", "002", "misdirected", "rejected", "submission.wrong_unit", 0)]
    assert grids.rows(STANDING) == [("2026Q3", "rejected", 1, 0, 1)]
    path.rename(path.with_name(f"{GRID}_采集表.xlsx"))
    assert grids.run()["reread"] == 1
    assert [row[1:4] for row in grids.decided()] == [("002", "misdirected", "rejected"), ("001", "first", "accepted")]
    assert grids.rows("SELECT DISTINCT status, unit_code FROM quality.batch") == [("merged", GRID)]


def test_a_file_moved_from_another_quarters_folder_is_read_by_the_run_of_its_own(grids):
    path = grids.put(workbook(ONE), "2026-10-02", quarter="2026Q2")
    grids.admit("2026Q2")
    assert grids.decided()[0][2:5] == ("misdirected", "rejected", "submission.wrong_period")
    (grids.ctx.settings.inbox / "2026Q3").mkdir()
    path.rename(grids.ctx.settings.inbox / "2026Q3" / path.name)
    assert grids.run()["reread"] == 1
    assert grids.rows(STANDING) == [("2026Q3", "merged", 1, 0, 0)]


def test_an_unknown_grid_is_refused(grids):
    grids.put(workbook(ONE, unit=None), "2026-10-02", unit="510105005002999")
    grids.put(workbook(TWO, unit=None), "2026-10-02", unit="没有编码")
    grids.admit()
    assert [row[4] for row in grids.decided()] == ["submission.unknown_unit"] * 2


def test_an_unreadable_file_is_rejected_with_the_parsers_reason_and_replaces_nothing(grids):
    grids.put(workbook(ONE), "2026-10-02", name="初")
    grids.put(b"<html></html>", "2026-10-03", name="坏")
    grids.run()
    assert grids.decided() == [
        ("2026Q3", "001", "first", "accepted", "", 0),
        ("2026Q3", "001", "correction", "rejected", "file.html", 1),
    ]
    ((reason,),) = grids.rows("SELECT reason FROM submissions.submission WHERE status = 'rejected'")
    assert reason.startswith("文件其实是网页")


def test_an_unreadable_file_sent_again_is_rejected_again_for_the_same_reason(grids):
    grids.put(b"<html></html>", "2026-10-02", name="坏")
    grids.admit()
    grids.put(b"<html></html>", "2026-10-03", name="又")
    grids.run()
    assert [row[2:5] for row in grids.decided()] == [("first", "rejected", "file.html")] * 2


def test_a_sheet_that_cannot_be_read_leaves_what_was_sent_before(grids):
    grids.put(workbook(ONE), "2026-10-02", name="初")
    grids.put(_without_header(), "2026-10-03", name="改")
    grids.run()
    assert grids.rows(STANDING) == [("2026Q3", "merged", 1, 0, 0), ("2026Q3", "rejected", 0, 0, 0)]
    assert [row[2:4] for row in grids.decided()] == [("first", "superseded"), ("correction", "partly_accepted")]


def _without_header() -> bytes:
    above = [["少城街道2026年第三季度信息采集表"]]
    sheets = [(title, [*above, headers(d), ["本季度无"]]) for title, d in SHEETS.items() if d != "grid_activists"]
    return book(*sheets)


def test_last_quarters_content_under_this_quarters_title_is_taken_with_a_warning(grids):
    grids.put(workbook(ONE, quarter="2026年第二季度"), "2026-07-02", quarter="2026Q2")
    grids.run("2026Q2")
    grids.put(workbook(ONE), "2026-10-02")
    grids.run()
    assert grids.decided()[1] == ("2026Q3", "001", "first", "accepted_with_findings", "submission.unchanged_copy", 0)


def test_a_nil_return_is_confirmed(grids):
    grids.put(workbook(), "2026-10-02")
    grids.run()
    assert grids.decided() == [("2026Q3", "001", "first", "confirmed_nil", "", 0)]


def test_a_lost_lease_stops_the_stage(grids):
    grids.put(workbook(ONE), "2026-10-02")
    grids.admit()
    stale = grids.ctx.under(lease.acquire(grids.ctx))
    lease.acquire(grids.ctx)
    with pytest.raises(LeaseLost):
        submissions.admit(stale)


def test_rows_that_a_server_crash_emptied_get_the_same_decision_again(grids):
    grids.put(workbook(ONE, quarter="2026年第二季度"), "2026-07-20")
    grids.admit()
    with grids.ctx.engine().begin() as connection:
        connection.execute(text("DELETE FROM staging.row"))
    parsing.parse(grids.ctx)
    assert submissions.admit(grids.ctx)["submissions"] == 0
    assert grids.rows(STANDING) == [("2026Q2", "parsed", 1, 0, 0)]
    assert grids.rows("SELECT DISTINCT unit_code FROM quality.batch") == [(GRID,)]


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [
        ("1", GRID, ("first", "received", "")),
        ("2", GRID, ("misdirected", "rejected", "submission.bad_signature")),
        ("1", SECOND, ("misdirected", "rejected", "submission.wrong_unit")),
    ],
)
def test_the_issued_workbooks_signature_says_whose_it_is(grids, number, unit, told):
    """Signed as issue 1 of the first grid; returned as it is, with another number, under another grid's name."""
    grids.put(workbook(ONE, unit=None), "2026-10-02", unit=unit)
    fetching.fetch(grids.ctx, "grid", lambda: at("2026-10-03"))
    parsing.parse(grids.ctx)
    signature = grids.ctx.keys.token(f"issue/{grids.ctx.street_code}/{GRID}/2026Q3/1")[:32]
    said = f'{{"unit": "{GRID}", "period": "2026Q3", "issue_no": "{number}", "signature": "{signature}"}}'
    with grids.ctx.engine().begin() as connection:
        connection.execute(
            text("UPDATE quality.batch SET metadata = jsonb_set(metadata, '{居民骨干,issue}', CAST(:said AS jsonb))"),
            {"said": said},
        )
    submissions.admit(grids.ctx)
    assert grids.decided()[0][2:5] == told
