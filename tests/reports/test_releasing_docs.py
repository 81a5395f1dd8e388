"""What docs/releasing.md tells works: its commands run one after the other, its YAML is what the pack takes."""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from pydantic import TypeAdapter
from typer.testing import CliRunner

from courtyard import reports
from courtyard.cli import application
from courtyard.district import load_district
from courtyard.district.models import Recipients
from courtyard.district.report_checks import ReportCheck
from courtyard.period import SHANGHAI

from .conftest import DIBAO_ROWS

GUIDE = (Path(__file__).resolve().parents[2] / "docs/releasing.md").read_text("utf-8")
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(GUIDE) if kind == language]


def test_the_yaml_is_what_the_pack_takes(dibao, tmp_path):
    checks, recipients = map(yaml.safe_load, blocks("yaml"))
    assert {c.kind for c in TypeAdapter(tuple[ReportCheck, ...]).validate_python(checks)} == {
        "total",
        "parts",
        "agrees",
        "change",
    }
    known = Recipients.model_validate(recipients)
    pack = tmp_path / "shaocheng"
    shutil.copytree(dibao.ctx.settings.district_path, pack)
    (pack / "reports/dibao_statistics.yaml").write_text(
        (pack / "reports/dibao_statistics.yaml").read_text("utf-8").partition("checks:")[0]
        + yaml.safe_dump({"checks": checks}),
        "utf-8",
    )
    others = yaml.safe_load((pack / "recipients.yaml").read_text("utf-8"))["recipients"]
    named = {r.name for r in known.recipients}
    recipients["recipients"] += [r for r in others if r["name"] not in named]
    (pack / "recipients.yaml").write_text(yaml.safe_dump(recipients, allow_unicode=True), "utf-8")
    district = load_district(pack)
    got = [r.recipient for r in district.recipients.of(district.reports["dibao_statistics"])]
    assert got == ["civil_affairs", "archive"]


def test_the_commands_run_one_after_the_other(dibao, warehouse_url, monkeypatch):
    settings = dibao.ctx.settings
    for name, value in (("VAR", settings.var), ("KEYS", settings.keys), ("WAREHOUSE_URL", warehouse_url)):
        monkeypatch.setenv(f"COURTYARD_{name}", str(value))
    (july,) = dibao.rows("SELECT delivery_id FROM quality.batch WHERE period = '2026-08'")
    for number in range(20):  # more than a tenth, and more than ten
        attrs = {**DIBAO_ROWS[3][2], "benefit_no": f"N{number}"}
        dibao.record(july["delivery_id"], f"n{number}", attrs, courtyard="C2")
    commands = [line for body in blocks("bash") for line in body.splitlines()]
    assert len(commands) == 9
    day = str(datetime.now(SHANGHAI).date() + timedelta(days=30))
    said = {}
    for command in commands:
        reports.publish(dibao.ctx)  # "the next run"
        done = CliRunner().invoke(application(), shlex.split(command.replace("$DAY", day))[1:])
        # without the sample's mail server the letter waits, which deliver tells by its exit code
        assert done.exit_code == ("deliver" in command), (command, done.output, done.exception)
        said[command] = done.output
    listed, explained, waits, shown, signed, returned, waived, delivered, sent = said.values()
    assert "低保人数本期为24，上期（2026年7月）为4，增加20（500.0%）" in listed
    assert "说明已记下" in explained and "2026-08 r1" in waits and "核对：合计等于各社区之和：通过" in shown
    assert "第1版已签发" in signed and "第1版退回" in returned and f"到 {day} 为止免签发" in waived
    assert "送达 4 件，待送 2 件" in delivered and "没有设置这个连接" in sent
    assert (settings.outbox / "recipients/civil_affairs/2026-07/dibao_statistics/r1/manifest.json").is_file()
