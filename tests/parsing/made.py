"""Files as people and systems make them, for the tests of parsing: literal rows in, bytes out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl

from courtyard.district import District, load_district
from courtyard.district.models import Contract
from courtyard.parsing import reading
from courtyard.parsing.limits import Caps
from courtyard.parsing.tables import ParsedTable

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
AS_OF = date(2026, 9, 30)
ID = "11010519491231002X"  # the standard's own example: a woman, 1949-12-31
TITLE = "少城街道2026年第三季度居民骨干信息采集表"
META = "填报单位：四道街第1网格（510105005002001）   填报人：甲   审核人：乙   填表日期：2026-09-25   统计截止日：2026-09-30"
ACTIVIST = {
    "name": "王小明", "sex": "男", "political_status": "群众", "courtyard": "宽巷子12号院",
    "activist_kind": "楼栋长", "change_kind": "无变化",
}  # fmt: skip
SHEETS = {
    "居民骨干": "grid_activists",
    "党组织成员": "grid_party_members",
    "低保户": "grid_dibao",
    "适龄儿童": "grid_school_age",
}


@lru_cache(maxsize=1)
def pack() -> District:
    return load_district(PACK)


def contract(dataset: str) -> Contract:
    return pack().contracts[dataset]


def job(*datasets: str, caps: Caps | None = None) -> reading.Job:
    codes = {name: listed.values for name, listed in pack().codes.items()}
    return reading.job_for([contract(d) for d in datasets], codes, AS_OF, caps)


def parsed(data: bytes, *datasets: str) -> list[ParsedTable]:
    return reading.whole(job(*datasets), data)


def table(data: bytes, dataset: str) -> ParsedTable:
    (only,) = parsed(data, dataset)
    return only


def codes(table: ParsedTable) -> list[tuple[str | None, str]]:
    """(cell, code) of all findings of cells and rows."""
    return [(p.cell, p.code) for p in table.problems]


def headers(dataset: str) -> list[str]:
    return [c.header for c in contract(dataset).columns]


def line(dataset: str, number: int, values: Mapping[str, Any]) -> list[Any]:
    """A row of cells in the contract's order, the row number first where there is one."""
    return [number if c.name == "row_number" else values.get(c.name) for c in contract(dataset).columns]


def book(*sheets: tuple[str, Sequence[Sequence[Any]]], change: Any = None) -> bytes:
    """A workbook by openpyxl; `change(workbook)` may add merges, hidden rows and formats."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(at, column, value)
    if change:
        change(made)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def activists(*rows: Mapping[str, Any], above: Iterable[Sequence[Any]] = ((TITLE,), (META,)), below: Iterable[Sequence[Any]] = (), change: Any = None) -> bytes:  # fmt: skip
    """A workbook with one sheet of 居民骨干: data begins in row 4 unless `above` says otherwise."""
    body = [line("grid_activists", n, ACTIVIST | row) for n, row in enumerate(rows, 1)]
    return book(("居民骨干", [*above, headers("grid_activists"), *body, *below]), change=change)


def csv_of(dataset: str, *rows: Mapping[str, str], encoding: str = "gb18030") -> bytes:
    lines = [headers(dataset), *([row.get(c.name, "") for c in contract(dataset).columns] for row in rows)]
    return "".join(",".join(cells) + "\r\n" for cells in lines).encode(encoding)


PERSON = {
    "person_no": "510105005000000001", "name": "王小明", "sex": "女", "birth_date": "1949-12-31",
    "document_type": "居民身份证", "id_number": ID, "household_no": "H1", "residence_type": "户籍",
    "address": "四道街2号院1-1-101", "status": "在住",
}  # fmt: skip


def pages(*bodies: Any, total: int | None = None, **envelope: Any) -> bytes:
    """Pages of the hotline: a list becomes `{"data": list, "total": n}`, text stays the body it is."""
    count = sum(len(b) for b in bodies if isinstance(b, list)) if total is None else total
    texts = [json.dumps({"data": b, "total": count}, ensure_ascii=False) if isinstance(b, list) else b for b in bodies]
    given = {"url": "http://x", "status": 200, "content_type": "application/json", **envelope}
    return "".join(json.dumps({**given, "body": text}, ensure_ascii=False) + "\n" for text in texts).encode()


ORDER = {
    "orderNo": "CD1", "kind": "投诉", "title": "漏水", "address": "宽巷子12号院",
    "createdAt": "2026-07-01T08:00:00+08:00", "status": "已办结",
}  # fmt: skip

# --- workbooks by hand, for what no library writes ---------------------------------------------

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def parts(sheet: str, **more: str) -> dict[str, str]:
    """The parts of a workbook with one sheet of this XML; `more` replaces or adds (name with / as __)."""
    found = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relations(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>'
            '<sheet name="居民骨干" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relations(("rId1", "worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}">{sheet}</worksheet>',
    }
    return found | {name.replace("__", "/"): text for name, text in more.items()}


def _relations(*relations: tuple[str, str, str]) -> str:
    body = "".join(f'<Relationship Id="{i}" Type="{_RELS}/{kind}" Target="{target}"/>' for i, kind, target in relations)
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{body}</Relationships>'


def package(named: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in named.items():
            archive.writestr(name, content)
    return target.getvalue()


def rows_xml(*rows: Sequence[Any], first: int = 1) -> str:
    """`<sheetData>` of text and raw cells: a `str` is inline text, a tuple (attributes, inner XML) stays raw."""
    lines = []
    for number, row in enumerate(rows, first):
        cells = []
        for column, value in enumerate(row):
            at = f"{chr(65 + column)}{number}"
            if isinstance(value, tuple):
                cells.append(f'<c r="{at}" {value[0]}>{value[1]}</c>')
            elif value is not None:
                cells.append(f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>"


def by_hand(*rows: Sequence[Any], **more: str) -> bytes:
    """A workbook of 居民骨干 whose header is row 1 and whose further rows are given as `rows_xml` takes them."""
    return package(parts(rows_xml(headers("grid_activists"), *rows), **more))
