"""The HTTP client of the web sources: allow-listed hosts, bounded pages, patient within a deadline."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from courtyard.connection import LOOPBACK, Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError

DEADLINE_SECONDS = 120
READ_SECONDS = 15
ATTEMPTS = 5
MAX_REDIRECTS = 3
MAX_PAGE_BYTES = 20 * 1024 * 1024

_Read = TypeVar("_Read")
_BACKOFF = wait_exponential(multiplier=0.25, max=8)
_REFUSALS = {401: "登录凭据被拒绝", 403: "没有访问权限", 404: "地址不存在"}


@dataclass(frozen=True)
class Page:
    """One answer. `url` is path and query without host: stand-ins and servers move, their data does not."""

    url: str
    status: int
    content_type: str
    body: str = field(repr=False)


class Busy(SourceError):
    """Worth asking again; `wait` is what the server asked for, in seconds."""

    wait: float | None = None


class WebClient:
    """GET requests to one source, all within one deadline."""

    def __init__(self, spec: SourceSpec, connection: Connection) -> None:
        self._title = spec.title
        self._base = _base_url(connection)
        self._check_host(spec)
        self._until = time.monotonic() + float(spec.options.get("deadline_seconds", DEADLINE_SECONDS))
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if connection.password:
            headers["Authorization"] = f"Bearer {connection.password}"
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(READ_SECONDS, connect=5),
            follow_redirects=False,
            verify=_tls(),
            trust_env=self._base.host not in LOOPBACK,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def get(self, path: str, params: Mapping[str, str]) -> Page:
        """Ask for one page, again after 429, 5xx and broken connections; SourceError when it stays out."""
        base_path = self._base.path.rstrip("/")
        url = self._base.copy_with(path=f"{base_path}/{path.lstrip('/')}", params=dict(params))
        return self._asked(url, self._page)

    def download(self, path: str) -> bytes:
        """The bytes of one file, asked for like a page."""
        url = self._base.copy_with(path=f"{self._base.path.rstrip('/')}/{path.lstrip('/')}")
        return self._asked(url, self._body)

    def _asked(self, url: httpx.URL, read: Callable[[httpx.Response], _Read]) -> _Read:
        retrying = Retrying(
            retry=retry_if_exception_type(Busy),
            wait=self._wait,
            stop=self._gives_up,
            reraise=True,
        )
        return retrying(self._once, url, read)

    def _once(self, url: httpx.URL, read: Callable[[httpx.Response], _Read]) -> _Read:
        for _ in range(MAX_REDIRECTS + 1):
            try:
                with self._http.stream("GET", url) as response:
                    if not response.is_redirect:
                        return read(response)
                    url = self._redirected(url, response)
            except httpx.TransportError as error:
                raise Busy(
                    f"来源「{self._title}」连不上（{type(error).__name__}）。", "请检查对方系统和网络。"
                ) from None
            except httpx.HTTPError as error:
                raise SourceError(
                    f"来源「{self._title}」的答复读不懂（{type(error).__name__}）。", "请联系对方。"
                ) from None
        raise SourceError(f"来源「{self._title}」反复重定向。", "请核对接口地址。")

    def _page(self, response: httpx.Response) -> Page:
        body = self._body(response)
        return Page(
            url=response.request.url.raw_path.decode("ascii"),
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=_decoded(body, response.charset_encoding),
        )

    def _body(self, response: httpx.Response) -> bytes:
        self._check_status(response)
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_PAGE_BYTES:
                raise SourceError(f"来源「{self._title}」一页超过 {MAX_PAGE_BYTES >> 20} MB。", "请减小每页条数。")
            if self._left() <= 0:
                raise SourceError(f"来源「{self._title}」在限定时间内没有答完。", "请稍后再取，或请对方检查接口。")
        return bytes(body)

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 429 or status >= 500:
            busy = Busy(f"来源「{self._title}」暂时不能答复（HTTP {status}）。", "请稍后再取。")
            busy.wait = _retry_after(response)
            raise busy
        if status != 200:
            why = _REFUSALS.get(status, "请求被拒绝")
            raise SourceError(f"来源「{self._title}」{why}（HTTP {status}）。", "请核对连接中的地址和凭据。")

    def _redirected(self, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        """Where a redirect leads; only the same origin is followed, since the token goes along."""
        target = url.join(response.headers["location"])
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            raise SourceError(f"来源「{self._title}」要转到别的主机，已拒绝。", "请核对接口地址，或登记新的地址。")
        return target

    def _check_host(self, spec: SourceSpec) -> None:
        host, port = self._base.host, self._base.port
        usual = port in (None, 80, 443)
        names = [entry.rpartition(":") if ":" in entry else (entry, "", "") for entry in spec.allowed_hosts]
        if not any(
            host == name and (asked == str(port) if asked else usual or host in LOOPBACK) for name, _, asked in names
        ):
            raise SourceError(f"来源「{self._title}」的主机不在允许之列。", "请在来源文件的 allowed_hosts 中登记它。")
        if self._base.scheme != "https" and host not in LOOPBACK:
            raise SourceError(f"来源「{self._title}」没有使用加密连接。", "请把连接改为 https。")

    def _left(self) -> float:
        return self._until - time.monotonic()

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "wait", None)
        return asked if asked is not None else _BACKOFF(state)

    def _gives_up(self, state: RetryCallState) -> bool:
        return stop_after_attempt(ATTEMPTS)(state) or state.upcoming_sleep >= self._left()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The verifying TLS context, made once: reading the root certificates takes longer than a page."""
    return httpx.create_ssl_context()


def _base_url(connection: Connection) -> httpx.URL:
    """Airflow writes the scheme of an HTTP connection either first or as its path (`http://host/https`)."""
    path = connection.path.strip("/")
    scheme = "https" if "https" in (connection.scheme, path) else "http"
    path = "" if path in ("http", "https") else path
    return httpx.URL(scheme=scheme, host=connection.host, port=connection.port, path=f"/{path}")


def _retry_after(response: httpx.Response) -> float | None:
    """The Retry-After header in seconds; a date counts from the server's own Date (RFC 9110, 10.2.3)."""
    asked = response.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:6])
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _decoded(body: bytes, charset: str | None) -> str:
    """The page as text. Undecodable bytes become lone surrogates, so that none is lost before parsing."""
    try:
        return body.decode(charset or "utf-8", "surrogateescape")
    except LookupError:
        return body.decode("utf-8", "surrogateescape")
