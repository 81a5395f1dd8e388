"""Typed values written the way people and systems write them, each fault noted by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, Literal

from courtyard.district.models import Column, Contract, District
from courtyard.sample import ids, names
from courtyard.sample.addresses import Addresses, numerals
from courtyard.sample.mess import RATES, pick
from courtyard.sample.people import Dwelling

Medium = Literal["text", "sheet"]
_DOTS = "•‧・．"
_EXCEL_DAY_0 = date(1899, 12, 30)  # since the day that never was, 29 February 1900
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_YES, _NO = ("√", "1", "有", "Y"), ("×", "0", "无", "N")
_HIS = {"夫", "丈夫", "孙子", "外孙", "父亲", "父", "祖父", "外祖父", "兄", "弟", "长子"}
_HERS = {"妻", "妻子", "孙女", "外孙女", "母亲", "母", "祖母", "外祖母", "姐", "妹", "长女"}
_IDS: dict[Medium, tuple[str, ...]] = {
    "text": ("id.missing", "id.mistyped", "id.mistyped_valid", "id.spaced", "id.apostrophe", "id.full_width"),
    "sheet": (
        "id.missing", "id.mistyped", "id.mistyped_valid", "id.spaced", "id.apostrophe", "id.full_width", "id.numeric_cell",
        "id.masked", "id.cut_short", "id.fifteen_digits",
    ),
}  # fmt: skip
_DATES = ("date.dotted", "date.slashed", "date.compact", "date.two_digit_year", "date.chinese")
_PHONES = ("phone.dashed", "phone.prefixed", "phone.two", "phone.none", "phone.missing", "phone.unreadable")
_NAMES = ("name.unreadable", "name.variant", "name.spaced", "name.zero_width", "name.no_break_space")


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula; `value` '' means that it was never calculated."""

    text: str
    value: str


BROKEN = {
    "cell.ref_error": Formula("=#REF!", "#REF!"),
    "cell.formula_without_value": Formula("=VLOOKUP(A1,Sheet9!A:C,3,FALSE)", ""),
}
Cell = str | int | float | date | Formula | None


@dataclass(slots=True)
class Row:
    """What is written: cells by column name, the fault of each cell, and faults of the whole row."""

    cells: dict[str, Cell] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    row_faults: list[str] = field(default_factory=list)

    @property
    def defects(self) -> list[str]:
        return [*self.row_faults, *self.faults.values()]


class Speller:
    """Spells the rows of one contract. `monthly` columns are dates that are often known by month only."""

    def __init__(
        self,
        district: District,
        contract: Contract,
        addresses: Addresses,
        medium: Medium,
        monthly: tuple[str, ...] = (),
    ) -> None:
        self.contract = contract
        self.medium = medium
        self.addresses = addresses
        self.monthly = monthly
        self.labels = {codes.codes: codes.values for codes in district.codes.values()}
        self.names = {c.name for c in contract.columns}
        self.columns = [c for c in contract.columns if not c.volatile]
        keys = {name for alternative in contract.key for name in alternative if contract.column(name).role is None}
        self.required = [c.name for c in self.columns if c.required and c.name not in keys]

    def row(self, rng: Random, values: dict[str, Any], on: date, sex: str = "") -> Row:
        """Spell each value as on a day; None stays blank. `sex` chooses labels such as 妻 or 夫."""
        row = Row()
        self._contradict(rng, values, row)
        is_contradicted = bool(row.faults)  # by an ID number, which must be readable then
        for column in self.columns:
            value = values.get(column.name)
            if value is None or value == "":
                row.cells[column.name] = None
                continue
            is_plain = is_contradicted and column.type == "id_number"
            cell, fault = (value, "") if is_plain else self.cell(rng, column, value, on, sex)
            row.cells[column.name] = cell
            if fault:
                row.faults.setdefault(column.name, fault)
        self._break(rng, row)
        return row

    def _contradict(self, rng: Random, values: dict[str, Any], row: Row) -> None:
        """Birth date or sex that the ID number denies, where the contract has both columns."""
        if not values.get("id_number"):
            return
        kind = pick(rng, ("birth.contradicts_id", "sex.contradicts_id"))
        if kind == "birth.contradicts_id" and "birth_date" in self.names and values.get("birth_date"):
            birth = values["birth_date"]
            values["birth_date"] = birth.replace(day=birth.day % 28 + 1)
            row.faults["birth_date"] = kind
        elif kind == "sex.contradicts_id" and "sex" in self.names and values.get("sex"):
            values["sex"] = "2" if values["sex"] == "1" else "1"
            row.faults["sex"] = kind

    def _break(self, rng: Random, row: Row) -> None:
        """One cell of the row broken: required but blank, or an error of the spreadsheet."""
        kinds = ("required.blank", *BROKEN) if self.medium == "sheet" else ("required.blank",)
        kind = pick(rng, kinds)
        if not kind:
            return
        filled = [n for n in (self.required if kind == "required.blank" else row.cells) if row.cells[n] is not None]
        if filled:
            name = rng.choice(filled)
            row.cells[name] = BROKEN.get(kind)
            row.faults[name] = kind

    def cell(self, rng: Random, column: Column, value: Any, on: date, sex: str = "") -> tuple[Cell, str]:
        """One value as a cell, and its fault."""
        match column.type:
            case "person_name":
                return _name(rng, value)
            case "id_number":
                return self._id_number(rng, value)
            case "phone":
                return self._phone(rng, value)
            case "date":
                return self._date(rng, column, value)
            case "code":
                return self._code(rng, column, value, sex)
            case "yes_no":
                if rng.random() < RATES["yes_no.spelled"]:
                    return rng.choice(_YES if value else _NO), "yes_no.spelled"
                return "是" if value else "否", ""
            case "disability_no":
                return _certificate(rng, value)
            case "credit_code":
                return _credit_code(rng, value)
            case "address" if isinstance(value, int):
                return self.addresses.place(rng, value, on)
            case "address" if isinstance(value, Dwelling):
                return self.addresses.full(rng, value, on)
            case "integer" if self.medium == "sheet":
                if column.maximum is not None and rng.random() < RATES["number.out_of_range"]:
                    return value * 100, "number.out_of_range"
                return value, ""
            case "decimal" if isinstance(value, Decimal):
                return str(value), ""
            case _ if isinstance(value, Dwelling):
                return self.addresses.courtyard(rng, value, on)
            case "text" if self.medium == "sheet" and rng.random() < RATES["text.garbled"]:
                return str(value) + "\ufffd", "text.garbled"
            case _:
                return str(value), ""

    def _id_number(self, rng: Random, value: str) -> tuple[Cell, str]:
        kind = pick(rng, _IDS[self.medium])
        match kind:
            case "id.missing":
                return None, kind
            case "id.mistyped":
                return _mistyped(rng, value), kind
            case "id.mistyped_valid":
                order = int(value[14:17])
                body = f"{value[:14]}{(order + 2 * rng.randint(1, 400)) % 1000:03d}"
                return body + ids.check_digit(body), kind
            case "id.spaced":
                return f"{value[:6]} {value[6:14]} {value[14:]}", kind
            case "id.apostrophe":
                return "'" + value, kind
            case "id.full_width":
                return value.translate(_WIDE), kind
            case "id.numeric_cell" if value[17] != "X":
                return float(value[:15] + "000"), kind
            case "id.masked":
                return f"{value[:6]}********{value[14:]}", kind
            case "id.cut_short":
                return value[:17], kind
            case "id.fifteen_digits" if value[6:8] == "19":
                return value[:6] + value[8:17], kind
        if value.endswith("X") and rng.random() < RATES["id.lowercase_x"]:
            return value.lower(), "id.lowercase_x"
        return value, ""

    def _phone(self, rng: Random, value: str) -> tuple[Cell, str]:
        kind = pick(rng, _PHONES)
        match kind:
            case "phone.dashed":
                return f"{value[:3]}-{value[3:7]}-{value[7:]}", kind
            case "phone.prefixed":
                return f"+86 {value}", kind
            case "phone.two":
                return f"{value}{rng.choice('、/，')}154{rng.randrange(10**8):08d}", kind
            case "phone.none":
                return "无", kind
            case "phone.missing":
                return None, kind
            case "phone.unreadable":
                return value[:7], kind
        return (int(value) if self.medium == "sheet" and rng.random() < 0.3 else value), ""

    def _date(self, rng: Random, column: Column, value: date | str) -> tuple[Cell, str]:
        if isinstance(value, str):
            return value, ""
        if column.name in self.monthly and rng.random() < RATES["date.month_only"]:
            if self.medium == "sheet" and value.month == 10 and rng.random() < RATES["date.float_month"]:
                return float(f"{value.year}.1"), "date.float_month"
            return _month(value), "date.month_only"
        kind = pick(rng, _DATES if self.medium == "text" else (*_DATES, "date.serial", "date.impossible"))
        match kind:
            case "date.serial":
                return (value - _EXCEL_DAY_0).days, kind
            case "date.impossible":
                return f"{value.year}-02-30", kind
            case "date.dotted":
                return f"{value.year}.{value.month}.{value.day}", kind
            case "date.slashed":
                return f"{value.year}/{value.month}/{value.day}", kind
            case "date.compact":
                return f"{value:%Y%m%d}", kind
            case "date.two_digit_year" if value.year >= 2013:
                return f"{value:%y}/{value.month}/{value.day}", kind
            case "date.chinese":
                year = "".join("〇一二三四五六七八九"[int(d)] for d in str(value.year))
                return f"{year}年{numerals(value.month)}月{numerals(value.day)}日", kind
        if self.medium == "sheet" and rng.random() < RATES["date.excel_cell"]:
            return value, "date.excel_cell"
        return value.isoformat(), ""

    def _code(self, rng: Random, column: Column, value: str, sex: str) -> tuple[Cell, str]:
        if rng.random() < RATES["code.unknown"]:
            return "待核", "code.unknown"
        labels = self.labels[column.codes or ""][value]
        label = labels[0] if rng.random() < 0.7 else rng.choice(labels)
        wrong = _HERS if sex == "1" else _HIS if sex == "2" else set()
        return (labels[0] if label in wrong else label), ""


def _name(rng: Random, value: str) -> tuple[Cell, str]:
    if "·" in value and rng.random() < RATES["name.dot"]:
        return value.replace("·", rng.choice(_DOTS)), "name.dot"
    if names.has_rare(value) and rng.random() < RATES["name.rare_lost"]:
        return value[:-1] + "〓", "name.rare_lost"
    kind = pick(rng, _NAMES)
    match kind:
        case "name.unreadable":
            return value[:-1] + rng.choice("?〓"), kind
        case "name.variant":
            other = names.variant(value)
            return (other, kind) if other else (value, "")
        case "name.spaced" if len(value) == 2:
            return value[0] + rng.choice(" \u3000") + value[1], kind
        case "name.zero_width":
            return value[:1] + "\u200b" + value[1:], kind
        case "name.no_break_space":
            return value + "\u00a0", kind
    return value, ""


def _month(value: date) -> str:
    """`2005.7`; January and October in a way that no spreadsheet turns into the other."""
    return f"{value.year}年{value.month}月" if value.month in (1, 10) else f"{value.year}.{value.month}"


def _certificate(rng: Random, value: str) -> tuple[Cell, str]:
    """A disability certificate's number: what befalls an ID number befalls the one inside it."""
    kind = pick(rng, ("id.mistyped", "id.spaced", "id.apostrophe", "id.full_width"))
    match kind:
        case "id.mistyped":
            return _mistyped(rng, value), kind
        case "id.spaced":
            return f"{value[:6]} {value[6:14]} {value[14:]}", kind
        case "id.apostrophe":
            return "'" + value, kind
        case "id.full_width":
            return value.translate(_WIDE), kind
    return value, ""


def _credit_code(rng: Random, value: str) -> tuple[Cell, str]:
    kind = pick(rng, ("credit.mistyped", "credit.spaced"))
    if kind == "credit.mistyped":
        at = rng.randrange(17)
        return value[:at] + rng.choice([c for c in ids.CREDIT_SIGNS if c != value[at]]) + value[at + 1 :], kind
    return (f"{value[:8]} {value[8:17]} {value[17]}", kind) if kind else (value, "")


def _mistyped(rng: Random, value: str) -> str:
    """One of the 17 digits is another one: ISO 7064 MOD 11-2 notices every such fault."""
    at = rng.randrange(17)
    digit = rng.choice([d for d in "0123456789" if d != value[at]])
    return value[:at] + digit + value[at + 1 :]
