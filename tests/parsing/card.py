"""A contract with a column of every kind, and tables under it in every format that parsing reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from courtyard.district.models import Column, Contract
from courtyard.parsing import reading
from courtyard.parsing.tables import ParsedTable

from .biff import LegacySheet, legacy
from .made import AS_OF, book, pack

MEDIA = ("xlsx", "xls", "csv", "json")
FORMATS = {"csv": "delimited", "json": "rows"}

CARD = Contract(
    dataset="card",
    title="登记卡",
    version=1,
    format="workbook",
    sheet="登记卡",
    grain="entity",
    subject="person",
    key=(("name",),),
    columns=(
        Column(name="row_number", header="序号", type="integer", volatile=True),
        Column(name="name", header="姓名", type="person_name", required=True, role="name"),
        Column(name="id_number", header="身份证号", synonyms=("证件号码",), type="id_number", role="id_number"),
        Column(name="phone", header="电话", type="phone", role="phone"),
        Column(name="born", header="出生日期", type="date"),
        Column(name="since", header="起始年月", type="date", precision="month"),
        Column(name="amount", header="月保障金额", type="decimal", unit="元", maximum=20_000),
        Column(name="people", header="人口", type="integer", unit="人"),
        Column(name="area", header="建筑面积", type="decimal", unit="㎡"),
        Column(name="age", header="年龄", type="age"),
        Column(name="alone", header="是否独居", type="yes_no"),
        Column(name="relation", header="与户主关系", type="code", codes="relation"),
        Column(name="remark", header="备注", type="text"),
    ),
)


@dataclass(frozen=True)
class Card:
    """One table: `heads` are the file's own headers where they are not the contract's."""

    contract: Contract = CARD
    heads: tuple[str, ...] = ("姓名", "备注")
    above: Sequence[Sequence[Any]] = ()
    below: Sequence[Sequence[Any]] = ()

    def read(self, medium: str, *rows: Sequence[Any]) -> ParsedTable:
        """The rows as parsing gives them back; the header stands behind the lines above it."""
        contract = self.contract.model_copy(update={"format": FORMATS.get(medium, "workbook")})
        codes = {name: listed.values for name, listed in pack().codes.items()}
        whole = [(*row, *[None] * (len(self.heads) - len(row))) for row in rows]
        lines = [*self.above, self.heads, *whole, *self.below]
        (table,) = reading.whole(reading.job_for([contract], codes, AS_OF), _written(medium, lines))
        return table


def _written(medium: str, lines: Sequence[Sequence[Any]]) -> bytes:
    match medium:
        case "xlsx":
            return book(("登记卡", lines))
        case "xls":
            return legacy(LegacySheet("登记卡", lines))
        case "json":
            texts = [{"columns": list(lines[0])}, *map(list, lines[1:])]
            return "".join(json.dumps(text, ensure_ascii=False) + "\n" for text in texts).encode()
    target = io.StringIO()
    csv.writer(target).writerows([["" if v is None else v for v in line] for line in lines])
    return target.getvalue().encode("utf-8-sig")


def column(medium: str, header: str, *cells: Any, **more: Any) -> tuple[list[Any], list[tuple[str | None, str]]]:
    """The values and the problems (cell, code) of one column beside the names; it is column B of the file."""
    card = Card(heads=("姓名", header), **more)
    table = card.read(medium, *((f"王{'一二三四五六七八九十'[n]}", cell) for n, cell in enumerate(cells)))
    assert table.rejected is None, table.rejected
    kept = next(name for name in table.columns if name != "name")
    return table.columns[kept], [(p.cell, p.code) for p in table.problems]
