"""A receipt in the words of its sender: the same on paper, in the annotated copy, in a notice and on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from courtyard.period import SHANGHAI, Period
from courtyard.submissions.advice import CHANNELS, KINDS
from courtyard.submissions.findings import Finding
from courtyard.submissions.outcome import TITLES, Part, Receipt

SEVERITIES = {"error": "错误", "warning": "提示", "information": "说明"}
_MOODS = {"rejected": "bad", "partly_accepted": "fair", "received": "fair", "superseded": "fair"}
_CHANGED = {"added": "新增", "changed": "改动", "removed": "减少"}


@dataclass(frozen=True)
class Problem:
    """Equal findings of a sheet together: how many, and their cells in order."""

    sheet: str
    severity: str
    message: str
    suggestion: str
    places: tuple[str, ...]
    count: int

    def where(self, most: int) -> str:
        """The sheet and its first cells: 居民骨干 D5、D9、D12等7处."""
        shown = "、".join(self.places[:most])
        more = f"等{self.count}处" if self.count > most else ""
        return " ".join(filter(None, (self.sheet, shown + more)))


def mood(status: str) -> str:
    """good, fair or bad: how a status is coloured."""
    return _MOODS.get(status, "good")


def result(receipt: Receipt) -> str:
    """The status in big words."""
    title = TITLES[receipt.status]
    return f"{title}（重复报送）" if receipt.submitted and receipt.submitted.kind == "duplicate" else title


def quarter(period: str | None) -> str:
    return Period.parse(period).title if period else "未写明"


def unit(receipt: Receipt) -> str:
    if not receipt.unit_code:
        return "未能确定"
    return f"{receipt.unit_name}（{receipt.unit_code}）" if receipt.unit_name else receipt.unit_code


def moment(at: datetime) -> str:
    """A time as a person in the street office reads it."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def received(receipt: Receipt) -> str:
    """When and how it came; empty for a dry run."""
    given = receipt.submitted
    if given is None:
        return ""
    how = CHANNELS.get(given.channel, given.channel)
    late = "，补报（已冻结）" if given.is_restatement else "，迟报" if given.is_late else ""
    return f"{moment(given.received_at)}，{how}{late}"


def nature(receipt: Receipt) -> str:
    given = receipt.submitted
    if given is None:
        return ""
    related = f"，对应第{given.related_receipt}号" if given.related_receipt else ""
    return KINDS.get(given.kind, given.kind) + related


def deadline(receipt: Receipt) -> str:
    if receipt.due_on is None:
        return ""
    frozen = f"，{receipt.frozen_on}冻结" if receipt.frozen_on else ""
    return f"{receipt.due_on}截止{frozen}"


def counts(part: Part) -> tuple[str, ...]:
    """工作表, 结果, 读到, 接收, 退回, 未变."""
    unchanged = "—" if part.unchanged is None else str(part.unchanged)
    return part.title, TITLES[part.status], str(part.read), str(part.accepted), str(part.quarantined), unchanged


COUNT_TITLES = ("工作表", "结果", "读到", "接收", "退回", "未变")


def changes(receipt: Receipt) -> str:
    """What is new against the submission before, sheet by sheet."""
    told = []
    for part in receipt.parts:
        words = [f"{word}{part.changes[key]}行" for key, word in _CHANGED.items() if part.changes.get(key)]
        if words:
            told.append(f"{part.title}{'、'.join(words)}")
    return "；".join(told)


def facts(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Label and text of the lines at a receipt's head; what is not known is left out."""
    given = receipt.submitted
    yield "填报单位", unit(receipt)
    yield "季度", quarter(receipt.period)
    if given:
        yield "文件", given.name
        yield "收到", received(receipt)
        yield "性质", f"{nature(receipt)}　回执编号 {given.receipt_id}"
    if told := changes(receipt):
        yield "与上次报送相比", told
    yield "下一步", receipt.advice
    if limit := deadline(receipt):
        yield "期限", limit
    if receipt.whom:
        yield "有疑问请联系", receipt.whom


def problems(receipt: Receipt) -> list[Problem]:
    """Findings of one kind in one sheet together: errors first, then by how often they occur."""
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    for part, found in [(None, receipt.own), *((part, part.findings) for part in receipt.parts)]:
        for f in found:
            sheet = f.sheet or (part.title if part else "")
            groups.setdefault((sheet, f.severity, f.message, f.suggestion), []).append(f)
    made = [Problem(*key, tuple(f.place for f in found if f.place), len(found)) for key, found in groups.items()]
    return sorted(made, key=lambda p: (p.severity != "error", -p.count))


def letter(receipt: Receipt) -> str:
    """The body of the notice that brings a receipt: no names of cells, no data."""
    rows = receipt.rows
    lines = [
        f"{unit(receipt)}：",
        f"您报送的{quarter(receipt.period)}{receipt.title}，结果是：{result(receipt)}。",
        f"读到{rows['read']}行，接收{rows['accepted']}行，退回{rows['quarantined']}行。" if receipt.parts else "",
        *(f"{finding.message}。{finding.suggestion}。" for finding in receipt.own),
        f"下一步：{receipt.advice}",
        f"期限：{deadline(receipt)}" if receipt.due_on else "",
        f"有疑问请联系{receipt.whom}。" if receipt.whom else "",
    ]
    return "\n".join(filter(None, lines))
