"""What is to be done next about a sheet, a feed or a report: who does what until when, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from courtyard.period import Period
from courtyard.reports.progress import Stage, Standing
from courtyard.submissions.collection import Sheet
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.locks import Lock
from courtyard.warehouse.arrivals import Feed


@dataclass(frozen=True)
class Step:
    """`told` is a sentence; `command` is for the office's operator, `path` a page that leads on."""

    told: str
    command: str = ""
    path: str = ""
    link: str = ""


NOTHING = Step("不用再做什么")


def of_sheet(sheet: Sheet, cycle: Cycle, lock: Lock, day: date) -> Step:
    """The next step about one sheet of a grid."""
    delivery = _delivery(sheet.delivery_id)
    match sheet.state:
        case "missing" if not lock.takes:
            return Step(lock.remedy)
        case "missing" if day <= cycle.due_on:
            return Step(f"网格到{_day(cycle.due_on)}报送", f"courtyard remind {cycle.period}")
        case "missing" if day <= cycle.frozen_on:
            return Step(f"网格到{_day(cycle.frozen_on)}补交，记为迟报", f"courtyard remind {cycle.period}")
        case "missing":
            return Step(
                "网格补交，作为更正数重新发布", f"courtyard submissions {cycle.period} --unit {sheet.unit_code}"
            )
        case "refused":
            return Step("网格按回执改好后重新报送", path=delivery, link="看回执")
        case "partly":
            return Step(f"网格按回执改正退回的{sheet.quarantined}行，再整份报送", path=delivery, link="看回执")
        case "held":
            return Step("街道核实后放行", path=delivery, link="看暂挂的批次")
        case "received":
            return Step("等本季度下一次运行入库", f"courtyard run {cycle.period}")
    return NOTHING


def of_feed(feed: Feed, quarter: Period) -> Step:
    """The next step about one period of a source."""
    whom, again = feed.source.department, f"courtyard run {quarter}"
    match feed.state:
        case "failed":
            return Step(f"街道检查与{whom}系统的连接，再取一次", again)
        case "held":
            batch = feed.held[0]
            if batch["status"] == "rejected":
                return Step(f"请{whom}改正后重新送来", path=_delivery(batch["delivery_id"]), link="看文件")
            command = f"courtyard release {batch['batch_id']} --reason 原因 --post 岗位"
            return Step("街道核实，行数无误的放行", command, _delivery(batch["delivery_id"]), "看暂挂的批次")
        case "not_asked":
            return Step("街道取数", again)
        case "absent" if not feed.source.optional:
            return Step(f"向{whom}核实本期是否确实没有数据")
    if feed.rows["residual"]:
        return Step("等本季度下一次运行入库", again)
    if feed.quarantined_in:
        told = f"请{whom}改正退回的{feed.rows['quarantined']}行"
        return Step(told, path=_delivery(feed.quarantined_in), link="看退回的行")
    return NOTHING


def of_report(standing: Standing, quarter: Period) -> Step:
    """The next step about one report period."""
    report, period = standing.key
    until = f"到{_day(standing.due_on)}" if standing.due_on else ""
    match standing.stage:
        case Stage.HELD:
            return Step("街道按原因补齐数据或说明差异，再运行", f"courtyard run {quarter}")
        case Stage.NOT_MADE:
            return Step(f"街道{until}办理", f"courtyard run {quarter}")
        case Stage.WAITING:
            return Step(f"{standing.approver}{until}签发", f"courtyard sign {report} {period} --as {standing.approver}")
        case Stage.RETURNED:
            return Step("填报岗位按退回理由更正，再运行", f"courtyard run {quarter}")
        case Stage.UNSENT:
            errors = "；".join(dict.fromkeys(row["error"].rstrip("。") for row in standing.sendings if row["error"]))
            if not any(recipient.channels for recipient in standing.recipients):
                return Step("接收单位没有电子渠道，请送纸质件")
            return Step(f"街道检查渠道（{errors}），再送" if errors else "等下一次送达", "courtyard deliver")
        case Stage.RECALLED:
            recall = standing.open_recalls[0]
            if recall["sent_at"] is None:
                return Step(f"街道发出给{recall['recipient']}的更正函", "courtyard deliver")
            told = f"{recall['recipient']}到{_day(recall['due_on'])}确认更正函{recall['letter_number']}"
            return Step(told, f"courtyard recalls acknowledge {report} {period} --by 确认的单位")
        case Stage.NOT_DUE:
            return Step(f"{_day(standing.entry.as_of)}统计截止后办理")
    return NOTHING


def _delivery(delivery_id: str | None) -> str:
    return f"/deliveries/{quote(delivery_id, safe='')}" if delivery_id else ""


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"
