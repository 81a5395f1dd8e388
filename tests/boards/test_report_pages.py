"""报表目录: which report is told to whom, its form as a grid, and a cell down to its delivered rows."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from openpyxl import load_workbook
from tests.boards.conftest import Open
from tests.boards.test_quarter_board import line, signed
from tests.conftest import PACK
from tests.reports.conftest import World
from tests.reports.conftest import dibao as dibao
from tests.reports.conftest import world as world

from courtyard import reports
from courtyard.settings import Settings

ROSTER, FIGURES = "/reports/dibao_roster/2026-07", "/reports/dibao_statistics/2026-07"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A pack with two more users: of departments that are entitled to a masked view and to counts."""
    pack = tmp_path / "pack"
    shutil.copytree(PACK, pack)
    with (pack / "users.csv").open("a", encoding="utf-8") as users:
        users.write("masked01,department,,,青羊区委社会工作部,viewer,2024-01-01,\n")
        users.write("counts01,department,,,各社区居民委员会,viewer,2024-01-01,\n")
    return replace(settings, district_path=pack)


@pytest.fixture
def published(dibao: World) -> World:
    """Roster and figures of July and August, signed."""
    reports.publish(dibao.only("dibao_roster", "dibao_statistics").ctx)
    signed(dibao)
    return dibao


def cells(html: str) -> dict[str, str]:
    """The texts of a grid by where their links lead."""
    found = re.findall(r'<td[^>]*><a href="[^"]*/cell/([A-Z]+\d+)\?revision=\d+">(.*?)</a></td>', html)
    return dict(found)


def audited(url: str) -> list[tuple[str, str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT actor, action, object FROM audit.event WHERE actor LIKE 'board:%' ORDER BY 1, event_id").fetchall()  # fmt: skip


def test_the_catalogue_tells_each_state_and_a_department_its_own(published: World, as_user: Open) -> None:
    page = as_user("street01").get("/reports?quarter=2026Q3").text
    assert "待送达" in line(page, "低保对象花名册", "2026-07") and "第1版" in line(page, "低保对象花名册", "2026-07")
    assert "暂缓" in line(page, "低保对象花名册", "2026-09") and "尚未送达" in line(page, "低保对象花名册", "2026-09")
    assert "安全隐患排查整改台账" in page
    own = as_user("department01").get("/reports?quarter=2026Q3").text
    assert "城市低保统计表" in own and "安全隐患排查整改台账" not in own and "courtyard" not in own
    viewer = as_user("viewer01").get("/reports?quarter=2026Q3").text
    assert "低保对象花名册" in viewer and "尚未送达" not in viewer


def test_the_catalogue_is_filtered_by_quarter_recipient_and_state(published: World, as_user: Open) -> None:
    street = as_user("street01")
    only = street.get("/reports?quarter=2026Q3&recipient=青羊区民政局&status=unsent").text
    assert line(only, "低保对象花名册", "2026-07") and "2026-09-30" not in only and "安全隐患排查整改台账" not in only
    assert "2025-10" in street.get("/reports?quarter=all").text
    assert street.get("/reports?quarter=2026Q5").status_code == 400
    assert street.get("/reports?quarter=2031Q1").status_code == 404
    assert street.get("/reports?status=nonsense").status_code == 400


def test_a_report_says_what_it_is(published: World, as_user: Open) -> None:
    page = as_user("department01").get("/reports/dibao_roster").text
    for said in ("最低生活保障审核确认办法", "每月", "低保信息系统", "全家当月保障金额", "社区帮扶工作需要", "脱敏表"):
        assert said in page, said
    assert line(page, "低保对象花名册", "2026-07")
    assert as_user("street01").get("/reports/nonesuch").status_code == 404
    other = as_user("department02").get("/reports/dibao_roster")
    assert other.status_code == 403 and "《低保对象花名册》不报送青羊区统计局" in other.text


def test_a_form_is_a_grid_with_its_merged_cells_and_totals(published: World, as_user: Open) -> None:
    page = as_user("department01").get(f"{ROSTER}/form").text
    assert 'colspan="15"' in page and "少城街道2026年7月低保对象花名册" in page
    assert 'rowspan="3"' in page, "one household"
    found = cells(page)
    assert found["F5"] == "王样例" and found["J5"] == "1,860.50" and "J6" not in found and found["J8"] == "930.00"
    figures = cells(as_user("department01").get(f"{FIGURES}/form").text)
    assert (figures["A8"], figures["C8"]) == ("合计", "4")


def test_a_cell_leads_to_the_rows_that_were_delivered(published: World, as_user: Open) -> None:
    page = as_user("department01").get(f"{ROSTER}/cell/J7").text
    assert "全家当月保障金额" in page and "1,860.50" in page and "合并单元格，值在 J5" in page
    row = line(page, "低保信息系统", "dibao_register_2026-07_1")
    assert "低保对象登记" in row and "2026-07/k1" in row
    assert 'href="/deliveries/civil_affairs%3A0000000000000001"' in page
    total = as_user("street01").get(f"{FIGURES}/cell/C8").text
    assert "合计数" in total and "来自 4 行送达的数据" in total
    assert as_user("street01").get(f"{ROSTER}/cell/ZZ99").status_code == 404


def test_who_is_entitled_to_less_sees_less(published: World, as_user: Open) -> None:
    masked = as_user("masked01").get(f"{ROSTER}/form").text
    assert "王" in masked and "王样例" not in masked
    assert "510105196609300017" not in masked and "/cell/" not in masked
    counts = as_user("counts01").get(f"{ROSTER}/form").text
    assert "（统计）" in counts and "样例" not in counts and "/cell/" not in counts
    for user in ("masked01", "counts01", "community01", "viewer01", "department02"):
        answer = as_user(user).get(f"{ROSTER}/cell/J5")
        assert answer.status_code == 403 and "930" not in answer.text, user
    for user in ("community01", "viewer01", "department02"):
        assert as_user(user).get(f"{ROSTER}/form").status_code == 403, user
    assert as_user("masked01").get(f"{ROSTER}/form?view=names").status_code == 403
    assert "（统计）" in as_user("street01").get(f"{ROSTER}/form?view=counts").text


def test_files_are_given_to_those_entitled_and_audited(published: World, as_user: Open, warehouse_url: str) -> None:
    full, masked = (quote(f"低保对象花名册_2026-07_r1{kind}.xlsx") for kind in ("", "_脱敏"))
    got = as_user("department01").get(f"{ROSTER}/files/{full}")
    assert got.status_code == 200 and load_workbook(BytesIO(got.content)).active["B5"].value == "王样例"
    assert as_user("masked01").get(f"{ROSTER}/files/{masked}").status_code == 200
    assert as_user("masked01").get(f"{ROSTER}/files/{full}").status_code == 403
    assert as_user("community01").get(f"{ROSTER}/files/{full}").status_code == 403
    assert as_user("street01").get(f"{ROSTER}/files/manifest.json").status_code == 404
    assert as_user("street01").get(f"{ROSTER}/files/..%2F..%2Fmanifest.json").status_code == 404
    told = audited(warehouse_url)
    assert ("board:department01", "download", "2026-07/dibao_roster/r1/低保对象花名册_2026-07_r1.xlsx") in told
    assert ("board:masked01", "forbidden", f"GET {ROSTER}/files/低保对象花名册_2026-07_r1.xlsx") in told


def test_every_look_at_persons_is_audited(published: World, as_user: Open, warehouse_url: str) -> None:
    street = as_user("street01")
    for path in (f"{ROSTER}/form", f"{ROSTER}/cell/J8", f"{FIGURES}/form"):
        assert street.get(path).status_code == 200
    assert audited(warehouse_url) == [
        ("board:street01", "show_personal", "2026-07/dibao_roster/r1 names page 1"),
        ("board:street01", "trace", "2026-07/dibao_roster/r1/J8"),
    ]


def test_what_is_not_signed_is_the_streets_alone(dibao: World, as_user: Open) -> None:
    reports.publish(dibao.only("dibao_roster").ctx)
    assert as_user("street01").get(f"{ROSTER}/form").status_code == 200
    for path in ("form", "cell/J5", "files/" + quote("低保对象花名册_2026-07_r1.xlsx")):
        answer = as_user("department01").get(f"{ROSTER}/{path}")
        assert answer.status_code == 403 and "还没有签发" in answer.text
    page = as_user("department01").get(ROSTER).text
    assert "签发后可以查看和下载" in page and "打开表格" not in page


def test_a_period_shows_its_revisions_and_what_changed_between_them(published: World, as_user: Open) -> None:
    only = published.only("dibao_roster")
    correction = only.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    only.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(only.ctx)
    street = as_user("street01")
    page = street.get(ROSTER).text
    assert "第2版" in page and "已被第2版取代" in page and line(page, "改数", "月保障金额(元)", "低保信息系统的新送达")
    assert line(page, "青羊区委社会工作部", "脱敏表", "社区帮扶工作需要")
    changed = street.get(f"{ROSTER}/changes?revision=2").text
    assert line(changed, "J8", "930", "940")
    assert cells(street.get(f"{ROSTER}/form").text)["J8"] == "940.00"
    assert cells(street.get(f"{ROSTER}/form?revision=1").text)["J8"] == "930.00"
    old = as_user("department01")
    assert cells(old.get(f"{ROSTER}/form?revision=1").text)["J8"] == "930.00", "the revision that was signed"
    assert old.get(f"{ROSTER}/form").status_code == 403, "its successor is not"
    assert street.get(f"{ROSTER}/changes?revision=1").status_code == 404
    assert as_user("masked01").get(f"{ROSTER}/changes?revision=2").status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/reports/dibao_roster/2026-99", 400, "没有“2026-99”这个期别"),
        ("/reports/dibao_roster/2031-01", 404, "2031年1月还没有开始"),
        ("/reports/dibao_roster/2026Q3", 404, "没有2026年第三季度这一期"),
        ("/reports/dibao_roster/2026-09/form", 404, "没有发布过"),
        ("/reports/nonesuch/2026-07", 404, "没有发布过"),
        (f"{ROSTER}/form?revision=7", 404, "第7版没有发布过"),
        (f"{ROSTER}/form?revision=x", 400, "版次要写成数字"),
        (f"{ROSTER}/form?page=x", 400, "页码要写成数字"),
    ],
)
def test_a_wrong_address_is_told_with_what_to_do(
    published: World, as_user: Open, path: str, status: int, told: str
) -> None:
    answer = as_user("street01").get(path)
    assert answer.status_code == status and told in answer.text


def test_a_missing_file_is_told_and_the_page_stands(published: World, as_user: Open) -> None:
    shutil.rmtree(published.ctx.settings.published / "2026-07/dibao_roster/r1")
    street = as_user("street01")
    assert street.get(ROSTER).status_code == 200
    answer = street.get(f"{ROSTER}/form")
    assert answer.status_code == 409 and "这一版的文件缺失或损坏" in answer.text


def test_a_viewer_and_a_community_are_told_the_state_alone(published: World, as_user: Open) -> None:
    for user in ("viewer01", "community01"):
        page = as_user(user).get(ROSTER).text
        assert "待送达" in page and "第1版" in page
        for hidden in ("行数", ".xlsx", "打开表格", "核对", "courtyard"):
            assert hidden not in page, (user, hidden)
