"""`/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio

from aiohttp import web

from media.client import Refused, WorkerClient, WorkerGone
from media.client.messages import Stats
from server.errors import Forbidden
from server.web.answers import json_answer
from server.web.keys import ASSETS, METRICS, SETTINGS, STORE, WORKER
from server.web.visitor import visitor, within

SECONDS = 2.0


async def healthz(request: web.Request) -> web.Response:
    """200 when the store and a worker answer, else 503."""
    store, media = await asyncio.gather(_store_answers(request), _worker_counters(request.app[WORKER]))
    healthy = store and media is not None
    body = {"status": "ok" if healthy else "failing", "store": store, "media": media is not None, "build": request.app[ASSETS].build}
    return json_answer(body, 200 if healthy else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text, to the addresses of `SHUANGSHI_METRICS_FROM` only."""
    source = visitor(request)
    if not within(source.address, request.app[SETTINGS].metrics_from) or (source.forwarded and not source.trusted):
        raise Forbidden("metrics")
    ours = request.app[METRICS]
    counters = await _worker_counters(request.app[WORKER])
    ours.worker.up, ours.worker.values = counters is not None, counters or {}
    return web.Response(body=ours.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _store_answers(request: web.Request) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            await request.app[STORE].ping()
    except Exception:
        return False
    return True


async def _worker_counters(worker: WorkerClient) -> dict[str, float] | None:
    if not worker.connected:
        return None
    try:
        async with asyncio.timeout(SECONDS):
            return (await worker.command(Stats(id=worker.next_id()))).counters
    except (Refused, WorkerGone, TimeoutError):
        return None
