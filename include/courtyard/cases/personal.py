"""What must not stand in a letter: numbers of persons, and the names of who reported."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from courtyard.errors import UsageError
from courtyard.privacy import written as words

HIDDEN = "（略）"
_REPORTERS = text("""
SELECT DISTINCT r.attrs ->> 'reporter_name'
  FROM cases.report p
  JOIN warehouse.record r ON r.is_current AND r.street_code = p.street_code AND r.dataset = p.dataset
                         AND r.record_key = p.record_key
 WHERE p.street_code = :street AND p.case_no = :case_no AND length(r.attrs ->> 'reporter_name') > 1
""")


def reporters(connection: Connection, street_code: str, case_no: str) -> list[str]:
    """The names under which a case was reported, for keeping them out of what is sent."""
    return list(connection.scalars(_REPORTERS, {"street": street_code, "case_no": case_no}))


def checked(written: str, names: Iterable[str] = ()) -> str:
    """A text of a post, stripped; UsageError where it is empty, holds a number of a person or a reporter's name."""
    said = written.strip()
    if not said:
        raise UsageError("没有写内容。", "请写明要对方做什么，或说明情况。")
    if words.has_number(said) or any(name in said for name in names):
        raise UsageError("公文里不能写反映人的姓名、电话或证件号码。", "请只写事情本身；需要联系时由街道转达。")
    return said


def hidden(said: str, names: Iterable[str]) -> str:
    """A text that was written for the office, fit to be sent: numbers of persons and names of reporters left out."""
    for name in sorted(names, key=len, reverse=True):
        said = said.replace(name, HIDDEN)
    return words.without_numbers(said, HIDDEN)
