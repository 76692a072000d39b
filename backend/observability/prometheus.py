"""Prometheus metrics of the console; they contain no names of users or videos."""

from __future__ import annotations

import logging
import platform
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.model import JobKind, JobState
from backend.model.webhooks import DeliveryState
from backend.version import VERSION

if TYPE_CHECKING:
    from backend.console import Console
    from backend.server.page_sockets import PageSockets

log = logging.getLogger(__name__)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics(Collector):
    """Collects metrics on request, using only cheap queries."""

    def __init__(self, console: Console, sockets: PageSockets) -> None:
        self._console, self._sockets = console, sockets
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from self._console.calls.registry.collect()
        yield from self._pages()
        yield _gauge("qu_info", "Version information.", {(VERSION, platform.python_version()): 1}, "version", "python")
        up = True
        read_all = (
            self._jobs, self._waits, self._reviews, self._quota, self._webhooks, self._sessions, self._sizes,
        )  # fmt: skip
        for read in read_all:
            try:
                yield from read()
            except Exception:  # report what is available, especially during failures
                log.exception("some metrics cannot be read")
                up = False
        yield _gauge("qu_database_up", "Whether the database could be read for this scrape.", {(): up})

    def _pages(self) -> Iterator[Metric]:
        people, visitors = self._sockets.count()
        values = {("person",): people, ("visitor",): visitors}
        yield _gauge("qu_pages", "Open pages of signed-in users and of visitors.", values, "who")
        yield CounterMetricFamily("qu_pages_refused", "Pages rejected because of limits.", self._sockets.refused)
        yield CounterMetricFamily(
            "qu_pages_ended", "Pages evicted, or closed for violating a limit.", self._sockets.ended
        )

    def _jobs(self) -> Iterator[Metric]:
        counts = self._console.store.jobs.count_jobs()
        values = {(kind.value, state.value): counts.get((kind, state), 0) for kind in JobKind for state in JobState}
        yield _gauge("qu_jobs", "Jobs by kind and state.", values, "kind", "state")

    def _waits(self) -> Iterator[Metric]:
        waits = self._console.store.jobs.find_longest_waits()
        values = {(kind.value,): waits.get(kind, 0.0) for kind in JobKind}
        yield _gauge("qu_job_oldest_queued_seconds", "Age of the oldest queued job, or 0.", values, "kind")

    def _reviews(self) -> Iterator[Metric]:
        waiting, oldest = self._console.store.review_queues.find_waiting()
        values = {(code,): float(count) for code, count in waiting.items()}
        yield _gauge("qu_reviews_waiting", "Videos that wait for a first review, by review queue.", values, "queue")
        ages = {(code,): age for code, age in oldest.items()}
        yield _gauge("qu_review_oldest_seconds", "Age of the longest waiting one of a queue, or 0.", ages, "queue")

    def _quota(self) -> Iterator[Metric]:
        kept = self._console.cloud.cache.kept_quota() if self._console.cloud else None
        if kept is not None:
            values = {("total",): kept[0].total, ("left",): kept[0].left}
            yield _gauge(
                "qu_prewarm_quota", "Today's quota of prewarmed URLs as last known, total and left.", values, "what"
            )

    def _webhooks(self) -> Iterator[Metric]:
        counts = Counter[str]()
        for (_, state), count in self._console.store.webhook_deliveries.count().items():
            counts[state.value] += count
        states = {(state.value,): counts[state.value] for state in DeliveryState}
        yield _gauge("qu_webhook_deliveries", "Kept deliveries to webhooks by state.", states, "state")
        oldest = self._console.store.webhook_deliveries.oldest_waiting()
        age = 0.0 if oldest is None else max(0.0, self._console.clock() - oldest)
        yield _gauge("qu_webhook_oldest_waiting_seconds", "Age of the oldest event to be delivered, or 0.", {(): age})

    def _sessions(self) -> Iterator[Metric]:
        yield _gauge("qu_sessions", "Open sessions.", {(): self._console.store.sessions.count_sessions()})

    def _sizes(self) -> Iterator[Metric]:
        yield _gauge("qu_history_entries", "Number of the newest entry of the history.",
                     {(): self._console.store.history.newest_line()})  # fmt: skip
        yield _gauge("qu_database_bytes", "Size of the database including its WAL.", {(): self._console.store.size()})
        disk = shutil.disk_usage(self._console.settings.data)
        yield _gauge("qu_disk_free_bytes", "Free space on the disk of the data folder.", {(): disk.free})
        yield _gauge("qu_disk_size_bytes", "Size of the disk of the data folder.", {(): disk.total})


def _gauge(name: str, says: str, values: Mapping[Any, float], *labels: str) -> Metric:
    gauge = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values.items():
        gauge.add_metric(key, value)
    return gauge
