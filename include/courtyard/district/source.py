"""`sources/<source>.yaml`: where deliveries come from, by which ways."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from courtyard.district.frozen import Frozen

Transport = Literal["sql", "rest", "sftp", "files", "mail", "georeport", "desk"]


class Channel(Frozen):
    """One more way by which deliveries of a source arrive; its options come over those of the source.

    An `optional` one need not be there: where its connection is not set, that is noted and nothing fails.
    """

    transport: Transport
    connection: str
    options: dict[str, Any] = Field({})
    optional: bool = False


class SourceSpec(Frozen):
    """`sources/<source>.yaml`: one department system, the grid submissions or the residents.

    `channels` are further ways in beside the source's own transport; each is looked at on every
    fetch, and one that is down stops no other. An `optional` source need not be connected, as an optional channel.
    A source without datasets is only landed (photos). `is_submitted` marks what units hand in themselves
    (the grids): its deliveries go through `submissions`. The transport `desk` is asked for nothing: what people
    of the office decide is handed in by a command (`landing.hand_in`).
    """

    source: str
    title: str
    department: str
    transport: Transport
    connection: str = ""
    cadence: Literal["month", "quarter"]
    schedule: str
    datasets: tuple[str, ...]
    allowed_hosts: tuple[str, ...] = ()
    options: dict[str, Any] = Field({})
    channels: tuple[Channel, ...] = ()
    optional: bool = False
    is_submitted: bool = False

    @property
    def ways(self) -> tuple[SourceSpec, ...]:
        """Each way in as a specification of its own: the source's transport, then its channels."""
        return (
            self,
            *(
                self.model_copy(
                    update={
                        "transport": channel.transport,
                        "connection": channel.connection,
                        "optional": channel.optional,
                        "options": {**self.options, **channel.options},
                    }
                )
                for channel in self.channels
            ),
        )
