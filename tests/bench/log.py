"""Rows `log`: durable commands a second on both databases, and deliveries to 200 sockets, over the sockets of a web process.

Each beside its baseline of the same run: a plain INSERT and commit for every command, and a plain server that passes messages on.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np

from server.cli.papers import open_desk
from server.live import links
from server.settings import Settings, read
from tests.bench import plain
from tests.bench.sockets import Page, Tally, pages, raise_and_lower
from tests.bench.worker import cores, cpu_seconds, waited_seconds
from tests.harness.ports import free_tcp_port
from tests.harness.postgres import Postgres, programs
from tests.harness.product import ROOT

LESSONS, ROOMS = 32, 2
"""Lessons at once, and rooms of each: one socket, on which one hand goes up and down as fast as it is answered."""
SOCKETS, SPEAKERS, EVERY = 200, 15, 0.25
"""Sockets of the one lesson of the deliveries, of which some give a command each `EVERY` seconds."""
SECONDS, WARM_SECONDS, PLAIN_SECONDS, START_SECONDS = 5.0, 1.0, 1.5, 60.0
COMMANDS_PER_SECOND, DELIVERIES_PER_SECOND, P99_MS = 2_000.0, 10_000.0, 50.0

Door = tuple[str, str, str]
"""Address, token and lesson of one socket."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One row."""

    name: str
    per_second: float
    times: np.ndarray
    """ms; of the commands from sending to acknowledgement, of the deliveries from sending to each receipt."""
    cpu: float
    """CPU seconds of the web process for each command or delivery."""
    core: float
    """Share of a core that the web process used."""
    waited: float
    """Share of the time in which other processes held its core."""
    frames: float = 1.0
    """Frames per delivery."""
    lost: int = 0
    base: Seen | None = None
    """The baseline of the same run."""

    def ms(self, percent: float) -> float:
        """A percentile."""
        return float(np.percentile(self.times, percent))


async def measure() -> list[Seen]:
    """Both databases, then the deliveries."""
    found: list[Seen] = []
    place = programs()
    gc.freeze()  # a pause of the bench's own would be taken for one of the product
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = _commits(plain.sqlite_commits(folder / "plain.db", PLAIN_SECONDS))
        found.append(await _commands("commands, SQLite", folder / "sqlite", "", base))
        if place is None:
            print("check log: no PostgreSQL here")
        else:
            with _postgres(place) as url:
                base = _commits(await plain.postgres_commits(url, PLAIN_SECONDS))
                found.append(await _commands("commands, PostgreSQL", folder / "postgresql", url, base))
        found.append(await _deliveries(folder / "deliveries", await _plain_deliveries()))
    return found


@contextmanager
def _postgres(place: Path) -> Iterator[str]:
    server = Postgres(place, fsync="on", shared_buffers="64MB")
    try:
        with server.database() as name:
            yield server.url(name)
    finally:
        server.close()


def _commits(times: Sequence[float]) -> Seen:
    """One command after the other, on the core of the bench."""
    return Seen("plain", len(times) / sum(times) * 1e3, np.array(times), 0.0, 0.0, 0.0)


async def _commands(name: str, data: Path, url: str, base: Seen) -> Seen:
    async with _web(data, url) as (settings, pid):
        doors: list[Door] = []
        for _ in range(LESSONS):
            doors += await _invite(settings, ROOMS, 1)
        tally = Tally()
        async with pages(doors, tally) as opened:
            await _clap(opened, WARM_SECONDS)
            tally.acks = type(tally.acks)("d")
            done, seconds, cpu, waited = await _timed(pid, opened, SECONDS)
    return Seen(name, done / seconds, np.array(tally.acks), cpu / done, cpu / seconds, waited / seconds, base=base)


async def _clap(opened: Sequence[Page], seconds: float) -> int:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(raise_and_lower(page, 1, until) for page in opened)))


async def _timed(pid: int, opened: Sequence[Page], seconds: float) -> tuple[int, float, float, float]:
    begun, cpu, waited = time.perf_counter(), cpu_seconds(pid), waited_seconds(pid)
    done = await _clap(opened, seconds)
    return done, time.perf_counter() - begun, cpu_seconds(pid) - cpu, waited_seconds(pid) - waited


async def _deliveries(data: Path, base: Seen) -> Seen:
    async with _web(data, "") as (settings, pid):
        doors = await _invite(settings, SPEAKERS, SOCKETS)
        return await _spread("deliveries", doors, pid, base)


async def _plain_deliveries() -> Seen:
    """The same towards the sockets of the plain server."""
    port = free_tcp_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.plain", str(port)], cwd=ROOT, preexec_fn=_on_its_core)
    try:
        await _until_open(port)
        return await _spread("plain", [(f"http://127.0.0.1:{port}/ws", "", "L1")] * SOCKETS, process.pid, None)
    finally:
        process.terminate()
        process.wait(10)


async def _until_open(port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def _spread(name: str, doors: Sequence[Door], pid: int, base: Seen | None) -> Seen:
    tally = Tally()
    async with pages(doors, tally) as opened:
        await _speak(opened, WARM_SECONDS)
        for page in opened:
            page.heard.clear()
        tally.sent.clear()
        tally.frames = 0
        begun, cpu, waited = time.perf_counter(), cpu_seconds(pid), waited_seconds(pid)
        done = await _speak(opened, SECONDS)
        seconds = time.perf_counter() - begun
        async with asyncio.timeout(10):
            while min(len(page.heard) for page in opened) < done:
                await asyncio.sleep(0.05)
        cpu, waited = cpu_seconds(pid) - cpu, waited_seconds(pid) - waited
        heard = sum(page.settle() for page in opened)
    lost = done * len(opened) - heard + tally.gaps
    times = np.array(tally.events)
    return Seen(name, heard / seconds, times, cpu / heard, cpu / seconds, waited / seconds, tally.frames / heard, lost, base)


async def _speak(opened: Sequence[Page], seconds: float) -> int:
    """Speakers begin one after the other, so that events come one by one."""
    until = time.perf_counter() + seconds

    async def one(number: int) -> int:
        await asyncio.sleep(EVERY * number / SPEAKERS)
        return await raise_and_lower(opened[number], 1, until, EVERY)

    return sum(await asyncio.gather(*(one(number) for number in range(SPEAKERS))))


async def _invite(settings: Settings, rooms: int, sockets: int) -> list[Door]:
    """A live lesson: sockets of its rooms, in turn, at least one of each."""
    async with open_desk(settings) as desk:
        lesson = (await links.create_lesson(desk.store, desk.clock, "Bench")).id
        master = await desk.link(lesson, "master", None)
        papers = [await desk.link(lesson, "classroom", f"Room {number}") for number in range(rooms)]
    url = f"http://127.0.0.1:{settings.http_port}/ws/{lesson}"
    async with pages([(url, master.token, lesson)], Tally()) as (console,):
        await console.command("lesson.live")
    return [(url, papers[number % rooms].token, lesson) for number in range(max(rooms, sockets))]


def _on_its_core() -> None:
    os.sched_setaffinity(0, {cores()[0]})


@asynccontextmanager
async def _web(data: Path, url: str) -> AsyncIterator[tuple[Settings, int]]:
    data.mkdir(mode=0o700)
    env = {**os.environ, "SHUANGSHI_DATA_DIR": str(data), "SHUANGSHI_HTTP_PORT": str(free_tcp_port()), "SHUANGSHI_LOG_LEVEL": "WARNING"}
    if url:
        env["SHUANGSHI_DATABASE_URL"] = url
    settings = read({key: value for key, value in env.items() if key.startswith("SHUANGSHI_")})
    process = subprocess.Popen([sys.executable, "-m", "server", "web"], env=env, cwd=ROOT, preexec_fn=_on_its_core)
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(START_SECONDS):
            while not await _answers(http, f"http://127.0.0.1:{settings.http_port}/login"):
                assert process.poll() is None, "the web process ended"
                await asyncio.sleep(0.1)
        yield settings, process.pid
    finally:
        process.terminate()
        process.wait(10)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _line(one: Seen, ratio: float) -> str:
    return (
        f"{one.name:<22}{one.per_second:>9,.0f}{ratio:>8.2f}{one.core:>7.0%}{one.cpu * 1e6:>9.0f}"
        f"{one.ms(50):>8.1f}{one.ms(99):>8.1f}{one.frames:>8.2f}{one.lost:>6}"
    )


def lines(found: list[Seen]) -> Iterator[str]:
    """The report."""
    yield ""
    yield (f"lesson log: {LESSONS} lessons x {ROOMS} rooms; then {SOCKETS} sockets of one lesson, {SPEAKERS / EVERY:.0f} commands a second")
    yield f"{'row':<22}{'per s':>9}{'x base':>8}{'core':>7}{'us each':>9}{'p50 ms':>8}{'p99 ms':>8}{'frames':>8}{'lost':>6}"
    for one in found:
        if one.base:
            yield _line(one.base, 1.0)
            by_cpu = one.base.cpu > 0
            yield _line(one, one.base.cpu / one.cpu if by_cpu else one.per_second / one.base.per_second)
    yield "plain: INSERT + commit for each command, one after the other; a server that only passes messages on (x by CPU)"
    yield f"load of the machine: {os.getloadavg()[0]:.1f}; other processes held the web's core {max(one.waited for one in found):.0%} of the time"
    for one in found:
        wanted = COMMANDS_PER_SECOND if one.name.startswith("c") else DELIVERIES_PER_SECOND
        yield f"{'met ' if one.per_second >= wanted else 'MISSED'}  {one.name} per second >= {wanted:,.0f}: {one.per_second:,.0f}"
        yield f"{'met ' if one.ms(99) <= P99_MS else 'MISSED'}  {one.name} p99 <= {P99_MS:.0f} ms: {one.ms(99):.1f} ms"
