"""The sample street's truth held against the warehouse: who is counted where, and why a difference is there.

Only tests and benchmarks read the truth. A difference counts as explained when a row about that
person was quarantined, came late, was missed by its source or lay in a file that was not accepted, or when
a row without an ID number was known by something that changed, so that its former record was never ended.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from courtyard.period import Period
from courtyard.sample.mess import effect

GROUP_DATASETS = {
    "activist": "grid_activists",
    "party_member": "grid_party_members",
    "dibao": "dibao_register",
    "school_age": "grid_school_age",
    "population": "population",
    "disabled": "disabled_persons",
    "elderly_alone": "elderly",
    "elderly": "elderly",
    "party_roster": "party_members",
}
ITEMS = (
    "hazards", "disputes", "hotline_cases", "resident_reports",
    "old_courtyards", "social_organisations", "party_organisations", "party_projects", "facilities",
)  # fmt: skip
"""Datasets that are about no person."""
NUMBERED = ("hazards", "disputes", "hotline_cases", "resident_reports")
"""Those whose truth names the item instead of a row."""
UNPLACED = {"address.unknown_courtyard", "address.ambiguous_name", "address.former_name"}
"""Defects by which an item is kept, but not at its courtyard."""

_MEMBERS = text("""
SELECT CASE r.dataset WHEN 'party_members' THEN 'party_roster' ELSE r.dataset END AS group_code, d.period AS delivered, d.name, r.sheet, r.row_no, r.dataset, c.community_code
  FROM warehouse.record_current r JOIN landing.delivery d USING (delivery_id)
  LEFT JOIN warehouse.courtyard c USING (courtyard_code)
 WHERE r.dataset IN ('population', 'elderly', 'party_members') AND r.is_active AND r.valid_from <= :day AND r.valid_to > :day
UNION ALL
SELECT m."group", d.period, d.name, r.sheet, r.row_no, r.dataset, m.community_code
  FROM mart.key_group_member m
  JOIN warehouse.record_current r USING (street_code, dataset, record_key, valid_from)
  JOIN landing.delivery d ON d.delivery_id = r.delivery_id
 WHERE m.valid_from <= :day AND m.valid_to > :day
""")
_SET_ASIDE = text("""
SELECT b.dataset, d.period AS delivered, d.name, q.sheet, q.row_no
  FROM quality.quarantined_row q JOIN quality.batch b USING (batch_id) JOIN landing.delivery d USING (delivery_id)
""")
_REFUSED = text("""
SELECT b.dataset, d.period AS delivered, d.name
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.status IN ('held', 'rejected', 'superseded')
""")
_ITEMS = text("""
SELECT o.dataset, d.period AS delivered, CASE WHEN o.dataset = ANY(:numbered) THEN o.record_key ELSE o.row_no::text END AS item,
       o.courtyard_code
  FROM warehouse.observation o JOIN landing.delivery d USING (delivery_id)
 WHERE o.dataset = ANY(:items)
""")
_REPORTED = text("""
SELECT DISTINCT dataset, unit_code FROM quality.batch
 WHERE status = 'merged' AND period = :quarter AND unit_code IS NOT NULL
""")


@dataclass(frozen=True)
class Difference:
    """A person whom truth and warehouse count differently. Communities are codes, None for not counted."""

    group: str
    person: str
    true_community: str | None
    counted_community: str | None
    reason: str | None


class Truth:
    """The truth's files, indexed by row and by person."""

    def __init__(self, folder: Path) -> None:
        self.memberships = _read(folder / "memberships.csv")
        self.residence = _read(folder / "residence.csv")
        self.person_of: dict[tuple, str] = {}
        self.rows_of: dict[tuple[str, str], list[tuple]] = defaultdict(list)
        self.defects_of: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in _read(folder / "rows.csv"):
            if not row["person"]:
                continue
            at = _at(row)
            self.person_of[at] = row["person"]
            self.rows_of[row["person"], row["dataset"]].append(at)
            self.defects_of[row["person"], row["dataset"]] |= _defects(row)
        self.omissions: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in _read(folder / "omissions.csv"):
            self.omissions[row["person"], row["dataset"]].add(row["reason"])

    def members(self, day: str) -> dict[tuple[str, str], set[str]]:
        """(group, person) -> communities on a day; `population` holds everybody who lives there."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in self.memberships:
            wanted = row["group"] != "dibao" or row["kind"] == "dibao"
            if wanted and row["valid_from"] <= day and (not row["valid_to"] or row["valid_to"] > day):
                found[row["group"], row["person"]].add(row["community_code"])
                if row["group"] == "party_member":
                    found["party_roster", row["person"]].add(row["community_code"])
        for row in self.residence:
            if row["valid_from"] <= day and (not row["valid_to"] or row["valid_to"] > day):
                found["population", row["person"]].add(row["courtyard_code"][:12])
        return found


def differences(engine: Engine, folder: Path, quarter: str) -> list[Difference]:
    """Everybody whom truth and warehouse count differently on the quarter's last day."""
    truth = Truth(folder)
    day = Period.quarter(quarter).last_day
    counted: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    with engine.connect() as connection:
        for row in connection.execute(_MEMBERS, {"day": day}):
            at = _place(row)
            person = truth.person_of.get(at, f"row without truth {at}")
            counted[row.group_code, person].add(row.community_code)
        aside = {_place(row) for row in connection.execute(_SET_ASIDE)}
        refused = {(r.dataset, r.delivered, _name(r)) for r in connection.execute(_REFUSED)}
        reported = set(connection.execute(_REPORTED, {"quarter": quarter}).tuples())
    expected = truth.members(day.isoformat())
    found = []
    for group, person in sorted({*counted, *expected}):
        should, does = expected.get((group, person), set()), counted.get((group, person), set())
        if should == does:
            continue
        reason = _reason(truth, GROUP_DATASETS[group], person, aside, refused, reported)
        found.append(Difference(group, person, *_first_two(should, does), reason))
    return found


def misplaced(engine: Engine, folder: Path) -> list[tuple[str, ...]]:
    """Items that the sources delivered well and the warehouse has not, or has in another courtyard."""
    with engine.connect() as connection:
        known = connection.execute(_ITEMS, {"items": list(ITEMS), "numbered": list(NUMBERED)})
        kept = {(row.dataset, row.delivered, row.item): row.courtyard_code or "" for row in known}
    rows = [row for row in _read(folder / "rows.csv") if row["dataset"] in ITEMS]
    # A row that stands twice in a file is kept as the second one, which follows the first.
    repeated = {
        (row["dataset"], row["delivered"], str(int(row["row_no"]) - 1))
        for row in rows
        if "row.duplicate" in _defects(row)
    }
    found = []
    for row in rows:
        if _spoilt(row) - UNPLACED or (row["dataset"], row["delivered"], row["row_no"]) in repeated:
            continue
        where = kept.get((row["dataset"], row["delivered"], row["row_no"]))
        if where is None or (where != row["courtyard_code"] and not _defects(row) & UNPLACED):
            found.append((row["dataset"], row["delivered"], row["row_no"], row["courtyard_code"], str(where)))
    return found


def unspoilt(engine: Engine, folder: Path) -> list[tuple]:
    """Quarantined rows in which nothing was spoilt on purpose; items known by number only are left out."""
    wanted = [row for row in _read(folder / "rows.csv") if row["dataset"] not in NUMBERED]
    spoilt = {_at(row): _spoilt(row) | _defects(row) & UNPLACED for row in wanted}
    with engine.connect() as connection:
        aside = [_place(row) for row in connection.execute(_SET_ASIDE) if row.dataset not in NUMBERED]
    return [at for at in aside if not spoilt.get(at)]


def _defects(row: dict[str, str]) -> set[str]:
    return set(filter(None, row["defects"].split(";")))


def _spoilt(row: dict[str, str]) -> set[str]:
    return {kind for kind in _defects(row) if effect(kind) == "quarantined"}


def _at(row: dict[str, str]) -> tuple:
    name = Path(row["file"]).name if row["source"] == "grid" else ""
    return row["dataset"], row["delivered"], name, row["sheet"], int(row["row_no"])


def by_community(found: list[Difference]) -> Counter[tuple[str, str | None]]:
    """How many differences there are for each group and true community."""
    return Counter((d.group, d.true_community) for d in found)


def _reason(truth: Truth, dataset: str, person: str, aside: set, refused: set, reported: set) -> str | None:
    if omitted := truth.omissions.get((person, dataset)):
        return "/".join(sorted(omitted))
    rows = truth.rows_of.get((person, dataset), [])
    if any(at in aside for at in rows):
        return "quarantined"
    if any(at[:3] in refused for at in rows):
        return "file not accepted"
    grids = {name[:15] for _, _, name, *_ in rows if name}
    if any((dataset, grid) not in reported for grid in grids):
        return "grid did not report"
    told = truth.defects_of.get((person, dataset), set()) & {
        "row.stale",
        "row.moved_within",
        "row.rekeyed",
        "file.late",
    }
    return "/".join(sorted(told)) or None


def _first_two(should: set, does: set) -> tuple[str | None, str | None]:
    return next(iter(should - does), next(iter(should), None)), next(iter(does - should), None)


def _name(row) -> str:
    return row.name if row.dataset.startswith("grid_") else ""


def _place(row) -> tuple:
    return (row.dataset, row.delivered, _name(row), row.sheet, row.row_no)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
