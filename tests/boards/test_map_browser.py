"""The map and a courtyard's page in a browser, for each role, on a phone and on a desk: `COURTYARD_PICTURES` keeps them."""

from __future__ import annotations

import pytest
from tests.boards.street import Street

pytestmark = pytest.mark.browser

SCREENS = {"phone": (390, 844), "desk": (1280, 900)}
ROLES = ("street01", "community01", "department01", "viewer01")
READY = "document.querySelector('#map').dataset.ready === 'true'"
VIEW = "document.querySelector('#map').getAttribute('viewBox')"
WIDER = "document.documentElement.scrollWidth - innerWidth"
COURTYARD = "5101050050020086"


def width(page) -> float:
    return float(page.js(VIEW).split()[2])


@pytest.mark.parametrize("user", ROLES)
@pytest.mark.parametrize("screen", SCREENS)
def test_each_role_has_the_map(street: Street, user: str, screen: str) -> None:
    page = street.open_page(user, "/map", width=SCREENS[screen][0], height=SCREENS[screen][1])
    page.until(READY)
    assert page.js(WIDER) <= 0
    assert page.js("document.querySelectorAll('.courtyards path').length") > 500
    assert ("未办结工单" in page.text()) == (user in ("street01", "community01"))
    street.picture(page, f"map-{user}-{screen}")


@pytest.mark.parametrize("user", ROLES)
@pytest.mark.parametrize("screen", SCREENS)
def test_each_role_has_a_courtyards_page(street: Street, user: str, screen: str) -> None:
    page = street.open_page(user, f"/courtyard/{COURTYARD}", width=SCREENS[screen][0], height=SCREENS[screen][1])
    assert page.js(WIDER) <= 0
    words = page.text()
    assert "东马棚街针织厂宿舍" in words and "档案" in words
    assert ("实有人口" in words) == (user in ("street01", "community01"))
    street.picture(page, f"courtyard-{user}-{screen}")


def test_the_map_moves_under_wheel_and_mouse_and_goes_back(street: Street) -> None:
    page = street.open_page("street01", "/map", width=1280, height=900)
    page.until(READY)
    before, start = width(page), page.js(VIEW)
    page("Input.dispatchMouseEvent", type="mouseWheel", x=350, y=500, deltaX=0, deltaY=-400)
    page.until(f"parseFloat({VIEW}.split(' ')[2]) < {before * 0.95}")
    zoomed = page.js(VIEW)
    for kind, x in (("mousePressed", 350), ("mouseMoved", 420), ("mouseMoved", 500), ("mouseReleased", 500)):
        page("Input.dispatchMouseEvent", type=kind, x=x, y=500, button="left", buttons=1, clickCount=1)
    page.until(f"{VIEW} !== '{zoomed}'")
    assert page.js("location.pathname") == "/map", "a drag opens no courtyard"
    for _ in range(8):
        page.tap("[data-zoom=in]")
    page.until("getComputedStyle(document.querySelector('#map text.name')).display !== 'none'")
    street.picture(page, "map-close")
    page.tap("[data-zoom=all]")
    page.until(f"Math.abs(parseFloat({VIEW}.split(' ')[2]) - {start.split()[2]}) < 1")


def test_two_fingers_zoom_and_the_first_tap_says_which(street: Street) -> None:
    page = street.open_page("street01", "/map")
    page.until(READY)
    before = width(page)
    y = int(page.js("document.querySelector('#map').getBoundingClientRect().top")) + 150
    page.js("scrollTo(0, 0)")
    for kind, reach in (("touchStart", 20), ("touchMove", 40), ("touchMove", 70)):
        fingers = [{"x": 190 - reach, "y": y, "id": 1}, {"x": 190 + reach, "y": y, "id": 2}]
        page("Input.dispatchTouchEvent", type=kind, touchPoints=fingers)
    page("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.until(f"parseFloat({VIEW}.split(' ')[2]) < {before * 0.8}")
    tap = """(() => { const path = document.querySelector('.courtyards a path');
      path.dispatchEvent(new PointerEvent('click', {bubbles: true, cancelable: true, pointerType: 'touch'})); })()"""
    page.js("dispatchEvent(new PointerEvent('pointerdown', {}))")
    page.js(tap)
    assert page.js("location.pathname") == "/map" and "打开档案" in page.js("document.getElementById('told').innerText")
    page.js(tap)
    page.until("location.pathname.startsWith('/courtyard/')")


def test_layers_change_without_a_new_page_and_by_links_without_script(street: Street) -> None:
    page = street.open_page("street01", "/map", width=1280, height=900)
    page.until(READY)
    page.js("window.stays = true")
    page.tap("[data-layer=assets]")
    assert page.js("window.stays") and "layer=assets" in page.js("location.search")
    assert page.js("document.querySelector('#map').classList.contains('tone-green')")
    assert page.js("document.querySelector('.legend:not([hidden])').dataset.layer") == "assets"
    figures = page.js("[...document.querySelectorAll('#list td.on')].map(cell => Number(cell.dataset.r))")
    assert figures == sorted(figures, reverse=True) and len(figures) > 500
    street.picture(page, "map-assets")
    by_link = street.get("street01", "/map?layer=assets").text
    assert 'class="tone-green"' in by_link and "资源盘活：" in by_link
