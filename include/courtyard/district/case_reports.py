"""Parts of `rules/cases.yaml` that make cases of reports: where reports come from, what is read in a text, what is one problem."""

from __future__ import annotations

from pydantic import Field

from courtyard.district.frozen import Frozen


class ReportSource(Frozen):
    """A dataset whose records are reports; everything but `dataset` and `channel` names a column of its contract.

    `number` is what other records call the report by, `kinds` what the sender calls its subject (a code, a name), `closed`
    the values of `status` that end it at the source, `closed_at` since when. `due_at` is a deadline that the sender set,
    `duplicate_of` the number of an earlier report of the same problem, `flags` why it may be spam, `emergency` the number
    that the reporter was told to call. `channel` stands where no `channel_column` tells another.
    """

    dataset: str
    number: str
    reported_at: str
    texts: tuple[str, ...] = Field(min_length=1)
    kinds: tuple[str, ...] = ()
    status: str | None = None
    closed: tuple[str, ...] = ()
    closed_at: str | None = None
    channel: str
    channel_column: str | None = None
    due_at: str | None = None
    duplicate_of: str | None = None
    flags: str | None = None
    emergency: str | None = None

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns that each key names."""
        single = (
            "number", "reported_at", "status", "closed_at", "channel_column", "due_at", "duplicate_of", "flags", "emergency",
        )  # fmt: skip
        named = {key: (value,) for key in single if (value := getattr(self, key)) is not None}
        return {**named, "texts": self.texts, "kinds": self.kinds}


class Classifying(Frozen):
    """How a category is told. Each category has points; the one with most is the guess.

    Every character of the text that one of its `words` covers gives `word` points, of its `hints` `hint` points; a place in
    the text belongs to the longest word that lies on it. The sender's own code or name of the category gives `sender`
    points. Confidence = points / `enough` (at most 1) x points / (points + those of the second best).
    Words of `where` tell a place only (单元门口 is no 单元门) and give none. `spellings` are read as what they stand for: other scripts, dialect, what is often misspelt.
    """

    word: float = Field(1.0, gt=0)
    hint: float = Field(0.5, ge=0)
    sender: float = Field(2.0, ge=0)
    enough: float = Field(3.0, gt=0)
    where: tuple[str, ...] = ()
    spellings: dict[str, str] = Field({})


class Joining(Frozen):
    """When two reports of one category in one courtyard tell of one problem.

    `near` is how much of the pairs of neighbouring characters two texts must share (2 x shared / all, 0 to 1), once the
    words of `ignore` are taken out. Reports of an emergency of one kind join within `emergency_within_minutes`, however
    they are worded. `places`: endings of numbers that say where (one list a kind, as 栋 and 幢); `either`: words of which one
    rules out the others. Texts that name different ones are never one problem.
    """

    near: float = Field(0.5, gt=0, le=1)
    emergency_within_minutes: int = Field(120, ge=0)
    ignore: tuple[str, ...] = ()
    places: tuple[tuple[str, ...], ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
