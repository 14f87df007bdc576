"""The node behind its control socket: repeated command ids, several controllers, one that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.client import Refused, WorkerClient
from media.client.messages import Close, Publish, SessionChanged, SessionClosed, Snapshot, SourceSpec, Watch
from media.worker.control import ControlServer
from media.worker.node import Node
from media.worker.settings import WorkerSettings
from tests.harness.offers import OPUS, VP8
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer, eventually


class Controller:
    """A web process's end, and what it heard."""

    def __init__(self, path: Path, name: str) -> None:
        self.client = WorkerClient(path, name)
        self.heard: list[object] = []
        self.client.subscribe(self.heard.append)

    async def __aenter__(self) -> Controller:
        await self.client.start()
        await eventually(lambda: any(isinstance(message, Snapshot) for message in self.heard))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()

    @property
    def snapshot(self) -> Snapshot:
        return next(message for message in reversed(self.heard) if isinstance(message, Snapshot))


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    node = await Node.open(WorkerSettings(port=0, data_dir=tmp_path))
    control = ControlServer(tmp_path / "media-0.sock", "w0", node, lambda: None)
    node.connect(control.next_event, control.emit)
    await control.start()
    yield tmp_path / "media-0.sock"
    await node.close()
    await control.close()


def publish(command_id: str) -> Publish:
    sources = {"mic": SourceSpec(key="m/mic"), "camera": SourceSpec(key="m/camera")}
    return Publish(id=command_id, offer=RawPublisher((OPUS, VP8)).offer(), names=tuple(sources), sources=sources, owner="m", tag="7")


async def test_a_repeated_publish_is_carried_out_once(path: Path) -> None:
    async with Controller(path, "a") as a, Controller(path, "b") as b:
        first = await a.client.command(publish("same"))
        again = await b.client.command(publish("same"))
        assert first == again
        other = await a.client.command(publish("other"))
        assert other.session != first.session
        await eventually(lambda: any(isinstance(message, SessionClosed) for message in b.heard))
        made = [message.session.session for message in b.heard if isinstance(message, SessionChanged)]
        assert made == [first.session, other.session]


async def test_two_that_send_the_same_command_at_once(path: Path) -> None:
    async with Controller(path, "a") as a, Controller(path, "b") as b:
        replies = await asyncio.gather(*(peer.client.command(publish("same")) for peer in (a, b)))
        assert len({reply.session for reply in replies}) == 1


async def test_a_repeated_refusal_is_the_same_refusal(path: Path) -> None:
    async with Controller(path, "a") as a:
        command = Watch(id="bad", offer="nonsense", owner="v")
        codes = []
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                await a.client.command(command)
            codes.append(refused.value.code)
        assert codes == ["sdp.malformed", "sdp.malformed"]


async def test_a_controller_that_comes_back_finds_the_sessions(path: Path) -> None:
    async with Controller(path, "a") as a:
        made = await a.client.command(publish("1"))
        watched = await a.client.command(Watch(id="2", offer=RawViewer().offer(), owner="v", labels=("l",), tag="t"))
    async with Controller(path, "a") as back:
        assert [(s.session, s.etag, s.tag) for s in back.snapshot.sessions] == [
            (made.session, made.etag, "7"),
            (watched.session, watched.etag, "t"),
        ]
        await back.client.command(Close(id="3", session=made.session))
        await eventually(lambda: any(isinstance(message, SessionClosed) for message in back.heard))
        closed = next(message for message in back.heard if isinstance(message, SessionClosed))
        assert closed.n == back.snapshot.n + 1
