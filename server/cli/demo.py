"""`shuangshi demo`: a lesson called demo that goes on by itself.

It makes lesson and links, opens the lesson and puts it on air as the synthetic master, through the public door, and then
becomes `python -m media.synthetic`, which reads on standard input:

```json
{"master": {"whip": URL, "token": T}, "classrooms": [{"whip": URL, "whep": URL, "socket": URL, "token": T}, …], "insecure_tls": false}
```
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from typing import Any

import aiohttp
import msgspec
import structlog

from server.accounts import demo
from server.cli.papers import Desk, Paper, base_url, open_desk
from server.live.messages import PROTOCOL
from server.settings import Settings

log = structlog.get_logger("demo")

WAIT_SECONDS = 60.0
ANSWER_SECONDS = 10.0
NICE = 10


async def prepare(settings: Settings) -> dict[str, Any]:
    """Lesson and links; what the synthetic classrooms need to know. Raises `AppError`."""
    async with open_desk(settings) as desk:
        lesson = await desk.demo_lesson()
        await visitor_papers(desk, lesson)
        master = await desk.kept(lesson, "master", demo.SYNTHETIC_MASTER)
        rooms = [await desk.kept(lesson, "classroom", name) for name in demo.SYNTHETIC_CLASSROOMS]
    own_ca = settings.lan and settings.tls_cert is None
    return {"master": _endpoint(master), "classrooms": [_endpoint(room) for room in rooms], "insecure_tls": own_ca}


async def visitor_papers(desk: Desk, lesson: str) -> list[Paper]:
    """The links for people."""
    return [await desk.kept(lesson, role, name) for role, name in demo.VISITORS]


def _endpoint(paper: Paper) -> dict[str, str]:
    socket = paper.whip.replace("http", "ws", 1).replace("/whip/", "/ws/", 1)
    return {"whip": paper.whip, "whep": paper.whep, "socket": socket, "token": paper.token}


async def go_live(spec: dict[str, Any]) -> None:
    """Open the lesson and put it on air, as its master. Waits for the web process. Raises `TimeoutError`."""
    connector = aiohttp.TCPConnector(ssl=not spec["insecure_tls"])
    until = time.monotonic() + WAIT_SECONDS
    async with aiohttp.ClientSession(connector=connector) as http:
        while not await _say_live(http, spec["master"]):
            if time.monotonic() > until:
                raise TimeoutError("the demo lesson could not be put on air: no answer from the web process")
            await asyncio.sleep(0.5)


async def _say_live(http: aiohttp.ClientSession, master: dict[str, str]) -> bool:
    try:
        async with http.ws_connect(master["socket"], headers={"Authorization": f"Bearer {master['token']}"}) as ws:
            await ws.send_json({"type": "hello", "protocol": PROTOCOL, "surface": "console"})
            phase = (await _answer(ws, "state", "bye"))["state"]["lesson"]["phase"]
            if phase == "live":
                return True
            for kind in ("lesson.live", "record.stop"):  # it never ends: recorded, it would fill every disk
                await ws.send_json({"type": "command", "id": os.urandom(8).hex(), "kind": kind, "payload": {}})
                answer = await _answer(ws, "ack", "refused")
                log.info(kind, answer=answer["type"])
            return bool(answer["type"] == "ack")
    except (aiohttp.ClientError, KeyError, TimeoutError, TypeError):
        return False


async def _answer(ws: aiohttp.ClientWebSocketResponse, *types: str) -> dict[str, Any]:
    """The next message of one of these types."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            frame = await ws.receive_json()
            for message in frame if isinstance(frame, list) else [frame]:
                if message.get("type") in types:
                    return dict(message)


def become_synthetic(spec: dict[str, Any]) -> None:
    """Replace this process by the synthetic classrooms, at low priority; does not return."""
    with tempfile.TemporaryFile() as file:
        file.write(msgspec.json.encode(spec))
        file.seek(0)
        os.dup2(file.fileno(), 0)
    os.nice(NICE)
    os.execv(sys.executable, [sys.executable, "-m", "media.synthetic"])  # noqa: S606 — our own module


def run(settings: Settings) -> None:
    """The whole command; does not return."""

    async def first() -> dict[str, Any]:
        log.info("waits for the web process", at=base_url(settings))
        spec = await prepare(settings)
        await go_live(spec)
        return spec

    become_synthetic(asyncio.run(first()))
