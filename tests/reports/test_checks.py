"""Reconciliation: what holds a form, what lets it pass, and what an explanation is good for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard import reports
from courtyard.desk.deciding import Signed
from courtyard.district.models import ReportSpec
from courtyard.district.report_checks import Figure
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.reports import checking, reconciling, tallying
from courtyard.reports.content import Content
from courtyard.reports.job import Job

NOON = datetime(2026, 10, 2, 4, 0, tzinfo=UTC)
POST = "街道办事处审核岗"
JULY = Period.parse("2026-07")


def spec(*checks: dict, **more: object) -> ReportSpec:
    """An aggregate of three figures with a total row."""
    columns = [{"name": "area", "header": "社区"}]
    columns += [{"name": n, "header": h, "kind": "integer"} for n, h in (("a", "甲"), ("b", "乙"), ("all", "全部"))]
    columns += [{"name": "wan", "header": "金额(万元)", "kind": "decimal", "places": 1}]
    values = {"report": "x", "title": "样表", "recipient": "r", "basis": "b", "frequency": "month", "kind": "aggregate",
              "datasets": ["d"], "sql": "x.sql", "facts": "f.sql", "first_row": 5, "metadata": {}, "total_row": True}  # fmt: skip
    return ReportSpec.model_validate({**values, "columns": columns, "checks": checks, **more})


def content(*rows: tuple, total: tuple | None = None, groups: tuple = (), roster: bool = False) -> Content:
    marked = [(row, False) for row in rows] + ([(total, True)] if total else [])
    sources = [[] if roster else {"row_key": str(i), "is_total": t} for i, (_, t) in enumerate(marked)]
    return Content(
        "样表", {}, tuple(row for row, _ in marked), groups or (None,) * len(marked), tuple(sources), (), "h", NOON
    )


def judged(made: ReportSpec, this: Content, before: Content | None = None, others: dict | None = None, world=None):
    known = {made.report: made, **{s.report: s for s, _ in (others or {}).values()}}

    class District:
        reports = known

        def code_label(self, codes, code):
            return {"dibao": "城市低保"}[code]

    def content_of(wanted: ReportSpec, period: Period) -> Content | None:
        if wanted.report == made.report:
            return before if period == JULY.previous() else None
        return others[wanted.report][1] if period == JULY else None

    return reconciling.judge(reconciling.Form(District(), made, JULY, this, content_of))


TOTAL = {"check": "totals", "kind": "total", "title": "合计", "columns": ["a", "wan"]}


def test_a_total_that_is_not_the_sum_of_its_rows_is_named_with_column_row_and_both_figures():
    rows = ("东", 1, 0, 1, Decimal("0.1")), ("西", 2, 0, 2, Decimal("0.1"))
    (verdict,) = judged(spec(TOTAL), content(*rows, total=("合计", 4, 0, 3, Decimal("0.3"))))
    assert verdict.status == "failing"
    assert verdict.reason == "核对“合计”不符：“甲”列第7行合计为4，各行之和为3。请核对来源数据和报表的 SQL。"
    assert verdict.figures == [{"where": "甲", "ours": "4", "theirs": "3"}]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_rounding_alone_never_fails_a_total(cents):
    """Each printed row and the printed total are rounded on their own."""
    printed = [(Decimal(c) / 100).quantize(Decimal("0.1")) for c in cents]
    total = (Decimal(sum(cents)) / 100).quantize(Decimal("0.1"))
    rows = [("区", 0, 0, 0, value) for value in printed]
    (verdict,) = judged(spec(TOTAL), content(*rows, total=("合计", 0, 0, 0, total)))
    assert verdict.status == "passed"


@pytest.mark.parametrize(
    ("compare", "row", "status"),
    [
        ("equal", ("东", 1, 2, 3, None), "passed"),
        ("equal", ("东", 1, 2, 4, None), "failing"),
        ("equal", ("东", "—", 2, 2, None), "passed"),
        ("at_most", ("东", 1, 2, 4, None), "passed"),
        ("at_most", ("东", 1, 2, 2, None), "failing"),
    ],
)
def test_parts_make_up_the_whole_in_every_row(compare, row, status):
    check = {"check": "p", "kind": "parts", "title": "分项", "parts": ["a", "b"], "whole": "all", "compare": compare}
    (verdict,) = judged(spec(check), content(row))
    assert verdict.status == status
    if status == "failing":
        assert "第5行（东）“甲+乙”为3，“全部”为" in verdict.reason


def test_of_a_roster_a_row_is_named_by_its_number_alone():
    check = {"check": "p", "kind": "parts", "title": "分项", "parts": ["a"], "whole": "all"}
    made = spec(check, kind="roster", facts=None, total_row=False)
    (verdict,) = judged(made, content(("张三", 1, 0, 2, None), roster=True))
    assert "第5行“甲”为1" in verdict.reason and "张三" not in verdict.reason


CHANGE = {
    "check": "c",
    "kind": "change",
    "title": "环比",
    "figure": {"take": "total", "of": ["a"]},
    "share": "0.2",
    "least": 10,
}


@pytest.mark.parametrize(
    ("now", "last", "status"),
    [(121, 100, "failing"), (120, 100, "passed"), (79, 100, "failing"), (9, 1, "passed"), (11, 1, "failing"), (0, 0, "passed"), (10, 0, "failing")],
)  # fmt: skip
def test_a_change_needs_an_explanation_when_both_thresholds_are_passed(now, last, status):
    this, before = (content(("东", n, 0, 0, None), total=("合计", n, 0, 0, None)) for n in (now, last))
    (verdict,) = judged(spec(CHANGE), this, before)
    assert verdict.status == status
    if (now, last) == (121, 100):
        assert "本期为121，上期（2026年6月）为100，增加21（21.0%），超过20%且不少于10" in verdict.reason
        assert "courtyard explain x 2026-07 c --as 岗位 --reason 原因" in verdict.reason


def test_without_a_last_period_nothing_is_compared():
    (verdict,) = judged(spec(CHANGE), content(("东", 1, 0, 0, None), total=("合计", 1, 0, 0, None)))
    assert (verdict.status, verdict.reason) == ("not_compared", "没有2026年6月的数据，未比较。")


def test_a_community_that_vanished_counts_as_zero():
    check = {**CHANGE, "figure": {"take": "sum", "of": ["a"], "by": "area"}}
    this = content(("东", 100, 0, 0, None), total=("合计", 100, 0, 0, None))
    before = content(("东", 100, 0, 0, None), ("西", 50, 0, 0, None), total=("合计", 150, 0, 0, None))
    (verdict,) = judged(spec(check), this, before)
    assert verdict.figures == [{"where": "西", "ours": "0", "theirs": "50"}]


ROSTER = ReportSpec.model_validate(
    {"report": "y", "title": "名册", "recipient": "r", "basis": "b", "frequency": "month", "kind": "roster", "datasets": ["d"],
     "sql": "y.sql", "first_row": 5, "metadata": {}, "merge_by": "household",
     "columns": [{"name": "name", "header": "姓名"}, {"name": "id", "header": "身份证号"},
                 {"name": "kind", "header": "类别", "codes": "k"}]}
)  # fmt: skip
LISTED = content(
    ("甲", "1", "城市低保"), ("乙", None, "城市低保"), ("丙", "1", "城市低保"), ("丁", "2", "特困"),
    groups=("h1", "h1", "h2", "h3"), roster=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ({"take": "rows"}, 4),
        ({"take": "rows", "per": "group"}, 3),
        ({"take": "rows", "per": "group", "where": {"kind": ["dibao"]}}, 2),
        ({"take": "distinct", "of": ["id"]}, 3),
        ({"take": "distinct", "of": ["id"], "where": {"kind": ["dibao"]}}, 2),
    ],
)
def test_a_figure_of_another_form_is_counted_from_its_rows(figure, value):
    check = {"check": "a", "kind": "agrees", "title": "一致", "figure": {"take": "total", "of": ["a"]},
             "against": {"report": "y", "figure": figure}}  # fmt: skip
    for ours, status in ((value, "passed"), (value + 1, "failing")):
        this = content(("东", ours, 0, 0, None), total=("合计", ours, 0, 0, None))
        (verdict,) = judged(spec(check), this, others={"y": (ROSTER, LISTED)})
        assert verdict.status == status
        assert verdict.figures == [{"where": "", "ours": str(ours), "theirs": str(value)}]
    assert f"本表甲合计为{value + 1}，《名册》2026年7月的" in verdict.reason


def test_forms_counted_for_other_days_are_not_compared():
    check = {"check": "a", "kind": "agrees", "title": "一致", "figure": {"take": "total", "of": ["a"]},
             "against": {"report": "y", "figure": {"take": "rows"}}}  # fmt: skip
    quarterly = ROSTER.model_copy(update={"frequency": "quarter"})
    this = content(("东", 1, 0, 0, None), total=("合计", 1, 0, 0, None))
    (verdict,) = judged(spec(check), this, others={"y": (quarterly, LISTED)})
    assert verdict.status == "not_compared"


# --- through the warehouse ----------------------------------------------------------------------


def signed(reason: str = "数据属实", post: str = POST) -> Signed:
    return Signed(post, reason, NOON)


def with_check(world, report: str, *checks: dict):
    """The world whose report has these checks alone."""
    ctx = world.ctx
    made = ReportSpec.model_validate({**ctx.district.reports[report].model_dump(), "checks": checks})
    reports_ = {**ctx.district.reports, report: made}
    from dataclasses import replace

    return replace(world, ctx=replace(ctx, district=ctx.district.model_copy(update={"reports": reports_})))


FEWER = {"check": "fewer", "kind": "change", "title": "户数与上月比", "share": "0.1", "least": 1,
         "figure": {"take": "rows", "per": "group", "label": "户数"}}  # fmt: skip


def test_the_existing_reports_pass_their_own_checks(dibao):
    done = reports.publish(dibao.only("dibao_roster", "dibao_statistics").ctx)
    assert [h["period"] for h in done["held"]] == ["2026-09", "2026-09"]  # whose data has not come
    found = dibao.rows("SELECT report, period, check_name, status FROM publish.check_result ORDER BY 2, 1, place")
    assert {row["status"] for row in found if row["period"] == "2026-08"} == {"passed"}
    august = {row["check_name"] for row in found if (row["report"], row["period"]) == ("dibao_statistics", "2026-08")}
    assert august == {"totals", "ages", "households", "persons", "change"}


def test_a_form_that_disagrees_with_another_is_held_and_the_others_go_on(dibao):
    check = {"check": "same", "kind": "agrees", "title": "户数一致",
             "figure": {"take": "rows", "per": "group"},
             "against": {"report": "dibao_statistics", "figure": {"take": "total", "of": ["households"]}}}  # fmt: skip
    done = reports.publish(with_check(dibao.only("dibao_roster", "dibao_statistics"), "dibao_roster", check).ctx)
    reason = (
        "核对“户数一致”不符：本表组数为3，《城市低保统计表》2026年7月的低保户数(户)合计为2，应相等。"
        "请核对来源数据和报表的 SQL。"
    )
    held = {(h["report"], h["period"]): h["reason"] for h in done["held"]}
    assert held["dibao_roster", "2026-07"] == reason
    assert {(p["report"], p["period"]) for p in done["published"]} == {
        ("dibao_statistics", "2026-07"), ("dibao_roster", "2026-08"), ("dibao_statistics", "2026-08"),
    }  # fmt: skip
    (stored,) = dibao.rows("SELECT reason FROM publish.hold WHERE report = 'dibao_roster' AND period = '2026-07'")
    assert stored["reason"] == reason


def test_an_explained_change_is_published_with_its_explanation_and_the_form_says_nothing_of_it(dibao):
    world = with_check(dibao.only("dibao_roster"), "dibao_roster", FEWER)
    held = reports.publish(world.ctx)["held"]
    assert [h["period"] for h in held] == ["2026-08", "2026-09"]
    assert "户数本期为2，上期（2026年7月）为3，减少1（33.3%）" in held[0]["reason"]

    checking.explain(world.ctx, "dibao_roster", Period.parse("2026-08"), "fewer", signed("一户停保"))
    assert [p["period"] for p in reports.publish(world.ctx)["published"]] == ["2026-08"]

    folder = world.ctx.settings.published / "2026-08/dibao_roster/r1"
    (told,) = json.loads((folder / "manifest.json").read_bytes())["checks"]
    assert told["status"] == "explained"
    assert (told["explanation"]["post"], told["explanation"]["reason"]) == (POST, "一户停保")
    words = {str(cell.value) for row in world.sheet("2026-08/dibao_roster/r1").iter_rows() for cell in row}
    assert not [word for word in words if "停保" in word]
    assert checking.failing(world.ctx) == []


def test_an_explanation_holds_for_exactly_its_figures(dibao):
    world = with_check(dibao.only("dibao_roster"), "dibao_roster", FEWER)
    reports.publish(world.ctx)
    checking.explain(world.ctx, "dibao_roster", Period.parse("2026-08"), "fewer", signed())
    late = world.batch("dibao_register", "2026-08", "2026-09-20T10:00:00+08:00")
    world.execute("UPDATE warehouse.record SET is_active = false WHERE record_key = '2026-08/k4'")
    world.record(late, "k8", {"benefit_no": "D001", "name": "王样例", "category": "dibao"})
    held = [h for h in reports.publish(world.ctx)["held"] if h["period"] == "2026-08"]
    assert held and "户数本期为1" in held[0]["reason"]
    (failing,) = checking.failing(world.ctx)
    assert failing["figures"] == [{"where": "", "ours": "1", "theirs": "3"}]


@pytest.mark.parametrize(
    ("report", "period", "check", "by", "said"),
    [
        ("dibao_rooster", "2026-08", "fewer", signed(), "没有报表“dibao_rooster”"),
        ("dibao_roster", "2026-08", "more", signed(), "没有“more”这项核对。 可选：fewer。"),
        ("dibao_roster", "2026-07", "fewer", signed(), "没有待说明的不符"),
        ("dibao_roster", "2026-08", "fewer", signed(reason=" "), "没有写理由"),
        ("dibao_roster", "2026-08", "fewer", signed(post="某人"), "没有“某人”这个岗位"),
    ],
)
def test_what_cannot_be_explained_is_told(dibao, report, period, check, by, said):
    world = with_check(dibao.only("dibao_roster"), "dibao_roster", FEWER)
    reports.publish(world.ctx)
    with pytest.raises(UsageError) as error:
        checking.explain(world.ctx, report, Period.parse(period), check, by)
    assert said in str(error.value)


def test_a_wrong_total_cannot_be_explained_away(dibao):
    world = dibao.only("dibao_statistics")
    with pytest.raises(UsageError, match="不能用说明代替"):
        checking.explain(world.ctx, "dibao_statistics", Period.parse("2026-08"), "totals", signed())


def test_a_change_is_measured_against_what_was_published_without_making_the_last_form_again(dibao, monkeypatch):
    world = with_check(dibao.only("dibao_roster"), "dibao_roster", {**FEWER, "share": "0.9"})
    reports.publish(world.ctx)
    made = []
    monkeypatch.setattr(Job, "other", lambda _job, spec, period: made.append(period))
    september = world.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    world.record(september, "k4", {"benefit_no": "D002", "name": "赵样例", "category": "dibao"})
    assert [p["period"] for p in reports.publish(world.ctx)["published"]] == ["2026-09"]
    assert made == []
    (row,) = world.rows("SELECT figures FROM publish.check_result WHERE period = '2026-09'")
    assert row["figures"] == [{"where": "", "ours": "1", "theirs": "2"}]


def test_figures_that_were_kept_for_another_measure_are_not_used():
    rows, groups = Figure(take="rows"), Figure(take="rows", per="group")
    kept = tallying.kept(rows, {"": Decimal(3)})
    assert tallying.recalled(rows, kept) == {"": Decimal(3)}
    assert tallying.recalled(groups, kept) is None and tallying.recalled(rows, None) is None
