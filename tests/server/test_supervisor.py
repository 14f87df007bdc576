"""Real child processes, each a few lines of Python."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from server import supervisor as module
from server.supervisor import Program, Supervisor, backoff

FOREVER = "import time\nwhile True: time.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(60)"


def program(name: str, code: str, *, essential: bool = True) -> Program:
    return Program(name, (sys.executable, "-S", "-c", code), essential)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*programs: Program) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(programs, dict(os.environ))
    task = asyncio.create_task(supervisor.run())
    await until(lambda: len(supervisor.running) == len(programs))
    yield supervisor
    supervisor.stop()
    async with asyncio.timeout(15):
        await task


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_process_is_started_again_and_its_sibling_lives() -> None:
    async with running(program("web", FOREVER), program("media", FOREVER)) as supervisor:
        web, media = supervisor.running["web"], supervisor.running["media"]
        os.kill(web, signal.SIGKILL)
        await until(lambda: supervisor.running.get("web", web) != web)
        assert supervisor.running["media"] == media
        assert alive(media)
        last = list(supervisor.running.values())
    assert not any(alive(pid) for pid in last)


async def test_children_are_in_sessions_of_their_own() -> None:
    async with running(program("web", FOREVER)) as supervisor:
        assert os.getsid(supervisor.running["web"]) == supervisor.running["web"]


async def test_a_configuration_error_stops_everything() -> None:
    supervisor = Supervisor([program("web", "raise SystemExit(78)"), program("media", FOREVER)], dict(os.environ))
    async with asyncio.timeout(15):
        await supervisor.run()
    assert not supervisor.running


async def test_an_inessential_program_may_give_up() -> None:
    async with running(program("web", FOREVER), program("demo", "raise SystemExit(78)", essential=False)) as supervisor:
        await until(lambda: "demo" not in supervisor.running)
        assert alive(supervisor.running["web"])


async def test_a_stubborn_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.1)
    async with running(program("web", STUBBORN)) as supervisor:
        pid = supervisor.running["web"]
    assert not alive(pid)


def test_backoff_grows_to_its_limit() -> None:
    pauses = [backoff(n) for n in range(12)]
    assert pauses[:4] == [0, 0.2, 0.4, 0.8]
    assert pauses[-1] == 10.0
    assert backoff(10_000) == 10.0
