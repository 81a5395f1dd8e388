"""A new or changed form before it is admitted: what we hold, what is asked twice, what is not ours to ask."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy.exc import DBAPIError

from courtyard.district import duties
from courtyard.errors import PackError, UsageError
from courtyard.reports.burden import admission, ledger, proposed
from courtyard.reports.burden.admission import Decision
from courtyard.reports.burden.proposed import Proposed

AT = datetime(2026, 9, 20, 2, tzinfo=UTC)
CIVIL = "青羊区民政局"


def check(world, form: Proposed) -> admission.Finding:
    with world.ctx.engine("publisher").connect() as connection:
        return admission.check(connection, world.ctx, form)


def blank(path: Path, title: str, *header_rows: list[str | None], above: int = 1) -> Path:
    """A department's blank form: a title, some label lines, then its header."""
    book = Workbook()
    sheet = book.active
    sheet["A1"] = title
    for row in range(2, 2 + above):
        sheet.cell(row, 1, "填报单位：")
        sheet.cell(row, 3, "填报人：")
    for number, texts in enumerate(header_rows, 2 + above):
        for column, text in enumerate(texts, 1):
            sheet.cell(number, column, text)
    book.save(path)
    return path


def test_a_blank_form_is_held_against_archive_forms_and_lists(dibao, tmp_path):
    dibao = dibao.only("dibao_roster", "activist_ledger")
    elderly = dibao.batch("elderly", "2026-09", "2026-09-03T09:00:00+08:00")
    dibao.record(elderly, "e1", {"name": "周样例", "self_care": "1"}, sealed={"id_number": "510105196609300017"})
    dibao.record(elderly, "e2", {"name": "吴样例"})
    form = blank(
        tmp_path / "a.xlsx",
        "2026年困难老人摸底表",
        ["序号", "姓名", "身份证号", "自理能力", "保障类别", "银行卡号", "爱好"],
    )
    found = check(dibao, proposed.read(dibao.ctx.district, form, CIVIL))
    assert (found.title, found.matter) == ("困难老人摸底表", "独居和高龄老人关爱")
    roster, activists = "《低保对象花名册》（青羊区民政局）", "《居民骨干台账》（青羊区委社区发展治理委员会）"
    assert [
        (c.header, c.fact, c.held_in, c.coverage, sorted(c.also_asked_by), c.refused_as) for c in found.columns
    ] == [
        ("序号", "", "由档案计算", 1.0, [], ""),
        ("姓名", "person.name", "独居和高龄老人", 1.0, [roster, activists], ""),
        ("身份证号", "person.id_number", "独居和高龄老人", 0.5, [roster], ""),
        ("自理能力", "elderly.self_care", "独居和高龄老人", 0.5, [], ""),
        ("保障类别", "dibao_register.category", "由档案计算", 1.0, [roster], ""),  # a header that a form of ours has
        ("银行卡号", "", "", None, [], "银行账户和财产信息采集"),
        ("爱好", "", "", None, [], ""),
    ]
    assert found.advised == "refused"
    assert found.reasons == (
        "“银行卡号”属于负面清单：银行账户和财产信息采集（个人信息保护法第六条；负面清单（样例）第2项）。",
        "档案中没有1项，要新采集或手填：爱好。",
        "3项其他报表也在要，由档案一次提供：姓名、身份证号、保障类别。",
        "6项中4项可从档案自动填出，不需社区、网格填报。",
    )


@pytest.mark.parametrize(
    ("title", "recipient", "headers", "advised", "first"),
    [
        ("独居老人关爱表", CIVIL, ["姓名", "自理能力"], "admitted", "1项其他报表也在要，由档案一次提供：姓名。"),
        ("独居老人关爱表", CIVIL, ["姓名", "鞋码"], "knowingly", "档案中没有1项，要新采集或手填：鞋码。"),
        ("观鸟登记表", CIVIL, ["姓名", "自理能力"], "knowingly", "权责清单中没有对应事项：不能确定是否属于街道职责。"),
        ("独居老人关爱表", "青羊区财政局", ["姓名", "自理能力"], "knowingly",
         "“独居和高龄老人关爱”的主管部门是青羊区民政局、青羊区卫生健康局，不是青羊区财政局。"),
        ("招商引资统计表", "青羊区商务局", ["姓名", "自理能力"], "refused",
         "“招商引资统计表”属于负面清单：招商引资和税源任务（基层减负负面清单（样例）第1项）。"),
        ("低保成员通讯录", CIVIL, ["户主姓名", "姓名", "身份证号", "居住地址", "联系电话"], "refused",
         "《低保对象花名册》（青羊区民政局）已在报送，内容基本相同：请该部门直接使用，不另报一张。"),
    ],
)  # fmt: skip
def test_the_advice_and_its_gravest_reason(dibao, title, recipient, headers, advised, first):
    dibao = dibao.only("dibao_roster")
    elderly = dibao.batch("elderly", "2026-09", "2026-09-03T09:00:00+08:00")
    dibao.record(elderly, "e1", {"name": "周样例", "self_care": "1"})
    found = check(dibao, Proposed(title, recipient, tuple(headers)))
    assert (found.advised, found.reasons[0]) == (advised, first)


def test_an_attribute_of_a_dataset_that_never_came_is_a_warning(world):
    found = check(world.only("dibao_roster"), Proposed("独居老人关爱表", CIVIL, ("姓名", "自理能力")))
    assert found.advised == "knowingly"
    assert found.reasons[0] == "档案有栏目而没有内容的2项：姓名、自理能力。"


def test_the_packs_own_forms_ask_nothing_that_the_archive_does_not_answer(dibao):
    for spec in dibao.ctx.district.reports.values():
        found = check(dibao, proposed.of_spec(spec))
        assert found.matter, spec.report
        assert [c.header for c in found.columns if c.coverage is None] == [c.header for c in spec.columns if c.by_hand]
        assert not [c.header for c in found.columns if c.refused_as], spec.report


def test_a_two_row_header_below_more_lines_is_found(world, tmp_path):
    upper, lower = ["姓名", "联系方式", None, "自理能力"], [None, "电话", "住址", None]
    form = blank(tmp_path / "b.xlsx", "独居老人关爱表", upper, lower, above=3)
    assert proposed.read(world.ctx.district, form, CIVIL).headers[0] == "姓名"
    assert len(proposed.read(world.ctx.district, form, CIVIL).headers) == 4


def test_a_form_of_which_we_know_nothing_is_still_read(world, tmp_path):
    form = blank(tmp_path / "c.xlsx", "观鸟登记表", ["鸟名", "羽色", "次数"])
    assert proposed.read(world.ctx.district, form, CIVIL).headers == ("鸟名", "羽色", "次数")


def test_what_cannot_be_read_is_refused_in_one_sentence(world, tmp_path):
    district = world.ctx.district
    broken, text, empty = tmp_path / "x.xlsx", tmp_path / "x.txt", tmp_path / "e.xlsx"
    broken.write_bytes(b"PK\x03\x04 nothing")
    text.write_text("姓名")
    Workbook().save(empty)
    for path, source in ((broken, CIVIL), (text, CIVIL), (empty, CIVIL), (tmp_path / "no.xlsx", CIVIL), (empty, None)):
        with pytest.raises(UsageError) as told:
            proposed.read(district, path, source)
        assert told.value.remedy
    wrong = tmp_path / "r.yaml"
    wrong.write_text("report: x\ntitle: 甲\n")
    with pytest.raises(PackError, match=r"r.yaml:1: recipient"):
        proposed.read(district, wrong, None)


def test_a_decision_is_kept_with_post_and_reason_and_the_last_one_holds(world):
    form = Proposed("观鸟登记表", CIVIL, ("鸟名",))
    found = check(world, form)
    later = datetime(2026, 9, 21, tzinfo=UTC)
    with world.ctx.engine("publisher").begin() as connection:
        admission.decide(connection, world.ctx, found, Decision("knowingly", "一次性普查", "社治办主任", AT))
        admission.decide(connection, world.ctx, found, Decision("refused", "改由林业部门自行统计", "社治办主任", later))
        (kept,) = ledger.admissions(connection, world.ctx)
    assert (kept.title, kept.said, kept.reason, kept.post, kept.at) == (
        "观鸟登记表", "退回", "改由林业部门自行统计", "社治办主任", later
    )  # fmt: skip
    assert kept.findings["columns"][0]["header"] == "鸟名"
    assert len(world.rows("SELECT * FROM publish.admission")) == 2
    with world.ctx.engine("publisher").connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.exec_driver_sql("DELETE FROM publish.admission")


@pytest.mark.parametrize(
    "decision",
    [
        Decision("admitted", "要得急", "社治办主任", AT),
        Decision("knowingly", " ", "社治办主任", AT),
        Decision("refused", "x", "", AT),
    ],
)
def test_a_decision_without_reason_or_against_the_check_is_refused(world, decision):
    found = check(world, Proposed("观鸟登记表", CIVIL, ("鸟名",)))
    with world.ctx.engine("publisher").begin() as connection, pytest.raises(UsageError):
        admission.decide(connection, world.ctx, found, decision)
    assert world.rows("SELECT * FROM publish.admission") == []


def test_a_changed_form_is_another_form(world):
    form = Proposed("表", CIVIL, ("姓名", "联系电话"))
    assert form.fingerprint == Proposed("表", CIVIL, ("姓 名", "联系电话：")).fingerprint  # spelled otherwise
    assert form.fingerprint != Proposed("表", CIVIL, ("姓名", "联系电话", "备注")).fingerprint
    assert form.fingerprint != Proposed("表", "青羊区教育局", ("姓名", "联系电话")).fingerprint


HEADERS = ("姓名", "身份证号", "联系电话", "自理能力", "爱好", "银行卡号", "序号", "保障类别")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(HEADERS), unique=True, min_size=1), st.randoms())
def test_the_order_of_the_columns_changes_nothing(world, headers, random):
    shuffled = random.sample(headers, len(headers))
    first, second = (check(world, Proposed("独居老人表", CIVIL, tuple(h))) for h in (headers, shuffled))
    assert first.advised == second.advised
    assert sorted((c.header, c.fact, c.coverage) for c in first.columns if c.coverage is not None) == sorted(
        (c.header, c.fact, c.coverage) for c in second.columns if c.coverage is not None
    )


def test_the_longest_word_tells_the_matter(world):
    assert duties.allowed(world.ctx.district, "党建项目认领台账").matter == "党建项目认领"
    assert duties.allowed(world.ctx.district, "网格队伍台账").matter == "网格队伍管理"
    assert duties.allowed(world.ctx.district, "独居残疾人情况表").matter == "残疾人帮扶"
    assert duties.allowed(world.ctx.district, "观鸟登记表") is None
