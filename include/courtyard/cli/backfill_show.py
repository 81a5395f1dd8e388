"""A plan or a trial of a backfill as an operator reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from courtyard.backfill import planned
from courtyard.backfill.planned import ARRIVALS, OUTCOMES, STANDINGS, Delivery, Form, Plan, Step
from courtyard.backfill.telling import label
from courtyard.backfill.trial import Trial
from courtyard.period import SHANGHAI, Period

_MOST = 12
_TOLD = {"recipient": "收件部门", "approver": "签发岗位", "unit": "报送单位"}
_STYLES = {"changes": "yellow", "first": "green", "may_change": "yellow", "held": "red"}


def plan(console: Console, found: Plan, *, every: bool = False) -> None:
    """The whole plan: quarter by quarter, then later forms, who is told, how long it takes. `every` lists all forms."""
    order = "、".join(step.quarter for step in found.steps)
    console.print(f"回填计划：{order}（{found.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}，什么都没有改动）", style="bold")
    for step in found.steps:
        _step(console, step, every=every, is_composed=found.is_composed)
    if found.later:
        console.print("以后各季", style="bold")
        _forms(console, found.later)
    _told(console, found)
    for note in found.notes:
        console.print(f"  {note}")
    took = f"按上次运行约需{duration(found.seconds)}。" if found.seconds else "还没有运行记录，不知道要多久。"
    console.print(took)
    if not found.used and not found.moving:
        console.print("没有等待的交付，报表不会变。", style="green")


def _step(console: Console, step: Step, *, every: bool, is_composed: bool) -> None:
    console.print(f"{step.title}（{step.quarter}）", style="bold")
    if not step.verdict.may_run:
        console.print(
            f"  不能运行：{step.verdict.why}{step.verdict.remedy}", style="red", highlight=False, soft_wrap=True
        )
        return
    if step.verdict.busy_with:
        console.print(f"  正由 {escape(step.verdict.busy_with)} 运行，要等它结束。", highlight=False, soft_wrap=True)
    counted = Counter(delivery.standing for delivery in step.deliveries)
    told = [f"{title} {counted[name]}" for name, title in STANDINGS.items() if counted[name]]
    rows = f"，隔离 {step.quarantined} 行" if step.quarantined else ""
    console.print(f"  交付 {len(step.deliveries)} 份：{'、'.join(told) or '无'}{rows}", highlight=False, soft_wrap=True)
    _deliveries(console, step.standing("used", "held", "rejected"))
    for asked in planned.by_source(step.asked):
        console.print(f"    会去取 {escape(asked)}", highlight=False, soft_wrap=True)
    same = sum(form.outcome == "same" for form in step.forms)
    exact = "" if is_composed else "（未逐张核对）"
    console.print(f"  报表 {len(step.forms)} 张，{same} 张不变{exact}", highlight=False, soft_wrap=True)
    _forms(console, step.forms if every else [form for form in step.forms if form.outcome != "same"])


def _deliveries(console: Console, found: Iterable[Delivery]) -> None:
    found = list(found)
    for delivery in found[:_MOST]:
        state = STANDINGS[delivery.standing] + (f"·{ARRIVALS[delivery.arrival]}" if delivery.arrival else "")
        why = f"：{escape(delivery.why)}" if delivery.why else ""
        console.print(
            f"    {state}  {delivery.label} {delivery.period}  {escape(delivery.delivery_id)}{why}", highlight=False
        )
    if len(found) > _MOST:
        console.print(f"    等共 {len(found)} 份（全部见 --json）")


def _forms(console: Console, found: Iterable[Form]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 4), show_header=False)
    for form in found:
        revision = f"现第{form.revision}版" if form.revision else "未发布"
        lines = f"{form.changes}处变动" if form.changes else ""
        fed = f"等待的交付 {len(form.fed_by)} 份" if form.fed_by else ""
        why = "；".join(filter(None, (lines, fed, form.why)))
        outcome = f"[{_STYLES.get(form.outcome, 'dim')}]{OUTCOMES[form.outcome]}[/]"
        table.add_row(outcome, label(form), revision, escape(why))
    if table.rows:
        console.print(table)


def _told(console: Console, found: Plan) -> None:
    if not found.told:
        console.print("不需要通知任何人。")
        return
    console.print("要通知谁", style="bold")
    for kind, title in _TOLD.items():
        for told in (t for t in found.told if t.kind == kind):
            certain = "" if told.is_certain else "可能："
            forms = "、".join(told.forms[:4]) + (f"等{len(told.forms)}张" if len(told.forms) > 4 else "")
            about = f"（{forms}）" if forms else ""
            console.print(f"  {certain}{title}{told.name}：{told.why}{about}", highlight=False, soft_wrap=True)


def trial(console: Console, found: Trial) -> None:
    """What the copy came to, without a value."""
    if not found.changed:
        console.print("试算结果：没有一张报表会变。", style="green")
    else:
        console.print(f"试算结果：{len(found.changed)} 张报表会出新版", style="bold")
    for form in found.changed:
        lines = "、".join(f"{kind}{count}" for kind, count in form.lines.items()) or "内容变动"
        old = f"第{form.old}版 → 第{form.new}版" if form.old else f"第{form.new}版（首次）"
        lines = lines if form.old else ""
        console.print(
            f"  {Period.parse(form.period).title}《{form.title}》 {old} {lines}".rstrip(),
            highlight=False,
            soft_wrap=True,
        )
    for form in found.held:
        console.print(f"  仍暂缓：{label(form)}：{escape(form.why)}", highlight=False, soft_wrap=True)
    if found.follow_on:
        console.print(f"  随后续算：{'、'.join(found.follow_on)}")
    recipients = Counter(name for name, _, _ in found.recalls)
    for name, count in recipients.items():
        console.print(f"  须发更正函：{name}（{count} 张报表）", highlight=False, soft_wrap=True)
    console.print("试算用的副本已删除，数据仓库没有改动。")


def duration(seconds: float | None) -> str:
    """About how long, as people say it."""
    if seconds is None:
        return "不知道多久"
    return f"{seconds:.0f}秒" if seconds < 90 else f"{seconds / 60:.0f}分钟"
