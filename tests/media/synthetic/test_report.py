from __future__ import annotations

import asyncio
import queue

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from media.synthetic import report, undecoded


def test_only_what_grew_was_played() -> None:
    totals = {"audio": 0, "camera": 3}
    played = report.Played(lambda: totals)
    assert played.look() == {"audio": False, "camera": True}
    assert played.look() == {"audio": False, "camera": False}
    totals["audio"] = 50
    assert played.look() == {"audio": True, "camera": False}


def test_a_new_session_counts_from_its_own_zero() -> None:
    totals = {"camera": 300}
    played = report.Played(lambda: totals)
    played.look()
    totals["camera"] = 4
    assert played.look() == {"camera": True}


def test_frames_are_counted_for_the_track_they_would_have_gone_to() -> None:
    class Track:
        def __init__(self) -> None:
            self._queue: asyncio.Queue[object] = asyncio.Queue()

    watched, other, frames = Track(), Track(), queue.Queue()
    for item in ("frame", "frame", None):
        frames.put(item)
    undecoded.discard_worker(None, frames, watched._queue, None)
    assert (undecoded.frames_taken(watched), undecoded.frames_taken(other)) == (2, 0)


async def test_it_says_hello_reports_and_comes_back(monkeypatch) -> None:
    monkeypatch.setattr(report, "PERIOD", 0.01)
    monkeypatch.setattr(report, "RETRY", 0.01)
    heard: asyncio.Queue[dict] = asyncio.Queue()

    async def live(request: web.Request) -> web.WebSocketResponse:
        assert request.headers["Authorization"] == "Bearer T"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for _ in range(3):
            heard.put_nowait(await socket.receive_json())
        return socket

    app = web.Application()
    app.router.add_get("/ws", live)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        task = asyncio.create_task(report.keep_reporting(http, str(server.make_url("/ws")), "T", lambda: {"audio": 5}))
        first, second, third, again = [await heard.get() for _ in range(4)]
        task.cancel()
    assert [first["type"], again["type"]] == ["hello", "hello"]
    assert second["payload"] == {"audio": True}
    assert third["payload"] == {"audio": False}
