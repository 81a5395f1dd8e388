"""The catalogue: what it lists, that its links lead somewhere, that it names nobody, and that only changes are written."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from courtyard import reports
from courtyard.reports import catalogue
from courtyard.reports.catalogue import reading, showing, writing

_LINK = re.compile(r'(?:href|src)="([^"#]*)(?:#[^"]*)?"')


def entries(world) -> list:
    with world.ctx.engine("publisher").connect() as connection:
        return reading.entries(connection, world.ctx)


def listed(world) -> list[tuple]:
    return [(e.report, str(e.period), e.latest and e.latest.number, e.status.value) for e in entries(world)]


def pages(world) -> dict[str, str]:
    site = world.ctx.settings.published / "catalogue"
    return {p.relative_to(site).as_posix(): p.read_text("utf-8") for p in sorted(site.rglob("*")) if p.is_file()}


def stamps(world) -> dict[str, int]:
    site = world.ctx.settings.published / "catalogue"
    return {p.relative_to(site).as_posix(): p.stat().st_ino for p in sorted(site.rglob("*")) if p.is_file()}


def test_every_report_and_period_stands_there_with_its_status(dibao):
    dibao = dibao.only("dibao_roster", "activist_ledger")
    reports.publish(dibao.ctx)
    assert listed(dibao)[:7] == [
        ("activist_ledger", "2026Q4", None, "未到期"),
        ("dibao_roster", "2026-10", None, "未到期"),
        ("dibao_roster", "2026-09", None, "暂缓"),
        ("activist_ledger", "2026Q3", None, "暂缓"),
        ("dibao_roster", "2026-08", 1, "待签发"),
        ("dibao_roster", "2026-07", 1, "待签发"),
        ("dibao_roster", "2026-06", None, "未办理"),
    ]
    assert listed(dibao)[-1] == ("dibao_roster", "2025-10", None, "未办理")
    index = pages(dibao)["index.html"]
    assert "低保信息系统2026年9月的低保对象登记数据尚未送达 补齐后再运行。" in index
    assert "数据更新至 2026-08-03 09:00" in index


def test_the_first_page_says_all_without_a_script(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    index = pages(dibao)["index.html"]
    assert index.count('<tr class="row"') == len(entries(dibao)) == 13
    assert "hidden" not in index.replace('<tbody id="nothing" hidden>', "")
    assert 'data-words="低保对象花名册 dibao_roster' in index and "身份证号" in index


def test_a_page_a_report_with_columns_sources_and_checks(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    page = pages(dibao)["reports/dibao_roster.html"]
    for said in (
        "青羊区民政局", "最低生活保障审核确认办法（民发〔2021〕57号）", "成员本人的公民身份号码；未登记的留空",
        "低保信息系统", "这一户应有且只有一名户主", "最低生活保障和特困供养",
    ):  # fmt: skip
        assert said in page, said


def test_a_page_a_publication_with_files_deliveries_and_cells(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    page = pages(dibao)["publications/2026-07/dibao_roster.html"]
    assert "低保对象花名册_2026-07_r1.xlsx" in page
    assert "63 格，其中从档案自动填出 49 格" in page
    assert re.search(r"低保对象登记</td><td>低保信息系统</td>.*2026年7月.*>1</td>.*2026-07-03 09:00", page)


def test_every_link_leads_to_a_file_and_none_leaves_the_house(dibao):
    dibao = dibao.only("dibao_roster", "dibao_statistics")
    reports.publish(dibao.ctx)
    site = dibao.ctx.settings.published / "catalogue"
    found = [
        (name, link) for name, text in pages(dibao).items() if name.endswith(".html") for link in _LINK.findall(text)
    ]
    assert len([link for _, link in found if link.endswith(".xlsx")]) >= 8
    for name, link in found:
        assert (site / name).parent.joinpath(unquote(link)).is_file() or not link, (name, link)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", "".join(pages(dibao).values()))


def test_it_names_nobody(dibao):
    dibao = dibao.only("dibao_roster", "dibao_statistics", "activist_ledger")
    reports.publish(dibao.ctx)
    text = "".join(pages(dibao).values())
    for personal in ("样例家", "王样例", "李样例", "赵样例", "510105198803070024", "13800000001", "D001", "2-301"):
        assert personal not in text


def test_forms_stay_their_owners_and_pages_may_be_read(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    published = dibao.ctx.settings.published
    assert {oct(p.stat().st_mode & 0o777) for p in published.rglob("*.xlsx")} == {"0o600"}
    assert {oct(p.stat().st_mode & 0o777) for p in (published / "catalogue").rglob("*") if p.is_file()} == {"0o644"}


def test_only_what_changed_is_written(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    before = stamps(dibao)
    reports.publish(dibao.ctx)
    assert stamps(dibao) == before
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    changed = {name for name, stamp in stamps(dibao).items() if before.get(name) != stamp}
    assert changed == {"index.html", "publications/2026-07/dibao_roster.html", "reports/dibao_roster.html"}
    page = pages(dibao)["publications/2026-07/dibao_roster.html"]
    assert page.index("第2版") < page.index("已被第2版取代")


def test_what_is_no_longer_there_and_what_a_killed_run_left_go(tmp_path):
    site = tmp_path / "site"
    assert writing.bring_up_to_date(site, {"index.html": b"1", "a/old.html": b"2"}) == ["a/old.html", "index.html"]
    (site / ".x.part").write_bytes(b"half")
    assert writing.bring_up_to_date(site, {"index.html": b"1", "new.html": b"3"}) == ["new.html"]
    assert sorted(p.name for p in site.rglob("*")) == ["index.html", "new.html"]


def test_a_page_is_whole_or_not_there(tmp_path, monkeypatch):
    site = tmp_path / "site"
    writing.bring_up_to_date(site, {"index.html": b"old"})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        writing.bring_up_to_date(site, {"index.html": b"new"})
    assert [(p.name, p.read_bytes()) for p in site.iterdir()] == [("index.html", b"old")]


def test_a_disk_that_refuses_the_catalogue_holds_no_report_back(dibao, monkeypatch):
    dibao = dibao.only("dibao_roster")
    monkeypatch.setattr(writing, "_replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    done = reports.publish(dibao.ctx)
    assert len(done["published"]) == 2
    assert done["held"][-1]["report"] == "catalogue" and "No space left" in done["held"][-1]["reason"]


def test_a_report_that_the_pack_no_longer_has_keeps_its_publications(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    left = dibao.only("activist_ledger")
    catalogue.build(left.ctx)
    assert ("dibao_roster", "2026-07", 1, "已发布") in listed(left)
    assert "publications/2026-07/dibao_roster.html" in pages(left)
    assert "reports/dibao_roster.html" not in pages(left)


SIGN_OFF = """
CREATE TABLE IF NOT EXISTS publish.sign_off (sign_id bigserial PRIMARY KEY, street_code text, report text, period text,
    revision int, content_hash text, decision text, reason text DEFAULT '', post text, at timestamptz);
GRANT SELECT ON publish.sign_off TO courtyard_publisher;
INSERT INTO publish.sign_off (street_code, report, period, revision, content_hash, decision, reason, post, at) VALUES
    ('510105005', 'dibao_roster', '2026-07', 1, '', 'returned', '少一户', '街道办事处审核岗', '2026-08-04 10:00+08'),
    ('510105005', 'dibao_roster', '2026-07', 1, '', 'signed', '', '街道办事处审核岗', '2026-08-05 10:00+08'),
    ('510105005', 'dibao_roster', '2026-07', 1, '', 'refused', '填报人不能签发', '街道社区发展治理办公室', '2026-08-06 10:00+08'),
    ('510105005', 'dibao_roster', '2026-08', 1, '', 'returned', '金额待核', '街道办事处审核岗', '2026-09-04 10:00+08');
"""
SENDING = """
CREATE TABLE IF NOT EXISTS publish.sending (street_code text, report text, period text, revision int, recipient text,
    channel text, target text, basis text, view text, files jsonb, queued_at timestamptz, attempts int DEFAULT 0,
    sent_at timestamptz, confirmed_at timestamptz, error text DEFAULT '');
GRANT SELECT ON publish.sending TO courtyard_publisher;
INSERT INTO publish.sending (street_code, report, period, revision, recipient, channel, target, basis, view, files,
    queued_at, sent_at, confirmed_at, error) VALUES
    ('510105005', 'dibao_roster', '2026-07', 1, '青羊区民政局', 'sftp', '', '', '', '{}', now(), '2026-08-05 11:00+08',
     '2026-08-05 11:01+08', ''),
    ('510105005', 'dibao_roster', '2026-07', 1, '青羊区民政局', 'mail', '', '', '', '{}', now(), NULL, NULL, '邮件服务器没有应答');
"""


def test_sign_off_and_delivery_are_shown_as_they_are_recorded(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    with psycopg.connect(dibao.ctx.url) as connection:
        connection.execute(SIGN_OFF)
        connection.execute(SENDING)
    found = {str(e.period): e for e in entries(dibao) if e.latest}
    july, august = found["2026-07"], found["2026-08"]
    assert (july.status.value, july.reason) == ("已签发", "")
    assert (august.status.value, august.reason) == ("退回", "金额待核")
    assert [(s.channel, s.state) for s in july.latest.progress.sendings] == [
        ("mail", "未送出：邮件服务器没有应答"),
        ("sftp", "已送达并核对"),
    ]
    catalogue.build(dibao.ctx)
    page = pages(dibao)["publications/2026-07/dibao_roster.html"]
    assert "街道办事处审核岗，2026-08-05 10:00" in page and "2026-08-05 11:01" in page


def test_what_went_out_on_a_waiver_is_shown_as_such_and_not_as_waiting(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    with psycopg.connect(dibao.ctx.url) as connection:
        connection.execute(SENDING)
        connection.execute(
            "UPDATE publish.sending SET basis = '月报；免签发（街道办事处审核岗，节前提前报送，至2026-12-31）' WHERE channel = 'sftp'"
        )
    statuses = {str(e.period): e.status.value for e in entries(dibao) if e.latest}
    assert (statuses["2026-07"], statuses["2026-08"]) == ("免签发", "待签发")


def test_changes_checks_and_recalls_are_told_without_a_value(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    dibao.sent()
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    july = next(e for e in entries(dibao) if str(e.period) == "2026-07").latest
    assert [(c.kind, c.column, c.cells, c.cause) for c in july.changes] == [
        ("改数", "月保障金额(元)", 1, "低保信息系统的新送达"),
    ]
    assert [(c.title, c.state) for c in july.checks] == [
        ("户数与城市低保统计表一致", "未比较"),
        ("各保障类别的户数与上月比", "未比较"),
    ]
    assert [(s.recipient, s.channel, s.state) for s in july.progress.sendings] == [("青羊区民政局", "更正通知", "待发")]
    catalogue.build(dibao.ctx)
    found = pages(dibao)
    assert "1处变动" in found["index.html"]
    page = found["publications/2026-07/dibao_roster.html"]
    assert "较第1版的变动" in page and "更正通知" in page and "户数与城市低保统计表一致" in page and "940" not in page


def test_the_same_warehouse_gives_the_same_site(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    first = pages(dibao)
    for path in sorted((dibao.ctx.settings.published / "catalogue").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert catalogue.build(dibao.ctx) == dibao.ctx.settings.published / "catalogue/index.html"
    assert pages(dibao) == first


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("低保对象花名册_2026-07_r2.xlsx", "Excel 表格"),
        ("低保对象花名册_2026-07_r2_对照表.xlsx", "对照表"),
        ("低保对象花名册_2026Q3_r12_隐名.pdf", "隐名"),
        ("季度简报_2026Q3_r1.docx", "季度简报_2026Q3_r1"),
    ],
)
def test_a_download_says_what_it_is(file, said):
    assert showing.download(file, "低保对象花名册") == said


def test_the_files_of_the_site_are_the_pages_own():
    folder = Path(catalogue.__file__).parent / "site"
    assert {p.suffix for p in folder.iterdir()} == {".html", ".css", ".js"}
