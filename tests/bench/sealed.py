"""Row `sealed`: parts of a recording's file over HTTP from the web process, as the file lies sealed; beside the same file plain (sendfile(2)) in
the same run.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from media.client import manifest
from server.cli.hall import open_hall
from server.settings import read
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.recorded import recorded
from tests.server.world import World

SIZE = 64 * 1024 * 1024
PART = 1024 * 1024
"""About what a browser takes at a time of a lesson's film: ten seconds at 0.8 Mbit/s."""
PARTS = 150
WHOLES = 3
NAME = "screen-001.webm"
MOST = 3.0
"""A part of a sealed file takes so many times as long as one of a plain file, at most."""


@dataclass(frozen=True, slots=True)
class Read:
    """One way of keeping."""

    name: str
    part_ms: float
    """A part, in the median."""
    whole: float
    """The whole file, MB/s."""
    cpu_ms: float
    """Of the web process for each MB."""


async def measure() -> list[Read]:
    """Plain, then the same sealed."""
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name) / "data", settings={"SHUANGSHI_RECORDING_SEAL": "0"})
        world = await furnish(product)
        async with open_hall(read(product.environment)) as hall:
            made = await recorded(hall.store.database, product.data, time.time_ns() // 1_000_000 - 3_600_000)
        play = manifest.folder(product.data, made.recording) / manifest.PLAY
        body = _grown(play, made)
        found = []
        for name, seal in (("plain", "0"), ("sealed", "1")):
            product.settings["SHUANGSHI_RECORDING_SEAL"] = seal
            async with product:
                await _kept(play / (f"{manifest.MANIFEST}.sealed" if seal == "1" else manifest.MANIFEST))
                found.append(await _read(product, world, name, body))
        return found


def _grown(play: Path, made: manifest.Manifest) -> bytes:
    body = random.Random(1).randbytes(SIZE)
    (play / NAME).write_bytes(body)
    large = msgspec.structs.replace(made.files[0], name=NAME, octets=SIZE, sha256=hashlib.sha256(body).hexdigest(), thumbnails=())
    (play / manifest.MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(made, files=(*made.files, large))))
    return body


async def _kept(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():
            await asyncio.sleep(0.1)


async def _read(product: Product, world: World, name: str, body: bytes) -> Read:
    cookies = "; ".join(f"{key}={value}" for key, value in world.cookies("x.admin").items())
    url, rng, times = f"{product.url}/recordings/lesson.x/files/{NAME}", random.Random(2), []
    pid = product.child("server web")
    async with aiohttp.ClientSession(headers={"Cookie": cookies}) as http:
        used = _cpu(pid)
        for _ in range(PARTS):
            at, began = rng.randrange(SIZE - PART), time.monotonic()
            async with http.get(url, headers={"Range": f"bytes={at}-{at + PART - 1}"}) as answer:
                assert (answer.status, await answer.read()) == (206, body[at : at + PART])
            times.append(time.monotonic() - began)
        used = _cpu(pid) - used
        began = time.monotonic()
        for _ in range(WHOLES):
            async with http.get(url) as answer:
                async for _ in answer.content.iter_chunked(PART):
                    pass
        seconds = time.monotonic() - began
    return Read(name, statistics.median(times) * 1000, WHOLES * SIZE / 1e6 / seconds, used * 1000 / (PARTS * PART / 1e6))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lines(found: list[Read]) -> Iterator[str]:
    """The row."""
    plain, sealed = found
    yield ""
    yield f"parts of 1 MiB of a recording's file of {SIZE // 2**20} MiB over HTTP"
    yield f"{'row':<12}{'part ms':>10}{'whole MB/s':>12}{'web CPU ms/MB':>15}"
    for one in found:
        yield f"{one.name:<12}{one.part_ms:>10.2f}{one.whole:>12.0f}{one.cpu_ms:>15.2f}"
    yield f"load of the machine: {os.getloadavg()[0]:.1f}"
    times = sealed.part_ms / plain.part_ms
    yield f"{'met ' if times <= MOST else 'MISSED'}  a part of a sealed file within {MOST:.0f} x a plain one: {times:.1f} x"
