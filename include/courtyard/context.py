"""What every stage is given: one quarter of one street, and the means to work on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from courtyard.connection import Connection
from courtyard.district.models import District
from courtyard.period import Period
from courtyard.privacy.keys import KeyRing
from courtyard.settings import Settings
from courtyard.store import database


@dataclass(frozen=True)
class Context:
    """One run over one quarter. `token` is the lease's fencing token, None outside a quarter run."""

    settings: Settings
    district: District
    period: Period
    url: str
    keys: KeyRing
    connection: Callable[[str], Connection]
    holder: str
    token: int | None = None
    refetch: bool = False

    @property
    def street_code(self) -> str:
        return self.district.office.street_code

    def engine(self, role: str = "pipeline") -> Engine:
        return database.engine(self.url, role)

    def under(self, token: int) -> Context:
        """The same context holding a lease."""
        return replace(self, token=token)
