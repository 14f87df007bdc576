"""A lesson's log as one audience is told it afterwards: the state where the replay begins, and what happened since (S16). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.domain.audience import project_payload, project_state
from server.domain.board.state import Board, page_key
from server.domain.chapters import MARKS, Chapter, chapters
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from server.domain.lookup import Lookup
from server.domain.seen import Audience


@dataclass(frozen=True, slots=True)
class Cut:
    """A log between two moments of the lesson clock, but for its events."""

    state: LessonState
    """As it was at the first."""
    chapters: Sequence[Chapter]
    pages: frozenset[tuple[str, int]] = frozenset()
    """Pages that were open in between, or drawn on: sheet and number."""
    pictures: frozenset[tuple[str, int]] = frozenset()
    """Pages of courseware that were open: version and number."""
    cards: frozenset[str] = frozenset()
    """Quiz cards of which something is told."""


class Cutting:
    """Takes a log piece by piece, and keeps little of it."""

    def __init__(self, start: LessonState, begin: int, end: int) -> None:
        """`start` is the lesson before its first event."""
        self.lesson = start.id
        self.begin, self.end = begin, end
        self.seq = 0
        """Of the last event that was taken."""
        self._state: LessonState = start
        """At `begin`."""
        self._here: LessonState = start
        self._marks: list[Envelope] = []
        """What chapters are made of."""
        self._pages: set[tuple[str, int]] = set()
        self._pictures: set[tuple[str, int]] = set()
        self._cards: set[str] = set()

    def take(self, events: Sequence[Envelope]) -> list[Envelope]:
        """The next of the log; those of them that are told."""
        told = []
        self.seq = events[-1].seq if events else self.seq
        for event in events:
            if isinstance(event.payload, MARKS):
                self._marks.append(event)
            if event.at <= self.begin:
                self._state = self._here = fold(self._here, event)
            elif event.at <= self.end:
                if self._state is self._here:
                    self._see(self._state.board)
                self._here = fold(self._here, event)
                self._see(self._here.board)
                self._touched(event.payload)
                told.append(event)
        return told

    def done(self) -> Cut:
        """All of the log was taken."""
        self._see(self._state.board)
        found = _between(chapters(self._marks), self._state, self.begin, self.end)
        return Cut(self._state, found, frozenset(self._pages), frozenset(self._pictures), frozenset(self._cards))

    def _see(self, board: Board) -> None:
        if board.at:
            self._pages.add(board.at)
            sheet = board.sheet(board.at[0])
            if sheet and sheet.version:
                self._pictures.add((sheet.version, board.at[1]))

    def _touched(self, payload: Any) -> None:
        if hasattr(payload, "sheet") and hasattr(payload, "page"):
            self._pages.add((payload.sheet, payload.page))
        if quiz := getattr(payload, "quiz", ""):
            self._cards.add(quiz)


def _between(found: Sequence[Chapter], state: LessonState, begin: int, end: int) -> list[Chapter]:
    """From the one in which the replay begins: of that nothing is told that was over before."""
    first = max((n for n, one in enumerate(found) if one.at <= begin), default=0)
    kept = [one for one in found[first:] if one.at <= end]
    if kept and kept[0].at < begin:
        gone = kept[0].kind == "stage" and kept[0].params.get("participant") not in state.stage.values()
        kept[0] = Chapter(begin, "begin", {"n": 1}) if gone else replace(kept[0], at=begin)
    return kept


def told(events: Sequence[Envelope], who: Audience, lookup: Lookup) -> Iterator[tuple[Envelope, dict[str, Any]]]:
    """Those that this audience is told, each with its payload as they see it."""
    for event in events:
        payload = project_payload(event.payload, who, lookup)
        if payload is not None:
            yield event, payload


def beginning(found: Cut, who: Audience, lookup: Lookup, *, goes_on: bool = False) -> dict[str, Any]:
    """Where the replay begins, JSON-ready: `state`, `chapters`. `goes_on`: nobody knows yet what will be seen of the state."""
    state = project_state(found.state, who, lookup)
    return {
        "state": state if goes_on else _narrowed(state, found),
        "chapters": [{"at": one.at, "kind": one.kind, **_named(one, lookup)} for one in found.chapters],
    }


def _narrowed(state: dict[str, Any], found: Cut) -> dict[str, Any]:
    """Without what was before and is not seen any more: ink on pages that are not opened, cards that were closed."""
    keys = {page_key(*page) for page in found.pages}
    board, quiz = state["board"], state["quiz"]
    cards = {quiz["open"], *found.cards}
    return {
        **state,
        "board": {**board, "ink": {key: items for key, items in board["ink"].items() if key in keys}},
        "quiz": {
            name: {id_: one for id_, one in part.items() if id_ in cards} if isinstance(part, dict) else part for name, part in quiz.items()
        },
    }


def _named(chapter: Chapter, lookup: Lookup) -> dict[str, str | int]:
    params = dict(chapter.params)
    participant = params.pop("participant", "")
    return params | ({"name": lookup.name(str(participant))} if participant else {})
