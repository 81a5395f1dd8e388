"""Delimited text: encodings, broken lines, headers (DOMAIN 4: 18; FAULTS 2, CSV)."""

import pytest

from courtyard.parsing.limits import Caps
from courtyard.parsing.reading import whole

from .made import ID, PERSON, codes, contract, csv_of, headers, job, table

POPULATION = "population"


def read(data, **caps):
    (found,) = whole(job(POPULATION, caps=Caps(**caps) if caps else None), data)
    return found


def lines(*rows, encoding="gb18030"):
    return csv_of(POPULATION, *(PERSON | row for row in rows), encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_bytes_prove_the_encoding(encoding):
    found = read(lines({"name": "张䶮"}, {"name": "𠮷田"}, encoding=encoding))
    assert found.columns["name"] == ["张䶮", "𠮷田"] and found.row_nos == [2, 3] and not found.problems


def test_a_line_of_another_encoding_loses_only_itself():
    for first, second in (("gb18030", "utf-8"), ("utf-8", "gb18030")):
        head, one = lines({"name": "甲某"}, encoding=first).split(b"\r\n")[:2]
        other = lines({"name": "乙某"}, encoding=second).split(b"\r\n")[1]
        found = read(b"\r\n".join([head, one, other, one, b""]))
        assert found.columns["name"] == ["甲某", None, "甲某"]
        assert [(p.row_no, p.code) for p in found.problems] == [(3, "csv.undecodable_line")]


def test_a_utf_8_line_that_gb18030_would_take_for_other_characters():
    even = {"name": "王某", "sex": "2", "document_type": "", "address": "宽巷", "status": "在住"}
    head, one = lines(even).split(b"\r\n")[:2]
    other = lines(even, encoding="utf-8").split(b"\r\n")[1]
    assert other.decode("gb18030")  # it would
    found = read(b"\r\n".join([head, one, other, b""]))
    assert found.columns["name"] == ["王某", None] and [p.code for p in found.problems] == ["csv.undecodable_line"]


def test_no_replacement_character_is_ever_a_value():
    found = read(lines({"name": "乱\ufffd码"}, {}, encoding="utf-8"))
    assert codes(found) == [("B2", "text.replacement_char")] and found.columns["name"] == [None, "王小明"]


def test_one_bad_byte_costs_one_line():
    good = lines({}, {}, {})
    at = good.rindex("王".encode("gb18030"))
    found = read(good[:at] + b"\xff" + good[at + 1 :])
    assert [p.code for p in found.problems] == ["csv.undecodable_line"] and found.landed == 3


def test_bytes_that_are_no_text_are_refused():
    assert read(b"\xff\xfe\x00").rejected == ("file.undecodable", "")
    assert read(bytes(range(128, 256)) * 40).rejected[0] in ("file.undecodable", "header.missing")
    assert read(b" \r\n ").rejected == ("file.empty", "")


def test_ragged_lines_and_lines_with_nul_lose_only_themselves():
    head, row = lines({}).split(b"\r\n")[:2]
    short, long, empty_tail, nul = (
        row.rsplit(b",", 3)[0],
        row + b",x",
        row + b",,",
        row.replace("王".encode("gb18030"), b"\0"),
    )
    found = read(b"\r\n".join([head, short, long, empty_tail, nul, row]))
    assert [(p.row_no, p.column, p.code) for p in found.problems] == [
        (2, None, "csv.ragged_row"), (3, None, "csv.ragged_row"), (5, None, "csv.nul"),
    ]  # fmt: skip
    assert found.columns["name"] == [None, None, "王小明", None, "王小明"] and found.landed == 5


def test_an_unclosed_quote_refuses_the_file_and_counts_its_lines():
    text = lines({}, {}, {}, {}).decode("gb18030").replace(",王小明", ',"王小明', 1)
    found = read(text.encode("gb18030"))
    assert found.rejected[0] == "file.broken_quotes" and found.landed == 4


@pytest.mark.parametrize("closing", ['王小明",女', '"王小明,女', '王小明"x,女'])
def test_a_quote_that_closes_lines_later_swallows_no_rows(closing):
    text = lines(*[{}] * 5).decode("gb18030").split("\r\n")
    text[2] = text[2].replace("王小明", '"王小明')
    text[4] = text[4].replace("王小明,女", closing)
    found = read("\r\n".join(text).encode("gb18030"))
    assert found.rejected == ("file.broken_quotes", "从第3行起") and found.landed == 5


def test_a_quote_inside_one_line_loses_that_line_only():
    text = lines({}, {}, {}).decode("gb18030").split("\r\n")
    text[2] = text[2].replace("王小明", '"王"小明')
    found = read("\r\n".join(text).encode("gb18030"))
    assert found.landed == 3 and [(p.row_no, p.code) for p in found.problems] == [(3, "csv.ragged_row")]


def test_a_quoted_field_may_hold_delimiters_quotes_and_line_breaks():
    head = ",".join(headers(POPULATION))
    cells = [PERSON.get(c.name, "") for c in contract(POPULATION).columns]
    cells[headers(POPULATION).index("现住地址")] = '"四道街2号院,\r\n1-1-101 ""东"""'
    found = read(f"{head}\r\n{','.join(cells)}\r\n{','.join(cells)}\r\n".encode("gb18030"))
    assert found.columns["address"] == ['四道街2号院, 1-1-101 "东"'] * 2 and found.row_nos == [2, 3]


def test_a_field_beyond_every_limit_loses_its_row_only():
    found = read(lines({"hukou_address": "长" * 140_000}, {}))
    assert codes(found) == [("K2", "cell.too_long")] and found.columns["name"] == ["王小明"] * 2


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(delimiter):
    found = read(lines({}).decode("gb18030").replace(",", delimiter).encode("gb18030"))
    assert found.columns["id_number"] == [ID]


def test_marks_and_zero_width_in_the_header():
    text = lines({}).decode("gb18030").replace("姓名", "\ufeff姓\u200b名", 1)
    assert read(b"\xef\xbb\xbf" + text.encode()).columns["name"] == ["王小明"]


def test_a_header_twice_refuses_the_file_and_counts_its_rows():
    found = read(lines({}, {}).decode("gb18030").replace("登记状态", "姓名").encode("gb18030"))
    assert found.rejected == ("header.duplicate", "姓名") and found.landed == 2


def test_a_hostile_header_refuses_the_file():
    text = lines({}).decode("gb18030").replace("更新时间", '"""; DROP TABLE staging.row"')
    assert read(text.encode("gb18030")).rejected[0] == "header.invalid"


def test_no_header_at_all():
    assert read("甲,乙\r\n1,2\r\n".encode()).rejected[0] == "header.missing"


def test_columns_dropped_added_or_renamed_are_named():
    text = lines({}).decode("gb18030").replace("性别", "xb", 1)
    found = read(text.encode("gb18030"))
    assert [(r.code, r.column, r.detail) for r in found.remarks] == [
        ("header.missing_column", "sex", ""), ("header.unknown_column", None, "xb"),
    ]  # fmt: skip
    assert found.missing == ["sex"] and found.landed == 1


def test_title_total_and_note_lines_are_structural():
    text = "少城街道2026年第三季度实有人口\r\n" + lines({}, {}).decode("gb18030") + "合计,2人\r\n注：仅供内部使用\r\n"
    found = read(text.encode("gb18030"))
    assert (found.landed, found.structural, found.period, found.row_nos, found.remarks) == (2, 4, "2026Q3", [3, 4], [])
    wrong = read(text.replace("2人", "3人").encode("gb18030"))
    assert [(r.code, r.cell) for r in wrong.remarks] == [("total.mismatch", "A5")]


def test_blank_lines_are_no_rows_and_row_numbers_stay_true():
    text = lines({"name": "甲"}, {"name": "乙"}).decode("gb18030").replace("\r\n", "\r\n\r\n", 2)
    found = read(text.encode("gb18030"))
    assert found.row_nos == [3, 5] and found.landed == 2


def test_a_passport_is_not_judged_as_an_id_number():
    found = read(
        lines(
            {"document_type": "护照", "id_number": "E12345678"}, {"document_type": "身份证", "id_number": "E12345678"}
        )
    )
    assert found.columns["id_number"] == ["E12345678", None] and codes(found) == [("F3", "id.length")]


def test_caps_on_rows_columns_and_bytes():
    assert read(lines(*[{}] * 11), rows=10).rejected == ("file.too_large", "超过10行")
    assert read(lines({}), columns=5).rejected == ("file.too_large", "超过5列")
    assert read(lines({}), inflated=100).rejected[0] == "file.too_large"


def test_formulas_stay_text():
    found = read(lines({"hukou_address": "=cmd|' /C calc'!A0"}, {"hukou_address": "+1"}, {"hukou_address": "＝1"}))
    assert found.columns["hukou_address"] == ["=cmd|' /C calc'!A0", "+1", "＝1"]


def test_a_file_without_rows_is_read_as_empty():
    found = table(csv_of(POPULATION), POPULATION)
    assert (found.landed, found.rejected, found.is_nil) == (0, None, False)
