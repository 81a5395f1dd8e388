"""Asking the sandbox what files look like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from courtyard.parsing.picture import Page, Picture, Reading
from courtyard.parsing.sandbox import Sandbox, Seen, Task


def see(sandbox: Sandbox, tasks: Iterable[Task]) -> Iterator[tuple[str, Picture]]:
    """The picture of each file by its task's key, as they come; an empty one of what cannot be read or opened."""
    pictures: dict[str, Picture] = {}
    for event in sandbox.run(replace(task, job=replace(task.job, is_picture=True)) for task in tasks):
        picture = pictures.setdefault(event.key, Picture())
        if not isinstance(event, Seen):
            yield event.key, pictures.pop(event.key)
        elif event.kind == "page":
            picture.pages.append(_page(event.body))
        else:
            picture.readings += [Reading(*map(str, values)) for values in event.body]


def _page(body: dict[str, Any]) -> Page:
    """A page out of JSON, in which numbers and texts are just that whatever the worker sent."""
    page = Page(**body)
    page.rows = [
        (int(number), [(int(c), str(kind), str(text)) for c, kind, text in cells]) for number, cells in page.rows
    ]
    page.merges = [tuple(map(int, merge)) for merge in page.merges]
    page.places = {str(name): int(column) for name, column in page.places.items()}
    return page
