"""A source that is collected by folder, SFTP and mailbox."""

from datetime import datetime

import post_office
import pytest
from post_office import letter

from courtyard.connection import Connection
from courtyard.district.models import Channel, GridCycle, Office
from courtyard.errors import SourceError
from courtyard.period import SHANGHAI

UNIT = "510105005002001"
CYCLE = GridCycle(issued_before=15, due_after=5, frozen_after=10)
SEPT_28 = datetime(2026, 9, 28, 10, tzinfo=SHANGHAI)
RECEIPTS = "SELECT channel, name, period FROM landing.receipt ORDER BY receipt_id"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


@pytest.fixture
def grids(office, server):
    """The office's workbooks with a mailbox beside the folder."""
    server.empty()
    channels = (Channel(transport="mail", connection="mailbox"),)
    sources = office.ctx.district.sources
    sources["books"] = sources["books"].model_copy(update={"channels": channels})
    object.__setattr__(office.ctx.district, "office", Office.model_construct(street_code="510105005", grid_cycle=CYCLE))
    office.connections["mailbox"] = server.mailbox()
    return office


def test_folder_and_mailbox_are_both_looked_at_and_the_receipt_tells_which(grids, server):
    grids.workbook(f"{UNIT}_a.xlsx", b"one")
    server.arrives(letter(SEPT_28, (f"{UNIT}_b.xlsx", b"two")))
    assert grids.fetch("books")["landed"] == 2
    assert grids.rows(RECEIPTS) == [
        ("files", f"{UNIT}_a.xlsx", "2026Q3"),
        ("mail", f"{UNIT}_b.xlsx", "2026Q3"),
    ]
    [(sent_at, unit)] = grids.rows(
        "SELECT r.sent_at, d.unit_code FROM landing.receipt r JOIN landing.delivery d USING (delivery_id) "
        "WHERE r.channel = 'mail'"
    )
    assert (sent_at, unit) == (SEPT_28, UNIT)


def test_looking_again_lands_nothing_twice_and_the_same_bytes_by_mail_are_one_delivery(grids, server):
    grids.workbook(f"{UNIT}_a.xlsx", b"one")
    server.arrives(letter(SEPT_28, (f"{UNIT}_a.xlsx", b"one")))
    assert [grids.fetch("books")["landed"] for _ in range(3)] == [1, 0, 0]
    assert [channel for channel, *_ in grids.rows(RECEIPTS)] == ["files", "mail"]


def test_a_mail_is_fetched_for_one_quarter_only(grids, server):
    """The collection of a quarter runs from its issue day (15 September) to the day before the next one's."""
    server.arrives(letter(SEPT_28, ("a.xlsx", b"one"), subject="2026Q2 补报"))
    server.arrives(letter(datetime(2026, 10, 3, 10, tzinfo=SHANGHAI), ("b.xlsx", b"two")))
    server.arrives(letter(datetime(2026, 9, 10, 10, tzinfo=SHANGHAI), ("c.xlsx", b"three")))
    ours = grids.ctx.period
    for period in (ours.next(), ours, ours.previous()):
        grids.fetch("books", period=period)
    assert grids.rows("SELECT name, period FROM landing.delivery ORDER BY name") == [
        ("a.xlsx", "2026Q3"),
        ("b.xlsx", "2026Q3"),
        ("c.xlsx", "2026Q2"),
    ]


@pytest.mark.parametrize(
    "uri", [None, "imap://office:x@127.0.0.1:1/INBOX", "imap://office:wrong@127.0.0.1:{port}/INBOX"]
)
def test_a_channel_that_is_down_stops_no_other_is_named_and_is_asked_again(grids, server, uri):
    good = grids.connections.pop("mailbox")
    if uri:
        grids.connections["mailbox"] = Connection.from_uri("mailbox", uri.format(port=server.imap_port))
    grids.workbook("a.xlsx", b"one")
    server.arrives(letter(SEPT_28, ("b.xlsx", b"two")))
    with pytest.raises(SourceError, match="mailbox"):
        grids.fetch("books")
    [(status, reason)] = grids.rows("SELECT status, reason FROM landing.fetch")
    assert status == "failed" and "（mailbox）" in reason and "wrong" not in reason
    assert grids.rows("SELECT name FROM landing.delivery") == [("a.xlsx",)]
    grids.connections["mailbox"] = good
    assert grids.fetch("books")["landed"] == 1
    assert grids.rows("SELECT status, reason FROM landing.fetch") == [("landed", "")]


def test_what_is_refused_is_named_in_the_reason(grids, server):
    server.arrives(letter(SEPT_28, ("a.zip", b"one")))
    grids.fetch("books")
    [(status, reason)] = grids.rows("SELECT status, reason FROM landing.fetch")
    assert status == "absent" and "a.zip（是压缩包，请解开后重发）" in reason
    assert "somebody" not in reason
