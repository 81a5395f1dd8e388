"""What only the grid can settle: sources disagree about somebody on its own lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping

from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.period import SHANGHAI
from courtyard.submissions import prefill
from courtyard.submissions.form import Form
from courtyard.submissions.prefill import Content, Line

_PLACE = "courtyard_code"  # the one attribute that linkage adds to every row about a person
_PLACE_TITLE = "现住院落"
_REF_DIGITS = 16


class _Listing(NamedTuple):
    """Where a person stands on a grid's lists."""

    unit: str
    contract: Contract
    line: Line


def add(connection: Connection, ctx: Context, form: Form, contents: Mapping[str, Content]) -> None:
    """Put the open discrepancies of the quarter before into the contents of the grids that can settle them.

    A grid is asked about persons on its own lists, and only what those lists ask about them; two grids
    that list one person are both asked. What departments differ in about others is not the grids' work.
    """
    listed: dict[str, list[_Listing]] = defaultdict(list)
    contracts = {c.dataset: c for c in form.groups}
    for unit, content in contents.items():
        for dataset, lines in content.groups.items():
            for line in lines:
                listed[line.person_id or ""].append(_Listing(unit, contracts[dataset], line))
    listed.pop("", None)
    rows = prefill.claims(connection, ctx, sorted(listed))
    for (person, attribute), found in groupby(rows, key=lambda row: (row["person_id"], row["attribute"])):
        said = list(found)
        asked: set[str] = set()
        for listing in listed[person]:
            if listing.unit not in asked and (title := _title(listing.contract, attribute)):
                asked.add(listing.unit)
                contents[listing.unit].questions.append(_question(ctx, listing, attribute, title, said))


def question_ref(ctx: Context, unit_code: str, person_id: str, attribute: str) -> str:
    """Names a question to one grid, so that two grids may answer; equal after a rebuild, as the ids of persons are."""
    return ctx.keys.token(f"question/{ctx.street_code}/{ctx.period}/{unit_code}/{person_id}/{attribute}")[:_REF_DIGITS]


def _title(contract: Contract, attribute: str) -> str | None:
    """What the list asks for under this attribute, None where it does not ask."""
    if attribute == _PLACE:
        return _PLACE_TITLE if contract.role("address") or contract.role("courtyard_name") else None
    return next((column.header for column in contract.columns if column.name == attribute), None)


def _question(ctx: Context, listing: _Listing, attribute: str, title: str, said: list[RowMapping]) -> dict[str, str]:
    """The cells of a question: the most trusted claim, the first that differs from it, and who said so when."""
    shown = [(_shown(ctx, claim, attribute), _source(ctx, claim)) for claim in said]
    first, first_source = shown[0]
    other, other_source = next(((value, source) for value, source in shown if value != first), ("", ""))
    more = [f"另：{source}为{value}" for value, source in shown if value not in (first, other)]
    place = ctx.district.courtyard_by_code.get(listing.line.courtyard_code or "")
    name = listing.contract.role("name")
    return {
        "question_ref": question_ref(ctx, listing.unit, listing.line.person_id or "", attribute),
        "person": f"{listing.line.cells.get(name or '', '')}（{listing.contract.title}）",
        "place": place.name if place else "",
        "matter": title,
        "claim_a": first,
        "claim_b": other,
        "claimed_by": "\n".join([f"甲：{first_source}", f"乙：{other_source}", *more]),
    }


def _shown(ctx: Context, claim: RowMapping, attribute: str) -> str:
    if attribute == _PLACE:
        known = ctx.district.courtyard_by_code.get(claim["value"])
        return known.name if known else claim["value"]
    return str(prefill.label(ctx, ctx.district.contracts[claim["dataset"]].column(attribute), claim["value"]))


def _source(ctx: Context, claim: RowMapping) -> str:
    contract = ctx.district.contracts.get(claim["dataset"])
    day = claim["version_at"].astimezone(SHANGHAI).date()
    return f"{contract.title if contract else claim['dataset']}（{day}）"
