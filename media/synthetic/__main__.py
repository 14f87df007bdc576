"""`python -m media.synthetic`: a synthetic master classroom and synthetic remote classrooms, by a JSON spec on standard input.

```json
{"master": {"whip": URL, "token": T},
 "classrooms": [{"whip": URL, "whep": URL, "socket": URL, "token": T}, …],
 "insecure_tls": false}
```
`insecure_tls` accepts the certificate of a local CA that this machine does not know. Everything runs at low priority.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import sys

import aiohttp
import msgspec

from media.synthetic.peer import Peer, keep, publisher, watcher
from media.synthetic.pictures import classroom, slides, teacher
from media.synthetic.report import keep_reporting
from media.synthetic.tracks import PictureTrack, VoiceTrack
from media.synthetic.undecoded import frames_taken, receive_without_decoding
from media.synthetic.voice import Samples, speech, tones

NICE = 10


class Endpoint(msgspec.Struct, frozen=True):
    """Where one classroom publishes and watches."""

    whip: str
    token: str
    whep: str = ""
    """Empty: it does not watch."""
    socket: str = ""
    """Empty: it does not report what it received."""


class Spec(msgspec.Struct, frozen=True):
    """The lesson to play."""

    master: Endpoint
    classrooms: list[Endpoint] = []
    insecure_tls: bool = False


def _master(http: aiohttp.ClientSession, at: Endpoint, voice: Samples) -> Peer:
    tracks = [VoiceTrack(voice), PictureTrack(teacher(320, 180), 12), PictureTrack(slides(640, 360), 3)]
    return publisher(http, f"{at.whip}?sources=mic,camera,screen", at.token, tracks)


def _classroom(http: aiohttp.ClientSession, at: Endpoint, number: int) -> Peer:
    tracks = [VoiceTrack(tones(seed=number)), PictureTrack(classroom(320, 180, number), 5)]
    return publisher(http, f"{at.whip}?sources=mic,camera", at.token, tracks)


async def _watch(http: aiohttp.ClientSession, at: Endpoint) -> None:
    """Hold a plain WHEP session, and report what comes on it."""
    current: list[Peer] = []

    def make() -> Peer:
        current[:] = [watcher(http, at.whep, at.token, ("audio", "video", "video"))]
        return current[0]

    def totals() -> dict[str, int]:
        tracks = [transceiver.receiver.track for peer in current for transceiver in peer.pc.getTransceivers()]
        return {name: frames_taken(track) for name, track in zip(("audio", "camera", "screen"), tracks, strict=False) if track}

    async with asyncio.TaskGroup() as group:
        group.create_task(keep(make, random.random))
        if at.socket:
            group.create_task(keep_reporting(http, at.socket, at.token, totals))


async def play(spec: Spec) -> None:
    """Hold every connection until cancelled."""
    receive_without_decoding()
    voice = await asyncio.to_thread(speech)
    connector = aiohttp.TCPConnector(ssl=not spec.insecure_tls)
    timeout = aiohttp.ClientTimeout(total=10)
    jitter = random.random
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http, asyncio.TaskGroup() as group:
        group.create_task(keep(lambda: _master(http, spec.master, voice), jitter))
        for number, at in enumerate(spec.classrooms, 1):
            group.create_task(keep(lambda at=at, number=number: _classroom(http, at, number), jitter))  # type: ignore[misc]
            if at.whep:
                group.create_task(_watch(http, at))


async def _until_signal(spec: Spec) -> None:
    task = asyncio.create_task(play(spec))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """Entry of `python -m media.synthetic`."""
    logging.basicConfig(level=os.environ.get("SHUANGSHI_LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aioice").setLevel(logging.WARNING)  # it tells every check of every candidate pair
    with contextlib.suppress(OSError):
        os.nice(NICE)
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=Spec)
    asyncio.run(_until_signal(spec))


if __name__ == "__main__":
    main()
