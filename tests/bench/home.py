"""Rows `home`: how long the home page takes in a large county, on SQLite and on PostgreSQL.

The baseline is the login page of the same process in the same minute: HTTP, guard and template without the school's data.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import numpy as np
from sqlalchemy import text

from server.accounts.contents import Contents
from server.accounts.keys import load_keys
from server.settings import Settings, read
from server.store import Store
from tests.bench import county
from tests.harness.ports import free_tcp_port
from tests.harness.postgres import Postgres, programs
from tests.harness.product import ROOT
from tests.harness.zones import zone_where_it_is

REQUESTS, AT_ONCE, WARM = 400, 4, 20
PAGES = ("/login", "teacher", "assistant", "county")
P95_MS = 200.0
"""What a person still takes for at once."""
START_SECONDS = 60.0
NOON = 12


@dataclass(frozen=True, slots=True)
class Seen:
    """One page's answer times, ms."""

    database: str
    page: str
    times: tuple[float, ...]
    size: int
    """Bytes of the page."""

    def ms(self, percent: float) -> float:
        """A percentile."""
        return float(np.percentile(self.times, percent))


async def measure() -> list[Seen]:
    """Both databases."""
    found: list[Seen] = []
    with tempfile.TemporaryDirectory() as folder:
        found += await _one("SQLite", Path(folder) / "sqlite", "")
    place = programs()
    if place is None:
        print("check home: no PostgreSQL here")
        return found
    with _postgres(place) as url, tempfile.TemporaryDirectory() as folder:
        found += await _one("PostgreSQL", Path(folder) / "postgresql", url)
    return found


@contextmanager
def _postgres(place: Path) -> Iterator[str]:
    server = Postgres(place)
    try:
        with server.database() as name:
            yield server.url(name)
    finally:
        server.close()


async def _one(name: str, data: Path, url: str) -> list[Seen]:
    data.mkdir(mode=0o700)
    env = {**os.environ, "SHUANGSHI_DATA_DIR": str(data), "SHUANGSHI_HTTP_PORT": str(free_tcp_port()), "SHUANGSHI_LOG_LEVEL": "WARNING"}
    env["SHUANGSHI_TIMEZONE"] = zone_where_it_is(NOON, datetime.now(UTC))  # the same work at whatever hour it is measured
    if url:
        env["SHUANGSHI_DATABASE_URL"] = url
    settings = read({key: value for key, value in env.items() if key.startswith("SHUANGSHI_")})
    who = await _build(settings)
    async with _web(env, settings) as base:
        return [await _ask(name, base, page, who.cookies.get(page, "")) for page in PAGES]


async def _build(settings: Settings) -> county.County:
    keys, now = load_keys(settings), time.time_ns() // 1_000_000
    store = await Store.open(settings.database_url)
    try:
        contents = Contents(store.database, keys.vault, lambda: now, keys.fresh)
        built = await county.build(store.database, contents, now)
        if store.database.engine.dialect.name == "postgresql":
            await store.database.execute(text("ANALYZE"))  # autovacuum does so by itself within a minute
        return built
    finally:
        await store.close()


@asynccontextmanager
async def _web(env: dict[str, str], settings: Settings) -> AsyncIterator[str]:
    base = f"http://127.0.0.1:{settings.http_port}"
    process = subprocess.Popen([sys.executable, "-m", "server", "web"], env=env, cwd=ROOT)
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(START_SECONDS):
            while not await _answers(http, f"{base}/login"):
                assert process.poll() is None, "the web process ended"
                await asyncio.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(10)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def _ask(name: str, base: str, page: str, cookie: str) -> Seen:
    address = base + (page if page.startswith("/") else "/")
    headers = {"Accept": "text/html", **({"Cookie": cookie} if cookie else {})}
    times: list[float] = []
    size = 0
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def client(requests: int, kept: list[float]) -> None:
            nonlocal size
            for _ in range(requests):
                begun = time.perf_counter()
                async with http.get(address) as response:
                    body = await response.read()
                kept.append((time.perf_counter() - begun) * 1e3)
                assert response.status == 200, (page, response.status)
                size = len(body)

        await client(WARM, [])
        await asyncio.gather(*(client(REQUESTS // AT_ONCE, times) for _ in range(AT_ONCE)))
    return Seen(name, page, tuple(times), size)


def lines(found: list[Seen]) -> Iterator[str]:
    """The report."""
    yield ""
    yield f"home page: {county.SCHOOLS} schools x {county.ROOMS} classrooms x {county.LESSONS:,} lessons; {AT_ONCE} at a time"
    yield f"{'database':<12}{'page':<12}{'p50 ms':>8}{'p95 ms':>8}{'x login':>9}{'KiB':>7}"
    base = {one.database: one.ms(95) for one in found if one.page == "/login"}
    for one in found:
        ratio = one.ms(95) / base[one.database]
        yield f"{one.database:<12}{one.page:<12}{one.ms(50):>8.1f}{one.ms(95):>8.1f}{ratio:>9.1f}{one.size / 1024:>7.0f}"
    for one in found:
        if one.page != "/login":
            yield f"{'met ' if one.ms(95) < P95_MS else 'MISSED'}  home p95 of {one.page} on {one.database} < {P95_MS:.0f} ms: {one.ms(95):.0f} ms"
