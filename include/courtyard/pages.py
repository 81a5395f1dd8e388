"""A folder of page templates and the style sheets and scripts that its pages name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

_MEDIA = {".css": "text/css", ".js": "text/javascript"}


class Pages:
    """The templates of one folder. Values are data: they are escaped, never compiled; one that is missing is an error."""

    def __init__(self, folder: Path, **filters: Callable[..., Any]) -> None:
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters)
        self._asset = cache(self._read)

    def render(self, name: str, **values: Any) -> str:
        """A page from a template."""
        return self._environment.get_template(name).render(**values)

    def address(self, name: str) -> str:
        """Where an asset is, with its digest: what is kept under it never changes."""
        return f"/assets/{name}?v={self._asset(name)[1]}"

    def asset(self, name: str, keep: str) -> Response | None:
        """A style sheet or script, to be kept for a day by `keep` (public or private); None where there is none."""
        media_type = _MEDIA.get(Path(name).suffix)
        if media_type is None or Path(name).name != name or not (self._folder / name).is_file():
            return None
        headers = {"Cache-Control": f"{keep}, max-age=86400"}
        return Response(self._asset(name)[0], media_type=f"{media_type}; charset=utf-8", headers=headers)

    def _read(self, name: str) -> tuple[bytes, str]:
        body = (self._folder / name).read_bytes()
        return body, hashlib.sha256(body).hexdigest()[:12]
