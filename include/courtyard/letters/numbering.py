"""发文字号: one a letter, counted from 1 each year, without gaps, never used twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from courtyard.period import SHANGHAI

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_TAKEN = text("SELECT year, number FROM publish.letter_number WHERE street_code = :street AND cause = :cause")
_TAKE = text("""
INSERT INTO publish.letter_number (street_code, year, number, cause, taken_at)
SELECT :street, :year, coalesce(max(number), 0) + 1, :cause, :at
  FROM publish.letter_number WHERE street_code = :street AND year = :year
RETURNING year, number
""")


def number_of(connection: Connection, street_code: str, mark: str, cause: str, at: datetime) -> str:
    """The number of the letter with this cause, such as 某某办函〔2026〕12号; taken now unless it has one already.

    `mark` is the 机关代字, `at` the moment whose year counts. The number is the caller's transaction's: rolled back, it
    is free again, so no number is left out; until it ends, nobody else takes one.
    """
    where = {"street": street_code, "cause": cause, "year": at.astimezone(SHANGHAI).year, "at": at}
    connection.execute(_LOCK, {"name": f"letter/{street_code}"})
    taken = connection.execute(_TAKEN, where).one_or_none() or connection.execute(_TAKE, where).one()
    return f"{mark}〔{taken.year}〕{taken.number}号"
