"""An office suite opens every form and prints it. Needs LibreOffice (marker `office`)."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from courtyard import reports

pytestmark = pytest.mark.office


def test_libreoffice_prints_each_form(dibao, tmp_path):
    _fill(dibao)
    published = reports.publish(dibao.ctx)["published"]
    forms = {p["report"]: next((dibao.ctx.settings.published / p["folder"]).glob("*_r1.xlsx")) for p in published}
    assert {"dibao_roster", "dibao_statistics", "population_statistics", "activist_ledger", "grid_team"} <= set(forms)
    for report, form in forms.items():
        copy = shutil.copy(form, tmp_path / f"{report}.xlsx")
        done = subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
             "--outdir", str(tmp_path), str(copy)],
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed = subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / f"{report}.pdf"), "-"], capture_output=True, check=True
        ).stdout.decode()
        spec = dibao.ctx.district.reports[report]
        assert spec.title in printed
        for words in ("填报单位：", "统计截止日：", "填表日期：", "单位负责人：", "审核人：", "填表人："):
            assert words in printed, f"{report} lacks {words}"


def _fill(world):
    """Enough of everything for several pages."""
    september = world.batch("dibao_register", "2026-09", "2026-09-03T09:00:00+08:00")
    for number in range(60):
        attrs = {
            "benefit_no": f"D{number:03}", "head_name": "样例户主", "household_size": 3, "covered_persons": 2,
            "category": "dibao", "benefit_class": "B类", "monthly_amount": "1234.50", "start_month": "2023-11",
            "cause": "因残、缺乏劳动能力", "address": f"四道街{number}号院12栋3单元1704号附2号",
        }  # fmt: skip
        for member in range(1 + number % 3):
            world.record(
                september, f"s{number}-{member}", {**attrs, "name": "欧阳样例", "relation": str(member)},
                sealed={"id_number": "510105196609300017", "phone": "13800000001、028-86000001"},
                courtyard="C1" if number < 40 else "C2",
            )  # fmt: skip
    population = world.batch("population", "2026Q3", "2026-10-01T05:00:00+08:00")
    for number in range(80):
        attrs = {"birth_date": f"{1930 + number}-01-01", "residence_type": "hukou", "relation": "0"}
        world.record(population, f"p{number}", attrs, household=f"H{number // 3}", courtyard="C1")
    grid = world.batch("grid_activists", "2026Q3", "2026-09-25T08:00:00+08:00", unit="510105005002001")
    for number in range(45):
        attrs = {
            "name": f"骨干样例{number:02}", "sex": "12"[number % 2], "political_status": "01", "skill": "调解、医疗",
            "activist_kind": "courtyard_leader", "matters": "参与院落议事会，牵头楼道清理和老旧管网改造的意见征集",
        }  # fmt: skip
        world.record(
            grid, f"g{number}", attrs, person=f"p{number}", courtyard="C1", sealed={"phone": "13800000002"}
        )  # fmt: skip
