"""核实台: who sees which entry, one click with a reason, the same decision as on the command line, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from deliveries import Delivery
from tests.boards.conftest import NOW, Open
from tests.boards.pages import audited, hidden, rows, words
from tests.warehouse.quarter import HOME, at, benefit, child, entry, run

from courtyard import landing, stages
from courtyard.context import Context
from courtyard.desk import deciding, pending, queue
from courtyard.desk.deciding import Signed
from courtyard.identity import decisions
from courtyard.settings import Settings

GRID, POST = "510105005002001", "510105005/社治办副主任"
REASON = {"reason": "电话核实"}


@pytest.fixture
def ctx(as_user: Open, settings: Settings, warehouse_url: str) -> Context:
    return stages.context("2026Q3", holder="test", settings=replace(settings, warehouse_url=warehouse_url))


@pytest.fixture
def names_differ(ctx: Context) -> str:
    """Register and a grid's list spell a child's name differently: the grid's to settle. The entry's id."""
    run(
        ctx,
        Delivery("population", [entry("1", birth_date="2021-01-01")], "2026Q3", at(10)),
        Delivery(
            "grid_school_age", [child("1", name="样改", birth_date="2021-01-01")], "2026Q3", at(10), unit_code=GRID
        ),
    )
    return only(ctx)


@pytest.fixture
def alike(ctx: Context) -> str:
    """One ID number in the register under two names: possibly one person. The entry's id."""
    two = [entry("1"), entry("2", id_number="ID-1", name="样二", household_no="H2")]
    run(ctx, Delivery("population", two, "2026Q3", at(10)))
    return only(ctx, "same_person")


def only(ctx: Context, kind: str | None = None) -> str:
    with ctx.engine().connect() as connection:
        (found,) = queue.listing(connection, ctx, kind=kind)
    return found["id"]


def landed(ctx: Context) -> list[dict[str, Any]]:
    """The decisions that the desk has landed, without what the moment makes of them."""
    with ctx.engine().connect() as connection:
        found = pending.waiting(connection, ctx)
    return [{k: v for k, v in one.items() if k not in ("decision_no", "decided_at")} for one in found]


def post(client: Any, wanted: str, **typed: str) -> Any:
    """Open an entry, fill in the form and click."""
    return client.post(f"/desk/{wanted}", data={**hidden(client.get(f"/desk/{wanted}")), **typed})


def test_the_queue_counts_what_is_open_and_shows_no_value(as_user: Open, names_differ: str, warehouse_url: str) -> None:
    shown = words(as_user("street01").get("/desk"))
    assert "1 待核实" in shown and "来源说法不一 姓名" in shown and "四道街社区第1网格" in shown and "还有89天" in shown
    assert "样改" not in shown and "样1" not in shown
    assert audited(warehouse_url) == []


def test_an_entry_shows_the_claims_side_by_side_and_the_look_is_audited(
    as_user: Open, names_differ: str, warehouse_url: str
) -> None:
    answer = as_user("community01").get(f"/desk/{names_differ}")
    shown = words(answer)
    assert "样1 现用" in shown and "样改" in shown and "按来源可信次序，采用实有人口" in shown
    assert "<mark>改</mark>" in answer.text  # what differs from the first is marked
    assert "2026-10-01" in shown and "可信次序 第1（共10）" in shown and "适龄儿童" in shown
    assert audited(warehouse_url) == [("board:community01", "desk_values", f"510105005/{names_differ}")]


@pytest.mark.parametrize(("user", "status"), [("street01", 200), ("community01", 200), ("community02", 403),
                                              ("department01", 403), ("viewer01", 403)])  # fmt: skip
def test_values_are_shown_to_whom_an_entry_belongs(
    as_user: Open, names_differ: str, warehouse_url: str, user: str, status: int
) -> None:
    answer = as_user(user).get(f"/desk/{names_differ}")
    assert (answer.status_code, "样改" in words(answer)) == (status, status == 200)
    action = (
        ("desk_values", f"510105005/{names_differ}") if status == 200 else ("forbidden", f"GET /desk/{names_differ}")
    )
    assert audited(warehouse_url) == [(f"board:{user}", *action)]
    if status == 403:
        assert as_user(user).post(f"/desk/{names_differ}", data=REASON).status_code == 403


def test_a_department_looks_at_what_its_source_owns_and_cannot_decide_without_a_post(
    as_user: Open, ctx: Context
) -> None:
    old = {"name": "样改", "id_number": "ID-1", "birth_date": "1940-01-01", "sex": "1", "address": HOME}
    run(
        ctx,
        Delivery("dibao_register", [benefit("1", month="2026-09")], "2026-09", at(10)),
        Delivery("elderly", [old], "2026Q3", at(10)),
    )
    wanted = only(ctx)
    answer = as_user("department01").get(f"/desk/{wanted}")
    assert answer.status_code == 200 and "只能查看" in answer.text and "以此为准" not in answer.text
    refused = as_user("department01").post(f"/desk/{wanted}", data=hidden(answer) | REASON | {"verdict": "1"})
    assert refused.status_code == 400 and "没有对应的岗位" in refused.text and landed(ctx) == []
    assert as_user("department02").get(f"/desk/{wanted}").status_code == 403


def test_a_click_lands_what_the_command_lands(as_user: Open, ctx: Context, names_differ: str) -> None:
    answer = post(as_user("street01"), names_differ, verdict="2", **REASON)
    assert answer.status_code == 303 and answer.headers["location"].startswith(f"/desk?done={names_differ}")
    with ctx.engine().connect() as connection:
        made = deciding.on_entry(connection, ctx, names_differ, "2", None, Signed(POST, "电话核实", NOW))
        (delivery,) = connection.execute(pending._WAITING, {"street": ctx.street_code, "source": "desk"}).all()
    contract = ctx.district.contracts["decisions"]
    assert landing.open_delivery(ctx, delivery) == decisions.as_bytes(contract, [made])
    assert delivery.period == "2026Q3"


def test_a_decision_waits_for_the_next_run_and_then_holds(as_user: Open, ctx: Context, names_differ: str) -> None:
    client = as_user("street01")
    post(client, names_differ, verdict="2", **REASON)
    assert "已记下，下一次运行起生效" in words(client.get(f"/desk?done={names_differ}"))
    assert "0 待核实" in words(client.get("/desk")) and "1 已记下，待生效" in words(client.get("/desk"))
    shown = words(client.get(f"/desk/{names_differ}"))
    assert "已记下，下一次运行起生效：以“样改”为准。" in shown and "电话核实" in shown
    for name in ("parse", "validate", "link", "merge"):
        stages.stage(name).work(ctx)
    shown = words(client.get(f"/desk/{names_differ}"))
    assert "已核实：核实台已决定" in shown and "采用核实台的决定" in shown and "样改 现用" in shown
    assert "没有等待您的单位核实的事项" in words(client.get("/desk"))


def test_sent_twice_it_is_landed_once(as_user: Open, ctx: Context, names_differ: str) -> None:
    client = as_user("street01")
    typed = hidden(client.get(f"/desk/{names_differ}")) | REASON | {"verdict": "1"}
    answers = [as_user("street01", at=NOW.replace(second=s)).post(f"/desk/{names_differ}", data=typed) for s in (1, 5)]
    assert [a.status_code for a in answers] == [303, 303] and len(landed(ctx)) == 1


def test_what_another_decided_meanwhile_stands_and_what_was_typed_is_kept(
    as_user: Open, ctx: Context, names_differ: str
) -> None:
    mine = hidden(as_user("community01").get(f"/desk/{names_differ}"))
    post(as_user("street01"), names_differ, verdict="1", **REASON)
    late = as_user("community01").post(f"/desk/{names_differ}", data=mine | {"verdict": "2", "reason": "上门看过"})
    assert late.status_code == 409 and "已经有人定了" in late.text and 'value="上门看过"' in late.text
    assert "以“样1”为准" in words(late) and len(landed(ctx)) == 1


def test_a_decision_is_changed_by_another_that_knows_of_it(as_user: Open, ctx: Context, names_differ: str) -> None:
    client = as_user("street01")
    post(client, names_differ, verdict="1", **REASON)
    later = as_user("street01", at=NOW.replace(minute=5))
    assert "改为以此为准" in later.get(f"/desk/{names_differ}").text
    assert post(later, names_differ, verdict="2", reason="看了户口簿").status_code == 303
    assert [one["value"] for one in landed(ctx)] == ["样1", "样改"]
    assert "以“样改”为准" in words(client.get(f"/desk/{names_differ}"))


def test_claims_that_changed_are_looked_at_again(as_user: Open, ctx: Context, names_differ: str) -> None:
    client = as_user("street01")
    seen = hidden(client.get(f"/desk/{names_differ}"))
    new = child("1", name="样又改", birth_date="2021-01-01")
    run(ctx, Delivery("grid_school_age", [new], "2026Q3", at(10, 5), unit_code=GRID))
    answer = client.post(f"/desk/{names_differ}", data=seen | REASON | {"verdict": "2"})
    assert (
        answer.status_code == 409 and "说法刚刚变了" in answer.text and "样又改" in words(answer) and landed(ctx) == []
    )


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"verdict": "1"}, "没有写理由"),
        ({"verdict": "1", "reason": "  "}, "没有写理由"),
        ({"verdict": "value", **REASON}, "没有写另有的值"),
        ({"verdict": "7", **REASON}, "没有“7”这个说法"),
        ({"verdict": "same", **REASON}, "没有“same”这个说法"),
        (REASON, "没有“”这个说法"),
    ],
)
def test_what_makes_no_sense_is_told_on_the_entrys_page(
    as_user: Open, ctx: Context, names_differ: str, typed: dict[str, str], told: str
) -> None:
    answer = post(as_user("street01"), names_differ, **typed)
    assert answer.status_code == 400 and told in words(answer) and "样改" in words(answer) and landed(ctx) == []


def test_what_no_source_says_may_be_right(as_user: Open, ctx: Context, names_differ: str) -> None:
    post(as_user("community01"), names_differ, verdict="value", value="样三", **REASON)
    (made,) = landed(ctx)
    assert (made["value"], made["decided_by"]) == ("样三", "510105005002/社区书记")


def test_two_records_stand_side_by_side_and_are_told_apart(as_user: Open, ctx: Context, alike: str) -> None:
    client = as_user("street01")
    shown = words(client.get(f"/desk/{alike}"))
    assert "姓名 样1 样二 不同" in shown and "出生日期 1980-01-01 1980-01-01 一致" in shown and "证件号码" in shown
    assert post(client, alike, verdict="different", **REASON).status_code == 303
    (made,) = landed(ctx)
    assert (made["matter"], made["verdict"]) == ("same_person", "different")
    assert "已记下，下一次运行起生效：不是同一人。" in words(client.get(f"/desk/{alike}"))
    assert as_user("community01").get(f"/desk/{alike}").status_code == 403  # a pair is the street's


def test_one_works_through_them_in_a_row(as_user: Open, ctx: Context) -> None:
    register = [entry(n, birth_date="2021-01-01") for n in ("1", "2", "3")]
    lists = [child(n, name=f"样{n}变", birth_date="2021-01-01") for n in ("1", "2", "3")]
    run(
        ctx,
        Delivery("population", register, "2026Q3", at(10)),
        Delivery("grid_school_age", lists, "2026Q3", at(10), unit_code=GRID),
    )
    client, seen = as_user("street01"), []
    address = f"/desk/{next(iter(ids(ctx)))}?kind=claim"
    while address.startswith("/desk/"):
        wanted = address.removeprefix("/desk/").partition("?")[0]
        seen.append(wanted)
        typed = hidden(client.get(address)) | REASON | {"verdict": "1"}
        address = client.post(f"/desk/{wanted}", data=typed).headers["location"]
    assert seen == ids(ctx) and address == f"/desk?kind=claim&done={seen[-1]}"
    assert "这一批已经全部核实完" in words(client.get(address))


def ids(ctx: Context) -> list[str]:
    with ctx.engine().connect() as connection:
        return [one["id"] for one in queue.listing(connection, ctx, kind="claim")]


def test_filters_and_ids_that_there_are_not(as_user: Open, names_differ: str, warehouse_url: str) -> None:
    client = as_user("street01")
    assert names_differ in client.get("/desk?kind=claim&due=later").text
    assert f"/desk/{names_differ}" not in client.get("/desk?due=overdue").text
    assert names_differ in as_user("street01", at=NOW.replace(year=2027)).get("/desk?due=overdue").text
    assert client.get("/desk?quarter=2026Q9").status_code == 400 and "季度" in client.get("/desk?quarter=x").text
    assert client.get("/desk/D0").status_code == 404 and "没有编号为D0" in client.get("/desk/D0").text
    assert rows(warehouse_url, "SELECT count(*) FROM landing.delivery WHERE source = 'desk'") == [(0,)]
