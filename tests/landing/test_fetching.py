import errno
import logging
import os

import pytest

from courtyard.connection import Connection
from courtyard.errors import CourtyardError, LeaseLost, SourceError, UsageError
from courtyard.landing import fetching, ledger, open_delivery, vault
from courtyard.store import lease

PLANTED_ID = "11010519491231002X"
FETCHES = "SELECT period, status, reason FROM landing.fetch ORDER BY period"
RECEIPTS = "SELECT period, name FROM landing.receipt ORDER BY receipt_id"
UNIT = "510105005002001"


def deliveries(office, source=None):
    with office.ctx.engine().connect() as connection:
        return ledger.deliveries(connection, office.ctx.street_code, office.ctx.period, source)


def contents(office):
    return [open_delivery(office.ctx, row) for row in deliveries(office)]


def killed(*_):
    raise KeyboardInterrupt


def test_each_month_of_the_quarter_lands_and_a_month_without_rows_is_absent(office):
    office.book("2026-07", "甲")
    office.book("2026-09", "乙")
    result = office.fetch("register")
    assert result == {
        "source": "register", "landed": 2, "known": 0, "absent": 1, "failed": 0,
        "deliveries": [row.delivery_id for row in deliveries(office)],
    }  # fmt: skip
    assert office.rows(FETCHES) == [
        ("2026-07", "landed", ""),
        ("2026-08", "absent", "来源没有这一期的数据"),
        ("2026-09", "landed", ""),
    ]
    assert contents(office) == [
        '{"columns":["name"]}\n["甲"]\n'.encode(),
        '{"columns":["name"]}\n["乙"]\n'.encode(),
    ]


def test_the_ledger_row_says_what_landed(office):
    office.book("2026-07", "甲")
    office.fetch("register")
    [row] = deliveries(office, "register")
    assert row.delivery_id == f"register:{row.sha256[:16]}"
    assert row.sealed_name == f"510105005/register/2026-07/{row.delivery_id}.sealed"
    assert (row.period, row.unit_code, row.size_bytes) == (
        "2026-07",
        None,
        len('{"columns":["name"]}\n["甲"]\n'.encode()),
    )
    assert row.version_at == row.received_at
    assert office.rows(RECEIPTS) == [("2026-07", "register-2026-07.rows.jsonl")]


def test_a_second_run_asks_no_source_again_and_changes_nothing(office):
    for month in ("2026-07", "2026-08", "2026-09"):
        office.book(month, month)
    first = office.fetch("register")
    before = office.rows("SELECT * FROM landing.fetch ORDER BY period"), office.rows("SELECT * FROM landing.receipt")
    office.connections["register"] = None
    second = office.fetch("register")
    assert second == first | {"landed": 0, "known": 3}
    assert before == (
        office.rows("SELECT * FROM landing.fetch ORDER BY period"),
        office.rows("SELECT * FROM landing.receipt"),
    )


def test_refetch_of_the_same_bytes_is_a_second_receipt_and_no_second_delivery(office):
    office.book("2026-07", "甲")
    first = office.fetch("register")
    assert office.fetch("register", refetch=True)["deliveries"] == first["deliveries"]
    assert len(office.rows(RECEIPTS)) == 2
    assert len(office.sealed) == 1


def test_refetch_of_changed_bytes_is_a_second_delivery_after_the_first(office):
    office.book("2026-07", "甲")
    office.fetch("register")
    office.book("2026-07", "乙")
    assert office.fetch("register", refetch=True)["landed"] == 1
    first, second = deliveries(office)
    assert first.seq < second.seq and first.received_at < second.received_at


def test_a_month_that_landed_before_its_end_is_asked_for_again(office):
    office.now = office.now.replace(month=7, day=20)
    office.book("2026-07", "甲")
    office.fetch("register")
    office.book("2026-07", "乙")
    office.now = office.now.replace(month=10)
    assert office.fetch("register")["landed"] == 1
    assert office.fetch("register")["landed"] == 0


def test_one_failing_month_stops_no_other_and_the_reason_is_kept(office, monkeypatch):
    for month in ("2026-07", "2026-08", "2026-09"):
        office.book(month, month)
    works = fetching.TRANSPORTS["sql"].fetch

    def fails_in_august(spec, connection, period, street_code):
        if str(period) == "2026-08":
            raise SourceError("八月取不到。")
        return works(spec, connection, period, street_code)

    monkeypatch.setitem(fetching.TRANSPORTS, "sql", fetching.TRANSPORTS["sql"].__class__(fails_in_august))
    with pytest.raises(SourceError, match="八月取不到"):
        office.fetch("register")
    assert [row[:2] for row in office.rows(FETCHES)] == [
        ("2026-07", "landed"),
        ("2026-08", "failed"),
        ("2026-09", "landed"),
    ]
    monkeypatch.undo()
    assert office.fetch("register")["landed"] == 1
    assert office.rows(FETCHES)[1] == ("2026-08", "landed", "")


def test_a_source_that_is_down_is_recorded_without_secrets_and_said_once(office):
    office.connections["register"] = Connection(
        "register", "postgres", host="127.0.0.1", port=1, password="the-password"
    )
    with pytest.raises(SourceError) as caught:
        office.fetch("register")
    assert str(caught.value).startswith("2026-07、2026-08、2026-09：来源「register」")
    [(_, status, reason), *_] = office.rows(FETCHES)
    assert status == "failed" and "查询失败" in reason and "the-password" not in reason + str(caught.value)


def test_a_failed_refetch_takes_nothing_back(office):
    office.book("2026-07", "甲")
    office.fetch("register")
    office.connections["register"] = Connection("register", "postgres", host="127.0.0.1", port=1)
    with pytest.raises(SourceError):
        office.fetch("register", refetch=True)
    assert office.rows(FETCHES)[0][1] == "landed"
    assert len(deliveries(office)) == 1


def test_a_connection_that_is_not_set_is_a_failure_of_that_source(office):
    def unset(conn_id):
        raise UsageError(f"The connection '{conn_id}' is not set.")

    with pytest.raises(SourceError, match="not set"):
        office.fetch("register", connection=unset)
    assert {status for _, status, _ in office.rows(FETCHES)} == {"failed"}


def test_an_unknown_source_names_the_known_ones(office):
    with pytest.raises(UsageError, match="register"):
        office.fetch("nobody")


def test_a_run_whose_lease_was_taken_lands_nothing(office):
    office.book("2026-07", "甲")
    stale = lease.acquire(office.ctx)
    lease.acquire(office.ctx)
    with pytest.raises(LeaseLost):
        office.fetch("register", token=stale)
    assert deliveries(office) == []


def test_workbooks_land_one_by_one_with_unit_and_time(office):
    path = office.workbook(f"{UNIT}_第一网格_2026Q3.xlsx", b"one")
    os.utime(path, (1_790_000_000, 1_790_000_000))
    office.workbook("说明.xlsx", b"two")
    assert office.fetch("books")["landed"] == 2
    first, second = deliveries(office, "books")
    assert (first.unit_code, first.name, first.version_at.timestamp()) == (UNIT, path.name, 1_790_000_000)
    assert second.unit_code is None


def test_late_workbooks_land_on_a_later_run_and_the_old_ones_only_once(office):
    office.workbook("a.xlsx", b"one")
    office.fetch("books")
    office.workbook("b.xlsx", b"two")
    result = office.fetch("books")
    assert (result["landed"], result["known"]) == (1, 1)
    assert office.rows(RECEIPTS) == [("2026Q3", "a.xlsx"), ("2026Q3", "b.xlsx")]


def test_the_same_file_under_a_new_name_is_one_delivery_with_two_receipts(office):
    office.workbook("a.xlsx", b"one")
    office.workbook("copy of a.xlsx", b"one")
    assert office.fetch("books")["landed"] == 1
    assert office.rows(RECEIPTS) == [("2026Q3", "a.xlsx"), ("2026Q3", "copy of a.xlsx")]


def test_last_quarters_file_handed_in_again_is_noticed(office):
    office.workbook("a.xlsx", b"one", "2026Q2")
    office.fetch("books", period=office.ctx.period.previous())
    office.workbook("a.xlsx", b"one")
    assert office.fetch("books")["deliveries"] == []
    assert office.rows(FETCHES)[1] == ("2026Q3", "landed", "a.xlsx 与 2026Q2 的交付完全相同，未重复入账")


def test_a_register_that_did_not_change_is_a_delivery_of_each_month(office):
    for month in ("2026-07", "2026-08"):
        office.book(month, "甲")
    assert office.fetch("register")["landed"] == 2
    held = office.rows("SELECT period, delivery_id, sha256 FROM landing.delivery ORDER BY period")
    (july, first, one), (august, second, other) = held
    assert (july, august, one) == ("2026-07", "2026-08", other)
    assert second == f"{first}@2026-08" and len(office.sealed) == 2
    assert office.fetch("register", refetch=True)["landed"] == 0


def test_a_refused_file_is_named_with_its_reason_and_the_others_land(office):
    office.workbook("a.xlsx", b"one")
    office.workbook(f".{PLANTED_ID}.xlsx", b"two")
    assert office.fetch("books")["landed"] == 1
    assert office.rows(FETCHES) == [("2026Q3", "landed", "未收 1 个文件：.[数字].xlsx（是隐藏文件或临时文件）")]


def test_bytes_with_a_problem_are_kept_but_the_month_counts_as_failed(office, monkeypatch):
    def html(spec, connection, period, street_code):
        yield fetching.Fetched(f"{period}.jsonl", str(period).encode(), "text/html", problem="不是约定的数据。")

    monkeypatch.setitem(fetching.TRANSPORTS, "sql", fetching.TRANSPORTS["sql"].__class__(html))
    with pytest.raises(SourceError, match="不是约定的数据"):
        office.fetch("register")
    assert contents(office) == [b"2026-07", b"2026-08", b"2026-09"]
    assert {status for _, status, _ in office.rows(FETCHES)} == {"failed"}


def test_killed_between_the_sealed_file_and_its_ledger_row_it_is_adopted(office, monkeypatch):
    office.book("2026-07", "甲")
    monkeypatch.setattr(ledger, "record_delivery", killed)
    with pytest.raises(KeyboardInterrupt):
        office.fetch("register")
    assert len(office.sealed) == 1 and deliveries(office) == []
    monkeypatch.undo()
    received = vault.adoptable(office.ctx.settings, office.ctx.keys, office.sealed[0]).received_at
    office.unbook()  # even when the source does not give it a second time
    assert office.fetch("register")["landed"] == 1
    [row] = deliveries(office)
    assert row.received_at == received
    assert contents(office) == ['{"columns":["name"]}\n["甲"]\n'.encode()]


def test_killed_while_writing_leaves_a_part_that_the_next_run_drops(office, monkeypatch):
    office.book("2026-07", "甲")
    monkeypatch.setattr(vault.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        office.fetch("register")
    assert [p.suffix for p in office.sealed] == [".part"]
    monkeypatch.undo()
    assert office.fetch("register")["landed"] == 1
    assert [p.suffix for p in office.sealed] == [".sealed"]


def test_a_damaged_orphan_is_not_adopted_and_the_data_is_fetched_again(office, monkeypatch):
    office.book("2026-07", "甲")
    monkeypatch.setattr(ledger, "record_delivery", killed)
    with pytest.raises(KeyboardInterrupt):
        office.fetch("register")
    monkeypatch.undo()
    raw = bytearray(office.sealed[0].read_bytes())
    raw[-1] ^= 1
    office.sealed[0].write_bytes(raw)
    assert office.fetch("register")["landed"] == 1
    assert len(contents(office)) == 1


def test_an_orphan_whose_bytes_were_entered_for_another_quarter_is_dropped(office, monkeypatch):
    office.workbook("a.xlsx", b"one", "2026Q2")
    monkeypatch.setattr(ledger, "record_delivery", killed)
    with pytest.raises(KeyboardInterrupt):
        office.fetch("books", period=office.ctx.period.previous())
    monkeypatch.undo()
    office.workbook("a.xlsx", b"one")
    office.fetch("books")
    assert office.fetch("books", period=office.ctx.period.previous())["landed"] == 0
    assert len(office.sealed) == 1 and contents(office) == [b"one"]
    assert office.rows(RECEIPTS) == [("2026Q3", "a.xlsx"), ("2026Q2", "a.xlsx")]


def test_a_full_disk_fails_without_a_ledger_row_and_leaves_no_part(office, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    office.book("2026-07", "甲")
    monkeypatch.setattr(vault.os, "fsync", full)
    with pytest.raises(SourceError, match="No space left"):
        office.fetch("register")
    monkeypatch.undo()
    assert office.sealed == [] and deliveries(office) == []
    assert office.rows(FETCHES)[0][1] == "failed"


def test_refetching_mends_a_damaged_landed_file(office):
    office.book("2026-07", "甲")
    office.fetch("register")
    office.sealed[0].write_bytes(b"gone")
    with pytest.raises(CourtyardError, match="已停用"):
        contents(office)
    office.fetch("register", refetch=True)
    assert len(contents(office)) == 1 and len(office.sealed) == 1


def test_two_runs_at_once_fetch_once(office):
    from concurrent.futures import ThreadPoolExecutor

    for month in ("2026-07", "2026-08", "2026-09"):
        office.book(month, month)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: office.fetch("register"), range(4)))
    assert sorted(r["landed"] for r in results) == [0, 0, 0, 3]
    assert len(office.rows(RECEIPTS)) == 3


def test_a_planted_id_is_in_no_log_name_ledger_or_file(office, caplog):
    caplog.set_level(logging.DEBUG)
    office.book("2026-07", PLANTED_ID)
    office.workbook(f"{PLANTED_ID}.xlsx", PLANTED_ID.encode())
    result = [office.fetch("register"), office.fetch("books")]
    tables = [office.rows(f"SELECT * FROM landing.{name}") for name in ("delivery", "receipt", "fetch")]
    assert PLANTED_ID not in caplog.text + str(result) + str(tables)
    for path in office.sealed:
        assert PLANTED_ID not in str(path) and PLANTED_ID.encode() not in path.read_bytes()
    assert all(PLANTED_ID.encode() in data for data in contents(office))
