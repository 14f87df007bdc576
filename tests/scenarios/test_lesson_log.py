"""Eight rooms raise hands through two web processes, one of which is killed in the middle: one gapless log, every acknowledged command
in it exactly once, and every page with the same order of events before it, across and after (S14, S19).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from server.domain.events import Envelope
from server.settings import read
from server.store import Store
from tests.harness.postgres import Postgres
from tests.harness.product import Link, Product
from tests.harness.redis import REDIS, RedisServer
from tests.harness.socket import LessonSocket, go_live

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(REDIS is None, reason="no redis-server: run make system"),
]

WRITERS, COMMANDS = 8, 40


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    server = RedisServer(tmp_path)
    yield server.url
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings of the database."""
    if request.param == "sqlite":
        yield {}
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with postgres.database() as name:
        yield {"SHUANGSHI_DATABASE_URL": postgres.url(name)}


@pytest_asyncio.fixture(loop_scope="module")
async def doors(redis: str, base: dict[str, str], tmp_path: Path) -> AsyncIterator[list[Product]]:
    """The first with the media worker, the second a web process alone."""
    first = Product(tmp_path / "data", {"SHUANGSHI_REDIS_URL": redis, **base})
    second = Product(first.data, first.settings, media_port=first.media_port)
    async with first:
        await second.start("web")
        yield [first, second]
        if second.running:
            await second.stop()


@dataclass
class Room:
    """One classroom's page: raises and lowers hands, comes back by whatever door is open, sends again what has no answer."""

    doors: list[Product]
    lesson: str
    link: Link
    number: int
    together: asyncio.Barrier
    participant: str = ""
    acknowledged: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[int, str]] = field(default_factory=list)
    """Events in their order, without repeats."""
    last: int | None = None
    sockets: int = 0
    states: int = 0

    async def run(self, door: int, count: int) -> None:
        """Until `count` commands are acknowledged."""
        while len(self.acknowledged) < count:
            try:
                async with LessonSocket(self.doors[door], self.lesson, self.link, after=self.last) as socket:
                    self.sockets += 1
                    try:
                        await self._talk(socket, count)
                    finally:
                        self._take(socket.heard)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                door = 1 - door

    async def _talk(self, socket: LessonSocket, count: int) -> None:
        welcome = await socket.until(lambda message: message["type"] == "welcome")
        self.participant = welcome["you"]["participant"]
        if not self.acknowledged:
            await socket.until(self._joined)
            await self.together.wait()
        while len(self.acknowledged) < count:
            number = len(self.acknowledged)
            payload = {"participant": self.participant, "seat": 1 + number // 2 % 5}
            answer = await socket.send(f"c{number}", ("hand.raise", "hand.cancel")[number % 2], payload)
            assert answer["type"] == "ack", answer
            self.acknowledged[f"c{number}"] = answer["seq"]

    def _joined(self, message: dict[str, Any]) -> bool:
        if message["type"] == "state":
            return self.participant in message["state"]["participants"]
        return message.get("kind") == "participant.joined" and message["payload"]["participant"] == self.participant

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["type"] == "state":
                self.last = message["seq"]
                self.states += 1
            elif message["type"] == "event":
                assert message["prev"] == self.last, (self.number, message)
                self.last = message["seq"]
                self.heard.append((message["seq"], message["kind"]))


async def test_one_of_two_doors_is_killed_in_the_middle(doors: list[Product]) -> None:
    first, second = doors
    people = [("master", "王老师"), *(("classroom", f"Room {number}") for number in range(WRITERS))]
    lesson, (master, *links) = await first.invite(people)  # type: ignore[arg-type]
    await go_live(first, lesson, master)
    together = asyncio.Barrier(WRITERS)
    rooms = [Room(doors, lesson, link, number, together) for number, link in enumerate(links)]

    running = [asyncio.create_task(room.run(room.number % 2, COMMANDS)) for room in rooms]
    async with asyncio.timeout(120):
        while max(len(room.acknowledged) for room in rooms) < COMMANDS // 2:
            await asyncio.sleep(0.01)
        second.kill()
        told = [len(room.acknowledged) for room in rooms[1::2]]
        await asyncio.gather(*running)
    assert max(told) < COMMANDS, "it was killed in the middle"
    assert all(room.sockets == 1 + room.number % 2 for room in rooms), "who came in by the other door did not notice"

    await second.start("web")
    await asyncio.gather(*(room.run(1, COMMANDS + 4) for room in rooms))

    events = await _log(first, lesson)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    hands = {(event.actor, event.command_id): event for event in events if event.kind.startswith("hand.")}
    assert len(hands) == len([event for event in events if event.kind.startswith("hand.")]), "a command was written twice"
    acknowledged = {(room.link.id, command): seq for room in rooms for command, seq in room.acknowledged.items()}
    assert acknowledged == {key: event.seq for key, event in hands.items()}
    assert len(acknowledged) == WRITERS * (COMMANDS + 4)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert "clock.anchored" in [event.kind for event in events], "the second door was opened anew while the lesson ran"

    written = [(event.seq, event.kind) for event in events if event.kind != "clock.anchored"]
    for room in rooms:
        assert room.states == 1, "it went on where it was"
        first_seq, last_seq = room.heard[0][0], room.heard[-1][0]
        assert room.heard == [pair for pair in written if first_seq <= pair[0] <= last_seq]
        assert last_seq >= max(room.acknowledged.values())


async def _log(product: Product, lesson: str) -> list[Envelope]:
    store = await Store.open(read({**product.environment}).database_url)
    try:
        return await store.tail(lesson, 0)
    finally:
        await store.close()
