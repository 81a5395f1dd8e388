"""一张图 and a courtyard's page over literal rows: what each role is shown, and that the page's source holds no more."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from tests.boards.conftest import Open
from tests.boards.literal import Literal

from courtyard.period import SHANGHAI
from courtyard.settings import Settings

# Of community 002 (community01's) and of community 003 (community02's).
A, B, C, D = "5101050050020001", "5101050050020002", "5101050050020003", "5101050050020004"
OTHERS = ("5101050050030001", "5101050050030002", "5101050050030003")
INSIDE = ("street01", "community01")
OUTSIDE = ("community02", "department01", "viewer01")


def groups(dibao: int | None, disabled: int | None, alone: int | None) -> dict[str, int | None]:
    rest = {"activist": 37, "party_member": 0, "school_age": 0}
    return {"dibao": dibao, "disabled": disabled, "elderly_alone": alone, **rest}


@pytest.fixture
def street(settings: Settings, warehouse_url: str) -> None:
    """Figures of persons are such that no other figure of the page happens to be the same."""
    things = {"facilities": 4, "service_points": 0, "facilities_in_repair": 1}
    quiet = {"hazards_open": 0, "hazards_overdue": 0, "hotline_open": 0, "disputes_open": 0, "reports_open": 0}
    with Literal(settings, warehouse_url) as rows:
        rows.archive(
            A,
            population={"persons": 7713, "households": 911, "age_60_up": 641},
            key_groups=groups(3, 0, 0),
            resources=things,
            response={**quiet, "hazards_open": 2, "hazards_overdue": 1, "hotline_open": 823},
            items={"dibao_households": 2, "alone": 619},
        )
        rows.archive(B, key_groups=groups(277, 0, 0), resources=things, response=quiet)
        rows.archive(C, key_groups=groups(0, 0, 0), resources={**things, "facilities": None}, response=quiet)
        rows.archive(D, key_groups=groups(None, 0, 0), resources=things, response=quiet)
        for code in OTHERS:
            rows.archive(code, key_groups=groups(1, 1, 1), resources=things, response=quiet)
        rows.archive(A, "2026Q2", key_groups=groups(2, 0, 0), population={"persons": 7700}, response=quiet)
        rows.tag(A, "dibao_concentrated", "低保集中", "低保对象3人，占0.4%")
        rows.tag(A, "old_courtyard", "老旧院落", "1984年建成")
        rows.indicator(A, "dibao_share", "低保对象占比", 0.389)
        rows.indicator(A, "hazards_in_time", "隐患按期整改率", 75)
        rows.indicator(A, "hazards_in_time", "隐患按期整改率", 50, "2026Q2")
        late = datetime(2026, 10, 1, tzinfo=SHANGHAI)
        rows.case("261001-TRY01", A, "510105005002", late.replace(day=1, month=9), late)


def listed(page: str, name: str) -> list[str]:
    """The figures of a courtyard in the list, layer by layer; a badge stands behind its figure."""
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, re.S) if f">{name}</a>" in row)
    cells = re.findall(r'<td class="num[^>]*>(.*?)</td>', row, re.S)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("user", INSIDE)
def test_who_looks_after_a_courtyard_sees_its_figures(as_user: Open, user: str) -> None:
    page = as_user(user).get("/map").text
    assert listed(page, "四道街2号院") == ["3", "4 有待修设施", "2 有安全隐患季末逾期", "37", "1 有超期工单"]
    assert listed(page, "四道街4号院")[0] == "277"
    assert listed(page, "四道街6号院")[:2] == ["0", "—"]  # none is not the same as not known
    assert listed(page, "四道街23号院")[0] == "—"
    assert "低保集中" in page


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("user", OUTSIDE)
def test_everybody_else_sees_marks_of_persons_and_numbers_of_things(as_user: Open, user: str) -> None:
    page = as_user(user).get("/map").text
    assert listed(page, "四道街2号院")[:4] == ["*", "4 有待修设施", "2 有安全隐患季末逾期", "≥5"]
    assert listed(page, "四道街4号院")[0] == "≥5"
    assert listed(page, "四道街6号院")[0] == "0"
    assert listed(page, "四道街23号院")[0] == "—"
    assert "合计" not in page.split("资源盘活：")[0]


@pytest.mark.usefixtures("street")
def test_a_community_sees_its_own_and_marks_of_its_neighbours(as_user: Open) -> None:
    page = as_user("community02").get("/map").text
    own = Literal.__name__ and [listed(page, name)[0] for name in _names(OTHERS)]
    assert own == ["3", "3", "3"]
    assert [listed(as_user("viewer01").get("/map").text, name)[0] for name in _names(OTHERS)] == ["*", "*", "*"]
    assert listed(page, "四道街2号院")[4] == "不开放"


def _names(codes: tuple[str, ...]) -> list[str]:
    from courtyard.district import load_district

    known = load_district(Settings.from_env({}).district_path).courtyard_by_code
    return [known[code].name for code in codes]


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("user", OUTSIDE)
@pytest.mark.parametrize("path", ["/map", f"/courtyard/{A}", f"/courtyard/{B}", f"/courtyard/{A}?quarter=2026Q2"])
def test_nothing_hidden_stands_anywhere_in_the_source(as_user: Open, user: str, path: str) -> None:
    page = as_user(user).get(path).text
    words = re.sub(r'(\sd="[^"]*"|\bviewBox="[^"]*"|\b[xy]="[^"]*"|transform="[^"]*")', "", page)
    for hidden in (
        "277",
        "7713",
        "7700",
        "911",
        "641",
        "823",
        "619",
        "低保集中",
        "低保对象占比",
        "0.4%",
        "261001-TRY01",
    ):
        assert hidden not in words, hidden
    assert "37" not in re.findall(r"居民骨干</dt><dd[^>]*>([^<]*)", words)


@pytest.mark.usefixtures("street")
def test_a_courtyards_page_tells_its_community_all(as_user: Open) -> None:
    page = as_user("community01").get(f"/courtyard/{A}").text
    for shown in ("7713人", "低保对象3人，占0.4%", "0.4%", "261001-TRY01", "超期", "823", "没有收到"):
        assert shown in page, shown
    row = re.search(r"隐患按期整改率</td>(.*?)</tr>", page, re.S)
    assert re.findall(r">([^<]+)</td>", row[1]) == ["75%", "50", "+25", "—", "—"]
    assert page.count('class="pygal-chart"') >= 2


@pytest.mark.usefixtures("street")
def test_a_courtyards_page_tells_others_what_is_of_things(as_user: Open) -> None:
    page = as_user("viewer01").get(f"/courtyard/{A}").text
    figure = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]+)", page))
    assert (figure["低保对象"], figure["残疾人"], figure["居民骨干"], figure["公共设施"]) == ("*", "0", "≥5", "4处")
    assert "实有人口" not in figure and "低保户" not in figure and "登记的独居老人" not in figure
    assert "老旧院落" in page and "隐患按期整改率" in page and "矛盾纠纷" not in page and "未办结" not in page


def test_a_correction_is_told_and_the_former_archive_can_be_read(
    as_user: Open, settings: Settings, warehouse_url: str
) -> None:
    with Literal(settings, warehouse_url) as rows:
        rows.archive(A, at="2026-10-01", until="2026-10-05", key_groups=groups(3, 0, 0))
        rows.archive(A, at="2026-10-05", key_groups=groups(2, 0, 0))
    page = as_user("street01").get(f"/courtyard/{A}").text
    assert "低保对象 3人 → 2人" in page and "known=2026-10-04" in page
    before = as_user("street01").get(f"/courtyard/{A}?known=2026-10-04").text
    assert dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]+)", before))["低保对象"] == "3人"
    assert as_user("street01").get(f"/courtyard/{A}?known=2026-09-04").status_code == 404
    assert as_user("viewer01").get(f"/courtyard/{A}?known=2026-10-04").status_code == 403
    assert "→" not in as_user("viewer01").get(f"/courtyard/{A}").text


@pytest.mark.usefixtures("street")
def test_filters_work_by_get(as_user: Open) -> None:
    client = as_user("street01")
    assert "7 个" in client.get("/map").text
    assert "3 个，共 7 个" in client.get("/map?community=510105005003").text
    assert "1 个，共 7 个" in client.get("/map?tag=dibao_concentrated").text
    assert "1 个，共 7 个" in client.get("/map?q=康里公寓").text  # an alias
    assert "没有符合筛选的院落" in as_user("viewer01").get("/map?tag=dibao_concentrated").text
    assert "四道街2号院" in client.get("/map?quarter=2026Q2").text


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize(
    ("user", "path", "status", "told"),
    [
        ("street01", "/map?quarter=2031Q1", 404, "2031Q1没有院落档案。"),
        ("street01", "/map?quarter=2026Q9", 400, ""),
        ("street01", "/map?layer=none", 404, "没有这个图层。"),
        ("viewer01", "/map?layer=cases", 403, "这个图层不对您的账号开放。"),
        ("street01", "/courtyard/1", 404, "没有这个院落。"),
        ("street01", f"/courtyard/{A}?known=soon", 400, "没有这一天。"),
        ("street01", f"/courtyard/{A}?quarter=2025Q1", 404, "2025Q1没有院落档案。"),
    ],
)
def test_what_is_not_there_is_said(as_user: Open, user: str, path: str, status: int, told: str) -> None:
    answer = as_user(user).get(path)
    assert answer.status_code == status and told in answer.text


def test_before_the_first_quarter_the_map_shows_where_courtyards_are(as_user: Open) -> None:
    page = as_user("viewer01").get("/map")
    assert page.status_code == 200 and "还没有任何季度的院落档案" in page.text and page.text.count('<path d="M') > 500
    assert "这个院落还没有任何季度的档案" in as_user("viewer01").get(f"/courtyard/{A}").text
