"""A lesson's log as one audience is told it afterwards: the state where the replay begins, and what happened since (S16). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.audience import project_payload, project_state
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


def cut(start: LessonState, log: Iterable[Envelope], begin: int, end: int) -> Cut:
    """The log from `begin` to `end`; `start` is the lesson before its first event."""
    state, events, every = start, [], []
    for event in log:
        every.append(event)
        if event.at <= begin:
            state = fold(state, event)
        elif event.at <= end:
            events.append(event)
    return Cut(state, events, _between(chapters(every), begin, end))


def _between(found: Sequence[Chapter], begin: int, end: int) -> list[Chapter]:
    """From the one in which the replay begins."""
    first = max((n for n, one in enumerate(found) if one.at <= begin), default=0)
    return [one for one in found[first:] if one.at <= end]


def told(found: Cut, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """JSON-ready: `state`, `events` as `[at, kind, payload]`, `chapters`."""
    events = []
    for event in found.events:
        payload = project_payload(event.payload, who, lookup)
        if payload is not None:
            events.append([event.at, event.kind, payload])
    return {
        "state": project_state(found.state, who, lookup),
        "events": events,
        "chapters": [{"at": one.at, "kind": one.kind, **_named(one, lookup)} for one in found.chapters],
    }


def _named(chapter: Chapter, lookup: Lookup) -> dict[str, str | int]:
    params = dict(chapter.params)
    participant = params.pop("participant", "")
    return params | ({"name": lookup.name(str(participant))} if participant else {})
