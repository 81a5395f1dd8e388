"""`courtyard check`: what a person and a program read, the exit code, and that nothing is stored or shown."""

import json
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from tests.parsing.made import ID
from tests.submissions.conftest import GRID, activist, workbook

from courtyard.cli import check as checks
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.privacy import keys
from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
GOOD = activist(courtyard="君平街63号", phone="15400000000")
BAD = activist("李小红", courtyard="君平街63号", id_number="110105194912310021")
NAME = f"{GRID}_采集表_2026Q3.xlsx"


@pytest.fixture
def courtyard(tmp_path):
    """Run a command line in folders of this test alone, without keys and without a server."""
    env = {**os.environ, "COURTYARD_VAR": str(tmp_path / "var"), "COURTYARD_KEYS": str(tmp_path / "keys")}
    env |= {"PYTHONPATH": str(ROOT / "include"), "COLUMNS": "200"}

    def run(*words):
        words = [sys.executable, "-m", "courtyard", "check", *map(str, words)]
        return subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=env)

    return run


@pytest.fixture
def put(tmp_path):
    def write(data, name=NAME):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


@pytest.fixture(scope="module")
def district():
    return load_district(ROOT / "include/districts/shaocheng")


@pytest.fixture
def checked(tmp_path, district):
    """The receipt in this process."""
    settings = Settings(var=tmp_path / "var", district_path=ROOT, keys=tmp_path / "keys")

    def run(path, dataset=None, period=None, unit=None):
        return checks.run(path, settings, district, dataset=dataset, period=period, unit=unit).receipt

    return run


def test_a_person_reads_result_counts_place_reason_and_remedy(courtyard, put):
    done = courtyard(put(workbook(GOOD, BAD)))
    assert done.returncode == 1 and done.stderr == ""
    for text in ("结果：部分接收", "居民骨干 D5", "身份证号校验位不正确", "请对照身份证逐位核对", "没有连接数据库"):
        assert text in done.stdout
    assert "110105194912310021" not in done.stdout and "李小红" not in done.stdout


def test_a_program_reads_one_object_with_a_part_for_each_dataset(courtyard, put, tmp_path):
    done = courtyard(put(workbook(GOOD, BAD)), "--json")
    said = json.loads(done.stdout)
    keys_of = {"status", "status_title", "dataset", "title", "period", "unit", "rows", "findings"}
    assert set(said) == keys_of | {"datasets", "left_out"}
    assert (said["dataset"], said["status"], said["period"], said["unit"]) == (
        "grid",
        "partly_accepted",
        "2026Q3",
        GRID,
    )
    assert said["rows"] == {"read": 2, "accepted": 1, "quarantined": 1}
    assert [set(part) for part in said["datasets"]] == [keys_of] * 4
    assert said["findings"] == [
        {
            "sheet": "居民骨干", "cell": "D5", "code": "id.checksum", "severity": "error",
            "message": "身份证号校验位不正确", "suggestion": "请对照身份证逐位核对",
        }
    ]  # fmt: skip
    assert not (tmp_path / "keys").exists() and not list(tmp_path.glob("var/**/*.*"))


def test_a_clean_file_ends_with_0(courtyard, put):
    done = courtyard(put(workbook(GOOD)))
    assert done.returncode == 0 and "没有发现问题，可以报送" in done.stdout


def test_the_annotated_copy_is_written_for_its_owner_alone(courtyard, put, tmp_path):
    target = tmp_path / "批注.xlsx"
    courtyard(put(workbook(GOOD, BAD)), "--annotate", target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert openpyxl.load_workbook(target)["居民骨干"]["D5"].comment is not None


def test_a_copy_that_cannot_be_written_is_a_usage_error(courtyard, put, tmp_path):
    done = courtyard(put(workbook(GOOD)), "--annotate", tmp_path / "nowhere" / "x.xlsx")
    assert done.returncode == 2 and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--dataset", "nonsense"), "no dataset 'nonsense'"),
        (("--unit", "123"), "no unit '123'"),
        (("--period", "soon"), "'soon' is not a period"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_2(courtyard, put, words, told):
    done = courtyard(put(workbook(GOOD)), *words)
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1


def test_the_period_and_the_unit_may_be_said_beside_the_file(checked, put):
    path = put(workbook(GOOD, quarter=None, unit=None), "我的表.xlsx")
    assert [f.code for f in checked(path).own] == ["submission.unknown_unit"]
    receipt = checked(path, period="2026Q2", unit=GRID)
    assert (receipt.status, receipt.period, receipt.unit_code) == ("accepted", "2026Q2", GRID)


def test_the_wrong_quarter_and_the_wrong_grid_are_told_before_anything_is_sent(checked, put):
    path = put(workbook(GOOD, quarter="2026年第四季度"))
    assert [(f.code, f.severity) for f in checked(path, period="2026Q3").findings] == [
        ("submission.wrong_period", "error")
    ]
    path = put(workbook(GOOD, unit="510105005002002"))
    receipt = checked(path)
    assert (receipt.status, [f.code for f in receipt.findings]) == ("rejected", ["submission.wrong_unit"])


def test_one_dataset_alone_is_checked_whoever_sends_it(checked, put):
    receipt = checked(put(workbook(GOOD, unit=None), "a.xlsx"), dataset="grid_activists")
    assert (receipt.status, receipt.plain()["dataset"]) == ("accepted", "grid_activists")


def test_a_file_nobody_knows_is_asked_about(checked, put):
    with pytest.raises(UsageError, match="--dataset"):
        checked(put(b"a,b\n1,2\n", "x.csv"))


def test_an_empty_sheet_without_a_nil_waits_for_a_person(checked, put):
    import io

    path = put(workbook(GOOD))
    book = openpyxl.load_workbook(path)
    book["低保户"]["A4"] = None
    target = io.BytesIO()
    book.save(target)
    receipt = checked(put(target.getvalue()))
    assert receipt.status == "received"
    assert [(f.sheet, f.code) for f in receipt.findings] == [("低保户", "batch.held")]
    assert "本季度无" in receipt.findings[0].message


def test_a_column_that_is_unreadable_throughout_is_told_as_one_thing(checked, put):
    rows = [GOOD | {"name": f"样例{'甲乙丙丁戊己庚辛壬癸子丑'[n]}", "sex": "某"} for n in range(12)]
    (held,) = [f for f in checked(put(workbook(*rows))).findings if f.code == "batch.held"]
    assert "性别" in held.message and "100%" in held.message


def test_the_installations_keys_are_used_where_they_are(tmp_path, checked, put):
    path = put(workbook(GOOD))
    assert len(checked(path).left_out) == 2
    keys.create(tmp_path / "keys")
    assert len(checked(path).left_out) == 1


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"PK\x03\x04", b"<html></html>", ID.encode()])
def test_no_bytes_raise(checked, put, data):
    receipt = checked(put(data))
    assert receipt.status == "rejected" and receipt.findings
    assert ID not in json.dumps(receipt.plain(), ensure_ascii=False)


def test_the_check_comes_without_the_heavy_libraries(put):
    path = put(workbook(GOOD))
    code = (
        "import sys; sys.argv = ['courtyard', 'check', sys.argv[1], '--json']\n"
        "from courtyard.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'great_expectations', 'pandas', 'pyarrow', 'docx', 'openpyxl'} & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "include"), "COURTYARD_KEYS": str(path.parent / "keys")}
    env |= {"COURTYARD_VAR": str(path.parent / "var")}
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, env=env)
    assert done.stdout.rstrip().endswith("[]")


def test_a_check_against_the_warehouse_knows_what_came_before(warehouse_url, tmp_path, district, put):
    settings = Settings(var=tmp_path / "var", district_path=ROOT, keys=tmp_path / "keys", warehouse_url=warehouse_url)
    found = checks.run(put(workbook(GOOD)), settings, district, dataset=None, period=None, unit=None).receipt
    assert (found.status, found.left_out[-1]) == ("accepted", "与上次报送和其他部门数据的比对")
