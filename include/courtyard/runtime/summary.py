"""What a demo ends with: the ledger that must balance, the street in numbers, the reports."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from courtyard.district import load_district
from courtyard.settings import Settings

COUNTS = {
    "landed": "落地行",
    "merged": "合并",
    "quarantined": "隔离",
    "superseded": "被替代",
    "held": "暂挂",
    "residual": "差额",
}
# 2026Q3 of a batch for 2026Q3 or for 2026-07
QUARTER = "CASE WHEN period ~ 'Q' THEN period ELSE left(period, 4) || 'Q' || (right(period, 2)::int + 2) / 3 END"
_LEDGER = text(f"""
SELECT {QUARTER} AS period, count(DISTINCT delivery_id) AS deliveries, {", ".join(f"sum({c})::bigint AS {c}" for c in COUNTS)},
       coalesce(sum(abs(residual)), 0)::bigint AS off
  FROM mart.ledger WHERE street_code = :street GROUP BY 1 ORDER BY 1
""")
_STREET = text("""
SELECT (SELECT count(*) FROM warehouse.courtyard WHERE street_code = :street AND valid_to = 'infinity') AS courtyards,
       count(DISTINCT household_id) AS households, count(DISTINCT person_id) AS persons
  FROM warehouse.record WHERE street_code = :street AND is_current AND is_active
""")
# The newest of each report stands for it: its name says the form, the period and the revision.
_REPORTS = text("""
SELECT DISTINCT ON (report) report, manifest ->> 'title' AS title, folder, rows,
       count(*) OVER (PARTITION BY report) AS publications
  FROM publish.publication WHERE street_code = :street ORDER BY report, period DESC, revision DESC
""")
_CASES = text("""
SELECT count(*) AS opened, count(*) FILTER (WHERE status IN ('held', 'waiting', 'handling', 'answered')) AS open,
       (SELECT count(*) FROM cases.report WHERE street_code = :street) AS reports
  FROM cases."case" WHERE street_code = :street
""")
_DELIVERIES = text("SELECT count(*) FROM landing.delivery WHERE street_code = :street")
_HOLDS = text("SELECT report, period, reason FROM publish.hold WHERE street_code = :street ORDER BY report, period")


@dataclass(frozen=True)
class Outcome:
    """Whether all is as it should be: every batch final, no delivery lost, something published."""

    off: int
    deliveries: int
    reports: int

    @property
    def balanced(self) -> bool:
        return self.off == 0 and self.deliveries > 0


def show(console: Console, settings: Settings, engine: Engine) -> Outcome:
    """Print the summary of everything in the warehouse."""
    ours = {"street": load_district(settings.district_path).office.street_code}
    with engine.connect() as connection:
        ledger = connection.execute(_LEDGER, ours).all()
        street = connection.execute(_STREET, ours).one()
        reports = connection.execute(_REPORTS, ours).all()
        cases = connection.execute(_CASES, ours).one()
        holds = connection.execute(_HOLDS, ours).all()
        deliveries = connection.scalar(_DELIVERIES, ours) or 0
    table = Table("季度", "交付", *COUNTS.values(), title="收数台账：落地 = 合并 + 隔离 + 被替代 + 暂挂")
    for row in ledger:
        table.add_row(row.period, f"{row.deliveries:,}", *(f"{getattr(row, c) or 0:,}" for c in COUNTS))
    totals = (sum(getattr(row, c) or 0 for row in ledger) for c in COUNTS)
    table.add_section()
    table.add_row("合计", f"{deliveries:,}", *(f"{total:,}" for total in totals), style="bold")
    console.print(table)
    console.print(f"院落 {street.courtyards:,} 个   户 {street.households:,}   人 {street.persons:,}", highlight=False)
    if cases.opened:
        told = f"居民上报和12345办件 {cases.reports:,} 件，成工单 {cases.opened:,} 件，在办 {cases.open:,} 件：courtyard cases list"
        console.print(told, highlight=False, soft_wrap=True)
    published = sum(row.publications for row in reports)
    told = f"已发布 {len(reports)} 种报表共 {published} 张，在 {settings.published}。每种最近的一张："
    console.print(told, highlight=False, soft_wrap=True)
    for row in reports:
        told = f"{row.publications:4} 张  {row.rows:6,} 行  {row.folder:34} {row.title}"
        console.print(f"  {told}", highlight=False, soft_wrap=True)
    index = settings.published / "catalogue" / "index.html"
    console.print(f"报表目录（浏览器打开）：{index}", highlight=False, soft_wrap=True)
    for row in holds:
        console.print(f"[yellow]暂挂[/yellow] {row.report} {row.period}：{row.reason}", highlight=False, soft_wrap=True)
    off = sum(row.off for row in ledger)
    console.print(f"[{'green' if not off else 'red'}]差额 {off}[/]", highlight=False)
    return Outcome(off=off, deliveries=deliveries, reports=published)
