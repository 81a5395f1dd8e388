import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from desk import NOON, STREET, told
from sqlalchemy import create_engine, make_url, text

from courtyard import notices
from courtyard.connection import Connection
from courtyard.district.models import Contact, District, Office
from courtyard.notices import ledger, mail


def test_a_cause_is_told_once_at_each_address_by_each_channel(desk):
    first = told()
    assert desk.queue(first, told("grid-2@x.example"), told(channel="wecom")) == 3
    assert desk.queue(first, told(subject="另一句")) == 0
    assert desk.queue(told(cause="reminder/2026Q3/1/due-1")) == 1
    assert desk.queue() == 0


def test_a_rolled_back_transaction_tells_nothing(desk):
    with desk.ctx.engine().connect() as connection:
        notices.queue(connection, [told()])
        connection.rollback()
    assert desk.rows() == []


def test_a_mail_arrives_with_its_words_and_attachments_under_their_chinese_names(desk, post):
    for name, data in {"回执.docx": b"PK1", "网格_批注.xlsx": b"PK2"}.items():
        path = desk.ctx.settings.outbox / "receipts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    desk.queue(told(subject="2026年第三季度\n回执", attachments=("receipts/回执.docx", "receipts/网格_批注.xlsx")))
    assert desk.send() == {"sent": 1, "waiting": 0, "given_up": 0, "problems": []}
    [mail_] = post.told()
    assert (mail_["from"], mail_["to"]) == ("grid@office.example", "grid-1@shaocheng.example")
    assert mail_["subject"] == "2026年第三季度 回执"
    assert mail_.get_body().get_content().strip() == "请报送。"
    found = {part.get_filename(): (part.get_content_type(), part.get_content()) for part in mail_.iter_attachments()}
    office = "application/vnd.openxmlformats-officedocument"
    assert found == {
        "回执.docx": (f"{office}.wordprocessingml.document", b"PK1"),
        "网格_批注.xlsx": (f"{office}.spreadsheetml.sheet", b"PK2"),
    }


def test_what_was_sent_is_never_sent_again(desk, post):
    desk.queue(told())
    assert [desk.send()["sent"], desk.send()["sent"]] == [1, 0]
    assert len(post.told()) == 1 and desk.rows() == [("grid-1@shaocheng.example", True, 1, "")]


def test_after_a_send_to_some_only_the_missing_receivers_get_it(desk, post, monkeypatch):
    """FAULTS 39: the second of three receivers is refused once."""
    desk.queue(*(told(f"grid-{n}@x.example") for n in (1, 2, 3)))
    real, refused = smtplib.SMTP.send_message, []

    def send_message(self, message, *rest, **more):
        if message["to"] == "grid-2@x.example" and not refused:
            refused.append(message)
            raise smtplib.SMTPRecipientsRefused({message["to"]: (550, b"no grid-2@x.example here")})
        return real(self, message, *rest, **more)

    monkeypatch.setattr(smtplib.SMTP, "send_message", send_message)
    assert desk.send()["sent"] == 2
    assert desk.rows()[1] == (
        "grid-2@x.example", False, 1, "邮件服务器拒绝了收件地址（550）。 请核对 contacts.csv 中的地址。",
    )  # fmt: skip
    assert desk.send()["sent"] == 1
    assert sorted(m["to"] for m in post.told()) == [f"grid-{n}@x.example" for n in (1, 2, 3)]


def test_an_address_that_is_always_refused_is_given_up_and_stays_visible(desk, monkeypatch):
    def refuse(_session, message, *_):
        raise smtplib.SMTPRecipientsRefused({message["to"]: (550, b"")})

    monkeypatch.setattr(smtplib.SMTP, "send_message", refuse)
    desk.queue(told())
    results = [desk.send() for _ in range(ledger.MAX_ATTEMPTS + 2)]
    assert [r["given_up"] for r in results] == [0] * (ledger.MAX_ATTEMPTS - 1) + [1] * 3
    assert desk.rows()[0][2] == ledger.MAX_ATTEMPTS


def test_a_temporary_refusal_uses_up_no_attempt(desk, monkeypatch):
    def later(_session, message, *_):
        raise smtplib.SMTPRecipientsRefused({message["to"]: (450, b"")})

    monkeypatch.setattr(smtplib.SMTP, "send_message", later)
    desk.queue(told())
    assert desk.send()["waiting"] == 1 and desk.rows()[0][2] == 0


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        (None, "没有设置"),
        ("smtp://office:x@127.0.0.1:1?from_email=a@b.example", "连不上"),
        ("smtp://office:wrong@127.0.0.1:{port}?from_email=a@b.example", "拒绝了登录"),
    ],
)
def test_without_a_server_notices_wait_and_one_line_says_so(desk, post, uri, problem):
    desk.connections.pop("mail")
    if uri:
        desk.connections["mail"] = Connection.from_uri("mail", uri.format(port=post.smtp_port))
    desk.queue(told(), told("grid-2@x.example"))
    result = desk.send()
    assert (result["sent"], result["waiting"]) == (0, 2)
    assert len(result["problems"]) == 1 and problem in result["problems"][0] and "wrong" not in result["problems"][0]
    assert {row[2] for row in desk.rows()} == {0}
    desk.connections["mail"] = post.mail
    assert desk.send()["sent"] == 2


def test_a_server_without_tls_is_used_on_loopback_only():
    class Plain:
        def ehlo(self):
            pass

        def has_extn(self, _):
            return False

    assert mail._secured(Plain(), Connection("mail", "smtp", host="127.0.0.1"))
    assert not mail._secured(Plain(), Connection("mail", "smtp", host="mail.example"))


@pytest.mark.parametrize("name", ["../keys/secret.json", "/etc/hostname", "gone.docx", "link.docx"])
def test_only_files_below_the_outbox_are_attached(desk, name, post):
    outbox = desk.ctx.settings.outbox
    outbox.mkdir(parents=True)
    (outbox.parent / "keys").mkdir()
    (outbox.parent / "keys/secret.json").write_bytes(b"secret")
    (outbox / "link.docx").symlink_to(outbox.parent / "keys/secret.json")
    desk.queue(told(attachments=(name,)))
    assert desk.send()["sent"] == 0 and post.told() == []
    assert "已不在" in desk.rows()[0][3]


def test_two_senders_at_once_send_each_notice_once(desk, post):
    desk.queue(*(told(f"grid-{n}@x.example") for n in range(8)))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: desk.send(), range(2)))
    assert sum(r["sent"] for r in results) == 8
    assert len(post.told()) == 8


def test_every_sending_is_in_the_audit_log_without_address_or_words(desk, warehouse_url):
    desk.queue(told())
    desk.send()
    admin = create_engine(make_url(warehouse_url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        found = connection.execute(text("SELECT at, actor, action, object FROM audit.event")).all()
    admin.dispose()
    assert [tuple(row) for row in found] == [(NOON, "test", "notify", "mail reminder/2026Q3/1/due-3")]


def test_a_repeated_mail_is_known_by_its_message_id(desk):
    desk.queue(told(), told("grid-2@x.example"))
    with desk.ctx.engine().connect() as connection:
        rows = ledger.unsent(connection, STREET)
    ids = [mail.message(row, "grid@office.example", desk.ctx.settings.outbox, NOON)["Message-ID"] for row in rows * 2]
    assert ids[:2] == ids[2:] and len(set(ids)) == 2


def test_deliver_queues_and_sends_at_once(desk, post):
    assert notices.deliver(desk.ctx, [told()], at=NOON)["sent"] == 1
    assert len(post.told()) == 1


def test_contacts_are_those_of_the_day():
    contacts = tuple(
        Contact(unit_code=unit, channel="mail", address=address, valid_from=start, valid_to=end)
        for unit, address, start, end in (
            ("1", "old@x.example", date(2025, 1, 1), date(2026, 10, 1)),
            ("1", "new@x.example", date(2026, 10, 1), None),
            ("2", "other@x.example", date(2025, 1, 1), None),
        )
    )
    district = District.model_construct(contacts=contacts, office=Office.model_construct(street_code=STREET))
    days = (date(2024, 12, 31), date(2026, 9, 30), date(2026, 10, 1))
    found = [[c.address for c in notices.contacts_of(district, "1", day)] for day in days]
    assert found == [[], ["old@x.example"], ["new@x.example"]]
    made = notices.addressed(district, contacts[:2], cause="c", subject="s", body="b", queued_at=NOON)
    assert [(n.street_code, n.address) for n in made] == [(STREET, "old@x.example"), (STREET, "new@x.example")]
