"""Open311 GeoReport v2 field by field, in JSON and XML, with its error forms."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from PIL import Image
from tests.intake.conftest import HOME, NOW
from tests.intake.georeport_client import as_xml, call, errors, get, post, xml

from courtyard.intake import clients, ledger

FORMS = ("json", "xml")
REQUEST_FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
    "lat", "long", "media_url",
]  # fmt: skip
LIGHT = {"service_code": "light", "lat": "30.6715", "long": "104.0478", "description": "灯不亮了，晚上很黑"}


@pytest.fixture
def key(service) -> str:
    with service.admin.begin() as connection:
        return clients.add(connection, service.keys, service.district.office.street_code, "city-app", NOW)


@pytest.fixture
def sent(service, key):
    def send(**fields):
        answer = post(service, data={"api_key": key, **LIGHT, **fields})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()[0]["service_request_id"]

    return send


def stored(service, request_id):
    with service.admin.connect() as connection:
        [found] = ledger.by_id(connection, service.keys, service.district.office.street_code, [request_id])
    return found


def both(service, path, **params):
    """The JSON answer, after the XML one was found to say the same."""
    told = get(service, f"{path}.json", **params)
    assert told.status_code == 200 and told.headers["content-type"] == "application/json; charset=utf-8"
    assert xml(get(service, f"{path}.xml", **params)) == as_xml(told.json())
    return told.json()


def test_discovery_names_the_endpoint_and_its_forms(service):
    told = both(service, "/discovery")
    assert list(told) == ["changeset", "contact", "key_service", "endpoints"]
    assert told["endpoints"] == [
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": "http://testserver/georeport/v2",
            "changeset": told["changeset"],
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }
    ]


def test_services_are_the_categories_of_the_pack(service):
    told = both(service, "/services")
    assert [one["service_code"] for one in told] == [one.code for one in service.district.cases.categories]
    assert told[0] == {
        "service_code": "light",
        "service_name": "公共照明",
        "description": "",
        "metadata": True,
        "type": "realtime",
        "keywords": ",".join(service.district.cases.category("light").words),
        "group": "公用设施",
    }
    assert [one["metadata"] for one in told if one["service_code"] == "care"] == [False]


def test_a_service_definition_lists_its_attributes_in_order(service):
    assert both(service, "/services/light") == {
        "service_code": "light",
        "attributes": [
            {
                "variable": True,
                "code": "lamp_no",
                "datatype": "string",
                "required": False,
                "datatype_description": "",
                "order": 1,
                "description": "灯杆或灯具上的编号",
            },
            {
                "variable": True,
                "code": "when",
                "datatype": "singlevaluelist",
                "required": False,
                "datatype_description": "",
                "order": 2,
                "description": "什么时候不亮",
                "values": [
                    {"key": "always", "name": "一直不亮"},
                    {"key": "blinking", "name": "时亮时灭"},
                    {"key": "daytime", "name": "白天也亮"},
                ],
            },
        ],
    }
    assert both(service, "/services/care") == {"service_code": "care", "attributes": []}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/discovery", {"jurisdiction_id": "city.gov"}, 404),
        ("/services", {"jurisdiction_id": "city.gov"}, 404),
        ("/services/nothing", {}, 404),
        ("/services/light", {"jurisdiction_id": "city.gov"}, 404),
        ("/requests", {"jurisdiction_id": "city.gov"}, 404),
        ("/requests", {"start_date": "yesterday"}, 400),
        ("/requests", {"start_date": "2026-09-01T00:00:00"}, 400),
        ("/requests", {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, 400),
        ("/requests", {"status": "solved"}, 400),
        ("/requests", {"page": "0"}, 400),
        ("/requests", {"page_size": "1001"}, 400),
        ("/requests", {"service_code": "a\0b"}, 400),
        ("/requests/R0", {}, 404),
        ("/requests/R0", {"jurisdiction_id": "city.gov"}, 404),
        ("/tokens/none", {}, 404),
        ("/nowhere", {}, 404),
    ],
)
def test_errors_of_get_are_lists_of_code_and_description(service, form, path, params, code):
    answer = get(service, f"{path}.{form}", **params)
    assert (answer.status_code, errors(answer)) == (code, [str(code)])


def test_a_jurisdiction_may_be_named_and_another_form_than_two_is_unknown(service):
    assert get(service, "/services.json", jurisdiction_id=service.district.office.street_code).status_code == 200
    assert get(service, "/services.yaml").status_code == 404
    assert call(service, "DELETE", "/requests.json").status_code == 404


def test_a_report_is_answered_with_its_number_in_json(service, key):
    answer = post(service, data={"api_key": key, **LIGHT, "account_id": "u7"})
    assert answer.status_code == 201
    [told] = answer.json()
    assert list(told) == ["service_request_id", "service_notice", "account_id"]
    assert told["account_id"] == "u7" and told["service_notice"] and told["service_request_id"].startswith("R")


def test_a_report_is_answered_with_its_number_in_xml(service, key):
    answer = post(service, "xml", data={"api_key": key, **LIGHT})
    assert answer.status_code == 201
    [told] = xml(answer)
    assert list(told) == ["service_request_id", "service_notice", "account_id"]
    assert stored(service, told["service_request_id"]).row["service_code"] == "light"


def test_every_field_of_a_report_is_kept(service, sent):
    found = stored(
        service,
        sent(
            address_string="四道街2号院1栋",
            address_id=HOME,
            email="a@example.org",
            device_id="d1",
            account_id="u7",
            first_name="小明",
            last_name="王",
            phone="13800000000",
            media_url="https://example.org/a.jpg",
            **{"attribute[lamp_no]": "A12", "attribute[when]": "blinking"},
        ),
    )
    assert found.content == {
        "name": "王小明",
        "address": "四道街2号院1栋",
        "description": LIGHT["description"],
        "phone": "13800000000",
        "email": "a@example.org",
        "device_id": "d1",
        "account_id": "u7",
        "media_url": "https://example.org/a.jpg",
        "address_id": HOME,
        "attributes": '{"灯杆或灯具上的编号": ["A12"], "什么时候不亮": ["时亮时灭"]}',
        "client": "city-app",
    }
    row = found.row
    assert (row["channel"], row["courtyard_code"], float(row["lat"]), float(row["lon"])) == (
        "georeport",
        HOME,
        30.6715,
        104.0478,
    )
    assert row["requested_at"] == NOW


def test_a_report_may_come_as_multipart_with_a_photo(service, key):
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    answer = post(service, data={"api_key": key, **LIGHT}, files={"media": ("a.png", picture.getvalue(), "image/png")})
    assert answer.status_code == 201
    [photo] = service.rows("photo")
    assert stored(service, answer.json()[0]["service_request_id"]).row["photo_id"] == photo["photo_id"]


def test_a_list_of_several_values_is_kept_by_their_names(service, sent):
    request_id = sent(service_code="leak", **{"attribute[where][]": ["roof", "yard"]})
    assert json.loads(stored(service, request_id).content["attributes"]) == {"漏在哪里": ["楼顶", "院坝"]}


@pytest.mark.parametrize(
    "place", [{"address_string": "四道街2号院"}, {"address_id": HOME}, {"lat": "30.6", "long": "104"}]
)
def test_any_one_way_to_say_where_is_enough_and_a_description_is_not_needed(service, key, place):
    answer = post(service, data={"api_key": key, "service_code": "care", **place})
    assert answer.status_code == 201
    assert stored(service, answer.json()[0]["service_request_id"]).content["description"] == "关爱帮助"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"api_key": None}, 403),
        ({"api_key": "wrong"}, 403),
        ({"service_code": None}, 400),
        ({"service_code": "nothing"}, 404),
        ({"jurisdiction_id": "city.gov"}, 404),
        ({"lat": None, "long": None}, 400),
        ({"lat": None}, 400),
        ({"lat": "north"}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": "1e999"}, 400),
        ({"lat": "91"}, 400),
        ({"phone": "call me"}, 400),
        ({"description": "a\0b"}, 400),
        ({"description": "很" * 2001}, 400),
        ({"first_name": "长" * 61}, 400),
        ({"attribute[colour]": "red"}, 400),
        ({"attribute[when]": "sometimes"}, 400),
        ({"attribute[when]": ["always", "daytime"]}, 400),
        ({"service_code": "fire_hazard"}, 400),
        ({"service_code": "leak", "attribute[since]": "yesterday"}, 400),
        ({"service_code": "electric_hazard", "attribute[vehicles]": "many"}, 400),
    ],
)
def test_errors_of_post_store_nothing(service, key, form, change, code):
    fields = {name: value for name, value in {"api_key": key, **LIGHT, **change}.items() if value is not None}
    answer = post(service, form, data=fields)
    assert (answer.status_code, errors(answer)) == (code, [str(code)])
    assert service.rows("report") == []


@pytest.mark.parametrize("form", FORMS)
def test_bodies_that_are_no_form_are_refused_in_the_asked_form(service, form):
    for body, kind in [
        (b"\xff\xfe", "multipart/form-data"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"&" * 200, "application/x-www-form-urlencoded"),
        (b'{"service_code": "light"}', "application/json"),
        (b"a=b&" * 200, "application/x-www-form-urlencoded"),
    ]:
        answer = post(service, form, content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 403), (body[:9], answer.status_code)
        assert errors(answer) == [str(answer.status_code)]
    kind = {"content-type": "application/x-www-form-urlencoded"}
    too_long = post(service, form, content=b"x" * 20_000_000, headers=kind)
    assert (too_long.status_code, errors(too_long)) == (413, ["413"])


def test_bytes_that_are_no_text_are_refused_or_cleaned_and_never_an_error_of_the_server(service, key):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    plain = f"api_key={key}&service_code=light&address_string=a&description="
    for written in ("%ED%A0%80", "%FF%FE", "%00", "%F0%9F%98%80"):
        answer = post(service, "xml", content=(plain + written).encode(), headers=kind)
        assert answer.status_code in (201, 400), written
        xml(answer)
    assert all("\ufffd" not in str(stored(service, row["report_id"]).content) for row in service.rows("report"))


def test_a_field_that_stands_twice_counts_as_it_was_written_last(service, key):
    answer = post(service, data={"api_key": ["x", key], **LIGHT})
    assert answer.status_code == 201


def test_no_photo_is_refused_and_nothing_is_stored(service, key):
    answer = post(service, "xml", data={"api_key": key, **LIGHT}, files={"media": ("a.jpg", b"<svg/>", "image/jpeg")})
    assert (answer.status_code, errors(answer)) == (415, ["415"])
    assert service.rows("report") == []


def test_a_flood_of_one_client_is_told_to_wait(service, sent):
    service.app.state.limits._left.clear()
    service.app.state.limits._left["client", "city-app"] = (0.0, service.app.state.limits._tick())
    answer = post(service, data={"api_key": "x", **LIGHT})
    assert answer.status_code == 403
    with pytest.raises(AssertionError, match="429"):
        sent()


def test_a_revoked_key_sends_no_more(service, key):
    with service.admin.begin() as connection:
        clients.revoke(connection, service.district.office.street_code, "city-app")
    assert post(service, data={"api_key": key, **LIGHT}).status_code == 403


def test_a_report_sent_again_under_its_idempotency_key_is_one(service, key):
    headers = {"Idempotency-Key": "0123456789abcdef"}
    first, again = (post(service, data={"api_key": key, **LIGHT}, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and len(service.rows("report")) == 1


def test_an_emergency_is_told_whom_to_call(service, key):
    answer = post(service, data={"api_key": key, **LIGHT, "description": "楼道着火了，冒烟"})
    assert "119" in answer.json()[0]["service_notice"]


def test_a_new_report_is_open_and_shows_nothing_personal(service, sent):
    request_id = sent(last_name="王", phone="13800000000", address_string="四道街2号院1栋2单元301", address_id=HOME)
    [told] = both(service, f"/requests/{request_id}")
    assert list(told) == REQUEST_FIELDS
    home = service.district.courtyard_by_code[HOME]
    assert told == {
        "service_request_id": request_id,
        "status": "open",
        "status_notes": "已收到",
        "service_name": "公共照明",
        "service_code": "light",
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-09-07T10:00:00+08:00",
        "updated_datetime": "2026-09-07T10:00:00+08:00",
        "expected_datetime": None,
        "address": home.name,
        "address_id": HOME,
        "zipcode": None,
        "lat": home.lat,
        "long": home.lon,
        "media_url": None,
    }
    for form in FORMS:
        text = get(service, f"/requests.{form}").text + get(service, f"/requests/{request_id}.{form}").text
        assert not any(value in text for value in ("13800000000", "301", "王", "很黑"))


def test_what_was_written_is_shown_to_the_client_alone_that_sent_it(service, sent, key):
    request_id = sent()
    with service.admin.begin() as connection:
        other = clients.add(connection, service.keys, service.district.office.street_code, "other-app", NOW)
    shown = [
        get(service, f"/requests/{request_id}.json", api_key=one).json()[0]["description"] for one in (key, other, "x")
    ]
    assert shown == [LIGHT["description"], None, None]


def test_a_place_without_a_courtyard_is_shown_coarsely(service, sent):
    [told] = both(service, f"/requests/{sent(lat='30.6715432', long='104.0478765')}")
    assert (told["lat"], told["long"], told["address"], told["address_id"]) == (30.672, 104.048, None, None)


@pytest.mark.parametrize(
    ("status", "shown", "notes"),
    [
        ("held", "open", "正在核实"),
        ("waiting", "open", "等待签收"),
        ("handling", "open", "正在办理"),
        ("answered", "open", "已答复，等待反映人确认"),
        ("joined", "open", "已和同一问题一起办理"),
        ("closed", "closed", "已办结"),
        ("refused", "closed", "不予受理"),
    ],
)
def test_the_case_says_how_a_report_stands(service, sent, status, shown, notes):
    request_id = sent()
    due, done = NOW + timedelta(days=30), NOW + timedelta(days=2)
    service.told(request_id, status=status, category="facility", total_due_at=due, closed_at=done)
    [told] = both(service, f"/requests/{request_id}")
    community = service.district.unit_by_code["510105005002"].name
    assert {name: told[name] for name in REQUEST_FIELDS[1:12] if name not in ("description", "service_notice")} == {
        "status": shown,
        "status_notes": notes,
        "service_name": "公共设施损坏",
        "service_code": "facility",
        "agency_responsible": community,
        "requested_datetime": "2026-09-07T10:00:00+08:00",
        "updated_datetime": "2026-09-09T10:00:00+08:00",
        "expected_datetime": "2026-10-07T10:00:00+08:00",
        "address": None,
    }


def ids(service, **params):
    return [told["service_request_id"] for told in both(service, "/requests", **params)]


def test_requests_of_the_last_ninety_days_come_the_newest_first(service, sent):
    service.now = NOW - timedelta(days=91)
    old = sent()
    service.now = NOW - timedelta(days=89)
    first = sent()
    service.now = NOW
    second = sent(service_code="care")
    assert ids(service) == [second, first]
    assert ids(service, end_date="2026-06-10T00:00:00+08:00") == [old]
    assert ids(service, start_date="2026-06-01T00:00:00+08:00") == [first, old]
    assert ids(service, start_date="2026-09-07T10:00:00+08:00", end_date="2026-09-07T10:00:01+08:00") == [second]
    assert ids(service, service_code="care,noise") == [second]
    assert ids(service, service_code="noise") == []
    assert ids(service, service_request_id=f"{old},{second},R0", service_code="noise") == [old, second]
    assert ids(service, page="2", page_size="1") == [first]


def test_requests_are_found_by_status(service, sent):
    one, other = sent(), sent()
    service.told(one, status="closed")
    assert (ids(service, status="closed"), ids(service, status="open")) == ([one], [other])
    assert sorted(ids(service, status="open,closed")) == sorted([one, other])


def test_a_token_leads_to_the_number(service, sent):
    from courtyard.intake.receiving import Incoming, receive

    accepted = receive(service.app.state, Incoming("page", NOW, "灯不亮了很久", name="王", address="2栋"))
    told = both(service, f"/tokens/{accepted.token}")
    assert told == [{"service_request_id": accepted.report_id, "token": accepted.token}]


def test_a_client_of_another_house_goes_all_the_way(service, key):
    """Discover, choose a service, ask what it wants to know, send, follow."""
    endpoint = get(service, "/discovery.xml")
    assert b"<format>text/xml</format>" in endpoint.content
    chosen = next(one for one in xml(get(service, "/services.xml")) if one["service_name"] == "消防隐患")
    assert chosen["metadata"] == "true" and chosen["type"] == "realtime"
    asked = xml(get(service, f"/services/{chosen['service_code']}.xml"))["attributes"]
    needed = {f"attribute[{one['code']}]": one["values"][0]["key"] for one in asked if one["required"] == "true"}
    form = {"api_key": key, "service_code": chosen["service_code"], "lat": "30.67", "long": "104.04", **needed}
    [receipt] = xml(post(service, "xml", data={**form, "description": "楼梯口堆满了杂物"}))
    [request] = xml(get(service, f"/requests/{receipt['service_request_id']}.xml"))
    assert (request["status"], request["service_code"]) == ("open", "fire_hazard")
