"""How much may come over one link, from one client, on one status page: token buckets in this process's memory."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from courtyard.district.cases import IntakeLimits, Rate
from courtyard.intake.refusal import Refused

Kind = Literal["link", "open_form", "client", "token"]
Tick = Callable[[], float]
"""Seconds of a clock that never goes back."""
MOST_KEPT = 50_000  # keys remembered; the longest unused is forgotten first


class Limits:
    """The buckets of one process. `rules` are the pack's."""

    def __init__(self, rules: IntakeLimits, tick: Tick = time.monotonic) -> None:
        self.rules = rules
        self._tick = tick
        self._lock = threading.Lock()
        self._left: OrderedDict[tuple[Kind, str], tuple[float, float]] = OrderedDict()

    def take(self, kind: Kind, key: str) -> None:
        """Take one from the bucket of a link, client or token; Refused (429) with the seconds to wait when it is empty."""
        rate: Rate = getattr(self.rules, kind)
        per_second = rate.per_minute / 60
        with self._lock:
            now = self._tick()
            left, since = self._left.get((kind, key), (float(rate.burst), now))
            left = min(float(rate.burst), left + (now - since) * per_second)
            is_empty = left < 1
            self._left[kind, key] = (left if is_empty else left - 1, now)
            self._left.move_to_end((kind, key))
            if len(self._left) > MOST_KEPT:
                self._left.popitem(last=False)
        if is_empty:
            wait = max(1, math.ceil((1 - left) / per_second))
            raise Refused(429, "提交太频繁，请稍后再试。", "您写的内容还在手机里，不会丢失。", retry_after=wait)


class Repeats:
    """How often one text came over one link lately. Holds keyed digests only; a restart forgets them."""

    def __init__(self, within_seconds: float, tick: Tick = time.monotonic) -> None:
        self._within = within_seconds
        self._tick = tick
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, list[float]] = OrderedDict()

    def count(self, key: str) -> int:
        """How often it was noted within the time."""
        with self._lock:
            return len(self._recent(key))

    def note(self, key: str) -> None:
        with self._lock:
            self._seen[key] = [*self._recent(key), self._tick()]
            self._seen.move_to_end(key)
            if len(self._seen) > MOST_KEPT:
                self._seen.popitem(last=False)

    def _recent(self, key: str) -> list[float]:
        since = self._tick() - self._within
        return [at for at in self._seen.get(key, ()) if at >= since]
