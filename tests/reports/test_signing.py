"""Sign-off: who may sign what, what an answer does, and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from courtyard import reports
from courtyard.desk.deciding import Signed
from courtyard.district.models import Contact, Post, Recipients
from courtyard.errors import HeldError, UsageError
from courtyard.reports import asking, folder, reminding, signing, waiving
from courtyard.reports.signing import Target

NOON = datetime(2026, 10, 2, 4, 0, tzinfo=UTC)
APPROVER, PREPARER = "街道办事处审核岗", "街道社区发展治理办公室"
JULY = Target("dibao_roster", "2026-07")


def by(post: str = APPROVER, reason: str = "", at: datetime = NOON) -> Signed:
    return Signed(post, reason, at)


@pytest.fixture
def world(dibao):
    """The rosters of July and August are published and wait."""
    world = dibao.only("dibao_roster")
    reports.publish(world.ctx)
    return world


def with_signers(world, preparer: str, approver: str, *posts: Post):
    rules = {
        "recipients": world.ctx.district.recipients.recipients,
        "sign_off": {"preparer": preparer, "approver": approver},
    }
    changed = {"recipients": Recipients.model_validate(rules), "posts": posts or world.ctx.district.posts}
    return replace(world, ctx=replace(world.ctx, district=world.ctx.district.model_copy(update=changed)))


def correct(world) -> None:
    """A late correction of July: the next run makes revision 2."""
    late = world.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    world.replace(late, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(world.ctx)


def states(world) -> dict[str, str]:
    with world.ctx.engine("publisher").connect() as connection:
        return {str(p.period): p.state for p in signing.latest(connection, world.ctx)}


def manifest(world, revision: int = 1) -> dict:
    return json.loads((world.ctx.settings.published / f"2026-07/dibao_roster/r{revision}/manifest.json").read_bytes())


def test_what_is_published_waits_with_its_due_date(world):
    found = [(str(p.period), p.state, p.due_on, p.approver) for p in signing.waiting(world.ctx)]
    assert found == [
        ("2026-07", "waiting", date(2026, 8, 5), APPROVER), ("2026-08", "waiting", date(2026, 9, 5), APPROVER),
    ]  # fmt: skip


def test_a_signature_goes_into_the_manifest_and_the_form_keeps_its_bytes(world):
    form = next((world.ctx.settings.published / "2026-07/dibao_roster/r1").glob("*.xlsx"))
    before = form.read_bytes()
    assert signing.sign(world.ctx, JULY, by()).state == "signed"
    assert form.read_bytes() == before
    assert manifest(world)["approvals"] == [
        {"decision": "signed", "reason": "", "post": APPROVER, "preparer": PREPARER, "at": "2026-10-02T12:00:00+08:00"}
    ]
    assert states(world) == {"2026-07": "signed", "2026-08": "waiting"}
    assert reports.publish(world.ctx)["published"] == []
    assert world.rows("SELECT manifest FROM publish.publication WHERE period = '2026-07'")[0]["manifest"] == manifest(
        world
    )


@pytest.mark.parametrize("damage", ["manifest", "form", "folder"])
def test_a_signed_publication_that_is_damaged_comes_back_with_its_signature(world, damage):
    signing.sign(world.ctx, JULY, by())
    place = world.ctx.settings.published / "2026-07/dibao_roster/r1"
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    for path in list(place.iterdir()):
        if damage in ("folder", "manifest" if path.name == folder.MANIFEST else "form"):
            path.unlink()
    reports.publish(world.ctx)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_a_disk_that_fails_signs_nothing(world, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "write_manifest", full)
    with pytest.raises(OSError):
        signing.sign(world.ctx, JULY, by())
    assert states(world)["2026-07"] == "waiting" and manifest(world)["approvals"] == []


def test_a_publication_whose_files_are_gone_is_not_signed(world):
    next((world.ctx.settings.published / "2026-07/dibao_roster/r1").glob("*.xlsx")).unlink()
    with pytest.raises(HeldError, match="缺失或损坏"):
        signing.sign(world.ctx, JULY, by())
    assert states(world)["2026-07"] == "waiting"


def test_a_return_needs_a_reason_and_can_be_signed_after_all(world):
    with pytest.raises(UsageError, match="退回要写理由"):
        signing.return_(world.ctx, JULY, by())
    assert signing.return_(world.ctx, JULY, by(reason="金额请核对")).state == "returned"
    (july,) = [p for p in signing.waiting(world.ctx) if str(p.period) == "2026-07"]
    assert july.plain()["reason"] == "金额请核对"
    signing.sign(world.ctx, JULY, by())
    assert [a["decision"] for a in manifest(world)["approvals"]] == ["returned", "signed"]


@pytest.mark.parametrize(
    ("target", "signed", "said"),
    [
        (JULY, by(PREPARER), "是填报岗位，不能签发自己填报的报表。 请由街道办事处审核岗签发。"),
        (JULY, by("510105005/社治办主任"), "不由510105005/社治办主任签发"),
        (JULY, by("某人"), "没有“某人”这个岗位"),
        (Target("dibao_roster", "2026-05"), by(), "2026-05没有发布过"),
        (Target("no_report", "2026-07"), by(), "没有报表“no_report”"),
        (replace(JULY, content_hash="0" * 64), by(), "已不是最新的一版"),
    ],
)
def test_what_cannot_be_signed_is_told(world, target, signed, said):
    with pytest.raises(UsageError) as error:
        signing.sign(world.ctx, target, signed)
    assert said in str(error.value)
    assert states(world)["2026-07"] == "waiting"


def test_a_revision_that_is_no_longer_the_latest_is_not_signed(world):
    correct(world)
    with pytest.raises(UsageError, match="第1版已不是最新的一版。 请核对并签发第2版。"):
        signing.sign(world.ctx, replace(JULY, revision=1), by())
    assert signing.sign(world.ctx, replace(JULY, revision=2), by()).revision == 2


def test_a_new_revision_waits_for_a_signature_of_its_own(world):
    signing.sign(world.ctx, JULY, by())
    correct(world)
    assert states(world)["2026-07"] == "waiting"
    assert manifest(world)["approvals"] and manifest(world, 2)["approvals"] == []


def test_signed_is_signed(world):
    signing.sign(world.ctx, JULY, by())
    for decide in (signing.sign, signing.return_):
        with pytest.raises(UsageError, match="已由街道办事处审核岗签发"):
            decide(world.ctx, JULY, by(reason="x"))


DIRECTOR, DEPUTY = "510105005/社治办主任", "510105005/社治办副主任"


def test_one_person_in_both_posts_signs_nothing(world):
    posts = [
        Post(unit_code="510105005", post=post, holder="甲", valid_from=date(2026, 1, 1))
        for post in ("社治办主任", "社治办副主任")
    ]
    world = with_signers(world, DEPUTY, DIRECTOR, *posts)
    with pytest.raises(UsageError, match="现由同一人担任"):
        signing.sign(world.ctx, JULY, by(DIRECTOR))


def test_a_vacant_approver_signs_nothing_and_a_held_one_does(world):
    world = with_signers(world, DEPUTY, DIRECTOR)
    with pytest.raises(UsageError, match="没有“510105005/社治办主任”这个岗位"):
        signing.sign(world.ctx, JULY, by(DIRECTOR, at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert signing.sign(world.ctx, JULY, by(DIRECTOR)).state == "signed"


def test_every_decision_is_audited(world, warehouse_url):
    import psycopg

    signing.return_(world.ctx, JULY, by(reason="x"))
    signing.sign(world.ctx, JULY, by())
    with psycopg.connect(warehouse_url) as admin:
        found = admin.execute(
            "SELECT action, object FROM audit.event WHERE action <> 'export' ORDER BY event_id"
        ).fetchall()
    assert found == [("return", "2026-07/dibao_roster/r1"), ("sign", "2026-07/dibao_roster/r1")]


# --- waivers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "until", "said"),
    [
        (by(reason=" "), date(2026, 12, 31), "没有写理由"),
        (by(PREPARER, "x"), date(2026, 12, 31), "不由街道社区发展治理办公室决定"),
        (by(reason="x"), date(2026, 10, 1), "免签发不能到2026-10-01"),
        (by(reason="x"), date(2028, 1, 1), "免签发不能到2028-01-01"),
    ],
)
def test_a_waiver_that_makes_no_sense_is_refused(world, signed, until, said):
    with pytest.raises(UsageError, match=said):
        waiving.waive(world.ctx, "dibao_roster", signed, until)


def test_a_waiver_counts_to_its_last_day_and_no_longer(world):
    waiving.waive(world.ctx, "dibao_roster", by(reason="审核岗出差"), date(2026, 10, 9))
    with world.ctx.engine("publisher").connect() as connection:
        known = [waiving.valid(connection, world.ctx, date(2026, 10, day)) for day in (9, 10)]
    assert known[0]["dibao_roster"].basis == "免签发（街道办事处审核岗，审核岗出差，至2026-10-09）"
    assert known[1] == {}


# --- asking, as Airflow does --------------------------------------------------------------------


def asked(world) -> list[dict]:
    (question,) = asking.questions(world.ctx, NOON.date())
    assert (question.department, question.approver) == ("青羊区民政局", APPROVER)
    return reports.ask(world.ctx, department=question.department, approver=APPROVER, at=NOON)["asked"]


def answered(world, targets, option="签发", post=APPROVER, **more):
    return reports.answer(world.ctx, asked=targets, option=option, given={"post": post, **more}, at=NOON)


def test_the_page_shows_what_is_to_be_signed(world):
    shown = reports.ask(world.ctx, department="青羊区民政局", approver=APPROVER, at=NOON)
    assert shown["subject"] == "请签发：青羊区民政局（街道办事处审核岗）"
    for said in ("2 张报表待签发", "### 低保对象花名册 2026年7月 第1版", "5 行，2026-08-05前报送，**已过期限**", "填报：街道社区发展治理办公室",
                 "- 核对：户数与城市低保统计表一致：未比较。", "- 文件：低保对象花名册_2026-07_r1.xlsx", "- 注：合计3户5人"):  # fmt: skip
        assert said in shown["body"]
    assert "王样例" not in shown["body"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"option": ""}, "没有选签发或退回"),
        ({"post": ""}, "没有填写签发岗位"),
        ({"post": PREPARER}, "不能签发自己填报的报表"),
        ({"post": "某人"}, "没有“某人”这个岗位"),
        ({"option": "退回"}, "退回要写理由"),
        ({"only": "dibao_roster 2026-06"}, "“dibao_roster 2026-06”不在待签发之列"),
    ],
)
def test_a_wrong_answer_does_nothing_and_the_page_says_why_it_is_asked_again(world, answer, said):
    assert said in answered(world, asked(world), **answer)["wrong"]
    assert set(states(world).values()) == {"waiting"}
    shown = reports.ask(world.ctx, department="青羊区民政局", approver=APPROVER, at=NOON)
    assert shown["body"].startswith("> **上次的答复没有被接受：") and said in shown["body"]
    (told,) = world.rows("SELECT cause, body FROM notices.notice", role="pipeline")
    assert told["cause"].startswith("sign/2026-07/dibao_roster/r1/refused/") and said in told["body"]


def test_an_answer_signs_what_was_shown_and_nothing_newer(world):
    targets = asked(world)
    correct(world)
    done = answered(world, targets)
    assert done == {"signed": ["dibao_roster 2026-08"], "returned": [], "passed_over": ["dibao_roster 2026-07"]}
    assert states(world) == {"2026-07": "waiting", "2026-08": "signed"}


def test_some_are_returned_and_the_rest_waits(world):
    targets = asked(world)
    done = answered(world, targets, "退回", reason="请核对", only="dibao_roster 2026-08，")
    assert done["returned"] == ["dibao_roster 2026-08"]
    (question,) = asking.questions(world.ctx, NOON.date())
    assert [str(p.period) for p in question.publications] == ["2026-07"]
    assert answered(world, targets)["passed_over"] == ["dibao_roster 2026-08"]


def test_when_nothing_waits_nobody_is_asked(world):
    answered(world, asked(world))
    assert reports.questions(world.ctx, on=NOON.date()) == []
    assert reports.ask(world.ctx, department="青羊区民政局", approver=APPROVER, at=NOON) is None


# --- reminders ----------------------------------------------------------------------------------


def test_each_step_is_told_once_to_the_approver(world):
    assert reminding.remind(world.ctx, on=date(2026, 8, 1))["queued"] == 0  # three days before 5 August is the 2nd
    for day, queued in ((2, 1), (2, 0), (3, 0), (4, 1), (6, 1), (8, 1), (20, 0)):
        assert reminding.remind(world.ctx, on=date(2026, 8, day))["queued"] == queued, day
    rows = world.rows("SELECT cause, subject, body FROM notices.notice ORDER BY cause", role="pipeline")
    assert [row["cause"] for row in rows] == [
        f"sign/2026-07/dibao_roster/r1/due{step}" for step in ("+1", "+3", "-1", "-3")
    ]
    assert rows[0]["subject"] == "待签发：《低保对象花名册》2026年7月第1版（已过报送期限）"
    assert "courtyard sign dibao_roster 2026-07 --as 街道办事处审核岗" in rows[0]["body"]


def test_what_is_signed_or_returned_is_not_reminded_of(world):
    signing.sign(world.ctx, JULY, by())
    signing.return_(world.ctx, replace(JULY, period="2026-08"), by(reason="x"))
    assert reminding.remind(world.ctx, on=date(2026, 10, 2)) == {"waiting": 0, "queued": 0, "unreachable": []}


def test_an_approver_whose_unit_has_no_contacts_is_named(world):
    nobody = Contact(unit_code="510105005002", channel="mail", address="a@b.example", valid_from=date(2020, 1, 1))
    district = world.ctx.district.model_copy(update={"contacts": (nobody,)})
    found = reminding.remind(replace(world.ctx, district=district), on=date(2026, 10, 2))
    assert found == {"waiting": 2, "queued": 0, "unreachable": [APPROVER]}


def test_while_a_report_is_waived_its_approver_is_not_asked(world):
    waiving.waive(world.ctx, "dibao_roster", by(reason="出差"), date(2026, 10, 9))
    assert reports.questions(world.ctx, on=date(2026, 10, 9)) == []
    assert reminding.remind(world.ctx, on=date(2026, 10, 9))["queued"] == 0
    assert len(reports.questions(world.ctx, on=date(2026, 10, 10))) == 1
