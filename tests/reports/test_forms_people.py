"""The forms about children, party members and projects, old and disabled people: literal rows in, exact cells out."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

import pytest

from courtyard import reports
from courtyard.period import Period

from .conftest import STREET
from .test_forms import one

NEAR, FAR = "510105005002001", "510105005003001"


def _heads(sheet, row):
    """The headers of a row, without the line breaks that the blank form has in narrow ones."""
    return [cell.value and cell.value.replace("\n", "") for cell in sheet[row]]


def _body(sheet, first):
    """Every row above the notes."""
    cells = takewhile(lambda row: not str(row[0].value).startswith("注："), sheet.iter_rows(min_row=first))
    return [[cell.value for cell in row] for row in cells]


def _notes(sheet, first):
    said = (sheet[f"A{row}"].value for row in range(first, sheet.max_row + 1))
    return [text for text in said if text and text.startswith("注：")]


def _within(world, quarter):
    world.ctx = replace(world.ctx, period=Period.quarter(quarter))
    return world


def _owed(world, dataset):
    world.execute(
        "INSERT INTO warehouse.submitted_dataset (street_code, dataset, source, title, is_owed) VALUES (:s, :d, 'grid', '', true)",
        s=STREET,
        d=dataset,
    )


# ---- 适龄儿童 ----


@pytest.fixture
def children(world):
    """Children of the street on 31 May 2026, known to a grid, to the police, to a school or to several of them."""
    _owed(world, "grid_school_age")
    grid = world.batch("grid_school_age", "2026Q2", "2026-06-26T08:00:00+08:00", unit=NEAR)
    police = world.batch("population", "2026Q2", "2026-07-01T05:00:00+08:00")
    school = world.batch("school_children", "2026Q2", "2026-07-01T06:00:00+08:00")
    federation = world.batch("disabled_persons", "2026Q2", "2026-07-03T06:00:00+08:00")

    def listed(person, name, born, row_no, **said):
        seals = said.pop("sealed", {})
        attrs = {
            "name": name, "sex": "1", "birth_date": born, "address": "四道街2号院1-1-1", "guardian": "监护样例",
            "guardian_relation": "父亲", "is_migrant": False, "change_kind": "unchanged",
        }  # fmt: skip
        active = said.get("change_kind", "unchanged") in ("unchanged", "added", "updated")
        world.record(
            grid, f"g{person}", {**attrs, **said}, person=person, sealed=seals, courtyard="C1", row_no=row_no,
            is_active=active, sheet="适龄儿童",
        )  # fmt: skip

    def registered(person, name, born, row_no, kind="hukou", **more):
        attrs = {
            "name": name, "sex": "2", "birth_date": born, "residence_type": kind, "hukou_address": f"{name}户籍地",
            "address": "商业街5号院2-301",
        }  # fmt: skip
        world.record(police, f"p{person}", attrs, person=person, courtyard="C2", row_no=row_no, **more)

    listed("A", "甲样例", "2019-09-01", 4, sealed={"phone": "15400000001"}, remark="电话核实")
    registered("A", "甲样例", "2019-09-01", 40, sealed={"id_number": "510105201909010018"})
    listed("B", "乙样例", "2020-08-31", 5, is_migrant=True, sex="2")
    listed("C", "丙样例", "2020-01-01", 6, remark="已申请延缓入学")
    listed("D", "丁样例", "2020-02-02", 7, change_kind="moved_out", change_date="2026-05-01")
    registered("D", "丁样例", "2020-02-02", 41)
    registered("E", "戊样例", "2020-03-03", 42, kind="overseas", sealed={"phone": "15400000009"})
    registered("F", "早一日", "2019-08-31", 43)
    registered("G", "晚一日", "2020-09-01", 44)
    registered("H", "已迁出", "2020-04-04", 45, is_active=False)
    attrs = {"name": "乙样例", "birth_date": "2020-08-31", "is_migrant": True, "school": "样例小学", "grade": "一年级"}
    world.record(school, "sB", attrs, person="B", row_no=50, sealed={"id_number": "510105202008310024"})
    world.record(federation, "dB", {"name": "乙样例", "kind": "4"}, person="B", row_no=60)
    return _within(world, "2026Q2")


def test_the_school_age_roster_joins_what_three_sources_know_of_a_child(children):
    sheet = one(children, "school_age_roster", "2026")
    assert _heads(sheet, 4) == [
        "序号", "儿童姓名", "性别", "出生日期", "身份证号", "户籍地址", "现居住地址", "户口性质", "监护人", "关系",
        "电话", "房产/居住证", "是否随迁", "拟入学方式", "备注",
    ]  # fmt: skip
    assert _body(sheet, 5) == [
        [1, "丙样例", "男", "2020-01-01", None, None, "四道街2号院1-1-1", None, "监护样例", "父亲", None, None, "否",
         None, "不计入统计；已申请延缓入学"],
        [2, "乙样例", "女", "2020-08-31", "510105202008310024", None, "四道街2号院1-1-1", None, "监护样例", "父亲",
         None, None, "是", None, "已有学籍：样例小学一年级"],
        [3, "甲样例", "女", "2019-09-01", "510105201909010018", "甲样例户籍地", "四道街2号院1-1-1", None, "监护样例",
         "父亲", "15400000001", None, "否", None, "电话核实"],
        [4, "戊样例", "女", "2020-03-03", None, "戊样例户籍地", "商业街5号院2-301", None, None, None, "15400000009", None,
         "否", None, "网格未报，待核实"],
    ]  # fmt: skip
    assert sheet["A3"].value == "统计截止日：2026年5月31日"
    assert _notes(sheet, 9)[:5] == [
        "注：出生日期2019年9月1日至2020年8月31日（含首尾两日）的儿童4人；计入《适龄儿童统计表》3人，其中男0人、女3人，"
        "本区户籍1人、随迁1人；延缓入学1人列出、不计入。",
        "注：户口性质、房产/居住证、拟入学方式没有一个来源采集，留空，由学校报名时核验填写。",
        "注：其中1人公安实有人口在册、网格未报，备注“网格未报，待核实”；监护人、关系没有学籍或网格数据的留空。",
        "注：另有1人网格报迁出、死亡或退出，公安仍登记在住，未列入，待核实。",
        "注：本表为不满十四周岁未成年人的敏感个人信息，只用于入学安排，不得转作他用。",
    ]


def test_a_child_of_the_roster_leads_to_the_row_of_every_source(children):
    one(children, "school_age_roster", "2026")
    rows = reports.trace(children.ctx, "school_age_roster", "2026", "E7")["rows"]
    assert [(row["source"], row["sheet"], row["row_no"]) for row in rows] == [
        ("grid", "适龄儿童", 4),
        ("population", "", 40),
    ]


def test_the_school_age_statistics_leave_out_who_defers_and_say_why_a_community_has_none(children):
    nil = children.batch("grid_school_age", "2026Q2", "2026-06-27T08:00:00+08:00", unit=FAR, is_nil=True, landed=0)
    assert nil
    children.execute("UPDATE warehouse.record SET courtyard_code = 'C1' WHERE record_key = 'pE'")
    sheet = one(children, "school_age_statistics", "2026")
    assert _heads(sheet, 4)[:2] + _heads(sheet, 5)[2:6] + _heads(sheet, 4)[6:] == [
        "社区", "总数", "男", "女", "本区户籍", "随迁", "残疾儿童", "延缓入学",
    ]  # fmt: skip
    assert _body(sheet, 6) == [
        ["四道街社区", 3, 0, 3, 1, 1, 1, 1],
        ["商业街社区", 0, 0, 0, 0, 0, 0, 0],
        ["合计", 3, 0, 3, 1, 1, 1, 1],
    ]
    assert _notes(sheet, 9)[:-1] == [
        "注：统计出生日期2019年9月1日至2020年8月31日（含首尾两日）的儿童；《适龄儿童摸底表》列4人，等于总数3人加延缓入学1人。",
        "注：总数中1人既非本区户籍也非随迁（境外，或户籍在外区而未报随迁），未计入这两列。",
        "注：总数中1人公安实有人口在册、网格未报，待核实。",
        "注：1人网格报迁出、死亡或退出，公安仍登记在住，未计入，待核实。",
        "注：延缓入学按网格备注中注明的计；没有备注的不推定，最终以教育局审批为准。",
        "注：商业街社区为0：所辖1个网格均确认无适龄儿童。",
        "注：未报网格1个：四道街第2网格。",
    ]


def test_a_community_whose_grids_are_missing_is_told_from_one_that_has_nobody(children):
    children.execute("UPDATE warehouse.record SET courtyard_code = 'C1' WHERE record_key = 'pE'")
    sheet = one(children, "school_age_statistics", "2026")
    assert "注：商业街社区为0：所辖1个网格中1个未报，公安登记中没有。" in _notes(sheet, 9)


def test_each_figure_of_the_school_age_statistics_leads_to_its_rows(children):
    one(children, "school_age_statistics", "2026")

    def rows(cell):
        found = reports.trace(children.ctx, "school_age_statistics", "2026", cell)["rows"]
        return sorted((row["source"], row["row_no"]) for row in found)

    assert rows("B6") == [("grid", 4), ("grid", 5)]
    assert rows("B8") == [("grid", 4), ("grid", 5), ("population", 42)]
    assert rows("G6") == [("disabled_federation", 60)]
    assert rows("H6") == [("grid", 6)]
    assert rows("A6") == []


def test_what_the_desk_settled_decides_where_sources_disagree(children):
    children.execute(
        """INSERT INTO warehouse.discrepancy (discrepancy_id, recorded_at, street_code, period, kind, subject, person_id,
               attribute, claims, basis, value, chosen_dataset, weighed_by, rule, owner_kind, owner, asked, due_on)
           VALUES ('x', '2026-07-01', :street, '2026Q2', 'claim', 'A', 'A', 'birth_date', '[]', '', '2019-08-30',
               'population', 'desk', 'desk', 'department', 'population', '{}', '2026-08-01')""",
        street=STREET,
    )
    sheet = one(children, "school_age_statistics", "2026")
    assert [row[1] for row in _body(sheet, 6)] == [1, 1, 2]


# ---- 党组织和党员 ----

ORGANISATIONS = [
    ("01", "街道工委", "work_committee", "区委", "书记甲", "1990-01-01", "2029-01-01"),
    ("02", "四道街党委", "committee", "街道工委", None, "1995-05-05", None),
    ("03", "第一支部", "branch", "四道街党委", "书记丙", "2001-02-03", "2027-02-03"),
    ("04", "第二支部", "branch", "四道街党委", "书记丁", "2002-02-03", "2027-02-04"),
]
MEMBERS = [
    ("m1", "第一支部", {"sex": "2", "ethnicity": "05", "birth_date": "1990-07-01", "education": "20"}),
    ("m2", "第一支部", {"birth_date": "1990-06-30", "member_kind": "probationary", "is_floating": True}),
    ("m3", "第一支部", {"birth_date": "1966-06-30", "education": "30"}),
    ("m4", "第一支部", {"birth_date": "1966-07-01", "education": "40"}),
    ("m5", "第一支部", {"birth_date": "1966"}),
    ("m6", "已撤销支部", {"birth_date": "1980-01-01"}),
]


@pytest.fixture
def party(world):
    organisations = world.batch("party_organisations", "2026Q2", "2026-07-02T05:00:00+08:00")
    members = world.batch("party_members", "2026Q2", "2026-07-02T05:00:00+08:00")
    names = ("org_no", "org_name", "kind", "parent_name", "secretary", "founded_on", "term_ends_on")
    for row_no, said in enumerate(ORGANISATIONS, 4):
        attrs = {name: value for name, value in zip(names, said, strict=True) if value is not None}
        world.record(organisations, said[0], attrs, person=None, row_no=row_no)
    usual = {"sex": "1", "ethnicity": "01", "education": "60", "member_kind": "full", "is_floating": False}
    for row_no, (key, branch, said) in enumerate(MEMBERS, 10):
        world.record(members, key, {**usual, "party_org": branch, **said}, row_no=row_no)
    gone = {**usual, "party_org": "第一支部", "birth_date": "1950-01-01"}
    world.record(members, "m7", gone, row_no=30, is_active=False)
    world.record(members, "m8", gone, row_no=31, start="2026-07-01")
    world.record(members, "m1-again", {**gone, "party_org": "第二支部"}, person="m1", row_no=32, start="2026-01-01")
    return _within(world, "2026Q2")


def test_the_party_statistics_have_a_row_an_organisation_and_count_a_member_once(party):
    sheet = one(party, "party_statistics", "2026H1")
    assert _heads(sheet, 4)[:7] + _heads(sheet, 5)[7:] == [
        "党组织名称", "类型", "上级", "书记", "成立时间", "换届时间", "党员总数", "正式", "预备", "女", "少数民族",
        "35岁及以下", "60岁以上", "大专以上", "流动党员",
    ]  # fmt: skip
    assert _body(sheet, 6) == [
        ["街道工委", "党工委", "区委", "书记甲", "1990-01-01", "2029-01-01", 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ["四道街党委", "党委", "街道工委", None, "1995-05-05", None, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ["第一支部", "党支部", "四道街党委", "书记丙", "2001-02-03", "2027-02-03", 5, 4, 1, 1, 1, 1, 1, 2, 1],
        ["第二支部", "党支部", "四道街党委", "书记丁", "2002-02-03", "2027-02-04", 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ["未对应党组织", "—", "—", "—", "—", "—", 1, 1, 0, 0, 0, 0, 0, 0, 0],
        ["合计", "—", "—", "—", "—", "—", 6, 5, 1, 1, 1, 1, 1, 2, 1],
    ]
    assert _notes(sheet, 12) == [
        "注：党员只统计在其所在党支部，不在上级党组织重复统计；街道工委、四道街党委本级没有直接编入的党员，填0。",
        "注：按上级汇总：四道街党委所属2个党组织5人。",
        "注：第二支部填0：党员名册中没有编入这些党组织的在册党员，待核实。",
        "注：“未对应党组织”1人：名册所写的党组织不在党组织名单中，待核实。",
        "注：另有1人出生日期不详，计入党员总数，未计入年龄两列。",
        "注：组织部党员名册6人，按组织关系统计；网格采集表《党组织成员》0人，按居住地采集，两者不必相等。",
    ]


def test_each_figure_of_the_party_statistics_leads_to_its_rows(party):
    one(party, "party_statistics", "2026H1")

    def rows(cell):
        found = reports.trace(party.ctx, "party_statistics", "2026H1", cell)["rows"]
        return [row["row_no"] for row in found]

    assert (rows("D8"), rows("I8"), rows("M8"), rows("G10"), rows("G9")) == ([6], [11], [12], [15], [])


# ---- 党建项目 ----


def test_the_project_ledger_tells_no_outcome_yet_from_an_outcome_not_given(world):
    delivery = world.batch("party_projects", "2026Q3", "2026-10-02T05:00:00+08:00")
    usual = {
        "project_name": "便民点", "kind": "livelihood", "claimed_by": "样例银行", "party_org": "第一支部",
        "responsible": "责任样例",
    }  # fmt: skip
    for number, said in (
        ("RL2", {"claimed_on": "2026-07-01", "due_on": "2026-09-29", "progress": "running"}),
        ("RL1", {"claimed_on": "2025-03-01", "due_on": "2025-06-01", "progress": "completed", "outcome": "服务20人次"}),
        ("RL3", {"claimed_on": "2026-09-01", "progress": "completed", "served": "儿童"}),
    ):
        world.record(delivery, number, {"project_no": number, **usual, **said}, person=None)
    sheet = one(world, "party_projects", "2026Q3")
    assert _heads(sheet, 4) == [
        "项目编号", "项目名称", "类别", "认领单位", "党组织", "责任人", "对象", "认领时间", "完成时限", "进度", "成效",
    ]  # fmt: skip
    shared = ["便民点", "民生服务", "样例银行", "第一支部", "责任样例"]
    assert _body(sheet, 5) == [
        ["RL1", *shared, None, "2025-03-01", "2025-06-01", "已完成", "服务20人次"],
        ["RL2", *shared, None, "2026-07-01", "2026-09-29", "实施中", "—"],
        ["RL3", *shared, "儿童", "2026-09-01", None, "已完成", None],
    ]
    assert _notes(sheet, 8) == [
        "注：累计认领3个，其中已完成2个、实施中1个；本季度新认领2个。",
        "注：1个项目到截止日已过完成时限而未完成、未终止。",
        "注：1个项目已完成而没有登记成效，成效留空；未完成或已终止的项目成效为“—”。",
    ]


# ---- 老人 ----

OLD = {
    "name": "老人样例", "sex": "2", "birth_date": "1946-08-31", "address": "四道街2号院1-1-1", "living": "alone",
    "self_care": "able", "band": "80",
}  # fmt: skip


def test_the_elderly_ledger_of_a_month_shows_no_visit_made_after_it(world):
    before = world.batch("elderly", "2026Q2", "2026-07-02T05:00:00+08:00")
    now = world.batch("elderly", "2026Q3", "2026-10-02T05:00:00+08:00")
    seals = {"id_number": "510105194608310021", "contact_phone": "15400000003"}
    contact = {"contact_name": "联系样例", "contact_relation": "子女", "health": "chronic", "paired_with": "结对样例"}
    world.record(
        before, "k1", {**OLD, "visited_on": "2026-06-11"}, person="P1", end="2026-07-01", courtyard="C1", row_no=3
    )
    world.record(
        now, "k1", {**OLD, **contact, "visited_on": "2026-09-12"}, person="P1", sealed=seals, courtyard="C1", row_no=4
    )
    world.record(now, "k2", {**OLD, "name": "再列样例"}, person="P1", start="2026-04-01", courtyard="C1", row_no=5)
    young = {**OLD, "name": "空巢样例", "birth_date": "1950-01-01", "living": "couple", "band": "none", "sex": "1"}
    world.record(now, "k3", young, person="P3", courtyard="C2", row_no=6)
    world.record(now, "k4", {**OLD, "name": "注销样例"}, person="P4", is_active=False, row_no=7)
    sheet = one(world, "elderly_ledger", "2026-08")
    assert _heads(sheet, 4) == [
        "姓名", "性别", "出生日期", "身份证号", "地址", "居住情况", "自理能力", "健康", "津贴档次", "紧急联系人", "关系",
        "电话", "结对人", "探访时间",
    ]  # fmt: skip
    assert _body(sheet, 5) == [
        ["老人样例", "女", "1946-08-31", "510105194608310021", "四道街2号院1-1-1", "独居", "能力完好", "慢性病",
         "80至89岁", "联系样例", "子女", "15400000003", "结对样例", "2026-06-11"],
        ["空巢样例", "男", "1950-01-01", None, "四道街2号院1-1-1", "空巢", "能力完好", None, "未享受", None, None, None,
         None, None],
    ]  # fmt: skip
    assert _notes(sheet, 7) == [
        "注：共2人，其中独居1人、80周岁及以上1人（既独居又满80周岁1人）；享受高龄津贴1人。",
        "注：名册每季度更新一次、只登记最近一次探访；截止日之后的探访不列，列此前登记的一次。",
        "注：1人到截止日没有登记过探访，探访时间留空，其中独居0人。",
        "注：1人既非独居又不满80周岁，按名册列出，待核实。",
    ]
    assert world.sheet("2026-09/elderly_ledger/r1")["N5"].value == "2026-09-12"
    rows = reports.trace(world.ctx, "elderly_ledger", "2026-08", "N5")["rows"]
    assert sorted(row["row_no"] for row in rows) == [3, 4]


def test_old_people_whom_the_police_know_as_gone_stay_listed_and_are_noted(world):
    delivery = world.batch("elderly", "2026Q3", "2026-10-02T05:00:00+08:00")
    world.record(delivery, "k1", {**OLD, "visited_on": "2026-07-07"}, person="P1", courtyard="C1")
    police = world.batch("population", "2026Q3", "2026-10-01T05:00:00+08:00")
    world.record(police, "p1", {"status": "deceased"}, person="P1", is_active=False)
    sheet = one(world, "elderly_ledger", "2026-07")
    assert sheet["A5"].value == "老人样例"
    assert _notes(sheet, 6)[-1] == "注：1人公安实有人口登记已死亡或迁出，名册仍在册，照列，待核实。"


# ---- 残疾人 ----


def test_the_disabled_ledger_lists_a_person_once_with_the_certificate_in_force(world):
    before = world.batch("disabled_persons", "2026Q2", "2026-07-03T06:00:00+08:00")
    now = world.batch("disabled_persons", "2026Q3", "2026-10-03T06:00:00+08:00")
    usual = {"name": "持证样例", "kind": "4", "grade": "2", "guardian": "监护样例", "subsidy": "nursing"}
    seals = {"disability_no": "51010519460831002142"}
    world.record(before, "old", {**usual, "grade": "3"}, person="P1", courtyard="C1")
    world.record(now, "new", usual, person="P1", sealed=seals, courtyard="C1")
    world.record(
        now, "second", {"name": "次样例", "kind": "1", "grade": "4", "subsidy": "none"}, person="P2", courtyard="C2"
    )
    world.record(now, "struck", {**usual, "name": "注销样例"}, person="P3", is_active=False)
    sheet = one(world, "disabled_ledger", "2026Q3")
    assert _heads(sheet, 4) == ["姓名", "残疾证号", "类别", "等级", "监护人", "补贴"]
    assert _body(sheet, 5) == [
        ["持证样例", "51010519460831002142", "肢体", "二级", "监护样例", "重度残疾人护理补贴"],
        ["次样例", None, "视力", "四级", None, "无"],
    ]
    assert _notes(sheet, 7) == [
        "注：共2人；类别：视力1人、肢体1人；等级：二级1人、四级1人；补贴：无1人、重度残疾人护理补贴1人。",
        "注：1人没有登记监护人，留空。",
    ]
