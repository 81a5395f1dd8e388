"""The spelled rows of a grid's four lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from courtyard.sample.feeds.grid_lists import DATASETS, SOURCE, Listing
from courtyard.sample.feeds.outlet import World, retyped
from courtyard.sample.mess import RATES, effect
from courtyard.sample.people import NOWHERE, Person, Spot
from courtyard.sample.spelling import Row, Speller

MONTHLY = {"grid_party_members": ("joined_date",)}
REMARKS = ("", "", "", "", "", "已入户核实", "电话核实", "长期不在本地")


@dataclass(slots=True)
class GridRow(Row):
    """A spelled row with the person it is about; rows of one `household` share their household cells."""

    person: str = ""
    where: Spot = NOWHERE
    household: int = -1
    hidden: bool = False

    @property
    def courtyard(self) -> str:
        return self.where.courtyard_code


class GridRows:
    """Spells listings. A row is copied from quarter to quarter, and sometimes typed anew."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.spellers = {
            group: Speller(
                world.street.district, world.contract(dataset), world.addresses, "sheet", MONTHLY.get(dataset, ())
            )
            for group, dataset in DATASETS.items()
        }
        codes = {"full": "01", "probationary": "02"}
        self._party = {m.person: codes[m.kind] for m in world.groups.memberships if m.group == "party_member"}
        self.shared = [c.name for c in world.contract("grid_dibao").columns if c.household and not c.volatile]

    def spelled(self, group: str, items: list[Listing], quarter: int, corrected: bool) -> list[GridRow]:
        """Rows in the order of the sheet; a corrected list has its unusable rows typed anew."""
        if group == "dibao":
            items = sorted(items, key=lambda item: (item.membership.facts["benefit"], item.stay.dwelling))
        rows: list[GridRow] = []
        for item in items:
            row = self._row(group, item, quarter, 0)
            if corrected and any(effect(kind) == "quarantined" for kind in row.defects):
                row = self._row(group, item, quarter, 100)
            if group == "dibao":
                self._share(rows, row)
            rows.append(row)
            again = self.world.draws.hit(RATES["row.duplicate"], f"grid.twice.{group}", item.person.no, quarter)
            if again and group != "dibao":
                faults = [*(fault for fault in row.row_faults if fault != "row.hidden"), "row.duplicate"]
                rows.append(GridRow(dict(row.cells), dict(row.faults), faults, row.person, row.where))
        if group == "dibao":
            self._second_heads(items, rows, quarter)
        return rows

    def _second_heads(self, items: list[Listing], rows: list[GridRow], quarter: int) -> None:
        """One more head in some households that have one, where no other fault hides who heads it."""
        households: dict[tuple[int, str], list[tuple[Listing, GridRow]]] = {}
        for item, row in zip(items, rows, strict=True):
            households.setdefault((row.household, row.courtyard), []).append((item, row))
        for members in households.values():
            if any(effect(kind) == "quarantined" for _, row in members for kind in row.faults.values()):
                continue
            staying = [(item, row) for item, row in members if item.change in ("unchanged", "updated", "added")]
            if not any(self._is_head(item) for item, _ in staying):
                continue
            for item, row in staying:
                hit = self.world.draws.hit(RATES["row.second_head"], "grid.second_head", item.person.no, quarter)
                if hit and not self._is_head(item):
                    row.cells["relation"] = self.spellers["dibao"].labels["relation"]["0"][0]
                    row.row_faults.append("row.second_head")

    def _is_head(self, item: Listing) -> bool:
        return item.person.no == self.world.groups.benefits[item.membership.facts["benefit"]].head

    def _share(self, rows: list[GridRow], row: GridRow) -> None:
        """Household cells are written once: later rows of the household repeat the first one's."""
        if not rows or rows[-1].household != row.household or rows[-1].courtyard != row.courtyard:
            return
        for name in self.shared:
            row.cells[name] = rows[-1].cells[name]
            row.faults.pop(name, None)
            if name in rows[-1].faults:
                row.faults[name] = rows[-1].faults[name]

    def _row(self, group: str, item: Listing, quarter: int, typing: int) -> GridRow:
        no = item.person.no
        spelling = typing or retyped(self.world, SOURCE, no, quarter)
        rng = self.world.draws.rng(f"grid.row.{group}", no, spelling)
        day = self.world.street.quarters[quarter].last_day
        values = _VALUES[group](self, item, quarter)
        values |= {
            "name": self.world.name(item.person, SOURCE, day),
            "sex": item.person.sex,
            "id_number": self.world.id_number(item.person),
            "change_kind": item.change,
            "change_date": item.changed,
            "remark": rng.choice(REMARKS),
        }
        day = self.world.street.quarters[quarter].last_day
        row = self.spellers[group].row(rng, values, day, item.person.sex)
        household = item.membership.facts.get("benefit", -1)
        where = self.world.street.spot(item.stay.dwelling, day)
        hidden = rng.random() < RATES["row.hidden"]
        faults = [*item.faults, *self.world.faults(item.person, SOURCE, day), *(["row.hidden"] if hidden else [])]
        known_by = tuple(values[name] for name in _KNOWN_BY[group])
        faults += self.world.rekeyed(DATASETS[group], item.person, row, known_by)
        return GridRow(row.cells, row.faults, faults, item.person.person_id, where, household, hidden)

    def _activist(self, item: Listing, quarter: int) -> dict[str, Any]:
        return {
            "political_status": self._politics(item.person, quarter),
            "courtyard": item.stay.dwelling,
            "activist_kind": item.membership.kind,
            "skill": item.membership.facts["skill"],
            "phone": item.person.phone,
            "matters": item.membership.facts["matters"],
        }

    def _politics(self, person: Person, quarter: int) -> str:
        held = self._party.get(person.no)
        if held is not None:
            return held
        young = person.age_on(self.world.street.quarters[quarter].start) < 28
        return "03" if young and person.no % 2 else "13"

    def _party_member(self, item: Listing, quarter: int) -> dict[str, Any]:
        facts = item.membership.facts
        return {
            "ethnicity": item.person.ethnicity,
            "party_org": facts["party_org"],
            "member_kind": item.membership.kind,
            "joined_date": facts["joined_date"],
            "education": facts["education"],
            "courtyard": item.stay.dwelling,
            "phone": item.person.phone,
        }

    def _dibao(self, item: Listing, quarter: int) -> dict[str, Any]:
        benefit = self.world.groups.benefits[item.membership.facts["benefit"]]
        day = self.world.street.quarters[quarter].last_day
        members = self.world.groups.make.households[benefit.household].members
        size = sum(1 for no in members if self.world.persons[no].stay_on(day))
        head = item.person.no == benefit.head
        return {
            "head_name": self.world.name(self.world.persons[benefit.head], SOURCE, day),
            "household_size": max(size, len(benefit.covered)),
            "covered_persons": len(benefit.covered),
            "address": item.stay.dwelling,
            "relation": "0" if head else item.stay.relation if item.stay.relation != "0" else "8",
            "phone": item.person.phone,
        }

    def _school_age(self, item: Listing, quarter: int) -> dict[str, Any]:
        person = item.person
        parent = person.mother if person.father is None or person.no % 3 == 0 else person.father
        guardian = self.world.persons[parent] if parent is not None else person
        return {
            "birth_date": person.birth,
            "hukou_address": person.hukou_address,
            "address": item.stay.dwelling,
            "guardian": guardian.name_on(self.world.street.quarters[quarter].last_day),
            "guardian_relation": "父亲" if guardian.sex == "1" else "母亲",
            "phone": guardian.phone,
            "is_migrant": person.residence_type == "floating",
        }


_KNOWN_BY = {
    "activist": ("name", "courtyard", "activist_kind"),
    "party_member": ("name", "party_org", "joined_date"),
    "dibao": ("name", "head_name", "address"),
    "school_age": ("name", "birth_date", "guardian"),
}
"""What a record of each list is known by where it has no ID number."""
_VALUES = {
    "activist": GridRows._activist,
    "party_member": GridRows._party_member,
    "dibao": GridRows._dibao,
    "school_age": GridRows._school_age,
}
