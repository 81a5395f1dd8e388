"""Any table a contract allows, in any shape people give it, parses to the same rows."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .made import table
from .shapes import Made, texts, workbooks

SLOW = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(made: Made, dataset: str) -> None:
    found = table(made.data, dataset)
    assert not found.rejected, found.rejected
    assert [(p.row_no, p.code) for p in found.problems if p.code != "row.hidden"] == []
    assert list(found.rows()) == made.rows
    assert (found.landed, found.structural) == (len(made.rows), made.structural)
    assert [r.code for r in found.remarks if r.code != "sheet.wrong_name"] == []


@pytest.mark.parametrize("dataset", ["grid_activists", "grid_party_members", "grid_dibao", "grid_school_age"])
@SLOW
@given(data=st.data())
def test_workbooks(dataset, data):
    check(data.draw(workbooks(dataset)), dataset)


@SLOW
@given(texts("population"))
def test_delimited_text(made):
    check(made, "population")
