"""Checks of a report that mean nothing are named when the pack is loaded."""

import pytest

from courtyard.district import load_district
from courtyard.errors import PackError


@pytest.mark.parametrize(
    ("check", "problem"),
    [
        ("{check: c, kind: total, title: t, columns: [name]}", "checks[0].kind: the form has no total row"),
        ("{check: c, kind: sums, title: t}", "checks[0]: input tag 'sums'"),
        ("{check: c, kind: parts, title: t, parts: [a], whole: name}", "roster has no column 'a'"),
        ("{check: c, kind: change, title: t, share: 0.1, figure: {take: rows, of: [name]}}", "names columns, unless rows"),
        ("{check: c, kind: change, title: t, share: 0.1, figure: {take: rows, by: name}}", "split by a column with codes"),
        ("{check: c, kind: change, title: t, share: 0.1, figure: {take: rows, per: group}}", "roster has no merge_by"),
        ("{check: c, kind: change, title: t, share: 0.1, figure: {take: rows, where: {status: [gone]}}}", "'gone' is not a code"),
        ("{check: c, kind: change, title: t, share: 0.1, figure: {take: rows, dataset: gone}}", "no row of roster is about its records"),
        ("{check: c, kind: agrees, title: t, figure: {take: rows}, against: {report: z, figure: {take: rows}}}", "no report 'z'"),
    ],
)  # fmt: skip
def test_a_check_that_means_nothing_is_named_with_file_and_line(small_pack, check, problem):
    with (small_pack / "reports/roster.yaml").open("a", encoding="utf-8") as file:
        file.write(f"checks:\n  - {check}\n")
    with pytest.raises(PackError) as error:
        load_district(small_pack)
    assert "reports/roster.yaml:1" in str(error.value) and problem in str(error.value)
