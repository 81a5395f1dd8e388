"""What Courtyard measures, sent where Airflow sends its own metrics (StatsD or OpenTelemetry); off as long as those are.

Every name begins with `courtyard.`; docs/monitoring.md lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats

SWITCHES = ("statsd_on", "otel_on", "statsd_datadog_enabled")


def are_on() -> bool:
    """Whether this Airflow sends metrics anywhere."""
    return any(conf.getboolean("metrics", switch, fallback=False) for switch in SWITCHES)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """How long a stage or an action takes in milliseconds, and how often it ends well or badly."""
    since, outcome = monotonic(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        stats.timing(f"courtyard.step.{step}.duration", (monotonic() - since) * 1000)
        stats.incr(f"courtyard.step.{step}.{outcome}")


def send(gauges: Mapping[str, float]) -> None:
    """Send gauges; `courtyard.` is put before each name."""
    for name, value in gauges.items():
        stats.gauge(f"courtyard.{name}", value)
