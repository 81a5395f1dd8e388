"""The attack of tests/privacy on what the sample street has published: workbooks only, over neighbours, months and forms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.privacy.attacker import STAR, Attacker

TOTAL = "合计"
MONTHS = [
    f"{year}-{month:02}" for year, month in [(2025, 10), (2025, 11), (2025, 12), *((2026, m) for m in range(1, 10))]
]
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
PARTS = {
    "当月低保对象人数(人)": ("老年人", "成年人", "未成年人"),
    "总人口": ("户籍", "流动", "境外"),
    "总数": ("男", "女"),
    "党员总数": ("正式", "预备"),
}
AGES = ("0-6", "7-15", "16-59", "60+")
# A count within another, and whether what is between them is a group of persons.
WITHIN = [
    ("低保户数(户)", "当月低保对象人数(人)", False),
    ("当月低保对象人数(人)", "累计人数", True),
    ("80+", "60+", True),
    ("人户分离", "总人口", True),
    ("总户数", "总人口", False),
    ("本区户籍", "总数", True),
    ("随迁", "总数", True),
    ("残疾儿童", "总数", True),
    *((part, "党员总数", False) for part in ("女", "少数民族", "35岁及以下", "60岁以上", "大专以上", "流动党员")),
    *((part, "受理", False) for part in ("按期办结", "逾期", "退单", "重复件", "满意", "不满意")),
]
# The sum of the first within the sum of the second.
TOGETHER_WITHIN = [
    (("满意", "不满意"), ("按期办结", "逾期")),
    (("按期办结", "逾期", "退单"), ("受理",)),
    (("本区户籍", "随迁"), ("总数",)),
    (("35岁及以下", "60岁以上"), ("党员总数",)),
]
MONTH_MONEY, YEAR_MONEY = "当月资金支出(万元)", "累计资金支出(元)"
YUAN = {MONTH_MONEY: 10_000, YEAR_MONEY: 1}
NO_FACTS = ("当月人均补助水平(元)", "低保标准(元)", "满意率", "平均用时")  # made of others, or the same everywhere
OTHERS = ("school_age_statistics", "party_statistics", "hotline_statistics", "elderly_ledger", "disabled_ledger")


@dataclass(frozen=True)
class Sheet:
    """A printed table: values by area and header, headers by the group above them, and what is written below."""

    values: dict[tuple[str, str], object]
    notes: str
    groups: dict[str, tuple[str, ...]]

    @property
    def areas(self) -> list[str]:
        return list(dict.fromkeys(area for area, _ in self.values))

    @property
    def headers(self) -> list[str]:
        return list(dict.fromkeys(header for _, header in self.values))


def read(path: Path) -> Sheet:
    rows = [[cell.value for cell in row] for row in load_workbook(path).active.iter_rows()]
    last = next(i for i, row in enumerate(rows) if row[0] == TOTAL)
    top = next(i for i, row in enumerate(rows) if row[0] in ("社区", "地区", "党组织名称"))
    first = next(i for i in range(top + 1, last) if rows[i][0])
    headers = [[row[n] for row in rows[top:first] if row[n]] for n in range(len(rows[top]))]
    body = rows[first : last + 1]
    counted = [
        n for n in range(1, len(rows[top]))
        if headers[n] and headers[n][-1] not in NO_FACTS and all(row[n] == STAR or not isinstance(row[n], str) for row in body)
    ]  # fmt: skip
    values = {(row[0], headers[n][-1]): row[n] for row in body for n in counted}
    groups: dict[str, tuple[str, ...]] = {}
    group = ""
    for n in counted:
        group = rows[top][n] or group
        groups[group] = (*groups.get(group, ()), headers[n][-1])
    return Sheet(values, "".join(str(row[0]) for row in rows[last + 1 :]), groups)


def sheets(street, report: str, period: str) -> tuple[Sheet, Sheet | None]:
    """The view of counts and, to know which relations hold, the full form where it is a table too."""
    folder = street.settings.published / period / report / "r1"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (view,) = (name for name, kind in manifest["views"].items() if kind == "counts")
    is_roster = street.context(QUARTERS[-1]).district.reports[report].kind == "roster"
    return read(folder / view), None if is_roster else read(folder / manifest["form"])


def look(attacker: Attacker, sheet: Sheet, full: Sheet, when: str, names: dict[str, str] | None = None) -> None:
    """See a table's cells, and add up what adds up."""

    def name(area: str, header: str) -> tuple[str, str, str]:
        return when, area, (names or {}).get(header, header)

    def sums(area: str, header: str, parts: tuple[str, ...]) -> None:
        if header in sheet.headers and full.values[area, header] == sum(full.values[area, p] for p in parts):
            attacker.equal({name(area, header): 1, **{name(area, part): -1 for part in parts}})

    is_silent = "不公布的数：" in sheet.notes  # then a star can stand for 0 too
    for (area, header), value in sheet.values.items():
        amount = YUAN.get(header)
        attacker.see(
            name(area, header), value if value == STAR or not amount else Fraction(str(value)) * amount, not amount
        )
        if is_silent:
            attacker.least[name(area, header)] = 0
    for header in sheet.headers:
        parts = {name(a, header): -1 for a in sheet.areas if a != TOTAL}
        rounding = sum(Fraction(str(full.values[a, header])) * (1 if a == TOTAL else -1) for a in full.areas)
        attacker.equal({name(TOTAL, header): 1, **parts}, rounding * YUAN.get(header, 1))
    for area in sheet.areas:
        for whole, parts in PARTS.items():
            sums(area, whole, parts)
        sums(area, "总人口", AGES)
        for parts, wholes in TOGETHER_WITHIN:
            if {*parts, *wholes} <= set(sheet.headers):
                part, whole = (sum(full.values[area, h] for h in headers) for headers in (parts, wholes))
                if part <= whole:
                    attacker.at_most([name(area, h) for h in parts], [name(area, h) for h in wholes])
        for part, whole, is_group in WITHIN:
            if {part, whole} <= set(sheet.headers) and full.values[area, part] <= full.values[area, whole]:
                attacker.within(name(area, part), name(area, whole), is_group)


def money_over_months(attacker: Attacker, forms: dict[str, Sheet]) -> None:
    """Since January = since January up to the month before + the month."""

    def yuan(month: str, area: str, header: str) -> Fraction:
        return Fraction(str(forms[month].values[area, header])) * YUAN[header]

    for before, month in zip([None, *MONTHS], MONTHS, strict=False):
        for area in forms[month].areas:
            terms = {(month, area, YEAR_MONEY): 1, (month, area, MONTH_MONEY): -1}
            left = yuan(month, area, YEAR_MONEY) - yuan(month, area, MONTH_MONEY)
            if before and before[:4] == month[:4]:
                terms[before, area, YEAR_MONEY] = -1
                left -= yuan(before, area, YEAR_MONEY)
            elif not month.endswith("-01"):
                continue  # the office's first months have none before them
            attacker.equal(terms, left)


def look_at_counts(attacker: Attacker, sheet: Sheet, when: str, names: dict[str, str] | None = None) -> None:
    """See the counts of a roster: by area, and the classes of each of its codes add up to all rows."""

    def name(area: str, header: str) -> tuple[str, str, str]:
        return when, area, (names or {}).get(header, f"roster {header}")

    is_silent = "不公布的数：" in sheet.notes
    for (area, header), value in sheet.values.items():
        attacker.see(name(area, header), value)
        if is_silent:
            attacker.least[name(area, header)] = 0
    for area in sheet.areas:
        for parts in (parts for group, parts in sheet.groups.items() if parts != (group,)):
            attacker.equal({name(area, TOTAL): 1, **{name(area, part): -1 for part in parts}})
    for header in sheet.headers:
        attacker.equal({name(TOTAL, header): 1, **{name(area, header): -1 for area in sheet.areas if area != TOTAL}})


def test_benefit_tables_of_a_year_give_no_small_count_away(street):
    attacker = Attacker()
    forms, silent, stars = {}, 0, 0
    for month in MONTHS:
        sheet, forms[month] = sheets(street, "dibao_statistics", month)
        look(attacker, sheet, forms[month], month)
        counted, _ = sheets(street, "dibao_roster", month)
        look_at_counts(attacker, counted, month, {"城市低保": "当月低保对象人数(人)"})
        silent += "不公布的数：" in sheet.notes
        stars += sum(value == STAR for value in sheet.values.values())
    money_over_months(attacker, forms)
    assert stars > 100 and silent < len(MONTHS)
    assert attacker.small() == {}


def test_population_tables_give_no_small_count_away(street):
    attacker = Attacker()
    stars = 0
    for quarter in QUARTERS:
        sheet, full = sheets(street, "population_statistics", quarter)
        look(attacker, sheet, full, quarter)
        stars += sum(value == STAR for value in sheet.values.values())
        small = [place for place, value in full.values.items() if 0 < value < attacker.threshold]
        assert all(sheet.values[place] == STAR for place in small)
    assert stars > 4
    assert attacker.small() == {}


@pytest.mark.parametrize("report", OTHERS)
def test_every_other_table_of_counts_gives_no_small_count_away(street, report):
    attacker, stars = Attacker(), 0
    periods = sorted(path.parent.name for path in street.settings.published.glob(f"*/{report}"))
    assert periods
    for period in periods:
        sheet, full = sheets(street, report, period)
        if full is None:
            look_at_counts(attacker, sheet, period)
        else:
            look(attacker, sheet, full, period)
            small = [place for place, value in full.values.items() if 0 < value < attacker.threshold]
            assert all(sheet.values[place] == STAR for place in small)
        stars += sum(value == STAR for value in sheet.values.values())
    assert stars
    assert attacker.small() == {}


def test_the_same_tables_with_their_small_counts_hidden_only_are_solved(street):
    """What the complementary cells are for."""
    sheet, full = sheets(street, "population_statistics", QUARTERS[-1])
    primary = {place: STAR if 0 < value < 5 else value for place, value in full.values.items()}
    attacker = Attacker()
    look(attacker, Sheet(primary, sheet.notes, sheet.groups), full, QUARTERS[-1])
    solved = attacker.small()
    assert {place[1:] for place, (low, high) in solved.items() if low == high} >= {
        place for place, value in primary.items() if value == STAR
    }


def test_a_masked_roster_shows_no_name_or_number_of_the_full_one(street):
    folder = street.settings.published / MONTHS[-1] / "dibao_roster" / "r1"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (masked,) = (name for name, kind in manifest["views"].items() if kind == "masked")
    full = manifest["form"]
    shown, whole = (
        [[cell.value for cell in row] for row in load_workbook(folder / name).active.iter_rows(min_row=5)]
        for name in (masked, full)
    )
    told = {str(value) for row in shown for value in row}
    persons = [(row[1], row[2], row[5], row[13]) for row in whole if row[5] and row[6]]
    assert persons and not told & {str(value) for person in persons for value in person if value}
