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
from courtyard.warehouse import answers, discrepancies


class _Listing(NamedTuple):
    """Where a person stands on a grid's lists."""

    unit: str
    contract: Contract
    line: Line


def add(connection: Connection, ctx: Context, form: Form, contents: Mapping[str, Content]) -> None:
    """Put the open discrepancies of the quarter before into the contents of the grids that can settle them.

    A grid is asked about persons on its own lists, and only what those lists ask about them; two grids
    that list one person are both asked. What departments differ in about others is not the grids' work,
    and what was settled is not asked again while no source changes its claim.
    """
    listed: dict[str, list[_Listing]] = defaultdict(list)
    contracts = {c.dataset: c for c in form.groups}
    for unit, content in contents.items():
        for dataset, lines in content.groups.items():
            for line in lines:
                listed[line.person_id or ""].append(_Listing(unit, contracts[dataset], line))
    listed.pop("", None)
    rows = prefill.claims(connection, ctx, sorted(listed))
    for (person, attribute), found in groupby(rows, key=lambda row: (row["subject"], row["attribute"])):
        said = list(found)
        asked: set[str] = set()
        for listing in listed[person]:
            if listing.unit not in asked and (title := _title(listing.contract, attribute)):
                asked.add(listing.unit)
                contents[listing.unit].questions.append(_question(ctx, listing, attribute, title, said))


def _title(contract: Contract, attribute: str) -> str | None:
    """What the list asks for under this attribute, None where it does not ask."""
    if attribute == discrepancies.PLACE and not discrepancies.asks(contract, attribute):
        return None
    return discrepancies.title(contract, attribute)


def _question(ctx: Context, listing: _Listing, attribute: str, title: str, said: list[RowMapping]) -> dict[str, str]:
    """The cells of a question: the most trusted claim, the first that differs from it, and who said so when."""
    shown = [(_shown(ctx, claim, attribute), _source(ctx, claim)) for claim in said]
    first, first_source = shown[0]
    second = next((n for n, claim in enumerate(said) if claim["value"] != said[0]["value"]), 0)
    other, other_source = shown[second]
    values = (said[0]["value"], said[second]["value"])
    asked = (listing.line.person_id or "", attribute, said[0]["basis"], *values)
    more = [f"另：{source}为{value}" for value, source in shown if value not in (first, other)]
    place = ctx.district.courtyard_by_code.get(listing.line.courtyard_code or "")
    name = listing.contract.role("name")
    return {
        "question_ref": answers.question_ref(ctx, ctx.period, listing.unit, asked),
        "person": f"{listing.line.cells.get(name or '', '')}（{listing.contract.title}）",
        "place": place.name if place else "",
        "matter": title,
        "claim_a": first,
        "claim_b": other,
        "claimed_by": "\n".join([f"甲：{first_source}", f"乙：{other_source}", *more]),
    }


def _shown(ctx: Context, claim: RowMapping, attribute: str) -> str:
    value, contract = claim["value"], ctx.district.contracts[claim["dataset"]]
    if attribute == discrepancies.PLACE:
        known = ctx.district.courtyard_by_code.get(value)
        return known.name if known else value
    if attribute == discrepancies.LISTED_BY:
        unit = ctx.district.unit_by_code.get(value)
        return unit.name if unit else value
    column = contract.active.column if attribute == discrepancies.PRESENCE and contract.active else attribute
    return str(prefill.label(ctx, contract.column(column), value))


def _source(ctx: Context, claim: RowMapping) -> str:
    contract = ctx.district.contracts.get(claim["dataset"])
    day = claim["version_at"].astimezone(SHANGHAI).date()
    return f"{contract.title if contract else claim['dataset']}（{day}）"
