import asyncio
import os
import shutil
import threading

import asyncssh
import pytest
from scripted import source

from courtyard.connection import Connection
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sample.standins import sftp as server
from courtyard.sources import Refused, sftp, submitted

Q3 = Period.parse("2026Q3")
SPEC = source("sftp", file="roll/{period}/roll_{street_code}.csv", deadline_seconds=10)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An SFTP server over a folder: (folder, port, its public key)."""
    root = tmp_path_factory.mktemp("sftp")
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = server.serve(root, {"roll": "the-password"}, key.export_private_key().decode())
    acceptor = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    yield root, acceptor.get_port(), key.export_public_key().decode().strip()
    loop.call_soon_threadsafe(acceptor.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def delivered(site):
    path = site[0] / "roll/2026Q3/roll_510105005.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("编号,姓名\n1,甲\n".encode("gb18030") * 20_000)
    os.utime(path, (1_790_000_000, 1_790_000_000))
    yield path
    path.unlink()


def connection(site, password="the-password", host_key=None):
    return Connection(
        "roll", "sftp", host="127.0.0.1", port=site[1], login="roll", password=password,
        extra={"host_key": host_key or site[2]},
    )  # fmt: skip


def fetch(at, spec=SPEC):
    return list(sftp.fetch(spec, at, Q3, "510105005"))


def test_the_files_bytes_and_time_arrive_as_they_are(site, delivered):
    [fetched] = fetch(connection(site))
    assert fetched.data == delivered.read_bytes()
    assert fetched.version_at.timestamp() == 1_790_000_000
    assert (fetched.name, fetched.media_type) == ("roll_510105005.csv", "text/csv")


def test_a_file_that_is_not_there_gives_nothing(site):
    assert fetch(connection(site)) == []


def test_a_server_with_another_host_key_is_refused(site, delivered):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(SourceError, match="主机密钥"):
        fetch(connection(site, host_key=other))


def test_without_a_registered_host_key_nothing_is_asked(site):
    with pytest.raises(SourceError, match="没有登记"):
        fetch(Connection("roll", "sftp", host="127.0.0.1", port=site[1], login="roll", password="x"))


def test_a_wrong_password_says_so_and_is_not_shown(site):
    with pytest.raises(SourceError, match="凭据") as caught:
        fetch(connection(site, password="wrong-password"))
    assert "wrong-password" not in str(caught.value)


def test_a_link_is_not_followed(site, delivered):
    link = delivered.with_name("link.csv")
    link.symlink_to("/etc/hostname")
    with pytest.raises(SourceError, match="不是普通文件"):
        fetch(connection(site), source("sftp", file="roll/{period}/link.csv"))
    link.unlink()


def test_a_file_that_still_grows_is_left_for_later(site, delivered, monkeypatch):
    monkeypatch.setattr(sftp, "SETTLE_SECONDS", 0.05)
    stop = threading.Event()

    def grow():
        while not stop.wait(0.002):
            with delivered.open("ab", buffering=0) as file:
                file.write(b"x")

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        with pytest.raises(SourceError, match="还在写入"):
            fetch(connection(site))
    finally:
        stop.set()
        thread.join()


def test_a_server_that_is_down_says_so(site):
    down = Connection("roll", "sftp", host="127.0.0.1", port=1, login="roll", password="x", extra={"host_key": site[2]})
    with pytest.raises(SourceError, match="取不到"):
        fetch(down)


UNIT = "510105005002001"
FOLDER = source("sftp", pattern="grid/{period}/*.xlsx", unit_from_name=r"^(?P<unit>\d{15})", deadline_seconds=10)


@pytest.fixture
def folder(site):
    made = site[0] / "grid/2026Q3"
    made.mkdir(parents=True, exist_ok=True)
    yield made
    shutil.rmtree(site[0] / "grid")


def test_every_file_of_a_folder_is_one_delivery_with_its_unit_and_its_own_time(site, folder):
    for name, data in {f"{UNIT}_网格.xlsx": b"PK1", "b.xlsx": b"PK2", "说明.txt": b"-"}.items():
        (folder / name).write_bytes(data)
        os.utime(folder / name, (1_790_000_000, 1_790_000_000))
    first, second = fetch(connection(site), FOLDER)
    assert (first.name, first.data, first.unit_code) == (f"{UNIT}_网格.xlsx", b"PK1", UNIT)
    assert first.version_at.timestamp() == 1_790_000_000
    assert (second.name, second.data, second.unit_code) == ("b.xlsx", b"PK2", None)


def test_a_folder_that_is_not_there_gives_nothing(site):
    assert fetch(connection(site), FOLDER) == []


def test_in_a_folder_links_folders_and_suspicious_names_are_refused_and_the_rest_is_taken(site, folder, monkeypatch):
    monkeypatch.setattr(submitted, "MAX_BYTES", 10)
    (folder / "a.xlsx").symlink_to("/etc/hostname")
    (folder / "b.xlsx").mkdir()
    (folder / os.fsdecode(b"c\xff.xlsx")).write_bytes(b"x")
    (folder / "d\u202e.xlsx").write_bytes(b"x")
    (folder / "e.xlsx").write_bytes(b"x" * 11)
    (folder / "f.xlsx").write_bytes(b"x" * 10)
    *refused, taken = fetch(connection(site), FOLDER)
    reasons = ["不是普通文件", "不是普通文件", "控制字符", "控制字符", "MB"]
    assert len(refused) == 5 and all(reason in item.reason for item, reason in zip(refused, reasons, strict=True))
    assert taken.data == b"x" * 10


def test_in_a_folder_a_file_that_still_grows_waits_and_the_others_do_not(site, folder):
    (folder / "a.xlsx").write_bytes(b"x")
    stop = threading.Event()

    def grow():
        with (folder / "b.xlsx").open("ab", buffering=0) as file:
            while not stop.wait(0.001):
                file.write(b"x" * 100)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        while not (folder / "b.xlsx").exists():
            pass
        done, waiting = fetch(connection(site), FOLDER)
    finally:
        stop.set()
        thread.join()
    assert done.data == b"x" and waiting == Refused("b.xlsx", "文件还在写入，下次再收", waits=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda client: client.put(__file__, "/new.csv"),
        lambda client: client.remove("/roll/2026Q3/roll_510105005.csv"),
        lambda client: client.mkdir("/new"),
        lambda client: client.rename("/roll", "/other"),
        lambda client: client.chmod("/roll", 0o777),
        lambda client: client.truncate("/roll/2026Q3/roll_510105005.csv", 0),
        lambda client: client.symlink("/etc", "/etc-link"),
    ],
)
def test_the_server_lets_nobody_change_anything(site, delivered, change):
    before = delivered.read_bytes(), sorted(site[0].rglob("*"))

    async def attempt():
        known = ([asyncssh.import_public_key(site[2])], [], [])
        at = {"username": "roll", "password": "the-password", "known_hosts": known, "agent_path": None, "config": None}
        async with asyncssh.connect("127.0.0.1", site[1], **at) as session, session.start_sftp_client() as client:
            await change(client)

    with pytest.raises(asyncssh.SFTPError):
        asyncio.run(attempt())
    assert (delivered.read_bytes(), sorted(site[0].rglob("*"))) == before
