"""The small street that browser tests share: it is served, and a user of it is who its cookie says."""

from __future__ import annotations

import pytest
from tests.boards.street import Street

pytestmark = pytest.mark.browser


def test_each_user_is_shown_what_its_role_may_open(street: Street) -> None:
    assert street.get("", "/").status_code == 401
    for user, role, opens in (("street01", "街道", "回填"), ("viewer01", "访客", "季度看板")):
        page = street.open_page(user, "/assets/none.css", width=1280, height=900)
        assert f"{user}（{role}）" in page.text() and opens in page.text()
    assert "回填" not in page.text()
    street.picture(page, "shell")
