"""Many small batches at once: plans must not depend on statistics that a table just filled does not have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deliveries import Delivery

from quarter import at, child, entry, ledger_balances, run


@pytest.mark.slow
@pytest.mark.parametrize(("entries", "children"), [(2_000, 2_000), (15_000, 5_000)])
def test_a_quarter_of_many_small_batches_is_linked_and_merged(ctx, entries, children):
    register = [entry(str(n), phone=str(n)) for n in range(entries)]
    pupils = [child(str(n)) for n in range(children)]
    for period, received in (("2026Q1", at(4)), ("2026Q2", at(7))):
        batches = [
            Delivery("grid_school_age", pupils[n::400], period, received, unit_code=f"{n:015d}") for n in range(400)
        ]
        run(replace(ctx), Delivery("population", register, period, received), *batches)
        register[: entries // 20] = [{**row, "phone": "moved"} for row in register[: entries // 20]]
    assert ledger_balances(ctx)
