"""The pages in a browser at a phone's size: filled in, sent, followed; without a network, without scripts."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from tests.browser import Phone, phone
from tests.intake.conftest import GRID, NOW
from tests.intake.test_form_pages import stored
from tests.intake.test_photos import with_gps

pytestmark = pytest.mark.browser
STEPS = [
    {"kind": "opened", "level": "courtyard", "unit_code": GRID},
    {"kind": "acknowledged", "level": "courtyard", "unit_code": GRID},
    {"kind": "measured", "level": "courtyard", "unit_code": GRID, "text": "已在路灯下放了警示牌"},
]
ANSWERED = [
    *STEPS,
    {"kind": "answered", "level": "community", "unit_code": "510105005002", "text": "灯泡已更换，今晚会亮。"},
]
_WIDER = "document.documentElement.scrollWidth - innerWidth"
_SMALL_TEXT = """[...document.querySelectorAll('main *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
  && e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 16).map(e => e.outerHTML.slice(0, 80))"""
_SMALL_TARGET = """[...document.querySelectorAll('main button, main input:not([type=hidden]), main select, main textarea, main summary, .calls a')]
  .filter(e => e.checkVisibility() && !e.closest('.trap') && e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def address(service) -> Iterator[str]:
    """The service behind a real socket."""
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    Phone.wait(lambda: server.started, "the service")
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def mobile(tmp_path) -> Iterator[Phone]:
    with phone(tmp_path) as found:
        yield found


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Where screenshots go: a folder of the test, or COURTYARD_PICTURES to look at them."""
    folder = Path(os.environ.get("COURTYARD_PICTURES") or tmp_path / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fill(mobile: Phone, description: str = "2栋门口的路灯三天不亮了") -> None:
    mobile.write("description", description)
    mobile.write("name", "王阿姨")
    mobile.write("address", "2栋1单元301")


def comfortable(mobile: Phone) -> None:
    assert mobile.js(_WIDER) <= 0
    assert mobile.js(_SMALL_TEXT) == []
    assert mobile.js(_SMALL_TARGET) == []


def test_a_report_is_written_sent_and_followed(service, address, mobile, pictures):
    mobile.open(address + service.link())
    mobile.picture(pictures / "1-form.png")
    comfortable(mobile)
    fill(mobile)
    mobile.tap("summary")
    comfortable(mobile)
    mobile.picture(pictures / "2-filled.png")
    mobile.tap("#send")
    mobile.until("location.pathname.startsWith('/s/')")
    (report,) = stored(service)
    assert "已收到，正在登记" in mobile.text() and report.report_id in mobile.text()
    comfortable(mobile)
    mobile.picture(pictures / "3-received.png")
    assert mobile.js("localStorage.length") == 0

    service.told(
        report.report_id,
        STEPS,
        status="handling",
        level="courtyard",
        unit_code=GRID,
        solve_due_at=NOW + timedelta(days=2),
        total_due_at=NOW + timedelta(days=30),
    )
    service.now = NOW + timedelta(hours=5)
    mobile.open(mobile.js("location.href"))
    assert "已签收，开始办理" in mobile.text()
    comfortable(mobile)
    mobile.picture(pictures / "4-handling.png")

    service.told(report.report_id, ANSWERED, status="answered", answered_at=NOW)
    mobile.open(mobile.js("location.href"))
    mobile.picture(pictures / "5-answered.png")
    mobile.write("unsolved", "晚上还是不亮")
    comfortable(mobile)
    mobile.tap("button[value=unsolved]")
    mobile.until("document.body.innerText.includes('仍未解决 9月')")
    mobile.picture(pictures / "5b-said.png")
    assert [row["kind"] for row in service.rows("reply")] == ["unsolved"]

    service.told(report.report_id, ANSWERED, status="closed", closed_at=NOW, can_reopen_until=NOW + timedelta(days=15))
    mobile.open(mobile.js("location.href"))
    comfortable(mobile)
    mobile.picture(pictures / "6-closed.png")
    mobile.tap("button[name=rating][value='5']")
    mobile.until("document.body.innerText.includes('评价 9月')")


def test_a_danger_is_told_while_it_is_being_written(service, address, mobile, pictures):
    mobile.open(address + service.link())
    mobile.write("description", "3栋楼道着")
    assert not mobile.js("document.getElementById('alarm').checkVisibility()")
    mobile.write("description", "火了")
    assert "119" in mobile.js("document.getElementById('alarm').innerText")
    mobile.picture(pictures / "7-danger.png")
    fill(mobile, "")
    mobile.tap("#send")
    mobile.until("location.pathname.startsWith('/s/')")
    assert mobile.js("document.querySelector('.alarm a').href") == "tel:119"
    comfortable(mobile)
    mobile.picture(pictures / "8-danger-sent.png")


def test_without_a_network_it_waits_in_the_phone_and_is_sent_once(service, address, mobile, pictures):
    mobile.open(address + service.link())
    fill(mobile)
    mobile.online(False)
    mobile.tap("#send")
    mobile.until("document.getElementById('told').innerText.includes('没有网络')")
    mobile.picture(pictures / "9-offline.png")
    assert service.rows("report") == []
    mobile.online(True)
    mobile.until("location.pathname.startsWith('/s/')")
    assert len(service.rows("report")) == 1


def test_a_draft_outlives_the_page_and_its_report_is_one(service, address, mobile):
    mobile.open(address + service.link())
    fill(mobile)
    first = mobile.js("document.forms[0].elements.sent_as.value")
    mobile.open(address + "/report")
    assert mobile.js("document.getElementById('name').value") == ""
    mobile.open(address + service.link())
    assert mobile.js("document.getElementById('description').value") == "2栋门口的路灯三天不亮了"
    assert mobile.js("document.forms[0].elements.sent_as.value") == first
    mobile.tap("#send")
    mobile.until("location.pathname.startsWith('/s/')")
    mobile.open(address + service.link())
    assert mobile.js("document.getElementById('description').value") == ""
    assert mobile.js("document.forms[0].elements.sent_as.value") != first


def test_it_works_without_scripts(service, address, mobile):
    mobile("Emulation.setScriptExecutionDisabled", value=True)
    mobile.open(address + service.link())
    fill(mobile)
    mobile.js("document.querySelector('#send').click()")
    mobile.until("location.pathname.startsWith('/s/')")
    assert len(service.rows("report")) == 1


def test_a_grid_worker_chooses_a_courtyard_and_adds_a_photo(service, address, mobile, pictures, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(with_gps())
    mobile.open(address + service.link(GRID))
    fill(mobile)
    mobile.js("document.getElementById('courtyard').selectedIndex = 2")
    mobile.tap("summary")
    comfortable(mobile)
    node = mobile("DOM.querySelector", nodeId=mobile("DOM.getDocument")["root"]["nodeId"], selector="#photo")
    mobile("DOM.setFileInputFiles", files=[str(photo)], nodeId=node["nodeId"])
    mobile.picture(pictures / "10-worker.png")
    mobile.tap("#send")
    mobile.until("location.pathname.startsWith('/s/')")
    (report,), (kept,) = stored(service), service.rows("photo")
    assert (report.row["channel"], report.row["photo_id"]) == ("worker", kept["photo_id"])
    assert (kept["width"], kept["height"]) == (480, 640)


@pytest.mark.parametrize("width", [320, 360, 768])
def test_every_page_fits_every_phone(service, address, tmp_path, width):
    with phone(tmp_path, width=width) as mobile:
        for path in (service.link(), service.link(GRID), "/report", "/q/x"):
            mobile.open(address + path)
            assert mobile.js(_WIDER) <= 0


def test_what_is_refused_is_told_beside_the_words_that_stay(service, address, mobile, pictures):
    mobile.open(address + service.link())
    fill(mobile)
    mobile.tap("summary")
    mobile.write("phone", "123")
    mobile.tap("#send")
    mobile.until("document.getElementById('told').innerText.includes('电话号码不正确')")
    assert mobile.js("document.getElementById('name').value") == "王阿姨"
    mobile.open(address + "/q/x")
    comfortable(mobile)
    mobile.picture(pictures / "11-no-such-code.png")
