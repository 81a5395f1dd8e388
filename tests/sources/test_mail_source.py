from base64 import b64encode
from datetime import UTC, date, datetime, timedelta

import post_office
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from post_office import letter
from scripted import source

from courtyard.connection import Connection
from courtyard.errors import SourceError
from courtyard.period import SHANGHAI, Period
from courtyard.sources import Fetched, Refused, mail

Q3 = Period.parse("2026Q3")
UNIT = "510105005002001"
BOOK = f"{UNIT}_四道街第一网格_2026Q3.xlsx"
SEPT_28 = datetime(2026, 9, 28, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


@pytest.fixture
def office(server):
    server.empty()
    return server


def fetch(office, period=Q3, since=date(2026, 9, 15), until=date(2026, 12, 16), at=None):
    spec = source("mail", unit_from_name=r"^(?P<unit>\d{15})", since=since, until=until)
    return list(mail.fetch(spec, at or office.mailbox(), period, "510105005"))


def test_each_attached_table_is_one_delivery_with_its_unit_and_when_it_was_sent(office):
    office.arrives(letter(SEPT_28, (BOOK, b"PK1"), ("补充.csv", b"a,b\n")))
    first, second = fetch(office)
    assert (first.name, first.data, first.unit_code, first.version_at) == (BOOK, b"PK1", UNIT, SEPT_28)
    assert (second.name, second.unit_code) == ("补充.csv", None)


def test_reading_leaves_the_mailbox_as_it_was(office):
    office.arrives(letter(SEPT_28, (BOOK, b"PK1")))
    assert fetch(office) == fetch(office)
    [kept] = office.root.glob("office/*/*.localhost*")
    assert "S" not in kept.name.partition(":2,")[2]  # the Maildir mark of a mail that was read


def test_a_mail_belongs_to_the_quarter_in_whose_collection_it_arrived(office):
    windows = [(date(2026, 6, 15), date(2026, 9, 15)), (date(2026, 9, 15), date(2026, 12, 16))]
    times = [
        datetime(2026, 6, 15, 0, 0, tzinfo=SHANGHAI),
        datetime(2026, 9, 14, 23, 59, tzinfo=SHANGHAI),
        datetime(2026, 9, 15, 0, 1, tzinfo=SHANGHAI),
        datetime(2026, 12, 15, 23, 59, tzinfo=SHANGHAI),
        datetime(2026, 12, 16, 0, 0, tzinfo=SHANGHAI),
    ]
    for number, at in enumerate(times):
        office.arrives(letter(at, (f"{number}.xlsx", b"PK")))
    found = [[item.name for item in fetch(office, since=a, until=b)] for a, b in windows]
    assert found == [["0.xlsx", "1.xlsx"], ["2.xlsx", "3.xlsx"]]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("表.zip", "压缩包"),
        ("表.exe", "不是表格"),
        ("表.xlsm", "不是表格"),
        (".hidden.xlsx", "隐藏"),
        ("a\u202excod.xlsx", "从右向左"),
        ("表" * 90 + ".xlsx", "过长"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(office, name, reason):
    office.arrives(letter(SEPT_28, (name, b"x"), (BOOK, b"PK")))
    refused, taken = fetch(office)
    assert isinstance(refused, Refused) and reason in refused.reason
    assert taken.data == b"PK"


def test_a_folder_before_the_name_is_dropped(office):
    office.arrives(letter(SEPT_28, ("../../etc/a.xlsx", b"1"), ("C:\\表\\b.xlsx", b"2")))
    assert [item.name for item in fetch(office)] == ["a.xlsx", "b.xlsx"]


def test_a_shown_name_holds_no_id_number(office):
    office.arrives(letter(SEPT_28, ("11010519491231002X.xlsx", b"1")))
    assert [(item.name, item.unit_code) for item in fetch(office)] == [("[数字].xlsx", None)]


def test_caps_bind_on_the_decoded_size_and_the_number_of_attachments(office, monkeypatch):
    monkeypatch.setattr(mail, "MAX_BYTES", 10)
    monkeypatch.setattr(mail, "MAX_ATTACHMENTS", 2)
    office.arrives(letter(SEPT_28, ("a.xlsx", b"x" * 10), ("b.xlsx", b"x" * 11), ("c.xlsx", b"x"), ("d.xlsx", b"x")))
    first, second, rest = fetch(office)
    assert first.data == b"x" * 10
    assert "MB" in second.reason and "后 2 个未收" in rest.reason


def test_a_mail_over_the_cap_is_not_even_read(office, monkeypatch):
    monkeypatch.setattr(mail, "MAX_MESSAGE_BYTES", 2_000)
    office.arrives(letter(SEPT_28, ("a.xlsx", b"x" * 3_000)))
    [refused] = fetch(office)
    assert refused.name.endswith("（2026-09-28）") and "邮件超过" in refused.reason


def test_a_mail_inside_a_mail_is_refused_whole(office):
    outer = letter(SEPT_28)
    outer.add_attachment(letter(SEPT_28, (BOOK, b"PK")))
    office.arrives(outer)
    [refused] = fetch(office)
    assert isinstance(refused, Refused) and "转发" in refused.reason


def test_pictures_in_a_text_and_mails_without_attachment_are_passed_over(office):
    made = letter(SEPT_28)
    made.add_related(b"GIF89a", "image", "gif", cid="<logo>", filename="logo.gif", disposition="inline")
    office.arrives(made)
    office.arrives(letter(SEPT_28))
    assert fetch(office) == []


HEAD = (
    f"From: a@b.example\r\nTo: c@d.example\r\nDate: Mon, 28 Sep 2026 10:00:00 +0800\r\nMIME-Version: 1.0\r\n"
    f'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: application/octet-stream\r\n'
    f'Content-Disposition: attachment; filename="{UNIT}.xlsx"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
).encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(HEAD + b"UEsDB\r\n--x--\r\n", "损坏"), (HEAD + b"\r\n--x--\r\n", "空的")],
    ids=["bad base64", "empty"],
)
def test_a_broken_mail_is_never_taken_short(office, raw, reason):
    office.arrives(raw)
    office.arrives(letter(SEPT_28 + timedelta(hours=1), (BOOK, b"PK")))
    refused, taken = fetch(office)
    assert reason in refused.reason and taken.data == b"PK"


def test_a_name_in_gb18030_as_older_clients_write_it(office):
    raw = HEAD.replace(f"{UNIT}.xlsx".encode(), f"{UNIT}_网格.xlsx".encode("gb18030"))
    office.arrives(raw + b64encode(b"PK") + b"\r\n--x--\r\n")
    [fetched] = fetch(office)
    assert (fetched.name, fetched.unit_code) == (f"{UNIT}_网格.xlsx", UNIT)


def test_a_name_in_plain_utf_8(office):
    office.arrives(HEAD.replace(UNIT.encode(), f"{UNIT}_网格".encode()) + b64encode(b"PK") + b"\r\n--x--\r\n")
    assert [item.name for item in fetch(office)] == [f"{UNIT}_网格.xlsx"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Mon, 28 Sep 2026 10:00:00 +0800", SEPT_28),
        ("Mon, 28 Sep 2026 02:00:00 -0000", SEPT_28),
        ("Tue, 29 Sep 2026 10:00:00 +0800", "arrived"),
        ("Mon, 28 Sep 2020 10:00:00 +0800", "arrived"),
        ("gestern", "arrived"),
        (None, "arrived"),
    ],
)
def test_a_date_that_cannot_be_is_replaced_by_the_arrival(header, expected):
    arrived = SEPT_28 + timedelta(minutes=5)
    made = letter(SEPT_28)
    del made["Date"]
    if header:
        made["Date"] = header
    assert mail._sent_at(made, arrived) == (arrived if expected == "arrived" else expected)


def test_neither_sender_nor_subject_reach_names_or_reasons(office):
    made = letter(SEPT_28, ("a.zip", b"x"), subject="张三的表")
    office.arrives(made)
    assert not any(word in str(fetch(office)) for word in ("somebody", "张三"))


def test_a_wrong_password_a_missing_folder_and_a_closed_server_are_told(office):
    with pytest.raises(SourceError, match="拒绝了登录") as caught:
        fetch(office, at=office.mailbox("wrong"))
    assert "wrong" not in str(caught.value)
    with pytest.raises(SourceError, match="文件夹"):
        fetch(
            office, at=Connection.from_uri("mailbox", f"imap://office:the-password@127.0.0.1:{office.imap_port}/None")
        )
    with pytest.raises(SourceError, match="邮箱读不了"):
        fetch(office, at=Connection.from_uri("mailbox", "imap://office:x@127.0.0.1:1/INBOX"))


MAIL = mail._Mail("7", 1, datetime(2026, 9, 28, tzinfo=UTC))
SPEC = source("mail")
FILES = {"a.xlsx": b"PK" * 200, "b.csv": b"1,2\n"}
WHOLE = letter(SEPT_28, *FILES.items()).as_bytes()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE)))
def test_a_mail_cut_anywhere_gives_whole_attachments_or_none(length):
    for item in mail._tables(SPEC, MAIL, WHOLE[:length], "510105005"):
        assert isinstance(item, Refused) or item.data == FILES[item.name]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=40))
def test_a_mail_overwritten_anywhere_raises_nothing(start, length, noise):
    for item in mail._tables(SPEC, MAIL, WHOLE[:start] + noise + WHOLE[start + length :], "510105005"):
        assert isinstance(item, Refused | Fetched)


def test_cut_off_mail_is_refused_with_its_reason():
    [refused] = mail._tables(SPEC, MAIL, HEAD + b64encode(b"PK" * 30), "510105005")
    assert refused == Refused("邮件7（2026-09-28）", "邮件不完整，请重发")
