"""A recording in a folder, and what keeps it."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, update

from media.client import manifest
from media.client.manifest import MANIFEST, PLAY
from server.accounts.contents import Contents
from server.domain.kept import Kept
from server.replay.afterwards import Afterwards, Wanted
from server.replay.files import Files
from server.replay.keeping import Keeping
from server.replay.stores.keyring import Keyring
from server.replay.stores.s3 import Bucket, Store
from server.store import tables as t
from server.store.kept import KeptStore
from tests.harness.s3 import ObjectStore, object_store
from tests.server.services import Services

RECORDING = "rec1"


@dataclass
class Shop:
    """One process that keeps recordings."""

    process: Services
    data: Path
    bucket: Bucket | None = None
    sealed: bool = True
    files: Files = field(init=False)

    def __post_init__(self) -> None:
        table = KeptStore(self.process.store.database)
        contents: Contents = self.process.office.contents
        self.keyring = Keyring(contents, table)
        self.store = Store(self.bucket) if self.bucket else None
        self.files = Files(self.data, table, self.keyring, self.store)
        self.keeping = Keeping(self.files, self.keyring, self.process.clock, sealed=self.sealed)
        self.afterwards = Afterwards(self.files, self.data, self.process.clock, Wanted(self.sealed, 7))

    @property
    def play(self) -> Path:
        return self.files.where(RECORDING, PLAY)

    async def close(self) -> None:
        if self.store:
            await self.store.close()

    async def kept(self) -> Kept:
        found = await self.files.table.get(RECORDING, PLAY)
        assert found is not None
        return found

    async def read(self, name: str, begin: int = 0, end: int = 2**40) -> bytes:
        async with aclosing(self.files.read(RECORDING, PLAY, name, begin, end)) as blocks:
            return b"".join([block async for block in blocks])


async def recording(process: Services, **values: object) -> None:
    """Its row: made playable just now, of a lesson that was over long ago."""
    now = process.clock.now
    row = {
        "id": RECORDING,
        "lesson": "lesson.x",
        "begun": now - 7_200_000,
        "ended": now - 3_600_000,
        "state": "ready",
        "octets": 1,
        "thin": "done",
    }
    await process.store.database.execute(insert(t.recording).values(**{**row, **values}))
    over = update(t.lesson).where(t.lesson.c.id == "lesson.x").values(phase="archived", ended_at=now - 3_600_000)
    await process.store.database.execute(over)


def made(data: Path, sizes: tuple[int, ...], seed: int = 1) -> dict[str, bytes]:
    """Files as the maker leaves them; name → bytes."""
    rng = random.Random(seed)
    play = manifest.folder(data, RECORDING) / PLAY
    play.mkdir(parents=True, exist_ok=True)
    bodies, files = {}, []
    for n, size in enumerate(sizes, 1):
        name, picture = f"teacher-{n:03}.webm", f"teacher-{n:03}-0001.jpg"
        bodies |= {name: rng.randbytes(size), picture: rng.randbytes(900 + n)}
        sha256 = hashlib.sha256(bodies[name]).hexdigest()
        film = {
            "name": name,
            "group": "teacher",
            "media_type": "video/webm",
            "octets": size,
            "sha256": sha256,
            "video": True,
            "audio": True,
        }
        files.append(manifest.PlayFile(begin=n * 1000, end=n * 1000 + 999, thumbnails=((n * 1000, picture),), **film))  # type: ignore[arg-type]
    for name, body in bodies.items():
        (play / name).write_bytes(body)
    whole = manifest.Manifest(recording=RECORDING, begin=1000, end=9000, takes=1, files=tuple(files), missing=())
    (play / MANIFEST).write_bytes(msgspec.json.encode(whole))
    (play.parent / "take-0001.capture").write_bytes(os.urandom(100))
    return bodies


@pytest.fixture
async def away(tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """An S3-compatible server with an empty bucket."""
    async with object_store(tmp_path / "s3") as store:
        yield store
