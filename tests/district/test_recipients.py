"""`recipients.yaml`: what makes no sense is named with file, line and key."""

from datetime import date

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError


def edit(pack, name: str, old: str, new: str) -> None:
    text = (pack / name).read_text("utf-8")
    assert old in text
    (pack / name).write_text(text.replace(old, new), "utf-8")


SIGNERS = "    channels: [{channel: folder, path: recipients/civil}]\n"
POSTS = "510107001001002,网格员,网格员样例001,2025-10-01,\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: 民政局", "name: 民政", "roster.yaml:3: recipient: '民政局' is not a name of recipients.yaml"),
        ("due_days: 5", "due_days: -1", "recipients.yaml:4: recipients[0].due_days: input should be greater"),
        ("path: recipients/civil", "path: ../civil", "recipients.yaml:5: recipients[0].channels: channels has a path with"),
        ("[{channel: folder,", "[{channel: fax,", "recipients.yaml:5: recipients[0].channels[0]"),
        ("[{", "[{channel: folder, path: x}, {", "channels holds a kind twice"),
        ("due_days: 5", "due_days: 5\n    reports: {rooster: {}}", "there is no report 'rooster'"),
        (SIGNERS, SIGNERS + "sign_off: {approver: 填报岗}\n", "recipients.yaml:6: sign_off: preparer and approver are one post"),
        (SIGNERS, SIGNERS + "sign_off: {approver: 某人}\n", "sign_off.approver: there is no post '某人'"),
        (SIGNERS, SIGNERS + "sign_off:\n  reports: {rooster: {}}\n", "there is no report 'rooster'"),
        (
            SIGNERS,
            SIGNERS + "sign_off:\n  reports:\n    roster: {preparer: 510107001001002/网格员, approver: 510107001001002/网格长}\n",
            "recipients.yaml:8: sign_off.reports.roster: preparer and approver are held by one person from 2026-01-01",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(small_pack, old, new, problem):
    edit(small_pack, "posts.csv", POSTS, POSTS + "510107001001002,网格长,网格员样例001,2026-01-01,2026-02-01\n")
    edit(small_pack, "recipients.yaml", old, new)
    with pytest.raises(PackError) as error:
        load_district(small_pack)
    assert problem in str(error.value)


def test_a_recipient_gets_reports_by_its_name_and_copies_by_the_list(small_pack):
    edit(
        small_pack, "recipients.yaml", SIGNERS,
        SIGNERS + "  - {recipient: archive, name: 档案馆, due_days: 30, basis: 归档办法, reports: {roster: {basis: 协议}}}\n",
    )  # fmt: skip
    pack = load_district(small_pack)
    spec = pack.reports["roster"]
    assert [(r.recipient, r.basis_of(spec)) for r in pack.recipients.of(spec)] == [
        ("civil", "样例"),
        ("archive", "协议"),
    ]
    assert pack.recipients.recipients[0].due_on(spec, date(2026, 7, 31)) == date(2026, 8, 5)
    office = pack.office
    assert pack.recipients.signers("roster", office.preparer, office.reviewer) == ("填报岗", "审核岗")
