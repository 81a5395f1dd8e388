"""Attributes of sound rows as staging holds them; plainly synthetic."""

from __future__ import annotations

from typing import Any

TOKEN = "0123456789abcdef" * 2
PERSON = {
    "person_no": "P1",
    "name": "样本甲",
    "sex": "1",
    "birth_date": "1980-03-05",
    "household_no": "H1",
    "residence_type": "hukou",
    "address": "长顺上街28号院3栋2单元501",
    "status": "resident",
    "id_number": TOKEN,
}
ACTIVIST = {
    "name": "样本甲",
    "sex": "1",
    "political_status": "01",
    "courtyard": "长顺上街28号院",
    "activist_kind": "volunteer",
    "change_kind": "added",
    "id_number": TOKEN,
}


def person(**changes: Any) -> dict[str, Any]:
    """The attributes of a person of the population register; None leaves one out."""
    return {name: value for name, value in {**PERSON, **changes}.items() if value is not None}


def activist(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ACTIVIST, **changes}.items() if value is not None}
