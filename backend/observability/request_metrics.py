"""Logging and metrics of every call, for all channels."""

from __future__ import annotations

import logging
import random

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

log = logging.getLogger(__name__)

LINE = "%(operation)s code=%(code)s who=%(who)s way=%(way)s ms=%(ms).1f requestId=%(requestId)s"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

OUTCOMES = ("received", "refused", "no answer")  # of attempts to deliver to a webhook

disable_created_metrics()  # type: ignore[no-untyped-call]

# For identification only, not for security. uuid.uuid4 makes a system call, which takes a tenth of the time of a cached
# response.
_random_bits = random.Random().getrandbits  # noqa: S311


def new_request_id() -> str:
    """Return a random UUID (RFC 9562, version 4)."""
    number = _random_bits(128)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[number & 3]}{text[17:20]}-{text[20:]}"


class RequestMetrics:
    """Counts and logs calls. Counting takes 2 µs, since it is part of every response."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "qu_requests", "Responses by operation, channel and code.", ("operation", "way", "code"),
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "qu_request_seconds", "Response times.", ("operation",), buckets=BUCKETS, registry=self.registry
        )
        self._webhooks = Counter(
            "qu_webhook_attempts", "Attempts to deliver to a webhook by outcome.", ("outcome",), registry=self.registry
        )
        for outcome in OUTCOMES:
            self._webhooks.labels(outcome)
        # Cached, because looking them up is slow
        self._series: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    def note(self, operation: str, code: str, who: str, way: str, seconds: float, request_id: str) -> None:
        """Count a call and log it. `operation` must be a known name, because each adds a time series."""
        self.count(operation, code, way, seconds)
        if log.isEnabledFor(logging.INFO):
            values = {
                "operation": operation, "code": code, "who": who or "-", "way": way, "ms": round(seconds * 1000, 1),
                "requestId": request_id,
            }  # fmt: skip
            log.info(LINE, values)

    def count_webhook(self, outcome: str) -> None:
        """Count an attempt to deliver to a webhook, by one of OUTCOMES."""
        self._webhooks.labels(outcome).inc()

    def count(self, operation: str, code: str, way: str, seconds: float) -> None:
        """Count a call."""
        series = self._series.get((operation, way, code))
        if series is None:
            series = self._requests.labels(operation, way, code), self._seconds.labels(operation)
            self._series[operation, way, code] = series
        series[0].inc()
        series[1].observe(seconds)
