"""What the grid DAGs do in one task, where a channel is down or nothing has come."""

from __future__ import annotations

import pytest

from courtyard import landing, stages, submissions
from courtyard.errors import SourceError

DOWN = SourceError("（mailbox）连不上邮箱。")


@pytest.fixture
def collect(monkeypatch):
    """Collecting with a fetch that ends so, where something waits for its receipt or not."""

    def run(*, error: SourceError | None, waits: bool) -> bool:
        def fetch(_ctx: object, _source: str) -> dict:
            if error:
                raise error
            return {}

        monkeypatch.setattr(stages, "context", lambda *_, **__: None)
        monkeypatch.setattr(landing, "fetch", fetch)
        monkeypatch.setattr(submissions, "is_waiting", lambda _: waits)
        return stages.collect("2026Q3", holder="test", source="grid")

    return run


def test_a_channel_that_is_down_holds_up_nobody_who_came_by_another(collect):
    assert collect(error=DOWN, waits=True) is True


def test_a_channel_that_is_down_is_loud_where_nothing_waits(collect):
    with pytest.raises(SourceError, match="mailbox"):
        collect(error=DOWN, waits=False)


@pytest.mark.parametrize("waits", [True, False])
def test_what_waits_is_taken_in_whoever_landed_it(collect, waits):
    assert collect(error=None, waits=waits) is waits
