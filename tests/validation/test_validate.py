"""The stage: parsed batches in, findings, quarantined rows and held batches out."""

from __future__ import annotations

import logging
from datetime import datetime

import pytest
from sqlalchemy import text

from courtyard import validation
from courtyard.errors import LeaseLost, UsageError
from courtyard.store import lease
from courtyard.validation import checks, releasing

from .rows import TOKEN, activist, person


def people(count, **changes):
    return [{"attrs": person(**changes)} for _ in range(count)]


def test_a_bad_row_waits_in_quarantine_and_the_others_go_on(quarter):
    batch = quarter.batch([{"attrs": person()}, {"attrs": person(household_no=None, sex="7")}, {"attrs": person()}])
    result = validation.validate(quarter.ctx)
    assert (result["validated"], result["rows"], result["quarantined"], result["findings"]) == (1, 3, 1, 2)
    assert quarter.state(batch) == ("validated", 3, 1, 0, "")
    assert quarter.findings() == [
        (3, "sex", None, "code.unknown", "error"),
        (3, "household_no", None, "required.missing", "error"),
    ]
    assert quarter.rows("SELECT row_no, codes FROM quality.quarantined_row") == [
        (3, ["code.unknown", "required.missing"])
    ]
    assert quarter.rows("SELECT row_no, disposition FROM staging.row ORDER BY row_no") == [
        (2, None), (3, "quarantined"), (4, None),
    ]  # fmt: skip


def test_a_warning_quarantines_nothing(quarter):
    batch = quarter.batch([{"attrs": person(sex="1"), "id_sex": "2"}])
    validation.validate(quarter.ctx)
    assert quarter.findings() == [(2, "sex", None, "rule.sex_matches_id", "warning")]
    assert quarter.state(batch) == ("validated", 1, 0, 0, "")


def test_findings_carry_the_contracts_words_and_the_parsers_cell(quarter):
    problem = {"column": "id_number", "code": "id.checksum", "cell": "D7"}
    quarter.batch(
        [{"attrs": activist(id_number=None), "problems": [problem]}],
        "grid_activists",
        sheet="居民骨干",
        unit="510105005002001",
    )
    validation.validate(quarter.ctx)
    assert quarter.rows("SELECT sheet, cell, message, suggestion FROM quality.finding") == [
        ("居民骨干", "D7", "身份证号校验位不正确", "请对照身份证逐位核对")
    ]


def test_what_the_parser_wrote_down_already_is_not_written_twice(quarter):
    problem = {"column": "id_number", "code": "id.checksum", "cell": "D2"}
    batch = quarter.batch([{"attrs": activist(id_number=None), "problems": [problem]}], "grid_activists")
    write = """INSERT INTO quality.finding (batch_id, sheet, row_no, column_name, cell, code, severity, message, suggestion)
               VALUES ('{}', '', 2, 'id_number', 'D2', 'id.checksum', 'error', 'm', 's') RETURNING 1"""
    with quarter.ctx.engine().begin() as connection:
        connection.exec_driver_sql(write.format(batch))
    result = validation.validate(quarter.ctx)
    assert (result["quarantined"], result["findings"]) == (1, 1)
    assert quarter.findings() == [(2, "id_number", "D2", "id.checksum", "error")]


def test_validating_again_changes_nothing(quarter):
    quarter.batch([{"attrs": person(sex="7")}])
    validation.validate(quarter.ctx)
    before = quarter.findings()
    assert validation.validate(quarter.ctx)["batches"] == 0
    assert quarter.findings() == before


def test_a_late_delivery_is_judged_by_its_own_period(quarter):
    late = quarter.batch([{"attrs": person(birth_date="2026-08-01")}], period="2026Q2", folder="2026Q3")
    validation.validate(quarter.ctx)
    assert quarter.state(late)[:3] == ("validated", 1, 1)
    assert [f[3] for f in quarter.findings()] == ["date.after_period"]


def test_other_quarters_and_other_states_are_left_alone(quarter):
    other = quarter.batch(people(1), period="2026Q2")
    merged = quarter.batch(people(1), status="merged")
    month = quarter.batch([], "hotline_cases", period="2026-08", is_nil=True)
    validation.validate(quarter.ctx)
    assert [quarter.state(b)[0] for b in (other, merged, month)] == ["parsed", "merged", "validated"]


def missing_header(quarter, batch, column):
    with quarter.ctx.engine().begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO quality.finding (batch_id, sheet, column_name, code, severity, message, suggestion)"
            f" VALUES ('{batch}', '', '{column}', 'header.missing_column', 'error', 'm', 's')"
        )


def test_a_missing_required_column_holds_the_batch_and_is_named(quarter):
    batch = quarter.batch(people(3, address=None))
    missing_header(quarter, batch, "address")
    result = validation.validate(quarter.ctx)
    assert quarter.state(batch) == ("held", 3, 0, 3, "缺少必填列“现住地址”，请补上该列后重新报送")
    assert result["held"] == {batch: "缺少必填列“现住地址”，请补上该列后重新报送"}
    assert quarter.rows("SELECT * FROM quality.quarantined_row") == []


def test_a_missing_optional_column_holds_nothing(quarter):
    batch = quarter.batch(people(3))
    missing_header(quarter, batch, "phone")
    validation.validate(quarter.ctx)
    assert quarter.state(batch)[0] == "validated"


def test_a_required_column_that_is_unreadable_nearly_everywhere_holds_the_batch(quarter):
    unreadable = {"attrs": person(birth_date=None), "problems": [{"column": "birth_date", "code": "date.unreadable"}]}
    batch = quarter.batch([unreadable] * 9 + people(1))
    validation.validate(quarter.ctx)
    assert quarter.state(batch)[4] == (
        "必填列“出生日期”有90%的行为空或无法识别，可能改了名称或格式，请核对该列后重新报送"
    )


def test_a_small_file_with_bad_rows_is_quarantined_row_by_row(quarter):
    batch = quarter.batch(people(9, birth_date=None))
    validation.validate(quarter.ctx)
    assert quarter.state(batch)[:3] == ("validated", 9, 9)


@pytest.mark.parametrize(
    ("before", "now", "held"), [(100, 94, True), (100, 95, False), (99, 10, False), (120, 130, False)]
)
def test_a_snapshot_that_lost_too_much_waits_for_a_person(quarter, before, now, held):
    quarter.batch([], landed=before, status="merged", period="2026Q2")
    batch = quarter.batch(people(now))
    validation.validate(quarter.ctx)
    status, *_, reason = quarter.state(batch)
    assert status == ("held" if held else "validated")
    if held:
        assert reason == "比上一次（2026Q2）的100行少了6.0%，只有94行，请确认是否漏报"


def test_a_shrunk_snapshot_passes_once_a_post_has_said_why(quarter):
    quarter.batch([], landed=100, status="merged", period="2026Q2")
    batch = quarter.batch(people(60))
    validation.validate(quarter.ctx)
    releasing.release(quarter.ctx, batch, reason="两个院落拆迁", post="民政办负责人", at=datetime(2026, 10, 9))
    assert quarter.state(batch) == ("parsed", 60, 0, 0, "")
    assert validation.validate(quarter.ctx)["held"] == {}
    assert quarter.state(batch)[:2] == ("validated", 60)
    with quarter.ctx.engine().connect() as connection:
        kept = connection.execute(text("SELECT batch_id, reason, actor FROM quality.release")).all()
    assert kept == [(batch, "两个院落拆迁", "民政办负责人")]


def test_an_empty_drop_passes_once_a_post_has_said_why_and_a_missing_column_does_not(quarter):
    empty = quarter.batch([], "grid_dibao", unit="510105005002001")
    broken = quarter.batch(people(2), landed=5)
    validation.validate(quarter.ctx)
    for batch in (empty, broken):
        releasing.release(quarter.ctx, batch, reason="确认", post="民政办负责人", at=datetime(2026, 10, 9))
    validation.validate(quarter.ctx)
    assert quarter.state(empty)[0] == "validated"
    assert quarter.state(broken)[0] == "held"


def test_only_what_is_held_can_be_let_pass(quarter):
    batch = quarter.batch(people(2))
    with pytest.raises(UsageError):
        releasing.release(quarter.ctx, batch, reason="确认", post="民政办负责人", at=datetime(2026, 10, 9))


def test_months_of_one_run_are_compared_with_each_other_and_a_held_one_is_no_measure(quarter):
    row = {"attrs": {"head_name": "样本", "address": "x", "name": "样本", "relation": "0", "change_kind": "added"}}
    july, august, september = (
        quarter.batch([row] * count, "grid_dibao", period=f"2026-0{month}", unit="510105005002001")
        for month, count in ((7, 100), (8, 40), (9, 41))
    )
    other = quarter.batch([row] * 40, "grid_dibao", period="2026-09", unit="510105005002002")
    held = validation.validate(quarter.ctx)["held"]
    assert "2026-07" in held[august] and "2026-07" in held[september]
    assert july not in held and other not in held


def test_the_version_decides_which_snapshot_came_before(quarter):
    quarter.batch([], landed=500, status="merged", version_at=datetime(2026, 10, 9))
    older = quarter.batch(people(12), version_at=datetime(2026, 10, 8))
    validation.validate(quarter.ctx)
    assert quarter.state(older)[0] == "validated"


def test_an_empty_drop_is_held_and_a_nil_return_is_not(quarter):
    empty = quarter.batch([], "grid_dibao", unit="510105005002001")
    nil = quarter.batch([], "grid_dibao", unit="510105005002002", is_nil=True)
    validation.validate(quarter.ctx)
    assert quarter.state(empty) == ("held", 0, 0, 0, "没有数据行，也没有注明“本季度无”，请确认是否漏报")
    assert quarter.state(nil)[0] == "validated"


def test_rows_lost_from_staging_hold_the_batch(quarter):
    batch = quarter.batch(people(2), landed=5)
    validation.validate(quarter.ctx)
    assert quarter.state(batch) == ("held", 5, 0, 5, "暂存的数据行不全（应有5行，实有2行），请重新解析")


def test_a_check_that_itself_fails_holds_its_batches_and_leaks_nothing(quarter, monkeypatch, caplog, capfd):
    def broken(check, gx):
        return gx.ExpectColumnValuesToBeBetween(column=check.column, min_value=1, max_value=2)

    monkeypatch.setattr(checks.OneOf, "expectation", broken)  # text compared with numbers raises
    people_batch = quarter.batch(people(2, sex="planted-value"))
    fine = quarter.batch([], "resident_reports", period="2026-07", is_nil=True)
    with caplog.at_level(logging.DEBUG):
        validation.validate(quarter.ctx)
    status, landed, quarantined, held, reason = quarter.state(people_batch)
    assert (status, landed, quarantined, held) == ("held", 2, 0, 2)
    assert "校验规则执行出错" in reason and "性别" in reason
    assert quarter.state(fine)[0] == "validated"
    pages = "".join(p.read_text("utf-8") for p in quarter.ctx.settings.quality_docs.rglob("*.*"))
    assert "planted-value" not in caplog.text + reason + pages + "".join(capfd.readouterr())


def test_a_run_that_lost_its_lease_writes_nothing(quarter):
    batch = quarter.batch([{"attrs": person(sex="7")}])
    stale = quarter.ctx.under(lease.acquire(quarter.ctx))
    lease.acquire(quarter.ctx)
    with pytest.raises(LeaseLost):
        validation.validate(stale)
    assert quarter.state(batch)[0] == "parsed"
    assert quarter.findings() == []
    assert not quarter.ctx.settings.quality_docs.exists()


def test_every_contract_of_the_pack_becomes_checks_that_run(quarter):
    batches = [quarter.batch([{"attrs": {}, "record_key": None}], d) for d in quarter.ctx.district.contracts]
    held = validation.validate(quarter.ctx)["held"]
    assert held == {}
    assert all(quarter.state(batch)[:3] == ("validated", 1, 1) for batch in batches)


def test_nothing_personal_reaches_findings_pages_or_logs(quarter, caplog, capfd):
    planted = person(
        name="姓名" * 50, address="地址" * 200, birth_date="1850-01-02", id_number=TOKEN[:-1] + "P", sex="璘"
    )
    with caplog.at_level(logging.DEBUG):
        quarter.batch([{"attrs": planted, "id_birth_date": "1850-01-03"}])
        validation.validate(quarter.ctx)
    told = str(quarter.rows("SELECT * FROM quality.finding")) + caplog.text + "".join(capfd.readouterr())
    told += "".join(p.read_text("utf-8") for p in quarter.ctx.settings.quality_docs.rglob("*.*"))
    assert "rule.birth_matches_id" in told
    assert not [v for v in ("姓名姓名", "地址地址", "1850", TOKEN[:-1], "璘", "value_counts") if v in told]
