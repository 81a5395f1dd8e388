"""The one page on paper: what it says, that it stays one page, and that it holds no value and no author."""

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import docx
import pytest
from tests.parsing.made import pack

from courtyard.submissions import outcome, phrases, summary
from courtyard.submissions.findings import Finding
from courtyard.submissions.outcome import Receipt, Submitted

SENT = datetime(2026, 10, 3, 1, 30, tzinfo=UTC)
GRIDS = [pack().contracts[name] for name in pack().sources["grid"].datasets]


def finding(code, cell, severity="error", words="号码不正确"):
    return Finding("居民骨干", int(cell[1:]), None, cell, code, severity, words, "请改正")


def receipt(*findings, status="partly_accepted", changes=None):
    parts = tuple(
        outcome.part(c, "merged", (20, 3 if n == 0 else 0), findings if n == 0 else (), unchanged=15, changes=changes)
        for n, c in enumerate(GRIDS)
    )
    given = Submitted(17, "510105005002001_第1网格.xlsx", "mail", SENT, SENT, "correction", "", True, False, 3)
    return Receipt(
        "grid", "网格季度采集表", status, "2026Q3", "510105005002001", "四道街社区第1网格", parts, (),
        date(2026, 10, 5), date(2026, 10, 10), "请尽快改好。", "社区发展治理办公室", given,
    )  # fmt: skip


def texts(data):
    document = docx.Document(io.BytesIO(data))
    lines = [paragraph.text for paragraph in document.paragraphs]
    return lines, [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]


def test_it_says_who_when_what_and_what_next():
    told = receipt(finding("id", "D5"), finding("id", "D9"), changes={"added": 1, "changed": 2, "removed": 0})
    lines, (facts, counts, problems) = texts(summary.one_page(told))
    assert lines[:2] == ["网格季度采集表回执", "部分接收"]
    assert facts == [
        ["填报单位", "四道街社区第1网格（510105005002001）"],
        ["季度", "2026年第三季度"],
        ["文件", "510105005002001_第1网格.xlsx"],
        ["收到", "2026-10-03 09:30，邮件，迟报"],
        ["性质", "更正，对应第3号　回执编号 17"],
    ]
    assert counts[:2] == [
        ["工作表", "结果", "读到", "接收", "退回", "未变"],
        ["居民骨干", "部分接收", "20", "17", "3", "15"],
    ]
    assert problems[1] == ["错误", "居民骨干 D5、D9", "号码不正确", "请改正"]
    whole = "\n".join(lines)
    assert "居民骨干新增1行、改动2行" in whole
    assert "请尽快改好。" in whole and "2026-10-05截止" in whole and "社区发展治理办公室" in whole


def test_a_receipt_without_findings_has_no_table_of_problems():
    lines, tables = texts(summary.one_page(receipt(status="accepted")))
    assert len(tables) == 2 and "主要问题" not in lines


def test_problems_of_one_kind_stand_together_the_most_frequent_errors_first():
    found = [finding("b", f"B{row}", "warning", "提示甲") for row in range(1, 30)]
    found += [finding("a", f"C{row}", "error", "错误乙") for row in range(1, 9)] + [
        finding("c", "D1", "error", "错误丙")
    ]
    grouped = phrases.problems(receipt(*found))
    assert [(p.message, p.count) for p in grouped] == [("错误乙", 8), ("错误丙", 1), ("提示甲", 29)]
    assert grouped[0].where(3) == "居民骨干 C1、C2、C3等8处"
    assert grouped[1].where(3) == "居民骨干 D1"


def test_it_has_no_author_and_no_link():
    with zipfile.ZipFile(io.BytesIO(summary.one_page(receipt(finding("id", "D5"))))) as archive:
        text = "".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())
    assert not re.search(r"<dc:creator>[^<]+|<cp:lastModifiedBy>[^<]+|<dc:description>[^<]+|python-docx", text)
    assert 'TargetMode="External"' not in text


def crowded():
    """Hundreds of findings with long words, in every sheet."""
    long = "此处的内容与登记的情况不一致，" * 4
    found = [
        replace(finding(f"c{n}", f"{'ABCDEFGH'[n % 8]}{n % 97 + 1}", words=f"第{n % 40}种：{long}"), suggestion=long)
        for n in range(600)
    ]
    return receipt(*found, changes={"added": 12, "changed": 34, "removed": 56})


def test_hundreds_of_findings_are_cut_to_the_main_ones():
    lines, tables = texts(summary.one_page(crowded()))
    assert len(tables[2]) == 1 + summary.MAX_PROBLEMS
    assert any(re.fullmatch(r"共600处。其余\d+处见批注表。", line) for line in lines)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("lowriter") or not shutil.which("pdfinfo"), reason="no LibreOffice")
def test_it_is_one_page_of_a4_however_many_findings(tmp_path):
    (tmp_path / "a.docx").write_bytes(summary.one_page(crowded()))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    words = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "a.docx"),
    ]
    subprocess.run(words, check=False, capture_output=True, timeout=120)
    if not (tmp_path / "a.pdf").exists():
        pytest.skip("this LibreOffice has no Writer")
    told = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\n", told) and "A4" in told
