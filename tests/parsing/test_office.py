"""What LibreOffice saves: the same rows as .xlsx of another maker, and as readable .xls."""

import shutil
import subprocess
from datetime import datetime

import pytest

from .made import ID, activists, codes, table

pytestmark = pytest.mark.office


@pytest.fixture
def saved(tmp_path):
    """The workbook as LibreOffice saves it in another format."""

    def convert(data, kind):
        source = tmp_path / "in.xlsx"
        source.write_bytes(data)
        command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", kind]
        out = tmp_path / kind
        subprocess.run([*command, "--outdir", out, source], check=True, capture_output=True, timeout=120)
        return (out / f"in.{kind}").read_bytes()

    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    return convert


ROWS = (
    {"name": "阿依·古丽", "id_number": ID, "phone": 13800001234, "change_date": datetime(2026, 8, 2)},
    {"name": "𠮷田", "id_number": 510105198001011234, "change_date": "2026.8"},
)


def book():
    def hide(made):
        made.active.row_dimensions[5].hidden = True

    return activists(*ROWS, below=[["合计", "2人"], ["注：无"]], change=hide)


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_the_same_rows_come_back(saved, kind):
    found = table(saved(book(), kind), "grid_activists")
    assert found.columns["name"] == ["阿依·古丽", "𠮷田"] and found.row_nos == [4, 5]
    assert found.columns["id_number"] == [ID, None] and ("D5", "id.numeric_cell") in codes(found)
    assert found.columns["phone"] == ["13800001234", None]
    assert found.columns["change_date"] == ["2026-08-02", "2026-08"]
    assert (found.period, found.unit_code, found.structural, found.remarks) == ("2026Q3", "510105005002001", 5, [])
    assert (None, "row.hidden") in codes(found)
