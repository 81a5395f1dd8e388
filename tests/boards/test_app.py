"""What holds for every page: who may open it, what a refusal says, what is audited."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fastapi import Request
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool
from tests.boards.conftest import Open

from courtyard.boards import app, guard, menu
from courtyard.boards.who import Who, who_is
from courtyard.district import load_district
from courtyard.errors import UsageError

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
DAY = date(2026, 10, 8)


@pytest.fixture
def with_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page more: /desk/fails for those who may see the desk."""

    def mount(pages: object) -> None:
        @pages.get("/desk/try")
        def good(who: Who = guard.allowed(menu.DESK)) -> dict[str, str]:
            return {"user": who.user}

        @pages.post("/desk/try")
        def act(request: Request, who: Who = guard.allowed(menu.DESK, "street")) -> dict[str, str]:
            guard.audit(request, "tried", "desk")
            return {"user": who.user}

        @pages.get("/desk/fails")
        def fails(who: Who = guard.allowed(menu.DESK)) -> dict[str, str]:
            raise ValueError("张三 510105194912310021")

    monkeypatch.setattr(app, "_pages", lambda: (mount,))


def audited(url: str) -> list[tuple[str, str, str]]:
    query = text("SELECT actor, action, object FROM audit.event ORDER BY event_id")
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with admin.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


@pytest.mark.usefixtures("with_a_page")
def test_nobody_gets_in_without_signing_in(as_user: Open) -> None:
    answer = as_user(None).get("/desk/try")
    assert answer.status_code == 401 and "您还没有登录" in answer.text


@pytest.mark.usefixtures("with_a_page")
def test_a_role_that_may_not_is_told_so_and_it_is_audited(as_user: Open, warehouse_url: str) -> None:
    answer = as_user("viewer01").get("/desk/try")
    assert answer.status_code == 403 and "核实台不对访客账号开放。" in answer.text
    assert as_user("nobody-listed").get("/desk/try").status_code == 403
    assert as_user("community01").get("/desk/try").json() == {"user": "community01"}
    assert audited(warehouse_url) == [
        ("board:viewer01", "forbidden", "GET /desk/try"),
        ("board:nobody-listed", "forbidden", "GET /desk/try"),
    ]


@pytest.mark.usefixtures("with_a_page")
def test_a_route_may_be_narrower_than_its_page(as_user: Open, warehouse_url: str) -> None:
    assert as_user("community01").post("/desk/try").status_code == 403
    assert as_user("street01").post("/desk/try").status_code == 200
    assert audited(warehouse_url)[-1] == ("board:street01", "tried", "desk")


@pytest.mark.usefixtures("with_a_page")
@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
def test_another_sites_form_does_nothing(as_user: Open, headers: dict[str, str]) -> None:
    answer = as_user("street01").post("/desk/try", headers=headers)
    assert answer.status_code == 403 and "来自别的网站" in answer.text


@pytest.mark.usefixtures("with_a_page")
def test_what_nobody_foresaw_is_one_sentence_without_a_value(as_user: Open, caplog: pytest.LogCaptureFixture) -> None:
    answer = as_user("street01").get("/desk/fails")
    assert answer.status_code == 500 and "页面没有做出来。" in answer.text
    assert "张三" not in answer.text + caplog.text and "ValueError" in caplog.text


@pytest.mark.usefixtures("with_a_page")
def test_the_menu_shows_what_a_role_may_open(as_user: Open) -> None:
    shown = as_user("viewer01").get("/desk/try")
    assert "季度看板" in shown.text and "回填" not in shown.text
    assert as_user("viewer01").get("/no-such-page").status_code == 404


def test_assets_are_those_of_the_package_only(as_user: Open) -> None:
    client = as_user("viewer01")
    assert client.get("/assets/board.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/assets/base.html").status_code == 404
    assert client.get("/assets/..%2Fapp.py").status_code == 404


def test_users_are_who_the_pack_says_they_are() -> None:
    district = load_district(PACK)
    assert who_is(district, "street01", DAY) == Who("street01", "street", "510105005", "社治办副主任")
    assert who_is(district, "department01", DAY).department == "青羊区民政局"
    assert who_is(district, "stranger", DAY) == Who("stranger", "viewer")
    assert who_is(district, "street01", date(2023, 1, 1)).role == "viewer"


def test_a_user_acts_for_its_post() -> None:
    district = load_district(PACK)
    assert who_is(district, "community01", DAY).acting(district) == "510105005002/社区书记"
    with pytest.raises(UsageError, match="没有对应的岗位"):
        Who("viewer01", "viewer").acting(district)
