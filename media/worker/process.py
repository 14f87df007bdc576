"""The worker process: settings, event loop, control socket, signals."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable

from media.worker.control import ControlServer
from media.worker.node import Node
from media.worker.settings import BadSetting, WorkerSettings, from_environment

log = logging.getLogger(__name__)

COLLECT_SECONDS = 30.0
"""Between two full collections …"""
LOOK_SECONDS = 1.0
"""… and between two looks for an idle moment once one is due."""
IDLE = 0.1
"""Load of the media thread below which a full collection delays nobody: with few peers the heap is small too."""


async def serve(settings: WorkerSettings) -> None:
    """Run until SIGTERM, SIGINT or a `shutdown` command."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        node = await Node.open(settings)
    except OSError as error:
        raise SystemExit(f"media worker {settings.worker_id}: cannot bind {settings.host} port {settings.port}: {error}") from error
    control = ControlServer(settings.control_path, settings.worker_id, node, stop.set)
    node.connect(control.next_event, control.emit, control.hello.epoch, control.attended)
    await control.start()
    tame_garbage_collector(loop, node.load)
    log.info("media worker %s: %s, control %s", settings.worker_id, node.summary(), settings.control_path)
    try:
        await stop.wait()
    finally:
        await node.close()
        await control.close()


def tame_garbage_collector(loop: asyncio.AbstractEventLoop, load: Callable[[], float]) -> None:
    """Full collections stop every stream for tens of milliseconds: keep what start-up made out of them, run them when idle (M1)."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)

    def collect() -> None:
        idle = load() < IDLE
        if idle:
            gc.collect()
        loop.call_later(COLLECT_SECONDS if idle else LOOK_SECONDS, collect)

    loop.call_later(COLLECT_SECONDS, collect)


def main() -> None:
    """Entry of `python -m media`."""
    try:
        settings = from_environment()
    except BadSetting as error:
        sys.exit(str(error))
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(serve(settings))
