"""Which fact a column asks for, so that forms can be compared: `person.phone`, `elderly.band`, `population.households`.

Nobody writes it down as a rule: it follows from the contracts, by the column's name or by its header and
their synonyms. A specification says `fact` only where that is not enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from courtyard.district.models import Column, Contract, District, ReportColumn, ReportSpec
from courtyard.parsing.vocabulary import Vocabulary, fold

PERSON = "person."
NO_FACT = ""
# Of a form itself, not of anybody: its row numbers.
ROW_NUMBERS = frozenset(map(fold, ("序号", "编号", "行号")))


@dataclass(frozen=True)
class Held:
    """A column of a contract in which the archive holds a fact."""

    contract: Contract
    column: Column
    fact: str


@dataclass(frozen=True)
class Asked:
    """What a column of a form asks for: a fact (`NO_FACT`: row numbers, names of units), and whether something fills it."""

    fact: str
    has_source: bool


def asked_by(district: District, column: ReportColumn, spec: ReportSpec) -> Asked:
    """What a column of one of the pack's forms asks for. A name or header that no contract has may be computed by the SQL."""
    if fold(column.header) in ROW_NUMBERS or (spec.kind == "aggregate" and column.traces == ()):
        return Asked(column.fact or NO_FACT, has_source=True)
    if spec.kind == "aggregate":
        return Asked(column.fact or f"{spec.datasets[0]}.{column.name}", has_source=True)
    contracts = [district.contracts[name] for name in (*spec.datasets, *spec.lookups)]
    held = by_name(district, contracts, column.sealed or column.name) or look_up(district, contracts, column.header)
    if held is None:
        return Asked(column.fact or f"{spec.datasets[0]}.{column.name}", has_source=False)
    return Asked(column.fact or held.fact, has_source=True)


def look_up(district: District, contracts: Iterable[Contract], header: str) -> Held | None:
    """The first of the contracts that has a column of this header or of a synonym."""
    for contract in contracts:
        if (found := Vocabulary.of(contract).look_up(header)) is not None:
            column = contract.column(found[0])
            if not column.volatile:
                return held(district, contract, column)
    return None


def by_name(district: District, contracts: Iterable[Contract], name: str) -> Held | None:
    """The first of the contracts that has a column of this name."""
    for contract in contracts:
        for column in contract.columns:
            if column.name == name and not column.volatile:
                return held(district, contract, column)
    return None


def held(district: District, contract: Contract, column: Column) -> Held:
    """A contract's column with its fact: one of the person where rows of several datasets speak of the same."""
    shared = any(a.attribute == column.name and contract.dataset in a.datasets for a in district.authority)
    if contract.subject == "person" and (shared or column.role):
        return Held(contract, column, f"{PERSON}{column.role or column.name}")
    return Held(contract, column, f"{contract.dataset}.{column.name}")
