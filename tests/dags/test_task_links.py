"""Every task leads to the page that shows its result, whatever source, quarter or report it works on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import _courtyard_links as links
import courtyard_links as plugin
from courtyard import actions, stages


@pytest.mark.parametrize(
    ("step", "period", "part", "expected"),
    [
        ("fetch", "2026-07", "civil_affairs", {"来件": "/deliveries?source=civil_affairs&period=2026-07"}),
        ("merge", "2026Q3", None, {"来件": "/deliveries?period=2026Q3"}),
        ("receipt", "2026Q3", None, {"回执": "/deliveries?source=grid&period=2026Q3", "季度看板": "/quarter/2026Q3"}),
        ("validate", "2026Q3", None, {"质量报告": "/quality/2026Q3", "来件": "/deliveries?period=2026Q3"}),
        ("cases", "2026Q3", None, {"工单": "/cases"}),
        ("publish", "2026Q3", None, {"报表": "/reports", "运行记录": "/runs/2026Q3", "季度看板": "/quarter/2026Q3"}),
    ],
)
def test_a_step_leads_to_what_it_worked_on(step, period, part, expected):
    assert links.links_of(step, period, part) == expected


def test_every_stage_and_action_leads_somewhere_under_a_title_that_has_a_button():
    titles = {link.name for link in plugin.CourtyardLinksPlugin.global_operator_extra_links}
    for step in [*(stage.name for stage in stages.STAGES), *actions.ACTIONS]:
        found = links.links_of(step, "2026Q3", "grid")
        assert found, f"{step}: say in _courtyard_links.links_of where its result is seen."
        assert found.keys() <= titles, f"{step}: add its title to plugins/courtyard_links.py."
        assert all(path.startswith("/") for path in found.values())


@pytest.mark.parametrize(
    ("asked", "report", "quarter"),
    [
        ([("dibao_roster", "2026-07")], "/reports/dibao_roster/2026-07", "/quarter/2026Q3"),
        ([("dibao_roster", "2026-06"), ("dibao_statistics", "2026-07")], "/reports", "/quarter/2026Q3"),
    ],
)
def test_a_question_leads_to_the_report_that_it_is_about(asked, report, quarter):
    left = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: left.update({key: value}))
    links.leave_reports(ti, [{"report": name, "period": period} for name, period in asked])
    assert left == {plugin.KEY: {"报表": report, "季度看板": quarter}}


def test_a_button_has_the_pages_address_and_none_where_a_task_left_no_path(monkeypatch):
    monkeypatch.setattr(plugin, "_left", lambda ti_key: {"来件": "/deliveries?period=2026Q3"})
    buttons = {link.name: link.get_link(None, ti_key=None) for link in map(plugin.PageLink, ("来件", "报表"))}
    assert buttons == {"来件": "/courtyard/deliveries?period=2026Q3", "报表": ""}
