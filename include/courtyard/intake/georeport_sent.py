"""POST requests: what a client sends, read within limits and checked as GeoReport v2 says."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from courtyard.district.case_attributes import Attribute
from courtyard.district.cases import CaseRules, Category
from courtyard.intake.receiving import Incoming
from courtyard.intake.refusal import Refused

MOST_FIELDS, MOST_FILES, FIELD_BYTES = 100, 1, 48 * 1024
MEDIA = "media"  # the field of an uploaded photo; GeoReport itself knows `media_url` only
AGAIN = "idempotency-key"  # the header by which a client sends one report twice and it stays one
_ATTRIBUTE = re.compile(r"attribute\[([A-Za-z][A-Za-z0-9_]{0,39})\](\[\])?")
_KEPT = ("email", "device_id", "account_id", "media_url", "address_id")


@dataclass(frozen=True)
class Sent:
    """A posted form: plain fields (the last of a name counts), attributes by their code, the photo's bytes."""

    fields: Mapping[str, str] = field(repr=False)
    attributes: Mapping[str, Sequence[str]] = field(repr=False)
    photo: bytes = field(repr=False)
    again: str = ""


def check_jurisdiction(state: Any, asked: str | None) -> None:
    """There is one jurisdiction, so it need not be named; Refused (404) where another is."""
    if asked and asked != state.district.office.street_code:
        raise Refused(404, "没有这个辖区（jurisdiction_id）。")


def category(rules: CaseRules, code: str) -> Category:
    """Refused (404) for a service code that is no category's."""
    try:
        return rules.category(code)
    except KeyError:
        raise Refused(404, "没有这个事项（service_code）。") from None


async def read(request: Request) -> Sent:
    """The posted form, url-encoded or multipart. Refused (400) for what is neither."""
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES)
    except (HTTPException, UnicodeError, KeyError, ValueError, AssertionError):
        raise Refused(400, "提交的内容无法读取。", "请按表单格式提交。") from None
    try:
        fields: dict[str, str] = {}
        attributes: dict[str, list[str]] = {}
        photo = b""
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                photo = await value.read() if name == MEDIA else photo
            elif named := _ATTRIBUTE.fullmatch(name):
                attributes.setdefault(named[1], []).append(value)
            else:
                fields[name] = value
    finally:
        await form.close()
    return Sent(fields, attributes, photo, request.headers.get(AGAIN, ""))


def incoming(state: Any, sent: Sent, client: str, at: datetime) -> Incoming:
    """The report that a client sends. Refused: 400 where something is missing or wrong, 404 for an unknown service."""
    fields = sent.fields
    if not fields.get("service_code"):
        raise Refused(400, "缺少 service_code。")
    asked = category(state.district.cases, fields["service_code"])
    lat, lon = _place(fields)
    courtyard = state.district.courtyard_by_code.get(fields.get("address_id", ""))
    extra = {name: fields[name] for name in _KEPT if fields.get(name)}
    if answers := _answers(asked, sent.attributes):
        extra["attributes"] = json.dumps(answers, ensure_ascii=False)
    return Incoming(
        channel="georeport",
        at=at,
        description=fields.get("description", "").strip() or asked.title,
        name=f"{fields.get('last_name', '').strip()}{fields.get('first_name', '').strip()}",
        address=fields.get("address_string", "").strip() or (courtyard.name if courtyard else ""),
        phone=fields.get("phone", ""),
        service_code=asked.code,
        courtyard_code=courtyard.code if courtyard else None,
        lat=lat,
        lon=lon,
        photo=sent.photo,
        sent_as=f"{client}.{sent.again}" if sent.again else "",
        bucket="client",
        bucket_key=client,
        extra={**extra, "client": client},
    )


def _place(fields: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Latitude and longitude in WGS-84; None and None where an address is given instead."""
    if not (fields.get("lat") or fields.get("long")):
        if not (fields.get("address_string", "").strip() or fields.get("address_id", "").strip()):
            raise Refused(400, "缺少位置：须有 lat 和 long，或 address_string，或 address_id。")
        return None, None
    try:
        lat, lon = float(fields.get("lat", "")), float(fields.get("long", ""))
    except ValueError:
        lat = lon = math.nan
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Refused(400, "lat 和 long 须是WGS-84的度数，两个都要有。")
    return lat, lon


def _answers(asked: Category, sent: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What was answered: question -> answers as they are read. Refused (400) for a wrong or missing one."""
    questions = {one.code: one for one in asked.attributes if one.variable}
    if unknown := sorted(set(sent) - set(questions)):
        raise Refused(400, f"事项 {asked.code} 没有属性 {unknown[0]}。")
    found: dict[str, list[str]] = {}
    for code, one in questions.items():
        values = [value.strip() for value in sent.get(code, ()) if value.strip()]
        if one.required and not values:
            raise Refused(400, f"缺少必填的属性 {code}。")
        if len(values) > 1 and one.datatype != "multivaluelist":
            raise Refused(400, f"属性 {code} 只能有一个值。")
        if values:
            found[one.description] = [_read(one, value) for value in values]
    return found


def _read(one: Attribute, value: str) -> str:
    if one.values:
        if value not in one.names:
            raise Refused(400, f"属性 {one.code} 没有这个选项。")
        return one.names[value]
    try:
        if one.datatype == "number" and not math.isfinite(float(value)):
            raise ValueError
        if one.datatype == "datetime" and datetime.fromisoformat(value).tzinfo is None:
            raise ValueError
    except ValueError:
        raise Refused(400, f"属性 {one.code} 须是 {one.datatype}。") from None
    return value
