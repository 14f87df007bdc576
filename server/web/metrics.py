"""Counters of the web process in a registry of their own, with the media worker's beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric, UntypedMetricFamily
from prometheus_client.registry import Collector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class WorkerCounters(Collector):
    """The counters the worker gave last."""

    def __init__(self) -> None:
        self.values: Mapping[str, float] = {}
        self.up = False

    def collect(self) -> Iterator[Metric]:
        """As Prometheus families."""
        yield _family("shuangshi_worker_up", "1 when a media worker answered this scrape", float(self.up))
        for name, value in sorted(self.values.items()):
            safe = re.sub(r"[^a-zA-Z0-9_]", "_", name)
            yield _family(f"shuangshi_worker_{safe}", f"media worker counter {name}", value)


def _family(name: str, help_text: str, value: float) -> Metric:
    family = UntypedMetricFamily(name, help_text)
    family.add_metric([], value)
    return family


class Metrics:
    """Everything `/metrics` shows."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter("shuangshi_http_requests", "answers", ["method", "route", "status"], registry=registry)
        self.seconds = Histogram("shuangshi_http_seconds", "time to answer", ["route"], buckets=_SECONDS, registry=registry)
        self.refusals = Counter("shuangshi_refusals", "refusals by code, HTTP and sockets", ["code"], registry=registry)
        self.sockets = Gauge("shuangshi_sockets", "open WebSockets", registry=registry)
        self.frames_in = Counter("shuangshi_socket_frames_in", "frames from pages", registry=registry)
        self.frames_out = Counter("shuangshi_socket_frames_out", "frames to pages", registry=registry)
        self.slow = Counter("shuangshi_socket_slow", "sockets closed because the page did not keep up", registry=registry)
        self.worker = WorkerCounters()
        registry.register(self.worker)

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self._registry)
