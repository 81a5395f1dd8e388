"""The form: what is asked, what a sent one stores, what is refused."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.intake.conftest import GRID, HOME, NOW, OTHER_HOME

from courtyard.intake import ledger

FILLED = {"name": "王阿姨", "address": "2栋1单元301", "description": "2栋门口的路灯三天不亮了"}
ONCE = "0123456789abcdef0123456789abcdef"


def get(service, path, **headers):
    async def run():
        async with service.client() as client:
            return await client.get(path, headers=headers)

    return asyncio.run(run())


def post(service, path="/report", files=None, as_json=False, **fields):
    async def run():
        async with service.client() as client:
            return await client.post(
                path, data=fields, files=files, headers={"accept": "application/json"} if as_json else {}
            )

    return asyncio.run(run())


def stored(service):
    """The reports that are stored, opened."""
    ids = [row["report_id"] for row in service.rows("report")]
    with service.admin.connect() as connection:
        return ledger.by_id(connection, service.keys, service.district.office.street_code, ids)


def code(service, of=HOME):
    return service.link(of).removeprefix("/")


def test_the_link_of_a_courtyard_opens_its_form(service):
    answer = get(service, service.link())
    assert answer.status_code == 200
    assert "四道街2号院" in answer.text and 'lang="zh-CN"' in answer.text
    required = set(re.findall(r'name="(\w+)" (?:rows="5" )?required', answer.text))
    assert required == {"description", "name", "address"}
    assert re.search(r'name="sent_as" value="[0-9a-f]{32}"', answer.text)


def test_name_address_and_text_are_enough(service):
    answer = post(service, code=code(service), sent_as=ONCE, **FILLED)
    assert answer.status_code == 303
    assert re.fullmatch(r"/s/[0-9a-f]{32}", answer.headers["location"])
    (report,) = stored(service)
    assert report.content == {
        "name": "王阿姨",
        "address": "四道街2号2栋1单元301",
        "description": "2栋门口的路灯三天不亮了",
        "phone": "",
    }
    row = report.row
    assert (row["channel"], row["courtyard_code"], row["service_code"], row["requested_at"]) == (
        "page",
        HOME,
        "other",
        NOW,
    )
    assert (row["flags"], row["emergency"], row["photo_id"]) == ([], None, None)


def test_nothing_personal_stands_in_the_clear(service):
    post(service, code=code(service), phone="13800000000", **FILLED)
    (row,) = service.rows("report")
    assert not any(value in str(dict(row)) for value in (*FILLED.values(), "13800000000"))
    # Random digits and letters may hold the three of a room by chance.
    plain = {
        name: value for name, value in row.items() if name not in ("report_id", "status_token", "idempotency", "sealed")
    }
    assert "301" not in str(plain)


def test_sending_twice_is_one_report_and_gives_the_same_receipt(service):
    first = post(service, code=code(service), sent_as=ONCE, **FILLED)
    again = post(service, code=code(service), sent_as=ONCE, **FILLED)
    assert first.headers["location"] == again.headers["location"]
    assert len(service.rows("report")) == 1


def test_other_words_under_the_same_name_are_not_lost(service):
    first = post(service, code=code(service), sent_as=ONCE, **FILLED)
    changed = {**FILLED, "description": "2栋门口的路灯三天不亮了，有人摔了一跤"}
    second = post(service, code=code(service), sent_as=ONCE, **changed)
    assert first.headers["location"] != second.headers["location"]
    assert {report.content["description"] for report in stored(service)} == {
        FILLED["description"],
        changed["description"],
    }


def test_the_same_words_from_two_people_are_two_reports(service):
    post(service, code=code(service), sent_as=ONCE, **FILLED)
    post(service, code=code(service), sent_as=ONCE[::-1], **FILLED)
    assert len(service.rows("report")) == 2


@pytest.mark.parametrize("missing", ["name", "address", "description"])
def test_what_is_required_is_asked_for(service, missing):
    answer = post(service, code=code(service), **{**FILLED, missing: "  "})
    assert answer.status_code == 400
    assert service.rows("report") == []


def test_all_that_may_be_given(service):
    sent = {"phone": "138 0000 0000", "category": "light", "lat": "30.6692", "lon": "104.0503", "coords": "gcj02"}
    assert post(service, code=code(service), **FILLED, **sent).status_code == 303
    (report,) = stored(service)
    assert report.content["phone"] == "138 0000 0000"
    assert report.row["service_code"] == "light"
    assert (float(report.row["given_lat"]), float(report.row["given_lon"])) == (30.6692, 104.0503)
    assert 30.670 < float(report.row["lat"]) < 30.673 and 104.046 < float(report.row["lon"]) < 104.049


def test_an_emergency_is_answered_at_once_with_whom_to_call(service):
    asked = {"code": code(service), **FILLED, "description": "3栋楼道着火了，很多烟"}
    answer = post(service, as_json=True, sent_as=ONCE, **asked)
    assert answer.status_code == 201
    assert answer.json()["emergency"]["call"] == "119"
    page = get(service, answer.json()["status_url"]).text
    assert 'href="tel:119"' in page and "不要乘电梯" in page
    assert service.rows("report")[0]["emergency"] == "119"


def test_a_grid_worker_chooses_among_the_courtyards_of_the_grid(service):
    page = get(service, service.link(GRID)).text
    assert f'value="{HOME}"' in page and f'value="{OTHER_HOME}"' in page
    answer = post(service, code=code(service, GRID), courtyard=OTHER_HOME, **FILLED)
    assert answer.status_code == 303
    row = service.rows("report")[0]
    assert (row["channel"], row["courtyard_code"]) == ("worker", OTHER_HOME)


@pytest.mark.parametrize("courtyard", ["", "5101050050030001", "x"])
def test_a_grid_worker_cannot_report_for_another_grid(service, courtyard):
    assert post(service, code=code(service, GRID), courtyard=courtyard, **FILLED).status_code == 400
    assert service.rows("report") == []


def test_without_a_link_the_address_tells_and_one_outside_the_street_is_taken_too(service):
    assert get(service, "/report").status_code == 200
    answer = post(service, **{**FILLED, "address": "成都市锦江区春熙路1号"})
    assert answer.status_code == 303
    (report,) = stored(service)
    assert report.row["courtyard_code"] is None
    assert report.content["address"] == "成都市锦江区春熙路1号"


@pytest.mark.parametrize(
    ("description", "flags"),
    [
        ("灯坏", ["short"]),
        ("便宜东西请看 https://example.test/a", ["links"]),
        ("代 开 发 票请联系我们", ["words"]),
        ("路灯坏了三天", []),
    ],
)
def test_what_may_be_spam_is_flagged_and_stored(service, description, flags):
    assert post(service, code=code(service), **{**FILLED, "description": description}).status_code == 303
    assert service.rows("report")[0]["flags"] == flags


def test_a_field_that_nobody_sees_marks_a_program(service):
    post(service, code=code(service), website="http://a.test", **FILLED)
    assert service.rows("report")[0]["flags"] == ["trap"]


def test_the_same_text_again_and_again_is_flagged_and_a_replay_does_not_count(service):
    for number in (1, 1, 1, 2, 3, 4):
        post(service, code=code(service), sent_as=f"{number:032d}", **FILLED)
    flags = sorted(row["flags"] for row in service.rows("report"))
    assert flags == [[], [], [], ["repeated"]]


def test_a_flood_over_one_link_is_slowed_and_the_others_go_on(service):
    service.issue(OTHER_HOME)
    burst = service.district.cases.limits.link.burst
    answers = [post(service, code=code(service), **FILLED) for _ in range(burst + 1)]
    assert [a.status_code for a in answers] == [303] * burst + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "请稍后再试" in answers[-1].text
    assert post(service, code=code(service, OTHER_HOME), **FILLED).status_code == 303
    assert len(service.rows("report")) == burst + 1
