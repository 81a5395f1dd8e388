"""What somebody typed into a form of a page."""

from __future__ import annotations

from fastapi import Request

from courtyard.boards.refusal import Refused

MOST_BYTES, MOST_FIELDS = 64 * 1024, 60
Typed = dict[str, str]


async def typed(request: Request) -> Typed:
    """The fields of a posted form, stripped; for `Depends`. Refused(413) for more than any form of ours holds."""
    if int(request.headers.get("content-length") or MOST_BYTES + 1) > MOST_BYTES:
        raise Refused(413, "填写的内容太长，没有提交。", "请写短一些再提交。")
    async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES) as form:
        return {name: value.strip() for name, value in form.items() if isinstance(value, str)}
