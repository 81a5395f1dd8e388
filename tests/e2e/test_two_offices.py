"""Two street offices beside each other: installations of their own, and both in one warehouse."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from tests import folders

from courtyard import stages
from courtyard.district import load_district
from courtyard.privacy import keys
from courtyard.runtime import postgres
from courtyard.runtime.supervisor import running
from courtyard.sample import another_office, generate
from courtyard.sample.standins import stage_inbox
from courtyard.settings import Settings
from courtyard.store import database
from courtyard.warehouse.hashing import content_hash

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
COMMUNITIES = ROOT / "include/districts/chengdu_communities.csv"
FIRST, SECOND = "510105005", "510107005"
QUARTER = "2025Q4"


@dataclass
class Office:
    """An installation: its settings, and the engine of the warehouse that it uses."""

    settings: Settings
    engine: Engine

    @property
    def street(self) -> str:
        return load_district(self.settings.district_path).office.street_code

    def run(self) -> None:
        dict(stages.run_quarter(stages.context(QUARTER, holder="test", settings=self.settings)))

    def hashes(self) -> tuple[str, list[tuple]]:
        """The hash of its street's belief, and of the content of each form that it published."""
        query = "SELECT report, period, revision, content_hash FROM publish.publication WHERE street_code = :s ORDER BY 1, 2, 3"
        with self.engine.connect() as connection:
            forms = [tuple(row) for row in connection.execute(text(query), {"s": self.street})]
        return content_hash(self.engine, street=self.street), forms


def settings_of(folder: Path, name: str, pack: Path, url: str = "") -> Settings:
    return Settings.from_env(
        {
            "COURTYARD_VAR": str(folder / name / "var"), "COURTYARD_KEYS": str(folder / "keys"), "HOME": os.environ["HOME"],
            "COURTYARD_DISTRICT": str(pack), "COURTYARD_WAREHOUSE_URL": url,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    with folders.passable("courtyard-offices-") as made:
        yield made
        for pgdata in made.glob("*/var.pgdata"):
            postgres.stop(pgdata)


@pytest.fixture(scope="module")
def packs(folder):
    office = another_office.from_file(COMMUNITIES, SECOND, None, None)
    assert another_office.make(ROOT / "include/districts/shaocheng", folder / "yulin", office, 3) == []
    return {FIRST: ROOT / "include/districts/shaocheng", SECOND: folder / "yulin"}


@pytest.fixture(scope="module")
def offices(folder, packs):
    """The first office alone; then both in the first one's server, in one database, the second before the first."""
    keys.create(folder / "keys")
    alone = settings_of(folder, "alone", packs[FIRST])
    generate(load_district(packs[FIRST]), alone.sample, alone.truth, scale=0.01, seed=7)
    with running(alone, standins=True) as services:
        stage_inbox(alone, QUARTER)
        by_itself = Office(alone, database.engine(services.url))
        by_itself.run()
        shared = postgres.ensure_database(services.url, "shared")
        both = []
        for street, name in ((SECOND, "second"), (FIRST, "first")):
            settings = settings_of(folder, name, packs[street], shared)
            generate(load_district(packs[street]), settings.sample, settings.truth, scale=0.01, seed=7)
            with running(settings, standins=True):
                stage_inbox(settings, QUARTER)
                both.append(Office(settings, database.engine(shared)))
                both[-1].run()
        yield by_itself, *both


def test_the_first_office_is_the_same_with_and_without_the_second(offices):
    alone, _, first = offices
    assert alone.hashes()[1] != []
    assert first.hashes() == alone.hashes()


def test_running_the_second_again_changes_nothing_of_the_first(offices):
    _, second, first = offices
    before = first.hashes(), second.hashes()
    with running(second.settings, standins=True):
        second.run()
    assert (first.hashes(), second.hashes()) == before


def test_each_office_publishes_its_own_name(offices):
    _, second, first = offices
    for office, own, others in ((first, "少城街道", "玉林街道"), (second, "玉林街道", "少城街道")):
        books = sorted(office.settings.published.rglob("*.xlsx"))
        names = [path.name for path in books]
        assert books and all(own in read_text(path) for path in books), names
        assert not [path.name for path in books if others in read_text(path)]


def test_no_row_of_one_office_lies_in_the_others_courtyards(offices):
    _, second, _ = offices
    query = (
        "SELECT DISTINCT street_code, left(courtyard_code, 9) FROM warehouse.record WHERE courtyard_code IS NOT NULL"
    )
    with second.engine.connect() as connection:
        assert {tuple(row) for row in connection.execute(text(query))} == {(FIRST, FIRST), (SECOND, SECOND)}


def read_text(path: Path) -> str:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    return "\n".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    )
