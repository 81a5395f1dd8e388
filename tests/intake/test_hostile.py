"""What strangers may send: FAULTS.md section 2 'names and residents' and 3.15, line by line."""

from __future__ import annotations

import asyncio
import logging

import pytest
from tests.intake.test_form_pages import FILLED, code, get, post, stored

from courtyard.intake.guard import BESIDE_PHOTO, SMALL_BODY

SHOWN_ESCAPED = {
    "template": ("{{7*7}} 路灯坏了三天", "{{7*7}} 路灯坏了三天"),
    "statement": ("{% for x in (1,) %}路灯{% endfor %}", "{% for x in (1,) %}路灯{% endfor %}"),
    "script": ("<script>alert(1)</script>路灯坏了", "&lt;script&gt;alert(1)&lt;/script&gt;路灯坏了"),
    "attribute": ('" onmouseover="x() 路灯坏了', "&#34; onmouseover=&#34;x() 路灯坏了"),
    "bidi": ("路灯\u202e坏了\u2066三天", "路灯\u202e坏了\u2066三天"),
    "zero width": ("路\u200b灯\u200d坏了三天", "路\u200b灯\u200d坏了三天"),
    "path": ("../../etc/passwd 路灯坏了", "../../etc/passwd 路灯坏了"),
    "formula": ("=cmd|' /C calc'!A0", "=cmd|&#39; /C calc&#39;!A0"),
    "other script": ("ཁྱིམ་གྱི་སྒྲོན་མེ་ཆག་སོང་།", "ཁྱིམ་གྱི་སྒྲོན་མེ་ཆག་སོང་།"),
    "rare": ("𠮷田·阿卜杜拉说路灯坏了", "𠮷田·阿卜杜拉说路灯坏了"),
}


@pytest.mark.parametrize("kind", SHOWN_ESCAPED)
def test_text_is_kept_as_it_is_and_escaped_where_it_is_shown(service, kind):
    sent, shown = SHOWN_ESCAPED[kind]
    answer = post(service, code=code(service), name=sent[:20], address=sent[:20], description=sent)
    assert answer.status_code == 303
    (report,) = stored(service)
    assert report.content["description"] == sent
    page = get(service, answer.headers["location"]).text
    assert shown in page
    assert "<script>alert" not in page and "49 路灯" not in page
    assert 'dir="auto" class="said"' in page


@pytest.mark.parametrize("field", ["name", "address", "description", "phone"])
@pytest.mark.parametrize("sent", ["路灯\0坏了三天", "路灯\ufffd坏了三天"])
def test_a_nul_or_a_broken_character_is_refused(service, field, sent):
    assert post(service, code=code(service), **{**FILLED, field: sent}).status_code == 400
    assert service.rows("report") == []


def test_bytes_that_are_no_utf_8_are_refused(service):
    async def run():
        async with service.client() as client:
            head = {"content-type": "application/x-www-form-urlencoded"}
            return await client.post(
                "/report", content=b"name=%B0%A1&address=1&description=%C2%B7%B5%C6%BB%B5%C1%CB", headers=head
            )

    assert asyncio.run(run()).status_code == 400
    assert service.rows("report") == []


@pytest.mark.parametrize(
    "given",
    [
        {"description": "坏" * 2001},
        {"name": "王" * 61},
        {"address": "a" * 201},
        {"phone": "不是电话"},
        {"phone": "1" * 20},
        {"category": "no_such"},
        {"lat": "91", "lon": "104"},
        {"lat": "nan", "lon": "104"},
        {"lat": "here", "lon": "104"},
        {"sent_as": "short"},
        {"sent_as": "../../../../etc/passwd"},
        {"code": "q/../../x"},
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_is_stored(service, given):
    answer = post(service, **{"code": code(service), **FILLED, **given})
    assert answer.status_code in (400, 404)
    assert service.rows("report") == []


def test_a_body_over_the_cap_is_refused(service):
    cap = service.district.cases.limits.photo_megabytes * 2**20 + BESIDE_PHOTO
    answer = post(service, code=code(service), files={"photo": ("a.jpg", b"\xff" * (cap + 1))}, **FILLED)
    assert answer.status_code == 413
    assert "太大" in answer.text
    assert service.rows("report") == []


def test_a_body_that_does_not_say_how_long_it_is_is_capped_as_it_comes(service):
    came = 0

    async def long():
        nonlocal came
        yield b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        while came < 40 * SMALL_BODY:
            came += 16_384
            yield b"a" * 16_384

    async def run():
        async with service.client() as client:
            head = {"content-type": "multipart/form-data; boundary=b"}
            return await client.post("/s/0123456789abcdef0123/reply", content=long(), headers=head)

    assert asyncio.run(run()).status_code == 413
    assert came <= SMALL_BODY + 3 * 16_384


@pytest.mark.parametrize("fields", [{f"f{n}": "1" for n in range(40)}, {"description": "坏" * 40_000}])
def test_too_many_fields_or_too_long_ones_are_refused(service, fields):
    answer = post(service, files={"photo": ("", b"")}, **{**FILLED, **fields})
    assert answer.status_code in (400, 413)
    assert service.rows("report") == []


def test_two_files_are_refused(service):
    two = [("photo", ("a.jpg", b"x")), ("photo", ("b.jpg", b"x"))]
    assert post(service, files=two, **FILLED).status_code == 400


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/assets/../app.py", "/assets/app.py", "/s/", "/q/"])
def test_there_is_nothing_else_to_find(service, path):
    answer = get(service, path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_every_answer_keeps_the_page_to_itself(service):
    for path in ("/report", "/nothing", "/s/0123456789abcdef0123"):
        headers = get(service, path).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_pages_load_nothing_from_elsewhere_and_run_no_script_of_their_text(service):
    page = get(service, service.link()).text
    assert "http://" not in page and "https://" not in page
    assert "<style" not in page and " style=" not in page and "onclick" not in page
    assert all(part.startswith(' src="/assets/') for part in page.split("<script")[1:])


def test_an_error_that_nobody_foresaw_tells_nothing_and_logs_no_value(service, monkeypatch, caplog):
    from courtyard.intake import receiving

    def broken(_connection, _keys, new):
        raise RuntimeError(new.content["name"])

    monkeypatch.setattr(receiving.ledger, "accept", broken)
    with caplog.at_level(logging.DEBUG):
        answer = post(service, code=code(service), **FILLED)
    assert answer.status_code == 500
    assert "系统出了问题" in answer.text
    assert "王阿姨" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text
