"""Rows of a query and pages of an interface (FAULTS 2, JSON; FAULTS 1: 21, 23, 26, 27)."""

import json

import pytest

from courtyard.parsing.limits import Caps
from courtyard.parsing.reading import whole

from .made import ORDER, codes, contract, job, pages, table

CASES, REGISTER = "hotline_cases", "dibao_register"


def register(*rows, columns=None):
    names = columns or [c.header for c in contract(REGISTER).columns]
    first = json.dumps({"columns": names})
    return "\n".join([first, *(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows)]).encode()


def covered(**changed):
    values = {
        "benefit_no": "D1", "month": "2026-07", "head_name": "张三", "name": "张三", "relation": "本人",
        "household_size": 2, "covered_persons": 1, "category": "低保", "monthly_amount": "930.50", "start_month": "2020.3",
        "address": "四道街2号院", **changed,
    }  # fmt: skip
    return [values.get(c.name) for c in contract(REGISTER).columns]


def test_rows_of_a_query():
    found = table(register(covered(), covered(name="李四", relation="配偶")), REGISTER)
    assert found.columns["name"] == ["张三", "李四"] and found.columns["monthly_amount"] == ["930.50"] * 2
    assert found.columns["start_month"] == ["2020-03"] * 2 and found.row_nos == [1, 2] and not found.problems


def test_a_row_that_is_no_row_loses_only_itself():
    data = register(covered(), "[1,2]", "{}", "garbage", [*covered()[:-1], [1]], covered())
    found = table(data + b'\n["\xff"]', REGISTER)
    assert [(p.row_no, p.column, p.code) for p in found.problems] == [
        (2, None, "csv.ragged_row"), (3, None, "csv.ragged_row"), (4, None, "record.unreadable"),
        (5, "remark", "cell.nested"), (7, None, "csv.undecodable_line"),
    ]  # fmt: skip
    assert found.landed == 7 and found.columns["name"] == ["张三", None, None, None, "张三", "张三", None]


def test_an_id_number_sent_as_a_number_is_lost():
    found = table(register(covered(id_number=510105198001011234)), REGISTER)
    assert codes(found) == [("第1条 sfzh", "id.numeric_cell")]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9223372036854775808", "1" * 5000])
def test_numbers_no_store_can_hold(number):
    row = json.dumps(covered(household_size="@"), ensure_ascii=False).replace('"@"', number)
    found = table(register(row, covered()), REGISTER)
    ((cell, code),) = codes(found)
    assert cell == "第1条 jtrk" and code in ("number.unreadable", "number.out_of_range")
    assert found.columns["household_size"] == [None, 2]


def test_columns_missing_added_or_twice():
    names = [c.header for c in contract(REGISTER).columns]
    found = table(register(covered(), columns=[*names[:-1], "xin"]), REGISTER)
    assert [(r.code, r.detail) for r in found.remarks] == [("header.unknown_column", "xin")]
    found = table(register(columns=[n for n in names if n != "cyxm"]), REGISTER)
    assert found.missing == ["name"] and found.landed == 0
    assert table(register(covered(), columns=[*names[:-1], "cyxm"]), REGISTER).rejected == ("header.duplicate", "cyxm")
    assert table(b"garbage\n[1]\n[2]", REGISTER).rejected == ("header.missing", "")
    assert table(b"garbage\n[1]\n[2]", REGISTER).landed == 2


def test_pages_in_order():
    found = table(pages([ORDER, ORDER | {"orderNo": "CD2"}], [ORDER | {"orderNo": "CD3"}]), CASES)
    assert found.columns["order_no"] == ["CD1", "CD2", "CD3"] and found.row_nos == [1, 2, 3]
    assert found.columns["kind"] == ["complaint"] * 3 and not found.problems


@pytest.mark.parametrize("body", ["<html>500</html>", "", "[", "null", '{"data": 1}', '{"rows": []}', '{"data": [], "total": "x"}', "[" * 100_000])  # fmt: skip
def test_a_page_that_is_none_refuses_the_batch_and_counts_the_others(body):
    found = table(pages([ORDER], body, [ORDER]), CASES)
    assert found.rejected == ("page.unreadable", "2") and found.landed == 2 and not found.row_nos
    assert found.reason.startswith("第2页不是约定的数据")


def test_a_page_with_another_status_is_none():
    assert table(pages([ORDER], status=500), CASES).rejected == ("page.unreadable", "1")


def test_a_line_that_is_no_envelope_is_no_page():
    assert table(pages([ORDER]) + b"garbage\n", CASES).rejected == ("page.unreadable", "2")
    assert table(pages([ORDER]) + b'"x"\n', CASES).rejected == ("page.unreadable", "2")


def test_another_total_than_the_pages_hold():
    found = table(pages([ORDER], total=5), CASES)
    assert found.rejected == ("page.total_mismatch", "1条与5条") and found.landed == 1


def test_records_that_cannot_be_trusted_lose_only_themselves():
    twice = json.dumps(ORDER, ensure_ascii=False)[:-1] + ', "orderNo": "CD9"}'
    body = f'{{"data": [{json.dumps(ORDER)}, {twice}, 7, null, [1]], "total": 5}}'
    found = table(pages(body, total=5), CASES)
    assert [(p.row_no, p.code) for p in found.problems] == [
        (2, "record.duplicate_field"), (3, "record.unreadable"), (4, "record.unreadable"), (5, "record.unreadable"),
    ]  # fmt: skip
    assert found.columns["order_no"] == ["CD1", None, None, None, None]


def test_characters_that_cannot_be_stored():
    records = [ORDER | {"title": "a\x00b"}, ORDER | {"title": "a\ud800"}, ORDER]
    found = table(pages(json.dumps({"data": records, "total": 3})), CASES)
    assert [(p.row_no, p.column, p.code) for p in found.problems] == [
        (1, "title", "text.invalid_character"), (2, "title", "text.invalid_character"),
    ]  # fmt: skip


def test_missing_keys_are_empty_cells_and_a_key_that_never_comes_is_a_missing_column():
    found = table(pages([ORDER, {k: v for k, v in ORDER.items() if k != "title"}]), CASES)
    assert found.columns["title"] == ["漏水", None] and not found.remarks
    found = table(pages([{k: v for k, v in ORDER.items() if k != "title"}]), CASES)
    assert found.missing == ["title"]


def test_no_records_at_all():
    found = table(pages([]), CASES)
    assert (found.landed, found.rejected, found.missing) == (0, None, [])


def test_a_list_may_be_the_page_itself():
    request = {
        "service_request_id": "1", "status": "open", "service_code": "a", "description": "灯坏了",
        "requested_datetime": "2026-07-01T00:00:00Z", "lat": 30.66, "long": 104.05,
    }  # fmt: skip
    found = table(pages(json.dumps([request])), "resident_reports")
    assert found.columns["lat"] == ["30.66"] and found.columns["requested_at"] == ["2026-07-01T08:00:00+08:00"]


def test_brackets_in_a_text_are_no_nesting():
    found = table(pages([ORDER | {"content": "[" * 500 + "{" * 500}]), CASES)
    assert found.columns["content"] == ["[" * 500 + "{" * 500]


def test_caps():
    (found,) = whole(job(CASES, caps=Caps(rows=1)), pages([ORDER, ORDER]))
    assert found.rejected == ("file.too_large", "超过1行") and found.landed == 2
    (found,) = whole(job(CASES, caps=Caps(inflated=10)), pages([ORDER]))
    assert found.rejected[0] == "file.too_large"
