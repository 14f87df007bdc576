"""Counters of the web process in a registry of their own, with the media worker's beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric, UntypedMetricFamily
from prometheus_client.registry import Collector

from server.replay.files import Files
from server.replay.keeping import Keeping

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


class KeptCounters(Collector):
    """What this process did to keep recordings."""

    def __init__(self) -> None:
        self._keeping: Keeping | None = None
        self._files: Files | None = None

    def watch(self, keeping: Keeping, files: Files) -> None:
        """Ask these from now on."""
        self._keeping, self._files = keeping, files

    def collect(self) -> Iterator[Metric]:
        """As Prometheus families."""
        if self._keeping is None or self._files is None:
            return
        sent = self._keeping.counts
        store = self._files.store
        for name, help_text, value in (
            ("kept", "folders of recordings that were kept where the settings say", self._keeping.kept),
            ("keeping_failed", "tries to keep or delete a folder that failed", self._keeping.failed),
            ("removed", "folders deleted wherever they were", self._keeping.removed),
            ("damaged", "reads that ended at what is not what was kept", self._files.damaged),
            ("sent_parts", "parts and small files sent to the store", sent.parts),
            ("sent_bytes", "bytes of them", sent.octets),
            ("resumed_parts", "parts that had been sent before a process died or a link broke", sent.resumed),
            ("mismatched", "parts and files that arrived in the store as others than were sent", sent.mismatched),
            ("store_trouble", "1 when the last request to the store failed", float(bool(store and store.trouble))),
        ):
            yield _family(f"shuangshi_recordings_{name}", help_text, value)


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
        self.kept = KeptCounters()
        registry.register(self.kept)

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self._registry)
