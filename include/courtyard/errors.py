"""The errors a user may see: one clear sentence each, with a remedy, never a value from the data."""


class CourtyardError(Exception):
    """Something a user or operator can act on.

    `message` names what and where; `remedy` says what to do. Neither may hold personal data,
    because both end in logs and on screens.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(CourtyardError):
    """A command or a setting that cannot mean anything."""


class NotConnected(UsageError):
    """A source has no connection in this installation."""


class PackError(CourtyardError):
    """A file of the district pack is wrong; the message names file, line and key."""


class SourceError(CourtyardError):
    """A source could not be fetched; the rest of the quarter goes on."""


class RejectedFile(CourtyardError):
    """Delivered bytes that cannot be read as what the source promises."""


class HeldError(CourtyardError):
    """Work that waits for a person."""


class LeaseLost(CourtyardError):
    """Another run took over this quarter; what this run still writes is refused."""


class KeyMissing(CourtyardError):
    """A key is absent or destroyed; sealed values under it stay unreadable."""
