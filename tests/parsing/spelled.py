"""Values of every column type, and the ways people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from courtyard.district.models import Column
from courtyard.parsing.identifiers import check_digit, credit_check

from .made import AS_OF, pack

Medium = str  # "sheet", "text" or "json"
_HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4)
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_CHINESE = "〇一二三四五六七八九"
_YES = ["是", "√", "有", "Y", "1", "对", "Ｙ"]
_NO = ["否", "×", "N", "0", "无", "不是"]
_DAYS = ("{}-{:02d}-{:02d}", "{}/{}/{}", "{}.{}.{}", "{}年{}月{}日", "{}{:02d}{:02d}", "{}－{}－{}")
_MONTHS = ("{}年{}月", "{}.{:02d}", "{}/{}", "{}-{:02d}")


@st.composite
def id_numbers(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1920, 1, 1), AS_OF))
    body = f"{draw(st.integers(110000, 659999))}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return body + check_digit(body)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    body = draw(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
    return body + credit_check(body)


def _dates(column: Column) -> st.SearchStrategy[str]:
    days = st.dates(date(1950, 1, 1), AS_OF)
    forms = {"year": ["%Y-%m-%d", "%Y-%m", "%Y"], "month": ["%Y-%m-%d", "%Y-%m"], "day": ["%Y-%m-%d"]}
    return days.flatmap(lambda d: st.sampled_from([f"{d:{form}}" for form in forms[column.precision]]))


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def value(column: Column) -> st.SearchStrategy[Any]:
    """A value as parsing must give it back."""
    match column.type:
        case "person_name":
            rare = st.sampled_from(["张䶮", "𠮷田", "Anna Smith", "阿卜杜热合曼·买买提"])
            return st.one_of(_HAN, st.tuples(_HAN, _HAN).map("·".join), rare)
        case "id_number":
            return id_numbers()
        case "disability_no":
            return st.tuples(id_numbers(), st.sampled_from("1234567"), st.sampled_from("1234")).map("".join)
        case "credit_code":
            return credit_codes()
        case "phone":
            one = st.integers(13_000_000_000, 19_999_999_999).map(str)
            return st.one_of(one, st.lists(one, min_size=2, max_size=2, unique=True).map("、".join))
        case "date":
            return _dates(column)
        case "datetime":
            return st.datetimes(datetime(2020, 1, 1), datetime(2026, 9, 30)).map(
                lambda d: f"{d:%Y-%m-%dT%H:%M:%S}+08:00"
            )
        case "code":
            return st.sampled_from(sorted(pack().codes[column.codes or ""].values))
        case "yes_no":
            return st.booleans()
        case "integer":
            return st.integers(1, 20)
        case "decimal":
            return st.integers(1, 10**7).map(lambda cents: _plain(Decimal(cents) / 100))
        case "age":
            return st.integers(0, 110).map(lambda years: f"{years}@{AS_OF}")
        case "address":
            return st.sampled_from(["宽巷子12号院3-2-501", "祠堂街社区2号院", "四道街28号附3号", "一环路西三段9号"])
        case _:
            return st.sampled_from(
                ["宽巷子12号院", "面积 50㎡", "=1+1", "@SUM(A1)", "+86", "a,b", '他说"好"', "备注 A", "<b>"]
            )


def _name(draw: st.DrawFn, parsed: str, _: Medium) -> str:
    dots = [parsed.replace("·", dot) for dot in "•．‧・"] if "·" in parsed else []
    apart = ["　".join(parsed), " ".join(parsed)] if len(parsed) == 2 else []
    return draw(st.sampled_from([parsed, f" {parsed}\u00a0", f"\u200b{parsed}", f"\ufeff{parsed} ", *dots, *apart]))


def _number(draw: st.DrawFn, parsed: str, _: Medium) -> str:
    apart = f"{parsed[:6]} {parsed[6:14]} {parsed[14:]}"
    spelled = [parsed, f"'{parsed}", f"‘{parsed}", apart, parsed.lower(), parsed.translate(_WIDE), f"\u200b{parsed}\n"]
    return draw(st.sampled_from(spelled))


def _phone(draw: st.DrawFn, parsed: str, medium: Medium) -> Any:
    if "、" in parsed:
        return parsed.replace("、", draw(st.sampled_from(["、", "/", "，", " ", "；", "\n"])))
    spelled = [
        parsed,
        f"{parsed[:3]}-{parsed[3:7]}-{parsed[7:]}",
        f"+86 {parsed}",
        f"{parsed}（本人）",
        parsed.translate(_WIDE),
    ]
    return draw(st.sampled_from([*spelled, int(parsed)] if medium != "text" else spelled))


def _date(draw: st.DrawFn, parsed: str, medium: Medium) -> Any:
    parts = [int(part) for part in parsed.split("-")]
    year = "".join(_CHINESE[int(digit)] for digit in str(parts[0]))
    if len(parts) == 1:
        return draw(st.sampled_from([parsed, f"{parsed}年", f"{year}年"]))
    if len(parts) == 2:
        return draw(st.sampled_from([form.format(*parts) for form in _MONTHS]))
    spelled = [form.format(*parts) for form in _DAYS]
    return draw(st.sampled_from([*spelled, datetime(*parts)] if medium == "sheet" else spelled))


def _moment(draw: st.DrawFn, parsed: str, medium: Medium) -> Any:
    bare = datetime.fromisoformat(parsed).replace(tzinfo=None)
    spelled = [parsed, f"{bare:%Y-%m-%d %H:%M:%S}", f"{bare:%Y/%m/%d %H:%M:%S}", f"{bare:%Y%m%d%H%M%S}"]
    return draw(st.sampled_from([*spelled, bare] if medium == "sheet" else spelled))


def _count(draw: st.DrawFn, parsed: Any, medium: Medium) -> Any:
    number = float(parsed) if "." in str(parsed) else int(parsed)
    return draw(
        st.sampled_from([str(parsed), f" {parsed} ", str(parsed).translate(_WIDE)] + [number] * (medium != "text"))
    )


def _age(draw: st.DrawFn, parsed: str, medium: Medium) -> Any:
    years = parsed.partition("@")[0]
    return draw(st.sampled_from([years, f"{years}岁", f"{years}周岁", *([int(years)] if medium != "text" else [])]))


def _yes(draw: st.DrawFn, parsed: bool, medium: Medium) -> Any:
    return draw(st.sampled_from([*(_YES if parsed else _NO), *([parsed] if medium != "text" else [])]))


_WRITTEN: dict[str, Callable[[st.DrawFn, Any, Medium], Any]] = {
    "person_name": _name, "id_number": _number, "disability_no": _number, "credit_code": _number, "phone": _phone,
    "date": _date, "datetime": _moment, "integer": _count, "decimal": _count, "age": _age, "yes_no": _yes,
}  # fmt: skip


def written(draw: st.DrawFn, column: Column, parsed: Any, medium: Medium) -> Any:
    """One of the spellings of a value: a date, number or truth cell where the medium has them."""
    if column.type == "code":
        return draw(st.sampled_from([*pack().codes[column.codes or ""].values[parsed], parsed]))
    return _WRITTEN[column.type](draw, parsed, medium) if column.type in _WRITTEN else parsed
