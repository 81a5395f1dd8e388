"""What a solved case would change in the archive: proposed, reviewed by another post, landed beside the department's list.

An accepted proposal is a row of the dataset that the archive counts (facilities and service points, social organisations),
handed in by a source of its own, so that its origin is seen wherever the row is. That source's list is the office's own
and always whole: each delivery holds every row accepted so far. A row never touches one of a department's.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from sqlalchemy import Connection, RowMapping, insert, select, text, update

from courtyard import landing
from courtyard.cases import acts, ledger, personal
from courtyard.cases.event import Case, Event
from courtyard.context import Context
from courtyard.district import posts
from courtyard.district.models import Column, Contract
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import written
from courtyard.sources.fetched import Fetched
from courtyard.store.tables import proposal as table

VERDICTS = {"accepted": "已采纳", "declined": "未采纳", None: "待审核"}
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UNSAID = frozenset({"person_name", "phone", "id_number"})  # nobody is named in a proposal
_KNOWN = text("""
SELECT EXISTS (SELECT FROM warehouse.record
                WHERE street_code = :street AND dataset = :dataset AND record_key = :key AND is_current)
""")


@dataclass(frozen=True)
class Module:
    """Which dataset a proposal goes to, and the column that names its row: numbered by the case, or said."""

    title: str
    dataset: str
    key: str
    is_numbered: bool


MODULES = {
    "facilities": Module("公共设施", "facilities", "facility_no", is_numbered=True),
    "services": Module("服务阵地", "facilities", "facility_no", is_numbered=True),
    "providers": Module("服务主体", "social_organisations", "org_name", is_numbered=False),
}


@dataclass(frozen=True)
class Proposal:
    """A row of `cases.proposal`: see there. `attrs`: dataset, record_key, and the row's values as they are written."""

    proposal_no: int
    case_no: str
    module: str
    courtyard_code: str | None
    what: str
    attrs: dict[str, Any]
    post: str
    at: datetime
    verdict: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    delivery_id: str | None = None

    @classmethod
    def of_row(cls, row: RowMapping) -> Proposal:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


def propose(
    ctx: Context, case_no: str, module: str, *, what: str, values: Mapping[str, str], post: str, at: datetime
) -> Proposal:
    """Propose a row for the archive after a case was solved. `values` by the contract's column names or headers.

    UsageError for a case that is not answered, a column that the contract has not, a value it would not take, or a row
    that a department lists already.
    """
    posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    if module not in MODULES:
        raise UsageError(
            f"没有“{module}”这一类。", f"请写{'、'.join(f'{k}（{m.title}）' for k, m in MODULES.items())}。"
        )
    said = personal.checked(what)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = ledger.find(connection, ctx.street_code, case_no)
        if case.status not in ("answered", "closed"):
            raise UsageError(f"工单{case_no}还没有办结。", "答复反映人以后再提档案建议。")
        attrs = _attrs(connection, ctx, case, MODULES[module], values)
        made = insert(table).values(
            street_code=ctx.street_code, case_no=case_no, module=module, courtyard_code=case.courtyard_code, what=said,
            attrs=attrs, post=post, at=at,
        )  # fmt: skip
        number = connection.execute(made.returning(table.c.proposal_no)).scalar_one()
        return _find(connection, ctx, number)


def accept(ctx: Context, proposal_no: int, *, post: str, at: datetime, reason: str = "") -> Proposal:
    """Accept a proposal: its row is landed for the quarter and comes into the archive with the next run."""
    said = written.reason(reason)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        found = _open(connection, ctx, proposal_no, post, at)
        accepted = [row for row in _all(connection, ctx) if row.verdict == "accepted"]
        dataset = found.attrs["dataset"]
        rows = [row.attrs["values"] for row in (*accepted, found) if row.attrs["dataset"] == dataset]
        delivery = _land(ctx, dataset, rows, proposal_no, at)
        return _decide(connection, ctx, found, "accepted", post, at, said, delivery)


def decline(ctx: Context, proposal_no: int, *, post: str, at: datetime, reason: str) -> Proposal:
    """Decline a proposal, with a reason."""
    if not (said := written.reason(reason)):
        raise UsageError("没有写理由。", "请用 --reason 写明为什么不采纳。")
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        found = _open(connection, ctx, proposal_no, post, at)
        return _decide(connection, ctx, found, "declined", post, at, said, None)


def listing(ctx: Context) -> list[Proposal]:
    """Every proposal, the oldest first."""
    with ctx.engine().connect() as connection:
        return _all(connection, ctx)


def workbook(contract: Contract, rows: list[dict[str, str]]) -> bytes:
    """Rows, by column names, as a workbook of the contract's sheet: headers, then one row each."""
    book = Workbook()
    sheet = book.active
    sheet.title = contract.sheet or contract.title
    columns = [column for column in contract.columns if any(column.name in row for row in rows)]
    sheet.append([column.header for column in columns])
    for number, row in enumerate(rows, 2):
        for place, column in enumerate(columns, 1):
            cell = sheet.cell(number, place, row.get(column.name))
            cell.data_type = "s" if cell.value is not None else "n"  # a text, whatever it begins with
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _attrs(
    connection: Connection, ctx: Context, case: Case, module: Module, values: Mapping[str, str]
) -> dict[str, Any]:
    contract = ctx.district.contracts[module.dataset]
    row = {_column(contract, name).name: value.strip() for name, value in values.items() if value.strip()}
    courtyard = ctx.district.courtyard_by_code.get(case.courtyard_code or "")
    if courtyard is not None:
        row.setdefault("address", ctx.district.standard_address(courtyard))
    if module.is_numbered:
        own = [p for p in _all(connection, ctx) if p.case_no == case.case_no and p.attrs["dataset"] == module.dataset]
        row = {**{"quantity": "1", "state": "在用"}, **row, module.key: f"GD{case.case_no}-{len(own) + 1}"}
    row = {name: _written(ctx, contract.column(name), value) for name, value in row.items()}
    if missing := [c.header for c in contract.columns if c.required and c.name not in row]:
        raise UsageError(f"没有写{'、'.join(missing)}。", "请用 --set 列名=内容 补上。")
    where = {"street": ctx.street_code, "dataset": module.dataset, "key": row[module.key]}
    if connection.scalar(_KNOWN, where):
        raise UsageError(
            f"{contract.title}里已经有{row[module.key]}。", "主管部门台账里的内容请该部门更正，可去函说明。"
        )
    return {"dataset": module.dataset, "record_key": row[module.key], "values": row}


def _column(contract: Contract, name: str) -> Column:
    known = {said: column for column in contract.columns for said in (column.name, column.header, *column.synonyms)}
    column = known.get(name.strip())
    if column is None or column.type in _UNSAID or column.volatile:
        able = "、".join(
            f"{c.name}（{c.header}）" for c in contract.columns if c.type not in _UNSAID and not c.volatile
        )
        raise UsageError(f"{contract.title}没有可以提的“{name}”这一列。", f"可选：{able}。")
    return column


def _written(ctx: Context, column: Column, value: str) -> str:
    """A value as a department would write it; UsageError for what parsing would not take."""
    personal.checked(value)
    match column.type:
        case "code":
            codes = ctx.district.codes[column.codes or ""].values
            for code, labels in codes.items():
                if value in (code, *labels):
                    return labels[0]
            raise UsageError(
                f"“{column.header}”没有“{value}”。", f"可选：{'、'.join(labels[0] for labels in codes.values())}。"
            )
        case "integer" if not re.fullmatch(r"\d{1,6}", value):
            raise UsageError(f"“{column.header}”要写整数。", "例如 2。")
        case "date" if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value):
            raise UsageError(f"“{column.header}”要写日期。", "例如 2026-09-21。")
    return value


def _open(connection: Connection, ctx: Context, proposal_no: int, post: str, at: datetime) -> Proposal:
    """A proposal that waits; UsageError for one that is decided, or for the post that made it."""
    posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    found = _find(connection, ctx, proposal_no)
    if found.verdict:
        raise UsageError(f"第{proposal_no}号建议{VERDICTS[found.verdict]}。", "要再改，请另提一条。")
    if found.post == post:
        raise UsageError("提建议的岗位不能自己审核。", "请由另一个岗位审核。")
    return found


def _land(ctx: Context, dataset: str, rows: list[dict[str, str]], proposal_no: int, at: datetime) -> str:
    """The office's own list of a dataset, whole, as a delivery of the quarter in which it was decided."""
    source = next((s for s in ctx.district.sources.values() if s.transport == "desk" and dataset in s.datasets), None)
    if source is None:
        raise UsageError(
            "这个街道的配置里没有档案补充来源。",
            f"请在 sources/ 中加上 transport: desk、datasets: [{dataset}] 的来源。",
        )
    body = workbook(ctx.district.contracts[dataset], rows)
    # The unit keeps this list apart from the department's: neither is taken for the other grown or shrunk.
    item = Fetched(f"proposal-{proposal_no}.xlsx", body, MEDIA_TYPE, at, unit_code=ctx.street_code)
    return landing.hand_in(
        replace(ctx, period=Period.of("quarter", at.astimezone(SHANGHAI).date())), source.source, item
    )


def _decide(
    connection: Connection, ctx: Context, found: Proposal, verdict: str, post: str, at: datetime, reason: str,
    delivery: str | None,
) -> Proposal:  # fmt: skip
    decided = {
        "verdict": verdict,
        "decided_by": post,
        "decided_at": at,
        "reason": reason or None,
        "delivery_id": delivery,
    }
    connection.execute(update(table).where(table.c.proposal_no == found.proposal_no).values(**decided))
    case = ledger.find(connection, ctx.street_code, found.case_no)
    said = f"档案建议{VERDICTS[verdict]}：{found.what}"
    event = Event(
        "noted", at, post, f"proposal/{found.proposal_no}", None, {"text": said, "proposal_no": found.proposal_no}
    )
    acts.happen(connection, ctx, case, event)
    return _find(connection, ctx, found.proposal_no)


def _find(connection: Connection, ctx: Context, proposal_no: int) -> Proposal:
    for row in _all(connection, ctx):
        if row.proposal_no == proposal_no:
            return row
    raise UsageError(f"没有第{proposal_no}号建议。", "用 courtyard proposals list 查看全部建议。")


def _all(connection: Connection, ctx: Context) -> list[Proposal]:
    query = select(table).where(table.c.street_code == ctx.street_code).order_by(table.c.proposal_no)
    return [Proposal.of_row(row) for row in connection.execute(query).mappings()]
