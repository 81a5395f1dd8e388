"""A department corrects a month of 2026Q1 long after: what changes, who is told, and what stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import psycopg
import pytest
from openpyxl import load_workbook
from sqlalchemy import make_url, text

from courtyard import reports, stages
from courtyard.desk.deciding import Signed
from courtyard.period import SHANGHAI, Period
from courtyard.reports import signing

MONTH = "2026-02"
AFFECTED = [("dibao_roster", "2026-02"), ("dibao_statistics", "2026-02"), ("dibao_statistics", "2026-03")]
AT = datetime(2026, 12, 1, 9, tzinfo=SHANGHAI)
_HOUSEHOLD = "SELECT min(bzzh) FROM dibao_ydhz WHERE ny = %s AND bzlb = '城市低保'"
_CORRECT = f"UPDATE dibao_ydhz SET ybzje = ybzje + %s, bz = %s WHERE ny = %s AND bzzh = ({_HOUSEHOLD})"


def correct(street, amount, remark):
    """The department's own database says something else, and the quarter is fetched again."""
    ctx = street.context("2026Q1")
    database = make_url(ctx.url).set(drivername="postgresql", database="civil_affairs")
    with psycopg.connect(database.render_as_string(hide_password=False)) as connection:
        assert connection.execute(_CORRECT, (amount, remark, MONTH, MONTH)).rowcount
    return dict(stages.run_quarter(replace(ctx, refetch=True)))["publish"]["published"]


def sign_and_send(street):
    """The affected forms are signed and go to all their recipients; returns the recipients' codes."""
    ctx = street.context("2026Q1")
    for report, period in AFFECTED:
        signing.sign(ctx, signing.Target(report, period), Signed("街道办事处审核岗", "", AT))
    done = reports.deliver(ctx, at=AT, period=Period.parse("2026Q1"))
    assert done["waiting"] == []
    return {entry["recipient"] for entry in done["sent"]}


def cells(street, entry):
    """Every value of a form by its cell."""
    folder = street.settings.published / entry["folder"]
    name = json.loads((folder / "manifest.json").read_bytes())["form"]
    sheet = load_workbook(BytesIO((folder / name).read_bytes())).active
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None}


@pytest.mark.slow
def test_a_late_correction_of_2026q1(street):
    street.run("2026Q1")  # whatever later quarters made of it is published
    assert sign_and_send(street) == {"civil_affairs", "communities", "social_work"}
    published = street.settings.published
    before = {
        path: path.read_bytes()
        for path in published.rglob("*")
        if path.is_file() and published / "catalogue" not in path.parents
    }

    changed = correct(street, 100, "补发")

    changed = [entry for entry in changed if entry["report"] != "bulletin"]  # it tells of the whole quarter
    assert [(p["report"], p["period"]) for p in changed] == AFFECTED
    assert {path: path.read_bytes() for path in before} == before
    with street.engine.connect() as connection:
        for entry in changed:
            where = {name: entry[name] for name in ("report", "period", "revision")}
            named = connection.scalars(
                text("""SELECT cell FROM publish.change
                         WHERE report = :report AND period = :period AND revision = :revision"""), where
            ).all()  # fmt: skip
            old = {**entry, "folder": entry["folder"].replace(f"/r{entry['revision']}", f"/r{entry['revision'] - 1}")}
            was, now = cells(street, old), cells(street, entry)
            differing = {cell for cell in was.keys() | now.keys() if was.get(cell) != now.get(cell)}
            dated = {cell for cell in differing if str(now[cell]).startswith("填表日期")}
            assert set(named) == differing - dated, entry
            told = connection.execute(
                text("""SELECT recipient, letter FROM publish.recall
                         WHERE report = :report AND period = :period AND new_revision = :revision"""), where
            ).all()  # fmt: skip
            views = {
                name
                for view in street.context("2026Q1").district.reports[entry["report"]].views
                for name in view.recipients
            }
            assert {row.recipient for row in told} == {"青羊区民政局", *views}
            assert all((street.settings.outbox / row.letter).is_file() for row in told)
        causes = connection.scalars(text("SELECT cause FROM publish.change WHERE period LIKE '2026-0_'")).all()
        (delivery,) = {cause["delivery_id"] for entries in causes for cause in entries}
        assert connection.scalar(
            text("SELECT source || ' ' || period FROM landing.delivery WHERE delivery_id = :id"), {"id": delivery}
        ) == f"civil_affairs {MONTH}"  # fmt: skip

    sign_and_send(street)  # what replaces goes out, and the recall with it
    with street.engine.connect() as connection:
        states = connection.execute(text("SELECT DISTINCT state FROM mart.report_recall")).scalars().all()
    assert states == ["已发"]
    inbox = street.settings.outbox / "recipients/civil_affairs/2026-02/dibao_statistics" / f"r{changed[1]['revision']}"
    assert "更正函_r1_青羊区民政局.docx" in {path.name for path in inbox.iterdir()}

    # The figures go back to what they were, so that other tests find the year's sums again.
    again = correct(street, -100, "撤回补发")
    again = [entry for entry in again if entry["report"] != "bulletin"]
    assert [(p["report"], p["period"]) for p in again] == AFFECTED
    statistics = again[1]
    first = {**statistics, "folder": statistics["folder"].replace("/r3", "/r1")}
    was, now = cells(street, first), cells(street, statistics)
    assert {cell for cell in was if was[cell] != now[cell]} <= {"D3"}  # 填表日期
