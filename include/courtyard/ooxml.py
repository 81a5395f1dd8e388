"""Office documents (OOXML packages) without the clock: equal content, equal bytes."""

from __future__ import annotations

import io
import re
import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP entry can carry
_MADE = re.compile(rb"<dcterms:(created|modified).*?</dcterms:\1>", re.DOTALL)


def settled(document: bytes, *, keeps_dates: bool = False) -> bytes:
    """The same package without the times at which it was written; `keeps_dates` leaves its own properties as they are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml" and not keeps_dates:
                body = _MADE.sub(b"", body)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, body)
    return packed.getvalue()
