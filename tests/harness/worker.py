"""The worker as a process of its own, its controller, and publishers and viewers that join through it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from media.client import WorkerClient
from media.client.messages import (
    Hello,
    Moment,
    Publish,
    Record,
    RecordingChanged,
    RecordingClosed,
    RecordingState,
    Snapshot,
    SourceSpec,
    StopRecording,
    Watch,
)
from tests.harness.node import LABELS, plan
from tests.harness.raw import Answer
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer, eventually

ROOT = Path(__file__).resolve().parents[2]
SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}
PROGRAM = {"mic": "m/mic", "camera": "m/camera"}
"""What a recording captures of them."""
LESSON = 60_000
"""Milliseconds on the lesson clock when the first test moment is told."""
START_SECONDS = 15.0


@contextlib.asynccontextmanager
async def worker(
    folder: Path, within: Sequence[str] = (), environment: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m media` on loopback and a free port; `within`: words before it, as `Volume` has them."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SHUANGSHI_DATA_DIR": str(folder),
        "SHUANGSHI_MEDIA_HOST": "127.0.0.1",
        "SHUANGSHI_MEDIA_PORT": "0",
        "SHUANGSHI_LOG_LEVEL": "WARNING",
        **environment,
    }
    process = await asyncio.create_subprocess_exec(*within, sys.executable, "-m", "media", env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Controller:
    """A web process's end of the control socket."""

    def __init__(self, folder: Path) -> None:
        self.client = WorkerClient(folder / "run" / "media-0.sock", "test")
        self.heard: list[object] = []
        self.client.subscribe(self.heard.append)

    async def __aenter__(self) -> Controller:
        await self.client.start()
        await self.greeted(1)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()

    async def greeted(self, times: int) -> tuple[Hello, Snapshot]:
        """The newest greeting, once there were so many."""
        await eventually(lambda: len([m for m in self.heard if isinstance(m, Snapshot)]) >= times, START_SECONDS)
        hello = [m for m in self.heard if isinstance(m, Hello)][-1]
        return hello, [m for m in self.heard if isinstance(m, Snapshot)][-1]

    async def publish(self, peer: RawPublisher, keys: Mapping[str, str] = KEYS, owner: str = "m", labels: Sequence[str] = LABELS) -> None:
        """Publish name → key, an m-line and a stream each, and connect."""
        sources = {name: SourceSpec(key=key, labels=tuple(labels)) for name, key in keys.items()}
        command = Publish(id=self.client.next_id(), offer=peer.offer(), names=tuple(keys), sources=sources, owner=owner)
        reply = await self.client.command(command)
        peer.session = reply.session
        await peer.connect(Answer.read(reply.answer))
        for mid, name in enumerate(keys):
            peer.stream(mid, name)

    async def watch(self, peer: RawViewer) -> None:
        command = Watch(id=self.client.next_id(), offer=peer.offer(), names=tuple(SLOTS), slots=SLOTS, owner="v", labels=LABELS)
        reply = await self.client.command(command)
        peer.session = reply.session
        answer = Answer.read(reply.answer)
        peer.take_answer(answer, tuple(SLOTS))
        await peer.connect(answer)


class Desk:
    """Says what is recorded, and hears how that goes."""

    def __init__(self, web: Controller) -> None:
        self.web = web
        self.began = time.monotonic_ns()

    async def record(self, tracks: dict[str, str]) -> None:
        clock = Moment(at=self.began, lesson=LESSON)
        client = self.web.client
        await client.command(Record(id=client.next_id(), recording="lesson-1", tracks=tracks, labels=LABELS, clock=clock))

    async def stop(self) -> None:
        client = self.web.client
        await client.command(StopRecording(id=client.next_id(), recording="lesson-1"))
        await eventually(lambda: any(isinstance(message, RecordingClosed) for message in self.web.heard))

    def lesson(self, at: int) -> int:
        """The lesson clock at a moment of the monotonic clock (ns), ms."""
        return LESSON + (at - self.began) // 1_000_000

    def states(self) -> list[RecordingState]:
        return [message.state for message in self.web.heard if isinstance(message, RecordingChanged)]

    async def until(self, found: Callable[[RecordingState], bool]) -> None:
        await eventually(lambda: any(found(state) for state in self.states()[-1:]))


@contextlib.contextmanager
def closing(*peers: RawPublisher | RawViewer) -> Iterator[None]:
    """Peers that are gone after the block."""
    yield
    for peer in peers:
        peer.close()
