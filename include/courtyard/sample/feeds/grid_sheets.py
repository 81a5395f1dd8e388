"""The sheets of a grid workbook: title, metadata, header, rows, total and notes, in several habits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import Contract, Post
from courtyard.period import Period
from courtyard.sample.feeds import books
from courtyard.sample.feeds.books import Formats
from courtyard.sample.feeds.grid_lists import SOURCE
from courtyard.sample.feeds.grid_values import GridRow
from courtyard.sample.feeds.outlet import Sheet, World, column_letter, letters
from courtyard.sample.mess import RATES

NIL = "本季度无"
TITLE_ROW, META_ROW, HEADER_ROW = 0, 1, 2
NOTES = ("注：1.统计截止日为本季度最后一日；2.身份证号请按文本格式填写。", "填报人签字：              审核人签字：")
EXTRA = ("网格员意见", "已核")
# Parent header -> its columns with the header each has below it ('' keeps its own).
PARENTS = (
    {"基本情况": {"name": "", "sex": "", "id_number": ""}, "变动": {"change_kind": "情况", "change_date": "日期"}},
    {
        "基本信息": {"name": "", "sex": "", "birth_date": "", "id_number": ""},
        "变动信息": {"change_kind": "", "change_date": ""},
    },
)


@dataclass(frozen=True)
class Style:
    """The habits of one grid worker in one quarter."""

    unit: str
    filler: str
    reviewer: str
    filled: date
    hour: int
    minute: int
    parents: dict[str, dict[str, str]]
    merged_household: bool
    seed: int

    @classmethod
    def of(cls, rng: Random, world: World, grid: str, period: Period) -> Style:
        filled = period.last_day - timedelta(days=rng.randint(0, 5))
        posts = [p for p in world.street.district.posts if p.unit_code == grid]
        return cls(
            unit=f"{world.street.units[grid].name}（{grid}）",
            filler=_holder(posts, "网格员", filled),
            reviewer=_holder(posts, "网格长", filled),
            filled=filled,
            hour=rng.randint(9, 17),
            minute=rng.randrange(60),
            parents=rng.choice(PARENTS) if rng.random() < RATES["sheet.two_row_header"] else {},
            merged_household=rng.random() < RATES["sheet.merged_household"],
            seed=rng.getrandbits(32),
        )

    def later(self, days: int) -> Style:
        """The same habits some days later."""
        return replace(self, filled=self.filled + timedelta(days=days))


def _holder(posts: list[Post], post: str, day: date) -> str:
    held = [p for p in posts if p.post == post and p.valid_from <= day and (p.valid_to is None or day < p.valid_to)]
    return held[0].holder if held else ""


class SheetWriter:
    """Writes one sheet of a grid workbook and puts its rows on record."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.office = world.street.district.office

    def write(
        self,
        book: xlsxwriter.Workbook,
        formats: Formats,
        where: tuple[str, Period, Period, str],
        style: Style,
        rows: list[GridRow],
    ) -> None:
        dataset, delivered, period, file = where
        contract = self.world.contract(dataset)
        rng = self.world.draws.rng(f"sheet.{dataset}", style.seed)
        title = contract.sheet or contract.title
        page = book.add_worksheet(title)
        headers = self._headers(rng, contract)
        extra = rng.random() < RATES["sheet.extra_column"]
        width = len(headers) + extra
        text = f"{self.office.short_name}{period.title}{contract.title}信息采集表"
        page.merge_range(TITLE_ROW, 0, TITLE_ROW, width - 1, text, formats.title)
        page.write_string(META_ROW, 0, self._metadata(style, period))
        row = self._header_rows(page, formats, headers, style.parents)
        if extra:
            page.write_string(HEADER_ROW, width - 1, EXTRA[0], formats.header)
        if contract.sample_row and rng.random() < RATES["sheet.sample_row"]:
            for column, name in enumerate(headers):
                if name in contract.sample_row:
                    page.write_string(row, column, contract.sample_row[name])
            row += 1
        sheet = Sheet(SOURCE, dataset, delivered, period, file, title, headers, letters(list(headers)))
        if extra:
            sheet.mark(self.world.truth, HEADER_ROW + 1, column_letter(width - 1), EXTRA[0], "sheet.extra_column")
        if rows:
            end = self._body(page, formats, sheet, (row, style, contract), rows)
            if extra:
                page.write_column(row, width - 1, [EXTRA[1]] * len(rows))
        else:
            page.write_string(row, 0, NIL)
            end = row + 1
        is_wrong = bool(rows) and rng.random() < RATES["sheet.total_wrong"]
        if is_wrong:
            sheet.mark(self.world.truth, end + 1, "A", "合计", "sheet.total_wrong")
        self._footer(page, end, len(rows) + is_wrong)

    def _metadata(self, style: Style, period: Period) -> str:
        return (
            f"填报单位：{style.unit}   填报人：{style.filler}   审核人：{style.reviewer}   "
            f"填表日期：{style.filled}   统计截止日：{period.last_day}"
        )

    def _headers(self, rng: Random, contract: Contract) -> dict[str, str]:
        """Each column's header; in some sheets by a synonym, or with blanks and line breaks in it."""
        columns = [c for c in contract.columns if c.role != "record_ref"]  # an old form, that was not issued
        headers = {c.name: c.header for c in columns}
        if rng.random() >= RATES["sheet.header_spelled"]:
            return headers
        for column in columns:
            draw = rng.random()
            if draw < 0.3 and column.synonyms:
                headers[column.name] = rng.choice(column.synonyms)
            elif draw < 0.4 and len(column.header) == 2:
                headers[column.name] = f"{column.header[0]}  {column.header[1]}"
            elif draw < 0.45:
                headers[column.name] = column.header[:2] + "\n" + column.header[2:]
        return headers

    def _header_rows(
        self, page: Worksheet, formats: Formats, headers: dict[str, str], parents: dict[str, dict[str, str]]
    ) -> int:
        """Write one header row, or two with merged parents; returns the first data row (0-based)."""
        names = list(headers)
        groups = {parent: _neighbours(names, children) for parent, children in parents.items()}
        groups = {parent: columns for parent, columns in groups.items() if len(columns) > 1}
        if not groups:
            for column, header in enumerate(headers.values()):
                page.write_string(HEADER_ROW, column, header, formats.header)
            return HEADER_ROW + 1
        grouped = {column for columns in groups.values() for column in columns}
        for parent, columns in groups.items():
            page.merge_range(HEADER_ROW, columns[0], HEADER_ROW, columns[-1], parent, formats.header)
            for column in columns:
                child = parents[parent][names[column]] or headers[names[column]]
                page.write_string(HEADER_ROW + 1, column, child, formats.header)
        for column, header in enumerate(headers.values()):
            if column not in grouped:
                page.merge_range(HEADER_ROW, column, HEADER_ROW + 1, column, header, formats.header)
        return HEADER_ROW + 2

    def _body(
        self, page: Worksheet, formats: Formats, sheet: Sheet, layout: tuple[int, Style, Contract], rows: list[GridRow]
    ) -> int:
        """Write the rows from this row on; returns the row after the last one (0-based)."""
        first, style, contract = layout
        shared = {i for i, c in enumerate(contract.columns) if c.household}
        at = first
        for number, members in enumerate(_together(rows) if shared else [[row] for row in rows], 1):
            merge = shared if style.merged_household and len(members) > 1 else set()
            for offset, row in enumerate(members):
                cells = [number, *row.cells.values()]
                for column, cell in enumerate(cells):
                    if column not in merge:
                        books.put(page, at + offset, column, cell, formats.day)
                if row.hidden:
                    page.set_row(at + offset, None, None, {"hidden": True})
                sheet.record(self.world.truth, at + offset + 1, row, row.person, row.where)
            for column in merge:
                cell = [number, *members[0].cells.values()][column]
                page.merge_range(at, column, at + len(members) - 1, column, "", formats.merged)
                books.put(page, at, column, cell, formats.merged)
            at += len(members)
        return at

    def _footer(self, page: Worksheet, row: int, total: int) -> None:
        page.write_string(row, 0, "合计")
        page.write_string(row, 1, f"{total}人")
        for offset, note in enumerate(NOTES, 1):
            page.write_string(row + offset, 0, note)


def _neighbours(names: list[str], children: dict[str, str]) -> list[int]:
    """The longest run of neighbouring columns that belong under one parent."""
    runs: list[list[int]] = [[]]
    for index, name in enumerate(names):
        if name not in children:
            runs.append([])
        else:
            runs[-1].append(index)
    return max(runs, key=len)


def _together(rows: list[GridRow]) -> list[list[GridRow]]:
    """Neighbouring rows of one household and courtyard."""
    groups: list[list[GridRow]] = []
    for row in rows:
        if groups and (groups[-1][0].household, groups[-1][0].courtyard) == (row.household, row.courtyard):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
