"""The stage: deliveries in, batches, staged rows and findings out."""

import hashlib
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from courtyard import parsing
from courtyard.context import Context
from courtyard.errors import LeaseLost
from courtyard.landing import ledger, vault
from courtyard.parsing.seal import reference
from courtyard.period import Period
from courtyard.privacy import keys
from courtyard.store import lease

from .made import ID, META, ORDER, PERSON, SHEETS, TITLE, activists, book, contract, csv_of, headers, line, pages

NOW = datetime(2026, 10, 1, 1, tzinfo=UTC)
GRID = "510105005002001"
PLANTED = ("110105194912310021", ID, "13800009876")


@pytest.fixture
def ctx(warehouse_url, settings, district):
    keys.create(settings.keys)
    ring = keys.load(settings.keys)
    return Context(settings, district, Period.quarter("2026Q3"), warehouse_url, ring, None, "test")


@pytest.fixture
def land(ctx):
    def put(source, data, period="2026Q3", unit=None, version=0, name="x"):
        sha = hashlib.sha256(data).hexdigest()
        delivery = vault.delivery_id(source, sha)
        key_id, wrapped = vault.new_key(ctx.keys, delivery)
        at = NOW + timedelta(hours=version)
        header = vault.Header(
            delivery_id=delivery, street_code=ctx.street_code, source=source, period=period, unit_code=unit, name=name,
            sha256=sha, size_bytes=len(data), media_type="x", version_at=at, received_at=NOW, key_id=key_id, wrapped_key=wrapped,
        )  # fmt: skip
        vault.write(ctx.settings, ctx.keys, header, data)
        with ctx.engine().begin() as connection:
            ledger.record_delivery(connection, header.row())
        return delivery

    return put


def ask(ctx, query, **values):
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def batches(ctx):
    return ask(
        ctx,
        "SELECT dataset, period, status, landed, quarantined, superseded, structural, is_nil FROM quality.batch"
        " ORDER BY dataset, period, status",
    )


def grid_book(title=TITLE, meta=META, **rows):
    """All four sheets; `grid_activists=[{...}]` fills one, the others say 本季度无."""
    sheets = []
    for name, dataset in SHEETS.items():
        body = [line(dataset, n, row) for n, row in enumerate(rows.get(dataset, ()), 1)] or [["本季度无"]]
        sheets.append((name, [[title], [meta], headers(dataset), *body]))
    return book(*sheets)


ONE = {
    "name": "王小明", "sex": "男", "political_status": "群众", "courtyard": "宽巷子12号院", "activist_kind": "楼栋长",
    "change_kind": "无变化", "id_number": ID, "phone": "13800009876",
}  # fmt: skip


def test_a_grid_workbook_becomes_a_batch_for_each_dataset(ctx, land):
    delivery = land("grid", grid_book(grid_activists=[ONE, ONE | {"id_number": "110105194912310021"}]), unit=GRID)
    result = parsing.parse(ctx)
    assert result == {
        "deliveries": 1, "batches": {"parsed": 5, "rejected": 0, "superseded": 0}, "rows": 2, "findings": 1, "unopened": [],
    }  # fmt: skip
    assert batches(ctx) == [
        ("grid_activists", "2026Q3", "parsed", 2, 0, 0, 3, False),
        ("grid_answers", "2026Q3", "parsed", 0, 0, 0, 0, True),  # nothing was asked, so nothing is owed
        ("grid_dibao", "2026Q3", "parsed", 0, 0, 0, 4, True),
        ("grid_party_members", "2026Q3", "parsed", 0, 0, 0, 4, True),
        ("grid_school_age", "2026Q3", "parsed", 0, 0, 0, 4, True),
    ]
    rows = ask(
        ctx,
        "SELECT batch_id, sheet, row_no, name, id_token, attrs->>'phone', problems FROM staging.row ORDER BY row_no",
    )
    token = ctx.keys.token
    assert rows == [
        (f"{delivery}/grid_activists/v1", "居民骨干", 4, "王小明", token(ID), token("13800009876"), []),
        (f"{delivery}/grid_activists/v1", "居民骨干", 5, "王小明", None, token("13800009876"),
         [{"column": "id_number", "code": "id.checksum", "cell": "D5"}]),
    ]  # fmt: skip
    assert ask(ctx, "SELECT sheet, row_no, column_name, cell, code, severity, message FROM quality.finding") == [
        ("居民骨干", 5, "id_number", "D5", "id.checksum", "error", "身份证号校验位不正确")
    ]
    assert ask(ctx, "SELECT unit_code, metadata->'居民骨干'->>'统计截止日' FROM quality.batch WHERE landed > 0") == [
        (GRID, "2026-09-30")
    ]


def test_a_sheet_that_is_said_to_be_unchanged_is_marked_so(ctx, land):
    sheets = [(name, [[TITLE], [META], ["本表情况：", "无变化"], headers(dataset)]) for name, dataset in SHEETS.items()]
    land("grid", book(*sheets), unit=GRID)
    parsing.parse(ctx)
    found = ask(ctx, "SELECT dataset, landed, is_nil, is_unchanged, status FROM quality.batch ORDER BY dataset")
    assert found == [
        ("grid_activists", 0, False, True, "parsed"), ("grid_answers", 0, True, False, "parsed"),
        ("grid_dibao", 0, False, True, "parsed"), ("grid_party_members", 0, False, True, "parsed"),
        ("grid_school_age", 0, False, True, "parsed"),
    ]  # fmt: skip


def test_a_prefilled_row_keeps_its_record_though_its_id_number_was_corrected(ctx, land):
    ref = reference(ctx.keys, "grid_activists", GRID, "kept", ONE["name"])
    land("grid", grid_book(grid_activists=[ONE | {"record_ref": ref}, ONE | {"record_ref": "x.1", "id_number": None}]), unit=GRID)  # fmt: skip
    parsing.parse(ctx)
    rows = ask(ctx, "SELECT record_key, problems, attrs ? 'record_ref' FROM staging.row ORDER BY row_no")
    assert rows[0] == ("kept", [], False)
    assert rows[1][1] == [{"cell": None, "code": "record.ref_invalid", "column": None}]


def test_running_it_again_changes_nothing(ctx, land):
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    parsing.parse(ctx)
    before = ask(ctx, "SELECT * FROM quality.batch ORDER BY 1") + ask(ctx, "SELECT count(*) FROM staging.row")
    assert parsing.parse(ctx)["deliveries"] == 0
    assert ask(ctx, "SELECT * FROM quality.batch ORDER BY 1") + ask(ctx, "SELECT count(*) FROM staging.row") == before


def test_rows_that_a_server_crash_emptied_are_parsed_again(ctx, land):
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    parsing.parse(ctx)
    with ctx.engine().begin() as connection:
        connection.execute(text("DELETE FROM staging.row"))
        connection.execute(text("UPDATE quality.batch SET status = 'validated'"))
    assert parsing.parse(ctx)["rows"] == 1
    assert ask(ctx, "SELECT status, count(*) FROM quality.batch GROUP BY 1 ORDER BY 1") == [
        ("parsed", 1),
        ("validated", 4),
    ]
    assert ask(ctx, "SELECT count(*) FROM staging.row") == [(1,)]


def test_every_format_of_the_pack(ctx, land):
    land("population", csv_of("population", PERSON))
    land("hotline", pages([ORDER]), period="2026-07")
    land("hotline", pages([ORDER | {"orderNo": "CD2"}]), period="2026-08")
    land("hotline", pages([ORDER]) + b"<html>\n", period="2026-09")
    parsing.parse(ctx)
    assert batches(ctx) == [
        ("hotline_cases", "2026-07", "parsed", 1, 0, 0, 0, False),
        ("hotline_cases", "2026-08", "parsed", 1, 0, 0, 0, False),
        ("hotline_cases", "2026-09", "rejected", 1, 1, 0, 0, False),
        ("population", "2026Q3", "parsed", 1, 0, 0, 1, False),
    ]
    assert ask(ctx, "SELECT reason FROM quality.batch WHERE status = 'rejected'") == [
        ("第2页不是约定的数据。请数据提供方核对接口，然后重新取数。",)
    ]


def test_deliveries_of_other_quarters_are_left_alone(ctx, land):
    land("hotline", pages([ORDER]), period="2026-06")
    assert parsing.parse(ctx)["deliveries"] == 0 and not batches(ctx)


def test_a_file_that_is_no_workbook_stops_no_other(ctx, land):
    land("grid", b"<html></html>", unit="510105005002002")
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    assert parsing.parse(ctx)["batches"] == {"parsed": 5, "rejected": 5, "superseded": 0}
    refused = ask(ctx, "SELECT DISTINCT unit_code, left(reason, 6) FROM quality.batch WHERE status = 'rejected'")
    assert refused == [("510105005002002", "文件其实是网")]
    assert ask(ctx, "SELECT count(*), min(code) FROM quality.finding") == [(5, "file.html")]


def test_a_submission_is_refused_or_superseded_by_nothing_here_and_says_whose_it_is(ctx, land):
    """Whether it is taken is decided in `submissions.admit`; parsing only notes what the file states."""
    land("grid", grid_book(grid_activists=[ONE]), unit="510105005002002")
    land("grid", grid_book(title=TITLE.replace("三季", "四季"), grid_activists=[ONE]), unit=GRID, version=2)
    assert parsing.parse(ctx)["batches"] == {"parsed": 10, "rejected": 0, "superseded": 0}
    stated = ask(ctx, "SELECT DISTINCT metadata->'居民骨干'->'stated' FROM quality.batch WHERE landed > 0 ORDER BY 1")
    assert stated == [({"period": "2026Q3", "unit": GRID},), ({"period": "2026Q4", "unit": GRID},)]


@pytest.fixture
def collected(ctx):
    """The same workbooks, collected from units that do not submit them themselves."""
    grid = ctx.district.sources["grid"]
    other = grid.model_copy(update={"is_submitted": False, "datasets": grid.datasets[:4]})
    sources = ctx.district.sources | {"grid": other}
    return replace(ctx, district=ctx.district.model_copy(update={"sources": sources}))


def test_a_workbook_of_another_grid_is_refused_with_its_rows_counted(collected, land):
    ctx = collected
    land("grid", grid_book(grid_activists=[ONE]), unit="510105005002002")
    parsing.parse(ctx)
    assert batches(ctx)[0] == ("grid_activists", "2026Q3", "rejected", 1, 1, 0, 3, False)
    assert ask(ctx, "SELECT DISTINCT code FROM quality.finding") == [("file.wrong_unit",)]
    assert ask(ctx, "SELECT count(*) FROM staging.row") == [(0,)]


def test_a_late_workbook_goes_to_its_own_quarter_and_one_of_the_future_is_refused(collected, land):
    ctx = collected
    land("grid", grid_book(title=TITLE.replace("三季", "二季"), grid_activists=[ONE]), unit=GRID)
    land("grid", grid_book(title=TITLE.replace("三季", "四季"), grid_activists=[ONE]), unit=GRID)
    parsing.parse(ctx)
    assert [b[:4] for b in batches(ctx) if b[0] == "grid_activists"] == [
        ("grid_activists", "2026Q2", "parsed", 1), ("grid_activists", "2026Q3", "rejected", 1),
    ]  # fmt: skip


def test_the_newest_version_wins_whatever_the_order_and_a_refused_one_replaces_none(collected, land):
    ctx = collected
    land("grid", grid_book(grid_activists=[ONE, ONE | {"id_number": None}]), unit=GRID, version=1)
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID, version=3)
    land("grid", grid_book(grid_activists=[ONE, ONE, ONE]), unit=GRID, version=2)
    land("grid", b"garbage", unit=GRID, version=9)
    result = parsing.parse(ctx)
    assert result["batches"] == {"parsed": 4, "rejected": 4, "superseded": 8}
    found = ask(
        ctx, "SELECT status, landed, superseded FROM quality.batch WHERE dataset = 'grid_activists' ORDER BY 1, 2"
    )
    assert found == [("parsed", 1, 0), ("rejected", 0, 0), ("superseded", 2, 2), ("superseded", 3, 3)]
    assert ask(ctx, "SELECT count(*) FROM staging.row") == [(1,)]


def test_an_older_version_that_arrives_later_is_superseded_too(collected, land):
    ctx = collected
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID, version=3)
    parsing.parse(ctx)
    land("grid", grid_book(grid_activists=[ONE, ONE]), unit=GRID, version=1)
    assert parsing.parse(ctx)["batches"] == {"parsed": 0, "rejected": 0, "superseded": 4}


def test_a_large_delivery_streams_and_leaves_nothing_when_it_fails(ctx, land, monkeypatch):
    from courtyard.parsing import intake, stage

    rows = [PERSON | {"person_no": f"P{n}"} for n in range(9_000)]
    land("population", csv_of("population", *rows))
    monkeypatch.setattr(stage, "LARGE_BYTES", 1000)
    real, calls = intake.Load.write, []

    def broken(load, rows):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the database is gone")
        real(load, rows)

    monkeypatch.setattr(intake.Load, "write", broken)
    with pytest.raises(RuntimeError):
        parsing.parse(ctx)
    assert ask(ctx, "SELECT count(*) FROM staging.row") == [(0,)] and not batches(ctx)
    monkeypatch.setattr(intake.Load, "write", real)
    assert parsing.parse(ctx)["rows"] == 9_000
    assert ask(ctx, "SELECT count(*), count(DISTINCT record_key) FROM staging.row") == [(9_000, 9_000)]


def test_a_worker_lost_on_the_way_refuses_its_file_only(ctx, land, monkeypatch):
    from courtyard.parsing import sandbox, stage

    land("population", csv_of("population", *[PERSON | {"person_no": f"P{n}"} for n in range(20_000)]))
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    monkeypatch.setattr(stage, "LARGE_BYTES", 1000)
    understood, seen = sandbox._understood, []

    def torn(task, answer):
        if task.key.startswith("population") and "row_nos" in answer:
            seen.append(1)
            if len(seen) == 2:
                raise ValueError("torn")
        return understood(task, answer)

    monkeypatch.setattr(sandbox, "_understood", torn)
    parsing.parse(ctx)
    assert [b[:5] for b in batches(ctx)][-1] == ("population", "2026Q3", "rejected", 0, 0)
    assert ask(ctx, "SELECT DISTINCT dataset FROM staging.row") == [("grid_activists",)]


def test_a_landed_file_that_was_changed_is_not_used(ctx, land):
    delivery = land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    (path,) = ctx.settings.landing.rglob("*.sealed")
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert parsing.parse(ctx)["unopened"] == [delivery] and not batches(ctx)


def test_a_lost_lease_stops_the_stage(ctx, land):
    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    stale = ctx.under(lease.acquire(ctx))
    lease.acquire(ctx)
    with pytest.raises(LeaseLost):
        parsing.parse(stale)
    assert not batches(ctx)


def test_a_lease_lost_on_the_way_stops_the_stage(ctx, land, monkeypatch):
    from courtyard.parsing import stage

    land("grid", grid_book(grid_activists=[ONE]), unit=GRID)
    mine = ctx.under(lease.acquire(ctx))
    waiting = stage._waiting

    def stolen(given):
        lease.acquire(ctx)
        return waiting(given)

    monkeypatch.setattr(stage, "_waiting", stolen)
    with pytest.raises(LeaseLost):
        parsing.parse(mine)
    assert not batches(ctx) and ask(ctx, "SELECT count(*) FROM staging.row") == [(0,)]


def test_no_planted_number_leaves_but_sealed(ctx, land, caplog):
    """Planted in cells, a title, a header, a sheet's name and a file that fails."""
    caplog.set_level(logging.DEBUG)
    data = grid_book(
        title=f"{TITLE}{ID}",
        grid_activists=[ONE, ONE | {"id_number": "110105194912310021"}, ONE | {"phone": f"{ID}号"}],
    )
    land("grid", data, unit=GRID)
    land("grid", activists({"remark": ID}) + b"garbage" * 9, unit="510105005002002")
    extra = (
        csv_of("population", PERSON | {"id_number": "110105194912310021"})
        .decode("gb18030")
        .replace("人户分离", f"{ID}列")
    )
    land("population", extra.encode("gb18030"))
    result = parsing.parse(ctx)
    text_of = str(result) + caplog.text
    for table in ("quality.batch", "quality.finding", "quality.quarantined_row"):
        text_of += str(ask(ctx, f"SELECT t::text FROM {table} t"))
    text_of += str(ask(ctx, "SELECT (to_jsonb(t) - 'sealed')::text FROM staging.row t"))
    for number in PLANTED:
        assert number not in text_of


def test_contracts_are_what_this_test_thinks():
    assert [contract(d).sheet for d in SHEETS.values()] == list(SHEETS)


def test_points_of_a_source_that_sends_gcj02_are_staged_in_wgs84(ctx, land):
    source = ctx.district.sources["resident_reports"]
    shifted = source.model_copy(update={"options": {**source.options, "coordinates": "gcj02"}})
    ctx = replace(
        ctx, district=ctx.district.model_copy(update={"sources": {**ctx.district.sources, source.source: shifted}})
    )
    told = {
        "service_request_id": "1", "status": "open", "service_code": "light", "description": "灯坏了", "lat": 30.666449,
        "long": 104.051503, "requested_datetime": "2026-07-01T08:00:00+08:00",
    }  # fmt: skip
    page = json.dumps(
        {"url": "http://x", "status": 200, "content_type": "application/json", "body": json.dumps([told])}
    )
    land("resident_reports", page.encode(), period="2026-07")
    parsing.parse(ctx)
    [(lat, lon)] = ask(ctx, "SELECT attrs ->> 'lat', attrs ->> 'lon' FROM staging.row")
    assert (round(float(lat), 3), round(float(lon), 3)) == (30.669, 104.049)
