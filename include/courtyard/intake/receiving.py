"""Taking a report in, whoever sends it: the page, a grid worker, a GeoReport client. One transaction each."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import Engine

from courtyard.district.cases import Emergency, letters
from courtyard.district.coordinates import gcj02_to_wgs84
from courtyard.district.models import District
from courtyard.intake import flags, ledger, limits, photos
from courtyard.intake.limits import Limits, Repeats
from courtyard.intake.refusal import Refused
from courtyard.privacy.keys import KeyRing

NAME_CHARACTERS, ADDRESS_CHARACTERS, EXTRA_CHARACTERS = 60, 200, 2000
SENT_AS = re.compile(r"[A-Za-z0-9._~-]{16,80}")
_PHONE = re.compile(r"\+?[\d\- ()（）]{5,24}")
_PHONE_DIGITS = range(7, 14)
_MEGABYTE = 2**20


class Service(Protocol):
    """What `app.state` holds."""

    engine: Engine
    keys: KeyRing
    district: District
    limits: Limits
    repeats: Repeats


@dataclass(frozen=True)
class Incoming:
    """A report as it was sent; checked by `receive`.

    `bucket` and `bucket_key` say which limit it falls under: a signed link (its code), the form without a link, a client
    (its address or key). `sent_as` is what the sender calls it: 16 letters and digits or more that nobody guesses; sent
    again with the same words it is the same report. `coords` says what `lat` and `lon` are. `photo` are the bytes as uploaded. `is_trapped`:
    a field was filled that no person sees. `extra` is sealed with the rest (GeoReport's email, device_id, media_url …).
    """

    channel: Literal["page", "worker", "georeport"]
    at: datetime
    description: str = field(repr=False)
    name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    service_code: str = ""
    courtyard_code: str | None = None
    lat: float | None = None
    lon: float | None = None
    coords: Literal["wgs84", "gcj02"] = "wgs84"
    photo: bytes = field(default=b"", repr=False)
    sent_as: str = field(default="", repr=False)
    bucket: limits.Kind = "open_form"
    bucket_key: str = ""
    is_trapped: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Accepted:
    """A report that is stored. `token` opens its status page (`/s/<token>`); `is_new` is False where it was sent before."""

    report_id: str
    token: str = field(repr=False)
    is_new: bool
    emergency: Emergency | None


def receive(state: Service, form: Incoming) -> Accepted:
    """Store a report, committed when this returns.

    Refused, with nothing stored: 400 for what cannot be read, 413 and 415 for the photo, 429 for too many.
    """
    state.limits.take(form.bucket, form.bucket_key)
    cases = state.district.cases
    content = _content(form, cases.limits.text_characters)
    lat, lon, given = _place(form)
    photo = photos.made_anew(form.photo, cases.limits.photo_megabytes * _MEGABYTE) if form.photo else None
    emergency = cases.emergency_in(form.description)
    same = state.keys.token(f"text/{form.bucket}/{form.bucket_key}/{letters(form.description)}")
    new = ledger.NewReport(
        street_code=state.district.office.street_code,
        channel=form.channel,
        service_code=_service(state.district, form.service_code),
        content=content,
        requested_at=form.at,
        courtyard_code=form.courtyard_code,
        lat=lat,
        lon=lon,
        given=given,
        sent_as=_named(state.keys, form.sent_as, content),
        photo_id=ledger.code("F") if photo else None,
        flags=flags.of(cases.spam, form.description, state.repeats.count(same), form.is_trapped),
        emergency=emergency.call if emergency else None,
    )
    with state.engine.begin() as connection:
        stored = ledger.accept(connection, state.keys, new)
        if photo and stored.is_new:
            photos.store(connection, state.keys, new.street_code, new.photo_id or "", photo, form.at)
    if stored.is_new:
        state.repeats.note(same)
    return Accepted(stored.report_id, stored.token, stored.is_new, emergency)


def checked_text(text: str, most: int, title: str) -> str:
    """A text as it is kept, without blanks around it; Refused where it is too long or cannot be text."""
    if "\0" in text or "\ufffd" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refused(400, f"{title}里有无法识别的字符。", "请改正后再提交。")
    if len(text) > most:
        raise Refused(400, f"{title}太长，最多{most}个字。", "请写短一些。")
    return text.replace("\r\n", "\n").strip()


def _content(form: Incoming, most: int) -> dict[str, Any]:
    """What is sealed: name, address, description, phone, then what else came."""
    if form.sent_as and not SENT_AS.fullmatch(form.sent_as):
        raise Refused(400, "提交编号不正确。", "请刷新页面后再提交。")
    description = checked_text(form.description, most, "情况说明")
    if not description:
        raise Refused(400, "请写一下是什么问题。")
    phone = checked_text(form.phone, 40, "电话")
    digits = sum(letter.isdigit() for letter in phone)
    if phone and not (_PHONE.fullmatch(phone) and digits in _PHONE_DIGITS):
        raise Refused(400, "电话号码不正确。", "请改正，或不填电话。")
    extra = {name: checked_text(str(value), EXTRA_CHARACTERS, "附加内容") for name, value in form.extra.items()}
    return {
        "name": checked_text(form.name, NAME_CHARACTERS, "姓名"),
        "address": checked_text(form.address, ADDRESS_CHARACTERS, "地址"),
        "description": description,
        "phone": phone,
        **{name: value for name, value in extra.items() if value},
    }


def _named(keys: KeyRing, sent_as: str, content: Mapping[str, Any]) -> str:
    """What a report is known by: what its sender calls it, and what it says.

    Somebody who saw no receipt may change the words and send again: those words must not be lost to the first ones.
    """
    return f"{sent_as}/{keys.token(json.dumps(content, sort_keys=True))}" if sent_as else ""


def _place(form: Incoming) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """(latitude, longitude) in WGS-84, and the pair as sent where that was GCJ-02."""
    if form.lat is None or form.lon is None:
        return None, None, None
    if not (math.isfinite(form.lat) and math.isfinite(form.lon) and abs(form.lat) <= 90 and abs(form.lon) <= 180):
        raise Refused(400, "位置不正确。", "请重新定位，或不带位置提交。")
    if form.coords == "wgs84":
        return form.lat, form.lon, None
    lat, lon = gcj02_to_wgs84(form.lat, form.lon)
    return round(lat, 7), round(lon, 7), (form.lat, form.lon)


def _service(district: District, code: str) -> str:
    """The category that was chosen; the fallback where none was, which a text may still tell better."""
    if not code:
        return district.cases.fallback
    try:
        return district.cases.category(code).code
    except KeyError:
        raise Refused(400, "没有这个类别。", "请重新选择类别，或不选。") from None
