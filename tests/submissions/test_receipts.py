"""A receipt for every submission: what it says, that the dry run says the same, that it never contradicts itself."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.parsing.made import ID, pack

from courtyard import submissions
from courtyard.errors import LeaseLost
from courtyard.parsing.problems import WORDINGS, wording
from courtyard.store import lease
from courtyard.submissions import checking, outcome, receipts
from courtyard.submissions.findings import Finding, refusal, tidy
from courtyard.submissions.outcome import Receipt

from .conftest import GRID, SECOND, activist, at, through, workbook

CLEAN = activist(courtyard="君平街63号", phone="15400000000")
BAD_ID = activist("李小红", courtyard="君平街63号", id_number="110105194912310021")
NOWHERE = activist("张小军", courtyard="没有的院9号", phone="15400000001")
DOUBTFUL = activist("赵小云", courtyard="君平街63号", id_number=ID.lower(), sex="男")
HIDDEN = (ID, "110105194912310021", "李小红", "没有的院9号", "15400000000")


@pytest.fixture
def folder_of(grids):
    """The receipt's folder of the n-th submission in the order of arrival."""

    def find(number=0):
        files = grids.rows("SELECT receipt_file FROM submissions.submission ORDER BY receipt_id")
        return grids.ctx.settings.outbox / files[number][0]

    return find


def told(folder):
    return json.loads((folder / "receipt.json").read_text("utf-8"))


def test_every_row_is_accounted_for_and_every_finding_names_its_cell(grids, folder_of):
    grids.put(workbook(CLEAN, BAD_ID, NOWHERE, DOUBTFUL), "2026-10-03T09:30")
    assert through(grids) == {"written": 1, "unchanged": 0, "notices": 1, "status": {"partly_accepted": 1}}
    said = told(folder_of())
    assert (said["status"], said["period"], said["unit"]) == ("partly_accepted", "2026Q3", GRID)
    assert said["rows"] == {"read": 4, "accepted": 2, "quarantined": 2}
    assert [(f["sheet"], f["cell"], f["code"], f["severity"]) for f in said["findings"]] == [
        ("居民骨干", "D5", "id.checksum", "error"),
        ("居民骨干", "F6", "address.unknown_courtyard", "error"),
        ("居民骨干", "C7", "rule.sex_matches_id", "warning"),
    ]
    assert [(d["dataset"], d["status"]) for d in said["datasets"]][:2] == [
        ("grid_activists", "partly_accepted"),
        ("grid_party_members", "confirmed_nil"),
    ]
    assert (said["due_on"], said["submission"]["kind"]) == ("2026-10-05", "first")
    assert not any(value in json.dumps(said, ensure_ascii=False) for value in HIDDEN)


def test_the_dry_run_says_what_the_receipt_says(grids, folder_of):
    files = {
        GRID: workbook(CLEAN, BAD_ID, NOWHERE, DOUBTFUL, BAD_ID),
        SECOND: workbook(unit=SECOND, sheets={"grid_dibao": [{"head_name": "王小明", "relation": "本人"}]}),
    }
    for unit, data in files.items():
        grids.put(data, "2026-10-03", unit=unit)
    grids.put(workbook(CLEAN, quarter="2027年第一季度"), "2026-10-03", name="早")
    grids.put(b"<html><table></table></html>", "2026-10-04", name="网页")
    dry = []
    for path in sorted((grids.ctx.settings.inbox / "2026Q3").iterdir()):
        source = grids.ctx.district.sources["grid"]
        contracts = tuple(grids.ctx.district.contracts[name] for name in source.datasets)
        file = checking.File(path.read_bytes(), path.name, source, contracts, period=grids.ctx.period)
        dry.append((path.name, checking.check(grids.ctx, file, at("2026-10-03"), has_keys=True).receipt.plain()))
    through(grids)
    folders = grids.rows(
        "SELECT r.name, receipt_file FROM submissions.submission JOIN landing.receipt r USING (receipt_id)"
    )
    real = {name: told(grids.ctx.settings.outbox / folder) for name, folder in folders}
    assert len(real) == 4
    for name, expected in dry:
        assert {key: real[name][key] for key in expected} == expected, name


def test_running_it_again_writes_nothing_and_tells_nobody_twice(grids, folder_of):
    grids.put(workbook(CLEAN), "2026-10-03")
    through(grids)
    before = {path.name: path.stat().st_mtime_ns for path in folder_of().iterdir()}
    assert submissions.receipt(grids.ctx) == {"written": 0, "unchanged": 1, "notices": 0, "status": {"accepted": 1}}
    assert {path.name: path.stat().st_mtime_ns for path in folder_of().iterdir()} == before


def test_a_receipt_that_was_lost_is_written_again_without_a_second_notice(grids, folder_of):
    grids.put(workbook(CLEAN), "2026-10-03")
    through(grids)
    (folder_of() / "receipt.json").unlink()
    assert submissions.receipt(grids.ctx)["written"] == 1
    assert told(folder_of())["status"] == "accepted"
    assert grids.rows("SELECT count(*) FROM notices.notice") == [(1,)]


def test_files_are_private_and_the_json_comes_last(grids, folder_of):
    grids.put(workbook(CLEAN), "2026-10-03", name="表 1；rm -rf")
    through(grids)
    folder = folder_of()
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{GRID}_表_1_rm_-rf_批注.xlsx", "receipt.json", "回执.docx",
    ]  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {parent.stat().st_mode & 0o777 for parent in [folder, *folder.parents][:4]} == {0o700}
    assert folder.relative_to(grids.ctx.settings.outbox).parts[:3] == ("receipts", "2026Q3", GRID)
    newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert newest.name == "receipt.json"


def test_a_correction_is_told_what_changed_and_the_first_is_told_that_it_was_replaced(grids, folder_of):
    grids.put(workbook(CLEAN, DOUBTFUL), "2026-10-02", name="初")
    through(grids)
    grids.put(workbook(CLEAN), "2026-10-04", name="改")
    assert through(grids)["written"] == 2
    first, second = told(folder_of(0)), told(folder_of(1))
    assert (first["status"], second["status"]) == ("superseded", "accepted")
    assert second["submission"]["kind"] == "correction"
    assert second["submission"]["changes"]["grid_activists"]["removed"] == 1
    assert second["submission"]["related_receipt"] == first["submission"]["receipt_id"]
    causes = grids.rows("SELECT cause FROM notices.notice")
    assert len(causes) == 2  # who corrects knows that the first one no longer counts


def test_a_refused_submission_gets_a_receipt_that_says_why(grids, folder_of):
    grids.put(workbook(CLEAN, quarter="2027年第一季度"), "2026-10-03")
    through(grids)
    said = told(folder_of())
    assert said["status"] == "rejected"
    assert [f["code"] for f in said["findings"]] == ["submission.wrong_period"]
    assert said["rows"] == {"read": 1, "accepted": 0, "quarantined": 1}
    assert all(dataset["findings"] for dataset in said["datasets"])
    assert "重新报送" in said["next_step"]


def test_what_a_stranger_handed_in_is_not_mailed_to_the_unit_it_names(grids):
    grids.put(workbook(CLEAN, unit=SECOND), "2026-10-03", unit=GRID)
    through(grids)
    ((attachments,),) = grids.rows("SELECT attachments FROM notices.notice")
    assert [name.rpartition("/")[2] for name in attachments] == ["回执.docx"]


def test_the_notice_names_no_cell_and_no_value(grids):
    grids.put(workbook(CLEAN, BAD_ID), "2026-10-03")
    through(grids)
    ((subject, body, address, attachments),) = grids.rows(
        "SELECT subject, body, address, attachments FROM notices.notice"
    )
    assert (subject, address) == ("2026年第三季度网格季度采集表回执：部分接收", f"grid-{GRID}@shaocheng.example")
    assert "读到2行，接收1行，退回1行" in body and "D5" not in body
    assert not any(value in body + subject for value in HIDDEN)
    assert [name.rpartition("/")[2] for name in attachments] == ["回执.docx", f"{GRID}_采集表_批注.xlsx"]


def test_a_run_that_lost_the_quarter_writes_no_receipt(grids):
    grids.put(workbook(CLEAN), "2026-10-03")
    through(grids)
    ctx = replace(grids.ctx, token=lease.acquire(grids.ctx) - 1)
    with pytest.raises(LeaseLost):
        submissions.receipt(ctx)


# --- a receipt never contradicts itself (DOMAIN.md section 5) -----------------------------------

GRIDS = [pack().contracts[name] for name in pack().sources["grid"].datasets]
CODES = sorted(WORDINGS)
# The first draw of a process reads every loaded module for constants, which are many beside Great Expectations.
warming_up = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
STATES = ("rejected", "held", "superseded", "merged", "linked")


@st.composite
def findings(draw, place):
    contract = GRIDS[place]
    column = draw(st.sampled_from([None, *(c.name for c in contract.columns)]))
    header = contract.column(column).header if column else ""
    code = draw(st.sampled_from(CODES))
    row_no = draw(st.one_of(st.none(), st.integers(4, 9)))
    cell = draw(st.sampled_from(["", f"B{row_no or 3}"]))
    return Finding(contract.sheet or "", row_no, column, cell, code, *wording(code, header, "3行"))


@st.composite
def parts(draw):
    place = draw(st.integers(0, len(GRIDS) - 1))
    read = draw(st.integers(0, 5))
    return outcome.part(
        GRIDS[place],
        draw(st.sampled_from(STATES)),
        (read, draw(st.integers(0, read))),
        draw(st.lists(findings(place), max_size=4)),
        is_nil=draw(st.booleans()),
        reason=draw(st.sampled_from(["", "缺少必填列“姓名”，请补上该列后重新报送"])),
    )


@warming_up
@given(st.lists(parts(), max_size=4), st.sampled_from(["", "submission.closed", "submission.duplicate"]))
def test_a_refusal_never_has_an_empty_list_of_errors(found, code):
    own = (refusal(code, "已关闭。请联系街道。"),) if code == "submission.closed" else ()
    status = "rejected" if own else outcome.overall([part.status for part in found])
    receipt = outcome.complete(Receipt("grid", "采集表", status, "2026Q3", GRID, "", tuple(found), own))
    said = receipt.plain()
    for one in [said, *said["datasets"]]:
        errors = [f for f in one["findings"] if f["severity"] == "error"]
        assert errors or one["status"] != "rejected"
        assert all(f["message"] and f["suggestion"] for f in one["findings"])
    for one in said["datasets"]:
        rows = one["rows"]
        assert rows["read"] == rows["accepted"] + rows["quarantined"]
        assert one["status"] != "accepted" or not one["findings"]
        assert one["status"] != "accepted" or not rows["quarantined"]


@warming_up
@given(st.data())
def test_nothing_that_must_be_filled_is_said_to_be_left_blank(data):
    place = data.draw(st.integers(0, len(GRIDS) - 1))
    contract = GRIDS[place]
    needed = {c.name for c in contract.columns if c.required}
    for finding in tidy(data.draw(st.lists(findings(place), max_size=6)), contract):
        assert finding.column not in needed or "留空" not in finding.suggestion
        assert finding.suggestion


def test_the_words_that_allow_a_blank_cell_stay_where_it_may_be_blank():
    (contract,) = [c for c in GRIDS if c.dataset == "grid_activists"]
    length = wording("id.length", "身份证号")
    assert "留空" in length.suggestion
    (kept,) = tidy([Finding("居民骨干", 4, "id_number", "D4", "id.length", *length)], contract)
    (changed,) = tidy([Finding("居民骨干", 4, "name", "B4", "id.length", *length)], contract)
    assert (kept.suggestion, changed.suggestion) == (length.suggestion, "请补全18位号码")


def test_the_cell_a_finding_names_is_the_one_that_is_wrong(grids, folder_of):
    """Columns in another order, a row above: the letters follow the file, not the contract."""
    import io

    import openpyxl

    grids.put(workbook(CLEAN, BAD_ID, DOUBTFUL), "2026-10-03")
    path = next((grids.ctx.settings.inbox / "2026Q3").iterdir())
    book = openpyxl.load_workbook(path)
    sheet = book["居民骨干"]
    sheet.insert_cols(1, 2)
    sheet.insert_rows(1)
    target = io.BytesIO()
    book.save(target)
    grids.put(target.getvalue(), "2026-10-03")
    through(grids)
    cells = {f["code"]: f["cell"] for f in told(folder_of())["findings"]}
    assert sheet[cells["id.checksum"]].value == BAD_ID["id_number"]
    assert sheet[cells["rule.sex_matches_id"]].value == DOUBTFUL["sex"]


@warming_up
@given(st.text(max_size=80))
def test_any_name_gives_the_copy_a_plain_one(name):
    made = receipts.copy_name(name)
    assert made.endswith("_批注.xlsx") and len(made.encode()) < 255
    assert "/" not in made and not made.startswith(".") and made.isprintable()


def test_findings_stand_by_sheet_row_and_column():
    def at_cell(cell, sheet="居民骨干", severity="error"):
        return Finding(sheet, None, None, cell, f"x{severity}", severity, cell, "改")

    contract = GRIDS[0]
    mixed = [
        at_cell("AA4"),
        at_cell("B10"),
        at_cell("B4"),
        at_cell("", "低保户"),
        at_cell("B4", severity="warning"),
        at_cell(""),
    ]
    assert [(f.sheet, f.cell, f.severity) for f in tidy(mixed, contract)] == [
        ("低保户", "", "error"), ("居民骨干", "", "error"), ("居民骨干", "B4", "error"), ("居民骨干", "B4", "warning"),
        ("居民骨干", "AA4", "error"), ("居民骨干", "B10", "error"),
    ]  # fmt: skip


def test_nobody_is_written_to_about_a_past_quarter_that_is_loaded_now(grids, folder_of):
    grids.put(workbook(CLEAN), "2026-10-03")
    assert through(grids, now="2026-12-31")["notices"] == 0
    assert told(folder_of())["status"] == "accepted"
