"""The quarterly bulletin: sentences from figures, what is not known, what was corrected, revisions, the same bytes."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from sqlalchemy import text

from courtyard import reports
from courtyard.period import Period
from courtyard.reports import bulletin
from courtyard.reports.bulletin import charts, composing, figures, wording
from courtyard.reports.bulletin.charts import Line, Points

from .conftest import COMMUNITIES, COURTYARDS, STREET

JULY, OCTOBER, NOVEMBER = "2026-07-05T08:00:00+08:00", "2026-10-05T08:00:00+08:00", "2026-11-05T08:00:00+08:00"
TITLES = {"aged_60_share": ("60岁及以上人口占比", "%"), "hazards_open": ("季末未销号隐患", "件")}


def indicator(world, period: str, name: str, value: str | None, at: str, **more) -> None:
    """A value of the street (or of `unit`) that is believed from a moment on; what was believed before ends then."""
    title, unit = TITLES[name]
    unit_code = more.get("unit", STREET)
    where = {
        "street": STREET,
        "unit_code": unit_code,
        "period": period,
        "indicator": name,
        "at": datetime.fromisoformat(at),
    }
    world.execute(
        """UPDATE warehouse.courtyard_indicator SET superseded_at = :at
            WHERE street_code = :street AND unit_code = :unit_code AND period = :period AND indicator = :indicator
              AND superseded_at = 'infinity'""",
        **where,
    )
    world.execute(
        """INSERT INTO warehouse.courtyard_indicator (street_code, unit_code, period, indicator, recorded_at, level, title,
               unit, value, state, courtyards, courtyards_known)
           VALUES (:street, :unit_code, :period, :indicator, :at, :level, :title, :unit, :value, :state, 2, :known)""",
        **where,
        level="street" if unit_code == STREET else "community",
        title=title,
        unit=unit,
        value=None if value is None else Decimal(value),
        state="no_data" if value is None else "known",
        known=more.get("known", 2),
    )


def archive(world, period: str, courtyard: str, at: str, **response: int | None) -> None:
    world.execute(
        """INSERT INTO warehouse.courtyard_archive (street_code, courtyard_code, period, recorded_at, population,
               key_groups, response)
           VALUES (:street, :courtyard, :period, :at, :population, '{}', :response)""",
        street=STREET,
        courtyard=courtyard,
        period=period,
        at=datetime.fromisoformat(at),
        population=Jsonb({"persons": 30, "households": 12}),
        response=Jsonb(response),
    )


def write(world, statement: str) -> None:
    """Write as the publisher."""
    with world.ctx.engine("publisher").begin() as connection:
        connection.execute(text(statement), {"street": STREET})


@pytest.fixture
def quarter(world):
    """2026Q2 and 2026Q3 of two courtyards; of Q3's two hazards one is overdue, in C1."""
    for period, at, share, left in (("2026Q2", JULY, "17.5", "3"), ("2026Q3", OCTOBER, "18", "2")):
        indicator(world, period, "aged_60_share", share, at)
        indicator(world, period, "hazards_open", left, at)
        for code in COMMUNITIES:
            indicator(world, period, "aged_60_share", share, at, unit=code)
        world.batch("hotline_cases", f"2026-0{3 * int(period[-1])}", landed=1)
    archive(world, "2026Q3", "C1", OCTOBER, hazards_opened=4, hazards_closed=3, hazards_open=2, hazards_overdue=1)
    archive(world, "2026Q3", "C2", OCTOBER, hazards_opened=1, hazards_closed=1, hazards_open=0, hazards_overdue=0)
    return world.only()


def read(world, period: str = "2026Q3"):
    with world.ctx.engine("publisher").connect() as connection:
        return figures.read(connection, world.ctx, Period.quarter(period))


def text_of(body: bytes) -> str:
    document = Document(BytesIO(body))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def published(world, period: str = "2026Q3", revision: int = 1) -> bytes:
    return (
        world.ctx.settings.published / f"{period}/bulletin/r{revision}/季度简报_{period}_r{revision}.docx"
    ).read_bytes()


@pytest.mark.parametrize(
    ("value", "previous", "unit", "said"),
    [
        ("18.00", "17.50", "%", "比上季度上升0.5个百分点"),
        ("17.50", "18.00", "%", "比上季度下降0.5个百分点"),
        ("2", "3", "件", "比上季度减少1件"),
        ("1200", "3", "人", "比上季度增加1,197人"),
        ("100", "100.00", "%", "与上季度持平"),
        ("2", None, "件", "上季度没有可比数据"),
        (None, "2", "件", "上季度没有可比数据"),
    ],
)
def test_a_change_is_said_with_its_number(value, previous, unit, said):
    assert wording.change(value and Decimal(value), previous and Decimal(previous), unit) == said


@given(st.decimals(0, 10**6, places=2), st.decimals(0, 10**6, places=2), st.sampled_from(["%", "件", "人"]))
def test_up_is_never_said_of_down(value, previous, unit):
    said = wording.change(value, previous, unit)
    up, down = any(word in said for word in ("上升", "增加")), any(word in said for word in ("下降", "减少"))
    assert (up, down, "持平" in said) == (value > previous, value < previous, value == previous)


def test_the_figures_become_sentences(quarter):
    found = read(quarter)
    assert wording.headline(found) == (
        "截至9月30日，全街道2个院落，登记在住24户、60人。本季度能定位到院落的事项中，安全隐患新增5件、办结4件。"
    )
    assert next(wording.late(event) for event in found.events) == "安全隐患季末未办结2件，其中逾期1件"
    assert list(wording.by_module(found)) == [
        ("人口底数", "60岁及以上人口占比18%，比上季度上升0.5个百分点（上季度17.5%）。"),
        ("响应流程", "季末未销号隐患2件，比上季度减少1件（上季度3件）。"),
    ]
    assert wording.corrected(found) == []


def test_what_is_not_known_is_said(quarter):
    indicator(quarter, "2026Q3", "aged_60_share", None, NOVEMBER)
    indicator(quarter, "2026Q3", "hazards_open", "2", NOVEMBER, known=1)
    quarter.batch("hazards", "2026-08", status="merged", landed=3)
    quarter.execute("UPDATE quality.batch SET quarantined = 1, merged = 2 WHERE landed = 3")
    write(quarter, "INSERT INTO publish.hold VALUES (:street, 'x', '2026-09', '尚未送达。')")
    quarter.batch("grid_activists", "2026Q3", unit="510105005002001")
    assert wording.unknown(read(quarter), quarter.ctx.district) == [
        "60岁及以上人口占比：本季度没有数据。",
        "季末未销号隐患：2个院落中1个没有数据，未计入。",
        "四道街社区：网格报送未报3份。",
        "商业街社区：网格报送未报2份。",
        "入库校验隔离1行（共收到5行），未计入各项数字。",
        "《x》2026-09暂缓：尚未送达。",
    ]


def test_it_is_published_once_with_a_reports_manifest(quarter):
    outcome, entry = bulletin.publish(quarter.ctx)
    assert (outcome, entry) == (
        "published",
        {"report": "bulletin", "period": "2026Q3", "revision": 1, "folder": "2026Q3/bulletin/r1"},
    )
    assert bulletin.publish(quarter.ctx) == ("unchanged", entry)
    folder = quarter.ctx.settings.published / "2026Q3/bulletin/r1"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert list(manifest) == [
        "approvals", "as_known_at", "content_hash", "files", "notes", "period", "recipient", "report", "revision", "rows",
        "supersedes", "title",
    ]  # fmt: skip
    assert manifest["files"] == {"季度简报_2026Q3_r1.docx": sha256(published(quarter)).hexdigest()}
    assert manifest["as_known_at"] == OCTOBER
    assert quarter.rows("SELECT report, period, revision FROM publish.publication") == [
        {"report": "bulletin", "period": "2026Q3", "revision": 1}
    ]
    assert "院落治理简报\n2026年第3期（总第4期）\n街道社区发展治理办公室\t2026年10月5日" in text_of(published(quarter))


def test_a_late_figure_makes_the_next_revision_and_leaves_the_old_one_alone(quarter):
    bulletin.publish(quarter.ctx)
    before = published(quarter)
    indicator(quarter, "2026Q3", "hazards_open", "5", NOVEMBER)
    assert bulletin.publish(quarter.ctx)[1]["revision"] == 2
    assert published(quarter) == before
    assert "季末未销号隐患5件，比上季度增加2件（上季度3件）" in text_of(published(quarter, revision=2))


def test_the_next_bulletin_corrects_what_the_last_one_said(quarter):
    bulletin.publish(replace(quarter.ctx, period=Period.quarter("2026Q2")))
    indicator(quarter, "2026Q2", "aged_60_share", "17.9", NOVEMBER)
    found = read(quarter)
    assert wording.corrected(found) == ["2026年第二季度60岁及以上人口占比由17.5%更正为17.9%。"]
    assert "比上季度上升0.1个百分点（上季度17.9%）" in dict(wording.by_module(found))["人口底数"]
    write(
        quarter,
        """INSERT INTO publish.publication (street_code, report, period, revision, content_hash, as_known_at, folder, rows, manifest)
           VALUES (:street, 'x', '2026-06', 2, '', '2026-08-01', '', 1, CAST('{"title": "低保对象花名册"}' AS jsonb))""",
    )
    assert wording.corrected(read(quarter))[1:] == ["《低保对象花名册》2026-06已出第2版，以新版为准。"]


def test_a_quarter_without_an_archive_has_no_bulletin(world):
    assert bulletin.publish(world.ctx) is None
    assert reports.publish(world.only().ctx) == {"published": [], "unchanged": [], "held": []}
    assert not (world.ctx.settings.published / "2026Q3").exists()


def test_a_quarter_for_which_nothing_came_has_no_bulletin(quarter):
    indicator(quarter, "2026Q4", "aged_60_share", "18", NOVEMBER)  # people are known of in every later quarter
    assert read(quarter, "2026Q4") is None
    quarter.batch("hazards", "2026-10", status="held")
    assert read(quarter, "2026Q4") is None
    quarter.batch("hazards", "2026-11")
    assert read(quarter, "2026Q4") is not None


def test_publishing_a_quarter_publishes_its_bulletin_and_lists_it(quarter):
    done = reports.publish(quarter.ctx)
    assert [entry["report"] for entry in done["published"]] == ["bulletin"]
    index = (quarter.ctx.settings.published / "catalogue/index.html").read_text("utf-8")
    assert "publications/2026Q3/bulletin.html" in index and "Word 文档" in index


def test_a_lost_folder_comes_back_byte_for_byte(quarter):
    bulletin.publish(quarter.ctx)
    before = published(quarter)
    shutil.rmtree(quarter.ctx.settings.published / "2026Q3")
    assert bulletin.publish(quarter.ctx)[0] == "unchanged"
    assert published(quarter) == before


def test_charts_are_the_documents_own_and_carry_no_workbook(quarter):
    body = composing.document(quarter.ctx.district, read(quarter))
    assert body == composing.document(quarter.ctx.district, read(quarter))
    with zipfile.ZipFile(BytesIO(body)) as package:
        names = package.namelist()
        parts = [name for name in names if name.startswith("word/charts/")]
        assert len(parts) == 4  # opened, open, share by community, map
        assert not [name for name in names if "embeddings" in name or "media" in name]
        assert {info.date_time[0] for info in package.infolist()} == {1980}
        whole = "".join(package.read(name).decode("utf-8", "replace") for name in names)
    assert 'TargetMode="External"' not in whole
    document = package_text(body)
    assert 'descr="2个院落按社区着色；标出1个有逾期未办结事项的院落。"' in document


def package_text(body: bytes) -> str:
    with zipfile.ZipFile(BytesIO(body)) as package:
        return package.read("word/document.xml").decode()


def test_an_unknown_value_is_a_gap_in_a_chart():
    xml = charts.lines(("一", "二", "三"), [Line("甲", (1.5, None, 0))]).decode()
    values = xml[xml.index("<val>") : xml.index("</val>")]
    assert '<ptCount val="3" />' in values
    assert '<pt idx="0"><v>1.5</v></pt><pt idx="2"><v>0</v></pt>' in values


def test_the_map_is_as_high_as_it_must_be():
    groups = [Points("a", ((104.0, 60.0), (104.2, 60.1)))]
    # At 60 degrees north a degree of longitude is half as long as one of latitude: a square.
    assert charts.height_of_map(groups, 10) == pytest.approx(10 * 0.96 / 0.88, rel=0.01)
    assert COURTYARDS  # both of the world's stand on one spot: even that has a map
    assert charts.height_of_map([Points("a", ((104.0, 30.0),))], 10) >= 0
