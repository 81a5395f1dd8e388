"""The sixteen forms of the sample street in an office suite. Needs LibreOffice (marker `office`)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

FORMS = 16


def publications(street) -> dict[str, dict]:
    """The newest manifest of each report, with its folder."""
    found: dict[str, dict] = {}
    for path in sorted(street.settings.published.glob("*/*/r*/manifest.json")):
        manifest = json.loads(path.read_bytes()) | {"folder": path.parent}
        if "form" in manifest:
            found[manifest["report"]] = manifest
    return found


def cells(path: Path) -> dict[tuple[str, str], object]:
    book = load_workbook(path)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def office(tmp_path: Path, kind: str, files: list[Path], into: Path) -> None:
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", kind,
         "--outdir", str(into), *map(str, files)],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(p.stem for p in into.iterdir()) == sorted(p.stem for p in files)


@pytest.mark.office
def test_every_form_is_printed_and_a_saved_copy_says_the_same(street, tmp_path):
    forms = []
    for report, manifest in publications(street).items():
        forms.append(Path(shutil.copy(manifest["folder"] / manifest["form"], tmp_path / f"{report}.xlsx")))
    assert len(forms) == FORMS
    printed, saved = tmp_path / "printed", tmp_path / "saved"
    printed.mkdir(), saved.mkdir()
    office(tmp_path, "pdf", forms, printed)
    office(tmp_path, "xlsx", forms, saved)
    for form in forms:
        assert cells(saved / form.name) == cells(form), form.stem


def test_no_published_workbook_holds_a_formula_a_macro_or_a_link(street):
    workbooks = list(street.settings.published.rglob("*.xlsx"))
    assert len(workbooks) > 100
    for path in workbooks:
        with ZipFile(path) as archive:
            names = archive.namelist()
            assert not [n for n in names if "vba" in n or "externalLink" in n], path.name
            for name in (n for n in names if n.startswith("xl/worksheets/sheet")):
                body = archive.read(name)
                assert b"<f>" not in body and b"<f " not in body, (path.name, name)
