"""Publishing: revisions, holds, and what is left on disk when a process dies."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from sqlalchemy import text

from courtyard import reports
from courtyard.errors import LeaseLost
from courtyard.reports import publishing
from courtyard.store import lease


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_publishing_again_without_news_makes_no_revision(dibao):
    dibao = dibao.only("dibao_roster")
    first = reports.publish(dibao.ctx)
    assert [(p["period"], p["revision"]) for p in first["published"]] == [("2026-07", 1), ("2026-08", 1)]
    again = reports.publish(dibao.ctx)
    assert again["published"] == []
    assert [(p["period"], p["revision"]) for p in again["unchanged"]] == [("2026-07", 1), ("2026-08", 1)]
    assert len(dibao.rows("SELECT * FROM publish.publication")) == 2
    july = dibao.ctx.settings.published / "2026-07/dibao_roster"
    assert [path.name for path in july.iterdir()] == ["r1"]


def test_the_manifest_names_every_file_with_its_hash_and_when_it_was_known(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    found = files(dibao.ctx.settings.published / "2026-07/dibao_roster/r1")
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["files"] == {name: sha256(body).hexdigest() for name, body in found.items()}
    form = "低保对象花名册_2026-07_r1"
    assert sorted(found) == sorted([f"{form}.xlsx", f"{form}_脱敏.xlsx", f"{form}_统计.xlsx"])
    assert manifest["views"] == {f"{form}.xlsx": "names", f"{form}_脱敏.xlsx": "masked", f"{form}_统计.xlsx": "counts"}
    assert (manifest["revision"], manifest["supersedes"], manifest["rows"]) == (1, None, 5)
    assert manifest["as_known_at"] == "2026-07-03T09:00:00+08:00"


def test_a_late_correction_makes_the_next_revision_and_leaves_the_old_one_alone(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    folder = dibao.ctx.settings.published / "2026-07/dibao_roster"
    before = files(folder / "r1")
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})

    result = reports.publish(dibao.ctx)

    assert [(p["period"], p["revision"]) for p in result["published"]] == [("2026-07", 2)]
    assert files(folder / "r1") == before
    assert dibao.sheet("2026-07/dibao_roster/r2")["J8"].value == 940
    assert dibao.sheet("2026-07/dibao_roster/r2")["F3"].value == "填表日期：2026年9月20日"
    assert json.loads((folder / "r2/manifest.json").read_bytes())["supersedes"] == 1


def test_a_report_without_its_data_is_held_by_name_and_released_when_it_arrives(dibao):
    dibao = dibao.only("dibao_roster")
    reason = "低保信息系统2026年9月的低保对象登记数据尚未送达 补齐后再运行。"
    assert reports.publish(dibao.ctx)["held"] == [{"report": "dibao_roster", "period": "2026-09", "reason": reason}]
    assert dibao.rows("SELECT report, period, reason FROM publish.hold", role="reader") == [
        {"report": "dibao_roster", "period": "2026-09", "reason": reason}
    ]
    assert not (dibao.ctx.settings.published / "2026-09").exists()

    delivery = dibao.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    dibao.record(delivery, "k9", {"benefit_no": "D9", "name": "孙样例", "category": "dibao", "monthly_amount": "1"})
    assert reports.publish(dibao.ctx)["held"] == []
    assert dibao.rows("SELECT * FROM publish.hold") == []


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        ("held", "比上期少 12%", "被暂缓：比上期少 12%"),
        ("rejected", "文件无法读取。", "无法读取：文件无法读取"),
        ("parsed", "", "尚未合并入库"),
    ],
)
def test_a_hold_says_what_became_of_the_delivery(world, status, reason, said):
    world.batch("population", "2026Q3", status=status, reason=reason)
    (held,) = reports.publish(world.only("population_statistics").ctx)["held"]
    assert held["reason"].startswith(f"实有人口库2026年第三季度的实有人口数据{said} ")


def test_a_failed_fetch_is_the_reason_of_the_hold(world):
    world.execute(
        "INSERT INTO landing.fetch VALUES (:street, 'population', '2026Q3', 'failed', '连接被拒绝', now())",
        street=world.ctx.street_code,
    )
    (held,) = reports.publish(world.only("population_statistics").ctx)["held"]
    assert "取数失败：连接被拒绝" in held["reason"]


def test_killed_before_the_publication_was_recorded(dibao, monkeypatch):
    """The folder is whole, its row is missing: the next run records it and renders the same bytes."""
    dibao = dibao.only("dibao_roster")
    monkeypatch.setattr(publishing, "_RECORD", text("SELECT 1 / 0"))
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_hold", _die)
        with pytest.raises(KeyboardInterrupt):
            reports.publish(dibao.ctx)
    folder = dibao.ctx.settings.published / "2026-07/dibao_roster/r1"
    left = files(folder)
    assert dibao.rows("SELECT * FROM publish.publication") == []
    monkeypatch.undo()

    assert reports.publish(dibao.ctx)["published"][0]["revision"] == 1
    assert files(folder) == left
    assert len(dibao.rows("SELECT * FROM publish.publication WHERE period = '2026-07'")) == 1


def test_a_folder_that_was_never_recorded_and_says_something_else_is_replaced(dibao):
    folder = dibao.ctx.settings.published / "2026-07/dibao_roster/r1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    reports.publish(dibao.only("dibao_roster").ctx)
    assert "低保对象花名册_2026-07_r1.xlsx" in files(folder)
    assert json.loads((folder / "manifest.json").read_bytes())["report"] == "dibao_roster"


def _die(*_):
    raise KeyboardInterrupt


def test_killed_while_writing_leaves_the_former_publication_current(dibao, monkeypatch):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    folder = dibao.ctx.settings.published / "2026-07/dibao_roster"
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    monkeypatch.setattr("courtyard.reports.folder._sync_folder", _die)
    with pytest.raises(KeyboardInterrupt):
        reports.publish(dibao.ctx)
    assert sorted(path.name for path in folder.iterdir()) == ["r1", "r2.part"]
    monkeypatch.undo()

    reports.publish(dibao.ctx)
    assert sorted(path.name for path in folder.iterdir()) == ["r1", "r2"]


@pytest.mark.parametrize("damage", ["no folder", "no manifest", "a byte"])
def test_a_damaged_folder_is_made_again_as_it_was_known_then(dibao, damage):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    folder = dibao.ctx.settings.published / "2026-07/dibao_roster/r1"
    before = files(folder)
    forms = sorted(folder.glob("*.xlsx"))
    if damage == "a byte":
        forms[-1].write_bytes(forms[-1].read_bytes()[:-1] + b"?")
    else:
        (folder / "manifest.json").unlink()
        if damage == "no folder":
            for form in forms:
                form.unlink()
            folder.rmdir()

    result = reports.publish(dibao.ctx)

    assert result["published"] == []
    assert files(folder) == before


def test_the_loser_of_two_publishers_is_told_and_leaves_no_hold(dibao):
    dibao = dibao.only("dibao_roster")
    with dibao.ctx.engine("publisher").begin() as other:
        for period in ("2026-07", "2026-08"):
            name = f"{dibao.ctx.street_code}/dibao_roster/{period}"
            assert other.scalar(publishing._LOCK, {"name": name})
        held = reports.publish(dibao.ctx)["held"]
    assert [h["period"] for h in held if "另一个进程正在发布" in h["reason"]] == ["2026-07", "2026-08"]
    assert [h["period"] for h in dibao.rows("SELECT period FROM publish.hold")] == ["2026-09"]
    assert len(reports.publish(dibao.ctx)["published"]) == 2


def test_a_stale_lease_publishes_nothing(dibao):
    ctx = dibao.ctx.under(lease.acquire(dibao.ctx))
    lease.release(ctx)
    with pytest.raises(LeaseLost):
        reports.publish(ctx)
    assert not dibao.ctx.settings.published.exists()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC 1", "SQLSTATE 42601"),
        ("SELECT 1 AS number", "缺少列"),
        ("SELECT ('张' || '三')::int AS number", "SQLSTATE 22P02"),
    ],
)
def test_a_broken_report_is_held_with_its_reason_and_the_others_go_on(dibao, tmp_path, sql, said):
    pack = tmp_path / "pack"
    _copy_reports(dibao.ctx.settings.district_path, pack)
    (pack / "reports/sql/dibao_roster.sql").write_text(sql, "utf-8")
    ctx = _with_pack(dibao.only("dibao_roster", "dibao_statistics").ctx, pack)

    result = reports.publish(ctx)

    assert {p["report"] for p in result["published"]} == {"dibao_statistics"}
    reasons = [h["reason"] for h in result["held"] if h["period"] == "2026-07"]
    assert len(reasons) == 1
    assert said in reasons[0]
    assert "张" not in reasons[0]


def test_text_that_no_cell_can_hold_is_held_not_cut(dibao):
    delivery = dibao.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    dibao.record(delivery, "k9", {"benefit_no": "D9", "name": "孙样例", "remark": "长" * 40_000})
    held = reports.publish(dibao.only("dibao_roster").ctx)["held"]
    assert [h["reason"] for h in held] == ["第 5 行的“备注”超过 32767 字，单元格放不下。 请在来源中缩短它。"]


def test_a_full_disk_holds_the_report_and_records_no_publication(dibao, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("courtyard.reports.folder.os.fsync", full)
    held = reports.publish(dibao.only("dibao_roster").ctx)["held"]
    assert held[0]["reason"] == "文件写不进 published 文件夹（No space left on device）。请检查磁盘。"
    assert dibao.rows("SELECT * FROM publish.publication") == []


def test_every_export_is_audited(dibao, pg_admin_url, warehouse_url):
    import psycopg

    reports.publish(dibao.only("dibao_roster").ctx)
    with psycopg.connect(warehouse_url) as admin:
        found = admin.execute("SELECT actor, action, object FROM audit.event ORDER BY event_id").fetchall()
    assert found == [("test", "export", f"2026-0{month}/dibao_roster/r1") for month in (7, 8)]


def _copy_reports(pack, target):
    import shutil

    shutil.copytree(pack / "reports", target / "reports")


def _with_pack(ctx, pack):
    from dataclasses import replace

    return replace(ctx, settings=replace(ctx.settings, district_path=pack))
