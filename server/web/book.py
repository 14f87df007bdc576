"""`/classes/ID/mistakes`, `/students/ID/mistakes`: the wrong-answer book, and a class's as a file."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from server.domain.payload import TextRef
from server.domain.quiz.choice import Choice
from server.errors import Invalid
from server.school import book
from server.school.book import Book, Pupil
from server.school.orgs import crumbs
from server.school.sheets.files import MIME, write_table
from server.store.book import BookCard
from server.web.answers import language, page
from server.web.audit.shown import Words, known_word
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.keys import CATALOGUE, OFFICE, SETTINGS

LETTERS = "ABCDEFGH"
COLUMNS = ("day", "hour", "lesson", "subject", "question", "right", "number", "name", "answer")


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card in words."""

    lesson: str
    name: str
    """Of the lesson."""
    subject: str
    opened_at: int
    question: str
    options: tuple[str, ...]
    right: str
    answers: tuple[tuple[str, tuple[Pupil, ...]], ...]
    """Wrong answer → who gave it, in the order of their numbers; what most gave first."""


async def of_class(request: web.Request) -> web.Response:
    """`GET /classes/ID/mistakes[?before=MS][&names=1]`."""
    caller, office, full = await caller_of(request), request.app[OFFICE], request.query.get("names") == "1"
    found = await book.of_class(office, caller, request.match_info["class"], _before(request), full=full)
    trail = await crumbs(office, caller, found.org)
    return _page(request, found, {"student": None, "full": full, "crumbs": trail, "names": "&names=1" if full else ""})


async def of_student(request: web.Request) -> web.Response:
    """`GET /students/ID/mistakes[?before=MS]`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    found = await book.of_student(office, caller, request.match_info["student"], _before(request))
    (pupil,) = found.pupils.values()
    return _page(request, found, {"student": pupil, "full": True, "crumbs": [], "names": ""})


async def export(request: web.Request) -> web.Response:
    """`GET /classes/ID/mistakes/export`: XLSX; leaves a line in the audit."""
    found = await book.export(request.app[OFFICE], await caller_of(request), request.match_info["class"])
    words, zone = _words(request), ZoneInfo(request.app[SETTINGS].timezone)
    data = await asyncio.to_thread(lambda: write_table("xlsx", words("book.title"), _rows(found, words, zone)))
    headers = {hdrs.CONTENT_DISPOSITION: 'attachment; filename="mistakes.xlsx"', hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=data, content_type=MIME["xlsx"], headers=headers)


def _page(request: web.Request, found: Book, more: dict[str, Any]) -> web.Response:
    words = _words(request)
    lessons: list[list[ShownCard]] = []
    for card in found.cards:
        shown = _shown(card, found, words)
        if not lessons or lessons[-1][0].lesson != shown.lesson:
            lessons.append([])
        lessons[-1].append(shown)
    first = _before(request) is None
    return page(request, "book.html", {"book": found, "lessons": lessons, "first": first, **more})


def _words(request: web.Request) -> Words:
    catalogue, lang = request.app[CATALOGUE], language(request)
    return lambda key: catalogue.text(lang, key)


def _before(request: web.Request) -> int | None:
    text = request.query.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Invalid({"before": "format"})
    return int(text)


def _shown(card: BookCard, found: Book, words: Words) -> ShownCard:
    given: dict[str, list[Pupil]] = {}
    for student, choice in card.wrong.items():
        given.setdefault(_said(card, choice, found, words), []).append(found.pupils[student])
    groups = [(said, tuple(sorted(who, key=lambda one: (len(one.number), one.number)))) for said, who in given.items()]
    question = _text(card.card.question, found, words) or words("book.aloud")
    options = tuple(_option(card, n, found, words) for n in range(len(card.card.options)))
    answers = tuple(sorted(groups, key=lambda group: (-len(group[1]), group[0])))
    subject = known_word(words, "subject", card.subject) if card.subject else ""
    return ShownCard(card.lesson, card.lesson_name, subject, card.opened_at, question, options, _right(card, found, words), answers)


def _said(card: BookCard, choice: Choice, found: Book, words: Words) -> str:
    if isinstance(choice, TextRef):
        return _text(choice, found, words)
    if isinstance(choice, tuple):
        return words("list.comma").join(_option(card, n, found, words) for n in choice)
    return _number(choice)


def _right(card: BookCard, found: Book, words: Words) -> str:
    key = card.card.key
    if key is None:
        return ""
    if key.number is not None:
        return _number(key.number) + (f" ± {_number(key.tolerance)}" if key.tolerance else "")
    texts = [_text(one, found, words) for one in key.texts]
    return words("list.comma").join(texts or [_option(card, n, found, words) for n in key.options])


def _option(card: BookCard, n: int, found: Book, words: Words) -> str:
    if card.card.type == "boolean":
        return words("quiz.no" if n else "quiz.yes")
    text = _text(card.card.options[n], found, words) if n < len(card.card.options) else ""
    return f"{LETTERS[n]} {text}".strip()


def _text(ref: TextRef, found: Book, words: Words) -> str:
    text = found.texts.get(ref.id)
    return words("audit.removed") if text is None else text


def _number(value: float) -> str:
    return f"{value:.12g}"


def _rows(found: Book, words: Words, zone: ZoneInfo) -> Sequence[Sequence[str]]:
    rows = [[words(f"book.column.{column}") for column in COLUMNS]]
    for card in found.cards:
        shown, at = _shown(card, found, words), dt.datetime.fromtimestamp(card.opened_at / 1000, zone)
        about = [at.date().isoformat(), f"{at:%H:%M}", shown.name, shown.subject, shown.question, shown.right]
        rows += [[*about, who.number, who.name, said] for said, pupils in shown.answers for who in pupils]
    return rows


def add_routes(doors: Doors) -> None:
    """Addresses of the book."""
    doors.get("/classes/{class}/mistakes", of_class, "student.see")
    doors.get("/classes/{class}/mistakes/export", export, "student.see")
    doors.get("/students/{student}/mistakes", of_student, "student.see")
