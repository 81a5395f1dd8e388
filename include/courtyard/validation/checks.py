"""What a contract demands of one row, as small values that know both ways of checking it.

`fails(row)` judges a single row. `expectation(gx)` says the same to Great Expectations about a
frame made by `frame.build`; a test shows that both agree. What a frame's columns mean is told there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from courtyard.validation import spellings
from courtyard.validation.row import Finding, Row, Severity

LEVELS: dict[Severity, str] = {"error": "critical", "warning": "warning"}  # Great Expectations' words
ORDERED = ("not_before", "not_above")


@dataclass(frozen=True)
class Check:
    """One demand. `column` is the contract column a finding names, None for the whole row."""

    code: str
    column: str | None
    message: str
    suggestion: str
    severity: Severity = field(default="error", kw_only=True)

    @property
    def label(self) -> str:
        """What the quality report prints for it: the fault that should not be there."""
        return f"无“{self.message}”（{self.code}）"

    @property
    def finding(self) -> Finding:
        return Finding(self.column, None, self.code, self.severity, self.message, self.suggestion)

    def fails(self, row: Row) -> bool:
        raise NotImplementedError

    def expectation(self, gx: Any) -> Any:
        raise NotImplementedError

    def _texts(self) -> dict[str, Any]:
        return {"severity": LEVELS[self.severity], "description": self.label}


@dataclass(frozen=True)
class Given(Check):
    """A required cell is filled. One that holds something unreadable is filled: it has its own finding."""

    def fails(self, row: Row) -> bool:
        return self.column not in row.attrs and self.column not in row.problem_columns

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToNotBeNull(column=f"{self.column}__given", **self._texts())


@dataclass(frozen=True)
class Keyed(Check):
    """The record can be named, unless a finding on a key column already says why not."""

    def fails(self, row: Row) -> bool:
        return not row.is_keyed

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToNotBeNull(column="_row__keyed", **self._texts())


@dataclass(frozen=True)
class Flagged(Check):
    """No cell of the column was marked by the parser. Its findings are the parser's own problems."""

    def fails(self, row: Row) -> bool:
        return bool(self.among(row.problems))

    def among(self, problems: Iterable[Finding]) -> list[Finding]:
        """The problems that this flag stands for."""
        return [p for p in problems if p.column_name == self.column and p.severity == self.severity]

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToBeNull(column=flag(self.column, self.severity), **self._texts())


@dataclass(frozen=True)
class OneOf(Check):
    values: tuple[str, ...]

    def fails(self, row: Row) -> bool:
        return self.column in row.attrs and row.attrs[self.column] not in self.values

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToBeInSet(column=self.column, value_set=list(self.values), **self._texts())


@dataclass(frozen=True)
class WrittenAs(Check):
    pattern: str

    def fails(self, row: Row) -> bool:
        return self.column in row.attrs and not spellings.is_written_as(self.pattern, row.attrs[self.column])

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToMatchRegex(column=self.column, regex=self.pattern, **self._texts())


@dataclass(frozen=True)
class Within(Check):
    """A number between two bounds; what is no number is `WrittenAs`'s to say."""

    minimum: float | None
    maximum: float | None

    def fails(self, row: Row) -> bool:
        text = row.attrs.get(self.column or "")
        if text is None or not spellings.is_written_as(spellings.DECIMAL, text):
            return False
        below = self.minimum is not None and float(text) < self.minimum
        return below or (self.maximum is not None and float(text) > self.maximum)

    def expectation(self, gx: Any) -> Any:
        bounds = {"min_value": self.minimum, "max_value": self.maximum}
        return gx.ExpectColumnValuesToBeBetween(column=f"{self.column}__number", **bounds, **self._texts())


@dataclass(frozen=True)
class Long(Check):
    """A text's length lies between two bounds. The frame holds the length only, never the text."""

    shortest: int
    longest: int

    def fails(self, row: Row) -> bool:
        text = row.attrs.get(self.column or "")
        return text is not None and not self.shortest <= len(text) <= self.longest

    def expectation(self, gx: Any) -> Any:
        bounds = {"min_value": self.shortest, "max_value": self.longest}
        return gx.ExpectColumnValuesToBeBetween(column=f"{self.column}__length", **bounds, **self._texts())


@dataclass(frozen=True)
class NotEarlier(Check):
    """A date is not before the earliest one, as far as it is known."""

    earliest: int

    def fails(self, row: Row) -> bool:
        text = row.date(self.column)
        return text is not None and spellings.day_number(text, "9") < self.earliest

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToBeBetween(column=f"{self.column}__last", min_value=self.earliest, **self._texts())


@dataclass(frozen=True)
class NotAfterPeriod(Check):
    """A date is not after the last day of the period that the batch speaks of."""

    def fails(self, row: Row) -> bool:
        text = row.date(self.column)
        return text is not None and spellings.day_number(text, "0") > row.last_day

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="_row__last_day",
            column_B=f"{self.column}__first",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            **self._texts(),
        )


@dataclass(frozen=True)
class Compared(Check):
    """A contract rule over two values; the frame holds both, made comparable, where both are known.

    Of `not_above` the left one is the limit, so that it too asks for the left to be no smaller.
    """

    check: str
    columns: tuple[str, str]

    @property
    def sides(self) -> dict[str, str]:
        return {"column_A": f"{self.code}__left", "column_B": f"{self.code}__right"}

    def fails(self, row: Row) -> bool:
        sides = row.sides(self.check, self.columns)
        if sides is None:
            return False
        return sides[0] < sides[1] if self.check in ORDERED else sides[0] != sides[1]

    def expectation(self, gx: Any) -> Any:
        options = {**self.sides, "ignore_row_if": "either_value_is_missing", **self._texts()}
        if self.check in ORDERED:
            return gx.ExpectColumnPairValuesAToBeGreaterThanB(or_equal=True, **options)
        return gx.ExpectColumnPairValuesToBeEqual(**options)


@dataclass(frozen=True)
class Prepared(Check):
    """A rule that is worked out before: over rows that belong together, or against another dataset."""

    def expectation(self, gx: Any) -> Any:
        return gx.ExpectColumnValuesToNotBeNull(column=f"{self.code}__ok", **self._texts())


@dataclass(frozen=True)
class GivenWith(Prepared):
    """A cell is filled where another holds one of some values, or anything when none are named."""

    trigger: str
    values: tuple[str, ...]

    def fails(self, row: Row) -> bool:
        asks = row.attrs.get(self.trigger) in self.values if self.values else self.trigger in row.attrs
        return asks and self.column not in row.attrs and self.column not in row.problem_columns


def flag(column: str | None, severity: Severity) -> str:
    """The frame's column that is filled where the parser marked a cell."""
    return f"{column or '_row'}__{'problem' if severity == 'error' else 'warning'}"
