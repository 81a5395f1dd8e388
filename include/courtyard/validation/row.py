"""One staged row as the checks see it: text attributes, the parser's problems, what the ID says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from courtyard.district.models import Column, Contract
from courtyard.parsing.problems import WORDINGS, wording
from courtyard.period import Period
from courtyard.validation import spellings

Severity = Literal["error", "warning"]
_UNDECLARED = ("error", "本行有无法识别的问题", "请联系系统管理员")


@dataclass(frozen=True)
class Finding:
    """What is wrong with one row, in the sender's words, never a value. `column_name` None: the whole row."""

    column_name: str | None
    cell: str | None
    code: str
    severity: Severity
    message: str
    suggestion: str


@dataclass(frozen=True)
class Row:
    """`last_day` is the last day of the batch's period as a number, 20260930."""

    contract: Contract
    attrs: Mapping[str, str]
    problems: tuple[Finding, ...]
    id_birth_date: str | None
    id_sex: str | None
    last_day: int
    is_keyed: bool

    @classmethod
    def of(cls, contract: Contract, staged: Mapping[str, Any]) -> Row:
        """Read a mapping with the columns of `staging.row` and the batch's `period`."""
        attrs = {
            name: text for name, value in staged["attrs"].items() if (text := spellings.as_text(value)) is not None
        }
        problems = cell_problems(contract, staged.get("problems") or [])
        explained = {p.column_name for p in problems} | {c.name for c in required(contract) if c.name not in attrs}
        return cls(
            contract=contract,
            attrs=attrs,
            problems=problems,
            id_birth_date=staged.get("id_birth_date"),
            id_sex=staged.get("id_sex"),
            last_day=last_day(str(staged["period"])),
            is_keyed=staged.get("record_key") is not None or bool(explained & key_columns(contract)),
        )

    @property
    def problem_columns(self) -> set[str | None]:
        return {p.column_name for p in self.problems}

    def date(self, column: str | None) -> str | None:
        """A date column's text where it is written as a date."""
        text = self.attrs.get(column or "")
        return text if text is not None and spellings.is_written_as(spellings.DATE, text) else None

    def sides(self, check: str, columns: tuple[str, str]) -> tuple[float, float] | None:
        """Both values of a contract rule, made comparable; None where one of them is not known."""
        if check == "not_above":
            value, limit = (spellings.number(self.attrs.get(c, "")) for c in columns)
            return None if value is None or limit is None else (limit, value)
        if check == "sex_matches_id":
            pair = self.attrs.get(columns[0]), self.id_sex
            known = pair[0] in spellings.SEXES and pair[1] in spellings.SEXES
            return (int(pair[0]), int(pair[1])) if known else None  # type: ignore[arg-type]
        if check == "birth_matches_id":
            says = self.id_birth_date
            left = self.date(columns[0])
            right = says if says and spellings.is_written_as(spellings.DATE, says) else None
        elif all(self.contract.column(c).type == "datetime" for c in columns):
            moments = tuple(spellings.instant(self.attrs.get(c, "")) for c in columns)
            return None if None in moments else moments  # type: ignore[return-value]
        else:
            left, right = (self._day(c) for c in columns)
        return spellings.common_precision(left, right) if left and right else None

    def _day(self, column: str) -> str | None:
        if self.contract.column(column).type == "datetime":
            return spellings.shanghai_day(self.attrs.get(column, ""))
        return self.date(column)


def cell_problems(contract: Contract, staged: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """The parser's problems with severity and words. A code nobody declared is an error: fail closed."""
    headers = {column.name: column.header for column in contract.columns}
    found = []
    for entry in staged:
        code, column = entry["code"], entry.get("column")
        known = column if column in headers else None
        words = wording(code, headers.get(column, "本行")) if code in WORDINGS else _UNDECLARED
        found.append(Finding(known, entry.get("cell"), code, *words))
    return tuple(found)


def required(contract: Contract) -> list[Column]:
    """The required columns that are kept; volatile ones leave no trace in staging."""
    return [c for c in contract.columns if c.required and not c.volatile]


def key_columns(contract: Contract) -> set[str]:
    return {name for alternative in contract.key for name in alternative}


@lru_cache(maxsize=256)
def last_day(period: str) -> int:
    """The last day of a period as a number."""
    return spellings.day_number(Period.parse(period).last_day.isoformat(), "0")
