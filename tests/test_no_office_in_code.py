"""An office is its pack: the code names no street, no district and no code of one."""

import re
from pathlib import Path

from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
OFFICE = re.compile("少城|青羊|510105|shaocheng|qingyang")
# The one place that says which pack is used where none is chosen.
ALLOWED = {"include/courtyard/settings.py": "include/districts/shaocheng"}
# Divisions of first registration in synthetic ID numbers: all districts of the city alike.
CITY = "include/courtyard/sample/ids.py"


def test_code_names_no_office():
    folders = (ROOT / "include/courtyard", ROOT / "dags", ROOT / "plugins", ROOT / "include/districts/schema")
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".sql", ".html", ".js", ".css", ".json"}
    ]
    assert len(files) > 300
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if OFFICE.search(line) and not _is_allowed(str(path.relative_to(ROOT)), line)
    ]
    assert named == []


def _is_allowed(name: str, line: str) -> bool:
    return (name == CITY and line.startswith("_CITY")) or (name in ALLOWED and ALLOWED[name] in line)


def test_the_pack_can_be_chosen():
    assert Settings.from_env({"COURTYARD_DISTRICT": "/packs/another"}).district_path == Path("/packs/another")
