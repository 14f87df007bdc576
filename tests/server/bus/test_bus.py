from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.bus import Bus, Head, Here, LocalBus, Revoked, Signalled
from server.bus.notes import LIMIT, decode_note, encode_note
from server.bus.redis import RedisBus
from tests.harness.redis import REDIS, RedisServer

NOTES = [
    Head(lesson="L1", seq=7),
    Revoked(link="k"),
    Here(lesson="L1", node="n", participants={"p": {"plays": {"audio": True}}}),
    Signalled(lesson="L1", node="n", kind="pointer", by="room", payload={"sheet": "c1", "page": 1, "x": 5}),
]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    if REDIS is None:
        pytest.skip("no redis-server here")
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture(params=["local", "redis"])
async def buses(request) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two ends of one bus."""
    if request.param == "local":
        one = two = LocalBus()
    else:
        url = request.getfixturevalue("redis_server").url
        one, two = RedisBus(url), RedisBus(url)
    ends = list(dict.fromkeys((one, two)))
    for end in ends:
        await end.start()
    yield one, two
    for end in ends:
        await end.stop()


async def arrived(notes: list, count: int) -> list:
    async with asyncio.timeout(5):
        while len(notes) < count:
            await asyncio.sleep(0.005)
    return notes


async def test_everybody_hears_everything_in_order(buses: tuple[Bus, Bus]) -> None:
    one, two = buses
    mine, theirs = [], []
    one.subscribe(mine.append)
    two.subscribe(theirs.append)
    for note in NOTES:
        await one.publish(note)
    assert await arrived(mine, len(NOTES)) == NOTES
    assert await arrived(theirs, len(NOTES)) == NOTES


async def test_a_failing_listener_is_not_the_others_failure(buses: tuple[Bus, Bus]) -> None:
    one, two = buses
    heard = []
    two.subscribe(lambda note: 1 / 0)
    two.subscribe(heard.append)
    await one.publish(NOTES[0])
    assert await arrived(heard, 1) == NOTES[:1]


async def test_publish_never_delivers_inside_itself() -> None:
    bus, heard = LocalBus(), []
    bus.subscribe(heard.append)
    await bus.publish(NOTES[0])
    assert heard == []
    await asyncio.sleep(0)
    assert heard == NOTES[:1]


async def test_redis_away_and_back(redis_server: RedisServer) -> None:
    bus, heard = RedisBus(redis_server.url), []
    bus.subscribe(heard.append)
    await bus.start()
    redis_server.stop()
    await bus.publish(NOTES[0])
    assert bus.dropped == 1
    redis_server.start()
    async with asyncio.timeout(10):
        while not heard:
            await bus.publish(NOTES[1])
            await asyncio.sleep(0.05)
    assert heard[0] == NOTES[1]
    await bus.stop()


async def test_garbage_on_the_channel_is_counted(redis_server: RedisServer) -> None:
    from redis.asyncio import Redis

    bus, heard = RedisBus(redis_server.url), []
    bus.subscribe(heard.append)
    await bus.start()
    client = Redis.from_url(redis_server.url)
    await client.publish("shuangshi:notes", b"\xff nonsense")
    await bus.publish(NOTES[0])
    assert await arrived(heard, 1) == NOTES[:1]
    assert bus.dropped == 1
    await client.aclose()
    await bus.stop()


async def test_without_a_redis_nothing_is_held_up() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bus = RedisBus(f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        await bus.publish(NOTES[0])
        assert bus.dropped == 1
        await bus.stop()


@pytest.mark.parametrize("note", NOTES)
def test_notes_survive_the_wire(note) -> None:
    assert decode_note(encode_note(note)) == note


@given(st.binary())
def test_any_bytes_are_a_note_or_nothing(data: bytes) -> None:
    note = decode_note(data)
    assert note is None or decode_note(encode_note(note)) == note
    assert decode_note(b" " * (LIMIT + 1)) is None
