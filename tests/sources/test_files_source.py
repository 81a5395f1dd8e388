import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import source

from courtyard.connection import Connection
from courtyard.period import Period
from courtyard.sources import Fetched, Refused, files, safe_name

Q3 = Period.parse("2026Q3")
UNIT = "510105005002001"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "2026Q3"
    made.mkdir()
    return made


def fetch(folder, **options):
    spec = source("files", pattern="{period}/*", unit_from_name=r"^(?P<unit>\d{15})", settle_seconds=0.05, **options)
    connection = Connection.from_uri("grid", f"file://{folder.parent}")
    return list(files.fetch(spec, connection, Q3, "510105005"))


def test_each_file_is_one_delivery_with_its_unit_and_its_own_time(folder):
    path = folder / f"{UNIT}_四道街第一网格_2026Q3.xlsx"
    path.write_bytes(b"PK")
    os.utime(path, (1_790_000_000, 1_790_000_000))
    (folder / "说明.txt").write_bytes(b"-")
    first, second = fetch(folder)
    assert (first.name, first.data, first.unit_code) == (path.name, b"PK", UNIT)
    assert first.version_at.timestamp() == 1_790_000_000
    assert (second.name, second.unit_code) == ("说明.txt", None)


def test_an_id_number_is_no_unit(folder):
    (folder / "11010519491231002X.xlsx").write_bytes(b"x")
    [fetched] = fetch(folder)
    assert (fetched.name, fetched.unit_code) == ("[数字].xlsx", None)


def test_a_period_without_a_folder_gives_nothing(tmp_path):
    assert fetch(tmp_path / "2026Q3") == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".hidden.xlsx", "隐藏"),
        ("~$open.xlsx", "临时"),
        ("a\x07b.xlsx", "控制字符"),
        ("a\u202excod.exe", "从右向左"),
        ("\u05d0.xlsx", "从右向左"),
        ("late.xlsx.part", "还在写入"),
    ],
)
def test_a_suspicious_name_is_refused_with_its_reason(folder, name, reason):
    (folder / name).write_bytes(b"x")
    [refused] = fetch(folder)
    assert isinstance(refused, Refused) and reason in refused.reason
    assert refused.name.isprintable()


def test_a_name_that_is_no_text_is_refused(folder):
    (folder / os.fsdecode(b"\xff\xfe.xlsx")).write_bytes(b"x")
    [refused] = fetch(folder)
    assert "控制字符" in refused.reason


def test_links_and_folders_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (folder / "a.xlsx").symlink_to(secret)
    (folder / "b.xlsx").mkdir()
    os.mkfifo(folder / "c.xlsx")
    assert [r.reason for r in fetch(folder)] == ["是链接，请交文件本身", "不是文件", "不是文件"]


def test_a_file_over_the_cap_is_refused(folder):
    with (folder / "big.xlsx").open("wb") as file:
        file.truncate(files.MAX_BYTES + 1)
    [refused] = fetch(folder)
    assert "MB" in refused.reason


def test_a_file_that_still_grows_waits_and_the_others_do_not(folder):
    (folder / "done.xlsx").write_bytes(b"x")
    growing = (folder / "grows.xlsx").open("wb", buffering=0)
    stop = threading.Event()

    def grow():
        while not stop.wait(0.005):
            growing.write(b"x" * 100)

    thread = threading.Thread(target=grow)
    thread.start()
    time.sleep(0.05)
    try:
        done, waiting = fetch(folder)
    finally:
        stop.set()
        thread.join()
        growing.close()
    assert isinstance(done, Fetched) and waiting == Refused("grows.xlsx", "文件还在写入，下次再收", waits=True)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("11010519491231002X.xlsx", "[数字].xlsx"),
        ("张三 110105 19491231 002x.xlsx", "张三 [数字].xlsx"),
        ("电话138-0013-8000.xlsx", "电话[数字].xlsx"),
        (f"{UNIT}_2026Q3.xlsx", f"{UNIT}_2026Q3.xlsx"),
        (f"{UNIT}_11010519491231002X.xlsx", f"{UNIT}_[数字].xlsx"),
        ("填表日期2026-09-25.xlsx", "填表日期2026-09-25.xlsx"),
    ],
)
def test_a_shown_name_holds_no_id_number_and_no_phone(name, shown):
    assert safe_name(name, UNIT) == shown


@given(st.text(max_size=300))
def test_a_shown_name_is_short_and_plain(name):
    shown = safe_name(name)
    assert len(shown) <= 120 and "\n" not in shown and "\u202e" not in shown
