"""In a browser, on a phone and at a desk: from the quarter board to a report, its form, a cell and its rows, as each role."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.boards.street import Street
from tests.browser import Phone

from courtyard import stages
from courtyard.desk.deciding import Signed
from courtyard.period import SHANGHAI
from courtyard.reports import signing
from courtyard.reports.signing import Target

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 900), (390, 844)
ROLES = ("street01", "community01", "department01", "viewer01")


def fits(page: Phone) -> bool:
    """Whether nothing makes the page itself scroll sideways."""
    return page.js("document.documentElement.scrollWidth <= innerWidth")


def follow(page: Phone, selector: str, path: str) -> None:
    """Click a link and wait for the page at `path`."""
    assert page.js(f"document.querySelector({selector!r}) !== null"), selector
    page.tap(selector)
    page.until(f"document.readyState === 'complete' && location.pathname.startsWith({path!r})")


@pytest.fixture(scope="module")
def signed(street: Street) -> Street:
    """The roster of March is signed: departments see what is signed. Nothing else of the street is changed."""
    ctx = stages.context("2026Q1", holder="test", settings=street.settings)
    by = Signed("街道办事处审核岗", "已核", datetime.now(SHANGHAI))
    signing.sign(ctx, Target("dibao_roster", "2026-03"), by)
    return street


@pytest.mark.parametrize("user", ROLES)
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_each_role_reads_the_board_and_the_catalogue(signed: Street, user: str, size: tuple[int, int]) -> None:
    kind = "desk" if size == DESK else "phone"
    for name, path in (("quarter", "/quarter/2026Q1"), ("reports", "/reports?quarter=2026Q1")):
        page = signed.open_page(user, path, width=size[0], height=size[1])
        assert fits(page) and "2026" in page.text()
        assert ("courtyard " in page.text()) is (user == "street01"), "commands are the street's"
        signed.picture(page, f"{name}-{user}-{kind}")


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("user", ["street01", "department01"])
def test_from_the_board_by_clicking_to_the_delivered_rows(signed: Street, user: str, size: tuple[int, int]) -> None:
    page = signed.open_page(user, "/quarter/2026Q1", width=size[0], height=size[1])
    follow(page, 'a[href$="/reports/dibao_roster/2026-03"]', "/reports/dibao_roster/2026-03")
    assert "低保对象花名册" in page.text() and fits(page)
    follow(page, "a.button", "/reports/dibao_roster/2026-03/form")
    assert page.js("document.querySelectorAll('.form td[rowspan]').length") > 0 and fits(page)
    signed.picture(page, f"form-{user}-{size[0]}")
    follow(page, '.form a[href*="/cell/J5"]', "/reports/dibao_roster/2026-03/cell/J5")
    assert "全家当月保障金额" in page.text() and fits(page)
    assert page.js("document.querySelector('#rows td a').getAttribute('href')").startswith("/deliveries/civil_affairs")
    signed.picture(page, f"cell-{user}-{size[0]}")


def test_the_filter_works_without_a_script_and_a_wrong_quarter_says_what_to_do(signed: Street) -> None:
    page = signed.open_page("street01", "/quarter/2026Q1", width=1280, height=900)
    page.js("document.querySelector('select[name=status]').value = 'missing'")
    page.tap("form.filters button")
    page.until("document.readyState === 'complete' && location.search.includes('status=missing')")
    assert "未报送" in page.text() and "部门来源\n来源" not in page.text()
    assert page.js("document.querySelectorAll('script').length") == 0
    page = signed.open_page("street01", "/quarter/2031Q1")
    assert "2031年第一季度还没有开始" in page.text() and fits(page)
    signed.picture(page, "quarter-wrong-phone")


def test_pages_ask_nobody_else_for_anything(signed: Street) -> None:
    for path in ("/quarter/2026Q1", "/reports/dibao_roster/2026-03/form"):
        page = signed.open_page("street01", path)
        asked = page.js("performance.getEntriesByType('resource').map(entry => entry.name)")
        assert all(name.startswith((signed.address, "data:")) for name in asked), asked
