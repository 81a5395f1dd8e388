"""Tests that share fixtures run in one process."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="only with pytest -n")
def test_a_module_is_one_group(request: pytest.FixtureRequest) -> None:
    """pytest-xdist goes by the name; where the group is not in it, the marker is ignored without a word."""
    assert request.node.nodeid.endswith("@test_in_groups.py")
