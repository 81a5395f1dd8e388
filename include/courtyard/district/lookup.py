"""Questions that other rooms ask of a district: which grid, which community, what address."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from courtyard.district.history import History

if TYPE_CHECKING:
    from courtyard.district.models import CodeList, Courtyard, CourtyardChange, Office, SourceSpec, Unit


class Lookup:
    """Indexes over a pack, built on first use. Unknown codes raise KeyError."""

    if TYPE_CHECKING:
        office: Office
        units: tuple[Unit, ...]
        courtyards: tuple[Courtyard, ...]
        sources: dict[str, SourceSpec]
        changes: tuple[CourtyardChange, ...]
        codes: dict[str, CodeList]

    @cached_property
    def unit_by_code(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def courtyard_by_code(self) -> dict[str, Courtyard]:
        return {courtyard.code: courtyard for courtyard in self.courtyards}

    @cached_property
    def history(self) -> History:
        """When courtyards began and ended, and where their buildings belonged."""
        return History(self.courtyards, self.changes)

    def courtyards_on(self, day: date) -> tuple[Courtyard, ...]:
        """The courtyards that exist on a day, in the order of the pack."""
        return tuple(c for c in self.courtyards if self.history.exists(c.code, day))

    def source_of(self, dataset: str) -> SourceSpec | None:
        """The source whose dataset it is: one that is asked, before what posts of the office add to it."""
        having = [source for source in self.sources.values() if dataset in source.datasets]
        return min(having, key=lambda source: source.transport == "desk", default=None)

    @cached_property
    def _children(self) -> dict[str, tuple[Unit, ...]]:
        found: dict[str, tuple[Unit, ...]] = {}
        for unit in self.units:
            if unit.parent_code:
                found[unit.parent_code] = (*found.get(unit.parent_code, ()), unit)
        return found

    def _above(self, courtyard_code: str, kind: str) -> Unit:
        unit = self.unit_by_code[self.courtyard_by_code[courtyard_code].micro_grid_code]
        while unit.kind != kind:
            unit = self.unit_by_code[unit.parent_code or ""]
        return unit

    def grid_of(self, courtyard_code: str) -> Unit:
        """The grid that looks after a courtyard."""
        return self._above(courtyard_code, "grid")

    def community_of(self, courtyard_code: str) -> Unit:
        """The community in which a courtyard lies."""
        return self._above(courtyard_code, "community")

    def children_of(self, unit_code: str) -> tuple[Unit, ...]:
        """The units directly below one, former ones included, in the order of the pack."""
        return self._children.get(unit_code, ())

    def units_valid_on(self, day: date, kind: str) -> tuple[Unit, ...]:
        """The units of a kind that exist on a day, in the order of the pack."""
        return tuple(
            u for u in self.units if u.kind == kind and u.valid_from <= day and (u.valid_to is None or day < u.valid_to)
        )

    def standard_address(self, courtyard: Courtyard) -> str:
        """The address as a department writes it: 四川省成都市某某区某某街道某某街28号."""
        office = self.office
        place = f"{office.province}{office.city}{office.city_district}{office.short_name}"
        return f"{place}{courtyard.road}{courtyard.door}"

    def code_label(self, codes: str, code: str) -> str:
        """The label under which a list prints a code."""
        return self.codes[codes].values[code][0]
