"""What the bench prints: every figure beside its baseline and what is expected of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

from tests.bench.rows import Results, median_join
from tests.bench.window import Window

TIMES_LOOP = 3.0
PER_CPU_SECOND = 110_000
VIEWERS = 300
LOSS = 0.001
P99_MS = 50.0
LATE_MS = 10.0
WAITED_PERCENT = 2.0
VIEWER_BYTES = 256 * 1024
_HEAD = f"{'row':<10}{'viewers':>8}{'pkt/CPU-s':>12}{'x loop':>8}{'core':>7}{'packets':>11}{'loss':>10}{'p50 ms':>9}{'p99 ms':>9}"


def lines(results: Results) -> Iterator[str]:
    """The whole report."""
    yield f"{os.cpu_count()} cores, worker on one, publisher and viewers on another; SRTP {results.profile or '-'}"
    if results.baseline or results.windows:
        yield from ("", _HEAD)
    for loop in results.baseline.values():
        yield f"{'loop':<10}{loop.viewers:>8}{loop.per_cpu_second:>12,.0f}{1.0:>8.2f}{loop.load:>7.0%}{loop.arrived:>11,}"
    if full := results.full_speed:
        yield f"{'loop, full':<10}{full.viewers:>8}{full.per_cpu_second:>12,.0f}{'':>8}{full.load:>7.0%}{full.arrived:>11,}"
    for (_, variant), window in results.windows.items():
        yield _forwarding(variant, window, _ratio(results, window))
    yield ""
    yield from _memory_and_joins(results)
    yield from _checks(results)
    yield from _verdicts(results)


def _ratio(results: Results, window: Window) -> float:
    loop = results.baseline.get(window.viewers)
    return window.per_cpu_second / loop.per_cpu_second if loop else float("nan")


def _forwarding(variant: str, window: Window, ratio: float) -> str:
    return (
        f"{variant:<10}{window.viewers:>8}{window.per_cpu_second:>12,.0f}{ratio:>8.2f}{window.load:>7.0%}{window.arrived:>11,}"
        f"{window.loss:>10.4%}{window.latency_ms(50):>9.2f}{window.latency_ms(99):>9.2f}"
    )


def _memory_and_joins(results: Results) -> Iterator[str]:
    if memory := results.memory:
        yield f"memory: {memory.per_viewer / 1024:.0f} KiB per viewer ({memory.viewers} viewers, {memory.full / 2**20:.0f} MiB in all)"
    if results.joins:
        yield f"offer to first decoded frame: median {median_join(results) * 1e3:.0f} ms, worst {max(results.joins) * 1e3:.0f} ms of {len(results.joins)}"


def _checks(results: Results) -> Iterator[str]:
    """What would make the figures above untrue."""
    for (size, variant), window in results.windows.items():
        late = float(np.percentile(window.lateness, 99)) * 1e3 if window.lateness else 0.0
        worker, bench = (100 * waited / window.seconds for waited in window.waited)
        if window.missing or window.broken or window.loss < 0 or late > LATE_MS or worker > WAITED_PERCENT:
            yield (
                f"check {variant} {size}: {window.missing} samples of {window.read} missing, {window.broken} not decryptable, "
                f"publisher's timers late by {late:.1f} ms (p99); other processes held up the worker {worker:.1f} %, the bench {bench:.1f} %"
            )


def _verdicts(results: Results) -> Iterator[str]:
    window = results.windows.get((VIEWERS, "burst"))
    if window is None:
        return
    yield ""
    shown: list[tuple[str, float, Callable[[float], str], bool]] = [
        (f"packets per CPU-second >= {PER_CPU_SECOND:,}", window.per_cpu_second, "{:,.0f}".format, window.per_cpu_second >= PER_CPU_SECOND),
        (f"loss at {VIEWERS} viewers < {LOSS:.1%}", window.loss, "{:.4%}".format, window.loss < LOSS),
        (f"p99 at {VIEWERS} viewers < {P99_MS:.0f} ms", window.latency_ms(99), "{:.1f} ms".format, window.latency_ms(99) < P99_MS),
    ]
    if VIEWERS in results.baseline:
        ratio = _ratio(results, window)
        shown.insert(1, (f"times the plain loop >= {TIMES_LOOP:.0f}", ratio, "{:.2f}".format, ratio >= TIMES_LOOP))
    if memory := results.memory:
        shown.append(
            ("memory per viewer <= 256 KiB", memory.per_viewer, lambda v: f"{v / 1024:.0f} KiB", memory.per_viewer <= VIEWER_BYTES)
        )
    for what, value, write, good in shown:
        yield f"{'met ' if good else 'MISSED'.ljust(4)}  {what}: {write(value)}"
