"""The catalogue in a browser: its filters, a phone's width, paper. The markers of pyproject.toml say what runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from courtyard import reports

pytestmark = pytest.mark.browser
_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000")
# Says, in the page itself, how wide it is laid out and how wide the window is.
_MEASURED = """<script>addEventListener("load", function () { document.title =
  document.documentElement.scrollWidth + "/" + innerWidth; });</script></body>"""


def chromium(*words: str) -> str:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "a browser test needs Chromium: apt-get install chromium"
    return subprocess.run([program, *_QUIET, *words], capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def site(dibao) -> Path:
    dibao = dibao.only("dibao_roster", "dibao_statistics", "activist_ledger")
    reports.publish(dibao.ctx)
    return dibao.ctx.settings.published / "catalogue"


def shown(site: Path, asked: str) -> list[str]:
    """The periods of the rows that are left, with the words of a search or filter in the address."""
    document = chromium("--dump-dom", f"file://{site}/index.html#{asked}")
    rows = re.findall(r'<tr class="row"[^>]*>.*?</tr>', document, re.DOTALL)
    assert len(rows) > 20
    kept = [row for row in rows if " hidden" not in row.partition(">")[0]]
    return [re.search(r'data-label="期别">([^<]*)', row)[1] for row in kept]


def test_a_search_and_the_filters_leave_what_fits(site):
    assert len(shown(site, "")) == 31
    assert shown(site, "status=held") == ["2026年9月", "2026年9月", "2026年第三季度"]
    assert shown(site, "q=花名册&status=waiting") == ["2026年8月", "2026年7月"]
    assert shown(site, "q=致困原因&quarter=2026Q4") == ["2026年10月"]
    assert shown(site, "q=没有这样的表") == []
    assert 'id="nothing">' in chromium("--dump-dom", f"file://{site}/index.html#q=没有这样的表")


@pytest.mark.parametrize(
    "page", ["index.html", "reports/dibao_roster.html", "publications/2026-07/dibao_statistics.html"]
)
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_page_is_wider_than_its_window(site, page, width):
    path = site / page
    path.write_text(path.read_text("utf-8").replace("</body>", _MEASURED), "utf-8")
    document = chromium("--dump-dom", f"--window-size={width},900", f"file://{path}")
    laid_out, window = map(int, re.search(r"<title>(\d+)/(\d+)</title>", document).groups())
    assert laid_out <= window


def test_it_prints_as_a_table(site, tmp_path):
    paper = tmp_path / "paper.pdf"
    chromium(f"--print-to-pdf={paper}", "--no-pdf-header-footer", f"file://{site}/index.html")
    assert paper.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, text=True, check=True).stdout
        assert re.search(r"报表 +报送单位 +期别 +版次 +状态", text)
        assert "全部季度" not in text
