"""What was learned returns to the archive: proposed after the answer, reviewed by another post, its origin visible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from street_cases import COURTYARD, GRID, OFFICE, at, context, happen, opened, rows

from courtyard import identity, landing, parsing, validation, warehouse
from courtyard.cases import proposing
from courtyard.errors import UsageError

REVIEWER = "街道办事处审核岗"
NOON = at("2026-09-23 11:00")
CHARGER = {"kind": "充电桩", "名称": "智能充电桩", "quantity": "2"}


@pytest.fixture
def ctx(warehouse_url, settings):
    made = context(warehouse_url, settings)
    opened(made)
    happen(made, "260921-AAAAA", "answered", "2026-09-22 09:00", text="已恢复供电")
    return made


def propose(ctx, module="facilities", values=CHARGER, post=OFFICE, what="加装共用线路和智能充电桩", when=NOON):
    return proposing.propose(ctx, "260921-AAAAA", module, what=what, values=values, post=post, at=when)


def landed(ctx, delivery_id):
    with ctx.engine().connect() as connection:
        row = connection.execute(
            text("SELECT * FROM landing.delivery WHERE delivery_id = :id"), {"id": delivery_id}
        ).one()
    return row, landing.open_delivery(ctx, row)


def parsed(ctx, data, dataset="facilities"):
    (table,) = parsing.parse_file(data, "x.xlsx", [ctx.district.contracts[dataset]], ctx.district.codes)
    return table


def test_a_proposal_is_a_row_of_the_departments_contract(ctx):
    found = propose(ctx)
    assert (found.proposal_no, found.verdict, found.courtyard_code) == (1, None, COURTYARD)
    assert found.attrs == {
        "dataset": "facilities",
        "record_key": "GD260921-AAAAA-1",
        "values": {
            "facility_no": "GD260921-AAAAA-1", "kind": "电动车充电设施", "facility_name": "智能充电桩", "quantity": "2",
            "state": "在用", "address": "四川省成都市青羊区少城街道四道街4号",
        },
    }  # fmt: skip
    assert propose(ctx).attrs["record_key"] == "GD260921-AAAAA-2"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"module": "people"}, "没有“people”这一类"),
        ({"values": {**CHARGER, "kind": "飞船"}}, "“类别”没有“飞船”"),
        ({"values": {**CHARGER, "quantity": "两个"}}, "“数量”要写整数"),
        ({"values": {"kind": "充电桩"}}, "没有写名称"),
        ({"values": {**CHARGER, "颜色": "红"}}, "没有可以提的“颜色”"),
        (
            {"module": "providers", "values": {"org_name": "样例服务队", "scope": "维修", "head": "样甲"}},
            "没有可以提的“head”",
        ),
        ({"what": "请找13800001234"}, "不能写反映人"),
        ({"post": "没有"}, "没有“没有”这个岗位"),
    ],
)
def test_what_cannot_be_proposed(ctx, changed, message):
    with pytest.raises(UsageError, match=message):
        propose(ctx, **changed)
    assert proposing.listing(ctx) == []


def test_an_unsolved_case_proposes_nothing(ctx):
    opened(ctx, "260921-BBBBB")
    with pytest.raises(UsageError, match="还没有办结"):
        proposing.propose(ctx, "260921-BBBBB", "facilities", what="加装", values=CHARGER, post=OFFICE, at=NOON)


def test_an_accepted_one_is_landed_with_all_before_it(ctx):
    propose(ctx)
    propose(ctx, values={**CHARGER, "facility_name": "=共用线路"})
    propose(ctx, "services", {"kind": "convenience", "facility_name": "便民维修点", "hours": "周一至周五"})
    for number in (1, 3):
        done = proposing.accept(ctx, number, post=REVIEWER, at=at(f"2026-09-2{number + 3} 09:00"))
    row, data = landed(ctx, done.delivery_id)
    assert (row.source, row.period, row.unit_code) == ("supplement_facilities", "2026Q3", "510105005")
    table = parsed(ctx, data)
    assert table.rejected is None and table.columns["facility_no"] == ["GD260921-AAAAA-1", "GD260921-AAAAA-3"]
    assert table.columns["kind"] == ["charging", "convenience"] and table.columns["quantity"] == [2, 1]
    done = proposing.accept(ctx, 2, post=REVIEWER, at=at("2026-09-27 09:00"))
    assert parsed(ctx, landed(ctx, done.delivery_id)[1]).columns["facility_name"][1] == "便民维修点"
    assert rows(ctx, "SELECT verdict, decided_by FROM cases.proposal") == [("accepted", REVIEWER)] * 3
    assert rows(ctx, "SELECT data ->> 'text' FROM cases.event WHERE cause = 'proposal/1'") == [
        ("档案建议已采纳：加装共用线路和智能充电桩",)
    ]


def test_a_provider_goes_to_the_register_of_organisations(ctx):
    found = propose(ctx, "providers", {"org_name": "样例电工志愿队", "scope": "用电安全巡查"})
    done = proposing.accept(ctx, found.proposal_no, post=REVIEWER, at=NOON)
    row, data = landed(ctx, done.delivery_id)
    assert row.source == "supplement_organisations"
    assert parsed(ctx, data, "social_organisations").columns["org_name"] == ["样例电工志愿队"]


def test_another_post_decides_once_and_says_why_not(ctx):
    propose(ctx)
    with pytest.raises(UsageError, match="不能自己审核"):
        proposing.accept(ctx, 1, post=OFFICE, at=NOON)
    with pytest.raises(UsageError, match="没有写理由"):
        proposing.decline(ctx, 1, post=REVIEWER, at=NOON, reason=" ")
    assert proposing.decline(ctx, 1, post=REVIEWER, at=NOON, reason="已列入改造计划").verdict == "declined"
    with pytest.raises(UsageError, match="第1号建议未采纳"):
        proposing.accept(ctx, 1, post=REVIEWER, at=NOON)
    assert rows(ctx, "SELECT count(*) FROM landing.delivery") == [(0,)]
    with pytest.raises(UsageError, match="没有第9号建议"):
        proposing.accept(ctx, 9, post=GRID, at=NOON)


def test_killed_between_landing_and_the_decision_it_waits_and_can_be_accepted_again(ctx, monkeypatch):
    propose(ctx)
    with monkeypatch.context() as broken:
        broken.setattr(proposing, "_decide", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            proposing.accept(ctx, 1, post=REVIEWER, at=NOON)
    assert proposing.listing(ctx)[0].verdict is None
    assert proposing.accept(ctx, 1, post=REVIEWER, at=NOON).verdict == "accepted"


@pytest.mark.slow
def test_the_next_run_brings_it_into_the_archive_and_its_origin_is_seen(ctx):
    propose(ctx)
    delivery = proposing.accept(ctx, 1, post=REVIEWER, at=NOON).delivery_id
    for stage in (parsing.parse, validation.validate, identity.link, warehouse.merge, warehouse.archive):
        stage(ctx)
    assert rows(ctx, "SELECT status, landed, merged FROM quality.batch") == [("merged", 1, 1)]
    assert rows(ctx, "SELECT courtyard_code, delivery_id FROM warehouse.record WHERE is_current") == [
        (COURTYARD, delivery)
    ]
    assert rows(ctx, "SELECT believed_from, record_key FROM mart.archive_proposal") == [(delivery, "GD260921-AAAAA-1")]
    propose(ctx, values={**CHARGER, "facility_name": "共用线路"})
    proposing.accept(ctx, 2, post=REVIEWER, at=at("2026-09-28 11:00"))
    for stage in (parsing.parse, validation.validate, identity.link, warehouse.merge):
        stage(replace(ctx))
    assert rows(ctx, "SELECT count(*) FROM warehouse.record WHERE is_current") == [(2,)]
