"""The forms about the street itself: hazards, disputes, 12345, old courtyards, organisations, grid teams."""

from __future__ import annotations

import shutil
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from courtyard import reports
from courtyard.period import Period

from .conftest import World, table


def one(world, report, period, quarter="2026Q3"):
    """Publish one report and open its form."""
    only = world.only(report)
    result = reports.publish(replace(only.ctx, period=Period.quarter(quarter)))
    assert [h for h in result["held"] if h["period"] == period] == []
    return world.sheet(f"{period}/{report}/r1")


def notes(sheet, first_row):
    """The lines under the table, without their 注：."""
    found = []
    while str(sheet.cell(first_row, 1).value).startswith("注："):
        found.append(sheet.cell(first_row, 1).value[2:])
        first_row += 1
    return found


def heads(sheet, *rows):
    """The header, read downwards: the lowest text of each column."""
    return [
        [cell.value for cell in column if cell.value][-1]
        for column in sheet.iter_cols(min_row=rows[0], max_row=rows[-1])
    ]


# 安全隐患


def hazard(number, found, **more):
    return {
        "hazard_no": number, "found_at": f"{found}:00+08:00", "address": "四道街2号院", "description": "飞线充电",
        "kind": "electric", "grade": "general", "responsible_unit": "社区居委会", "due_on": "2026-09-20",
        "is_closed": False, **more,
    }  # fmt: skip


CLOSED = {"completed_on": "2026-09-05", "reviewer": "孙样例", "is_closed": True}


@pytest.fixture
def hazards(world: World) -> World:
    august = world.batch("hazards", "2026-08", "2026-09-02T06:30:00+08:00")
    september = world.batch("hazards", "2026-09", "2026-10-02T06:30:00+08:00")
    ends = {"courtyard": "C1", "end": "2026-09-01"}
    world.record(august, "H1", hazard("H1", "2026-08-10T09:00"), row_no=1, **ends)
    world.record(
        september, "H1", hazard("H1", "2026-08-10T09:00", measures="清理", **CLOSED), courtyard="C1", row_no=11
    )
    closed = hazard("H2", "2026-08-11T09:00", **{**CLOSED, "completed_on": "2026-08-20"})
    world.record(august, "H2", closed, courtyard="C1")
    world.record(august, "H3", hazard("H3", "2026-08-12T09:00", grade="major"), courtyard="C1", row_no=3)
    late = hazard("H4", "2026-09-30T23:30", address="样例路9号", responsible="周样例", due_on="2026-10-30")
    world.record(september, "H4", late, row_no=14)
    world.record(september, "H5", hazard("H5", "2026-09-01T00:00", is_closed=True), courtyard="C2", row_no=15)
    october = world.batch("hazards", "2026-10", "2026-11-02T06:30:00+08:00")
    world.record(october, "H6", hazard("H6", "2026-10-01T00:10"), courtyard="C1")
    return world


def test_the_hazard_ledger_lists_what_was_found_and_what_is_still_open(hazards):
    sheet = one(hazards, "hazard_ledger", "2026-09")
    assert sheet["A1"].value == "少城街道2026年9月安全隐患排查整改台账"
    assert [h.replace("\n", "") for h in heads(sheet, 4, 5)] == [
        "序号", "排查时间", "地点", "隐患描述", "类别", "等级(一般/重大)", "整改措施", "责任单位", "责任人", "整改时限",
        "完成时间", "复查人", "是否销号",
    ]  # fmt: skip
    unit = "社区居委会"
    assert table(sheet, 6, 4) == [
        [1, "2026-08-10", "四道街2号院", "飞线充电", "用电", "一般", "清理", unit, None, "2026-09-20", "2026-09-05", "孙样例", "是"],
        [2, "2026-08-12", "四道街2号院", "飞线充电", "用电", "重大", None, unit, None, "2026-09-20", "—", "—", "否"],
        [3, "2026-09-01", "四道街2号院", "飞线充电", "用电", "一般", None, unit, None, "2026-09-20", None, None, "是"],
        [4, "2026-09-30", "样例路9号", "飞线充电", "用电", "一般", None, unit, "周样例", "2026-10-30", "—", "—", "否"],
    ]  # fmt: skip
    assert notes(sheet, 10) == [
        "合计4处：本月新排查2处，以前排查、上月末未销号2处；本月销号2处，月末未销号2处（其中已过整改时限1处、重大隐患1处）。",
        "其中1处的地点未能对应到本街道院落，仍列入。",
    ]


def test_a_hazard_is_traced_to_the_row_that_said_it_last(hazards):
    one(hazards, "hazard_ledger", "2026-09")
    found = reports.trace(hazards.ctx, "hazard_ledger", "2026-09", "K6")
    assert [(row["source"], row["row_no"]) for row in found["rows"]] == [("emergency", 11)]


def test_a_month_without_hazards_names_the_communities_that_have_none(world):
    world.batch("hazards", "2026-08", "2026-09-02T06:30:00+08:00", landed=0, is_nil=True)
    sheet = one(world, "hazard_ledger", "2026-08")
    assert notes(sheet, 6) == [
        "合计0处：本月新排查0处，以前排查、上月末未销号0处；本月销号0处，月末未销号0处（其中已过整改时限0处、重大隐患0处）。",
        "本月数据已送达、没有应列隐患的社区：四道街社区、商业街社区。",
    ]


# 矛盾纠纷


def dispute(number, found, status="open", **more):
    return {
        "dispute_no": number, "found_at": f"{found}T10:00:00+08:00", "address": "商业街5号院", "kind": "neighbour",
        "parties": "甲、乙", "persons": 2, "summary": "漏水", "risk": "low", "status": status, **more,
    }  # fmt: skip


def test_the_dispute_ledger_of_a_week_in_two_months_shows_how_things_stood_on_its_sunday(world):
    july = world.batch("disputes", "2026-07", "2026-08-02T06:45:00+08:00")
    august = world.batch("disputes", "2026-08", "2026-09-02T06:45:00+08:00")
    september = world.batch("disputes", "2026-09", "2026-10-02T06:45:00+08:00")
    to_september = {"end": "2026-09-01", "courtyard": "C2"}
    settled = {"agreement": "written", "measures": "调解"}
    world.record(august, "D1", dispute("D1", "2026-08-31"), **to_september)
    world.record(
        september, "D1", dispute("D1", "2026-08-31", "settled", settled_on="2026-09-20", **settled), courtyard="C2"
    )
    world.record(
        august, "D2", dispute("D2", "2026-08-12", "settled", settled_on="2026-08-30", **settled), courtyard="C2"
    )
    world.record(august, "D3", dispute("D3", "2026-08-13", "mediating"), **to_september)
    world.record(
        september, "D3", dispute("D3", "2026-08-13", "settled", settled_on="2026-09-02", **settled), courtyard="C2"
    )
    world.record(september, "D4", dispute("D4", "2026-09-07"), courtyard="C2")
    world.record(july, "D5", dispute("D5", "2026-07-02", "transferred"), courtyard="C2")
    world.record(july, "D6", dispute("D6", "2026-07-03", "failed", risk="high", responsible="吴样例"), row_no=6)
    world.record(september, "D7", dispute("D7", "2026-09-06", "settled"), courtyard="C2")
    sheet = one(world, "dispute_ledger", "2026-W36")
    assert sheet["A1"].value == "少城街道2026年第36周矛盾纠纷排查台账"
    assert sheet["A3"].value == "统计截止日：2026年9月6日"
    assert heads(sheet, 4, 5) == [
        "排查日期", "地点", "类型", "当事人", "人数", "简要情况", "风险等级", "责任人", "化解措施", "化解状态", "化解日期", "协议",
    ]  # fmt: skip
    said = ["商业街5号院", "邻里纠纷", "甲、乙", 2, "漏水"]
    assert table(sheet, 6, 4) == [
        ["2026-07-03", *said, "高", "吴样例", None, "调解未成", "—", "—"],
        ["2026-08-13", *said, "低", None, "调解", "已化解", "2026-09-02", "书面协议"],
        ["2026-08-31", *said, "低", None, "调解", "未化解", "—", "—"],
        ["2026-09-06", *said, "低", None, None, "已化解", None, None],
    ]
    assert notes(sheet, 10)[:3] == [
        "合计4件：本周新登记2件，以前登记、本周开始时未化解2件；截止日已化解2件、引导诉讼或移送0件，未化解2件。未化解和移送中高风险1件。",
        "其中1件的地点未能对应到本街道院落，仍列入。",
        "来源数据已送达、本周没有应列纠纷的社区：四道街社区。",
    ]
    found = reports.trace(world.ctx, "dispute_ledger", "2026-W36", "B6")
    assert [(row["source"], row["row_no"]) for row in found["rows"]] == [("justice", 6)]


def test_a_week_waits_for_both_of_its_months(world):
    world.batch("disputes", "2026-08", "2026-09-02T06:45:00+08:00")
    result = reports.publish(world.only("dispute_ledger").ctx)
    (reason,) = [h["reason"] for h in result["held"] if h["period"] == "2026-W36"]
    assert reason.startswith("矛盾纠纷排查化解系统2026年9月的矛盾纠纷数据尚未送达")


# 12345


def order(number, created, **more):
    times = {key: f"{more.pop(key)}:00+08:00" for key in ("due_at", "closed_at") if more.get(key)}
    return {"order_no": number, "kind": "request", "title": "t", "created_at": f"{created}:00+08:00", **times, **more}


@pytest.fixture
def hotline(world: World) -> World:
    """September: five orders of C1 and one that is nowhere; C2 has none. July has one, August never came."""
    july = world.batch("hotline_cases", "2026-07", "2026-08-02T06:00:00+08:00")
    world.record(july, "J1", order("J1", "2026-07-31T23:59", status="handling"), courtyard="C1")
    september = world.batch("hotline_cases", "2026-09", "2026-10-02T06:00:00+08:00")
    day = {"due_at": "2026-09-08T00:00"}
    rows = [
        ("A", order("A", "2026-09-01T00:00", status="resolved", closed_at="2026-09-02T12:00", satisfaction="satisfied", **day)),
        ("B", order("B", "2026-09-01T00:00", status="resolved", closed_at="2026-09-08T00:00", satisfaction="dissatisfied", **day)),
        ("C", order("C", "2026-09-01T00:00", status="resolved", closed_at="2026-09-09T00:00", satisfaction="unrated", duplicate_of="A", **day)),
        ("D", order("D", "2026-09-03T00:00", status="handling", **day)),
        ("E", order("E", "2026-09-03T00:00", status="returned", closed_at="2026-09-20T00:00", **day)),
        ("F", order("F", "2026-09-30T23:00", status="resolved", closed_at="2026-10-01T00:30", due_at="2026-10-05T00:00", satisfaction="satisfied")),
        ("G", order("G", "2026-09-04T00:00", status="resolved", closed_at="2026-09-04T06:00")),
    ]  # fmt: skip
    for at, (key, attrs) in enumerate(rows, 1):
        world.record(september, key, attrs, courtyard=None if key == "G" else "C1", row_no=at)
    return world


def test_the_hotline_statistics_count_the_orders_of_the_month_as_they_stood_on_its_last_day(hotline):
    sheet = one(hotline, "hotline_statistics", "2026-09")
    assert heads(sheet, 4, 5) == [
        "社区", "受理", "按期办结", "逾期", "退单", "重复件", "满意", "不满意", "满意率", "平均用时",
    ]  # fmt: skip
    assert table(sheet, 6, 4) == [
        ["四道街社区", 6, 2, 2, 1, 1, 1, 1, 50, 132],
        ["商业街社区", 0, 0, 0, 0, 0, 0, 0, "—", "—"],
        ["未对应社区", 1, 0, 0, 0, 0, 0, 0, "—", 6],
        ["合计", 7, 2, 2, 1, 1, 1, 1, 50, 100.5],
    ]
    assert notes(sheet, 10) == [
        "只统计本月受理的办件截至统计截止日的结果；满意率＝满意÷(满意+不满意)×100，没有可除的数时为—。",
        "另有1件截止日仍在办理、未到应办结时间，只计入受理。",
        "另有1件已办结但来源没有应办结时间，计入受理和平均用时，不计入按期办结和逾期。",
        "本月数据已送达、没有受理办件的社区：商业街社区。",
    ]
    assert [sheet[cell].value for cell in ("A14", "D14", "H14")] == ["单位负责人：", "审核人：", "填表人："]


def test_each_hotline_figure_leads_to_the_orders_it_counts(hotline):
    one(hotline, "hotline_statistics", "2026-09")

    def rows(cell):
        return [row["row_no"] for row in reports.trace(hotline.ctx, "hotline_statistics", "2026-09", cell)["rows"]]

    assert [rows(f"{column}6") for column in "BCDEFGHIJ"] == [
        [1, 2, 3, 4, 5, 6], [1, 2], [3, 4], [5], [3], [1], [2], [1, 2], [1, 2, 3],
    ]  # fmt: skip
    assert rows("B9") == [1, 2, 3, 4, 5, 6, 7]


def test_the_trend_stands_in_the_workbook_as_values_with_a_gap_for_what_never_came(hotline):
    one(hotline, "hotline_statistics", "2026-09")
    (path,) = (hotline.ctx.settings.published / "2026-09/hotline_statistics/r1").glob("*_r1.xlsx")
    trend = [[cell.value for cell in row] for row in load_workbook(path)["各月受理量"]]
    assert trend == [
        ["月份", "受理"],
        *([f"{month}月", None] for month in range(1, 7)),
        ["7月", 1], ["8月", None], ["9月", 7],
    ]  # fmt: skip
    with ZipFile(BytesIO(path.read_bytes())) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert "'各月受理量'!$B$2:$B$10" in chart and "lineChart" in chart


def test_a_chart_whose_query_lacks_a_column_holds_the_report(hotline, tmp_path):
    pack = tmp_path / "pack"
    shutil.copytree(hotline.ctx.settings.district_path / "reports", pack / "reports")
    (pack / "reports/sql/hotline_statistics_trend.sql").write_text("SELECT '1月' AS \"月份\"", "utf-8")
    ctx = replace(hotline.only("hotline_statistics").ctx, settings=replace(hotline.ctx.settings, district_path=pack))
    (reason,) = [h["reason"] for h in reports.publish(ctx)["held"] if h["period"] == "2026-09"]
    assert reason == "reports/sql/hotline_statistics_trend.sql 的结果缺少列 受理。 请在查询中加上这些列。"


# 老旧院落


def test_the_old_courtyard_ledger_tells_zero_blank_and_dash_apart(world):
    quarter = world.batch("old_courtyards", "2026Q2", "2026-07-02T06:00:00+08:00")
    attrs = {
        "building_no": "L1", "courtyard": "四道街二号院", "address": "四道街2号", "built_year": "1984", "buildings": 3,
        "units": 9, "households": 38, "floor_area": "3093.2", "structure": "4", "ownership": "reform",
        "property_mode": "community", "has_committee": True, "renovated_in": "2027", "problems": "管网老化",
    }  # fmt: skip
    bare = {key: attrs[key] for key in ("address", "built_year", "buildings", "households", "structure", "ownership")}
    world.record(quarter, "L1", attrs, courtyard="C1", row_no=2)
    more = {"courtyard": "样例新居", "property_mode": "none", "has_committee": False}
    world.record(quarter, "L2", {**bare, **more}, row_no=3)
    sheet = one(world, "old_courtyard_ledger", "2026H1", "2026Q2")
    assert heads(sheet, 4, 5) == [
        "院落名称", "地址", "建成年代", "楼栋数", "单元数", "户数", "建筑面积(㎡)", "结构", "产权", "物业模式", "有无业委会",
        "改造年度", "存在问题",
    ]  # fmt: skip
    assert table(sheet, 6, 2) == [
        [
            "四道街2号院",
            "四道街2号",
            "1984",
            3,
            9,
            38,
            3093.2,
            "混合结构",
            "房改房",
            "社区托底",
            "有",
            "2027",
            "管网老化",
        ],
        ["样例新居", "四道街2号", "1984", 3, None, 38, None, "混合结构", "房改房", "无物业", "无", "—", None],
    ]
    assert notes(sheet, 8) == [
        "合计2个院落、6栋、9个单元、76户、建筑面积3,093.20㎡。",
        "单元数合计不含1个未填的院落。",
        "建筑面积合计不含1个未填的院落。",
        "其中1个未能对应到院落名册，名称用来源所填，列在最后。",
        "住建来源没有登记老旧院落的社区：商业街社区。",
    ]


# 社会组织


def test_an_organisation_without_a_code_has_a_dash_and_stands_last(world):
    quarter = world.batch("social_organisations", "2026Q2", "2026-07-02T05:30:00+08:00")
    world.record(quarter, "甲服务队", {"org_name": "甲服务队", "scope": "义诊"}, row_no=5)
    attrs = {
        "org_name": "乙服务中心", "credit_code": "52510105MJ0RQJECQX", "registrar": "青羊区民政局", "head": "吕样例",
        "scope": "法律咨询", "served": "全体居民", "address": "四道街2号院", "hours": "周末",
    }  # fmt: skip
    world.record(quarter, "52510105MJ0RQJECQX", attrs, courtyard="C1", sealed={"phone": "028-86000001"}, row_no=4)
    sheet = one(world, "social_organisations", "2026H1", "2026Q2")
    assert sheet["A1"].value == "少城街道2026年上半年社会组织/服务资源清单"
    assert heads(sheet, 4) == [
        "名称", "统一社会信用代码", "登记机关", "负责人", "业务范围", "服务对象", "场地", "时段", "电话",
    ]  # fmt: skip
    assert table(sheet, 5, 2) == [
        [
            "乙服务中心",
            "52510105MJ0RQJECQX",
            "青羊区民政局",
            "吕样例",
            "法律咨询",
            "全体居民",
            "四道街2号院",
            "周末",
            "028-86000001",
        ],
        ["甲服务队", "—", None, None, "义诊", None, None, None, None],
    ]
    assert notes(sheet, 7) == [
        "合计2个：有统一社会信用代码的1个，没有的（在社区备案）1个。",
        "其中1个的场地未填或不在本街道院落内，仍列入。",
        "没有场地在本社区的：商业街社区。",
    ]


# 网格队伍

UNITS = """code,name,kind,parent_code,valid_from,valid_to
510105005,少城街道,street,,2020-01-01,
510105005002,四道街社区,community,510105005,2020-01-01,

510105005002001,四道街第1网格,grid,510105005002,2020-01-01,
"""
COURTYARDS = """code,name,micro_grid_code,road,door,lon,lat,buildings,units,floors,rooms,households,built_year
C2,商业街5号院,51010500500300101,商业街,5号,104,30,1,1,1,1,1,1990
C1,四道街2号院,51010500500200101,四道街,2号,104,30,1,1,1,1,1,1990
"""
POSTS = """unit_code,post,holder,valid_from,valid_to
510105005002,社区书记,书记甲,2021-01-01,
510105005002001,网格长,网格长旧,2022-06-01,2026-01-15
510105005002001,网格长,网格长新,2026-01-15,
510105005002001,网格员,网格员旧,2022-06-01,2026-08-01
510105005002002,网格员,网格员乙,2023-03-01,
51010500500200101,微网格员,微网格员丙,2024-05-01,
"""


@pytest.fixture
def grids(world: World, tmp_path) -> World:
    """The pack's units and posts as above; C1 lies in micro-grid 01 of grid 001, and two households live there."""
    pack = tmp_path / "pack"
    shutil.copytree(world.ctx.settings.district_path / "reports", pack / "reports")
    (pack / "units.csv").write_text(UNITS, "utf-8")
    (pack / "posts.csv").write_text(POSTS, "utf-8")
    (pack / "courtyards.csv").write_text(COURTYARDS, "utf-8")
    world.execute(
        """INSERT INTO warehouse.unit (code, name, kind, parent_code, valid_from, valid_to, street_code)
           SELECT '51010500500200101', '四道街第1微网格', 'micro_grid', '510105005002001', '2020-01-01', 'infinity', '510105005'"""
    )
    population = world.batch("population", "2026Q3", "2026-10-01T05:00:00+08:00")
    for row_no, (key, household, relation, courtyard) in enumerate(
        [("a", "H1", "0", "C1"), ("b", "H1", "1", "C1"), ("c", "H2", "0", "C1"), ("d", "H3", "0", None)], 2
    ):
        world.record(population, key, {"relation": relation}, household=household, courtyard=courtyard, row_no=row_no)
    settings = replace(world.ctx.settings, district_path=pack)
    return World(replace(world.ctx, settings=settings), world._serial)


def test_the_grid_team_ledger_tells_vacant_unknown_and_not_applicable_apart(grids):
    sheet = one(grids, "grid_team", "2026Q3")
    assert heads(sheet, 4, 5) == [
        "网格编码", "级别", "网格长", "网格员", "微网格员", "是否党员", "户数", "边界", "上岗日期",
    ]  # fmt: skip
    assert table(sheet, 6, 6) == [
        ["510105005002", "总网格", "书记甲", "—", "—", None, 2, "一般网格2个、微网格1个、院落1个", "2021-01-01"],
        ["510105005002001", "一般网格", "网格长新", "空缺", "—", None, 2, "四道街2号院", "—"],
        ["51010500500200101", "微网格", "—", "—", "微网格员丙", None, 2, "四道街2号院", "2024-05-01"],
        ["510105005002002", "一般网格", None, "网格员乙", "—", None, 0, None, "2023-03-01"],
        ["510105005003", "总网格", None, "—", "—", None, 0, "一般网格1个、微网格0个、院落1个", None],
        ["510105005003001", "一般网格", None, None, "—", None, 0, "商业街5号院", None],
    ]
    assert notes(sheet, 12) == [
        "合计总网格2个、一般网格3个、微网格1个；户数在三级网格中各计一次，不得相加。",
        "空缺岗位1个：四道街第1网格网格员。",
        "岗位登记中没有社区书记的网格1个，该栏留空。",
        "岗位登记中没有网格员的网格1个，该栏留空。",
        "岗位登记中没有网格长的网格2个，该栏留空。",
        "岗位登记没有政治面貌，是否党员一栏留空。",
        "另有住址未能对应到院落的住户约1户，未计入各网格。",
    ]


def test_a_grid_leads_to_the_lines_of_the_pack_and_its_households_to_their_rows(grids):
    one(grids, "grid_team", "2026Q3")

    def rows(cell):
        found = reports.trace(grids.ctx, "grid_team", "2026Q3", cell)["rows"]
        return [(row["source"], row["name"].split("_2026")[0], row["row_no"]) for row in found]

    assert rows("A7") == [("pack", "units.csv", 5)]  # the blank line counts: it is the line an editor shows
    assert rows("C7") == [("pack", "posts.csv", 4)]
    assert rows("D7") == rows("I7") == [("pack", "posts.csv", 5)]  # vacant: who held it last
    assert rows("H7") == rows("H8") == [("pack", "courtyards.csv", 3)]
    assert rows("E8") == [("pack", "posts.csv", 7)]
    assert rows("G7") == rows("G6") == [("population", "population", 2), ("population", "population", 4)]
