"""Text messages to group robots: 企业微信 (WeCom) and 钉钉 (DingTalk).

WeCom: developer.work.weixin.qq.com/document/path/91770. DingTalk: open.dingtalk.com/document/robots/custom-robot-access
and …/customize-robot-security-settings. Both answer 200 with `errcode`, 0 when the message was taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

import httpx
from sqlalchemy import Row

from courtyard.connection import Connection
from courtyard.notices.problems import AddressRefused, ChannelDown

SECONDS = 10
_REMEDY = "请核对连接中的机器人地址。"


@dataclass(frozen=True)
class Robot:
    """One robot service: its host, the longest text in bytes, and the codes that mean "later"."""

    title: str
    host: str
    path: str
    max_bytes: int
    busy: frozenset[int]


WECOM = Robot("企业微信", "qyapi.weixin.qq.com", "/cgi-bin/webhook/send", 2_048, frozenset({-1, 45009, 45033}))
DINGTALK = Robot("钉钉", "oapi.dingtalk.com", "/robot/send", 20_000, frozenset({-1, 130101, 410100}))


@contextmanager
def _opened(robot: Robot, connection: Connection, outbox: Path, at: datetime) -> Iterator[Callable[[Row], None]]:
    """Posts the rows' texts; the connection is the robot's own URL, with DingTalk's signing secret as password.

    Only the service's host over HTTPS, or loopback, is asked; a redirect is not followed. Attachments stay here.
    """
    params = dict(connection.extra)
    if robot is DINGTALK and connection.password:
        params |= signature(connection.password, at)
    with httpx.Client(
        timeout=SECONDS, follow_redirects=False, verify=_tls(), trust_env=not connection.is_loopback
    ) as http:
        yield partial(_post, http, robot, _address(robot, connection), params)


wecom = partial(_opened, WECOM)
dingtalk = partial(_opened, DINGTALK)


def signature(secret: str, at: datetime) -> dict[str, str]:
    """DingTalk's signature: HMAC-SHA256 over `<milliseconds>\\n<secret>`, in Base64; good for an hour."""
    timestamp = str(int(at.timestamp() * 1000))
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


def _address(robot: Robot, connection: Connection) -> httpx.URL:
    if not connection.is_loopback and (connection.host, connection.scheme) != (robot.host, "https"):
        raise ChannelDown(f"连接指向的不是{robot.title}的加密地址。", f"请用 https://{robot.host} 开头的机器人地址。")
    path = f"/{connection.path}" if connection.path else robot.path
    return httpx.URL(scheme=connection.scheme, host=connection.host, port=connection.port, path=path)


def _post(http: httpx.Client, robot: Robot, url: httpx.URL, params: Mapping[str, str], row: Row) -> None:
    content = _shortened(f"{row.subject}\n{row.body}", robot.max_bytes)
    try:
        answer = http.post(url, params=dict(params), json={"msgtype": "text", "text": {"content": content}})
        code = answer.json()["errcode"] if answer.status_code == 200 else None
    except httpx.HTTPError as error:
        raise ChannelDown(f"{robot.title}连不上（{type(error).__name__}）。", "请检查网络。") from None
    except (ValueError, KeyError, TypeError):
        raise ChannelDown(f"{robot.title}的答复读不懂。", _REMEDY) from None
    _judge(robot, answer.status_code, code)


def _judge(robot: Robot, status: int, code: object) -> None:
    if code == 0:
        return
    if status != 200 or code in robot.busy:
        raise ChannelDown(f"{robot.title}暂时不收消息（HTTP {status}，{code}）。", "下次运行会再发。")
    raise AddressRefused(f"{robot.title}拒绝了消息（{code}）。", _REMEDY)


def _shortened(content: str, most: int) -> str:
    """The text within the service's bytes, cut at a character."""
    data = content.encode()
    return content if len(data) <= most else data[: most - 3].decode(errors="ignore") + "…"


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The verifying TLS context, made once: reading the root certificates takes longer than a message."""
    return httpx.create_ssl_context()
