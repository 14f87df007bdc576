"""One lesson's log as this process knows it: decides commands and writes them, follows what other processes write (S14)."""

from __future__ import annotations

import logging
import secrets
from asyncio import Lock
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.command import IN_CLASS, SYSTEM, Command, Decision, Giver, Moment, Text
from server.domain.commands import AnchorClock
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.facts import NO_FACTS, Facts
from server.domain.lesson import LessonState, fold_all
from server.domain.lookup import Lookup
from server.domain.payload import text_refs
from server.domain.refused import Refused
from server.errors import TooMany
from server.live import aftermath, snapshot
from server.live.horizon import Horizon
from server.live.roster import Roster
from server.live.services import Services
from server.store import Append, Conflict, Life

log = logging.getLogger(__name__)

TRIES = 8
"""Decisions of one command before it gives up against the others' (S14); under the lock of the log nobody can be faster."""
RECENT = 512
"""Events kept for pages that come back, and acknowledgements for commands that do."""

Author = tuple[str, str]
"""Actor and command id."""


class Reader(Protocol):
    """Who is told what happens; nothing is waited for between an event's turn in the state and `told`."""

    def told(self, event: Envelope) -> None:
        """It counts now; the horizon passes it next."""

    async def settled(self, events: Sequence[Envelope]) -> None:
        """All that was there to read has been told."""

    async def overtaken(self, command: Command) -> None:
        """Somebody else was faster than `command`, which is decided again."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What one decision makes of the lesson."""

    base: LessonState
    events: tuple[Envelope, ...]
    state: LessonState


@dataclass(frozen=True, slots=True)
class _Written:
    """What was handed to the store last for a command."""

    made: _Made
    texts: Sequence[Text]
    generation: int


class LessonLog:
    """Everything runs in one event loop; only the store is waited for."""

    def __init__(self, services: Services, roster: Roster, start: LessonState, reader: Reader) -> None:
        self._services = services
        self._roster = roster
        self._reader = reader
        self.state = start
        self.facts: Facts = NO_FACTS
        """What the rules must know of the school."""
        self._texts: dict[str, str] = {}
        self.lookup = Lookup(roster.names, self._texts)
        self.recent: deque[Envelope] = deque(maxlen=RECENT)
        """The newest events, up to the one at `state.seq`."""
        self.horizon = Horizon()
        self._advancing = Lock()
        self._ahead: _Made | None = None
        """The newest of what waits to be written: the next command is decided on top of it."""
        self._generation = 0
        self._anchored = False
        self._ahead_ms = 0
        """How far the lesson's clock is ahead of this process's."""
        self._acknowledged: OrderedDict[Author, int] = OrderedDict()

    async def load(self) -> None:
        """Read everything up to now, the newest snapshot first."""
        self.state, self.horizon = await snapshot.load(self._services.store, self.state)
        await self._learn_texts(snapshot.texts_in(self.state))
        await self.catch_up()

    async def learn_facts(self) -> None:
        """Read what the rules must know of the school."""
        self.facts = await self._services.store.facts(self.state.id)

    # --- the lesson's clock ------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Milliseconds on the lesson clock. Where an earlier or another process's clock was ahead of this one's, it runs on from there: it
        neither goes back nor stands still until UTC has come as far (S18).
        """
        wall = self._services.clock.wall_ms()
        self._ahead_ms = max(self._ahead_ms, self._base()[0].at - wall)
        return wall + self._ahead_ms

    def reach(self, at: int) -> None:
        """Elsewhere the lesson is at least here."""
        self._ahead_ms = max(self._ahead_ms, at - self._services.clock.wall_ms())

    # --- commands ----------------------------------------------------------------------------------------------------

    async def execute(self, actor: str, giver: Giver | None, command_id: str, command: Command) -> int:
        """Carry out a command once; returns the seq of its first acknowledgement. Raises domain `Refused`."""
        author = (actor, command_id)
        if author in self._acknowledged:
            return self._acknowledged[author]
        if command.asks_facts:
            await self.learn_facts()
        await self._anchor()
        for _ in range(TRIES):
            seq = await self._attempt(author, giver, command)
            if seq is not None:
                self._acknowledge(author, seq)
                return seq
            await self._move_on(self.state)
            await self._reader.overtaken(command)
        raise TooMany("the lesson is too busy")

    async def _anchor(self) -> None:
        """Before this process first writes to a lesson that runs: its clock carries the lesson's on, unless it did so already (S18)."""
        (base, _), now = self._base(), self._services.clock.wall_ms()
        if self._anchored or base.phase not in IN_CLASS:
            return
        self._anchored = True
        if self._services.started <= base.at <= now:
            return  # the last event lies within the life of this process, by its own clock
        try:
            await self._attempt((SYSTEM, f"clock.anchor:{base.seq}"), None, AnchorClock(utc=now))
        except Exception:
            self._anchored = False
            raise

    async def _attempt(self, author: Author, giver: Giver | None, command: Command) -> int | None:
        """Decide, and again under the lock if the lesson has moved on; None: not even that helped."""
        written: _Written

        def decided(base: LessonState, after: Author | None) -> Append:
            nonlocal written
            moment = Moment(max(base.at, self.now()), secrets.token_bytes(32), self.facts)
            decision = decide(base, command, giver, moment)
            written = _Written(_make(base, decision, moment.at, author), decision.texts, self._generation)
            self._ahead = written.made if written.made.events else self._ahead
            holds = None if after is None else partial(self._holds, self._generation)
            return replace(self._append(written.made, after, author, decision), holds=holds, read=self.state.seq, redecide=again)

        def again(tail: Sequence[Envelope]) -> Append:
            self._stumble(written.generation)
            return decided(self._after(tail), None)

        try:
            append = decided(*self._base())
        except Refused:
            known = await self._services.store.receipt(self.state.id, *author)
            if known is None:
                raise
            return known  # what was allowed when it came first
        try:
            done = await self._services.store.append(append)
        except Exception as error:
            self._stumble(written.generation)
            if isinstance(error, Conflict):
                return None
            raise
        if done.repeated:
            self._stumble(written.generation)
            await self.catch_up(done.seq)
        elif written.made.events:
            self._texts.update({text.ref.id: text.value for text in written.texts})
            await self._advance(written.made)
        return done.seq

    def _after(self, tail: Sequence[Envelope]) -> LessonState:
        """The state after all of these events, of which some may be known."""
        if self._ahead and tail and self._ahead.events[-1] is tail[-1]:
            return self._ahead.state
        return fold_all(self.state, [event for event in tail if event.seq > self.state.seq])

    def _base(self) -> tuple[LessonState, Author | None]:
        """What to decide on: the state as it will be when all that waits to be written is, and whose event will be its last."""
        if self._ahead and self._ahead.state.seq > self.state.seq:
            last = self._ahead.events[-1]
            return self._ahead.state, (last.actor, last.command_id)
        return self.state, None

    def _append(self, made: _Made, after: Author | None, author: Author, decision: Decision) -> Append:
        facts = self.facts

        async def beside(connection: AsyncConnection) -> None:
            await self._services.texts.keep(connection, made.base.id, decision.texts)
            # answers of another process, or written just before in this transaction, were never told here
            more = await self._services.texts.read(aftermath.texts_in(made.state, made.events) - self._texts.keys(), connection)
            lookup = replace(self.lookup, texts={**self._texts, **more}) if more else self.lookup
            await aftermath.leave(connection, made.state, made.events, facts, lookup, self._services.clock.wall_ms())

        life, writes = _life(made.base, made.state), bool(decision.texts) or aftermath.leaves(made.events)
        return Append(made.base.id, made.base.seq, *author, made.events, life, after, beside if writes else None)

    def _holds(self, generation: int) -> bool:
        """Nothing that waited to be written has failed or was decided again since."""
        return generation == self._generation

    def _stumble(self, generation: int) -> None:
        """What was decided on top of a failed append fails as well; begin again from the state that is written."""
        if self._holds(generation):
            self._generation += 1
            self._ahead = None

    def _acknowledge(self, author: Author, seq: int) -> None:
        self._acknowledged[author] = seq
        if len(self._acknowledged) > RECENT:
            self._acknowledged.popitem(last=False)

    # --- events ------------------------------------------------------------------------------------------------------

    async def catch_up(self, head: int | None = None) -> None:
        """Read what others wrote; with `head`, only if this process is behind it."""
        if head is not None and head <= self.state.seq:
            return
        async with self._advancing:
            if head is None or head > self.state.seq:
                await self._take(await self._services.store.tail(self.state.id, self.state.seq))

    async def _move_on(self, seen: LessonState) -> None:
        """Read what was in the way, unless somebody did so meanwhile: those who lost a race together read once."""
        async with self._advancing:
            if self.state is seen:
                await self._take(await self._services.store.tail(seen.id, seen.seq))

    async def _advance(self, made: _Made) -> None:
        """What this process wrote counts now."""
        async with self._advancing:
            if made.base.seq == self.state.seq:
                await self._take(made.events, made.state)
            elif made.state.seq > self.state.seq:
                await self._take(await self._services.store.tail(self.state.id, self.state.seq))
        self._services.announcer.head(self.state.id, made.state.seq)
        if made.base.seq // snapshot.EVERY < made.state.seq // snapshot.EVERY:
            self._services.spawn(self._keep())

    async def _take(self, events: Sequence[Envelope], becomes: LessonState | None = None) -> None:
        """Events that follow the state; `becomes`: what they make of it, where that is known."""
        if not events:
            return
        await self._learn(events)
        for event in events:
            self.recent.append(event)
        self.state = becomes or fold_all(self.state, events)
        for event in events:
            self._reader.told(event)
            self.horizon.pass_by(event)
        await self._reader.settled(events)

    async def _learn(self, events: Sequence[Envelope]) -> None:
        """Names and texts that the events refer to."""
        people = {getattr(event.payload, "participant", None) for event in events}
        if people - self._roster.names.keys() - {None, ""}:
            await self._roster.learn()
        await self._learn_texts({ref.id for event in events for ref in text_refs(event.payload)})

    async def _learn_texts(self, ids: set[str]) -> None:
        missing = ids - self._texts.keys()
        if missing:
            self._texts.update(await self._services.texts.read(missing))

    async def _keep(self) -> None:
        try:
            await snapshot.keep(self._services.store, self.state, self.horizon)
        except Exception:
            log.exception("no snapshot of lesson %s; its log is whole without", self.state.id)


def _make(base: LessonState, decision: Decision, at: int, author: Author) -> _Made:
    actor, command_id = author
    events = tuple(Envelope(base.id, base.seq + n, at, payload, actor, None, command_id) for n, payload in enumerate(decision.events, 1))
    return _Made(base, events, fold_all(base, events))


def _life(before: LessonState, state: LessonState) -> Life | None:
    """The life that lists show, where it changed."""
    life = (state.phase, state.live_at, state.ended_at)
    return None if life == (before.phase, before.live_at, before.ended_at) else Life(*life)
