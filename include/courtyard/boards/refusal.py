"""What a page does not do: said in one sentence, with what to do instead."""

from __future__ import annotations


class Refused(Exception):
    """An answer other than a page; `message` and `remedy` are Chinese and hold no personal data."""

    def __init__(self, status: int, message: str, remedy: str = "", retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.remedy, self.retry_after = status, message, remedy, retry_after
