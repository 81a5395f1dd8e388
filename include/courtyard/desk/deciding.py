"""What a post decides at the desk, checked, written down and landed as a delivery of the source `desk`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from courtyard import landing
from courtyard.context import Context
from courtyard.desk import queue
from courtyard.district import posts
from courtyard.errors import UsageError
from courtyard.identity import decisions
from courtyard.identity.addresses import Gazetteer
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import written
from courtyard.sources.fetched import Fetched
from courtyard.warehouse import answers

Decision = dict[str, Any]
CHOSEN = "chosen"
BATCH_COLUMNS = ("id", "verdict", "value", "reason", "post")
_NO_DIGITS = 16
_MEANS_ALREADY = text("""
SELECT DISTINCT ON (address) courtyard_code FROM identity.decision
 WHERE street_code = :street AND matter = 'alias' AND address = :name
 ORDER BY address, decided_at DESC, decision_no DESC
""")


@dataclass(frozen=True)
class Signed:
    """Who decides, why and when."""

    post: str
    reason: str
    at: datetime

    def checked(self, ctx: Context) -> Signed:
        """Itself; UsageError for a post that the pack does not know, an empty reason, or one with a number of a person."""
        if not written.reason(self.reason):
            raise UsageError("没有写理由。", "请用 --reason 写明怎样核实的。")
        posts.required(ctx.district, self.post, self.at.astimezone(SHANGHAI).date())
        return self


def on_entry(connection: Connection, ctx: Context, wanted: str, verdict: str, value: str | None, signed: Signed,
             *, revise: bool = False) -> Decision:  # fmt: skip
    """The decision on an entry of the queue.

    `verdict`: same or different for a possible duplicate; else the number of the claim as `desk show` counts,
    the dataset that is right, or `value` with the right `value`. UsageError for what makes no sense.
    """
    signed.checked(ctx)
    entry = queue.show(connection, ctx, wanted, with_values=True)
    if entry["status"] != "open" and not revise:
        raise UsageError(f"{wanted}已经核实过，各来源也没有改口。", "确要改变结论，请加 --revise。")
    if entry["kind"] == queue.DUPLICATE:
        if verdict not in ("same", "different"):
            raise UsageError(
                f"“{verdict}”不能用于可能是同一人的事项。", "请写 same（同一人）或 different（不是同一人）。"
            )
        records = {"left_record": entry["left_record"], "right_record": entry["right_record"]}
        return _decision(ctx, signed, "same_person", verdict, **records, basis=entry["basis"])
    about = {"person_id": entry["subject"], "attribute": entry["attribute"], "basis": entry["basis"]}
    return _decision(ctx, signed, "claim", CHOSEN, **about, value=_chosen(ctx, entry, verdict, value))


def _chosen(ctx: Context, entry: Mapping[str, Any], verdict: str, value: str | None) -> str:
    claims = entry["claims"]
    if verdict == "value":
        if entry["kind"] != "claim" or not value:
            raise UsageError("value 要和 --value 一起用，并且只用于来源说法不一的事项。", "否则请写说法的序号。")
        understood = _understood(ctx, entry["attribute"], value)
        if understood is None:
            raise UsageError("看不懂另写的内容。", "请按这一项在表里的写法填写；院落写名称或编码。")
        return understood
    if value:
        raise UsageError("选了某个说法，就不能再写 --value。", "要写别的内容，请用 value 作结论。")
    if verdict.isdigit() and 1 <= int(verdict) <= len(claims):
        return claims[int(verdict) - 1]["value"]
    values = {claim["value"] for claim in claims if claim["dataset"] == verdict}
    if len(values) == 1:
        return values.pop()
    raise UsageError(
        f"{entry['id']}没有“{verdict}”这个说法。", f"请写1到{len(claims)}的序号，或说法各不相同的数据集名。"
    )


def _understood(ctx: Context, attribute: str, value: str) -> str | None:
    if attribute == queue.PLACE:
        return _courtyard_named(ctx, value)
    return answers.understand(ctx, attribute, value)


def _courtyard_named(ctx: Context, name: str) -> str | None:
    """The courtyard that a code, name or address means on the last day of the quarter, if one alone."""
    if name in ctx.district.courtyard_by_code:
        return name
    return Gazetteer(ctx.district).resolve(name, ctx.period.last_day).courtyard_code


def alias(
    connection: Connection, ctx: Context, name: str, courtyard: str, since: date | None, signed: Signed
) -> Decision:
    """That a name means a courtyard, from a day on; refused where it means another one already."""
    signed.checked(ctx)
    known = _courtyard(ctx, courtyard)
    where = {"street": ctx.street_code, "name": name.strip()}
    means = connection.scalar(_MEANS_ALREADY, where) or _courtyard_named(ctx, name.strip())
    if means == known:
        raise UsageError(f"这个名称本来就是指{known}。", "不用再登记。")
    if means is not None:
        raise UsageError(f"这个名称已经指院落{means}。", "一个名称只能指一个院落；改名请改 aliases.csv 的起止日期。")
    return _decision(ctx, signed, "alias", CHOSEN, address=where["name"], courtyard_code=known, valid_from=since)


def place(ctx: Context, address: str, target: str, signed: Signed) -> Decision:
    """Where one whole address is: COURTYARD/BUILDING/UNIT/ROOM; what is not known may be left off at the end."""
    signed.checked(ctx)
    code, *rest = target.split("/")
    if len(rest) > 3 or not address.strip():
        raise UsageError("看不懂这个位置。", "请写 院落编码/楼栋/单元/房号，如 某院落编码/3/2/501。")
    parts = dict(zip(("building", "unit_no", "room"), (part.strip() or None for part in rest), strict=False))
    return _decision(
        ctx, signed, "place", CHOSEN, address=address.strip(), courtyard_code=_courtyard(ctx, code), **parts
    )


def _courtyard(ctx: Context, code: str) -> str:
    if code not in ctx.district.courtyard_by_code:
        raise UsageError(f"没有编码为{code}的院落。", "请对照 courtyards.csv 写16位院落编码。")
    return code


def from_file(
    connection: Connection, ctx: Context, path: Path, at: datetime, *, revise: bool = False
) -> list[Decision]:
    """The decisions of a CSV file, all of them or none: UsageError names the line that makes no sense."""
    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"读不了{path.name}（{type(error).__name__}）。", "请另存为UTF-8的CSV。") from None
    if not rows or set(rows[0]) - {None} != set(BATCH_COLUMNS):
        raise UsageError(f"{path.name}的表头不对，或没有内容。", f"表头请写{','.join(BATCH_COLUMNS)}。")
    found = []
    for number, row in enumerate(rows, 2):
        cells = {name: (row[name] or "").strip() for name in BATCH_COLUMNS}
        signed = Signed(cells["post"], cells["reason"], at)
        try:
            found.append(
                on_entry(connection, ctx, cells["id"], cells["verdict"], cells["value"] or None, signed, revise=revise)
            )
        except UsageError as error:
            raise UsageError(f"{path.name}第{number}行：{error.message}", error.remedy) from None
    return found


def hand_in(ctx: Context, made: Sequence[Decision], period: Period) -> str:
    """Land decisions as one delivery of the quarter; the next run of the quarter takes it up. Returns its id."""
    contract = decisions.contract(ctx.district)
    desk = decisions.desk(ctx.district)
    if contract is None or desk is None:
        raise UsageError("这个街道的配置里没有核实台。", "请在 sources/ 中加上 transport: desk 的来源。")
    body = decisions.as_bytes(contract, made)
    name = f"decisions-{made[0]['decision_no']}.ndjson"
    moment = max(datetime.fromisoformat(decision["decided_at"]) for decision in made)
    item = Fetched(name=name, data=body, media_type=decisions.MEDIA_TYPE, version_at=moment)
    return landing.hand_in(replace(ctx, period=period), desk, item)


def _decision(ctx: Context, signed: Signed, matter: str, verdict: str, **about: Any) -> Decision:
    """A row of the contract `decisions`; its number is a keyed digest of all that it says."""
    said = {name: str(value) for name, value in about.items() if value is not None}
    signature = {
        "decided_by": signed.post,
        "decided_at": signed.at.isoformat(timespec="seconds"),
        "reason": signed.reason,
    }
    row = {"matter": matter, "verdict": verdict, **said, **signature}
    number = ctx.keys.token("decision|" + "|".join(f"{k}={v}" for k, v in sorted(row.items())))[:_NO_DIGITS]
    return {"decision_no": number, **row}
