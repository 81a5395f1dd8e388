"""What tests of pages look for in an answer."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from httpx import Response
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool


def words(answer: Response) -> str:
    """The text of a page, as somebody reads it."""
    joined = re.sub(r"</?mark>", "", answer.text)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", joined)))


def hidden(answer: Response) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in found}


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What the administrator reads in the warehouse."""
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with admin.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def audited(url: str, *actions: str) -> list[tuple[str, str, str]]:
    found = rows(url, "SELECT actor, action, object FROM audit.event ORDER BY event_id")
    return [row for row in found if not actions or row[1] in actions]
