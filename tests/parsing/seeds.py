"""Honest files to be mutated, and hostile ones that try to cost time or memory."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from datetime import date

import openpyxl
import xlsxwriter

from courtyard.parsing.identifiers import check_digit

from .made import (
    ACTIVIST,
    META,
    ORDER,
    PERSON,
    SHEETS,
    by_hand,
    contract,
    csv_of,
    headers,
    job,
    pack,
    package,
    pages,
    parts,
    rows_xml,
)
from .made import line as form_line

_SURNAMES, _NAMES = "王李张刘陈杨黄赵周吴", "明华强英伟芳敏静丽军"


def grid_job():
    """What the sandbox is asked to read a grid's workbook as: all four groups."""
    return job(*SHEETS.values())


def person(rng: random.Random) -> dict[str, str]:
    """Name and ID number of somebody who does not exist."""
    born = date.fromordinal(rng.randint(date(1935, 1, 1).toordinal(), date(2020, 1, 1).toordinal()))
    body = f"510105{born:%Y%m%d}{rng.randrange(1000):03d}"
    name = rng.choice(_SURNAMES) + rng.choice(_NAMES) + rng.choice(("", rng.choice(_NAMES)))
    return {"name": name, "id_number": body + check_digit(body), "birth_date": born.isoformat()}


def _values(rng: random.Random, dataset: str) -> dict[str, object]:
    """A filled row of any contract: labels for codes, plain text elsewhere."""
    someone = person(rng)
    found: dict[str, object] = {}
    for column in contract(dataset).columns:
        if column.name in ("sample", "row_number"):
            continue
        match column.type:
            case "person_name":
                found[column.name] = someone["name"]
            case "id_number":
                found[column.name] = someone["id_number"]
            case "date":
                found[column.name] = someone["birth_date"]
            case "phone":
                found[column.name] = f"1{rng.randrange(3 * 10**9, 10**10)}"
            case "code":
                found[column.name] = rng.choice(list(pack().codes[column.codes or ""].values.values()))[0]
            case "yes_no":
                found[column.name] = rng.choice("是否")
            case "integer" | "age":
                found[column.name] = rng.randint(1, 5)
            case "decimal":
                found[column.name] = rng.randint(100, 2000) / 2
            case _:
                found[column.name] = f"四道街{rng.randint(1, 99)}号院{rng.randint(1, 9)}栋"
    return found


def grid_workbook(rng: random.Random) -> bytes:
    """The four sheets of a grid as a worker returns them: titles, lines of metadata, totals, a note."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, dataset in SHEETS.items():
        sheet = book.create_sheet(title)
        sheet.append([f"少城街道2026年第三季度{title}信息采集表"])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=8)
        sheet.append([META])
        sheet.append(headers(dataset))
        rows = rng.randint(3, 14)
        for number in range(1, rows + 1):
            sheet.append(form_line(dataset, number, _values(rng, dataset)))
        sheet.append(["合计", f"{rows}人"])
        sheet.append(["注：数据截至季度末"])
        if rng.random() < 0.3:
            sheet.row_dimensions[5].hidden = True
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def activist_workbook(rng: random.Random) -> bytes:
    """One sheet by XlsxWriter, half of the time with text in the cells themselves, number and date cells among it."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"constant_memory": rng.random() < 0.5})
    sheet = book.add_worksheet("居民骨干")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    columns = contract("grid_activists").columns
    for column, spec in enumerate(columns):
        sheet.write_string(0, column, spec.header)
    for number in range(1, rng.randint(25, 60)):
        values = ACTIVIST | person(rng)
        for column, spec in enumerate(columns):
            if spec.name == "row_number":
                sheet.write_number(number, column, number)
            elif spec.name == "change_date":
                sheet.write_datetime(number, column, date(2026, 8, rng.randint(1, 28)), day)
            elif spec.name in values:
                sheet.write_string(number, column, str(values[spec.name]))
    book.close()
    return target.getvalue()


def population_text(rng: random.Random) -> bytes:
    rows = [PERSON | person(rng) | {"person_no": f"P{n}"} for n in range(rng.randint(20, 60))]
    for row in rows[:: rng.randint(2, 7)]:
        row["hukou_address"] = rng.choice(['"四道街2号院,东侧"', "宽巷子12号院", '"甲""乙"'])
    return csv_of("population", *rows, encoding=rng.choice(["gb18030", "utf-8", "utf-8-sig", "utf-16"]))


def order_pages(rng: random.Random) -> bytes:
    orders = [ORDER | {"orderNo": f"CD{n}"} for n in range(rng.randint(5, 30))]
    cut = rng.randint(1, len(orders))
    return pages(orders[:cut], orders[cut:])


def register_lines(rng: random.Random) -> bytes:
    import json

    columns = contract("dibao_register").columns
    rows = []
    for number in range(rng.randint(10, 40)):
        values = _values(rng, "dibao_register") | {"benefit_no": f"D{number}", "month": "2026-07"}
        rows.append([values.get(c.name) for c in columns])
    lines = [{"columns": [c.header for c in columns]}, *rows]
    return "\n".join(json.dumps(one, ensure_ascii=False, default=str) for one in lines).encode()


# --- files that try to cost ---------------------------------------------------------------------

_ROW = [None, "甲", "男", None, "群众", "院", "楼栋长", None, None, None, "新增"]
_XLSX = "grid_activists"


def _with_rows(xml: str) -> bytes:
    sheet = rows_xml(headers(_XLSX), _ROW).replace("</sheetData>", xml + "</sheetData>")
    return package(parts(sheet))


def _bomb() -> bytes:
    return by_hand(
        _ROW, **{"xl/worksheets/sheet1.xml": parts("<!--" + " " * 150_000_000 + "-->")["xl/worksheets/sheet1.xml"]}
    )


def _under_the_ratio() -> bytes:
    """Noise that compresses just a little, so that all of the 200 MB may be inflated."""
    rng = random.Random(1)
    noise = "".join(rng.choices("abcdefghijklmnop", k=2_000_000))
    cells = "".join(
        f'<row r="{n}"><c r="B{n}" t="inlineStr"><is><t>{noise[n * 40 % 1_900_000 :][:32_000]}</t></is></c></row>'
        for n in range(3, 600)
    )
    return _with_rows(cells)


def _full() -> bytes:
    """As many rows as are allowed, every cell wrong."""
    cells = "".join(f'<c r="{chr(66 + c)}%d" t="inlineStr"><is><t>?{c}</t></is></c>' for c in range(12))
    return _with_rows("".join(f'<row r="{n}">{cells.replace("%d", str(n))}</row>' for n in range(3, 199_000)))


def _full_of_formulas() -> bytes:
    return _with_rows("".join(f'<row r="{n}"><c r="B{n}"><f>A{n}</f></c></row>' for n in range(3, 199_000)))


def _empty_rows() -> bytes:
    return _with_rows("".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 1_000_000)))


def _shared() -> bytes:
    """Millions of shared strings that no cell uses."""
    named = dict.fromkeys(["x"])
    del named["x"]
    strings = "<sst>" + "".join(f"<si><t>{n}</t></si>" for n in range(2_500_000)) + "</sst>"
    target = by_hand(_ROW)
    with zipfile.ZipFile(io.BytesIO(target)) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    rels = found["xl/_rels/workbook.xml.rels"]
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    found["xl/_rels/workbook.xml.rels"] = rels.replace(
        "</Relationships>", f'<Relationship Id="rId9" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    )
    return package(found | {"xl/sharedStrings.xml": strings})


def _merges(count: int, rows: int) -> bytes:
    sheet = rows_xml(headers("grid_dibao"), *[_ROW] * rows)
    merged = "".join(f'<mergeCell ref="A{n}:XFD{n + 1000}"/>' for n in range(2, count + 2))
    return package(parts(f"{sheet}<mergeCells>{merged}</mergeCells>"))


def _deep() -> bytes:
    return package(parts("<a>" * 3_000_000))


def _attributes() -> bytes:
    names = " ".join(f'a{n}="x"' for n in range(200_000))
    return _with_rows(f'<row r="3" {names}><c r="B3" {names}/></row>')


def _long_row() -> bytes:
    return _with_rows('<row r="3">' + "<c/>" * 10_000_000 + "</row>")


def _one_text() -> bytes:
    return package(
        parts(
            f'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{"甲乙丙丁" * 12_000_000}</t></is></c></row></sheetData>'
        )
    )


def _bad_text(text: str, times: int) -> bytes:
    return (",".join(headers("population")) + "\r\n").encode("gb18030") + text.encode("gb18030") * times


def _nested_json(opening: str) -> bytes:
    return pages(opening * 5_000_000)


def _many_keys() -> bytes:
    body = (
        '{"data": [' + ",".join("{" + ",".join(f'"k{n}_{m}": 1' for m in range(50)) + "}" for n in range(40_000)) + "]}"
    )
    return pages(body)


def _parts() -> bytes:
    return by_hand(_ROW, **{f"xl/media/{n}.xml": "" for n in range(1_900)})


# name -> (dataset, maker)
COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "ratio bomb": (_XLSX, _bomb),
    "200 MB of text under the ratio": (_XLSX, _under_the_ratio),
    "199,000 rows, every cell wrong": (_XLSX, _full),
    "199,000 formulas without a value": (_XLSX, _full_of_formulas),
    "a million styled empty rows": (_XLSX, _empty_rows),
    "2,500,000 shared strings": (_XLSX, _shared),
    "90,000 merges over everything": ("grid_dibao", lambda: _merges(90_000, 20_000)),
    "XML three million deep": (_XLSX, _deep),
    "200,000 attributes": (_XLSX, _attributes),
    "ten million empty cells in a row": (_XLSX, _long_row),
    "a cell of 144 MB": (_XLSX, _one_text),
    "1,900 parts": (_XLSX, _parts),
    "a text of quotes": ("population", lambda: _bad_text('"', 60_000_000)),
    "a text of delimiters": ("population", lambda: _bad_text(",", 60_000_000)),
    "a text of line breaks": ("population", lambda: _bad_text("\r\n", 40_000_000)),
    "broken quotes in every line": ("population", lambda: _bad_text('"a"b,c\r\n', 190_000)),
    "NUL in every line": ("population", lambda: _bad_text("a\0b,\0\r\n", 190_000)),
    "JSON arrays without end": ("hotline_cases", lambda: _nested_json("[")),
    "JSON objects without end": ("hotline_cases", lambda: _nested_json('{"a":')),
    "two million JSON fields": ("hotline_cases", _many_keys),
    "a number of 50 million digits": ("hotline_cases", lambda: pages('{"data": [' + "1" * 50_000_000 + "]}")),
}  # fmt: skip
