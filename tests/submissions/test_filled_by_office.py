"""An issued workbook filled in by LibreOffice, as a grid worker does it, comes back as what was meant."""

from __future__ import annotations

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
from .lists import GRID, ID, OTHER_ID, PHONE, Lists

pytestmark = [
    pytest.mark.office,
    pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed"),
]
NEW_ID = "510105198001010037"


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
    book = load_workbook(BytesIO(data))

    def under(sheet, header, row):
        return next(c.column_letter for c in book[sheet][4] if c.value == header) + str(row)

    def choice(sheet, list_name):
        rules = book[sheet].data_validations.dataValidation
        return next(str(rule.sqref).split(":")[0] for rule in rules if rule.formula1 == list_name)

    rows = {c.value: c.row for c in next(book["居民骨干"].iter_cols(min_col=2, max_col=2, min_row=5)) if c.value}
    added = {
        "姓名": "样新", "性别": "女", "身份证号": NEW_ID, "政治面貌": "群众", "院落": "四道街4号院", "骨干类型": "楼栋长",
        "联系电话": "028-86000001", "变动情况": "新增", "变动日期": "2026-08-01",
    }  # fmt: skip
    return [
        ("填报说明", choice("填报说明", "list_nature"), "首次报送"),
        ("居民骨干", choice("居民骨干", "list_sheet_state"), "有变化"),
        ("居民骨干", under("居民骨干", "联系电话", rows["样甲"]), "13900005678"),
        ("居民骨干", under("居民骨干", "变动情况", rows["样甲"]), "信息变更"),
        ("居民骨干", under("居民骨干", "变动日期", rows["样甲"]), "2026-07-10"),
        ("居民骨干", under("居民骨干", "变动情况", rows["样乙"]), "迁出"),
        ("居民骨干", under("居民骨干", "变动日期", rows["样乙"]), "2026-08-15"),
        *(("居民骨干", under("居民骨干", header, 7), value) for header, value in added.items()),
        ("党组织成员", choice("党组织成员", "list_sheet_state"), "无变化"),
        ("低保户", choice("低保户", "list_sheet_state"), "本季度无"),
        ("适龄儿童", choice("适龄儿童", "list_sheet_state"), "本季度无"),
        ("待核实", under("待核实", "核实结果", 5), "以乙为准"),
        ("待核实", under("待核实", "说明", 5), "看过身份证"),
    ]


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
