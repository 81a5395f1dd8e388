"""What a courtyard's archive is made of: `rules/archive.yaml`, `rules/tags.yaml` and `rules/indicators.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen

if TYPE_CHECKING:
    from courtyard.district.contract import Contract
    from courtyard.district.models import KeyGroup

NAME = r"^[a-z][a-z0-9_]*$"
QUARTER = r"^\d{4}Q[1-4]$"
Measure = Literal["count", "distinct", "sum", "least", "greatest", "values", "by"]
NUMERIC: frozenset[Measure] = frozenset({"sum", "least", "greatest"})
Comparison = Literal["at_least", "at_most", "above", "below", "one_of", "none_of"]
# Figures that the archive itself makes: of the population, and of the posts of the pack.
BUILT_IN = {
    "population.households": ("居住户", "户"),
    "population.persons": ("实有人口", "人"),
    "population.hukou": ("户籍人口", "人"),
    "population.floating": ("流动人口", "人"),
    "population.overseas": ("境外人员", "人"),
    "population.split_residence": ("人户分离", "人"),
    "population.age_0_6": ("0至6岁", "人"),
    "population.age_7_15": ("7至15岁", "人"),
    "population.age_16_59": ("16至59岁", "人"),
    "population.age_60_up": ("60岁及以上", "人"),
    "population.age_80_up": ("80岁及以上", "人"),
    "population.age_unknown": ("年龄不详", "人"),
    "providers.posts": ("网格和社区岗位", "个"),
    "providers.posts_vacant": ("空缺岗位", "个"),
}
_OF_PERSONS = frozenset({"id_number", "phone", "disability_no"})
_ADDITIVE_BUILT_IN = frozenset(name for name in BUILT_IN if name.startswith("population."))
EVENT_FIGURES = {
    "opened": "本季新增",
    "closed": "本季办结",
    "open": "季末未结",
    "overdue": "季末逾期",
    "due": "本季到期",
    "due_met": "按期办结",
}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
LIMIT = re.compile(r"limit([1-9]?)")


class FigureRule(Frozen):
    """A figure of each courtyard, taken from a dataset's rows that hold on the quarter's last day and meet `where`.

    `count`: how many rows; of rows about persons, how many persons. `distinct`: how many different values
    `column` has. `sum`, `least`, `greatest` of a number column; of a date, its year. `values`: the codes that
    occur. `by`: how many rows of each value of `column`. Rows count for the courtyard in which they lie or, with
    `scope: community`, for each courtyard of that community; `community_in` is a text column that begins with the
    community's name. `in_quarter` is a date column that must fall in the quarter. Rows that agree in `once_per`
    count once. Nothing found is 0, but not known for `least`, `greatest` and `values`, and with `needs_row`
    where the dataset has no row at all about the courtyard.
    """

    figure: str = Field(pattern=r"^(resources|providers|items)\.[a-z][a-z0-9_]*$")
    title: str
    unit: str = ""
    dataset: str
    measure: Measure
    column: str | None = None
    where: dict[str, tuple[str, ...]] = Field({})
    scope: Literal["courtyard", "community"] = "courtyard"
    community_in: str | None = None
    in_quarter: str | None = None
    once_per: str | None = None
    needs_row: bool = False

    @model_validator(mode="after")
    def _parts_fit(self) -> FigureRule:
        if (self.measure == "count") != (self.column is None):
            raise ValueError("column goes with every measure but count, and not with count")
        if self.community_in is not None and self.scope != "community":
            raise ValueError("community_in goes with scope: community only")
        if self.needs_row and self.scope == "community":
            raise ValueError("needs_row goes with scope: courtyard only")
        return self


class EventRule(Frozen):
    """Things that happen in courtyards: `opened` says when, `closed_when` which of them are done with.

    `ended` is the column that says when it was done, `due` until when it must be. They give the figures
    `response.<events>_opened`, `_closed` (both in the quarter), `_open` (at its end) and, where there is a `due`,
    `_overdue` (at its end), `_due` (in the quarter) and `_due_met` (done by then). `about_persons` says that each
    is a matter of certain persons, though its rows hold nobody's number.
    """

    events: str = Field(pattern=NAME)
    title: str
    dataset: str
    opened: str
    closed_when: dict[str, tuple[str, ...]] = Field(min_length=1)
    ended: str | None = None
    due: str | None = None
    about_persons: bool = False

    @model_validator(mode="after")
    def _due_has_an_end(self) -> EventRule:
        if self.due is not None and self.ended is None:
            raise ValueError("due needs ended, to tell what was done in time")
        return self

    @property
    def figures(self) -> dict[str, str]:
        """The names of its figures, with their titles."""
        kinds = EVENT_FIGURES if self.due else {k: EVENT_FIGURES[k] for k in ("opened", "closed", "open")}
        return {f"response.{self.events}_{kind}": f"{self.title}{title}" for kind, title in kinds.items()}


class ArchiveRules(Frozen):
    """`rules/archive.yaml`."""

    figures: tuple[FigureRule, ...] = ()
    events: tuple[EventRule, ...] = ()


class Condition(Frozen):
    """A figure held against a threshold, or against codes; with `share_of`, its share of another figure (0.3 is 30%)."""

    figure: str
    share_of: str | None = None
    compare: Comparison
    value: float | tuple[str, ...]

    @model_validator(mode="after")
    def _value_fits(self) -> Condition:
        if (self.compare in ("one_of", "none_of")) != isinstance(self.value, tuple):
            raise ValueError("value is a list of codes with one_of and none_of, and a number with the others")
        if self.share_of is not None and isinstance(self.value, tuple):
            raise ValueError("share_of goes with numbers only")
        return self


class TagRule(Frozen):
    """An entry of `rules/tags.yaml`: when a courtyard has a tag, and how its reason is written.

    `all` or `any` of the conditions must hold. In `reason`, `{module.figure}` is a figure, `{a.b/c.d}` one as a
    share of another, `{limit}` the threshold of the first condition and `{limit2}` that of the second. `basis`
    names where the threshold comes from. `first` and `last` are the quarters in which the rule is in force.
    """

    tag: str = Field(pattern=NAME)
    title: str
    category: str
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    reason: str
    basis: str
    first: str | None = Field(None, pattern=QUARTER)
    last: str | None = Field(None, pattern=QUARTER)

    @model_validator(mode="after")
    def _one_kind(self) -> TagRule:
        if bool(self.all) == bool(self.any):
            raise ValueError("all or any: write just one of the two, with at least one condition")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.all or self.any

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that its conditions and its reason name, once each."""
        told = (name for place in PLACEHOLDER.findall(self.reason) for name in place.split("/") if "." in name)
        asked = (name for c in self.conditions for name in (c.figure, c.share_of) if name)
        return tuple(dict.fromkeys((*asked, *told)))

    def is_in_force(self, quarter: str) -> bool:
        return (self.first or quarter) <= quarter <= (self.last or quarter)


class Indicator(Frozen):
    """An entry of `rules/indicators.yaml`: `per` times numerator divided by denominator, or the numerator alone."""

    indicator: str = Field(pattern=NAME)
    title: str
    unit: str
    numerator: str
    denominator: str | None = None
    per: float = Field(1, gt=0)
    basis: str = ""


@dataclass(frozen=True)
class Known:
    """A figure that rules may name. Only `is_additive` ones add up over the courtyards of a community.

    `is_personal` ones count persons, or are made of rows about persons: not everybody is shown them.
    """

    title: str
    unit: str
    kind: Literal["number", "values", "breakdown"]
    is_additive: bool
    codes: str | None = None
    is_year: bool = False
    is_personal: bool = False


def known_figures(
    rules: ArchiveRules, key_groups: Iterable[KeyGroup], contracts: Mapping[str, Contract]
) -> dict[str, Known]:
    """Every figure of the archive by its name, in the order in which people read them."""
    return dict(_known(rules, key_groups, contracts))


def _known(
    rules: ArchiveRules, key_groups: Iterable[KeyGroup], contracts: Mapping[str, Contract]
) -> Iterator[tuple[str, Known]]:
    for name, (title, unit) in BUILT_IN.items():
        is_person = name in _ADDITIVE_BUILT_IN
        yield name, Known(title, unit, "number", is_person, is_personal=is_person)
    for group in key_groups:
        yield f"key_groups.{group.group}", Known(group.title, "人", "number", True, is_personal=True)
    for rule in rules.figures:
        kind = {"values": "values", "by": "breakdown"}.get(rule.measure, "number")
        is_additive = rule.measure in ("count", "sum") and rule.scope == "courtyard"
        columns = {c.name: c for c in contracts[rule.dataset].columns} if rule.dataset in contracts else {}
        column = columns.get(rule.column or "")
        is_year = rule.measure in NUMERIC and column is not None and column.type == "date"
        codes = column.codes if column else None
        personal = _is_personal(contracts, rule.dataset)
        yield rule.figure, Known(rule.title, rule.unit, kind, is_additive, codes, is_year, personal)  # type: ignore[arg-type]
    for events in rules.events:
        personal = events.about_persons or _is_personal(contracts, events.dataset)
        for name, title in events.figures.items():
            yield name, Known(title, "件", "number", True, is_personal=personal)


def _is_personal(contracts: Mapping[str, Contract], dataset: str) -> bool:
    """Whether the rows of a dataset are about persons, or say how to reach one."""
    contract = contracts.get(dataset)
    return contract is None or contract.subject == "person" or any(c.type in _OF_PERSONS for c in contract.columns)
