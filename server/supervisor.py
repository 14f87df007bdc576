"""Keeps sibling processes running: a dead one is started again, and none dies with another (M33)."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger("supervisor")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 20.0
"""A process that ran this long starts its next life without a pause."""
STOP_SECONDS = 8.0
"""How long a process may take to end before it is killed."""
NEVER_AGAIN = 78
"""Exit status (EX_CONFIG of sysexits.h): starting it again would change nothing."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    essential: bool = True
    """If it says `NEVER_AGAIN`, everything stops."""


def backoff(failures: int) -> float:
    """Seconds before the next start after so many short lives in a row."""
    return 0.0 if failures == 0 else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))


class Supervisor:
    """Runs programs until told to stop."""

    def __init__(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        self._programs = programs
        self._environment = dict(environment)
        self._stop = asyncio.Event()
        self.running: dict[str, int] = {}
        """Name → process id."""

    def stop(self) -> None:
        """End all programs and return from `run`."""
        self._stop.set()

    async def run(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """Until `stop`, SIGTERM or SIGINT. `meanwhile` runs beside them, once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        async with asyncio.TaskGroup() as group:
            for program in self._programs:
                group.create_task(self._keep(program), name=program.name)
            if meanwhile:
                group.create_task(self._until_stopped(meanwhile()), name="meanwhile")

    async def _keep(self, program: Program) -> None:
        failures = 0
        while not self._stop.is_set():
            begun = time.monotonic()
            status = await self._live(program)
            if self._stop.is_set():
                return
            if status == NEVER_AGAIN:
                log.error("gives up", program=program.name)
                if program.essential:
                    self.stop()
                return
            failures = 0 if time.monotonic() - begun > STEADY_SECONDS else failures + 1
            log.warning("ended; starts again", program=program.name, status=status, pause=backoff(failures))
            await self._until_stopped(asyncio.sleep(backoff(failures)))

    async def _live(self, program: Program) -> int:
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal reaches only the supervisor, which then ends all
                preexec_fn=_dying_with(os.getpid()) if sys.platform == "linux" else None,
            )
        except OSError as error:
            log.error("cannot start", program=program.name, error=str(error))
            return 127
        self.running[program.name] = process.pid
        log.info("started", program=program.name, pid=process.pid)
        try:
            await self._until_stopped(process.wait())
        finally:
            await _end(process)
            self.running.pop(program.name, None)
        return process.returncode or 0

    async def _until_stopped(self, wanted: Awaitable[object]) -> None:
        task = asyncio.ensure_future(wanted)
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        for each in (task, stopping):
            if not each.done():
                each.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        log.warning("killed", pid=process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


_PR_SET_PDEATHSIG = 1


def _dying_with(parent: int) -> Callable[[], None]:
    """For the child, before its program: a supervisor that was killed leaves nobody behind on the ports (prctl(2))."""

    def prepare() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)

    return prepare
