"""Delivery: atomic, confirmed by read-back, once, and what is down stops nobody else."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import asyncssh
import post_office
import pytest

from courtyard import reports
from courtyard.connection import Connection
from courtyard.desk.deciding import Signed
from courtyard.district.models import Recipient, Recipients
from courtyard.errors import UsageError
from courtyard.notices.problems import NotSent
from courtyard.period import Period
from courtyard.reports import delivering, sendings, signing, waiving
from courtyard.reports.channels import sftp as sftp_channel
from courtyard.reports.parcel import Parcel, files_for
from courtyard.reports.signing import Target
from courtyard.sample.standins import sftp as server

NOON = datetime(2026, 10, 2, 4, 0, tzinfo=UTC)
APPROVER = "街道办事处审核岗"
PASSWORD = "the-password"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An SFTP server that takes files: (folder, port, its public key)."""
    root = tmp_path_factory.mktemp("received")
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = server.serve(root, {"departments": PASSWORD}, key.export_private_key().decode(), takes=True)
    acceptor = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    yield root, acceptor.get_port(), key.export_public_key().decode().strip()
    loop.call_soon_threadsafe(acceptor.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def post(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


FOLDER = {"channel": "folder", "path": "recipients/a"}
SFTP = {"channel": "sftp", "connection": "departments", "path": "incoming"}
MAIL = {"channel": "mail", "address": "civil@qingyang.example"}


@pytest.fixture
def office(dibao, site, post):
    """July's and August's rosters are published; July's is signed. `connections` can be broken."""
    post.empty()
    key = {"host_key": site[2]}
    connections = {
        "mail": post.mail,
        "departments": Connection("departments", "sftp", "127.0.0.1", site[1], "departments", PASSWORD, extra=key),
    }
    world = dibao.only("dibao_roster")
    reports.publish(world.ctx)
    signing.sign(world.ctx, Target("dibao_roster", "2026-07"), Signed(APPROVER, "", NOON))

    def connection(conn_id: str) -> Connection:
        if conn_id not in connections:
            raise UsageError(f"The connection '{conn_id}' is not set.")
        return connections[conn_id]

    return replace(world, ctx=replace(world.ctx, connection=connection)), connections


def having(office, *channels: dict):
    """The office whose civil affairs bureau has these channels."""
    world, connections = office
    sample = {"recipient": "civil", "name": "青羊区民政局", "due_days": 5, "channels": channels}
    pack = Recipients.model_validate({"recipients": [sample]})
    ctx = replace(world.ctx, district=world.ctx.district.model_copy(update={"recipients": pack}))
    return replace(world, ctx=ctx), connections


def deliver(world, at: datetime = NOON, **more):
    return delivering.deliver(world.ctx, at=at, **more)


def ledger(world) -> list[tuple]:
    with world.ctx.engine("publisher").connect() as connection:
        rows = sendings.sent(connection, world.ctx.street_code)
    return [(r["period"], r["channel"], r["state"], r["attempts"]) for r in rows]


def bodies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_only_what_is_signed_goes_to_every_channel_and_is_confirmed(office, site, post):
    world, _ = having(office, FOLDER, SFTP, MAIL)
    done = deliver(world)
    assert [(e["period"], e["channel"]) for e in done["sent"]] == [("2026-07", c) for c in ("folder", "mail", "sftp")]
    assert (done["waiting"], done["unsigned"]) == ([], 1)
    published = bodies(world.ctx.settings.published / "2026-07/dibao_roster/r1")
    form = "低保对象花名册_2026-07_r1.xlsx"
    for folder in (world.ctx.settings.outbox / "recipients/a", site[0] / "incoming"):
        place = folder / "2026-07/dibao_roster/r1"
        arrived = bodies(place)
        assert arrived[form] == published[form]
        told = json.loads(arrived["manifest.json"])
        assert told["files"] == {form: sha256(published[form]).hexdigest()}
        assert told["approvals"][0]["post"] == APPROVER and told["recipient"] == "青羊区民政局"
        assert "content_hash" not in told and "checks" not in told
        assert set(arrived) == {form, "manifest.json"}
    (mail,) = post.told()
    assert mail["Subject"] == "少城街道2026年7月低保对象花名册（第1版）"
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (form, published[form])
    assert sha256(published[form]).hexdigest() in mail.get_body().get_content()
    basis = world.rows("SELECT DISTINCT basis FROM publish.sending")
    assert basis == [{"basis": "最低生活保障审核确认办法（民发〔2021〕57号）；街道办事处审核岗2026-10-02签发"}]


def test_nothing_is_sent_twice(office, post):
    world, _ = having(office, FOLDER, SFTP, MAIL)
    deliver(world)
    assert deliver(world) == {"sent": [], "waiting": [], "unsigned": 1}
    assert len(post.told()) == 1
    assert {row[2:] for row in ledger(world)} == {("confirmed", 1)}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"departments": lambda c: replace(c, port=1)}, "服务器连不上"),
        ({"departments": lambda c: replace(c, password="wrong")}, "登录凭据被拒绝"),
        ({"departments": lambda c: replace(c, extra={})}, "没有登记有效的主机密钥"),
        ({"departments": None}, "没有设置这个连接"),
        ({"mail": lambda c: replace(c, port=1)}, "邮件服务器连不上"),
        ({"mail": None}, "没有设置这个连接"),
    ],
)
def test_a_receiver_that_is_down_waits_with_the_reason_and_the_others_get_theirs(office, broken, said):
    world, connections = having(office, FOLDER, SFTP, MAIL)
    whole = dict(connections)
    for name, change in broken.items():
        connections[name] = change and change(whole[name])
        if change is None:
            del connections[name]
    done = deliver(world)
    assert len(done["sent"]) == 2 and len(done["waiting"]) == 1
    assert said in done["waiting"][0]["error"] and "wrong" not in done["waiting"][0]["error"]
    (error,) = world.rows("SELECT error FROM mart.report_delivery WHERE state = 'waiting'", role="reader")
    assert said in error["error"]

    connections.update(whole)
    assert [e["channel"] for e in deliver(world)["sent"]] == [done["waiting"][0]["channel"]]
    assert {row[2] for row in ledger(world)} == {"confirmed"}


def test_a_folder_that_cannot_be_written_waits(office):
    world, _ = having(office, FOLDER)
    blocked = world.ctx.settings.outbox / "recipients"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"a file where the folder should be")
    (waiting,) = deliver(world)["waiting"]
    assert waiting["error"] == "收件文件夹写不进（Not a directory）。 请检查文件夹权限和磁盘。"
    blocked.unlink()
    assert len(deliver(world)["sent"]) == 1


def test_a_share_that_is_not_mounted_is_not_made_up(office, tmp_path):
    world, _ = having(office, {"channel": "folder", "path": str(tmp_path / "share")})
    assert "可能没有挂载" in deliver(world)["waiting"][0]["error"]
    assert not (tmp_path / "share").exists()


def test_a_run_that_died_before_it_noted_the_sending_confirms_it_by_reading_back(office, site, monkeypatch):
    world, _ = having(office, FOLDER, SFTP)
    with monkeypatch.context() as patch:
        patch.setattr(sendings, "confirm", _die)
        with pytest.raises(KeyboardInterrupt):
            deliver(world)
    place = world.ctx.settings.outbox / "recipients/a/2026-07/dibao_roster/r1"
    before = {path.name: path.stat().st_mtime_ns for path in place.iterdir()}
    assert len(deliver(world)["sent"]) == 2
    assert {path.name: path.stat().st_mtime_ns for path in place.iterdir()} == before


def _die(*_):
    raise KeyboardInterrupt


def test_a_killed_transfer_leaves_no_manifest_and_is_finished_by_the_next_run(office, site, monkeypatch):
    world, _ = having(office, {**SFTP, "path": "killed"})
    write, written = sftp_channel._write, []

    async def dies_at_the_manifest(client, path, data):
        written.append(path)
        if path.endswith(b"manifest.json"):
            raise asyncssh.ConnectionLost("killed")
        await write(client, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(sftp_channel, "_write", dies_at_the_manifest)
        assert "传送中断" in deliver(world)["waiting"][0]["error"]
    place = site[0] / "killed/2026-07/dibao_roster/r1"
    assert [path.name for path in place.iterdir()] == ["低保对象花名册_2026-07_r1.xlsx"]
    assert len(deliver(world)["sent"]) == 1
    assert (place / "manifest.json").is_file()


def test_what_reads_back_otherwise_is_not_confirmed(office, site, monkeypatch):
    world, _ = having(office, {**SFTP, "path": "damaged"})
    write = sftp_channel._write

    async def damages(client, path, data):
        await write(client, path, data[:-1] + b"?")

    with monkeypatch.context() as patch:
        patch.setattr(sftp_channel, "_write", damages)
        assert "读回的内容不一致" in deliver(world)["waiting"][0]["error"]
    assert len(deliver(world)["sent"]) == 1


def test_a_mail_address_that_is_refused_waits(office, monkeypatch):
    import smtplib

    def refused(*_, **__):
        raise smtplib.SMTPRecipientsRefused({"x": (550, b"no such user civil@qingyang.example")})

    world, _ = having(office, MAIL, FOLDER)
    monkeypatch.setattr(smtplib.SMTP, "send_message", refused)
    done = deliver(world)
    assert [e["channel"] for e in done["sent"]] == ["folder"]
    assert done["waiting"][0]["error"] == "邮件服务器拒绝了收件地址（550）。 请核对 recipients.yaml 中的地址。"


def test_an_older_revision_is_overtaken_not_sent(office):
    world, connections = having(office, SFTP)
    connections["departments"] = replace(connections["departments"], port=1)
    deliver(world)
    late = world.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    world.replace(late, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(world.ctx)
    assert deliver(world) == {"sent": [], "waiting": [], "unsigned": 2}
    assert ledger(world) == [("2026-07", "sftp", "overtaken", 1)]


def test_a_waived_report_goes_out_until_the_waiver_ends(office):
    world, _ = having(office, FOLDER)
    waiving.waive(world.ctx, "dibao_roster", Signed(APPROVER, "审核岗出差", NOON), date(2026, 10, 9))
    late = datetime(2026, 10, 10, 4, 0, tzinfo=UTC)
    assert [e["period"] for e in deliver(world, late)["sent"]] == ["2026-07"]  # the signed one; the waiver has expired
    assert [e["period"] for e in deliver(world)["sent"]] == ["2026-08"]
    (entry,) = world.rows("SELECT basis FROM publish.sending WHERE period = '2026-08'")
    assert entry["basis"].endswith("；免签发（街道办事处审核岗，审核岗出差，至2026-10-09）")


def test_what_its_approver_returned_is_not_waived_through(office):
    world, _ = having(office, FOLDER)
    signing.return_(world.ctx, Target("dibao_roster", "2026-08"), Signed(APPROVER, "请核对", NOON))
    waiving.waive(world.ctx, "dibao_roster", Signed(APPROVER, "出差", NOON), date(2026, 10, 9))
    assert [e["period"] for e in deliver(world)["sent"]] == ["2026-07"]


def test_a_period_can_be_sent_alone(office):
    world, _ = having(office, FOLDER)
    assert deliver(world, period=Period.parse("2026Q2"))["sent"] == []
    assert len(deliver(world, period=Period.parse("2026Q3"))["sent"]) == 1


def test_a_published_file_that_was_damaged_is_not_sent(office):
    world, _ = having(office, FOLDER, MAIL)
    form = next((world.ctx.settings.published / "2026-07/dibao_roster/r1").glob("*_r1.xlsx"))
    form.write_bytes(form.read_bytes() + b"?")
    done = deliver(world)
    assert {e["error"] for e in done["waiting"]} == {"已发布的文件缺失或损坏。 请先运行该季度把它恢复。"}
    assert done["sent"] == []


def test_two_runs_at_once_send_once(office, post):
    from concurrent.futures import ThreadPoolExecutor

    world, _ = having(office, MAIL)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: deliver(world), range(2)))
    assert len(post.told()) == 1 and ledger(world) == [("2026-07", "mail", "confirmed", 1)]


def test_a_channel_that_left_the_pack_is_told(office):
    world, _ = having(office, FOLDER, SFTP)
    blocked = world.ctx.settings.outbox / "recipients"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"")
    deliver(world)
    world, _ = having((world, {}), SFTP)
    assert "已没有这个接收单位或渠道" in deliver(world)["waiting"][0]["error"]


def test_every_sending_is_audited(office, warehouse_url):
    import psycopg

    world, _ = having(office, FOLDER)
    deliver(world)
    with psycopg.connect(warehouse_url) as admin:
        found = admin.execute("SELECT object FROM audit.event WHERE action = 'deliver'").fetchall()
    assert found == [("2026-07/dibao_roster/r1 civil folder",)]


MANIFEST = {
    "report": "x",
    "files": {"a.xlsx": "1", "对照表.xlsx": "2", "b.xlsx": "3"},
    "views": {"a.xlsx": "names", "对照表.xlsx": "names", "b.xlsx": "masked"},
}


@pytest.mark.parametrize(
    ("view", "files"),
    [("names", {"a.xlsx": "1", "对照表.xlsx": "2"}), ("masked", {"b.xlsx": "3"}), ("counts", {})],
)
def test_who_is_entitled_to_a_view_gets_its_files_and_no_comparison_of_the_full_form(view, files):
    assert files_for(MANIFEST, view) == files


def test_a_recipient_whose_view_was_not_made_gets_nothing():
    recipient = Recipient(recipient="r", name="r", due_days=1)
    with pytest.raises(NotSent, match="没有适合该单位查看范围的文件"):
        Parcel.of(MANIFEST, recipient, "counts", street_code="", street="", source=Path(), basis="")


def test_a_view_goes_to_whom_the_report_names_and_the_form_to_its_department(office):
    world, _ = having(office, FOLDER)
    copy = {
        "recipient": "copy",
        "name": "档案馆",
        "due_days": 5,
        "channels": [{"channel": "folder", "path": "recipients/b"}],
    }
    pack = Recipients(recipients=(*world.ctx.district.recipients.recipients, Recipient.model_validate(copy)))
    spec = world.ctx.district.reports["dibao_roster"]
    views = tuple(view.model_copy(update={"recipients": ("档案馆",)}) for view in spec.views if view.kind == "masked")
    reports = {**world.ctx.district.reports, spec.report: spec.model_copy(update={"views": views})}
    ctx = replace(world.ctx, district=world.ctx.district.model_copy(update={"recipients": pack, "reports": reports}))
    done = deliver(replace(world, ctx=ctx))
    assert sorted(e["recipient"] for e in done["sent"]) == ["civil", "copy"] and not done["waiting"]
    sent = {p.name for p in (world.ctx.settings.outbox / "recipients/b").rglob("*.xlsx")}
    assert sent == {"低保对象花名册_2026-07_r1_脱敏.xlsx"}
