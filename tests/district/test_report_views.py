"""Views of a report as the pack declares them: nothing is shown that nobody decided on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from courtyard.district import load_district
from courtyard.district.models import ReportSpec

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"


def spec(report: str, **changes) -> dict:
    return {**yaml.safe_load((PACK / f"reports/{report}.yaml").read_text("utf-8")), **changes}


def said(plain: dict) -> str:
    with pytest.raises(ValidationError) as caught:
        ReportSpec.model_validate(plain)
    return str(caught.value)


@pytest.mark.parametrize("column", ["name", "id_number", "phone", "address", "remark"])
def test_a_column_of_a_masked_roster_without_a_mask_is_refused(column):
    plain = spec("dibao_roster")
    next(c for c in plain["columns"] if c["name"] == column).pop("mask")
    assert f"columns without a mask, which the masked view needs: {column}" in said(plain)


def test_without_a_masked_view_no_mask_is_needed():
    plain = spec("dibao_roster", views=[])
    for column in plain["columns"]:
        column.pop("mask", None)
    assert ReportSpec.model_validate(plain).views == ()


def test_a_column_that_the_counts_leave_out_is_refused():
    plain = spec("population_statistics")
    del plain["views"][0]["columns"]["overseas"]
    assert "columns of the counts view leaves out overseas" in said(plain)


@pytest.mark.parametrize(
    ("column", "changes", "message"),
    [
        ("persons", {"role": "count"}, "measure goes with the roles count and amount"),
        ("persons", {"role": "open", "measure": "x"}, "measure goes with the roles count and amount"),
        ("month_amount_wan", {"role": "amount", "measure": "x"}, "of goes with the roles amount and ratio"),
        ("per_person", {"role": "ratio", "of": ["nobody"]}, "no such columns with numbers: nobody"),
        (
            "year_persons",
            {"role": "count", "measure": "x", "distinct_of": "persons"},
            "distinct_of goes with a count over",
        ),
        ("standard", {"role": "ratio", "of": ["per_person"]}, "no such columns with numbers: per_person"),
        ("persons", {"role": "drop"}, "no such columns with numbers: persons"),
    ],
)
def test_a_column_of_counts_says_what_it_counts(column, changes, message):
    plain = spec("dibao_statistics")
    plain["views"][0]["columns"][column] = changes
    assert message in said(plain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recipients": []}, "at least 1 item"),
        ({"basis": ""}, "at least 1 character"),
        ({"keeps": [7, 2]}, "keeps may leave at most the first 6 and the last 4"),
        ({"area": "x"}, "area goes with the kind counts"),
    ],
)
def test_a_view_says_to_whom_and_why(changes, message):
    plain = spec("dibao_roster")
    plain["views"][0].update(changes)
    assert message in said(plain)


def test_only_one_view_of_a_kind_and_only_a_roster_is_masked():
    roster = spec("dibao_roster")
    assert "two views of one kind" in said({**roster, "views": [roster["views"][0]] * 2})
    assert "only a roster can be masked" in said(spec("population_statistics", views=[roster["views"][0]]))


@pytest.mark.parametrize("recipient", ["青羊区民政局", "各社区居民委员会"])
def test_a_recipient_gets_the_form_or_one_view_of_it(recipient):
    plain = spec("dibao_roster")
    plain["views"][0]["recipients"].append(recipient)
    assert f"gets more than one of the form and its views: {recipient}" in said(plain)


def test_a_roster_is_counted_by_coded_columns():
    plain = spec("dibao_roster")
    plain["views"][1]["dimensions"] = [{"column": "address"}]
    assert "dimensions are no coded columns of the form: address" in said(plain)


def test_the_smallest_count_shown_is_five():
    assert load_district(PACK).office.small_count == 5
