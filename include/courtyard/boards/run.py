"""运行记录: what the last runs of a quarter did, stage by stage, and for whom one waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import text
from starlette.responses import Response

from courtyard.boards import answering, asked, guard, menu
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.period import Period
from courtyard.stages import STAGES
from courtyard.store import runs

SHOWN = 10
MOODS = {"waiting": "warn", "running": "warn", "done": "good", "held": "bad", "failed": "bad"}
# What stages count, in the words of the page; what is not named here is left out.
COUNTS = {
    "landed": "新落地",
    "known": "已有",
    "absent": "没有数据",
    "failed": "没有取到",
    "deliveries": "来件",
    "batches": "批次",
    "rows": "行",
    "findings": "问题",
    "submissions": "报送",
    "quarantined": "隔离行",
    "merged": "入库行",
    "unchanged": "未变",
    "superseded": "被替代行",
    "held": "暂缓",
    "changed": "有变化",
    "discrepancies": "说法不一",
    "written": "写出",
    "notices": "通知",
    "opened": "新工单",
    "moved": "工单有进展",
    "tags": "标签有变化",
    "indicators": "指标有变化",
    "published": "发布",
    "sent": "送出",
    "confirmed": "确认送达",
    "waiting": "待送",
}
_FOLLOW_ON = text("""
SELECT because_of, asked_at, settled_at, is_due, cardinality(delivery_ids) AS deliveries, sources
  FROM mart.follow_on WHERE street_code = :street AND quarter = :quarter
 ORDER BY is_due DESC, asked_at DESC LIMIT :most
""")


def mount(app: FastAPI) -> None:
    """The runs of a quarter; without one, those of the quarter in which the day lies."""

    @app.get("/runs")
    def current(request: Request, who: Who = guard.allowed(menu.RUNS)) -> Response:
        return answering.back(request, f"/runs/{Period.of('quarter', guard.today(request))}")

    @app.get("/runs/{quarter}")
    def shown(request: Request, quarter: str, who: Who = guard.allowed(menu.RUNS)) -> Response:
        period, ctx = asked.quarter(quarter), guard.context(request)
        with ctx.engine("publisher").connect() as connection:
            found = runs.listed(connection, ctx.street_code, str(period), SHOWN)
            where = {"street": ctx.street_code, "quarter": str(period), "most": SHOWN}
            follow_on = connection.execute(_FOLLOW_ON, where).mappings().all()
        return answering.page(
            request,
            "run.html",
            period=period,
            runs=[{**run, "stages": list(stages(run["told"], ctx))} for run in found],
            follow_on=follow_on,
            titles={name: source.title for name, source in ctx.district.sources.items()},
            kinds=runs.KINDS,
            outcomes=runs.OUTCOMES,
            moods=MOODS,
            is_begun=period.start <= guard.today(request),
        )


def stages(told: Mapping[str, Mapping[str, Any]], ctx: Context) -> Iterator[dict[str, Any]]:
    """What each stage came to, in the order of the stages; of fetching a line for each source."""
    for stage in STAGES:
        for step, said in told.items():
            name, _, part = step.partition(":")
            if name != stage.name:
                continue
            source = ctx.district.sources.get(part)
            about = f"{stage.title}：{source.title if source else part}" if part else stage.title
            counts = [f"{words} {said[key]:,}" for key, words in COUNTS.items() if said.get(key)]
            yield {"title": about, "name": name, "part": part, "counts": "、".join(counts), "error": said.get("error")}
