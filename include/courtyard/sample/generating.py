"""Makes the sample street: its people, four quarters of their lives, and what every source sees of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from courtyard.district.models import District
from courtyard.errors import UsageError
from courtyard.sample import alike, care
from courtyard.sample.addresses import Addresses
from courtyard.sample.draw import Draws
from courtyard.sample.feeds.civil_affairs import CivilAffairs
from courtyard.sample.feeds.civil_rosters import CivilRosters
from courtyard.sample.feeds.disabled import Disabled
from courtyard.sample.feeds.facilities import Facilities
from courtyard.sample.feeds.grid import Grids
from courtyard.sample.feeds.hotline import Hotline
from courtyard.sample.feeds.housing import Housing
from courtyard.sample.feeds.incidents import EMERGENCY, JUSTICE, Incidents
from courtyard.sample.feeds.outlet import World
from courtyard.sample.feeds.party import Party
from courtyard.sample.feeds.population import Population
from courtyard.sample.feeds.residents import Residents
from courtyard.sample.feeds.school import School
from courtyard.sample.groups import Groups
from courtyard.sample.households import Maker
from courtyard.sample.life import Life
from courtyard.sample.street import Street
from courtyard.sample.truth import Truth

VERSION = 9
MARK = "SAMPLE.json"
TWIN_PAIRS = 300
Progress = Callable[[str], None]


@dataclass(frozen=True)
class SampleSummary:
    """What was made; `skipped` when the folder already held just this."""

    seed: int
    scale: float
    version: int
    pack: str
    households: int
    persons: int
    twin_pairs: int
    rows: dict[str, int]
    defects: dict[str, int]
    skipped: bool = False


def generate(
    district: District,
    out: Path,
    truth: Path,
    *,
    scale: float = 1.0,
    seed: int = 20260701,
    progress: Progress | None = None,
) -> SampleSummary:
    """Write the files of all sources to `out` and the truth to `truth`; neither is ever half written.

    The same seed, scale and pack give the same bytes. Files and truth are made beside their folders
    and renamed last. Raises UsageError for a scale that is not above zero.
    """
    if scale <= 0:
        raise UsageError(f"The scale {scale} is not above zero.", "Give 1 for a whole street, 0.01 for a small one.")
    tell = progress or (lambda _: None)
    made = _made(out, truth)
    pack = _fingerprint(district)
    if made and (made.seed, made.scale, made.version, made.pack) == (seed, scale, VERSION, pack):
        return made
    parts = {target: target.with_name(f"{target.name}.part") for target in (out, truth)}
    for part in parts.values():
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
    summary = _write(district, (parts[out], parts[truth]), (scale, seed, pack), tell)
    for target, part in parts.items():
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    return summary


def _made(out: Path, truth: Path) -> SampleSummary | None:
    """What the folders hold already; None unless both are whole."""
    mark = out / MARK
    if not mark.exists() or not truth.is_dir():
        return None
    try:
        return SampleSummary(**(json.loads(mark.read_text("utf-8")) | {"skipped": True}))
    except (ValueError, TypeError):
        return None


def _fingerprint(district: District) -> str:
    """What of the pack the sample depends on: places, names of columns, and codes."""
    parts = district.model_dump_json(
        include={"office", "units", "courtyards", "aliases", "changes", "posts", "contracts", "codes"}
    )
    canonical = json.dumps(json.loads(parts), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _write(
    district: District, folders: tuple[Path, Path], parameters: tuple[float, int, str], tell: Progress
) -> SampleSummary:
    out, truth_folder = folders
    scale, seed, pack = parameters
    out.mkdir()
    street, draws = Street(district, scale), Draws(seed)
    groups = live(street, draws, tell)
    care.add(street, groups, draws)
    with Truth(truth_folder) as truth:
        world = World(street, groups, draws, Addresses(street), truth, out)
        truth.people(street, groups)
        _feeds(world, scale, tell)
        summary = SampleSummary(
            seed=seed,
            scale=scale,
            version=VERSION,
            pack=pack,
            households=len(groups.make.households),
            persons=len(groups.make.persons),
            twin_pairs=groups.make.twins,
            rows=dict(sorted(truth.rows.items())),
            defects=dict(sorted(truth.defects.items())),
        )
    (out / MARK).write_text(json.dumps(asdict(summary), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return summary


def live(street: Street, draws: Draws, tell: Progress) -> Groups:
    """The people of the first day, and their lives through the quarters."""
    make = Maker(street)
    for courtyard, households in enumerate(street.households):
        rng = draws.rng("courtyard", courtyard)
        for _ in range(households):
            make.household(rng, courtyard)
    _enough_twins(make, draws, street)
    alike.add(make, draws, street)
    groups = Groups(make)
    groups.found(draws.rng("groups"))
    tell(f"{len(make.households):,} 户、{len(make.persons):,} 人")
    life = Life(make, groups)
    for index, quarter in enumerate(street.quarters):
        life.pass_quarter(draws.rng("life", index), quarter)
    alike.withhold(make, draws)
    return groups


def _enough_twins(make: Maker, draws: Draws, street: Street) -> None:
    """Chance gives about one pair in 85 households; a street that is short of them gets the rest here."""
    wanted = max(2, round(TWIN_PAIRS * sum(street.households) / max(1, sum(c.households for c in street.courtyards))))
    rng = draws.rng("twins")
    for person in list(make.persons):
        if make.twins >= wanted:
            return
        if person.twin is None and (person.father, person.mother) != (None, None):
            make.twin(rng, make.households[person.stays[0].household], person)


def _feeds(world: World, scale: float, tell: Progress) -> None:
    population, school, grids = Population(world), School(world), Grids(world)
    for index, quarter in enumerate(world.street.quarters):
        counts = population.write(index), school.write(index), grids.write(index)
        tell(f"{quarter}：实有人口 {counts[0]:,} 行，学籍 {counts[1]:,} 行，网格表 {counts[2]} 份")
    benefits = CivilAffairs(world).write()
    orders, requests = Hotline(world).write(scale), Residents(world).write(scale)
    tell(f"低保登记 {benefits:,} 行，12345办件 {orders:,} 件，居民随手报 {requests:,} 件")
    _departments(world, scale, tell)


def _departments(world: World, scale: float, tell: Progress) -> None:
    """What departments know of everything else, so that nobody asks the grids for it."""
    writers = (Party(world), CivilRosters(world), Housing(world), Facilities(world))
    counts = [[writer.write(n) for writer in writers] for n in range(len(world.street.quarters))]
    members, old, courtyards, facilities = (sum(column) for column in zip(*counts, strict=True))
    tell(
        f"党组织和党员 {members:,} 行，老年人和社会组织 {old:,} 行，老旧院落 {courtyards:,} 行，设施阵地 {facilities:,} 行"
    )
    disabled, hazards = Disabled(world).write(), Incidents(world, EMERGENCY).write(scale)
    disputes = Incidents(world, JUSTICE).write(scale)
    tell(f"残疾人 {disabled:,} 行，安全隐患 {hazards:,} 条，矛盾纠纷 {disputes:,} 条")
