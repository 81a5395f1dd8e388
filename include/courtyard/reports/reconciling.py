"""Does a form add up, with itself, with the others and with its last period? Pure: contents in, verdicts out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from courtyard.district.models import District, ReportSpec
from courtyard.district.report_checks import (
    AgreesCheck,
    ChangeCheck,
    Compare,
    PartsCheck,
    ReportCheck,
    TotalCheck,
    is_explainable,
)
from courtyard.period import Period
from courtyard.reports import form, tallying
from courtyard.reports.content import Content
from courtyard.reports.tallying import Figures, number

ContentOf = Callable[[ReportSpec, Period], Content | None]
"""Another form's content as it is known now, or None where its data is not there."""

_SHOWN = 3  # of the places in a reason; how many there are is always said
_KEPT = 20  # of the pairs of a check that passed
_HOLDS: dict[Compare, Callable[[Decimal, Decimal], bool]] = {
    "equal": lambda excess, within: abs(excess) <= within,
    "at_most": lambda excess, within: excess <= within,
    "at_least": lambda excess, within: -excess <= within,
}
_SAID: dict[Compare, str] = {"equal": "应相等", "at_most": "不应大于后者", "at_least": "不应小于后者"}


@dataclass(frozen=True)
class Pair:
    """Two figures that were compared; `where` is the row or value they stand for, '' for the whole form."""

    where: str
    ours: Decimal
    theirs: Decimal

    def plain(self) -> dict[str, str]:
        return {"where": self.where, "ours": plain_number(self.ours), "theirs": plain_number(self.theirs)}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check: passed, explained, failing or not_compared. `explanation`: {post, reason, at}."""

    check: str
    title: str
    status: str
    reason: str = ""
    pairs: tuple[Pair, ...] = ()
    explanation: dict[str, str] | None = None
    tally: dict[str, Any] | None = None  # of a change: the figure and all its values, for the next period

    @property
    def figures(self) -> list[dict[str, str]]:
        return [pair.plain() for pair in self.pairs]

    def plain(self) -> dict[str, Any]:
        """As the manifest keeps it."""
        told = {"check": self.check, "title": self.title, "status": self.status, "reason": self.reason}
        return {**told, "figures": self.figures, "explanation": self.explanation}


@dataclass(frozen=True)
class Form:
    """A form's content for a period, and the means to look at others.

    `published` gives the figures of a check as the last period was published, where they were kept.
    """

    district: District
    spec: ReportSpec
    period: Period
    content: Content
    content_of: ContentOf
    published: Callable[[ChangeCheck], Figures | None] = lambda _: None

    def column(self, name: str) -> list[tuple[int, Decimal]]:
        """A column's numbers by 0-based row, without the total."""
        index = next(i for i, column in enumerate(self.spec.columns) if column.name == name)
        return [(place, number(row[index])) for place, row in tallying.body(self.content)]


def judge(form_: Form) -> list[Verdict]:
    """A verdict for each check of the report, in order."""
    return [_judged(form_, check) for check in form_.spec.checks]


def _judged(form_: Form, check: ReportCheck) -> Verdict:
    match check:
        case TotalCheck():
            return _verdict(check, list(_totals(form_, check)))
        case PartsCheck():
            return _verdict(check, list(_parts(form_, check)))
        case AgreesCheck():
            return _agrees(form_, check)
        case ChangeCheck():
            return _change(form_, check)


Finding = tuple[Pair, str]
"""A pair that does not hold, and the sentence that says so."""


def _verdict(check: ReportCheck, findings: list[Finding], compared: Iterable[Pair] = (), command: str = "") -> Verdict:
    if not findings:
        return Verdict(check.check, check.title, "passed", pairs=tuple(compared)[:_KEPT])
    told = "；".join(sentence for _, sentence in findings[:_SHOWN])
    more = f"；共{len(findings)}处" if len(findings) > _SHOWN else ""
    remedy = check.remedy or "请核对来源数据和报表的 SQL。"
    reason = f"核对“{check.title}”不符：{told}{more}。{remedy}{command}"
    return Verdict(check.check, check.title, "failing", reason, tuple(pair for pair, _ in findings))


def _totals(form_: Form, check: TotalCheck) -> Iterator[Finding]:
    spec = form_.spec
    total = tallying.total_row(form_.content)
    total_place = form.form_row(spec, form_.content.rows.index(total))
    for name in check.columns:
        column = next(c for c in spec.columns if c.name == name)
        summed = form_.column(name)
        ours, theirs = number(total[spec.columns.index(column)]), sum((v for _, v in summed), Decimal(0))
        rounding = Decimal(1).scaleb(-column.places) / 2 * (len(summed) + 1) if column.kind == "decimal" else Decimal(0)
        if abs(ours - theirs) > rounding:
            head = tallying.header(spec, name)
            sentence = f"“{head}”列第{total_place}行合计为{plain_number(ours)}，各行之和为{plain_number(theirs)}"
            yield Pair(head, ours, theirs), sentence


def _parts(form_: Form, check: PartsCheck) -> Iterator[Finding]:
    spec = form_.spec
    index = {column.name: i for i, column in enumerate(spec.columns)}
    parts, whole = "+".join(tallying.header(spec, n) for n in check.parts), tallying.header(spec, check.whole)
    for place, row in enumerate(form_.content.rows):
        ours = sum((number(row[index[name]]) for name in check.parts), Decimal(0))
        theirs = number(row[index[check.whole]])
        if not _HOLDS[check.compare](ours - theirs, Decimal(0)):
            where = f"第{form.form_row(spec, place)}行"
            if spec.kind == "aggregate":  # a roster's first column may be a name
                where += f"（{row[0]}）"
            sentence = (
                f"{where}“{parts}”为{plain_number(ours)}，“{whole}”为{plain_number(theirs)}，{_SAID[check.compare]}"
            )
            yield Pair(where, ours, theirs), sentence


def _agrees(form_: Form, check: AgreesCheck) -> Verdict:
    found = _counterpart(form_, check)
    if isinstance(found, str):
        return Verdict(check.check, check.title, "not_compared", found)
    other, period, content = found
    ours = tallying.tally(form_.district, form_.spec, form_.content, check.figure)
    theirs = tallying.tally(form_.district, other, content, check.against.figure)
    pairs = _pairs(ours, theirs)
    our_name = tallying.named(form_.district, form_.spec, check.figure)
    their_name = tallying.named(form_.district, other, check.against.figure)
    source = "" if other is form_.spec else f"《{other.title}》{period.title}的"
    findings = [
        (
            pair,
            f"{_at(pair)}本表{our_name}为{plain_number(pair.ours)}，{source}{their_name}为{plain_number(pair.theirs)}，"
            f"{_SAID[check.compare]}",
        )
        for pair in pairs
        if not _HOLDS[check.compare](pair.ours - pair.theirs, check.within)
    ]
    return _verdict(check, findings, pairs, _command(form_, check))


def _counterpart(form_: Form, check: AgreesCheck) -> tuple[ReportSpec, Period, Content] | str:
    """The form to compare with, counted for the same day, or why there is none."""
    name = check.against.report or form_.spec.report
    if name == form_.spec.report:
        return form_.spec, form_.period, form_.content
    other, as_of = form_.district.reports.get(name), form_.spec.as_of(form_.period)
    if other is None:
        return f"没有报表 {name}，未比较。"
    period = Period.of(other.frequency, as_of)
    content = form_.content_of(other, period) if other.as_of(period) == as_of else None
    return (other, period, content) if content else f"《{other.title}》没有同一统计截止日的数据，或未能生成，未比较。"


def _change(form_: Form, check: ChangeCheck) -> Verdict:
    before = form_.period.previous()
    ours = tallying.tally(form_.district, form_.spec, form_.content, check.figure)
    kept = tallying.kept(check.figure, ours)
    theirs = form_.published(check)
    if theirs is None:
        content = form_.content_of(form_.spec, before)
        if content is None:
            reason = f"没有{before.title}的数据，未比较。"
            return Verdict(check.check, check.title, "not_compared", reason, tally=kept)
        theirs = tallying.tally(form_.district, form_.spec, content, check.figure)
    pairs = _pairs(ours, theirs)
    name = tallying.named(form_.district, form_.spec, check.figure)
    findings = [(pair, _changed(pair, name, before, check)) for pair in pairs if _is_large(pair, check)]
    return replace(_verdict(check, findings, pairs, _command(form_, check)), tally=kept)


def _is_large(pair: Pair, check: ChangeCheck) -> bool:
    change = abs(pair.ours - pair.theirs)
    return change > 0 and change >= check.least and change > check.share * pair.theirs


def _changed(pair: Pair, name: str, before: Period, check: ChangeCheck) -> str:
    change = pair.ours - pair.theirs
    share = f"（{abs(change) / pair.theirs * 100:.1f}%）" if pair.theirs else ""
    return (
        f"{_at(pair)}{name}本期为{plain_number(pair.ours)}，上期（{before.title}）为{plain_number(pair.theirs)}，"
        f"{'增加' if change > 0 else '减少'}{plain_number(abs(change))}{share}，"
        f"超过{plain_number(check.share * 100)}%且不少于{plain_number(check.least)}"
    )


def _command(form_: Form, check: ReportCheck) -> str:
    """How a difference that is right is explained."""
    if not is_explainable(check):
        return ""
    return f"属实的请说明：courtyard explain {form_.spec.report} {form_.period} {check.check} --as 岗位 --reason 原因"


def _pairs(ours: Figures, theirs: Figures) -> list[Pair]:
    """Both figures for every value that one of them has; what a form does not list is 0."""
    names = dict.fromkeys((*ours, *theirs))
    return [Pair(name, ours.get(name, Decimal(0)), theirs.get(name, Decimal(0))) for name in names]


def _at(pair: Pair) -> str:
    return f"{pair.where}：" if pair.where else ""


def plain_number(value: Decimal) -> str:
    """A number as a person writes it: 930, 1860.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def explained(verdict: Verdict, explanation: dict[str, str]) -> Verdict:
    """The verdict once a post has said why its figures differ."""
    return replace(verdict, status="explained", explanation=explanation)
