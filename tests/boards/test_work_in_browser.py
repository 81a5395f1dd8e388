"""核实台, 工单 and 减负账 in a browser, at a phone and at a desk: what fits, what one click does."""

from __future__ import annotations

import pytest
from tests.boards.street import Street

pytestmark = pytest.mark.browser
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
OUTSIDE = """performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin)).length"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("user", "path", "title"),
    [
        ("street01", "/desk", "核实台"),
        ("community01", "/desk", "核实台"),
        ("department01", "/desk", "核实台"),
        ("street01", "/cases", "工单"),
        ("community01", "/cases", "工单"),
        ("street01", "/burden", "减负账"),
        ("community01", "/burden", "减负账"),
        ("department01", "/burden", "减负账"),
        ("viewer01", "/burden", "减负账"),
        ("viewer01", "/desk", "核实台不对访客账号开放"),
        ("department01", "/cases", "工单不对部门账号开放"),
    ],
)
def test_a_page_fits_the_screen_and_asks_nobody_else(
    street: Street, size: str, user: str, path: str, title: str
) -> None:
    width, height = SIZES[size]
    page = street.open_page(user, path, width=width, height=height)
    assert title in page.js("document.querySelector('h1').textContent")
    assert page.js(FITS) and page.js(OUTSIDE) == 0
    street.picture(page, f"{path.strip('/')}-{user}-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_an_entry_is_decided_with_a_reason_and_one_click(street: Street, size: str) -> None:
    width, height = SIZES[size]
    page = street.open_page("street01", "/desk", width=width, height=height)
    left = int(page.js("document.querySelector('.figure').textContent"))
    if not left:
        pytest.skip("nothing waits on this street")
    page.js("document.querySelector('a.start').click()")
    page.until("document.querySelector('#decide')")
    assert page.js(FITS)
    street.picture(page, f"entry-{size}")
    button = "document.querySelector('.side button, .verdicts button:last-child')"
    assert page.js(f"{button}.getBoundingClientRect().height") >= 44
    page.js(f"{button}.click()")  # without a reason the browser itself refuses
    assert page.js("!document.querySelector('#decide').checkValidity()")
    page.js("document.querySelector('input[name=reason]').value = '浏览器试过'")
    page.js(f"{button}.click()")
    page.until("document.querySelector('.told')")
    assert "下一次运行起生效" in page.js("document.querySelector('.told').textContent")
    street.picture(page, f"decided-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_a_case_is_opened_from_the_list_and_noted(street: Street, size: str) -> None:
    width, height = SIZES[size]
    page = street.open_page("street01", "/cases", width=width, height=height)
    if not page.js("document.querySelectorAll('a.case').length"):
        pytest.skip("no case is open on this street")
    page.js("document.querySelector('a.case').click()")
    page.until("document.querySelector('.timeline')")
    assert page.js(FITS) and page.js("document.querySelectorAll('.clock').length") == 2
    street.picture(page, f"case-{size}")
    form = "document.querySelector('form[action$=noted]')"
    page.js(f"{form}.closest('details').open = true; {form}.querySelector('textarea').value = '浏览器试过'")
    page.js(f"{form}.querySelector('button').click()")
    page.until("document.querySelector('.told')")
    assert "已记下：备注" in page.js("document.querySelector('.told').textContent")
