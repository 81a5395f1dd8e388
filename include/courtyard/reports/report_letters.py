"""Letters about a report: 报送函 with a publication, 更正函 to whoever holds an older one. They name no person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.letters import Letter, LetterTable
from courtyard.letters.docx import chinese_date
from courtyard.period import SHANGHAI, Period
from courtyard.reports.causes import NO_DELIVERY, Cause
from courtyard.reports.changes import KINDS, Entry
from courtyard.reports.content import Value

LISTED = 12  # changes that a letter lists itself; more stand in the comparison sheet
_CAUSES_NAMED = 3
_HEADERS = ("单元格", "所在行", "栏目", "原数", "更正为")
_WIDTHS = (1.0, 1.8, 2.6, 1.7, 1.7)


@dataclass(frozen=True)
class Recall:
    """One older revision that a recipient holds, and what replaces it.

    `with_values` is False for who was sent a view without names or small counts: then no changed value is told.
    """

    spec: ReportSpec
    period: Period
    recipient: str
    old_revision: int
    new_revision: int
    number: str
    on: date
    due_on: date
    with_values: bool = True


def covering_letter(
    ctx: Context, spec: ReportSpec, manifest: dict[str, Any], *, recipient: str, number: str, on: date
) -> Letter:
    """The 报送函 of a publication, by its manifest; `number` from `letters.number_of`, `on` the letter's date."""
    office, period = ctx.district.office, Period.parse(manifest["period"])
    known = datetime.fromisoformat(manifest["as_known_at"]).astimezone(SHANGHAI).date()
    rows = f"，共{manifest['rows']}行" if spec.kind == "roster" else ""
    body = [
        f"按照{spec.basis}，现将《{spec.title}》（{period.title}，第{manifest['revision']}版）报送你单位，请查收。",
        f"该表统计截止日为{chinese_date(spec.as_of(period))}，数据截至{chinese_date(known)}{rows}。",
    ]
    if old := manifest.get("supersedes"):
        body.append(f"本版替代第{old}版，变动内容见对照表，请以本版为准。")
    extra = [f"{spec.title}第{old}版与第{manifest['revision']}版对照表"] if old and manifest.get("changes") else []
    return Letter(
        issuer=office.name,
        number=number,
        title=f"{office.name}关于报送{period.title}{spec.title}的函",
        addressed_to=recipient,
        paragraphs=tuple(body),
        closing="特此函达。",
        attachments=(f"{spec.title}（{period.title}，第{manifest['revision']}版）", *extra),
        signed_by=office.name,
        date=on,
        contact=f"联系单位：{office.preparer}",
    )


def recall_letter(ctx: Context, recall: Recall, entries: Sequence[Entry], words: dict[Cause, str]) -> Letter:
    """The 更正函: which report and revision, how much changed, why, and what to do; values of aggregates only."""
    office, spec, period = ctx.district.office, recall.spec, recall.period
    old, new = recall.old_revision, recall.new_revision
    listed = _table(spec, entries) if recall.with_values else None
    place = "具体见文末表" if listed else "逐格内容见附件2" if recall.with_values else "现有内容以附件为准"
    compared = (f"{spec.title}第{old}版与第{new}版对照表",) if recall.with_values else ()
    return Letter(
        issuer=office.name,
        number=recall.number,
        title=f"{office.name}关于更正{period.title}{spec.title}的函",
        addressed_to=recall.recipient,
        paragraphs=(
            f"我办报送你单位的《{spec.title}》（{period.title}，第{old}版）有数据需要更正，现已重新编制第{new}版。"
            f"请自收到本函之日起停止使用第{old}版，以第{new}版为准。",
            f"本次更正共{len(entries)}处：{_summary(entries)}，{place}。未列出的内容没有变动。",
            f"更正原因：{_why(entries, words)}。",
            f"如已据第{old}版汇总、上报或发放，请一并更正，并于{chinese_date(recall.due_on)}前复函确认已停用第{old}版，"
            "写明确认单位和日期。",
        ),
        table=listed,
        closing="特此函告。",
        attachments=(f"{spec.title}（{period.title}，第{new}版）", *compared),
        signed_by=office.name,
        date=recall.on,
        contact=f"联系单位：{office.preparer}",
    )


def _summary(entries: Sequence[Entry]) -> str:
    """How many of each kind; of changed cells by column."""
    headers = Counter(entry.change.header for entry in entries if entry.change.kind == "cell")
    kinds = Counter(entry.change.kind for entry in entries)
    told = [f"“{header}”栏{count}处" for header, count in headers.items()]
    told += [f"{title}{kinds[kind]}处" for kind, title in KINDS.items() if kinds[kind] and kind != "cell"]
    return "、".join(told)


def _table(spec: ReportSpec, entries: Sequence[Entry]) -> LetterTable | None:
    """The changed cells, where they are few and name nobody."""
    cells = [entry.change for entry in entries if entry.change.kind == "cell"]
    if spec.kind != "aggregate" or not 0 < len(cells) == len(entries) <= LISTED:
        return None
    rows = tuple((c.cell or "", c.label, c.header, _shown(c.before), _shown(c.after)) for c in cells)
    return LetterTable(_HEADERS, rows, _WIDTHS, "更正内容")


def _shown(value: Value) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | Decimal) else value


def _why(entries: Sequence[Entry], words: dict[Cause, str]) -> str:
    """The deliveries behind the changes, each once, without rows."""
    told = list(dict.fromkeys(words[Cause(c.delivery_id)] for entry in entries for c in entry.causes))
    if not told:
        return NO_DELIVERY
    shown = "；".join(told[:_CAUSES_NAMED])
    return f"收到新的或更正的数据，{shown}" + (f"等{len(told)}份" if len(told) > _CAUSES_NAMED else "")
