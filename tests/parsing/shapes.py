"""Typed rows written the way grid workers write them: what hypothesis draws, and the bytes it comes to."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import openpyxl
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import Column
from courtyard.parsing.identifiers import check_digit

from .made import contract, pack

_HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_CHINESE = "〇一二三四五六七八九"


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1920, 1, 1), date(2026, 9, 30)))
    body = f"{draw(st.integers(110000, 659999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + check_digit(body)


def _dates() -> st.SearchStrategy[str]:
    days = st.dates(date(1950, 1, 1), date(2026, 9, 30))
    return days.flatmap(lambda d: st.sampled_from([d.isoformat(), f"{d:%Y-%m}", f"{d:%Y}"]))


def value(column: Column) -> st.SearchStrategy[Any]:
    """A value as parsing must give it back."""
    match column.type:
        case "person_name":
            return st.one_of(_HAN, st.tuples(_HAN, _HAN).map("·".join), st.sampled_from(["张䶮", "𠮷田", "Anna Smith"]))
        case "id_number":
            return id_numbers()
        case "phone":
            one = st.integers(13_000_000_000, 19_999_999_999).map(str)
            return st.one_of(one, st.lists(one, min_size=2, max_size=2, unique=True).map("、".join))
        case "date":
            return _dates()
        case "code":
            return st.sampled_from(sorted(pack().codes[column.codes or ""].values))
        case "yes_no":
            return st.booleans()
        case "integer":
            return st.integers(1, 20)
        case _:
            return st.sampled_from(["宽巷子12号院3-2-501", "祠堂街社区2号院", "面积 50㎡", "=1+1", "a,b", "备注 A"])


def written(draw: st.DrawFn, column: Column, parsed: Any, sheet: bool) -> Any:
    """One of the spellings of a value; a date or number cell where the medium is a sheet."""
    match column.type:
        case "person_name":
            spelled = [
                parsed,
                parsed.replace("·", "•"),
                parsed.replace("·", "．"),
                f" {parsed}\u00a0",
                f"\u200b{parsed}",
            ]
            return draw(st.sampled_from([*spelled, "　".join(parsed) if len(parsed) == 2 else parsed]))
        case "id_number":
            apart = f"{parsed[:6]} {parsed[6:14]} {parsed[14:]}"
            return draw(st.sampled_from([parsed, "'" + parsed, apart, parsed.lower(), parsed.translate(_WIDE)]))
        case "phone" if "、" not in parsed:
            spelled = [parsed, f"{parsed[:3]}-{parsed[3:7]}-{parsed[7:]}", f"+86 {parsed}", f"{parsed}（本人）"]
            return draw(st.sampled_from([*spelled, int(parsed)] if sheet else spelled))
        case "phone":
            return parsed.replace("、", draw(st.sampled_from(["、", "/", "，", " ", "\n" if sheet else ";"])))
        case "date":
            return _written_date(draw, parsed, sheet)
        case "code":
            return draw(st.sampled_from([*pack().codes[column.codes or ""].values[parsed], parsed]))
        case "yes_no":
            return draw(st.sampled_from(["是", "√", "有", "Y", "1"] if parsed else ["否", "×", "N", "0"]))
        case "integer":
            return draw(st.sampled_from([parsed if sheet else str(parsed), str(parsed), f" {parsed} "]))
    return parsed


def _written_date(draw: st.DrawFn, parsed: str, sheet: bool) -> Any:
    parts = [int(p) for p in parsed.split("-")]
    year = "".join(_CHINESE[int(c)] for c in str(parts[0]))
    if len(parts) == 1:
        return draw(st.sampled_from([parsed, f"{parsed}年", f"{year}年"]))
    if len(parts) == 2:
        return draw(
            st.sampled_from([parsed, "{}年{}月".format(*parts), "{}.{:02d}".format(*parts), "{}/{}".format(*parts)])
        )
    spelled = [
        form.format(*parts) for form in ("{}-{:02d}-{:02d}", "{}/{}/{}", "{}.{}.{}", "{}年{}月{}日", "{}{:02d}{:02d}")
    ]
    return draw(st.sampled_from([*spelled, datetime(*parts)] if sheet else spelled))


@dataclass
class Made:
    """A file, the rows it holds (row number, filled values) and how many of its rows are structural."""

    data: bytes = field(repr=False)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    structural: int = 0


@st.composite
def values_of(draw: st.DrawFn, dataset: str) -> list[dict[str, Any]]:
    columns = [c for c in contract(dataset).columns if not c.volatile]
    rows = draw(st.integers(1, 6))
    return [
        {c.name: draw(value(c)) for c in columns if c.required or draw(st.booleans())} | {"_same": draw(st.booleans())}
        for _ in range(rows)
    ]


@st.composite
def workbooks(draw: st.DrawFn, dataset: str) -> Made:
    """A sheet with title lines, header in one row or two, merged households, hidden rows, totals, notes."""
    given = draw(values_of(dataset))
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = contract(dataset).sheet or "表"
    made = Made(b"")
    at = _above(draw, sheet, made)
    at = _header(draw, sheet, dataset, at, made)
    groups = _households(dataset, given)
    for number, group in enumerate(groups, 1):
        at = _household(draw, sheet, dataset, (at, number, group), made)
    below = draw(
        st.sampled_from(
            [[], [("合计", f"{len(given)}人")], [("合计", f"{len(given)}人"), ("注：无",), ("填报人签字：",)]]
        )
    )
    for offset, row in enumerate(below):
        for column, text in enumerate(row, 1):
            sheet.cell(at + offset, column, text)
    made.structural += len(below)
    target = io.BytesIO()
    book.save(target)
    made.data = target.getvalue()
    return made


def _above(draw: st.DrawFn, sheet: Worksheet, made: Made) -> int:
    """Title lines; returns the header's row."""
    lines = draw(
        st.lists(st.sampled_from(["少城街道2026年第三季度表", "填报单位：甲   填报人：乙", "", "内部资料"]), max_size=4)
    )
    for at, text in enumerate(lines, 1):
        if text:
            sheet.cell(at, 1, text)
            made.structural += 1
    return len(lines) + 1


def _header(draw: st.DrawFn, sheet: Worksheet, dataset: str, at: int, made: Made) -> int:
    columns = contract(dataset).columns
    two = draw(st.booleans())
    for number, column in enumerate(columns, 1):
        text = draw(st.sampled_from([column.header, *column.synonyms, f"*{column.header}", f"{column.header} "]))
        sheet.cell(at, number, text)
        if two:
            sheet.merge_cells(start_row=at, end_row=at + 1, start_column=number, end_column=number)
    if two:
        sheet.unmerge_cells(start_row=at, end_row=at + 1, start_column=2, end_column=2)
        sheet.cell(at + 1, 2, sheet.cell(at, 2).value)
        sheet.cell(at, 2, "户" if columns[1].household else "人")
    made.structural += 1 + two
    return at + 1 + two


def _households(dataset: str, given: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows marked `_same` join the household before them and take its values."""
    shared = [c.name for c in contract(dataset).columns if c.household and not c.volatile]
    groups: list[list[dict[str, Any]]] = []
    for row in given:
        same = row.pop("_same") and bool(groups) and bool(shared)
        if same:
            first = groups[-1][0]
            merged = {n: first[n] for n in shared if n in first}
            groups[-1].append({n: v for n, v in row.items() if n not in shared} | merged)
        else:
            groups.append([row])
    return groups


def _household(
    draw: st.DrawFn, sheet: Worksheet, dataset: str, place: tuple[int, int, list[dict[str, Any]]], made: Made
) -> int:
    at, number, group = place
    for offset, row in enumerate(group):
        for column, spec in enumerate(contract(dataset).columns, 1):
            if offset and spec.household:
                continue
            cell = number if spec.volatile else written(draw, spec, row[spec.name], True) if spec.name in row else None
            target = sheet.cell(at + offset, column)
            target.value = cell
            if isinstance(cell, str):
                target.data_type = "s"
            if isinstance(cell, datetime):
                target.number_format = "yyyy/m/d"
        if draw(st.integers(0, 9)) == 0:
            sheet.row_dimensions[at + offset].hidden = True
        made.rows.append((at + offset, row))
    for column, spec in enumerate(contract(dataset).columns, 1):
        if spec.household and len(group) > 1:
            sheet.merge_cells(start_row=at, end_row=at + len(group) - 1, start_column=column, end_column=column)
    return at + len(group)


@st.composite
def texts(draw: st.DrawFn, dataset: str) -> Made:
    """A CSV in one of the encodings, with or without quotes, in shuffled columns."""
    given = draw(values_of(dataset))
    columns = draw(st.permutations(contract(dataset).columns))
    lines = [[draw(st.sampled_from([c.header, *c.synonyms])) for c in columns]]
    for row in given:
        row.pop("_same")
        lines.append(
            ["" if c.volatile or c.name not in row else str(written(draw, c, row[c.name], False)) for c in columns]
        )
    quoted = draw(st.booleans())
    text = "".join(",".join(_field(cell, quoted) for cell in line) + "\r\n" for line in lines)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    return Made(text.encode(encoding), list(enumerate(given, 2)), 1)


def _field(cell: str, quoted: bool) -> str:
    return '"' + cell.replace('"', '""') + '"' if quoted or "," in cell else cell
