"""`/hls/TOKEN/…`: a lesson that goes on as HLS (RFC 8216), for televisions, head-ends and large audiences. The token is a viewer's link."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from server.accounts.tokens import LinkClaims, check_expiry
from server.domain.link import Link
from server.domain.recording import Recording
from server.errors import Forbidden, LinkInvalid, NotThere, RecordingNotReady
from server.replay import hls
from server.replay.hls import GROUPS, JOIN, TEACHER, Presentation
from server.web.doors import Doors
from server.web.keys import HLS_BY_VISITOR, HLS_LINKS, LESSONS, LIVE_REPLAYS, OFFICE, SETTINGS, SIGNER
from server.web.ranges import Unsatisfiable, part_of
from server.web.visitor import visitor

HLS_PER_MINUTE = 6_000
"""Requests of one link from one address: some fifty televisions."""
PATIENCE_SECONDS = 20.0
"""Whoever comes first waits so long until there is something to play."""
FRESH_MS = 2_000
"""A revoked link is worth nothing after so long."""
LINKS = 2_000
MOST_JOINED = 30
_JOINED = re.compile(rf"(?P<run>[0-9a-z.]+)-(?P<number>[0-9]{{6}}){JOIN}(?P<count>[0-9]{{1,3}})\.(?P<ending>m4s)")
_M3U8 = "application/vnd.apple.mpegurl"
_MINUTE_MS = 60_000


class KnownLinks:
    """Links as they were two seconds ago: hundreds of televisions ask for parts with the same one."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, Link | None]] = OrderedDict()

    async def get(self, link: str, now: int, read: Callable[[str], Awaitable[Link | None]]) -> Link | None:
        """`now`: UTC ms."""
        at, found = self._known.get(link, (-FRESH_MS, None))
        if now - at >= FRESH_MS:
            found = await read(link)
            self._known[link] = (now, found)
            self._known.move_to_end(link)
            while len(self._known) > LINKS:
                self._known.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class _Opened:
    recording: Recording
    since: int


async def _opened(request: web.Request, *, entering: bool) -> _Opened:
    """What the token opens. `entering`: the link's time counts; it cuts nobody off who watches.

    Raises `LinkInvalid`, `LinkExpired`, `Forbidden` for other roles, `NotThere` where nothing is recorded, `TooMany`.
    """
    app = request.app
    claims: LinkClaims = app[SIGNER].read_link(request.match_info["token"])
    app[HLS_BY_VISITOR].take(f"{claims.link} {visitor(request).address}", time.monotonic_ns())
    link = await app[HLS_LINKS].get(claims.link, app[OFFICE].now(), app[LESSONS].link)
    if link is None or link.revoked_at is not None:
        raise LinkInvalid("revoked")
    if link.role != "viewer":
        raise Forbidden("a viewer's link is needed")
    if entering:
        check_expiry(link.expires_at, app[OFFICE].now())
    recording = await app[LIVE_REPLAYS].recording(link.lesson)
    if recording is None or recording.removed is not None:
        raise NotThere
    return _Opened(recording, link.created)  # before the lesson was live nothing is recorded


async def playlist(request: web.Request) -> web.Response:
    """`GET /hls/TOKEN/index.m3u8`: the teacher; `screen.m3u8`: the screen with the teacher's sound; and what they name."""
    name = request.match_info["playlist"]
    group, _, part = (TEACHER if name == "index" else name).partition(".")
    if group not in GROUPS or part not in ("", "sound", "film"):
        raise NotThere
    opened = await _opened(request, entering=not part)
    if not part:
        text = hls.multivariant(await _begun(request, opened, group), group)
    else:
        tag, shown = await _shown(request, opened.recording, group)
        key = f"{group}.{part} {opened.since}"
        text = request.app[LIVE_REPLAYS].kept(opened.recording, tag, key, lambda: _media(request, shown, part, opened.since))
    return web.Response(text=text, content_type=_M3U8, headers={hdrs.CACHE_CONTROL: "max-age=1"})


def _media(request: web.Request, shown: Presentation, part: str, since: int) -> str:
    settings = request.app[SETTINGS]
    window = (settings.hls_minutes or settings.live_minutes) * _MINUTE_MS
    entries = shown.sound if part == "sound" else shown.film
    return hls.media(shown, entries, since, window, event=not (window or settings.live_megabytes))


async def _shown(request: web.Request, recording: Recording, group: str) -> tuple[str, Presentation]:
    live = request.app[LIVE_REPLAYS]
    tag, there, made = await live.televised(recording, group)
    return tag, live.kept(recording, tag, group, lambda: hls.presentation(there, made, group))


async def _begun(request: web.Request, opened: _Opened, group: str) -> Presentation:
    """As soon as whoever comes now finds sound and film, or one of them for some seconds. Raises `RecordingNotReady`."""
    end, alone = time.monotonic() + PATIENCE_SECONDS, time.monotonic() + PATIENCE_SECONDS / 2
    while True:
        _, shown = await _shown(request, opened.recording, group)
        sound, film = (any(one.begin >= opened.since for one in part) for part in (shown.sound, shown.film))
        if (sound and film) or (sound and time.monotonic() > alone) or shown.ended:
            return shown
        if time.monotonic() > end:
            raise RecordingNotReady("nothing to play yet", state="live")
        await asyncio.sleep(0.25)


async def part(request: web.Request) -> web.StreamResponse:
    """`GET /hls/TOKEN/NAME`: an init part, a segment, or `NAME~N.m4s`: so many that follow each other."""
    opened = await _opened(request, entering=False)
    headers: dict[str, str] = {hdrs.CONTENT_TYPE: "video/mp4", hdrs.CACHE_CONTROL: "public, max-age=14400, immutable"}
    paths = [await request.app[LIVE_REPLAYS].part(opened.recording, name, opened.since) for name in _names(request.match_info["part"])]
    if len(paths) == 1:
        return web.FileResponse(paths[0], headers=headers)
    return _ranged(request, await asyncio.to_thread(_joined, paths), headers)


def _ranged(request: web.Request, body: bytes, headers: dict[str, str]) -> web.Response:
    """In ranges if wanted (RFC 9110 section 14): Chromium plays nothing that is served otherwise."""
    try:
        asked = part_of(request.headers.get(hdrs.RANGE), len(body))
    except Unsatisfiable:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{len(body)}"})
    headers = {**headers, hdrs.ACCEPT_RANGES: "bytes"}
    if asked is None:
        return web.Response(body=body, headers=headers)
    headers[hdrs.CONTENT_RANGE] = f"bytes {asked.begin}-{asked.end - 1}/{len(body)}"
    return web.Response(status=206, body=body[asked.begin : asked.end], headers=headers)


def _names(asked: str) -> list[str]:
    """Raises `NotThere` for what can be none."""
    if JOIN not in asked:
        return [asked]
    found = _JOINED.fullmatch(asked)
    if found is None or not 1 < int(found["count"]) <= MOST_JOINED:
        raise NotThere
    return [f"{found['run']}-{int(found['number']) + n:06}.{found['ending']}" for n in range(int(found["count"]))]


def _joined(paths: list[Path]) -> bytes:
    return b"".join(path.read_bytes() for path in paths)


def add_routes(doors: Doors) -> None:
    """Their addresses."""
    doors.get("/hls/{token}/{playlist}.m3u8", playlist, "hls.watch")
    doors.get("/hls/{token}/{part}", part, "hls.watch")
