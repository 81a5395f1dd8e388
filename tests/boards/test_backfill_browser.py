"""回填 in a browser: a plan is chosen, read and given a reason, on a phone and on a desk."""

from __future__ import annotations

import pytest
from tests.boards.street import Street, served, signed_in
from tests.boards.test_backfill_page import Airflow, order

from courtyard.boards import app

pytestmark = pytest.mark.browser

WIDE = {"width": 1280, "height": 900}
IS_TOO_WIDE = "document.documentElement.scrollWidth > window.innerWidth + 1"


@pytest.mark.parametrize(("name", "size"), [("phone", {}), ("desk", WIDE)])
def test_a_plan_is_chosen_and_read(street: Street, name: str, size: dict[str, int]) -> None:
    page = street.open_page("street01", "/backfill", **size)
    assert page.js("document.querySelector('h1').innerText") == "回填：把过去的季度再跑一遍"
    assert not page.js(IS_TOO_WIDE)
    street.picture(page, f"backfill-start-{name}")
    page.js("document.querySelector('select[name=first]').value = '2025Q4'")
    page.js("document.querySelector('select[name=last]').value = '2026Q1'")
    page.tap("form.filters button:not(.plain)")
    page.until("document.body.innerText.includes('要通知谁')")
    assert page.js("document.querySelectorAll('section.card h3').length") >= 3
    assert not page.js(IS_TOO_WIDE)
    street.picture(page, f"backfill-plan-{name}")


def test_a_reason_is_written_and_the_backfill_is_started(street: Street) -> None:
    airflow, pages = Airflow(), app.build(street.settings, signed_in)
    pages.state.backfills = lambda request: airflow
    page = street.open_page("street01", "/backfill")
    with served(pages) as address:
        page.open(f"{address}/backfill?first=2026Q1&last=2026Q1")
        page.write("reason", "补报民政数据")
        street.picture(page, "backfill-reason-phone")
        page.tap(".order form button")
        page.until("document.body.innerText.includes('已交给 Airflow')")
        street.picture(page, "backfill-started-phone")
    assert airflow.asked == [order("2026Q1", "2026Q1", "补报民政数据")]


def test_every_form_is_compared_when_asked(street: Street) -> None:
    page = street.open_page("street01", "/backfill?first=2025Q4&last=2025Q4&exact=1", **WIDE)
    page.until("document.body.innerText.includes('张报表会变或可能变')")
    street.picture(page, "backfill-exact-desk")


@pytest.mark.parametrize("user", ["community01", "department01", "viewer01"])
def test_others_are_told_that_it_is_not_for_them(street: Street, user: str) -> None:
    page = street.open_page(user, "/backfill")
    assert "回填不对" in page.js("document.body.innerText")
    street.picture(page, f"backfill-forbidden-{user}")


def test_nothing_is_asked_of_the_internet(street: Street) -> None:
    answer = street.get("street01", "/backfill?first=2026Q1&last=2026Q1")
    assert answer.status_code == 200 and 'src="http' not in answer.text and 'href="http' not in answer.text
