"""docs/adding-a-source.md, followed: two files are written into a pack without them, and a delivery arrives."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from sqlalchemy import text

from courtyard import identity, landing, parsing, validation, warehouse
from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.errors import PackError
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.sample.standins import sftp
from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs/adding-a-source.md"
PACK = ROOT / "include/districts/shaocheng"
FILES = ("sources/housing.yaml", "contracts/old_courtyards.yaml")
LIST = """房屋档案编号,院落名称,地址,建成年代,楼栋数,单元数,户数,建筑面积,房屋结构,产权性质,物业模式,有无业委会,改造年度,存在问题,数据日期
LJ1,四道街4号院,青羊区四道街4号,1984年,3,9,38,3093.2,砖混,房改房,社区托底,是,2027,外墙脱落,2026-09-30
LJ2,不知何处,样例路999号,1990,1,2,20,1200,砖混,房改房,无物业,否,,,2026-09-30
LJ3,四道街6号院,四道街6号,1999,1,3,59,4100,土坯,房改房,无物业,否,,,2026-09-30
"""


def snippets() -> dict[str, str]:
    found = re.findall(r"^```yaml\n# ([\w./]+)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack that does not know the source."""
    root = tmp_path / "shaocheng"
    shutil.copytree(PACK, root)
    for name in (*FILES, "reports/old_courtyard_ledger.yaml"):  # a report of its dataset
        (root / name).unlink()
    for name in ("archive", "tags", "indicators", "map"):  # they rest on figures of its dataset
        (root / f"rules/{name}.yaml").write_text("{}" if name == "archive" else "[]")
    return root


@pytest.fixture
def department(tmp_path: Path) -> Iterator[Connection]:
    """The department's SFTP server, with the list of the quarter."""
    file = tmp_path / "served/housing/2026Q3/ljyl_510105005_2026Q3.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(LIST.encode("gb18030"))
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = sftp.serve(tmp_path / "served", {"housing": "secret"}, key.export_private_key().decode())
    acceptor = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    pinned = {"host_key": key.export_public_key().decode().strip()}
    yield Connection(
        "housing", "sftp", host="127.0.0.1", port=acceptor.get_port(), login="housing", password="secret", extra=pinned
    )
    loop.call_soon_threadsafe(acceptor.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_the_guide_shows_the_files_as_they_are():
    assert snippets() == {name: (PACK / name).read_text("utf-8") for name in FILES}


def test_two_files_make_a_source_whose_rows_reach_the_warehouse(pack, department, warehouse_url, settings: Settings):
    assert "housing" not in load_district(pack).sources
    for name, body in snippets().items():
        (pack / name).write_text(body, "utf-8")
    ctx = Context(
        Settings(var=settings.var, district_path=pack, keys=settings.keys), load_district(pack),
        Period.quarter("2026Q3"), warehouse_url, KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        lambda conn_id: {"housing": department}[conn_id], "test",
    )  # fmt: skip
    assert landing.fetch(ctx, "housing")["landed"] == 1
    assert parsing.parse(ctx)["rows"] == 3
    for stage in (validation.validate, identity.link, warehouse.merge):
        stage(ctx)
    with ctx.engine().connect() as connection:
        kept = connection.execute(
            text("SELECT record_key, courtyard_code, attrs FROM warehouse.record ORDER BY 1")
        ).all()
        quarantined = connection.scalars(text("SELECT codes FROM quality.quarantined_row")).all()
        residual = connection.scalar(text("SELECT sum(residual) FROM mart.ledger"))
    assert [row[:2] for row in kept] == [("LJ1", "5101050050020002"), ("LJ2", None)]
    assert kept[0].attrs["built_year"] == "1984" and kept[0].attrs["renovated_in"] == "2027"
    assert "exported_on" not in kept[0].attrs
    assert (quarantined, residual) == ([["code.unknown"]], 0)


def test_a_contract_without_its_source_is_told(pack):
    (pack / FILES[1]).write_text(snippets()[FILES[1]], "utf-8")
    with pytest.raises(PackError, match="no source delivers it"):
        load_district(pack)
