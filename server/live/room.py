"""One lesson as it runs in this process: its state, its pages, its part of the media (S14, S16, S21)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.bus import Bus, Head, Here, Spoken
from server.domain import audience, commands
from server.domain.command import Command, Decision, Giver, Moment
from server.domain.decide import decide, next_deadline
from server.domain.events import Envelope
from server.domain.facts import NO_FACTS, Facts
from server.domain.lesson import JOINABLE, LessonState, fold, fold_all
from server.domain.lookup import Lookup
from server.domain.payload import text_refs
from server.domain.plan import NO_PLAN, Plan
from server.domain.refused import Refused
from server.domain.seen import Audience
from server.errors import NoSuchLesson, TooMany, WrongPhase
from server.live.clock import Clock
from server.live.connection import Connection
from server.live.desk import Desk
from server.live.horizon import Horizon
from server.live.intercom import Intercom, Said
from server.live.presence import Presence
from server.live.texts import Texts
from server.store import Append, Conflict, Life, PersonRole, Store

log = logging.getLogger(__name__)

TRIES = 50
"""Decisions of one command before it gives up against the others' (S14)."""
RECENT = 512
"""Events kept for pages that come back."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every room of a process shares."""

    store: Store
    texts: Texts
    intercom: Intercom
    bus: Bus
    desk: Desk
    clock: Clock
    node: str
    build: str


class Room:
    """Made by `Room.load`. Everything runs in one event loop; only the store and the worker are waited for."""

    def __init__(self, services: Services, start: LessonState) -> None:
        self.services = services
        self.state = start
        self.plan = NO_PLAN
        """What the timetable wants, at most a second old."""
        self.facts: Facts = NO_FACTS
        """What the rules must know of the school."""
        self.names: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._lookup = Lookup(self.names, self._texts)
        self.connections: dict[int, Connection] = {}
        self.revoked: set[str] = set()
        """Papers of this lesson (links, devices, login sessions) that are revoked, as far as this process was told."""
        now = services.clock.monotonic_ms()
        self.presence = Presence(now)
        self.publishing = asyncio.Lock()
        """One publisher at a time looks whether its place is free."""
        self.idle_since = now
        self.unsettled = True
        """Media may not be as the state wants it."""
        self._roles: dict[str, PersonRole] = {}
        self._recent: deque[Envelope] = deque(maxlen=RECENT)
        self._horizon = Horizon()
        self._advancing = asyncio.Lock()
        self._reconciling = asyncio.Lock()
        self._ahead: tuple[LessonState, tuple[str, str]] | None = None
        """The state after all that waits to be written, and the actor and command of its last event."""
        self._generation = 0
        self._told: dict[int, Any] = {}

    @classmethod
    async def load(cls, services: Services, lesson_id: str) -> Room:
        """Fold the lesson's log; raises `NoSuchLesson`."""
        start = await services.store.lesson(lesson_id)
        if start is None:
            raise NoSuchLesson
        room = cls(services, start)
        standing = (await services.store.standings([lesson_id])).get(lesson_id)
        room.plan = standing.plan if standing else NO_PLAN
        await room.learn_names()
        await room.learn_facts()
        await room.catch_up()
        return room

    # --- the log -----------------------------------------------------------------------------------------------------

    async def execute(self, actor: str, giver: Giver | None, command_id: str, command: Command) -> int:
        """Carry out a command once; returns the seq of its first acknowledgement. Raises domain `Refused`."""
        if command.asks_facts:
            await self.learn_facts()
        for _ in range(TRIES):
            generation, (base, after) = self._generation, self._base()
            moment = Moment(max(base.at, self.services.clock.wall_ms()), secrets.token_bytes(32), self.facts)
            try:
                decision = decide(base, command, giver, moment)
            except Refused:
                known = await self.services.store.receipt(self.state.id, actor, command_id)
                if known is None:
                    raise
                return known  # what was allowed when it came first
            events = _envelopes(base, decision, moment.at, actor, command_id)
            self._ahead = (fold_all(base, events), (actor, command_id)) if events else self._ahead
            try:
                done = await self.services.store.append(self._append(base, after, actor, command_id, events, decision))
            except Exception as error:
                self._stumble(generation)
                if not isinstance(error, Conflict):
                    raise
                await self.catch_up()
                continue
            if done.repeated:
                self._stumble(generation)
            elif events:
                self._texts.update({text.ref.id: text.value for text in decision.texts})
                await self._advance(events)
                await self.services.bus.publish(Head(lesson=self.state.id, seq=done.seq))
            return done.seq
        raise TooMany("the lesson is too busy")

    def _base(self) -> tuple[LessonState, tuple[str, str] | None]:
        """What to decide on: the state as it will be when all that waits to be written is, and whose event will be its last."""
        if self._ahead and self._ahead[0].seq > self.state.seq:
            return self._ahead
        return self.state, None

    def _append(
        self,
        base: LessonState,
        after: tuple[str, str] | None,
        actor: str,
        command_id: str,
        events: tuple[Envelope, ...],
        decision: Decision,
    ) -> Append:
        async def beside(connection: AsyncConnection) -> None:
            await self.services.texts.keep(connection, base.id, decision.texts)

        return Append(base.id, base.seq, actor, command_id, events, _life(base, events), after, beside if decision.texts else None)

    def _stumble(self, generation: int) -> None:
        """What was decided on top of a failed append fails as well; begin again from the state that is written."""
        if generation == self._generation:
            self._generation += 1
            self._ahead = None

    async def catch_up(self, head: int | None = None) -> None:
        """Read what others wrote; with `head`, only if this process is behind it."""
        if head is not None and head <= self.state.seq:
            return
        async with self._advancing:
            await self._apply(await self.services.store.tail(self.state.id, self.state.seq))

    async def _advance(self, events: Sequence[Envelope]) -> None:
        async with self._advancing:
            if events[0].seq > self.state.seq + 1:
                events = await self.services.store.tail(self.state.id, self.state.seq)
            await self._apply(events)

    async def _apply(self, events: Iterable[Envelope]) -> None:
        fresh = [event for event in events if event.seq > self.state.seq]
        if any(getattr(event.payload, "participant", None) not in {None, *self.names} for event in fresh):
            await self.learn_names()
        await self._learn_texts({ref.id for event in fresh for ref in text_refs(event.payload)})
        for event in fresh:
            self.state = fold(self.state, event)
            self._recent.append(event)
            self._broadcast(event)
        if any(event.kind == "lesson.archived" for event in fresh):
            await self.services.intercom.erase(self.state.id)
        if fresh:
            self._see_out()
            self.unsettled = True

    async def learn_names(self) -> None:
        """Read the roster."""
        people = await self.services.store.people(self.state.id)
        self.names.clear()
        self.names.update({person.id: person.name for person in people})
        self._roles = {person.id: person.role for person in people}

    async def learn_facts(self) -> None:
        """Read what the rules must know of the school."""
        self.facts = await self.services.store.facts(self.state.id)

    async def _learn_texts(self, ids: set[str]) -> None:
        self._texts.update(await self.services.texts.read(ids - self._texts.keys()))

    # --- pages -------------------------------------------------------------------------------------------------------

    def admit(self, connection: Connection) -> None:
        """A page's socket opened."""
        self.connections[connection.number] = connection
        who = connection.principal
        self.presence.arrive(connection.number, who.participant if who.role in ("master", "classroom") else None)

    def dismiss(self, connection: Connection) -> None:
        """A page's socket closed."""
        self.connections.pop(connection.number, None)
        self._told.pop(connection.number, None)
        self.presence.depart(connection.number)
        self.idle_since = self.services.clock.monotonic_ms()

    def send_state(self, connection: Connection, after: int | None) -> None:
        """Bring a page up to date: with the events it missed if they are at hand, else with the whole state."""
        who = connection.audience
        if after is None or not self._replay(connection, after):
            shown = audience.project_state(self.state, who, self._lookup)
            connection.outbox.put({"type": "state", "seq": self._horizon.of(who), "state": shown})
        self._told.pop(connection.number, None)

    def _replay(self, connection: Connection, after: int) -> bool:
        if after > self.state.seq or after < self.state.seq - len(self._recent):
            return False
        prev = after
        for event in self._recent:
            if event.seq > after:
                message = audience.project_event(event, connection.audience, prev, self._lookup)
                if message:
                    connection.outbox.put(message)
                    prev = event.seq
        return True

    def _broadcast(self, event: Envelope) -> None:
        made: dict[Audience, dict[str, Any] | None] = {}
        for connection in list(self.connections.values()):
            who = connection.audience
            if who not in made:
                made[who] = audience.project_event(event, who, self._horizon.of(who), self._lookup)
            message = made[who]
            if message is not None:
                connection.outbox.put(message)
        self._horizon.pass_by(event)

    def _see_out(self) -> None:
        for connection in list(self.connections.values()):
            if connection.principal.participant in self.state.removed:
                connection.bye("removed")

    def follow(self, plan: Plan) -> None:
        """The timetable wants something else now: pages are told."""
        if plan != self.plan:
            self.plan = plan
            for connection in list(self.connections.values()):
                connection.outbox.put(plan_message(plan))

    def revoke(self, papers: Iterable[str]) -> None:
        """End every page of these papers; their media ends with the next reconciliation."""
        fresh = set(papers) - self.revoked
        if fresh:
            self.revoked |= fresh
            self.unsettled = True
            for connection in list(self.connections.values()):
                if connection.principal.papers & fresh:
                    connection.bye("revoked")

    def papers(self) -> set[str]:
        """Papers of those with a page or a session here, not known to be revoked."""
        seen = {paper for connection in self.connections.values() for paper in connection.principal.papers}
        for session in self.services.desk.registry.of(self.state.id):
            seen |= session.tag.papers
        return seen - self.revoked

    # --- the intercom ------------------------------------------------------------------------------------------------

    async def speak(self, said: Said) -> None:
        """Say something once; pages here hear it at once, those of other processes as soon as they are told. Raises `AppError`."""
        if self.state.phase not in JOINABLE:
            raise WrongPhase("no intercom now", phase=self.state.phase)
        if await self.services.intercom.say(said):
            self.hear(said)
            note = Spoken(lesson=said.lesson, node=self.services.node, principal=said.principal, message=said.message)
            await self.services.bus.publish(note)

    async def overhear(self, principal: str, message: str) -> None:
        """Another process says that something was said."""
        if any(connection.audience.view in ("master", "staff") for connection in self.connections.values()):
            said = await self.services.intercom.one(self.state.id, principal, message)
            if said:
                self.hear(said)

    def hear(self, said: Said) -> None:
        """Tell the pages that may hear it."""
        for connection in list(self.connections.values()):
            connection.hear([said])

    # --- time --------------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        """Everything that time, presence or the worker may have made necessary."""
        try:
            await self._arrivals()
            await self._deadlines()
        finally:  # a store that does not answer must not keep a revoked session alive
            await self.settle()
        self._tell_presence()

    async def settle(self) -> None:
        """Make media as the state wants it."""
        async with self._reconciling:
            if not self.unsettled:
                return
            self.unsettled, done = False, False
            try:
                done = await self.services.desk.reconcile(lambda: self.state, self.revoked)
            finally:
                self.unsettled = self.unsettled or not done

    async def _arrivals(self) -> None:
        if self.state.phase not in JOINABLE:
            return  # after the end nobody joins or leaves any more
        now = self.services.clock.monotonic_ms()
        joined, left = self.presence.changes(self.state, self.services.desk.health(self.state.id), now)
        if joined - self._roles.keys():
            await self.learn_names()
        for who in sorted(joined & self._roles.keys()):
            await self._system(commands.Join(participant=who, role=self._roles[who]), f"join:{self.state.seq}:{who}")
        for who in sorted(left):
            await self._system(commands.Leave(participant=who), f"leave:{self.state.seq}:{who}")

    async def _deadlines(self) -> None:
        due = next_deadline(self.state, self.plan)
        if due and due.due(self.services.clock.wall_ms()):
            await self._system(due.command, due.command_id)

    async def _system(self, command: Command, command_id: str) -> None:
        try:
            await self.execute(commands.SYSTEM, None, command_id[:64], command)
        except Refused as refused:
            log.info("%s refused: %s", command.kind, refused.code)

    def here(self) -> Here:
        """What this process says about presence."""
        seen = self.presence.here(self.services.clock.monotonic_ms())
        return Here(lesson=self.state.id, node=self.services.node, participants=seen)

    def _tell_presence(self) -> None:
        if not self.connections:
            return
        people = {who: (self._roles[who], name) for who, name in self.names.items() if who not in self.state.removed}
        health = self.services.desk.health(self.state.id)
        everybody = self.presence.view(people, health, self.services.clock.monotonic_ms())
        for connection in list(self.connections.values()):
            seen = _visible(connection, everybody)
            if seen is not None and self._told.get(connection.number) != seen:
                self._told[connection.number] = seen
                connection.outbox.put({"type": "presence", "participants": seen})


def _envelopes(base: LessonState, decision: Decision, at: int, actor: str, command_id: str) -> tuple[Envelope, ...]:
    return tuple(Envelope(base.id, base.seq + n, at, payload, actor, None, command_id) for n, payload in enumerate(decision.events, 1))


def _life(base: LessonState, events: Sequence[Envelope]) -> Life | None:
    if not events:
        return None
    state = fold_all(base, events)
    return Life(state.phase, state.live_at, state.ended_at)


def plan_message(plan: Plan) -> dict[str, Any]:
    """The `plan` message of `docs/protocol.md`."""
    return {"type": "plan", "starts_at": plan.starts_at, "ends_at": plan.ends_at, "rehearsal": plan.rehearsal}


def _visible(connection: Connection, everybody: Mapping[str, Any]) -> Mapping[str, Any] | None:
    who = connection.principal
    if who.role in ("master", "wall"):
        return everybody
    own = who.participant or ""
    return {own: everybody[own]} if own in everybody else None
