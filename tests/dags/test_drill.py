"""The drill as a test: `make drill` with its own asserts (docs/drill.md)."""

from __future__ import annotations

import pytest
from tests import drill


@pytest.mark.airflow_e2e
def test_the_boards_tell_the_story_of_a_bad_quarters_end() -> None:
    drill.main()
