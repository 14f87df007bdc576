"""A lesson's log as one audience is told it afterwards: the state where the replay begins, and what happened since (S16). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.domain.audience import project_payload, project_state
from server.domain.board.state import Board, page_key
from server.domain.chapters import Chapter, chapters
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from server.domain.lookup import Lookup
from server.domain.seen import Audience


@dataclass(frozen=True, slots=True)
class Cut:
    """A log between two moments of the lesson clock."""

    state: LessonState
    """As it was at the first."""
    events: Sequence[Envelope]
    """What happened since, up to the second."""
    chapters: Sequence[Chapter]
    pages: frozenset[tuple[str, int]] = frozenset()
    """Pages that were open in between: sheet and number."""
    pictures: frozenset[tuple[str, int]] = frozenset()
    """Those of courseware among them: version and number."""
    seq: int = 0
    """Of the last event before its end."""
    goes_on: bool = False
    """Nobody knows what comes."""


def cut(start: LessonState, log: Iterable[Envelope], begin: int, end: int) -> Cut:
    """The log from `begin` to `end`; `start` is the lesson before its first event."""
    state, events, every = start, [], []
    for event in log:
        every.append(event)
        if event.at <= begin:
            state = fold(state, event)
        elif event.at <= end:
            events.append(event)
    here, pages, pictures = state, set(_open(state.board)), set(_picture(state.board))
    for event in events:
        here = fold(here, event)
        pages |= _open(here.board)
        pictures |= _picture(here.board)
    seq = max((event.seq for event in every if event.at <= end), default=0)
    return Cut(state, events, _between(chapters(every), state, begin, end), frozenset(pages), frozenset(pictures), seq)


def _open(board: Board) -> set[tuple[str, int]]:
    return {board.at} if board.at else set()


def _picture(board: Board) -> set[tuple[str, int]]:
    sheet = board.sheet(board.at[0]) if board.at else None
    return {(sheet.version, board.at[1])} if board.at and sheet and sheet.version else set()


def _between(found: Sequence[Chapter], state: LessonState, begin: int, end: int) -> list[Chapter]:
    """From the one in which the replay begins: of that nothing is told that was over before."""
    first = max((n for n, one in enumerate(found) if one.at <= begin), default=0)
    kept = [one for one in found[first:] if one.at <= end]
    if kept and kept[0].at < begin:
        gone = kept[0].kind == "stage" and kept[0].params.get("participant") not in state.stage.values()
        kept[0] = Chapter(begin, "begin", {"n": 1}) if gone else replace(kept[0], at=begin)
    return kept


def told(found: Cut, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """JSON-ready: `state`, `events` as `[at, kind, payload]`, `chapters`."""
    events, state = [], project_state(found.state, who, lookup)
    for event in found.events:
        payload = project_payload(event.payload, who, lookup)
        if payload is not None:
            events.append([event.at, event.kind, payload])
    return {
        "state": state if found.goes_on else _narrowed(state, found),
        "events": events,
        "chapters": [{"at": one.at, "kind": one.kind, **_named(one, lookup)} for one in found.chapters],
    }


def _narrowed(state: dict[str, Any], found: Cut) -> dict[str, Any]:
    """Without what was before and is not seen any more: ink on pages that are not opened, cards that were closed."""
    payloads = [event.payload for event in found.events]
    drawn = {page_key(one.sheet, one.page) for one in payloads if hasattr(one, "sheet") and hasattr(one, "page")}
    keys = drawn | {page_key(*page) for page in found.pages}
    board, quiz = state["board"], state["quiz"]
    cards = {quiz["open"]} | {getattr(one, "quiz", "") for one in payloads}
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
