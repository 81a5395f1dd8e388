"""Decisions that are landed and wait for the next run, so that nobody decides the same thing again meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from courtyard import landing
from courtyard.context import Context
from courtyard.desk import deciding, queue
from courtyard.desk.deciding import Decision, Signed
from courtyard.errors import CourtyardError, UsageError
from courtyard.identity import decisions

_WAITING = text("""
SELECT d.* FROM landing.delivery d
 WHERE d.street_code = :street AND d.source = :source
   AND NOT EXISTS (SELECT FROM quality.batch b
                    WHERE b.delivery_id = d.delivery_id AND b.status IN ('merged', 'rejected', 'superseded'))
 ORDER BY d.seq
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_NOT_SAID = ("decision_no", "decided_at")


class Overtaken(UsageError):
    """An entry does not stand any more as somebody saw it who decides on it."""


@dataclass(frozen=True)
class Choice:
    """What somebody chose of an entry, and how the entry stood before them.

    `verdict` and `value` are those of `deciding.on_entry`. `basis` is the entry's; `instead_of` is what `standing_no`
    said, '' where nobody had decided.
    """

    verdict: str
    value: str | None
    basis: str
    instead_of: str = ""


def waiting(connection: Connection, ctx: Context) -> list[Decision]:
    """The landed decisions that no run has merged, in the order in which they came."""
    contract, desk = decisions.contract(ctx.district), decisions.desk(ctx.district)
    if contract is None or desk is None:
        return []
    found: list[Decision] = []
    for delivery in connection.execute(_WAITING, {"street": ctx.street_code, "source": desk}):
        try:
            found += decisions.of_bytes(contract, landing.open_delivery(ctx, delivery))
        except CourtyardError:
            continue  # a damaged file is told by the run that reads it; the desk stays open for the others
    return found


def standing(entry: Mapping[str, Any], made: Sequence[Decision]) -> Decision | None:
    """The decision among those `waiting` that will hold on an entry: the last one on the claims as they are."""
    about = [decision for decision in made if _is_about(decision, entry)]
    return max(about, key=lambda one: (one["decided_at"], one["decision_no"]), default=None)


def standing_no(entry: Mapping[str, Any], decision: Decision | None) -> str:
    """What names the outcome that stands: the number of the waiting decision, what settled the entry, or ''."""
    if decision:
        return decision["decision_no"]
    return "" if entry["status"] == "open" else str(entry.get("settled_by") or entry.get("decision_no") or "settled")


def decide(ctx: Context, wanted: str, choice: Choice, signed: Signed) -> Decision:
    """Land a decision on an entry as it was shown; the same one twice is landed once.

    Overtaken, and nothing landed, when its claims changed or somebody else decided meanwhile; UsageError as `on_entry`.
    """
    with ctx.engine().begin() as connection:
        connection.execute(_LOCK, {"name": f"desk/{ctx.street_code}"})
        quarter = queue.newest_quarter(connection, ctx)
        entry = queue.show(connection, ctx, wanted)
        if entry["basis"] != choice.basis:
            raise Overtaken("各来源的说法刚刚变了，这次的决定没有记下。", "请看过现在的说法再定。")
        made = deciding.on_entry(
            connection, replace(ctx, period=quarter), wanted, choice.verdict, choice.value, signed, revise=True
        )
        held = standing(entry, waiting(connection, ctx))
        if held and _said(held) == _said(made):
            return held
        if standing_no(entry, held) != choice.instead_of:
            raise Overtaken("这一件刚刚已经有人定了，您的决定没有记下。", "请看过已有的决定；要改，请在下面改定。")
        deciding.hand_in(ctx, [made], quarter)
    return made


def _is_about(decision: Decision, entry: Mapping[str, Any]) -> bool:
    if decision.get("basis") != entry["basis"]:
        return False
    if entry["kind"] == queue.DUPLICATE:
        pair = (entry["left_record"], entry["right_record"])
        return (decision.get("left_record"), decision.get("right_record")) == pair
    return (decision.get("person_id"), decision.get("attribute")) == (entry["subject"], entry["attribute"])


def _said(decision: Decision) -> Decision:
    return {name: value for name, value in decision.items() if name not in _NOT_SAID}
