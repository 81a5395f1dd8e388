"""The drill of docs/drill.md: it asserts at every step."""

import drill
import pytest

pytestmark = pytest.mark.airflow_e2e


def test_three_quarters_are_backfilled_beside_the_current_one_and_a_late_correction_runs_what_stands_on_it():
    drill.main()
