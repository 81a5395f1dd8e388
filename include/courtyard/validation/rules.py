"""A contract's demands on one row: the checks it comes to, and their judgement without Great Expectations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from courtyard.district.models import CodeList, Column, Contract, Rule
from courtyard.parsing.problems import wording
from courtyard.validation import spellings
from courtyard.validation.checks import (
    Check,
    Compared,
    Flagged,
    Given,
    GivenWith,
    Keyed,
    Long,
    NotAfterPeriod,
    NotEarlier,
    OneOf,
    Within,
    WrittenAs,
)
from courtyard.validation.row import Finding, Row, required

TOKEN_LENGTH = 32  # hex digits of a keyed pseudonym (privacy.keys); anything else is a value that was not sealed
# Far above what an honest cell holds (the longest registered ethnic names have some thirty characters).
LONGEST = {"credit_code": 18, "person_name": 60, "address": 300, "text": 5_000}


def checks_of(contract: Contract, codes: Mapping[str, CodeList] | None = None) -> tuple[Check, ...]:
    """Every check the contract comes to. Without code lists, membership in them is not checked."""
    found: list[Check] = [Given(*_worded("required.missing", c)) for c in required(contract)]
    found.append(Keyed("key.missing", None, "缺少能认定这条记录的内容", "请补齐证件号码，或姓名等识别内容"))
    for name, header in [(None, "整行"), *((c.name, c.header) for c in contract.columns)]:
        found.append(Flagged("flagged", name, f"{header}无法识别", ""))
        found.append(Flagged("flagged", name, f"{header}需要核对", "", severity="warning"))
    for column in contract.columns:
        if not column.volatile:
            found += _of_column(column, codes or {})
    return (*found, *(_of_rule(rule) for rule in contract.rules))


def _of_rule(rule: Rule) -> Check:
    words = (f"rule.{rule.id}", rule.columns[0], rule.message, rule.remedy)
    if rule.check == "required_with":
        return GivenWith(*words, rule.columns[1], rule.values, severity=rule.severity)
    return Compared(*words, rule.check, rule.columns, severity=rule.severity)


def _worded(code: str, column: Column) -> tuple[str, str, str, str]:
    """What a check begins with, in the words the parser uses for the same fault."""
    words = wording(code, column.header)
    return code, column.name, words.message, words.suggestion


def _of_column(column: Column, codes: Mapping[str, CodeList]) -> list[Check]:
    match column.type:
        case "code":
            known = codes.get(column.codes or "")
            return [OneOf(*_worded("code.unknown", column), tuple(known.values))] if known else []
        case "yes_no":
            return [OneOf(*_worded("yes_no.unknown", column), ("true", "false"))]
        case "integer" | "decimal":
            return _of_number(column)
        case "date":
            return _of_date(column)
        case "age":
            return [WrittenAs(*_worded("number.unreadable", column), spellings.AGE)]
        case "datetime":
            return [WrittenAs(*_worded("date.unreadable", column), spellings.DATETIME)]
        case "id_number" | "disability_no" | "phone":
            words = (f"{column.header}没有加密，不能入库", "请联系系统管理员")
            return [Long("cell.not_sealed", column.name, *words, TOKEN_LENGTH, TOKEN_LENGTH)]
        case _:
            words = (f"{column.header}过长", "请删减内容，其余写入备注")
            return [Long("cell.too_long", column.name, *words, 0, LONGEST[column.type])]


def _of_number(column: Column) -> list[Check]:
    low, high = column.minimum, column.maximum
    pattern = spellings.INTEGER if column.type == "integer" else spellings.DECIMAL
    found: list[Check] = [WrittenAs(*_worded("number.unreadable", column), pattern)]
    bounds = [f"{word}{bound:g}" for word, bound in (("不小于", low), ("不大于", high)) if bound is not None]
    if bounds:
        words = (f"{column.header}应{'、'.join(bounds)}", "请核对数值和单位")
        found.append(Within("number.out_of_range", column.name, *words, low, high))
    return found


def _of_date(column: Column) -> list[Check]:
    found: list[Check] = [WrittenAs(*_worded("date.unreadable", column), spellings.DATE)]
    if column.earliest:
        words = (f"{column.header}早于{column.earliest.isoformat()}", "请核对年份")
        earliest = spellings.day_number(column.earliest.isoformat(), "0")
        found.append(NotEarlier("date.before_earliest", column.name, *words, earliest))
    if not column.deadline:
        words = (f"{column.header}晚于本期最后一天", "请核对日期，不填写尚未到来的日期")
        found.append(NotAfterPeriod("date.after_period", column.name, *words))
    return found


def findings_of(check: Check, problems: Sequence[Finding]) -> list[Finding]:
    """The findings of a check that failed on a row; for a flag, the row's problems behind it."""
    return check.among(problems) if isinstance(check, Flagged) else [check.finding]


def examiner(
    contract: Contract, codes: Mapping[str, CodeList] | None = None
) -> Callable[[Mapping[str, Any]], list[Finding]]:
    """A function from a row to its findings, for many rows of one contract.

    A row has the columns of `staging.row` and its batch's `period`; `attrs` and `period` are needed,
    `problems`, `record_key`, `id_birth_date` and `id_sex` may be absent.
    """
    checks = checks_of(contract, codes)

    def examine(staged: Mapping[str, Any]) -> list[Finding]:
        row = Row.of(contract, staged)
        return [f for check in checks if check.fails(row) for f in findings_of(check, row.problems)]

    return examine


def examine(
    contract: Contract, staged: Mapping[str, Any], codes: Mapping[str, CodeList] | None = None
) -> list[Finding]:
    """The findings on one row; see `examiner`."""
    return examiner(contract, codes)(staged)


def check_row(contract: Contract, row: Mapping[str, Any], codes: Mapping[str, CodeList] | None = None) -> list[str]:
    """The codes of the findings on one row; see `examiner`."""
    return [finding.code for finding in examine(contract, row, codes)]
