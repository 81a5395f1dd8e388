"""A warehouse of literal rows whose July roster was published and sent, and what then arrives late."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.reports.conftest import World, dibao, world  # noqa: F401  (fixtures)

from courtyard import reports
from courtyard.period import SHANGHAI

AT = datetime(2026, 10, 8, 10, 0, tzinfo=SHANGHAI)


class Office(World):
    """A world that has published and sent its two forms of low-income residents."""

    def arrives(self, dataset: str, period: str, received: str = "2026-10-07T09:00:00+08:00", **more: object) -> str:
        """A delivery that landed and was not read yet; returns its id."""
        delivery = self.batch(dataset, period, received, **more)
        self.execute("DELETE FROM quality.batch WHERE delivery_id = :id", id=delivery)
        return delivery


@pytest.fixture
def office(dibao) -> Office:  # noqa: F811
    both = dibao.only("dibao_roster", "dibao_statistics")
    reports.publish(both.ctx)
    both.sent()
    return Office(both.ctx, both._serial)
