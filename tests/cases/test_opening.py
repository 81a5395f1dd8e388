"""Records of the warehouse become cases: literal reports in, cases and events out, on a real database."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from courtyard.cases import advancing, ledger, machine, numbering, opening
from courtyard.cases.event import Event
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import SHANGHAI, Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.store import database

AT = datetime(2026, 11, 26, 10, tzinfo=SHANGHAI)
HERE, GRID, COMMUNITY = "5101050050020002", "510105005002001", "510105005002"
STREET = "510105005"


@pytest.fixture
def ctx(warehouse_url, settings):
    return Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.quarter("2026Q4"),
        url=warehouse_url,
        keys=KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        connection=None,
        holder="test",
    )


def report(number="R1", description="三单元楼道灯坏了", at=AT, courtyard=HERE, **attrs):
    """A residents' report as the merge leaves it."""
    found = {"request_id": number, "status": "open", "service_code": "other", "description": description}
    found |= {"requested_at": at.isoformat(), "channel": "page", **attrs}
    return "resident_reports", number, courtyard, {name: value for name, value in found.items() if value is not None}


def order(number="D1", content="楼道灯坏了", status="handling", at=AT, courtyard=HERE, **attrs):
    """An order of 12345 as the merge leaves it."""
    found = {"order_no": number, "status": status, "title": "办件", "content": content, "address": "四道街4号院"}
    return "hotline_cases", number, courtyard, {**found, "created_at": at.isoformat(), **attrs}


def merge(ctx, *records, month="2026-11-01"):
    """What the merge writes: the record of a key as known from a month on."""
    with ctx.engine().begin() as connection:
        forget = text("DELETE FROM warehouse.record WHERE dataset = :d AND record_key = :k AND valid_from = :f")
        for dataset, key, *_ in records:
            connection.execute(forget, {"d": dataset, "k": key, "f": month})
    write(ctx, *records, month=month)


def write(ctx, *records, month="2026-11-01"):
    columns = (
        "street_code", "dataset", "record_key", "valid_from", "recorded_at", "is_current", "valid_to", "delivery_id", "sheet",
        "row_no", "row_hash", "is_active", "attrs", "sealed", "courtyard_code",
    )  # fmt: skip
    rows = (
        (ctx.street_code, dataset, key, month, AT, True, "infinity", "x", "", 1, str(uuid.UUID(int=0)), True,
         json.dumps(attrs, ensure_ascii=False), "{}", courtyard)
        for dataset, key, courtyard, attrs in records
    )  # fmt: skip
    with ctx.engine().begin() as connection:
        database.copy_rows(connection, "warehouse.record", columns, rows)


def ask(ctx, query, **values):
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def take_up(ctx, *records, at=AT):
    merge(ctx, *records)
    return opening.take_up(ctx, at=at)


def cases(ctx, columns="status, level, unit_code, category, urgency"):
    return ask(ctx, f"SELECT {columns} FROM cases.case ORDER BY opened_at, case_no")


def links(ctx):
    return ask(ctx, "SELECT record_key, how, channel FROM cases.report ORDER BY reported_at, record_key")


def kinds(ctx):
    return ask(ctx, "SELECT kind, post, cause FROM cases.event ORDER BY case_no, seq")


def data(ctx, kind="opened"):
    return [
        found for (found,) in ask(ctx, "SELECT data FROM cases.event WHERE kind = :kind ORDER BY at, cause", kind=kind)
    ]


def test_a_report_becomes_a_case_at_the_level_of_its_category(ctx):
    counts = take_up(ctx, report(), report("R2", "整个院子停电了"))
    assert counts == {"opened": 2, "joined": 0, "held": 0, "closed_there": 0, "turned": 0}
    assert sorted(cases(ctx)) == [
        ("waiting", "community", COMMUNITY, "power", "urgent"),
        ("waiting", "courtyard", GRID, "light", "normal"),
    ]
    assert sorted(kinds(ctx)) == [
        ("opened", "reporter", "report/resident_reports/R1"),
        ("opened", "reporter", "report/resident_reports/R2"),
    ]
    assert links(ctx) == [("R1", "opened", "page"), ("R2", "opened", "page")]


def test_taking_up_again_changes_nothing(ctx):
    take_up(ctx, report(), order(status="resolved", closed_at=AT.isoformat()))
    before = (
        ask(ctx, "SELECT * FROM cases.case ORDER BY 2"),
        ask(ctx, "SELECT * FROM cases.event ORDER BY 2, 3"),
        links(ctx),
    )
    counts = opening.take_up(ctx, at=AT + timedelta(days=3))
    assert counts == {"opened": 0, "joined": 0, "held": 0, "closed_there": 0, "turned": 0}
    assert before == (
        ask(ctx, "SELECT * FROM cases.case ORDER BY 2"), ask(ctx, "SELECT * FROM cases.event ORDER BY 2, 3"), links(ctx)
    )  # fmt: skip


def test_the_case_that_a_ledger_keeps_is_the_one_its_events_make(ctx):
    take_up(ctx, report(), report("R2", "楼道灯坏了"), order(status="resolved", closed_at=AT.isoformat()))
    with ctx.engine().connect() as connection:
        for (number,) in ask(ctx, "SELECT case_no FROM cases.case"):
            case = ledger.find(connection, ctx.street_code, number)
            assert (
                machine.fold(Rules.of(ctx.district), number, ledger.events(connection, ctx.street_code, number)) == case
            )


def test_the_number_is_the_shanghai_day_and_five_letters_and_longer_where_it_is_taken(ctx):
    early = datetime(2026, 11, 26, 0, 30, tzinfo=SHANGHAI)
    number = numbering.number(ctx.keys, "resident_reports|R1", early, set())
    take_up(ctx, report(at=early))
    assert cases(ctx, "case_no") == [(number,)]
    assert re.fullmatch(r"261126-[0-9A-HJKMNP-TV-Z]{5}", number)
    longer = numbering.number(ctx.keys, "resident_reports|R1", early, {number})
    assert (len(longer), longer[:-1]) == (len(number) + 1, number)


def test_a_report_without_a_courtyard_goes_to_the_street_to_be_placed(ctx):
    take_up(ctx, report(courtyard=None, address="那个老院子"))
    assert cases(ctx, "status, level, unit_code, courtyard_code") == [("waiting", "street", STREET, None)]
    assert data(ctx)[0]["to_place"] is True


@pytest.mark.parametrize(
    "where",
    [
        {"address": "成都市武侯区玉林北路1号"},
        {"address": "四川省绵阳市某街2号"},
        {"lat": "30.5", "lon": "104.2"},
    ],
)
def test_a_report_from_outside_the_street_is_held_with_the_reason(ctx, where):
    take_up(ctx, report(courtyard=None, **where))
    assert cases(ctx, "status, level, unit_code") == [("held", "street", STREET)]
    assert data(ctx)[0]["doubts"] == ["outside"]


@pytest.mark.parametrize(
    "address",
    [
        "成都市青羊区某小区",
        "四川省成都市青羊区少城街道",
        "四道街菜市场旁边",
        "青羊都市花园小区",
        "成都市某某小区",
        "市场旁",
    ],
)
def test_an_address_of_the_own_town_or_none_is_not_outside(ctx, address):
    take_up(ctx, report(courtyard=None, address=address, lat="30.6689", lon="104.049"))
    assert cases(ctx, "status") == [("waiting",)]


def test_what_is_not_surely_of_a_category_is_asked_of_a_person_whose_word_stays(ctx):
    take_up(ctx, report("R1", "墙角的老鼠洞"))
    assert data(ctx)[0]["asked"] is True
    [(number,)] = cases(ctx, "case_no")
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = ledger.find(connection, ctx.street_code, number)
        said = Event("classified", AT, f"{STREET}/worker", "action/1", data={"category": "green", "confidence": 1})
        ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), case, said)
    take_up(ctx, report("R1", "墙角的垃圾招老鼠，垃圾桶满了"), at=AT + timedelta(hours=1))
    assert cases(ctx, "category, confidence") == [("green", 1)]


def test_an_emergency_starts_at_the_community_and_no_doubt_holds_it(ctx):
    take_up(ctx, report("R1", "着火!", flags="short", courtyard=HERE))
    assert cases(ctx, "status, level, urgency, emergency") == [("waiting", "community", "emergency", "119")]
    assert data(ctx)[0]["doubts"] == ["short"]
    assert cases(ctx, "solve_due_at") == [(AT + timedelta(hours=2),)]


def test_the_number_that_the_reporter_was_told_to_call_makes_an_emergency(ctx):
    take_up(ctx, report("R1", "快来人", emergency="120"))
    assert cases(ctx, "urgency, emergency") == [("emergency", "120")]


@pytest.mark.parametrize(
    ("values", "doubts"),
    [
        ({"description": "灯"}, ["short"]),
        ({"description": "代开发票，请看 http://x.example"}, ["links", "words"]),
        ({"description": "楼道灯坏了，请来修", "flags": "trap, repeated"}, ["trap", "repeated"]),
        ({"description": "👍👍👍👍"}, ["short"]),
    ],
)
def test_what_looks_like_spam_is_held_and_a_post_releases_it(ctx, values, doubts):
    counts = take_up(ctx, report(**values))
    assert (counts["opened"], counts["held"]) == (1, 1)
    assert cases(ctx, "status") == [("held",)]
    assert data(ctx)[0]["doubts"] == doubts
    [(number,)] = cases(ctx, "case_no")
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = ledger.find(connection, ctx.street_code, number)
        released = Event("released", AT, f"{STREET}/worker", "action/1")
        ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), case, released)
    assert cases(ctx, "status") == [("waiting",)]


def test_one_problem_from_several_channels_is_one_case(ctx):
    counts = take_up(ctx, order("D1", "三单元楼道灯坏了", at=AT - timedelta(days=1)))
    counts = take_up(
        ctx,
        report("R1", "3单元楼道的灯坏了"),
        report("R2", "三单元楼道灯坏了，晚上看不清", channel="worker", at=AT + timedelta(minutes=1)),
        report("R3", "五单元楼道灯坏了", at=AT + timedelta(minutes=2)),
        at=AT + timedelta(hours=1),
    )
    assert (counts["opened"], counts["joined"]) == (1, 2)
    assert links(ctx) == [
        ("D1", "opened", "hotline"),
        ("R1", "joined", "page"),
        ("R2", "joined", "worker"),
        ("R3", "opened", "page"),
    ]
    assert [(found["record_key"], found["why"]) for found in data(ctx, "joined_by")] == [
        ("R1", "alike"),
        ("R2", "alike"),
    ]


def test_who_told_it_first_opens_the_case_whatever_the_numbers_say(ctx):
    take_up(ctx, report("R1", at=AT + timedelta(minutes=5)), report("R9"))
    assert links(ctx) == [("R9", "opened", "page"), ("R1", "joined", "page")]


def test_what_is_over_at_its_source_is_not_held(ctx):
    take_up(ctx, report("F1", "灯", channel=None, status="closed"))
    assert cases(ctx, "status, closed_by") == [("closed", "source")]


def test_an_order_named_as_a_repeat_joins_whatever_its_words_are(ctx):
    take_up(ctx, order("D1", "楼道灯坏了"))
    take_up(
        ctx, order("D2", "怎么还没有人来", duplicate_of="D1", at=AT + timedelta(hours=2)), at=AT + timedelta(hours=3)
    )
    assert links(ctx) == [("D1", "opened", "hotline"), ("D2", "joined", "hotline")]
    assert [found["why"] for found in data(ctx, "joined_by")] == ["named"]


def test_a_repeat_that_tells_of_a_danger_is_heard_by_itself(ctx):
    take_up(ctx, order("D1", "楼道里堆满杂物"))
    take_up(
        ctx,
        order("D2", "楼道里的杂物起火了", duplicate_of="D1", at=AT + timedelta(hours=2)),
        at=AT + timedelta(hours=2),
    )
    assert cases(ctx, "urgency, emergency") == [("urgent", None), ("emergency", "119")]


def test_a_repeat_that_goes_on_outlives_the_case_that_was_closed(ctx):
    take_up(ctx, order("D1", status="resolved", closed_at=AT.isoformat()))
    later = AT + timedelta(days=2)
    take_up(ctx, order("D2", duplicate_of="D1", at=later), at=later)
    assert cases(ctx, "status") == [("closed",), ("waiting",)]


def test_what_arrives_closed_is_opened_and_closed_at_its_own_times_and_keeps_still(ctx):
    created, closed = AT - timedelta(days=200), AT - timedelta(days=198)
    repeat = order(
        "D2", status="returned", at=created + timedelta(hours=1), closed_at=closed.isoformat(), duplicate_of="D1"
    )
    take_up(ctx, order("D1", status="resolved", at=created, closed_at=closed.isoformat()), repeat)
    assert cases(ctx, "status, closed_by, opened_at, closed_at, next_at") == [
        ("closed", "source", created, closed, None)
    ]
    assert [found["silent"] for kind in ("opened", "source_closed", "noted") for found in data(ctx, kind)] == [True] * 3
    assert links(ctx) == [("D1", "opened", "hotline"), ("D2", "joined", "hotline")]
    assert advancing.advance(ctx, at=AT + timedelta(days=30))["moved"] == 0


def test_what_happens_at_the_source_later_closes_opens_and_closes_the_case(ctx):
    take_up(ctx, order("D1"))
    closed = AT + timedelta(days=1)
    take_up(ctx, order("D1", status="resolved", closed_at=closed.isoformat()), at=closed)
    assert cases(ctx, "status, closed_by, closed_at") == [("closed", "source", closed)]
    take_up(ctx, order("D1", status="handling"), at=AT + timedelta(days=90))
    assert cases(ctx, "status, level, reopened") == [("waiting", "community", 1)]
    take_up(ctx, order("D1", status="resolved"), at=AT + timedelta(days=91))
    assert [(kind, cause) for kind, _, cause in kinds(ctx)] == [
        ("opened", "report/hotline_cases/D1"),
        ("source_closed", "source/hotline_cases/D1/resolved"),
        ("reopened", "source/hotline_cases/D1/handling"),
        ("source_closed", "source/hotline_cases/D1/resolved/2"),
    ]


def test_another_open_status_at_the_source_is_nothing_that_happened(ctx):
    take_up(ctx, order("D1", status="accepted"))
    assert take_up(ctx, order("D1", status="handling"), at=AT + timedelta(hours=1))["turned"] == 0
    assert ask(ctx, "SELECT source_status FROM cases.report") == [("handling",)]


def test_the_hotline_closes_no_case_that_a_neighbour_reported_to_us(ctx):
    take_up(ctx, order("D1", "楼道灯坏了"), report("R1", "楼道灯坏了", at=AT + timedelta(minutes=1)))
    take_up(ctx, order("D1", "楼道灯坏了", status="resolved"), at=AT + timedelta(hours=1))
    assert cases(ctx, "status") == [("waiting",)]
    assert [found["status"] for found in data(ctx, "noted")] == ["resolved"]


def test_the_status_that_our_own_service_shows_moves_no_case(ctx):
    take_up(ctx, report())
    take_up(ctx, report(status="closed"), at=AT + timedelta(hours=1))
    assert cases(ctx, "status") == [("waiting",)]
    take_up(ctx, report("F1", "花台里的树死了", channel=None, status="closed"), at=AT + timedelta(hours=2))
    assert sorted(cases(ctx, "status, closed_by"), key=str) == [("closed", "source"), ("waiting", None)]


def test_the_record_of_the_last_month_is_the_one_that_counts(ctx):
    merge(ctx, order("D1"), month="2026-10-01")
    merge(ctx, order("D1", status="resolved", closed_at=AT.isoformat()), month="2026-11-01")
    assert opening.take_up(ctx, at=AT)["closed_there"] == 1


def test_the_deadline_of_an_order_is_the_cases_own_unless_it_has_passed(ctx):
    due = AT + timedelta(days=4)
    take_up(
        ctx,
        order("D1", due_at=due.isoformat()),
        order("D2", "树枝挡住窗户", due_at=(AT - timedelta(days=1)).isoformat()),
    )
    assert {due, AT} & {found for (found,) in cases(ctx, "solve_due_at")} == {due}
    assert all(found > AT for (found,) in cases(ctx, "solve_due_at"))


def test_an_old_open_report_has_its_first_levels_whole_time_and_the_uninterrupted_clock_from_its_first_minute(ctx):
    told = AT - timedelta(days=60)
    take_up(ctx, report(at=told))
    assert cases(ctx, "opened_at, step_since, total_due_at") == [(told, AT, told + timedelta(days=30))]
    assert ask(ctx, "SELECT acknowledge_due_at > :at FROM cases.case", at=AT) == [(True,)]


def test_a_senders_clock_that_runs_ahead_starts_no_clock_in_the_future(ctx):
    take_up(ctx, report(at=AT + timedelta(days=9)), at=AT)
    assert cases(ctx, "opened_at") == [(AT,)]


@pytest.mark.slow
def test_a_street_full_of_reports_is_taken_up_whole_right_after_they_were_loaded(ctx):
    codes = [courtyard.code for courtyard in ctx.district.courtyards]
    texts = ("楼道灯坏了", "垃圾桶满了没有人收", "下水道返水", "消防通道被占", "半夜装修声音很大")
    states = ("open", "closed", "closed", "closed")
    write(ctx, *(
        report(f"R{n}", texts[n % 5], AT - timedelta(minutes=50 * n), codes[n * 7 % len(codes)], channel=None, status=states[n % 4])
        for n in range(9_600)
    ))  # fmt: skip
    counts = opening.take_up(ctx, at=AT)
    assert counts["opened"] + counts["joined"] == 9_600
    assert opening.take_up(ctx, at=AT)["opened"] == 0
