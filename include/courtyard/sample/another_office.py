"""A pack for another street office: a copy in which the first office's own facts are replaced.

What a pack knows of departments, forms and rules holds for every office of the city. What belongs to one office alone is made
anew from the communities of a file: units, plainly synthetic courtyards, posts, contacts, users. Names in all other files
are replaced; `remaining` tells what still names the first office.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from courtyard.district import load_district
from courtyard.district.models import District
from courtyard.errors import UsageError
from courtyard.sample import synthetic_street

TEXT = (".yaml", ".csv", ".md", ".sql")
NO_OUTLINES = '{"type": "FeatureCollection", "features": []}\n'
_STREET, _DISTRICT = "街道", "区县市"
_SUFFIXES = ("居民委员会", "居委会", "村民委员会", "村委会")


@dataclass(frozen=True)
class Office:
    """The facts of a street office that are on no file of another's: its codes, names and communities, code -> name."""

    street_code: str
    short_name: str
    city_district: str
    letter_mark: str
    communities: dict[str, str]


def from_file(communities: Path, street_code: str, city_district: str | None, letter_mark: str | None) -> Office:
    """The office of a street as a file with the columns code, name, street_code and street_name knows it."""
    rows = [row for row in _rows(communities) if row.get("street_code") == street_code]
    if not rows:
        raise UsageError(f"{communities} names no community of the street {street_code}.", "Correct --street.")
    districts = communities.with_name(communities.name.replace("communities", "districts"))
    known = {row["code"]: row["name"] for row in _rows(districts)} if districts.is_file() else {}
    above = city_district or known.get(street_code[:6])
    if above is None:
        raise UsageError(f"Nothing says in which district {street_code} lies.", "Give --city-district.")
    short_name = rows[0]["street_name"]
    names = {row["code"]: _community(row["name"]) for row in rows}
    return Office(street_code, short_name, above, letter_mark or f"{_stem(short_name)}办函", names)


def make(pack: Path, folder: Path, office: Office, courtyards: int) -> list[str]:
    """Write the pack of `office` into a new folder; returns the places that still name the first one, none if all is well."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", "Name a new folder.")
    first = load_district(pack)
    shutil.copytree(pack, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", ".*"))
    swaps = _swaps(first, office)
    old_words = _any_of(swaps)
    for path in _texts(folder):
        path.write_text(old_words.sub(lambda found: swaps[found[0]], path.read_text("utf-8")), "utf-8")
    synthetic_street.write(folder, (office.street_code, office.short_name), office.communities, courtyards)
    (folder / "outlines.geojson").write_text(NO_OUTLINES, "utf-8")
    (folder / "README.md").write_text(_readme(office), "utf-8")
    load_district(folder)
    return list(remaining(folder, first))


def remaining(folder: Path, first: District) -> Iterator[str]:
    """`file:line: word` of every text of a pack that still names the first office, one of its units, roads or courtyards."""
    office = first.office
    words = {office.street_code[:6], _stem(office.short_name), _stem(office.city_district)}
    words |= {unit.name for unit in first.units if unit.kind == "community"}
    words |= {courtyard.road for courtyard in first.courtyards}
    wanted = _any_of(words)
    for path in _texts(folder):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if found := wanted.search(line):
                yield f"{path.relative_to(folder)}:{number}: {found[0]}"


def _swaps(first: District, office: Office) -> dict[str, str]:
    """The first office's words and what stands for each in the other."""
    was = first.office
    communities = [unit.code for unit in first.units if unit.kind == "community"]
    new_communities = sorted(office.communities)
    return {
        was.letter_mark: office.letter_mark,
        was.short_name: office.short_name,
        was.city_district: office.city_district,
        **{old: new_communities[n % len(new_communities)] for n, old in enumerate(sorted(communities))},
        was.street_code: office.street_code,
        was.street_code[:6]: office.street_code[:6],
        _stem(was.short_name): _stem(office.short_name),
        _stem(was.city_district): _stem(office.city_district),
        **_domains(first, office),
    }


def _domains(first: District, office: Office) -> dict[str, str]:
    """The example domains of the office's own addresses and of its district's departments."""
    own = {contact.address.partition("@")[2] for contact in first.contacts if contact.channel == "mail"}
    departments = {
        d.contact.partition("@")[2] for d in first.departments if _stem(first.office.city_district) in d.name
    }
    return {domain: f"d{office.street_code[:6]}.example" for domain in departments if domain} | {
        domain: f"s{office.street_code}.example" for domain in own if domain
    }


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of these words, the longer before those that are part of them."""
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


def _texts(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in TEXT)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({type(error).__name__}).", "Correct the path.") from None


def _community(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name if name.endswith(("社区", "村")) else f"{name}社区"


def _stem(name: str) -> str:
    """The name without its kind: 某某 of 某某街道 and of 某某区."""
    return name.removesuffix(_STREET) if name.endswith(_STREET) else name.rstrip(_DISTRICT)


def _readme(office: Office) -> str:
    return f"""# {office.short_name}: a district pack

Made by `courtyard pack new` from another office's pack; what the files hold is told in the README of
that pack, how to make it this office's own in `docs/second-office.md`.

Real: the names and codes of the street and its {len(office.communities)} communities (National Bureau of Statistics) and of {office.city_district}.
Synthetic: every grid, courtyard, road, post, holder, contact and user. What departments deliver, the forms and the rules
are the first office's; check them with your departments.
"""
