"""Deliveries, the quality report and the runs of a quarter, over literal rows, for every role."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, make_url, text
from sqlalchemy.pool import NullPool
from tests.boards.conftest import Open

from courtyard.settings import Settings
from courtyard.store import tables

STREET, GRID, OTHERS = "510105005", "510105005002001", "510105005003001"
AT = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)
REGISTER, OWN, FOREIGN = "civil_affairs:aaaa000011112222", "grid:bbbb000011112222", "grid:cccc000011112222"
RECEIPT = f"receipts/2026Q3/{GRID}/1"


def delivery(delivery_id: str, period: str, unit: str | None = None, name: str = "a.jsonl") -> dict[str, object]:
    return {
        "delivery_id": delivery_id,
        "street_code": STREET,
        "source": delivery_id.split(":")[0],
        "period": period,
        "unit_code": unit,
        "name": name,
        "sha256": hashlib.sha256(delivery_id.encode()).hexdigest(),
        "size_bytes": 1234,
        "media_type": "text/plain",
        "version_at": AT,
        "received_at": AT,
        "sealed_name": f"{delivery_id}.sealed",
        "key_id": "landing-1",
        "wrapped_key": b"k",
    }


def batch(delivery_id: str, dataset: str, status: str, **counts: object) -> dict[str, object]:
    period = "2026-07" if delivery_id == REGISTER else "2026Q3"
    counted = {"landed": 0, "merged": 0, "quarantined": 0, "superseded": 0, "held": 0, "reason": "", **counts}
    about = {"batch_id": f"{delivery_id}/{dataset}/v1", "delivery_id": delivery_id, "street_code": STREET}
    return {**about, "dataset": dataset, "period": period, "status": status, **counted}


@pytest.fixture
def admin(warehouse_url: str) -> Iterator[Engine]:
    engine = create_engine(make_url(warehouse_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def arrived(admin: Engine, settings: Settings) -> None:
    """A register with a held batch, a grid's workbook with a quarantined row, and one of another community."""
    found = {
        "batch_id": f"{OWN}/grid_dibao/v1",
        "sheet": "低保户",
        "row_no": 5,
        "column_name": "id_number",
        "cell": "D5",
        "code": "id.checksum",
        "severity": "error",
        "message": "身份证号校验位不正确",
        "suggestion": "请对照身份证逐位核对",
    }
    with admin.begin() as connection:
        connection.execute(
            insert(tables.delivery),
            [
                delivery(REGISTER, "2026-07"),
                delivery(OWN, "2026Q3", GRID, f"{GRID}.xlsx"),
                delivery(FOREIGN, "2026Q3", OTHERS, f"{OTHERS}.xlsx"),
            ],
        )
        connection.execute(
            insert(tables.batch),
            [
                batch(REGISTER, "dibao_register", "held", landed=9, held=9, reason="比上期少了一半，请核对。"),
                batch(OWN, "grid_dibao", "merged", landed=3, merged=2, quarantined=1),
                batch(FOREIGN, "grid_dibao", "merged", landed=1, merged=1),
            ],
        )
        connection.execute(insert(tables.finding), [found, {**found, "row_no": 7, "cell": "D7"}])
        arrival = {"name": f"{GRID}.xlsx", "period": "2026Q3", "received_at": AT, "channel": "folder"}
        connection.execute(insert(tables.receipt), [{"receipt_id": 1, "delivery_id": OWN, **arrival}])
        submitted = {
            "receipt_id": 1,
            "delivery_id": OWN,
            "street_code": STREET,
            "period": "2026Q3",
            "channel": "folder",
        }
        told = {"arrived_for": "2026Q3", "unit_code": GRID, "sent_at": AT, "kind": "first", "status": "partly_accepted"}
        connection.execute(
            insert(tables.submission), [{**submitted, **told, "content_hash": "x", "receipt_file": RECEIPT}]
        )
        fetched = {"street_code": STREET, "source": "population", "period": "2026Q3", "status": "failed", "at": AT}
        connection.execute(insert(tables.fetch), [{**fetched, "reason": "服务器没有应答。"}])
    folder = settings.outbox / RECEIPT
    folder.mkdir(parents=True)
    (folder / "receipt.json").write_text("{}", "utf-8")
    (settings.outbox / "secret.txt").write_text("not a receipt", "utf-8")


def audited(admin: Engine) -> list[tuple[str, ...]]:
    with admin.connect() as connection:
        rows = connection.execute(text("SELECT actor, action, object FROM audit.event ORDER BY event_id"))
        return [tuple(row) for row in rows]


@pytest.mark.usefixtures("arrived")
@pytest.mark.parametrize(
    ("user", "seen", "hidden"),
    [
        ("street01", ("a.jsonl", f"{GRID}.xlsx", f"{OTHERS}.xlsx", "共 3 份"), ()),
        ("community01", (f"{GRID}.xlsx", "共 1 份"), ("a.jsonl", f"{OTHERS}.xlsx")),
        ("department01", ("a.jsonl", "暂挂", "共 1 份"), (".xlsx", "实有人口库")),
        ("department02", ("共 0 份",), (".xlsx", "a.jsonl")),
    ],
)
def test_each_role_lists_its_own_deliveries(as_user: Open, user: str, seen: tuple[str], hidden: tuple[str]) -> None:
    shown = as_user(user).get("/deliveries").text
    assert [text for text in seen if text not in shown] == []
    assert [text for text in hidden if text in shown] == []


@pytest.mark.usefixtures("arrived")
def test_the_list_is_filtered_by_source_period_and_state(as_user: Open) -> None:
    client = as_user("street01")
    assert "共 2 份" in client.get("/deliveries?source=grid").text
    assert "共 3 份" in client.get("/deliveries?period=2026Q3").text, "A quarter's months are meant too."
    assert "共 1 份" in client.get("/deliveries?period=2026-07").text
    assert "共 1 份" in client.get("/deliveries?state=partly&period=2026Q3").text
    assert "共 0 份" in client.get("/deliveries?period=2025Q1").text


@pytest.mark.usefixtures("arrived")
def test_what_could_not_be_fetched_is_told_with_its_reason(as_user: Open) -> None:
    shown = as_user("street01").get("/deliveries?source=population&period=2026Q3").text
    assert "没有取到" in shown and "实有人口库 2026Q3：服务器没有应答。" in shown
    assert "服务器没有应答" not in as_user("department01").get("/deliveries?period=2026Q3").text


@pytest.mark.parametrize("query", ["period=2026Q5", "period=9999Q9", "state=gone", "source=nobody", "page=x"])
def test_a_filter_that_means_nothing_is_refused_in_chinese(as_user: Open, query: str) -> None:
    answer = as_user("street01").get(f"/deliveries?{query}")
    assert answer.status_code in (400, 404) and "请" in answer.text


@pytest.mark.usefixtures("arrived")
def test_a_delivery_says_what_became_of_its_rows_and_what_to_do(as_user: Open) -> None:
    shown = as_user("community01").get(f"/deliveries/{OWN}").text
    for words in (
        "身份证号校验位不正确",
        "怎么办：请对照身份证逐位核对。",
        "D5、D7",
        "id.checksum",
        "2 处",
        "部分行退回",
    ):
        assert words in shown
    assert "比上期少了一半，请核对。" in as_user("department01").get(f"/deliveries/{REGISTER}").text


@pytest.mark.usefixtures("arrived")
@pytest.mark.parametrize(
    ("user", "delivery_id", "status"),
    [
        ("street01", FOREIGN, 200),
        ("community01", FOREIGN, 403),
        ("community01", REGISTER, 403),
        ("community02", FOREIGN, 200),
        ("department01", OWN, 403),
        ("department02", REGISTER, 403),
        ("viewer01", OWN, 403),
        ("street01", "grid:0000000000000000", 404),
        ("community01", "grid:0000000000000000", 404),
    ],
)
def test_a_delivery_is_shown_to_whom_it_concerns(
    as_user: Open, admin: Engine, user: str, delivery_id: str, status: int
) -> None:
    assert as_user(user).get(f"/deliveries/{delivery_id}").status_code == status
    if status == 403:
        assert audited(admin) == [(f"board:{user}", "forbidden", f"GET /deliveries/{delivery_id}")]


@pytest.mark.usefixtures("arrived")
def test_a_receipts_file_is_handed_out_and_audited(as_user: Open, admin: Engine) -> None:
    path = f"/deliveries/{OWN}/receipts/1/receipt.json"
    answer = as_user("community01").get(path)
    assert (answer.status_code, answer.text) == (200, "{}")
    assert answer.headers["content-disposition"] == 'attachment; filename="receipt.json"'
    assert audited(admin) == [("board:community01", "receipt_file", f"{OWN}/1/receipt.json")]
    assert as_user("community02").get(path).status_code == 403
    assert as_user("department01").get(path).status_code == 403
    assert as_user("viewer01").get(path).status_code == 403


@pytest.mark.usefixtures("arrived")
@pytest.mark.parametrize(
    "end",
    ["1/..%2F..%2F..%2F..%2Fsecret.txt", "1/../../../../secret.txt", "1/%2e%2e", "2/receipt.json", "x/receipt.json"],
)
def test_no_other_file_is_reached_from_a_receipt(as_user: Open, end: str) -> None:
    answer = as_user("street01").get(f"/deliveries/{OWN}/receipts/{end}")
    assert answer.status_code in (400, 404) and "not a receipt" not in answer.text


@pytest.fixture
def docs(settings: Settings) -> Path:
    """A quarter with one Data Docs page."""
    folder = settings.quality_docs / "2026Q3"
    folder.mkdir(parents=True)
    figures = {"title": "低保人员", "batches": 1, "rows": 9, "quarantined": 2, "errors": 2, "warnings": 0}
    held = {f"{REGISTER}/dibao_register/v1": "少了一半"}
    (folder / "dibao_register-0123456789ab.json").write_text(json.dumps({**figures, "held": held}), "utf-8")
    (folder / "dibao_register-0123456789ab.html").write_text("<!doctype html><p>校验结果</p>", "utf-8")
    (settings.quality_docs / "other.html").write_text("elsewhere", "utf-8")
    return folder


@pytest.mark.usefixtures("docs")
def test_the_quality_report_leads_to_data_docs_and_to_what_is_held(as_user: Open) -> None:
    client = as_user("street01")
    for path in ("/quality/2026Q3", "/quality/2026Q3/", "/quality/2026Q3/index.html"):
        shown = client.get(path)
        assert shown.status_code == 200 and "/quality/2026Q3/dibao_register-0123456789ab.html" in shown.text
        assert "/deliveries/civil_affairs%3Aaaaa000011112222" in shown.text
    page = client.get("/quality/2026Q3/dibao_register-0123456789ab.html")
    assert "校验结果" in page.text and page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "还没有校验过数据" in client.get("/quality/2027Q1").text


@pytest.mark.usefixtures("docs")
@pytest.mark.parametrize(
    "path", ["2026Q3/..%2Fother.html", "2026Q3/../other.html", "2026Q3/%2e%2e%2fother.html", "2026Q3/dibao_register-0123456789ab.json",
             "2026Q3/dibao_register-000000000000.html", "..%2F/other.html", "2026/other.html", "2026Q7"]
)  # fmt: skip
def test_no_other_file_is_reached_from_the_quality_report(as_user: Open, path: str) -> None:
    answer = as_user("street01").get(f"/quality/{path}")
    assert answer.status_code == 404 and "elsewhere" not in answer.text


@pytest.mark.parametrize("user", ["community01", "department01", "viewer01"])
@pytest.mark.parametrize("path", ["/quality/2026Q3", "/quality/2026Q3/x-0123456789ab.html", "/runs", "/runs/2026Q3"])
def test_quality_and_runs_are_the_streets(as_user: Open, user: str, path: str) -> None:
    assert as_user(user).get(path).status_code == 403


def run_of(**values: object) -> dict[str, object]:
    given = {"street_code": STREET, "quarter": "2026Q3", "reason": "", "requested_by": "scheduler", "asked_at": AT}
    return {**given, "kind": "scheduled", "outcome": "done", "holder": "airflow:a", "told": {}, **values}


def test_the_runs_of_a_quarter_say_what_each_stage_did_and_for_whom_one_waits(as_user: Open, admin: Engine) -> None:
    told = {
        "fetch:population": {"error": "服务器没有应答。"},
        "fetch:civil_affairs": {"landed": 2, "known": 1},
        "merge": {"merged": 1234},
        "link": {},
    }
    ended = {"opened_at": AT, "ended_at": AT}
    asks = {"kind": "manual", "reason": "补报民政数据", "requested_by": "street01", "holder": "airflow:b"}
    with admin.begin() as connection:
        connection.execute(insert(tables.quarter_run), [run_of(token=1, outcome="failed", told=told, **ended)])
        connection.execute(insert(tables.quarter_run), [run_of(**asks, outcome="waiting", waits_for="airflow:a")])
    shown = as_user("street01").get("/runs/2026Q3").text
    for words in ("手动运行", "原因：补报民政数据", "在等：定时运行（airflow:a）", "失败", "取数落地：实有人口库"):
        assert words in shown
    for words in ("服务器没有应答。", "新落地 2、已有 1", "入库行 1,234", "没有变化"):
        assert words in shown
    assert "/deliveries?source=population&amp;period=2026Q3" in shown


def test_a_quarter_without_runs_says_why(as_user: Open) -> None:
    client = as_user("street01")
    assert "还没有运行过" in client.get("/runs/2026Q2").text
    assert "还没有开始" in client.get("/runs/2027Q2").text
    assert client.get("/runs/2026Q0").status_code == 404
    assert client.get("/runs").headers["location"] == "/runs/2026Q4"
