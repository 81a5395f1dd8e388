"""Whoever holds an older figure is told once; a closed period says why; untouched forms stay as they are."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, datetime

import pytest
from docx import Document
from sqlalchemy import text

from courtyard import reports
from courtyard.desk.deciding import Signed
from courtyard.errors import UsageError
from courtyard.letters import docx
from courtyard.period import Period
from courtyard.reports import closing, recalling
from courtyard.reports.report_letters import covering_letter

LATE = "2026-09-20T10:00:00+08:00"
AT = datetime.fromisoformat("2026-09-25T09:00:00+08:00")
POST = "街道办事处审核岗"


def correct(world, attrs, received=LATE, key="k4"):
    delivery = world.batch("dibao_register", "2026-07", received)
    world.replace(delivery, "dibao_register", f"2026-07/{key}", attrs)


def letter(world, name):
    document = Document(io.BytesIO((world.ctx.settings.outbox / name).read_bytes()))
    table = [[cell.text for cell in row.cells] for found in document.tables for row in found.rows]
    return [p.text for p in document.paragraphs if p.text], table


@pytest.fixture
def revised(dibao):
    """城市低保统计表 of July in its second revision."""
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    return dibao


def test_the_recipient_of_the_old_figures_is_written_to_once(revised):
    found = revised.rows("SELECT * FROM publish.recall ORDER BY period")
    assert [(r["period"], r["old_revision"], r["new_revision"], r["recipient"], r["letter_number"]) for r in found] == [
        ("2026-07", 1, 2, "青羊区民政局", "少城办函〔2026〕1号"),
        ("2026-08", 1, 2, "青羊区民政局", "少城办函〔2026〕2号"),
    ]
    reports.publish(revised.ctx)
    assert len(revised.rows("SELECT * FROM publish.recall")) == 2
    assert [row["state"] for row in revised.rows("SELECT state FROM mart.report_recall", role="reader")] == ["待发"] * 2


def test_the_letter_names_the_cells_the_cause_and_what_to_do(revised):
    (name,) = [r["letter"] for r in revised.rows("SELECT letter FROM publish.recall WHERE period = '2026-07'")]
    texts, table = letter(revised, name)
    assert texts[:3] == ["少城办函〔2026〕1号", "青羊区人民政府少城街道办事处", "关于更正2026年7月城市低保统计表的函"]
    body = "".join(texts)
    assert "（2026年7月，第1版）有数据需要更正，现已重新编制第2版" in body
    assert (
        "本次更正共6处：“当月资金支出(万元)”栏2处、“累计资金支出(元)”栏2处、“当月人均补助水平(元)”栏2处，具体见文末表"
        in body
    )
    assert re.search(r"低保信息系统2026年7月数据（dibao_register_2026-07_\d+，2026-09-20 10:00收到）。", body)
    assert "于2026年10月10日前复函确认" in body  # ten working days: 25 September, 1 to 7 October off, 10 October worked
    assert table[1] == ["H7", "商业街社区", "当月资金支出(万元)", "0.0930", "0.0940"]
    assert (revised.ctx.settings.outbox / name).stat().st_mode & 0o777 == 0o600


def test_a_letter_about_a_roster_names_nobody(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "940", "head_name": "赵改名", "name": "赵改名"})
    reports.publish(dibao.ctx)
    (found,) = dibao.rows("SELECT letter FROM publish.recall")
    texts, table = letter(dibao, found["letter"])
    assert table == [] and "赵" not in "".join(texts)
    assert "“户主姓名”栏1处、“成员姓名”栏1处、“月保障金额(元)”栏1处，逐格内容见附件2" in "".join(texts)


def test_who_was_sent_a_view_without_values_is_told_none(dibao, monkeypatch):
    receiver = recalling.Receiver(1, "青羊区统计局", with_values=False)
    monkeypatch.setattr(recalling, "receivers_of", lambda *_: [receiver])
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    (found,) = dibao.rows("SELECT letter FROM publish.recall WHERE period = '2026-07'")
    texts, table = letter(dibao, found["letter"])
    assert table == [] and not [text for text in texts if "940" in text or "对照表" in text]
    assert "附件：城市低保统计表（2026年7月，第2版）" in texts


def test_the_office_hears_that_a_letter_waits(revised):
    (found, _) = revised.rows("SELECT * FROM notices.notice ORDER BY cause", role="pipeline")
    assert found["subject"] == "更正函待发：2026年7月《城市低保统计表》（致青羊区民政局）"
    assert found["cause"] == "recall/dibao_statistics/2026-07/r1/青羊区民政局"
    assert found["attachments"] == ["recalls/2026-07/dibao_statistics/更正函_r1_青羊区民政局.docx"]


def test_a_third_revision_recalls_the_second_and_the_first_stays_told(revised):
    revised.sent()
    correct(revised, {"monthly_amount": "950"}, "2026-09-21T10:00:00+08:00")
    reports.publish(revised.ctx)
    pairs = revised.rows("SELECT old_revision, new_revision FROM publish.recall WHERE period = '2026-07' ORDER BY 1")
    assert [tuple(row.values()) for row in pairs] == [(1, 2), (2, 3)]


def test_who_holds_a_much_older_revision_is_told_all_that_changed_since(dibao, monkeypatch):
    """As if it had become known only with the third revision who had received the first."""
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "940"})
    with monkeypatch.context() as patch:
        patch.setattr(recalling, "queue", lambda *_: None)
        reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "950"}, "2026-09-21T10:00:00+08:00")
    reports.publish(dibao.ctx)
    found = dibao.rows("SELECT old_revision, letter FROM publish.recall WHERE period = '2026-07' ORDER BY 1")
    assert [letter(dibao, row["letter"])[1][2][3:] for row in found] == [["930.00", "950.00"], ["940.00", "950.00"]]


def test_from_waiting_over_sent_to_acknowledged_and_overdue_meanwhile(revised):
    def states(on):
        return [(r["state"], r["is_overdue"]) for r in recalling.listing(revised.ctx, on) if r["period"] == "2026-07"]

    assert states(date(2026, 10, 10)) == [("待发", False)]
    with revised.ctx.engine("publisher").begin() as connection:
        where = {"street": revised.ctx.street_code, "report": "dibao_statistics", "period": "2026-07"}
        recalling.mark_sent(connection, where, "青羊区民政局", 2, AT)
    assert states(date(2026, 10, 11)) == [("已发", True)]
    done = recalling.acknowledge(revised.ctx, "dibao_statistics", "2026-07", by="青羊区民政局救助科", at=AT)
    assert [(r["old_revision"], r["recipient"]) for r in done] == [(1, "青羊区民政局")]
    assert states(date(2026, 10, 11)) == [("已确认", False)]
    with pytest.raises(UsageError, match="没有待确认的更正函"):
        recalling.acknowledge(revised.ctx, "dibao_statistics", "2026-07", by="青羊区民政局救助科", at=AT)


def test_a_publication_that_fails_leaves_no_letter_number_behind(dibao, monkeypatch):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    dibao.sent()
    correct(dibao, {"monthly_amount": "940"})
    with monkeypatch.context() as patch:
        patch.setattr(recalling, "_QUEUE", text("SELECT 1 / 0"))
        assert [h["period"] for h in reports.publish(dibao.ctx)["held"]][:1] == ["2026-07"]
    assert dibao.rows("SELECT * FROM publish.letter_number") == []
    reports.publish(dibao.ctx)
    assert [r["letter_number"] for r in dibao.rows("SELECT * FROM publish.recall")] == ["少城办函〔2026〕1号"]


def test_a_closed_period_says_why_whom_to_ask_and_what_would_change(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    closing.close(dibao.ctx, "dibao_roster", "2026-07", Signed(POST, "已报市局汇总", AT))
    assert reports.publish(dibao.ctx)["held"][0]["period"] == "2026-09"  # unchanged content is no matter
    correct(dibao, {"monthly_amount": "940", "remark": "赵某"})
    (held, _) = reports.publish(dibao.ctx)["held"]
    assert held["reason"] == (
        "2026年7月《低保对象花名册》已由街道办事处审核岗于2026-09-25关闭，不再出新版：已报市局汇总。"
        "数据已有变动，将改动“月保障金额(元)”1处、“备注”1处。 "
        "需要更正的，请联系街道办事处审核岗重新开放：courtyard reopen-report dibao_roster 2026-07。"
    )
    assert [p.name for p in (dibao.ctx.settings.published / "2026-07/dibao_roster").iterdir()] == ["r1"]
    assert dibao.rows("SELECT * FROM publish.recall") == []
    closing.reopen(dibao.ctx, "dibao_roster", "2026-07", Signed(POST, "市局同意更正", AT))
    assert [p["revision"] for p in reports.publish(dibao.ctx)["published"]] == [2]


@pytest.mark.parametrize(
    ("post", "reason", "said"),
    [("张三", "已汇总", "没有“张三”这个岗位"), (POST, " ", "没有写理由"), (POST, "长" * 201, "原因太长")],
)
def test_a_closing_needs_a_post_and_a_reason(dibao, post, reason, said):
    with pytest.raises(UsageError, match=said):
        closing.close(dibao.ctx, "dibao_roster", "2026-07", Signed(post, reason, AT))
    with pytest.raises(UsageError, match="没有关闭"):
        closing.reopen(dibao.ctx, "dibao_roster", "2026-07", Signed(POST, "重新开放", AT))


def test_a_late_correction_of_a_past_quarter_touches_only_what_it_affects(world):
    """Four forms of 2026Q1; in September February's register is corrected."""
    world = world.only("dibao_roster", "dibao_statistics", "population_statistics", "activist_ledger")
    ctx = replace(world.ctx, period=Period.quarter("2026Q1"))
    who = {"benefit_no": "D1", "head_name": "王样例", "name": "王样例", "relation": "0", "category": "dibao"}
    for month in ("2026-01", "2026-02", "2026-03"):
        delivery = world.batch("dibao_register", month, f"{month}-03T09:00:00+08:00")
        world.record(delivery, "k1", {**who, "monthly_amount": "930"}, courtyard="C1", person="P1", row_no=2)
    register = world.batch("population", "2026Q1", "2026-04-01T09:00:00+08:00")
    world.record(register, "p1", {"birth_date": "1980-01-01", "residence_type": "hukou"}, courtyard="C1", person="P1")
    activists = world.batch("grid_activists", "2026Q1", "2026-04-02T09:00:00+08:00", unit="510105005002001")
    world.record(activists, "a1", {"name": "王样例"}, courtyard="C1", person="P1")
    first = reports.publish(ctx)
    forms = [p["folder"] for p in first["published"] if p["report"] != "bulletin"]
    assert (len(forms), first["held"]) == (8, [])
    world.sent()
    published = world.ctx.settings.published
    before = {path: path.read_bytes() for folder in forms for path in sorted((published / folder).iterdir())}

    late = world.batch("dibao_register", "2026-02", LATE)
    world.replace(late, "dibao_register", "2026-02/k1", {"monthly_amount": "1000"})
    again = reports.publish(ctx)

    affected = [("dibao_roster", "2026-02"), ("dibao_statistics", "2026-02"), ("dibao_statistics", "2026-03")]
    assert [(p["report"], p["period"], p["revision"]) for p in again["published"]] == [(*a, 2) for a in affected]
    assert {path: path.read_bytes() for path in before} == before
    cells = world.rows("SELECT report, period, cell FROM publish.change ORDER BY report, period, change_no")
    assert [tuple(row.values()) for row in cells] == [
        ("dibao_roster", "2026-02", "J5"),
        *(("dibao_statistics", "2026-02", cell) for cell in ("H6", "I6", "J6", "H8", "I8", "J8")),
        *(("dibao_statistics", "2026-03", cell) for cell in ("I6", "I8")),
    ]
    told = world.rows("SELECT report, period, recipient FROM publish.recall ORDER BY report, period")
    assert [tuple(row.values()) for row in told] == [(*a, "青羊区民政局") for a in affected]


def test_a_covering_letter_says_what_is_sent_and_what_it_replaces(revised):
    spec = revised.ctx.district.reports["dibao_statistics"]
    (row,) = revised.rows("SELECT manifest FROM publish.publication WHERE period = '2026-07' AND revision = 2")
    made = covering_letter(
        revised.ctx, spec, row["manifest"], recipient="青羊区民政局", number="少城办函〔2026〕3号", on=date(2026, 9, 21)
    )
    document = Document(io.BytesIO(docx.render(made)))
    texts = [p.text for p in document.paragraphs if p.text]
    assert texts[1:3] == ["青羊区人民政府少城街道办事处", "关于报送2026年7月城市低保统计表的函"]
    assert texts[4].endswith("现将《城市低保统计表》（2026年7月，第2版）报送你单位，请查收。")
    assert texts[5] == "该表统计截止日为2026年7月31日，数据截至2026年9月20日。"
    assert texts[6].startswith("本版替代第1版")
    assert texts[7:10] == [
        "特此函达。",
        "附件：1. 城市低保统计表（2026年7月，第2版）",
        "2. 城市低保统计表第1版与第2版对照表",
    ]
