"""What stands in a letter of a case: 去函, 催办函 and the 复函 that refuses a task. Pure; no name of a reporter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from courtyard.cases.machine import TITLES
from courtyard.district.models import District
from courtyard.letters import Letter, LetterTable, Picture
from courtyard.letters.docx import chinese_date
from courtyard.period import SHANGHAI

OUTCOMES = {"done": "已办理", "accepted": "已受理，正在办理", "refused": "不予受理"}
LISTED = 20  # steps that a letter lists, the newest
_HEADERS, _WIDTHS = ("时间", "环节", "情况"), (1.9, 0.8, 3.8)
_WHY = {
    "not_acknowledged": "未按时签收",
    "not_solved": "未按时办结",
    "total": "总时限已到",
    "not_reviewed": "未按时核实",
}
# What is the office's own business, or would repeat what residents wrote, is not told to a department.
_UNTOLD = frozenset({"joined_by", "said_more", "noted", "classified", "placed", "released", "follow_up_due", "chased"})


@dataclass(frozen=True)
class Happened:
    """A line of a case's timeline. `text` is a post's own words, fit to be sent."""

    at: datetime
    kind: str
    level: str
    text: str = ""
    department: str = ""
    outcome: str = ""
    why: str = ""


@dataclass(frozen=True)
class Matter:
    """What a letter is about: a case without a word of its reporters. `place` is a courtyard's name and address."""

    case_no: str
    category: str
    place: str
    place_name: str
    opened_at: datetime
    reports: int
    timeline: tuple[Happened, ...]


@dataclass(frozen=True)
class Terms:
    """To whom, under which number, and until when; `within` is the span as it is told, such as 5个工作日."""

    addressee: str
    number: str
    on: date
    due_on: date
    within: str = ""


def request_letter(
    district: District, matter: Matter, terms: Terms, request: str, pictures: Sequence[bytes] = ()
) -> Letter:
    """The 去函."""
    office = district.office
    times = f"，共{matter.reports}人次" if matter.reports > 1 else ""
    measures = [step.text for step in matter.timeline if step.kind == "measured" and step.text]
    within = f"（{terms.within}内）" if terms.within else ""
    body = [
        f"{_moment(matter.opened_at)}，我街道收到居民反映的“{matter.category}”问题（工单{matter.case_no}{times}），"
        f"地点为{matter.place}。办理经过见文末表{'，现场照片见附件' if pictures else ''}。",
        *([f"为保障安全，我街道已采取临时措施：{'；'.join(_bare(text) for text in measures)}。"] if measures else []),
        f"经研判，该事项需你单位支持办理：{_bare(request)}。",
        f"请于{chinese_date(terms.due_on)}{within}前办理并复函，复函请注明本函文号。不属你单位职责的，请一并告知应由哪个单位办理。",
    ]
    return _letter(
        district,
        terms,
        title=f"{office.name}关于商请办理{matter.place_name}{matter.category}事项的函",
        body=body,
        table=_table(district, matter),
        attachments=("现场照片",) if pictures else (),
        pictures=tuple(
            Picture(data, f"{matter.place_name}现场照片{number}") for number, data in enumerate(pictures, 1)
        ),
    )


def chase_letter(district: District, matter: Matter, terms: Terms, asked: Terms, request: str, times: int) -> Letter:
    """The 催办函 of a letter (`asked`) that was not replied to; `times` counts from 1."""
    again = f"（第{times}次催办）" if times > 1 else ""
    body = [
        f"我街道于{chinese_date(asked.on)}以{asked.number}商请你单位办理{matter.place}的“{matter.category}”问题"
        f"（工单{matter.case_no}），请你单位于{chinese_date(asked.due_on)}前复函。截至今日尚未收到复函。",
        f"请办理的事项是：{_bare(request)}。",
        f"请尽快办理，并于{chinese_date(terms.due_on)}前复函，写明办理结果或不能办理的原因。",
    ]
    title = f"{district.office.name}关于催办{matter.place_name}{matter.category}事项的函{again}"
    return _letter(district, terms, title=title, body=body, table=_table(district, matter))


def refusal_letter(district: District, terms: Terms, title: str, basis: str, reason: str) -> Letter:
    """The 复函 that refuses a task (函复): which task, on what basis, what for."""
    body = [
        f"你单位《{title}》（依据：{_bare(basis)}）收悉。经对照街道权责清单和负面清单，现函复如下。",
        f"该事项不属于街道职责，不能向社区、网格和院落交办。理由：{_bare(reason)}。",
        "请按职责分工办理；确需街道协助的，请另行提供依据，经准入后办理。",
    ]
    name = f"{district.office.name}关于{title}的复函"
    return _letter(district, terms, title=name, body=body, closing="特此函复。")


def _letter(district: District, terms: Terms, *, title: str, body: Sequence[str], table: LetterTable | None = None,
            attachments: tuple[str, ...] = (), pictures: tuple[Picture, ...] = (), closing: str = "特此函告。") -> Letter:  # fmt: skip
    office = district.office
    return Letter(
        issuer=office.name,
        number=terms.number,
        title=title,
        addressed_to=terms.addressee,
        paragraphs=tuple(body),
        table=table,
        closing=closing,
        attachments=attachments,
        pictures=pictures,
        signed_by=office.name,
        date=terms.on,
        contact=f"联系单位：{office.preparer}",
    )


def _table(district: District, matter: Matter) -> LetterTable | None:
    rows = [
        (_moment(step.at, short=True), district.cases.level(step.level).title, told)
        for step in matter.timeline
        if (told := _told(step))
    ]
    return LetterTable(_HEADERS, tuple(rows[-LISTED:]), _WIDTHS, "办理经过") if rows else None


def _told(step: Happened) -> str:
    """One step in words; empty for what a department is not told."""
    if step.kind in _UNTOLD:
        return ""
    title = TITLES.get(step.kind, "")
    match step.kind:
        case "escalated" | "overdue":
            return f"{title}（{_WHY[step.why]}）" if step.why in _WHY else title
        case "written":
            return f"{title}{step.department}"
        case "replied":
            return f"{step.department}{title}：{OUTCOMES.get(step.outcome, '')}"
    return f"{title}：{step.text}" if step.text else title


def _moment(at: datetime, *, short: bool = False) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local:%Y-%m-%d %H:%M}" if short else f"{chinese_date(local.date())}{local:%H:%M}"


def _bare(text: str) -> str:
    """Without the full stop at its end: the sentence goes on."""
    return text.strip().rstrip("。；;.")
