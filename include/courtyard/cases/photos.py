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
_LANDED = text("""
WITH shown AS (
    SELECT r.attrs ->> 'photo' AS photo, min(p.reported_at) AS reported_at
      FROM cases.report p
      JOIN warehouse.record r ON r.is_current AND r.street_code = p.street_code AND r.dataset = p.dataset
                             AND r.record_key = p.record_key
     WHERE p.street_code = :street AND p.case_no = :case_no AND r.attrs ->> 'photo' <> ''
     GROUP BY r.attrs ->> 'photo'
)
SELECT DISTINCT ON (s.reported_at, s.photo) d.*
  FROM shown s
  JOIN landing.delivery d ON d.street_code = :street AND d.source = :source AND d.name = s.photo || '.jpg'
 ORDER BY s.reported_at, s.photo, d.seq
""")


def of_case(connection: Connection, ctx: Context, case_no: str) -> list[bytes]:
    """The pictures, the first report's first, at most `MOST`; one that is gone or no picture is left out."""
    where = {"street": ctx.street_code, "case_no": case_no, "source": SOURCE}
    found: list[bytes] = []
    for row in connection.execute(_LANDED, where):
        if len(found) == MOST:
            break
        try:
            data = landing.open_delivery(ctx, row)
            if min(Image.from_blob(data).px_width, Image.from_blob(data).px_height) > 0:
                found.append(data)
        except (CourtyardError, *_UNREADABLE):
            continue
    return found
