"""Watching a lesson while it goes on, from any moment that was recorded: who may, and the parts that are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from server.accounts.tokens import ReplayPaper, ShiftPaper, check_expiry
from server.domain.permissions import LESSON_PAPER
from server.domain.recording import Recording
from server.errors import BadRequest, Forbidden, LinkExpired, LinkInvalid, NotThere, RecordingGone, ReplayOver
from server.live.room import Room
from server.replay.live import captured
from server.web.answers import json_answer
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.entitled import Asker, asker, by_account
from server.web.keys import LESSONS, LIVE_REPLAYS, OFFICE, REPLAYS, SIGNER

MINUTES_MS = 10 * 60_000
"""An address works for so long; a page asks for the next in time."""
_TYPES = {"webm": "video/webm", "m4s": "video/iso.segment"}
_FOR_EVER = "private, max-age=14400, immutable"


# --- who may -----------------------------------------------------------------------------------------------------------


async def of_participant(request: web.Request) -> web.Response:
    """`GET /shift/LESSON`: whoever is in the lesson, from the moment on that they were let in.

    `{"live", "since", "expires", "now"}`: the address of the index, or nothing where nothing is recorded; lesson time from which; UTC ms.
    """
    return json_answer(await offered(request, await asker(request)))


async def offered(request: web.Request, asked: Asker) -> dict[str, Any]:
    """What `GET /shift/LESSON` answers to somebody. Raises `Forbidden`."""
    who = asked.principal
    room = await request.app[LESSONS].rooms.get(who.lesson)
    _still_in(who.id, who.participant or "", room)
    if room.state.live_at is None or not room.state.record.recording:
        return _nothing(request)
    link = None if by_account(asked) else await request.app[LESSONS].link(who.id)
    since = max(room.state.live_at, link.created if link else 0)
    return await paper(request, who.lesson, since, who.id, who.participant or "")


async def of_watcher(request: web.Request) -> web.Response:
    """`GET /replay/LESSON/live`: whoever may see the replay afterwards; the same answer."""
    found = await request.app[REPLAYS].see(await caller_of(request), request.match_info["lesson"])
    return json_answer(await paper(request, found.lesson.id, 0))


def _still_in(principal: str, participant: str, room: Room) -> None:
    if principal in room.revoked or participant in room.state.removed:
        raise Forbidden("not in the lesson any more")


async def paper(request: web.Request, lesson: str, since: int, principal: str = "", participant: str = "") -> dict[str, Any]:
    """The address of a lesson's index, or nothing where none is recorded."""
    recording = await request.app[LIVE_REPLAYS].recording(lesson)
    if recording is None or not captured(recording):
        return _nothing(request)
    now = request.app[OFFICE].now()
    made = ShiftPaper(lesson, recording.id, since, principal, participant, now + MINUTES_MS)
    address = f"/replays/{request.app[SIGNER].shift_paper(made)}/live"
    return {"live": address, "since": since, "expires": made.expires_at, "now": now}


def _nothing(request: web.Request) -> dict[str, Any]:
    return {"live": "", "since": 0, "expires": 0, "now": request.app[OFFICE].now()}


# --- what is played ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Opened:
    recording: Recording
    since: int


async def _opened(request: web.Request) -> _Opened:
    """What the paper in the address opens. Raises `NotThere` for what is no paper of ours, `ReplayOver` for an old one, `Forbidden`."""
    paper = _read(request)
    try:
        check_expiry(paper.expires_at, request.app[OFFICE].now())
    except LinkExpired as error:
        raise ReplayOver from error
    if isinstance(paper, ShiftPaper) and paper.principal:
        _still_in(paper.principal, paper.participant, await request.app[LESSONS].rooms.get(paper.lesson))
    found = await request.app[LIVE_REPLAYS].recording(paper.lesson)
    if found is None or found.id != paper.recording or found.removed is not None:
        raise RecordingGone
    return _Opened(found, paper.since if isinstance(paper, ShiftPaper) else 0)


def _read(request: web.Request) -> ReplayPaper | ShiftPaper:
    text, signer = request.match_info["paper"], request.app[SIGNER]
    try:
        return signer.read_shift(text)
    except LinkInvalid:
        pass
    try:
        paper = signer.read_replay(text)
    except LinkInvalid as error:
        raise NotThere from error
    if paper.resource:
        raise NotThere  # of a resource only its span is public, and that is never live
    return paper


async def index(request: web.Request) -> web.Response:
    """`GET /replays/PAPER/live[?after=HEAD&edition=EDITION]`: what there is; 304 where nothing was added."""
    opened, after = await _opened(request), request.query.get("after", "0")
    if not (after.isascii() and after.isdecimal() and len(after) <= 9):
        raise BadRequest("after")
    edition = request.query.get("edition", "")
    tag, body = await request.app[LIVE_REPLAYS].index(opened.recording, opened.since, int(after), edition)
    headers = {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: "private, no-cache"}
    if headers[hdrs.ETAG] in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


async def part(request: web.Request) -> web.StreamResponse:
    """`GET /replays/PAPER/live/NAME`: an init part or a segment, in ranges if wanted (RFC 9110 section 14)."""
    opened = await _opened(request)
    path = await request.app[LIVE_REPLAYS].part(opened.recording, request.match_info["part"], opened.since)
    headers = {hdrs.CONTENT_TYPE: _TYPES[path.suffix[1:]], hdrs.CACHE_CONTROL: _FOR_EVER}
    return web.FileResponse(path, headers=headers)


def add_routes(doors: Doors) -> None:
    """Their addresses."""
    doors.get("/shift/{lesson}", of_participant, LESSON_PAPER)
    doors.get("/replay/{lesson}/live", of_watcher, "replay.see")
    doors.get("/replays/{paper}/live", index, "replay.file")
    doors.get("/replays/{paper}/live/{part}", part, "replay.file")
