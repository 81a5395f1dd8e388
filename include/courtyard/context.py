"""What every stage is given: one quarter of one street, and the means to work on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Engine

from courtyard.connection import Connection
from courtyard.district.models import District
from courtyard.period import Period
from courtyard.privacy.keys import KeyRing
from courtyard.settings import Settings
from courtyard.store import database

Kind = Literal["scheduled", "manual", "backfill", "follow_on", "cli"]


@dataclass(frozen=True)
class Asked:
    """Why a run of a quarter is there: how it came about, the reason given for it, and who asked."""

    kind: Kind
    reason: str = ""
    requested_by: str = ""


@dataclass(frozen=True)
class Context:
    """One run over one quarter. `token` is the lease's fencing token, None outside a quarter run.

    `asked` makes it a run that is kept in the ledger of runs; what only takes in a delivery has none.
    """

    settings: Settings
    district: District
    period: Period
    url: str
    keys: KeyRing
    connection: Callable[[str], Connection]
    holder: str
    token: int | None = None
    refetch: bool = False
    asked: Asked | None = None

    @property
    def street_code(self) -> str:
        return self.district.office.street_code

    def engine(self, role: str = "pipeline") -> Engine:
        return database.engine(self.url, role)

    def under(self, token: int) -> Context:
        """The same context holding a lease."""
        return replace(self, token=token)
