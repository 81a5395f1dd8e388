"""Templates and assets of one folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from courtyard.pages import Pages


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "page.html").write_text("<p>{{ said }} {{ shouted | shout }}</p>", "utf-8")
    (tmp_path / "page.css").write_text("p { color: red }", "utf-8")
    (tmp_path.parent / "outside.css").write_text("x", "utf-8")
    return Pages(tmp_path, shout=str.upper)


def test_values_are_escaped_and_none_may_be_missing(pages: Pages) -> None:
    assert pages.render("page.html", said="<b>", shouted="a") == "<p>&lt;b&gt; A</p>"
    with pytest.raises(UndefinedError):
        pages.render("page.html", shouted="a")


def test_an_asset_is_named_by_what_it_holds(pages: Pages, tmp_path: Path) -> None:
    assert pages.address("page.css") == "/assets/page.css?v=9e07b08613fb"
    answer = pages.asset("page.css", "private")
    assert (answer.body, answer.headers["content-type"]) == (b"p { color: red }", "text/css; charset=utf-8")
    assert answer.headers["cache-control"] == "private, max-age=86400"


@pytest.mark.parametrize("name", ["page.html", "none.css", "../outside.css", "", "page"])
def test_nothing_else_is_given_out(pages: Pages, name: str) -> None:
    assert pages.asset(name, "public") is None
