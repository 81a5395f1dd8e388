"""What must hold within the rules of cases, and between them and the rest of a pack."""

from __future__ import annotations

from collections.abc import Iterator

from courtyard.district.cases import LEVELS
from courtyard.district.pack import Pack
from courtyard.district.registers import twice


def problems_of(pack: Pack) -> Iterator[str]:
    """Every problem, as `Document.problem` writes them."""
    rules, document = pack.cases.value, pack.cases.document
    if tuple(level.level for level in rules.levels) != LEVELS:
        yield document.problem(("levels",), f"must be {', '.join(LEVELS)} in this order", "Correct the list.")
    urgencies = [terms.urgency for terms in rules.terms]
    for urgency in ("emergency", "urgent", "normal"):
        if urgencies.count(urgency) != 1:
            yield document.problem(("terms",), f"must hold '{urgency}' once", "Add it, or remove the second one.")
    for index, terms in enumerate(rules.terms):
        if "department" in terms.levels and "street" not in terms.levels:
            loc = ("terms", index, "levels")
            yield document.problem(
                loc, "departments are written to by the street, which has no limits here", "Add street."
            )
    seen: set[str] = set()
    departments = {department.code for department in pack.departments.value}
    for index, category in enumerate(rules.categories):
        loc = ("categories", index)
        if category.code in seen:
            yield document.problem((*loc, "code"), f"'{category.code}' stands twice", "Rename one of the two.")
        seen.add(category.code)
        for position, code in enumerate(category.departments):
            if code not in departments:
                message = f"there is no department '{code}'"
                yield document.problem((*loc, "departments", position), message, "Add it to departments.csv.")
        if category.urgency in urgencies and category.starts_at not in rules.terms_of(category.urgency).levels:
            message = f"the terms of '{category.urgency}' have no limits for '{category.starts_at}'"
            yield document.problem((*loc, "starts_at"), message, "Add them or let it start elsewhere.")
        if category.ledger is not None:
            codes = {"hazard": "hazard_kind", "dispute": "dispute_kind"}[category.ledger]
            known = pack.codes[codes].value.values if codes in pack.codes else {}
            if category.ledger_kind not in known:
                message = f"is no code of codes/{codes}.yaml"
                yield document.problem((*loc, "ledger_kind"), message, "Name one of its codes.")
    if rules.fallback not in seen:
        message = f"there is no category '{rules.fallback}'"
        yield document.problem(("fallback",), message, "Name one of the categories.")
    yield from _problems_of_sources(pack)
    yield from twice(pack.departments, "code", lambda department: department.code)


def _problems_of_sources(pack: Pack) -> Iterator[str]:
    document = pack.cases.document
    for index, source in enumerate(pack.cases.value.sources):
        loc = ("sources", index)
        if source.dataset not in pack.contracts:
            yield document.problem((*loc, "dataset"), f"there is no contract '{source.dataset}'", "Correct the name.")
            continue
        contract = pack.contracts[source.dataset].value
        known = {column.name for column in contract.columns}
        if contract.key != ((source.number,),):
            yield document.problem(
                (*loc, "number"), "is not what a record is known by", "Name the contract's only key."
            )
        for key, names in source.columns.items():
            for name in names:
                if name not in known:
                    message = f"'{source.dataset}' has no column '{name}'"
                    yield document.problem((*loc, key), message, "Name one of its contract.")
        if source.closed and source.status is None:
            yield document.problem((*loc, "closed"), "needs the column of the status", "Name it as status.")
