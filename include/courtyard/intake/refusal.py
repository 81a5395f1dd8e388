"""What the service does not take, and why: one sentence in Chinese for whoever sent it."""

from __future__ import annotations

from courtyard.errors import CourtyardError


class Refused(CourtyardError):
    """Nothing was stored. `status` is HTTP's; `retry_after` seconds where it is worth trying again.

    The message is shown to the sender and never holds what they sent.
    """

    def __init__(self, status: int, message: str, remedy: str = "", retry_after: int | None = None) -> None:
        super().__init__(message, remedy)
        self.status = status
        self.retry_after = retry_after
