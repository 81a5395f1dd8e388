"""An issued workbook filled in by LibreOffice, as a grid worker does it, comes back as what was meant, and is
receipted, corrected and accepted."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from courtyard import parsing
from courtyard.parsing.seal import COLUMNS, Sealer
from courtyard.period import SHANGHAI
from courtyard.submissions import issue
from courtyard.submissions.form import Form

from . import office
from .conftest import activist, through, workbook
from .lists import GRID, ID, OTHER_ID, PHONE, Lists

pytestmark = [
    pytest.mark.office,
    pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed"),
]
NEW_ID = "510105198001010037"
HOME = "四道街2号"  # of the first grid


@pytest.fixture
def issued(ctx):
    lists = Lists(ctx)
    lists.record("grid_activists", "a", person="P1", name="样甲", id_number=ID, phone=PHONE)
    lists.record("grid_activists", "b", person="P2", name="样乙", id_number=OTHER_ID)
    lists.record("grid_party_members", "p", person="P1", name="样甲")
    lists.disagreement("P1", "sex", ("population", "2"), ("grid_activists", "1"))
    issue(ctx, at=datetime(2026, 9, 16, 9, tzinfo=SHANGHAI), units=[GRID])
    return next((ctx.settings.outbox / "grid/2026Q3").iterdir()).read_bytes()


def entries(data):
    """What the grid worker types, in the places that the workbook shows."""
    form = {
        sheet: Places(data, sheet) for sheet in ("填报说明", "居民骨干", "党组织成员", "低保户", "适龄儿童", "待核实")
    }
    activists, answers = form["居民骨干"], form["待核实"]
    added = {
        "姓名": "样新", "性别": "女", "身份证号": NEW_ID, "政治面貌": "群众", "院落": "四道街4号院", "骨干类型": "楼栋长",
        "联系电话": "028-86000001", "变动情况": "新增", "变动日期": "2026-08-01",
    }  # fmt: skip
    return [
        ("填报说明", form["填报说明"].choice("list_nature"), "首次报送"),
        ("居民骨干", form["居民骨干"].choice("list_sheet_state"), "有变化"),
        ("居民骨干", activists.under("联系电话", "样甲"), "13900005678"),
        ("居民骨干", activists.under("变动情况", "样甲"), "信息变更"),
        ("居民骨干", activists.under("变动日期", "样甲"), "2026-07-10"),
        ("居民骨干", activists.under("变动情况", "样乙"), "迁出"),
        ("居民骨干", activists.under("变动日期", "样乙"), "2026-08-15"),
        *(("居民骨干", activists.at(header, 7), value) for header, value in added.items()),
        ("党组织成员", form["党组织成员"].choice("list_sheet_state"), "无变化"),
        ("低保户", form["低保户"].choice("list_sheet_state"), "本季度无"),
        ("适龄儿童", form["适龄儿童"].choice("list_sheet_state"), "本季度无"),
        ("待核实", answers.at("核实结果", 5), "以乙为准"),
        ("待核实", answers.at("说明", 5), "看过身份证"),
    ]


class Places:
    """Where things stand in a sheet of an issued workbook."""

    def __init__(self, data, sheet):
        self.sheet = load_workbook(BytesIO(data))[sheet]

    def at(self, header, row):
        return next(c.column_letter for c in self.sheet[4] if c.value == header) + str(row)

    def under(self, header, name):
        names = next(self.sheet.iter_cols(min_col=2, max_col=2, min_row=5))
        return self.at(header, next(c.row for c in names if c.value == name))

    def choice(self, list_name):
        rules = self.sheet.data_validations.dataValidation
        return next(str(rule.sqref).split(":")[0] for rule in rules if rule.formula1 == list_name)


def read(ctx, data, name):
    """Dataset -> the table and its staged rows."""
    form = Form.of(ctx.district)
    contracts = [*form.groups, form.questions]
    found = {}
    for table in parsing.parse_file(data, name, contracts, ctx.district.codes, as_of=ctx.period.last_day):
        sealer = Sealer(ctx.district.contracts[table.dataset], ctx.keys, "b", str(ctx.period), GRID)
        found[table.dataset] = table, [dict(zip(COLUMNS, r, strict=True)) for r in sealer.rows(table.sheet, table)]
    return found


def test_what_was_typed_is_what_is_read(ctx, issued, tmp_path):
    for kind, data in office.fill(tmp_path, issued, entries(issued)).items():
        found = read(ctx, data, f"{GRID}_2026Q3.{kind}")
        table, staged = found["grid_activists"]
        by_name = dict(zip(table.columns["name"], range(3), strict=True))
        kept = [by_name["样甲"], by_name["样乙"], by_name["样新"]]
        columns = {name: [cells[i] for i in kept] for name, cells in table.columns.items()}
        assert columns["phone"] == ["13900005678", None, "02886000001"], kind
        assert columns["id_number"] == [ID, OTHER_ID, NEW_ID]
        assert columns["change_kind"] == ["updated", "moved_out", "added"]
        assert columns["change_date"] == ["2026-07-10", "2026-08-15", "2026-08-01"]
        assert columns["activist_kind"] == ["volunteer", "volunteer", "building_leader"]
        assert [staged[i]["record_key"] for i in kept][:2] == ["a", "b"] and staged[kept[2]][
            "record_key"
        ] == ctx.keys.token(NEW_ID)
        assert [staged[i]["is_active"] for i in kept] == [True, False, True]
        assert (table.problems, table.remarks, table.is_unchanged, table.is_nil) == ([], [], False, False)
        assert (table.metadata["nature"], table.metadata["issue"]["issue_no"]) == ("首次报送", "1")
        members, _ = found["grid_party_members"]
        assert (members.landed, members.is_unchanged, members.problems, members.remarks) == (1, True, [], [])
        for dataset in ("grid_dibao", "grid_school_age"):
            nothing, _ = found[dataset]
            assert (nothing.landed, nothing.is_nil, nothing.problems, nothing.remarks) == (0, True, [], [])
        answers, _ = found["grid_answers"]
        assert answers.columns["choice"] == ["second"] and answers.columns["remark"] == ["看过身份证"]
        assert answers.columns.get("value", [None]) == [None] and (answers.problems, answers.remarks) == ([], [])


def test_it_goes_out_comes_back_wrong_is_receipted_corrected_and_accepted(grids, tmp_path):
    known = [
        activist(name, courtyard=HOME, id_number=number, sex="女")
        for name, number in (("王小明", ID), ("李小红", None))
    ]
    grids.put(workbook(*known, quarter="2026年第二季度"), "2026-07-02", quarter="2026Q2")
    through(grids, "2026Q2", now="2026-07-02T13:00")
    before = grids.rows("SELECT record_key FROM warehouse.record_current WHERE dataset = 'grid_activists' ORDER BY 1")

    issue(grids.ctx, at=datetime(2026, 9, 16, 9, tzinfo=SHANGHAI), units=[GRID])
    data = next((grids.ctx.settings.outbox / "grid/2026Q3").iterdir()).read_bytes()
    form = Places(data, "居民骨干")
    mistyped = NEW_ID[:-1] + "8"
    added = {
        "姓名": "张新来",
        "性别": "男",
        "身份证号": mistyped,
        "政治面貌": "群众",
        "院落": HOME,
        "骨干类型": "楼栋长",
    }
    steps = [
        ("居民骨干", form.under("联系电话", "王小明"), "13900005678"),
        ("居民骨干", form.under("变动情况", "王小明"), "信息变更"),
        ("居民骨干", form.under("变动日期", "王小明"), "2026-08-01"),
        *(("居民骨干", form.at(header, 7), text) for header, text in added.items()),
        ("居民骨干", form.at("变动情况", 7), "新增"),
        ("居民骨干", form.at("变动日期", 7), "2026-08-02"),
        *(
            (sheet, Places(data, sheet).choice("list_sheet_state"), "本季度无")
            for sheet in ("党组织成员", "低保户", "适龄儿童")
        ),
    ]
    (tmp_path / "first").mkdir()
    filled = office.fill(tmp_path / "first", data, steps)["xlsx"]
    grids.put(filled, "2026-10-02T10:00")
    assert through(grids, now="2026-10-02T10:10")["status"] == {"partly_accepted": 1}
    ((folder,),) = grids.rows("SELECT receipt_file FROM submissions.submission WHERE period = '2026Q3'")
    said = json.loads((grids.ctx.settings.outbox / folder / "receipt.json").read_text("utf-8"))
    assert said["rows"] == {"read": 3, "accepted": 2, "quarantined": 1}
    assert [(f["sheet"], f["cell"], f["code"]) for f in said["findings"]] == [
        ("居民骨干", form.at("身份证号", 7), "id.checksum")
    ]

    (tmp_path / "second").mkdir()
    steps = [
        ("居民骨干", form.at("身份证号", 7), NEW_ID),
        ("填报说明", Places(data, "填报说明").choice("list_nature"), "更正"),
    ]
    grids.put(office.fill(tmp_path / "second", filled, steps)["xlsx"], "2026-10-03T09:00", name="更正")
    assert through(grids, now="2026-10-03T09:10")["status"] == {"accepted": 1, "superseded": 1}
    assert [(kind, status) for *_, kind, status, _, _ in grids.decided()] == [
        ("first", "accepted"), ("first", "superseded"), ("correction", "accepted"),
    ]  # fmt: skip
    now = grids.rows("SELECT record_key FROM warehouse.record_current WHERE dataset = 'grid_activists' ORDER BY 1")
    assert set(before) < set(now) and len(set(now)) == 3
    assert grids.residuals() == []
