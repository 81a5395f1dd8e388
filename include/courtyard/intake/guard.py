"""Around every request: a cap on bytes really read, headers that keep the page to itself, errors without values."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from courtyard.intake.refusal import Refused

log = logging.getLogger("courtyard.intake")
SMALL_BODY = 64 * 1024
BESIDE_PHOTO = 256 * 1024  # bytes of a report without its photo, and of the multipart framing
WITH_PHOTO = ("/report", "/georeport/")
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Guard:
    """ASGI middleware. `failed` makes the answer to an error that nobody foresaw."""

    def __init__(self, app: ASGIApp, photo_bytes: int, failed: Callable[[Request, Refused], Response]) -> None:
        self._app = app
        self._photo_bytes = photo_bytes
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def answer(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, self._capped(scope, receive), answer)
        except ClientDisconnect:
            pass
        except Exception as error:
            # The stack without the error's text, which may hold what a resident wrote.
            log.error("%s.%s\n%s", type(error).__module__, type(error).__name__, _stack(error))
            if not is_begun:
                refused = Refused(500, "系统出了问题。", "您写的内容还在手机里，请稍后再试。")
                await self._failed(Request(scope), refused)(scope, receive, answer)

    def _capped(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, which raises Refused (413) once more bytes came than a path takes."""
        takes_photo = scope["path"].startswith(WITH_PHOTO)
        most = self._photo_bytes + BESIDE_PHOTO if takes_photo else SMALL_BODY
        told = dict(scope["headers"]).get(b"content-length", b"")
        came = 0

        async def capped() -> Message:
            nonlocal came
            if told.isdigit() and int(told[:20]) > most:
                raise _too_long()
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _too_long()
            return message

        return capped


def _too_long() -> Refused:
    return Refused(413, "提交的内容太大。", "请换一张小一些的照片，或不带照片提交。")


def _stack(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__))
