"""What GeoReport v2 answers, as plain values: discovery, services, service definitions, requests.

A request is shown to anybody, so it holds no name, no phone and no address inside a courtyard: the place is the courtyard, and
what the resident wrote is shown to the client alone that sent it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from courtyard.district.case_attributes import Attribute
from courtyard.district.cases import CaseRules, Category
from courtyard.district.office import Office
from courtyard.intake.georeport_search import Found
from courtyard.period import SHANGHAI

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-26T00:00:00+08:00"  # when this interface changed last
COARSE = 3  # decimals of a degree, about a hundred metres: as near as a place without a courtyard is shown
CLOSED = ("closed", "refused")
NOTES = {
    None: "已收到",
    "held": "正在核实",
    "waiting": "等待签收",
    "handling": "正在办理",
    "answered": "已答复，等待反映人确认",
    "closed": "已办结",
    "joined": "已和同一问题一起办理",
    "refused": "不予受理",
}


def discovery(base: str, office: Office) -> dict[str, Any]:
    """The service discovery document of the endpoint at `base`."""
    endpoint = {
        "specification": SPECIFICATION,
        "url": base,
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    return {
        "changeset": CHANGESET,
        "contact": office.name,
        "key_service": "接口密钥由街道办事处发放。",
        "endpoints": [endpoint],
    }


def services(rules: CaseRules) -> list[dict[str, Any]]:
    """Every category as a service; `metadata` says that it asks attributes."""
    return [
        {
            "service_code": one.code,
            "service_name": one.title,
            "description": one.description,
            "metadata": bool(one.attributes),
            "type": "realtime",
            "keywords": ",".join(one.words),
            "group": one.group,
        }
        for one in rules.categories
    ]


def definition(category: Category) -> dict[str, Any]:
    """What a service asks."""
    attributes = [_attribute(one, order) for order, one in enumerate(category.attributes, 1)]
    return {"service_code": category.code, "attributes": attributes}


def _attribute(one: Attribute, order: int) -> dict[str, Any]:
    told = {
        "variable": one.variable,
        "code": one.code,
        "datatype": one.datatype,
        "required": one.required,
        "datatype_description": one.datatype_description,
        "order": order,
        "description": one.description,
    }
    if one.values:
        told["values"] = [{"key": choice.key, "name": choice.name} for choice in one.values]
    return told


def request(state: Any, found: Found, client: str | None) -> dict[str, Any]:
    """A report as it is shown; `client` is who asks, by its key, None for anybody."""
    row, status = found.row, found.row["case_status"]
    code = row["category"] or row["service_code"]
    titles = {one.code: one.title for one in state.district.cases.categories}
    unit = state.district.unit_by_code.get(row["unit_code"])
    is_own = client is not None and found.content().get("client") == client
    return {
        "service_request_id": row["report_id"],
        "status": "closed" if status in CLOSED else "open",
        "status_notes": NOTES.get(status, NOTES["handling"]),
        "service_name": titles.get(code, code),
        "service_code": code,
        "description": found.content().get("description") if is_own else None,
        "agency_responsible": unit.name if unit else None,
        "service_notice": None,
        "requested_datetime": _moment(row["requested_at"]),
        "updated_datetime": _moment(_updated(row)),
        "expected_datetime": _moment(row["total_due_at"]),
        **_place(state, row),
        "media_url": None,
    }


def _updated(row: Any) -> datetime:
    known = (row[name] for name in ("requested_at", "opened_at", "answered_at", "closed_at"))
    return max(moment for moment in known if moment is not None)


def _place(state: Any, row: Any) -> dict[str, Any]:
    courtyard = state.district.courtyard_by_code.get(row["courtyard_code"] or "")
    if courtyard is not None:
        lat, lon = courtyard.lat, courtyard.lon
    else:
        lat, lon = (None if row[name] is None else round(float(row[name]), COARSE) for name in ("lat", "lon"))
    return {
        "address": courtyard.name if courtyard else None,
        "address_id": courtyard.code if courtyard else None,
        "zipcode": None,
        "lat": lat,
        "long": lon,
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at else None
