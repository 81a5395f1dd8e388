"""What a sender should do next, by whom it may be asked, and by when: the last lines of a receipt."""

from __future__ import annotations

from datetime import date

from courtyard.district.models import District

_AGAIN = "在采集表中改好，把“报送性质”选为“更正”，再报送整份采集表"
CHANNELS = {"folder": "收件文件夹", "files": "收件文件夹", "sftp": "SFTP", "mail": "邮件", "": "收件文件夹"}
KINDS = {"first": "首次报送", "correction": "更正", "duplicate": "重复报送", "misdirected": "未能归入本网格本季度"}


def next_step(status: str, *, kind: str = "first", due_on: date | None = None, is_late: bool = False) -> str:
    """One or two sentences; a deadline only where something is left to do."""
    by = _by(due_on, is_late)
    if kind == "duplicate":
        return f"与以前的报送相同，没有重复计入，不用再做什么。如果本想更正，请{_AGAIN}。"
    match status:
        case "accepted":
            return "不用再做什么。之后发现有变化，请用更正重新报送。"
        case "accepted_with_findings":
            return f"全部数据已接收。请核对所列提示，确有错误的，{by}{_AGAIN}；没有错误的不用再做什么。"
        case "partly_accepted":
            return f"没有问题的行已接收，退回的行还没有计入。请{by}按所列问题{_AGAIN}。"
        case "rejected":
            return f"本次报送没有计入。请{by}按所列问题改好后重新报送。"
        case "superseded":
            return "您后来的报送已替代本次报送，不用再做什么。"
        case "confirmed_nil":
            return "已记为“确认本季度无”，不用再做什么。之后有了变化，请用更正重新报送。"
    return "街道正在核实，核实后会更新本回执，暂时不用再做什么。"


def before_sending(status: str) -> str:
    """What to do with a file that was only checked."""
    match status:
        case "accepted" | "confirmed_nil":
            return "没有发现问题，可以报送。"
        case "accepted_with_findings":
            return "可以报送。请先核对所列提示，确有错误的改好再报送。"
        case "partly_accepted":
            return "照此报送，有错误的行会被退回。请先按所列问题改好。"
        case "rejected":
            return "照此报送会被退回。请先按所列问题改好。"
        case "superseded":
            return "与已经报送的相同，不用再报送。"
    return "照此报送，街道要先核实才能接收。请先按所列问题改好。"


def _by(due_on: date | None, is_late: bool) -> str:
    if due_on is None:
        return ""
    return "尽快" if is_late else f"在{due_on.month}月{due_on.day}日前"


def whom_to_ask(district: District, day: date) -> str:
    """The office that answers, with its mail address where the pack has one."""
    office = district.office
    mail = next(
        (
            contact.address
            for contact in district.contacts
            if contact.unit_code == office.street_code
            and contact.channel == "mail"
            and contact.valid_from <= day
            and (contact.valid_to is None or day < contact.valid_to)
        ),
        "",
    )
    return f"{office.preparer}（{mail}）" if mail else office.preparer
