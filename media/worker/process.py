"""The worker process: settings, event loop, control socket, signals."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

from media.worker.control import ControlServer
from media.worker.node import Node
from media.worker.settings import BadSetting, WorkerSettings, from_environment

log = logging.getLogger(__name__)

COLLECT_SECONDS = 30.0
"""How often the worker looks for an idle moment to collect garbage in."""


async def serve(settings: WorkerSettings) -> None:
    """Run until SIGTERM, SIGINT or a `shutdown` command."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    node = await Node.open(settings)
    control = ControlServer(settings.control_path, settings.worker_id, node, stop.set)
    node.connect(control.next_event, control.emit)
    await control.start()
    _tame_garbage_collector(loop)
    log.info("media worker %s: %s, control %s", settings.worker_id, node.summary(), settings.control_path)
    try:
        await stop.wait()
    finally:
        await node.close()
        await control.close()


def _tame_garbage_collector(loop: asyncio.AbstractEventLoop) -> None:
    """Full collections stop every stream for tens of milliseconds: keep what start-up made out of them (M1)."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)

    def collect() -> None:
        gc.collect(1)
        loop.call_later(COLLECT_SECONDS, collect)

    loop.call_later(COLLECT_SECONDS, collect)


def main() -> None:
    """Entry of `python -m media`."""
    try:
        settings = from_environment()
    except BadSetting as error:
        sys.exit(str(error))
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(serve(settings))
