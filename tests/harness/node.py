"""A media worker's node in this process, on loopback, with what it told; clients join through its commands."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from media.client.messages import AnyEvent, Close, Configure, Label, Patch, Publish, Reply, SlotPlan, SourceSpec, Stats, Watch
from media.worker.node import Node
from media.worker.settings import WorkerSettings
from tests.harness.raw import Answer
from tests.harness.sending import RawPublisher
from tests.harness.viewing import Decoder, RawViewer, eventually

LABELS = ("lesson",)
E = TypeVar("E")


def plan(*sources: str, quality: Any = "high") -> SlotPlan:
    """A slot's wish."""
    return SlotPlan(sources=sources, quality=quality)


class NodeUnderTest:
    """The node and shorthand for its commands."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.events: list[AnyEvent] = []
        self._numbers = itertools.count(1)
        self._ids = itertools.count(1)
        node.connect(lambda: next(self._numbers), self.events.append)
        self._clients: list[RawPublisher | RawViewer | Decoder] = []

    def next_id(self) -> str:
        return f"c{next(self._ids)}"

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def publish(self, peer: RawPublisher, keys: Mapping[str, str], *, owner: str, labels: Sequence[str] = LABELS, **how: Any) -> None:
        """Publish name → key and connect."""
        sources = {name: SourceSpec(key=key, labels=tuple(labels)) for name, key in keys.items()}
        reply = await self.node.execute(Publish(id=self.next_id(), offer=peer.offer(), names=tuple(keys), sources=sources, owner=owner))
        await self._connect(peer, reply, **how)

    async def watch(
        self, peer: RawViewer, slots: Mapping[str, SlotPlan], *, owner: str = "somebody", labels: Sequence[str] = LABELS, **how: Any
    ) -> None:
        """Watch the named slots, an m-line each, and connect."""
        command = Watch(id=self.next_id(), offer=peer.offer(), names=tuple(slots), slots=dict(slots), owner=owner, labels=tuple(labels))
        reply = await self.node.execute(command)
        peer.take_answer(Answer.read(reply.answer), tuple(slots))
        await self._connect(peer, reply, **how)

    async def decode(self, slots: Mapping[str, SlotPlan], *, owner: str = "somebody", labels: Sequence[str] = LABELS) -> Decoder:
        """An aiortc viewer of the named slots."""
        peer = Decoder(["audio" if name.endswith(".audio") else "video" for name in slots])
        self._clients.append(peer)
        command = Watch(
            id=self.next_id(), offer=await peer.offer(), names=tuple(slots), slots=dict(slots), owner=owner, labels=tuple(labels)
        )
        reply = await self.node.execute(command)
        peer.session = reply.session
        await peer.take(reply.answer)
        return peer

    async def _connect(self, peer: RawPublisher | RawViewer, reply: Reply, **how: Any) -> None:
        self._clients.append(peer)
        peer.session = reply.session
        await peer.connect(Answer.read(reply.answer), **how)

    async def configure(self, session: str, slots: Mapping[str, SlotPlan], labels: Sequence[str] = LABELS) -> None:
        await self.node.execute(Configure(id=self.next_id(), session=session, labels=tuple(labels), slots=dict(slots)))

    async def label(self, *specs: SourceSpec) -> None:
        await self.node.execute(Label(id=self.next_id(), sources=specs))

    async def patch(self, session: str, etag: str, fragment: str) -> Reply:
        return await self.node.execute(Patch(id=self.next_id(), session=session, etag=etag, fragment=fragment))

    async def end(self, session: str) -> None:
        await self.node.execute(Close(id=self.next_id(), session=session))

    def forget(self, clients: Sequence[RawViewer]) -> None:
        """These have left for good."""
        self._clients = [client for client in self._clients if client not in clients]

    async def stats(self) -> dict[str, float]:
        return (await self.node.execute(Stats(id=self.next_id()))).counters

    async def until(self, kind: type[E], seconds: float = 5.0, **fields: object) -> E:
        """The first event of this kind with these fields."""

        def find() -> E | None:
            return next((event for event in self.of(kind) if all(getattr(event, name) == value for name, value in fields.items())), None)

        await eventually(find, seconds, lambda: self.events[-8:])
        found = find()
        assert found
        return found

    async def close(self) -> None:
        """Say goodbye to the clients, then end."""
        for client in self._clients:
            result = client.close()
            if result is not None:
                await result
        await self.node.close()


@contextlib.asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[NodeUnderTest]:
    """A node on free ports; afterwards no fault may have been counted."""
    under_test = NodeUnderTest(await Node.open(WorkerSettings(**{"port": 0, **settings})))
    try:
        yield under_test
        assert (await under_test.stats())["transport.errors"] == 0
    finally:
        await under_test.close()
