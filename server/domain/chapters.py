"""Chapters of a lesson, made of its log: what a viewer looks for in a replay. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.domain import events as e
from server.domain.board.events import PageTurned
from server.domain.quiz.events import QuizOpened

Kind = Literal["begin", "break", "quiz", "stage", "page"]
PAGE_MS = 60_000
"""A page begins a chapter only if the one before is so old: whoever leafs through begins none."""
NEAR_MS = 5_000
"""What happens so soon after another chapter's beginning belongs to it; a quiz takes its place."""
MOST = 60
MARKS = (e.LessonLive, e.LessonPaused, QuizOpened, e.StageCalled, PageTurned)
"""Events that may begin one; others are passed over."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One of them."""

    at: int
    """ms on the lesson clock."""
    kind: Kind
    params: Mapping[str, str | int] = field(default_factory=dict)
    """`n`: which quiz, page or chapter of its kind; `participant`: who is on stage."""


def chapters(log: Iterable[e.Envelope]) -> list[Chapter]:
    """The chapters of a log, in order; the first begins where the lesson went live."""
    found: list[Chapter] = []
    counts: dict[str, int] = {}
    for event in log:
        new = _of(event, counts)
        if new is None:
            continue
        last = found[-1] if found else None
        if last is None and new.kind != "begin":
            continue
        if last is not None and new.kind == "page" and new.at - last.at < PAGE_MS:
            continue
        if last is not None and new.at - last.at < NEAR_MS and last.kind != "begin":
            if new.kind == "quiz":
                found[-1] = new
            continue
        found.append(new)
    return found if len(found) <= MOST else _thinned(found)


def _of(event: e.Envelope, counts: dict[str, int]) -> Chapter | None:
    said = event.payload
    match said:
        case e.LessonLive():
            return Chapter(event.at, "begin", {"n": _next(counts, "begin")})
        case e.LessonPaused():
            return Chapter(event.at, "break")
        case QuizOpened():
            return Chapter(event.at, "quiz", {"n": _next(counts, "quiz")})
        case e.StageCalled():
            return Chapter(event.at, "stage", {"participant": said.participant})
        case PageTurned():
            return Chapter(event.at, "page", {"n": said.page})
    return None


def _next(counts: dict[str, int], kind: str) -> int:
    counts[kind] = counts.get(kind, 0) + 1
    return counts[kind]


def _thinned(found: list[Chapter]) -> list[Chapter]:
    """Pages go first."""
    kept = [one for one in found if one.kind != "page"]
    return kept[:MOST]
