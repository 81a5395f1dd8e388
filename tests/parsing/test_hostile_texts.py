"""FAULTS 2, CSV, line by line: R refused, Q the row is quarantined, N read, E kept as it is and escaped on export.

The export's side of E is in tests/reports/test_forms.py (text that looks like a formula stays text).
"""

import gzip

import pytest

from courtyard.parsing.problems import is_error
from courtyard.parsing.reading import whole

from .made import PERSON, contract, csv_of, headers, job, package

ONE = csv_of("population", PERSON).decode("gb18030")
TWO = csv_of("population", PERSON, PERSON | {"person_no": "P2"}).decode("gb18030")


def person(**changed: str) -> bytes:
    return csv_of("population", PERSON | changed)


def in_two_encodings() -> bytes:
    head, first, second, _ = TWO.split("\r\n")
    return b"\r\n".join([head.encode("gb18030"), first.encode("gb18030"), second.encode(), b""])


LINES = {
    "=cmd|… E": (lambda: person(hukou_address="=cmd|' /C calc'!A0"), "E", "=cmd|' /C calc'!A0"),
    "leading + E": (lambda: person(hukou_address="+1+1"), "E", "+1+1"),
    "leading - E": (lambda: person(hukou_address="-2+3"), "E", "-2+3"),
    "leading @ E": (lambda: person(hukou_address="@SUM(A1)"), "E", "@SUM(A1)"),
    "leading tab N": (lambda: person(hukou_address="\t=1"), "E", "=1"),
    "leading CR N": (lambda: person(hukou_address='"\r=1"'), "E", "=1"),
    "full-width ＝ E": (lambda: person(hukou_address="＝1+1"), "E", "＝1+1"),
    "{{7*7}} E": (lambda: person(hukou_address="{{7*7}}"), "E", "{{7*7}}"),
    "<script> E": (lambda: person(hukou_address="<script>x</script>"), "E", "<script>x</script>"),
    "bidi and zero-width text N": (lambda: person(hukou_address="甲\u202e\u200b乙"), "E", "甲乙"),
    "rare characters and · in names N": (lambda: person(name="𠮷田·䶮"), "N", None),
    "NUL Q": (lambda: person(name="王\0明"), "Q", "csv.nul"),
    "ragged row, short Q": (lambda: (ONE.rstrip("\r\n") + "\r\nP2,甲\r\n").encode("gb18030"), "Q", "csv.ragged_row"),
    "ragged row, long Q": (lambda: (ONE.rstrip("\r\n") + ",x\r\n").encode("gb18030"), "Q", "csv.ragged_row"),
    "unclosed quote R": (lambda: TWO.replace(",王小明", ',"王小明', 1).encode("gb18030"), "R", "file.broken_quotes"),
    "field over 131,072 characters Q": (lambda: person(hukou_address="长" * 131_073), "Q", "cell.too_long"),
    "UTF-16 N": (lambda: ONE.encode("utf-16"), "N", None),
    "GB18030 N": (lambda: ONE.encode("gb18030"), "N", None),
    "UTF-8 with a mark N": (lambda: ONE.encode("utf-8-sig"), "N", None),
    "mixed encodings Q": (in_two_encodings, "Q", "csv.undecodable_line"),
    "replacement characters Q": (lambda: ONE.replace("王小明", "王\ufffd").encode(), "Q", "text.replacement_char"),
    "BOM and zero-width in the header N": (lambda: ONE.replace("姓名", "\ufeff姓\u200b名", 1).encode(), "N", None),
    "duplicate header R": (lambda: ONE.replace("登记状态", "姓名", 1).encode(), "R", "header.duplicate"),
    'header "; DROP TABLE R': (lambda: ONE.replace("更新时间", '"""; DROP TABLE staging.row"', 1).encode(), "R", "header.invalid"),
    "wrong ID check digit Q": (lambda: person(id_number="110105194912310021"), "Q", "id.checksum"),
    "scientific notation where an ID stood Q": (lambda: person(id_number="1.10105E+17"), "Q", "id."),
    "a column renamed, held": (lambda: ONE.replace("姓名", "xingming", 1).encode(), "N", "header.missing_column"),
    "old Mac line ends N": (lambda: TWO.replace("\r\n", "\r").encode("gb18030"), "N", None),
    "more rows than are allowed R": (lambda: (ONE + "P,甲\r\n" * 200_001).encode("gb18030"), "R", "file.too_large"),
    "more columns than are allowed R": (lambda: "\r\n".join(line + "," * 200 for line in ONE.split("\r\n")).encode(), "R", "file.too_large"),
    "empty R": (lambda: b"\r\n \r\n", "R", "file.empty"),
    "no text at all R": (lambda: bytes(range(128, 256)) * 40, "R", "file.undecodable"),
    "a workbook R": (lambda: package({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}), "R", "file.not_text"),
    "a PDF R": (lambda: b"%PDF-1.7\n", "R", "file.not_text"),
    "a page of the web R": (lambda: b"<!DOCTYPE html><html></html>", "R", "file.not_text"),
    "gzip R": (lambda: gzip.compress(ONE.encode()), "R", "file.not_text"),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_its_handling(line):
    make, handling, expected = LINES[line]
    (found,) = whole(job("population"), make())
    told = [p.code for p in found.problems] + [r.code for r in found.remarks]
    if handling == "R":
        assert found.rejected and found.rejected[0] == expected and not found.row_nos, found.rejected
        assert found.reason.endswith("。") and found.findings(contract("population"))
        return
    assert not found.rejected, found.rejected
    if handling == "E":
        assert found.columns["hukou_address"] == [expected] and told == []
        return
    assert found.landed >= 1 and any(is_error(p.code) for p in found.problems) == (handling == "Q")
    assert (expected is None and told == []) or any(code.startswith(expected or "-") for code in told), told


def test_what_the_table_is_about_is_the_table_of_faults():
    """The literal lines of FAULTS 2 are all here; the rest are near relatives."""
    said = (
        "=cmd|…", "leading +", "leading -", "leading @", "tab", "CR", "full-width ＝", "NUL", "ragged row", "unclosed quote",
        "131,072", "UTF-16", "GB18030", "mixed encodings", "BOM and zero-width", "duplicate header", "DROP TABLE",
    )  # fmt: skip
    assert all(any(part in line for line in LINES) for part in said)
    assert len(headers("population")) < 200
