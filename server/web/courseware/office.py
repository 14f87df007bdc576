"""`/lessons/ID/courseware`: the teacher lays out courseware before class, and reads what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from aiohttp import web

from server.accounts.acts import Target
from server.courseware.service import Hand
from server.domain.courseware import Page
from server.domain.lesson import JOINABLE
from server.domain.schedule import ScheduledLesson
from server.errors import WrongPhase
from server.school import lessons
from server.web.again import Again, first, posts
from server.web.answers import json_answer, language, page, wants_page
from server.web.callers import caller_of, csrf_token
from server.web.courseware import upload
from server.web.courseware.shown import to_teacher
from server.web.doors import Doors
from server.web.forms import check_token, done, read_form
from server.web.keys import CATALOGUE, COURSEWARE, LESSONS, OFFICE, SETTINGS


class Nothing(msgspec.Struct, frozen=True):
    """A form with nothing but its token."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is not as it was, and on which pages: `animation`, `media`, `unplayable`, `font`."""

    about: str
    words: str
    """Name of the font or the file; empty for the others."""
    pages: str
    """`1–3、7`."""


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /lessons/ID/courseware`; to a script the list of `GET /courseware/LESSON`."""
    lesson = await _lesson(request)
    files = await request.app[COURSEWARE].listed(lesson.id)
    catalogue = request.app[CATALOGUE]
    if not wants_page(request):
        return json_answer({"courseware": [to_teacher(one, pages, lesson.id, catalogue) for one, pages in files]})
    lang = language(request)
    context = {
        "again": again,
        "lesson": lesson,
        "files": files,
        "remarks": {one.id: remarks(pages, catalogue.text(lang, "list.comma")) for one, pages in files},
        "errors": {one.id: catalogue.formatted(lang, f"error.{one.error}", one.params) for one, _ in files if one.error},
        "open": lesson.phase in JOINABLE,
        "limit": request.app[SETTINGS].courseware_bytes,
        "drawing": any(one.state in ("waiting", "drawing") for one, _ in files),
    }
    return page(request, "courseware/lesson.html", context)


@posts(show, "upload")
async def add(request: web.Request) -> web.Response:
    """`POST /lessons/ID/courseware`."""
    lesson = await _lesson(request, changing=True)
    new = await upload.add(request, await _hand(request, lesson), lambda token: check_token(request, token, csrf_token(request)))
    return done(request, f"/lessons/{lesson.id}/courseware", {"id": new.id})


@posts(show, "delete")
async def delete(request: web.Request) -> web.Response:
    """`POST /lessons/ID/courseware/COURSEWARE/delete`."""
    lesson = await _lesson(request, changing=True)
    await read_form(request, Nothing, token=csrf_token(request))
    on_board = {one.id for one in (await request.app[LESSONS].find(lesson.id)).board.sheets}
    await request.app[COURSEWARE].delete(await _hand(request, lesson), request.match_info["courseware"], on_board)
    return done(request, f"/lessons/{lesson.id}/courseware")


async def _hand(request: web.Request, lesson: ScheduledLesson) -> Hand:
    caller = await caller_of(request)
    return Hand(caller, caller.id, Target("lesson", lesson.id, lesson.path))


async def _lesson(request: web.Request, *, changing: bool = False) -> ScheduledLesson:
    found = await lessons.find(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], "lesson.teach")
    if changing and found.phase not in JOINABLE:
        raise WrongPhase("over", phase=found.phase)
    return found


def remarks(pages: list[Page], comma: str) -> list[Remark]:
    """The report, by what it is about, in the order of the pages."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in pages:
        told = [("animation", "")] * one.flattened + [("media", "")] * bool(one.media)
        told += [("unplayable", name) for name in one.unplayable] + [("font", name) for name in one.fonts]
        for about in told:
            found.setdefault(about, []).append(one.page)
    return [Remark(about, words, _ranges(numbers, comma)) for (about, words), numbers in found.items()]


def _ranges(numbers: list[int], comma: str) -> str:
    """Ascending numbers: 1, 2, 3, 7 → `1–3、7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return comma.join(str(low) if low == high else f"{low}–{high}" for low, high in runs)


def add_routes(doors: Doors) -> None:
    """Addresses of the teacher's page."""
    doors.get("/lessons/{lesson}/courseware", first(show), "lesson.teach")
    doors.post("/lessons/{lesson}/courseware", add, "lesson.teach")
    doors.post("/lessons/{lesson}/courseware/{courseware}/delete", delete, "lesson.teach")
