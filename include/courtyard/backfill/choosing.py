"""Which quarters an operator means: by name, as a span, or by dates with or without a zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period

SPAN = ".."
_HOW = "请写成 2026Q3，或 2025Q4..2026Q2。"


@dataclass(frozen=True)
class Chosen:
    """The quarters, each once, and what has to be said about how they were understood."""

    quarters: tuple[Period, ...]
    notes: tuple[str, ...] = ()

    def backwards(self) -> Chosen:
        """The same with the last quarter first."""
        return Chosen(tuple(sorted(self.quarters, reverse=True)), self.notes)


def named(words: Sequence[str]) -> Chosen:
    """Quarters by name (`2026Q3`) or span (`2025Q4..2026Q2`), in the order of time; UsageError for what is none."""
    found: set[Period] = set()
    for word in words:
        first, span, last = word.partition(SPAN)
        found |= set(_between(_quarter(first), _quarter(last) if span else _quarter(first)))
    if not found:
        raise UsageError("没有写要回填哪个季度。", _HOW)
    return Chosen(tuple(sorted(found)))


def dated(from_date: str, to_date: str) -> Chosen:
    """The quarters that begin from one moment to another, both included: what Airflow's own `--from-date` means.

    A date without a zone is Shanghai's. A moment within a quarter cuts it: the notes say what is meant then.
    UsageError for what is no date, a reversed interval, and one in which no quarter begins.
    """
    start, end = moment(from_date), moment(to_date)
    if end < start:
        raise UsageError(f"起止颠倒：{from_date} 晚于 {to_date}。", "请把 --from-date 和 --to-date 对调。")
    first, last = Period.of("quarter", start), Period.of("quarter", end)
    notes = []
    if first.start_at < start:
        notes.append(f"起点落在{first.title}中间，这一季不含在内（以季度的第一天为准，与 Airflow 相同）。")
        first = first.next()
    if last.start_at < end and first <= last:
        notes.append(f"终点落在{last.title}中间，整季都含在内。")
    if first > last:
        raise UsageError(
            f"{from_date} 到 {to_date} 之间没有季度开始，只在{last.title}之内。", f"要回填这一季，请直接写 {last}。"
        )
    return Chosen(tuple(_between(first, last)), tuple(notes))


def moment(text: str) -> datetime:
    """A date or moment as operators write it; midnight for a date, Shanghai's time where no zone is given."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"“{text}”不是日期。", "请写成 2026-07-01、2026-07-01T00:00+08:00 或 2026-06-30T16:00Z。"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def spans(quarters: Sequence[Period]) -> list[tuple[Period, Period]]:
    """The quarters as unbroken spans, in the order of time: each can be one backfill of Airflow's."""
    found: list[tuple[Period, Period]] = []
    for quarter in sorted(quarters):
        if found and found[-1][1].next() == quarter:
            found[-1] = found[-1][0], quarter
        else:
            found.append((quarter, quarter))
    return found


def known(first_quarter: str, today: date) -> list[Period]:
    """Every quarter that may be run on a day, the newest first."""
    running = Period.of("quarter", datetime.combine(today, time(), SHANGHAI))
    return list(reversed(_between(Period.quarter(first_quarter), running, reversed_ok=True)))


def _quarter(text: str) -> Period:
    try:
        return Period.quarter(text)
    except UsageError:
        raise UsageError(f"“{text}”不是一个季度。", _HOW) from None


def _between(first: Period, last: Period, *, reversed_ok: bool = False) -> list[Period]:
    if last < first and not reversed_ok:
        raise UsageError(f"起止颠倒：{first} 晚于 {last}。", f"请写成 {last}{SPAN}{first}。")
    found = []
    while first <= last:
        found.append(first)
        first = first.next()
    return found
