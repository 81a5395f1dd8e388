"""The photos of a case's reports, as they were landed."""

from __future__ import annotations

from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.image.image import Image
from sqlalchemy import Connection, text

from courtyard import landing
from courtyard.context import Context
from courtyard.errors import CourtyardError

SOURCE = "resident_photos"
MOST = 6
_UNREADABLE = (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError)
_SHOWN = text("""
WITH shown AS (
    SELECT r.attrs ->> 'photo' AS photo, min(p.reported_at) AS reported_at
      FROM cases.report p
      JOIN warehouse.record r ON r.is_current AND r.street_code = p.street_code AND r.dataset = p.dataset
                             AND r.record_key = p.record_key
     WHERE p.street_code = :street AND p.case_no = :case_no AND r.attrs ->> 'photo' <> ''
     GROUP BY r.attrs ->> 'photo'
)
SELECT photo FROM shown ORDER BY reported_at, photo
""")


def of_case(connection: Connection, ctx: Context, case_no: str) -> list[bytes]:
    """The pictures, the first report's first, at most `MOST`; one that is gone or no picture is left out."""
    where = {"street": ctx.street_code, "case_no": case_no}
    found: list[bytes] = []
    for photo in connection.scalars(_SHOWN, where):
        row = landing.named(connection, ctx.street_code, SOURCE, f"{photo}.jpg")
        if row is None or len(found) == MOST:
            continue
        try:
            data = landing.open_delivery(ctx, row)
            if min(Image.from_blob(data).px_width, Image.from_blob(data).px_height) > 0:
                found.append(data)
        except (CourtyardError, *_UNREADABLE):
            continue
    return found
