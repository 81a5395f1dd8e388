"""FAULTS 2, JSON/API, line by line, for pages of an interface and for rows of a query.

What concerns the way there (redirects, foreign hosts, `next`, endless pagination, gzip bombs) is in
tests/sources/test_web_sources.py.
"""

import gzip
import json

import pytest

from courtyard.parsing.problems import is_error
from courtyard.parsing.reading import whole

from .made import ORDER, contract, job, pages

CASES, REGISTER = "hotline_cases", "dibao_register"


def order(raw: str) -> bytes:
    """One page of two orders; the title of the first is this raw JSON."""
    body = json.dumps({"data": [ORDER | {"title": "@"}, ORDER | {"orderNo": "CD2"}], "total": 2}, ensure_ascii=False)
    return pages(body.replace('"@"', raw), total=2)


def register(raw: str) -> bytes:
    """Two rows of a query; the household size of the first is this raw JSON."""
    names = [c.header for c in contract(REGISTER).columns]
    values = {
        "benefit_no": "D1", "month": "2026-07", "head_name": "张三", "name": "张三", "relation": "本人", "household_size": 2,
        "covered_persons": 1, "category": "低保", "monthly_amount": "930.50", "start_month": "2020.3", "address": "四道街2号院",
    }  # fmt: skip
    row = [values.get(c.name) for c in contract(REGISTER).columns]
    first = json.dumps(
        ["@" if c.name == "household_size" else v for c, v in zip(contract(REGISTER).columns, row, strict=True)]
    )
    return "\n".join([json.dumps({"columns": names}), first.replace('"@"', raw), json.dumps(row)]).encode()


TWICE = json.dumps({"data": [ORDER, ORDER], "total": 2}).replace(
    '"orderNo": "CD1"', '"orderNo": "CD1", "orderNo": "CD9"', 1
)
LINES = {
    "NaN Q": (REGISTER, lambda: register("NaN"), "Q", "number.unreadable"),
    "1e999 Q": (REGISTER, lambda: register("1e999"), "Q", "number."),
    "integer over 2^63 Q": (REGISTER, lambda: register("9223372036854775808"), "Q", "number."),
    "a number of 5,000 digits Q": (REGISTER, lambda: register("9" * 5000), "Q", "number."),
    "duplicate keys Q": (CASES, lambda: pages(TWICE, total=2), "Q", "record.duplicate_field"),
    "depth 100,000 R": (CASES, lambda: pages('{"data": ' + "[" * 100_000 + "]" * 100_000 + "}"), "R", "page.unreadable"),
    "depth 100,000 of a row Q": (REGISTER, lambda: register("[" * 100_000 + "]" * 100_000), "Q", "record.unreadable"),
    "\\u0000 Q": (CASES, lambda: order('"a\\u0000b"'), "Q", "text.invalid_character"),
    "lone surrogate Q": (CASES, lambda: order('"a\\ud800"'), "Q", "text.invalid_character"),
    "lone surrogate as bytes R": (CASES, lambda: order('"@@"').replace(b"@@", b"\xed\xa0\x80"), "R", "page.unreadable"),
    "gzip that nobody unpacked R": (CASES, lambda: gzip.compress(pages([ORDER])), "R", "page.unreadable"),
    "HTML with status 200 R": (CASES, lambda: pages("<html>Gateway</html>"), "R", "page.unreadable"),
    "garbage R": (CASES, lambda: b"\x00\x01\x02", "R", "page.unreadable"),
    "empty R": (CASES, lambda: b"", "R", "file.empty"),
    "a page cut off R": (CASES, lambda: pages([ORDER])[:-40], "R", "page.unreadable"),
    "wrong total R": (CASES, lambda: pages([ORDER], total=7), "R", "page.total_mismatch"),
    "a value that is an object Q": (CASES, lambda: order('{"a": 1}'), "Q", "cell.nested"),
    "=cmd|… E": (CASES, lambda: order("\"=cmd|' /C calc'!A0\""), "E", "=cmd|' /C calc'!A0"),
    "<script> E": (CASES, lambda: order('"<script>x</script>"'), "E", "<script>x</script>"),
    "{{7*7}} E": (CASES, lambda: order('"{{7*7}}"'), "E", "{{7*7}}"),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_its_handling(line):
    dataset, make, handling, expected = LINES[line]
    (found,) = whole(job(dataset), make())
    if handling == "R":
        assert found.rejected and found.rejected[0] == expected and not found.row_nos, found.rejected
        assert found.reason.endswith("。") and found.findings(contract(dataset))
        return
    assert not found.rejected and found.landed == 2, found.rejected
    if handling == "E":
        assert found.columns["title"][0] == expected and not found.problems
        return
    assert [(p.row_no, p.code.startswith(expected), is_error(p.code)) for p in found.problems] == [(1, True, True)]
