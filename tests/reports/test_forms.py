"""What each form says: literal rows in the warehouse, exact cells in the workbook."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from openpyxl import load_workbook

from courtyard import reports

from .conftest import table


def one(world, report, period):
    """Publish one report, however its figures changed, and open its form."""
    world = world.only(report)
    world.ctx.district.reports[report] = world.ctx.district.reports[report].model_copy(update={"checks": ()})
    result = reports.publish(world.ctx)
    assert [h for h in result["held"] if h["period"] == period] == []
    return world.sheet(f"{period}/{report}/r1")


def test_the_dibao_roster_shows_a_household_in_merged_cells(dibao):
    sheet = one(dibao, "dibao_roster", "2026-07")
    assert [cell.value for cell in sheet[4]] == [
        "序号", "户主姓名", "身份证号", "家庭人口", "保障人数", "成员姓名", "与户主关系", "保障类别", "施保类别",
        "月保障金额(元)", "起始年月", "致困原因", "居住地址", "联系电话", "备注",
    ]  # fmt: skip
    assert table(sheet, 5, 5) == [
        [1, "王样例", "510105196609300017", 3, 3, "王样例", "本人", "城市低保", "A类", 1860.5, "2024-03", "因病",
         "四道街2号院1栋1单元101", "13800000001", None],
        [None, None, "510105198803070024", None, None, "李样例", "配偶", "城市低保", "A类", None, "2024-03", "因病",
         None, None, None],
        [None, None, None, None, None, "王小样", "子", "城市低保", "A类", None, "2024-03", "因病", None, None, None],
        [2, "赵样例", None, 1, 1, "赵样例", "本人", "城市低保", None, 930, "2025", None, "商业街5号院2-301",
         "028-86000001", "=1+1"],
        [3, "钱样例", None, 1, 1, "钱样例", "本人", "特困", None, 1395, "2025", None, "商业街5号院2-301", None, None],
    ]  # fmt: skip
    merged = {str(r) for r in sheet.merged_cells.ranges}
    assert {"A5:A7", "B5:B7", "D5:D7", "E5:E7", "J5:J7", "M5:M7"} <= merged
    assert not {"C5:C7", "F5:F7"} & merged


def test_a_form_carries_its_metadata_lines_notes_and_signatures(dibao):
    sheet = one(dibao, "dibao_roster", "2026-07")
    assert sheet["A1"].value == "少城街道2026年7月低保对象花名册"
    assert sheet["A2"].value == "填报单位：青羊区人民政府少城街道办事处"
    assert [sheet[cell].value for cell in ("F2", "L2", "A3", "F3", "L3")] == [
        "填报人：街道社区发展治理办公室", "审核人：街道办事处审核岗", "统计截止日：2026年7月31日",
        "填表日期：2026年7月3日", "计量单位：户、人、元",
    ]  # fmt: skip
    assert sheet["A10"].value == (
        "注：合计3户5人，其中城市低保2户4人、特困1户1人。《城市低保统计表》只统计保障类别为城市低保的对象。"
    )
    assert [sheet[cell].value for cell in ("A11", "F11", "L11")] == ["单位负责人：", "审核人：", "填表人："]


def test_members_who_disagree_on_a_household_cell_are_shown_each(dibao):
    correction = dibao.batch("dibao_register", "2026-07", "2026-07-04T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k3", {"monthly_amount": "1"})
    sheet = one(dibao, "dibao_roster", "2026-07")
    assert [sheet[f"J{row}"].value for row in (5, 6, 7)] == [1860.5, 1860.5, 1]
    assert "J5:J7" not in {str(r) for r in sheet.merged_cells.ranges}


def test_the_dibao_statistics_add_up_in_the_units_of_the_form(dibao):
    for person, born, courtyard in (("P1", "1966-09-30", "C1"), ("P2", "1988-03-07", "C1"), ("P4", "1950-01-01", "C2")):
        _resident(dibao, person, born, courtyard)
    sheet = one(dibao, "dibao_statistics", "2026-08")
    assert [cell.value for cell in sheet[4]] == [
        "地区", "低保户数(户)", "当月低保对象人数(人)", "累计人数", "其中", None, None, "当月资金支出(万元)",
        "累计资金支出(元)", "当月人均补助水平(元)", "低保标准(元)",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[5]][4:7] == ["老年人", "成年人", "未成年人"]
    assert table(sheet, 6, 3) == [
        ["四道街社区", 1, 3, 3, 0, 2, 0, 0.1861, 3721, 620.17, 930],
        ["商业街社区", 1, 1, 1, 1, 0, 0, 0.093, 1860, 930, 930],
        ["合计", 2, 4, 4, 1, 2, 0, 0.2791, 5581, 697.63, 930],
    ]
    assert [sheet["A9"].value, sheet["A10"].value] == [
        "注：累计人数和累计资金支出不含本年1月、2月、3月、4月、5月、6月（当月登记未入库）。",
        "注：另有1人出生日期不详，计入人数，未计入年龄分组。",
    ]


def test_birth_dates_from_a_later_delivery_of_the_same_quarter_are_used(dibao):
    population = dibao.batch("population", "2026Q3", "2026-10-01T05:00:00+08:00")
    dibao.record(population, "P4", {"birth_date": "1950-01-01"}, courtyard="C2")
    sheet = one(dibao, "dibao_statistics", "2026-07")
    assert sheet["E7"].value == 1
    assert sheet["D3"].value == "填表日期：2026年10月1日"


def test_sixty_is_reached_on_the_birthday_itself(dibao):
    _resident(dibao, "P1", "1966-07-31", "C1")
    _resident(dibao, "P2", "1966-08-01", "C1")
    sheet = one(dibao, "dibao_statistics", "2026-07")
    assert [sheet[cell].value for cell in ("E6", "F6", "G6")] == [1, 1, 0]


def test_a_person_in_the_register_every_month_is_counted_once_in_the_year(dibao):
    september = dibao.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    dibao.record(
        september, "k1", {"benefit_no": "D001", "relation": "0", "category": "dibao", "monthly_amount": "10"},
        person="P1", courtyard="C2",
    )  # fmt: skip
    sheet = one(dibao, "dibao_statistics", "2026-09")
    assert table(sheet, 6, 3) == [
        ["四道街社区", 0, 0, 2, 0, 0, 0, 0, 3721, "—", 930],
        ["商业街社区", 1, 1, 2, 0, 0, 0, 0.001, 1870, 10, 930],
        ["合计", 1, 1, 4, 0, 0, 0, 0.001, 5591, 10, 930],
    ]


def test_the_population_statistics_count_each_resident_once(world):
    delivery = world.batch("population", "2026Q3", "2026-10-01T05:00:00+08:00")
    people = [
        ("a", "1946-09-30", "hukou", True, "H1", "C1", {}),
        ("b", "1966-10-01", "floating", False, "H1", "C1", {}),
        ("c", "2011-09-30", "hukou", None, "H1", "C1", {}),
        ("d", "2020-01-01", "overseas", False, "H2", "C2", {}),
        ("e", "1990", "hukou", False, "H3", "C2", {}),
        ("moved", "1980-01-01", "hukou", False, "H9", "C2", {"is_active": False}),
        ("later", "1980-01-01", "hukou", False, "H9", "C2", {"start": "2026-10-01"}),
        ("a-again", "1946-09-30", "hukou", True, "H1", "C1", {"person": "a", "start": "2026-04-01"}),
    ]
    for key, born, kind, split, household, courtyard, more in people:
        attrs = {"birth_date": born, "residence_type": kind, "relation": "8"}
        if split is not None:
            attrs["split_residence"] = split
        world.record(delivery, key, attrs, household=household, courtyard=courtyard, **more)
    sheet = one(world, "population_statistics", "2026Q3")
    assert [cell.value for cell in sheet[4]] == [
        "社区", "总户数", "总人口", "人口类型", None, None, None, "年龄(周岁)", None, None, None, None,
    ]  # fmt: skip
    assert [cell.value for cell in sheet[5]] == [
        None, None, None, "户籍", "流动", "人户分离", "境外", "0-6", "7-15", "16-59", "60+", "80+",
    ]  # fmt: skip
    assert table(sheet, 6, 3) == [
        ["四道街社区", 1, 3, 2, 1, 1, 0, 0, 1, 1, 1, 1],
        ["商业街社区", 2, 2, 1, 0, 0, 1, 1, 0, 0, 0, 0],
        ["合计", 3, 5, 3, 1, 1, 1, 1, 1, 1, 1, 1],
    ]
    assert sheet["A9"].value == "注：另有1人出生日期不详，计入总人口，未计入年龄分组。"


def test_residents_without_a_courtyard_have_a_row_of_their_own(world):
    delivery = world.batch("population", "2026Q3")
    world.record(delivery, "a", {"birth_date": "1990-01-01", "residence_type": "hukou"}, household="H1")
    sheet = one(world, "population_statistics", "2026Q3")
    assert [[row[0], row[2]] for row in table(sheet, 6, 4)] == [
        ["四道街社区", 0], ["商业街社区", 0], ["未对应社区", 1], ["合计", 1],
    ]  # fmt: skip


def test_the_activist_ledger_shows_a_person_of_two_grids_once_and_who_did_not_report(world):
    _resident(world, "P1", "1960-10-01", "C1")
    first, second = "510105005002001", "510105005002002"
    early = world.batch("grid_activists", "2026Q3", "2026-09-25T08:00:00+08:00", unit=first)
    late = world.batch("grid_activists", "2026Q3", "2026-09-26T08:00:00+08:00", unit=second)
    attrs = {"name": "骨干样例甲", "sex": "2", "political_status": "01", "activist_kind": "courtyard_leader"}
    world.record(early, "x", {**attrs, "courtyard": "四道街2号院"}, person="P1", courtyard="C1", row_no=4)
    world.record(
        late, "y", {**attrs, "skill": "医疗", "matters": "调解", "activist_kind": "mediator"}, person="P1",
        courtyard="C1", sealed={"phone": "13800000002"}, row_no=7,
    )  # fmt: skip
    world.record(late, "z", {**attrs, "name": "骨干样例乙", "sex": "1", "courtyard": "无名院"}, person="P2", row_no=8)
    sheet = one(world, "activist_ledger", "2026Q3")
    assert [cell.value for cell in sheet[4]] == [
        "姓名", "性别", "年龄", "政治面貌", "院落", "骨干类型", "特长", "电话", "参与事项",
    ]  # fmt: skip
    assert table(sheet, 5, 2) == [
        ["骨干样例甲", "女", 65, "中共党员", "四道街2号院", "调解员", "医疗", "13800000002", "调解"],
        ["骨干样例乙", "男", None, "中共党员", "无名院", "院落长", None, None, None],
    ]
    assert sheet["A7"].value == "注：未报网格1个：商业街第1网格。"


def test_nil_missing_and_unreadable_grids_are_told_apart(world):
    first, second = "510105005002001", "510105005002002"
    world.batch("grid_activists", "2026Q3", unit=first, is_nil=True, landed=0)
    world.batch("grid_activists", "2026Q3", unit=second, status="rejected", reason="文件已加密")
    sheet = one(world, "activist_ledger", "2026Q3")
    assert [sheet[f"A{row}"].value for row in (5, 6, 7)] == [
        "注：未报网格1个：商业街第1网格。",
        "注：确认本期无数据的网格1个：四道街第1网格。",
        "注：报送被退回的网格1个：四道街第2网格。",
    ]


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "＝1", "#REF!", "\tx"]


def test_text_that_looks_like_a_formula_stays_text(dibao):
    delivery = dibao.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    for number, said in enumerate(FORMULAS):
        dibao.record(delivery, f"f{number}", {"benefit_no": f"F{number}", "name": "样例", "remark": said})
    sheet = one(dibao, "dibao_roster", "2026-09")
    cells = [sheet[f"O{row}"] for row in range(5, 5 + len(FORMULAS))]
    assert [(cell.value, cell.data_type) for cell in cells] == [(said, "s") for said in FORMULAS]


def test_a_form_holds_no_formula_author_or_link_and_ids_are_text(dibao):
    one(dibao, "dibao_roster", "2026-07")
    path = dibao.ctx.settings.published / "2026-07/dibao_roster/r1/低保对象花名册_2026-07_r1.xlsx"
    with ZipFile(BytesIO(path.read_bytes())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheets = [body for name, body in parts.items() if name.startswith("xl/worksheets")]
    assert all(b"<f>" not in body and b"<f " not in body for body in sheets)
    assert b"creator" not in parts["docProps/core.xml"]
    assert not [name for name in parts if "vba" in name or "externalLink" in name]
    cell = load_workbook(path).active["C5"]
    assert (cell.data_type, cell.number_format) == ("s", "@")


def _resident(world, person, born, courtyard):
    found = world.rows("SELECT delivery_id FROM quality.batch WHERE dataset = 'population' AND period = '2026Q2'")
    delivery = found[0]["delivery_id"] if found else world.batch("population", "2026Q2", "2026-07-02T05:00:00+08:00")
    world.record(delivery, person, {"birth_date": born}, person=person, courtyard=courtyard)


def test_a_report_without_a_form_of_its_own_gets_a_plain_one(dibao):
    plain = dibao.ctx.district.reports["dibao_statistics"].model_copy(update={"form": None})
    own, own_sheet = _publish_as(dibao, plain), dibao.sheet("2026-08/dibao_statistics/r1")
    assert own["held"][0]["period"] == "2026-09"
    assert [cell.value for cell in own_sheet[4]][:3] == ["地区", "低保户数(户)", "当月低保对象人数(人)"]
    assert [row[0] for row in table(own_sheet, 6, 3)] == ["四道街社区", "商业街社区", "合计"]


def test_a_blank_form_of_another_report_is_refused_by_its_header(dibao):
    wrong = dibao.ctx.district.reports["dibao_statistics"].model_copy(update={"form": "population_statistics.xlsx"})
    reasons = [h["reason"] for h in _publish_as(dibao, wrong)["held"] if h["period"] == "2026-08"]
    assert reasons == [
        "空白表 reports/forms/population_statistics.xlsx 的工作表“实有人口统计表”单元格 A4 应为“地区”，现为“社区”。"
        " 请把空白表改回原来的版式，或按新版式改正报表定义的 first_row、metadata 和 columns。"
    ]


def test_no_household_is_cut_by_a_page_break(dibao):
    september = dibao.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    for number in range(90):
        for member in range(3):
            attrs = {"benefit_no": f"D{number:02}", "name": "样例", "relation": str(member), "category": "dibao"}
            dibao.record(september, f"s{number}-{member}", attrs, courtyard="C1")
    sheet = one(dibao, "dibao_roster", "2026-09")
    breaks = [found.id for found in sheet.row_breaks.brk]
    assert len(breaks) >= 5
    assert all((row - 4) % 3 == 0 for row in breaks)  # a break stands below the last row of a household


def _publish_as(world, spec):
    world = world.only(spec.report)
    world.ctx.district.reports[spec.report] = spec
    return reports.publish(world.ctx)
