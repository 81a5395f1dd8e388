"""Random cells of published forms, recomputed from the landed bytes of the rows that they are traced to."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.e2e.conftest import QUARTERS
from tests.e2e.landed import Landed, check, pick

SEED = 20260930


@pytest.mark.parametrize("cells", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_random_cells_are_what_their_landed_rows_say(street, cells):
    ctx = street.context(QUARTERS[-1])
    landed = Landed(ctx)
    picked = pick(ctx, cells, SEED)
    how = Counter(check(ctx, landed, cell) for cell in picked)
    assert len({(cell.spec.report, cell.period) for cell in picked}) > 5
    assert how["direct"] + how["figure"] >= 0.6 * cells, how
