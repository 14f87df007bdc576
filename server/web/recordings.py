"""`/recordings`: what was recorded in the own tier, how long it is kept, who watched; and its files in open formats."""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from media.client.manifest import PLAY
from server.domain.kept import Kept, Place
from server.errors import Invalid, NotThere
from server.replay.service import KEEP, LIST, Watched
from server.replay.vtt import chapters_of
from server.web.again import Again, first, posts
from server.web.answers import language, page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import CATALOGUE, OFFICE, PEOPLE, REPLAYS
from server.web.ranges import send
from server.web.school.orgs import Empty

EXPORT = "recording.export"
MOST_GAPS = 200
"""Shown of one recording."""


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """For how long."""

    days: Annotated[int, Meta(ge=0, le=3650)]
    """0: for good."""


async def listed(request: web.Request) -> web.Response:
    """`GET /recordings[?before=MS-ID]`."""
    caller, replays, office = await caller_of(request), request.app[REPLAYS], request.app[OFFICE]
    rows, before = await replays.listed(caller, _before(request))
    orgs = await office.orgs.many({row.lesson.org for row in rows if row.lesson.org})
    names = await request.app[PEOPLE].names(sorted({row.lesson.teacher for row in rows if row.lesson.teacher}))
    context = {
        "rows": rows,
        "orgs": orgs,
        "names": names,
        "before": f"{before[0]}-{before[1]}" if before else "",
        "first": not _before(request),
    }
    return page(request, "recordings/list.html", context)


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /recordings/LESSON`."""
    caller, replays = await caller_of(request), request.app[REPLAYS]
    found = await replays.see(caller, request.match_info["lesson"], LIST)
    lost = found.recording.playable and not await replays.readable(found.recording)
    made = await replays.manifest(found.recording) if found.recording.playable and not lost else None
    viewers, kept = await replays.viewers(found.recording), await replays.files.table.get(found.recording.id, PLAY)
    where = found.lesson.where()
    context = {
        "again": again,
        "lesson": found.lesson,
        "recording": found.recording,
        "made": made,
        "lost": lost,
        "kept": kept,
        "kept_word": word_of(kept),
        "trouble_of": await replays.files.trouble(found.recording.id) if found.recording.playable else "",
        "viewers": viewers,
        "most": MOST_GAPS,
        "names": await request.app[PEOPLE].names(sorted({one.person for one in viewers} | {found.lesson.teacher or ""})),
        "rooms": await replays.past.names(found.lesson.id),
        "may_keep": caller.may(KEEP, where),
        "may_export": caller.may(EXPORT, where),
    }
    return page(request, "recordings/one.html", context)


WORDS = ("unknown", "waiting", "keeping", *(f"{place}{how}" for place in get_args(Place) for how in ("", ".sealed")))
"""Where it is kept, in words."""


def word_of(kept: Kept | None) -> str:
    """One of these."""
    if kept is None or kept.state == "leaving":
        return "unknown"
    return kept.state if kept.state != "kept" else f"{kept.place}{'.sealed' if kept.sealed else ''}"


@posts(show, "keep")
async def keep(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/keep`: `{"days"}`."""
    form = await read_form(request, Keep, token=csrf_token(request))
    await request.app[REPLAYS].keep(await caller_of(request), request.match_info["lesson"], form.days)
    return done(request, f"/recordings/{request.match_info['lesson']}")


@posts(show, "again")
async def try_again(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/again`."""
    await read_form(request, Empty, token=csrf_token(request))
    await request.app[REPLAYS].again(await caller_of(request), request.match_info["lesson"])
    return done(request, f"/recordings/{request.match_info['lesson']}")


@posts(show, "remove")
async def remove(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/remove`."""
    await read_form(request, Empty, token=csrf_token(request))
    await request.app[REPLAYS].remove(await caller_of(request), request.match_info["lesson"])
    return done(request, "/recordings")


# --- open formats ------------------------------------------------------------------------------------------------------


async def file(request: web.Request) -> web.StreamResponse:
    """`GET /recordings/LESSON/files/NAME`: one playable file."""
    found = await _exported(request)
    made = await request.app[REPLAYS].manifest(found.recording)
    name = request.match_info["name"]
    kinds = {one.name: one.media_type.partition(";")[0] for one in made.files}
    if name not in kinds:
        raise NotThere
    headers = _attached(name) | {hdrs.CONTENT_TYPE: kinds[name]}
    return await send(request, request.app[REPLAYS].files, found.recording.id, PLAY, name, headers)


async def vtt(request: web.Request) -> web.Response:
    """`GET /recordings/LESSON/chapters.vtt`: WebVTT, from the recording's beginning on."""
    found = await _exported(request)
    replays, catalogue, lang = request.app[REPLAYS], request.app[CATALOGUE], language(request)
    made = await replays.manifest(found.recording)
    cut, names = await replays.past.cut(found.lesson.id, made.begin, made.end), await replays.past.names(found.lesson.id)

    text = chapters_of(cut.chapters, made.begin, made.end, names, lambda key, params: catalogue.formatted(lang, key, params))
    return web.Response(text=text, content_type="text/vtt", charset="utf-8", headers=_attached("chapters.vtt"))


async def log(request: web.Request) -> web.StreamResponse:
    """`GET /recordings/LESSON/log.jsonl`: the lesson's events as this caller may see them, one JSON object in a line."""
    found = await _exported(request)
    replays = request.app[REPLAYS]
    made = await replays.manifest(found.recording)
    head = {"lesson": found.lesson.id, "name": found.lesson.name, "begin": made.begin, "end": made.end, "view": found.audience.view}
    answer = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/jsonl", **_attached("log.jsonl")})
    await answer.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return answer
    await answer.write(msgspec.json.encode(head) + b"\n")
    async for lines in replays.past.lines(found.lesson.id, made.begin, made.end, found.audience):
        await answer.write(lines)
    await answer.write_eof()
    return answer


async def _exported(request: web.Request) -> Watched:
    return await request.app[REPLAYS].see(await caller_of(request), request.match_info["lesson"], EXPORT)


def _attached(name: str) -> dict[str, str]:
    return {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"', hdrs.CACHE_CONTROL: "no-store"}


def _before(request: web.Request) -> tuple[int, str] | None:
    text = request.query.get("before", "")
    if not text:
        return None
    at, _, last = text.partition("-")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and last and len(last) <= 64):
        raise Invalid({"before": "format"})
    return int(at), last


def add_routes(doors: Doors) -> None:
    """Addresses of recordings."""
    doors.get("/recordings", listed, LIST)
    one = "/recordings/{lesson}"
    doors.get(one, first(show), LIST)
    doors.post(one + "/keep", keep, KEEP)
    doors.post(one + "/again", try_again, KEEP)
    doors.post(one + "/remove", remove, KEEP)
    doors.get(one + "/files/{name}", file, EXPORT)
    doors.get(one + "/chapters.vtt", vtt, EXPORT)
    doors.get(one + "/log.jsonl", log, EXPORT)
