"""Deliveries and the quality report of a real small street, in a browser at the size of a phone and of a desk."""

from __future__ import annotations

import re

import pytest
from tests.boards.street import QUARTERS, Street

pytestmark = pytest.mark.browser

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
OUTSIDE = """performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith('data:'))"""
FITS = "document.documentElement.scrollWidth <= innerWidth"


@pytest.mark.parametrize("size", SIZES)
def test_from_the_list_to_a_delivery_with_findings_and_its_receipt(street: Street, size: str) -> None:
    width, height = SIZES[size]
    page = street.open_page("street01", "/deliveries?source=grid&state=partly", width=width, height=height)
    street.picture(page, f"deliveries-{size}")
    assert page.js(FITS), "Only the table scrolls sideways."
    page.tap("table a")
    page.until("document.querySelector('ul.problems') !== null")
    street.picture(page, f"delivery-{size}")
    assert page.js(FITS) and page.js(OUTSIDE) == []
    text = page.text()
    assert "怎么办：" in text and "用到它的报表" in text and "回执.docx" in text
    assert not re.search(r"\d{17}[\dX]", text), "Places and codes, never a number that was delivered."


@pytest.mark.parametrize("size", SIZES)
def test_the_quality_report_opens_its_data_docs_and_leads_back(street: Street, size: str) -> None:
    width, height = SIZES[size]
    page = street.open_page("street01", f"/quality/{QUARTERS[-1]}", width=width, height=height)
    street.picture(page, f"quality-{size}")
    assert page.js(FITS)
    page.tap("table a")
    page.until("location.pathname.endsWith('.html') && document.readyState === 'complete'")
    street.picture(page, f"data-docs-{size}")
    assert page.js(OUTSIDE) == []
    page.tap("a[href='index.html']")
    page.until("document.querySelector('header.top') !== null")


def test_roles_are_kept_apart_on_a_real_street(street: Street) -> None:
    path = f"/deliveries?period={QUARTERS[-1]}"
    assert "网格季度采集表" not in street.get("department01", path).text
    assert street.get("viewer01", path).status_code == 403
    assert street.get("community01", f"/quality/{QUARTERS[-1]}").status_code == 403
    assert street.get("street01", f"/runs/{QUARTERS[-1]}").status_code == 200
