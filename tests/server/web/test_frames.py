"""What a socket is sent: messages that wait share a frame; a page that does not read is let go and holds nobody up (S17)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket as sockets
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from server.live.outbox import Shared
from server.live.room import Room
from server.web import keys, socket
from tests.harness.socket import messages_of
from tests.server.web.conftest import Web

HELLO = {"type": "hello", "build": "b", "surface": "screen"}


def test_as_few_frames_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "FRAME_BYTES", 10)
    words = [b"1", b"22", b"4444", b"333", b"55555", b"999999999999", b"7"]
    assert list(socket.frames(words, arrays=True)) == [b"[1,22,4444,333]", b"55555", b"999999999999", b"7"]
    assert list(socket.frames(words, arrays=False)) == words
    assert list(socket.frames([], arrays=True)) == []


async def opened(web: Web, lesson: str, protocol: int, role: str = "viewer") -> aiohttp.ClientWebSocketResponse:
    ws = await web.socket(lesson, web.bearer(await web.link(lesson, role)))
    await ws.send_json({**HELLO, "protocol": protocol})
    await heard(ws, lambda message: message["type"] == "state")
    return ws


async def heard(ws: aiohttp.ClientWebSocketResponse, wanted: Any) -> list[int]:
    """Read until a message is wanted; how many messages each frame had."""
    sizes: list[int] = []
    async with asyncio.timeout(10):
        while True:
            found = messages_of(await ws.receive_json())
            sizes.append(len(found))
            if any(wanted(message) for message in found):
                return sizes


def room_of(web: Web, lesson: str) -> Room:
    room = web.app[keys.LESSONS].rooms.running(lesson)
    assert room
    return room


def tell(room: Room, first: int, count: int, size: int = 1) -> None:
    """Events for every page, as a lesson tells them."""
    for seq in range(first, first + count):
        message = Shared({"type": "event", "seq": seq, "payload": "x" * size})
        for connection in room.connections.values():
            connection.outbox.put(message)


async def test_messages_that_wait_together_share_a_frame_where_the_page_takes_arrays(web: Web) -> None:
    lesson = await web.lesson()
    older, newer = await opened(web, lesson, 1), await opened(web, lesson, 2)
    tell(room_of(web, lesson), 1, 40)
    assert await heard(newer, lambda message: message.get("seq") == 40) == [40]
    assert await heard(older, lambda message: message.get("seq") == 40) == [1] * 40


async def test_an_acknowledgement_comes_with_what_it_made(web: Web) -> None:
    lesson = await web.lesson()
    ws = await opened(web, lesson, 2, "master")
    await ws.send_json({"type": "command", "id": "c1", "kind": "lesson.live", "payload": {}})
    kinds: list[str] = []

    def last(message: dict[str, Any]) -> bool:
        kinds.append(message["type"])
        return bool(message["type"] == "ack")

    await heard(ws, last)
    assert kinds[-3:] == ["event", "event", "ack"]


@asynccontextmanager
async def deaf(web: Web, lesson: str, buffer: int = 4096, extensions: str = "") -> AsyncIterator[sockets.socket]:
    """A page that was welcomed and reads nothing more."""
    headers = web.bearer(await web.link(lesson))
    loop = asyncio.get_running_loop()
    with sockets.socket() as raw:
        raw.setblocking(False)
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, buffer)
        await loop.sock_connect(raw, (web.client.host, web.client.port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /ws/{lesson} HTTP/1.1", f"Host: {web.client.host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Authorization: {headers['Authorization']}"]
        lines += [f"Sec-WebSocket-Extensions: {extensions}", "", ""] if extensions else ["", ""]
        await loop.sock_sendall(raw, "\r\n".join(lines).encode())
        hello = json.dumps({**HELLO, "protocol": 2}).encode()
        await loop.sock_sendall(raw, bytes((0x81, 0x80 | len(hello))) + bytes(4) + hello)
        got = b""
        async with asyncio.timeout(5):
            while b'"state"' not in got:
                got += await loop.sock_recv(raw, 1024)
        yield raw


async def frame(raw: sockets.socket) -> tuple[bool, bytes]:
    """The next one, as RFC 6455 section 5.2 lays it out: whether it is deflated, and its payload as it came."""
    loop = asyncio.get_running_loop()

    async def exactly(size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += await loop.sock_recv(raw, size - len(got))
        return got

    first, length = await exactly(2)
    if length > 125:
        length = int.from_bytes(await exactly(2 if length == 126 else 8), "big")
    return bool(first & 0x40), await exactly(length)


@pytest.mark.parametrize("extensions", ["", "permessage-deflate; client_max_window_bits"])
async def test_what_is_long_is_deflated_for_pages_that_take_it(web: Web, extensions: str) -> None:
    lesson = await web.lesson()
    async with deaf(web, lesson, 65_536, extensions) as raw, asyncio.timeout(5):
        room, found = room_of(web, lesson), list[tuple[bool, bytes]]()
        for size in (10, 40_000, 20, 50_000):
            tell(room, size, 1, size)
            while True:
                deflated, payload = await frame(raw)
                text = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff") if deflated else payload
                if f'"seq":{size},'.encode() in text:
                    break
            assert b"x" * size in text
            found.append((deflated, payload))
        assert [deflated for deflated, _ in found] == [False, bool(extensions), False, bool(extensions)]
        assert [len(payload) < 1_000 for _, payload in found] == [True, bool(extensions), True, bool(extensions)]


def sparingly(payload: bytes) -> Iterator[bytes]:
    """What a reader unpacks that remembers no more than 1024 bytes; raises `zlib.error` where that is not enough."""
    reader, left = zlib.decompressobj(-10), payload + b"\x00\x00\xff\xff"
    while left:
        yield reader.decompress(left, 100)
        left = reader.unconsumed_tail


async def test_a_page_with_a_small_window_can_unpack_what_it_is_sent(web: Web) -> None:
    lesson, word = await web.lesson(), os.urandom(700).hex()
    async with deaf(web, lesson, 65_536, "permessage-deflate; server_max_window_bits=10") as raw, asyncio.timeout(5):
        for connection in room_of(web, lesson).connections.values():
            connection.outbox.put(Shared({"type": "event", "seq": 1, "payload": word * 4}))
        deflated, text = False, b""
        while word.encode() not in text:
            deflated, payload = await frame(raw)
            text = b"".join(sparingly(payload)) if deflated else payload
        assert deflated
        assert (word * 4).encode() in text


async def test_a_page_that_does_not_read_is_let_go_and_slows_nobody(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "SEND_SECONDS", 0.3)
    lesson = await web.lesson()
    reading = await opened(web, lesson, 2)
    async with deaf(web, lesson):
        room = room_of(web, lesson)
        stuck = max(room.connections.values(), key=lambda connection: connection.number)
        for first in range(1, 2_001, 100):
            tell(room, first, 100, 4_000)
            await heard(reading, lambda message, last=first + 99: message.get("seq") == last)
        assert stuck.outbox.slow
        assert len(stuck.outbox._waiting) <= 1, "what it did not take is thrown away"
        async with asyncio.timeout(5):
            while len(room.connections) > 1:
                await asyncio.sleep(0.01)
    assert web.app[keys.METRICS].slow._value.get() == 1
    tell(room, 2_001, 1)
    assert await heard(reading, lambda message: message.get("seq") == 2_001)


async def test_a_page_that_reads_slowly_is_waited_for(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of 100 kbit/s takes a large state for longer than `SEND_SECONDS`: as long as it takes something it stays."""
    monkeypatch.setattr(socket, "SEND_SECONDS", 0.3)
    lesson, size = await web.lesson(), 8_000_000
    loop = asyncio.get_running_loop()
    async with deaf(web, lesson, 65_536) as raw:
        room = room_of(web, lesson)
        tell(room, 1, 1, size)
        taken, begun = 0, loop.time()
        async with asyncio.timeout(30):
            while taken < size:
                taken += len(await loop.sock_recv(raw, 131_072))
                await asyncio.sleep(0.01)
        assert loop.time() - begun > 0.6, "longer than a page may that takes nothing"
        assert len(room.connections) == 1
    assert web.app[keys.METRICS].slow._value.get() == 0
