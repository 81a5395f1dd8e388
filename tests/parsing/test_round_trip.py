"""Any table a contract allows, in any shape people give it, parses to the same rows (DOMAIN 4)."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtyard.district.models import Contract
from courtyard.parsing import reading

from . import shapes
from .made import AS_OF, contract, pack
from .shapes import Made

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=_CHECKS)
DEEP = settings(max_examples=400, deadline=None, suppress_health_check=_CHECKS)

# A contract of every column type, with units, precisions, household columns and a sample row.
EVERYTHING = Contract.model_validate(
    {
        "dataset": "everything", "title": "各类信息", "sheet": "各类信息", "version": 1, "format": "workbook",
        "grain": "entity", "subject": "person", "key": [["id_number"]], "total_path": "total", "records_path": "data",
        "sample_row": {"name": "张三（示例）", "home": "示例院落"},
        "columns": [
            {"name": "row_number", "header": "序号", "type": "integer", "volatile": True, "household": True},
            {"name": "head", "header": "户主", "synonyms": ["户主姓名"], "type": "person_name", "required": True, "household": True},
            {"name": "amount", "header": "保障金额", "type": "decimal", "unit": "元", "household": True},
            {"name": "name", "header": "姓名", "synonyms": ["成员姓名"], "type": "person_name", "required": True},
            {"name": "id_number", "header": "身份证号", "synonyms": ["公民身份号码", "证件号"], "type": "id_number", "required": True},
            {"name": "home", "header": "居住地址", "type": "address", "required": True},
            {"name": "phone", "header": "联系电话", "synonyms": ["手机号"], "type": "phone"},
            {"name": "born", "header": "出生日期", "type": "date", "precision": "day", "earliest": "1900-01-01"},
            {"name": "since", "header": "起始年月", "type": "date", "precision": "month"},
            {"name": "built", "header": "建成年代", "type": "date"},
            {"name": "told_at", "header": "登记时间", "type": "datetime"},
            {"name": "persons", "header": "家庭人口", "type": "integer", "unit": "人"},
            {"name": "share", "header": "满意率", "type": "decimal"},
            {"name": "age", "header": "年龄", "type": "age"},
            {"name": "sex", "header": "性别", "type": "code", "codes": "sex"},
            {"name": "alone", "header": "是否独居", "type": "yes_no"},
            {"name": "credit", "header": "统一社会信用代码", "type": "credit_code"},
            {"name": "certificate", "header": "残疾证号", "type": "disability_no"},
            {"name": "remark", "header": "备注", "type": "text"},
        ],
    }
)  # fmt: skip


def _as(format_: str, given: Contract = EVERYTHING) -> Contract:
    return given.model_copy(update={"format": format_})


FORMS: dict[str, tuple[Callable[..., st.SearchStrategy[Made]], Contract]] = {
    **{name: (shapes.workbooks, contract(name)) for name in ("grid_activists", "grid_party_members", "grid_dibao", "grid_school_age")},
    "everything as a workbook": (shapes.workbooks, EVERYTHING),
    "population": (shapes.texts, contract("population")),
    "everything as text": (shapes.texts, _as("delimited")),
    "everything as pages": (shapes.json_pages, _as("pages")),
    "everything as rows": (shapes.json_rows, _as("rows")),
}  # fmt: skip


def check(made: Made, given: Contract) -> None:
    job = reading.job_for([given], {name: listed.values for name, listed in pack().codes.items()}, AS_OF)
    (found,) = reading.whole(job, made.data)
    assert not found.rejected, found.rejected
    assert [(p.row_no, p.code) for p in found.problems if p.code != "row.hidden"] == []
    assert list(found.rows()) == made.rows
    assert (found.landed, found.structural) == (len(made.rows), made.structural)
    assert [r.code for r in found.remarks if r.code not in ("sheet.wrong_name", "sheet.unused")] == []


@pytest.mark.parametrize("form", FORMS)
@QUICK
@given(data=st.data())
def test_round_trip(form, data):
    make, given_contract = FORMS[form]
    check(data.draw(make(given_contract)), given_contract)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@DEEP
@given(data=st.data())
def test_round_trip_at_length(form, data):
    make, given_contract = FORMS[form]
    check(data.draw(make(given_contract)), given_contract)
