"""A lesson's log afterwards, read piece by piece: however long it was, the process holds little of it and goes on with its lessons."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Any

import msgspec

from server.accounts.contents import Contents
from server.domain.events import Envelope
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.payload import text_refs
from server.domain.seen import Audience
from server.errors import NoSuchLesson
from server.live.snapshot import texts_in
from server.replay.told import Cut, Cutting, beginning, told
from server.store import Store

_LATEST = 2**53
CHUNK = 1000
"""Events read and folded at once."""
MOST_EVENTS = 100_000
MOST_OCTETS = 32 * 1024 * 1024
"""What a page is told of one replay at most, as JSON; pictures and sound go on without the rest."""
AT_ONCE = 2
"""Logs that a process reads at a time; others wait."""
SHELVES = 64
"""Spans of which it is remembered which pages were open."""


class Past:
    """One per process."""

    def __init__(self, store: Store, contents: Contents) -> None:
        self._store = store
        self._contents = contents
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._shelves: OrderedDict[tuple[str, int, int], frozenset[tuple[str, int]]] = OrderedDict()

    async def cut(self, lesson_id: str, begin: int, end: int) -> Cut:
        """The log between two moments of the lesson's clock, but for its events. Raises `NoSuchLesson`."""
        async with self._turn:
            cutting = await self._cutting(lesson_id, begin, end)
            async for _ in self._pieces(cutting):
                pass
            return cutting.done()

    async def told(
        self, lesson_id: str, begin: int, end: int | None, who: Audience, named: Collection[str] | None = None
    ) -> dict[str, Any]:
        """What this audience is told between two moments, JSON-ready: `state`, `events` as `[at, kind, payload]`, `chapters`; `until`: from
        then on nothing more is told since it was too much, null: everything is; `seq`: the last event that was looked at. `end` None: the
        lesson goes on. `named`: participants whose names may be told, None: all; of the others the name is empty. Raises `NoSuchLesson`.
        """
        goes_on, end = end is None, _LATEST if end is None else end
        async with self._turn:
            cutting, names = await self._cutting(lesson_id, begin, end), await self.names(lesson_id)
            names = names if named is None else {one: name for one, name in names.items() if one in named}
            kept, until = _Kept(), None
            async for events in self._pieces(cutting):
                if until is None:
                    until = kept.add(await asyncio.to_thread(_encoded, events, who, await self._lookup(names, _refs(events))))
            found = cutting.done()
            head = await asyncio.to_thread(beginning, found, who, await self._lookup(names, texts_in(found.state)), goes_on=goes_on)
            return {**head, "events": kept.lines, "until": until, "seq": cutting.seq}

    async def since(self, lesson_id: str, seq: int, who: Audience) -> dict[str, Any]:
        """What this audience is told of the next thousand events after `seq`: `events` as above, and the new `seq`."""
        events = await self._store.tail(lesson_id, seq, CHUNK)
        lookup = await self._lookup(await self.names(lesson_id), _refs(events))
        shown = await asyncio.to_thread(_encoded, events, who, lookup)
        return {"events": [msgspec.Raw(line) for _, line in shown], "seq": events[-1].seq if events else seq}

    async def lines(self, lesson_id: str, begin: int, end: int, who: Audience) -> AsyncIterator[bytes]:
        """All events for a file, as `docs/protocol.md` has them: one JSON object in a line, many lines at a time. Raises `NoSuchLesson`."""
        cutting, names = await self._cutting(lesson_id, begin, end), await self.names(lesson_id)
        async for events in self._pieces(cutting):
            yield await asyncio.to_thread(_lines, events, who, await self._lookup(names, _refs(events)))

    async def shelf(self, lesson_id: str, begin: int, end: int) -> frozenset[tuple[str, int]]:
        """Pages of courseware that were open between two moments of a lesson that is over: version and number."""
        key = (lesson_id, begin, end)
        if key not in self._shelves:
            self._shelves[key] = (await self.cut(lesson_id, begin, end)).pictures
            if len(self._shelves) > SHELVES:
                self._shelves.popitem(last=False)
        return self._shelves[key]

    async def names(self, lesson_id: str) -> dict[str, str]:
        """Participant → what people call it."""
        return {one.id: one.name for one in await self._store.people(lesson_id)}

    async def _cutting(self, lesson_id: str, begin: int, end: int) -> Cutting:
        state = await self._store.lesson(lesson_id)
        if state is None:
            raise NoSuchLesson
        return Cutting(LessonState(id=lesson_id, name=state.name), begin, end)

    async def _pieces(self, cutting: Cutting) -> AsyncIterator[list[Envelope]]:
        """Those that are told, in order, a thousand looked at at a time."""
        seq = 0
        while True:
            events = await self._store.tail(cutting.lesson, seq, CHUNK)
            if events:
                yield await asyncio.to_thread(cutting.take, events)
            if len(events) < CHUNK or events[-1].at > cutting.end:
                return
            seq = events[-1].seq

    async def _lookup(self, names: dict[str, str], refs: set[str]) -> Lookup:
        return Lookup(names, await self._contents.texts(refs) if refs else {})


class _Kept:
    """Events as they are sent, up to what is too much."""

    def __init__(self) -> None:
        self.lines: list[msgspec.Raw] = []
        self._octets = 0

    def add(self, encoded: Iterable[tuple[int, bytes]]) -> int | None:
        """The time of the first that is not kept any more."""
        for at, line in encoded:
            if len(self.lines) >= MOST_EVENTS or self._octets + len(line) > MOST_OCTETS:
                return at
            self.lines.append(msgspec.Raw(line))
            self._octets += len(line)
        return None


def _refs(events: Sequence[Envelope]) -> set[str]:
    return {ref.id for event in events for ref in text_refs(event.payload)}


def _encoded(events: Sequence[Envelope], who: Audience, lookup: Lookup) -> list[tuple[int, bytes]]:
    return [(event.at, msgspec.json.encode([event.at, event.kind, payload])) for event, payload in told(events, who, lookup)]


def _lines(events: Sequence[Envelope], who: Audience, lookup: Lookup) -> bytes:
    shown = told(events, who, lookup)
    rows = ({"at": event.at, "kind": event.kind, "v": event.v, "payload": payload} for event, payload in shown)
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
