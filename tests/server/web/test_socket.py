"""The live socket's own rules: hello, silence, sizes, origin, sentences. What it says is tested with `live`."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from server.web import keys, socket
from tests.server.web.conftest import Web

HELLO = {"type": "hello", "protocol": 1, "build": "b", "surface": "screen"}


async def until(ws: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = await ws.receive_json()
            if message["type"] == kind:
                return message


async def closed(ws: aiohttp.ClientWebSocketResponse) -> None:
    async with asyncio.timeout(5):
        while (await ws.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            pass


async def none_open(web: Web) -> None:
    async with asyncio.timeout(5):
        while web.app[socket.OPEN]:
            await asyncio.sleep(0.005)


async def test_hello_welcome_state_command_ping(web: Web) -> None:
    lesson = await web.lesson()
    master = await web.link(lesson, "master", "王老师")
    ws = await web.socket(lesson, web.bearer(master))
    await ws.send_json(HELLO)
    welcome = await until(ws, "welcome")
    assert welcome["you"] == {"participant": "master", "role": "master", "name": "王老师", "seat": 0}
    assert welcome["build"] == web.app[keys.ASSETS].build
    assert (await until(ws, "state"))["state"]["lesson"]["phase"] == "scheduled"
    await ws.send_json({"type": "command", "id": "c1", "kind": "lesson.live", "payload": {}})
    assert (await until(ws, "ack"))["id"] == "c1"
    await ws.send_json({"type": "ping", "t": 5})
    assert (await until(ws, "pong"))["t"] == 5
    await ws.close()


async def test_refusals_carry_sentences(web: Web) -> None:
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(HELLO)
    await ws.send_json({"type": "command", "id": "c1", "kind": "lesson.live", "payload": {}})
    refused = await until(ws, "refused")
    assert refused["id"] == "c1"
    assert refused["error"]["code"] == "forbidden"
    assert refused["error"]["message"]["zh"]
    assert refused["error"]["message"]["en"]


@pytest.mark.parametrize("frame", ["{", "[]", "1", '{"type":"command"}', '{"type":"nonsense"}'])
async def test_bad_frames_are_refused_and_the_socket_lives(web: Web, frame: str) -> None:
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(HELLO)
    await ws.send_str(frame)
    assert (await until(ws, "refused"))["error"]["code"] == "request.malformed"
    await ws.send_json({"type": "ping", "t": 1})
    await until(ws, "pong")


@pytest.mark.parametrize("first", [{"type": "ping", "t": 1}, {"type": "hello", "protocol": 99}, {"type": "hello"}])
async def test_hello_comes_first(web: Web, first: dict[str, Any]) -> None:
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(first)
    assert (await until(ws, "refused"))["error"]["code"] == "request.malformed"
    await closed(ws)


async def test_silence_ends_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "HELLO_SECONDS", 0.01)
    lesson = await web.lesson()
    await closed(await web.socket(lesson, web.bearer(await web.link(lesson))))
    await none_open(web)
    assert web.app[keys.METRICS].sockets._value.get() == 0


async def test_an_oversized_frame_ends_it(web: Web) -> None:
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(HELLO)
    await until(ws, "welcome")
    await ws.send_str("x" * 70_000)
    await closed(ws)
    assert ws.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_flood_of_frames_ends_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "FRAMES_PER_MINUTE", 60)
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(HELLO)
    for _ in range(80):
        await ws.send_json({"type": "ping", "t": 1})
    assert (await until(ws, "refused"))["error"]["code"] == "request.too_many"
    await closed(ws)


async def test_origin_and_entitlement(web: Web) -> None:
    lesson = await web.lesson()
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await web.socket(lesson)
    await web.join(await web.link(lesson))
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await web.socket(lesson, {"Origin": "https://evil.example"})
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await web.socket(lesson)
    ws = await web.socket(lesson, {"Origin": web.origin})
    await ws.send_json(HELLO)
    await until(ws, "welcome")


async def test_revocation_says_bye_and_closes(web: Web) -> None:
    lesson = await web.lesson()
    link = await web.link(lesson)
    ws = await web.socket(lesson, web.bearer(link))
    await ws.send_json(HELLO)
    await until(ws, "welcome")
    await web.app[keys.LESSONS].revoke(link.id)
    assert (await until(ws, "bye"))["code"] == "revoked"
    await closed(ws)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await web.socket(lesson, web.bearer(link))


async def test_a_stopping_process_closes_sockets_so_that_pages_come_back(web: Web) -> None:
    lesson = await web.lesson()
    ws = await web.socket(lesson, web.bearer(await web.link(lesson)))
    await ws.send_json(HELLO)
    await until(ws, "welcome")
    closing = asyncio.ensure_future(socket.close_all(web.app))
    await closed(ws)
    await closing
    assert ws.close_code == aiohttp.WSCloseCode.SERVICE_RESTART


async def test_sockets_per_address_are_bounded(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app[keys.SOCKETS_BY_ADDRESS], "_most", 1)
    lesson = await web.lesson()
    headers = web.bearer(await web.link(lesson))
    ws = await web.socket(lesson, headers)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="429"):
        await web.socket(lesson, headers)
    await ws.close()
    await none_open(web)
    await (await web.socket(lesson, headers)).close()
