"""Columns renamed, dropped, of another type or added (FAULTS 26, 27): literal files through parsing and validation."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from courtyard import parsing, validation
from courtyard.context import Context
from courtyard.landing import ledger, vault
from courtyard.period import Period
from courtyard.privacy import keys

HEADER = "人员编号,姓名,性别,出生日期,证件类型,证件号码,户编号,人口类型,现住地址,联系电话,登记状态"
ROW = "P{n},样本甲,女,1949-12-31,身份证,11010519491231002X,H{n},户籍,长顺上街28号院3栋2单元501,13800009876,在住"
PLANTED = ("样本甲", "11010519491231002X", "13800009876", "长顺上街")


@pytest.fixture
def ctx(warehouse_url, settings, district):
    keys.create(settings.keys)
    return Context(
        settings, district, Period.quarter("2026Q3"), warehouse_url, keys.load(settings.keys), None, "test"
    )  # fmt: skip


@pytest.fixture
def deliver(ctx):
    """Land a population file, parse and validate it; returns (status, reason, findings about the header)."""
    count = iter(range(20))

    def put(lines, period="2026Q3"):
        data = "\n".join(lines).encode("gb18030")
        sha, at = hashlib.sha256(data).hexdigest(), datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=next(count))
        delivery = vault.delivery_id("population", sha)
        key_id, wrapped = vault.new_key(ctx.keys, delivery)
        header = vault.Header(
            delivery_id=delivery, street_code=ctx.street_code, source="population", period=period, unit_code=None,
            name="x", sha256=sha, size_bytes=len(data), media_type="x", version_at=at, received_at=at, key_id=key_id,
            wrapped_key=wrapped,
        )  # fmt: skip
        vault.write(ctx.settings, ctx.keys, header, data)
        with ctx.engine().begin() as connection:
            ledger.record_delivery(connection, header.row())
        parsing.parse(ctx)
        result = validation.validate(ctx)
        with ctx.engine().connect() as connection:
            state = connection.execute(
                text("SELECT status, reason FROM quality.batch WHERE delivery_id = :id"), {"id": delivery}
            ).one()
            found = connection.execute(
                text("SELECT code, cell, message FROM quality.finding WHERE code LIKE 'header.%'")
            )
            return state.status, state.reason, [tuple(row) for row in found], result

    return put


def people(count=12, row=ROW):
    return [row.format(n=n) for n in range(count)]


def without(line, column):
    at = HEADER.split(",").index(column)
    return ",".join(part for n, part in enumerate(line.split(",")) if n != at)


def test_the_file_as_agreed_passes(deliver):
    assert deliver([HEADER, *people()])[:3] == ("validated", "", [])


def test_a_renamed_required_column_is_named_with_its_place_and_its_likely_new_name(deliver):
    status, reason, _, _ = deliver([HEADER.replace("现住地址", "现居地址"), *people()])
    assert (status, reason) == (
        "held",
        "缺少必填列“现住地址”（规定的第12列），I1单元格的“现居地址”可能是它的新名称，请把表头改回“现住地址”后重新报送",
    )


def test_a_new_name_without_a_common_character_is_told_by_its_neighbours(deliver):
    lines = [HEADER.replace("性别", "XB"), *people()]
    assert deliver(lines)[1].startswith("缺少必填列“性别”（规定的第3列），C1单元格的“XB”可能是它的新名称")


def test_a_dropped_required_column_is_named_and_nothing_is_guessed(deliver):
    lines = [without(line, "现住地址") for line in [HEADER, *people()]]
    assert deliver(lines)[:2] == ("held", "缺少必填列“现住地址”（规定的第12列），请补上该列后重新报送")


def test_a_renamed_column_that_need_not_be_filled_holds_too(deliver):
    status, reason, _, _ = deliver([HEADER.replace("联系电话", "联系方式"), *people()])
    assert status == "held"
    assert reason.startswith("缺少列“联系电话”（规定的第14列），J1单元格的“联系方式”可能是它的新名称")


def test_a_column_that_the_delivery_before_had_is_missed(deliver):
    deliver([HEADER, *people()], period="2026Q3")
    lines = [without(line, "联系电话") for line in [HEADER, *people()]]
    status, reason, _, _ = deliver(lines)
    assert (status, reason) == (
        "held",
        "缺少列“联系电话”（规定的第14列），上一次报送有这一列，请补上该列后重新报送；如已不再采集，请联系街道修改表样",
    )


def test_a_column_that_never_came_is_not_missed(deliver):
    assert deliver([without(line, "联系电话") for line in [HEADER, *people()]])[0] == "validated"


def test_a_column_of_another_type_is_named_with_its_letter(deliver):
    status, reason, _, _ = deliver([HEADER, *people(row=ROW.replace("1949-12-31", "77 岁"))])
    assert (status, reason) == (
        "held",
        "必填列“出生日期”（D列）有100%的行为空或无法识别，可能改了名称或格式，请核对该列后重新报送",
    )


def test_an_optional_column_of_another_type_holds_where_there_are_many_rows(deliver):
    changed = ROW.replace("11010519491231002X", "A00001")
    status, reason, _, _ = deliver([HEADER, *people(100, changed)])
    assert (status, reason) == (
        "held",
        "列“证件号码”（F列）有100%的行无法识别，可能改了名称或格式，请核对该列后重新报送",
    )
    assert deliver([HEADER, *people(99, changed)])[0] == "validated"


def test_an_added_column_is_landed_warned_of_and_ignored(deliver, ctx):
    status, reason, found, _ = deliver([f"{HEADER},车牌号", *(f"{line},川A12345" for line in people())])
    assert (status, reason) == ("validated", "")
    assert found == [("header.unknown_column", "L1", "多出一列，未采用：车牌号")]
    with ctx.engine().connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM staging.row WHERE attrs::text LIKE '%川A%'")) == 0


def test_nothing_personal_is_told_of_a_file_whose_columns_changed(deliver, ctx, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        results = [
            deliver([HEADER.replace("现住地址", "现居地址"), *people()]),
            deliver([HEADER, *people(row=ROW.replace("1949-12-31", "样本甲"))]),
        ]
    told = str(results) + caplog.text + "".join(capfd.readouterr())
    told += "".join(path.read_text("utf-8") for path in ctx.settings.quality_docs.rglob("*.*"))
    with ctx.engine().connect() as connection:
        for table in ("quality.batch", "quality.finding", "quality.quarantined_row"):
            told += str(connection.execute(text(f"SELECT * FROM {table}")).all())
    assert "现居地址" in told and "held" in told
    assert [planted for planted in PLANTED if planted in told] == []
