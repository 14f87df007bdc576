"""One lesson as it runs in this process: its state, its pages, its part of the media (S14, S16, S21)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.bus import Here, Spoken
from server.domain import commands
from server.domain.command import Command, Giver
from server.domain.decide import next_deadline
from server.domain.events import Envelope
from server.domain.facts import Facts
from server.domain.lesson import JOINABLE, LessonState
from server.domain.plan import NO_PLAN, Plan
from server.domain.refused import Refused
from server.errors import NoSuchLesson, WrongPhase
from server.live.connection import Connection
from server.live.intercom import Said
from server.live.log import LessonLog
from server.live.presence import Presence
from server.live.relay import Relay
from server.live.roster import Roster
from server.live.services import Services
from server.live.voice import Voice
from server.live.wanted import routes_alike

log = logging.getLogger(__name__)


class Room:
    """Made by `Room.load`. Everything runs in one event loop; only the store and the worker are waited for."""

    def __init__(self, services: Services, start: LessonState) -> None:
        self.services = services
        self.roster = Roster(services.store, start.id)
        self.log = LessonLog(services, self.roster, start, self)
        self._voice = Voice(self.log)
        self.plan = NO_PLAN
        """What the timetable wants, at most a second old."""
        self.connections: dict[int, Connection] = {}
        self.revoked: set[str] = set()
        """Papers of this lesson (links, devices, login sessions) that are revoked, as far as this process was told."""
        now = services.clock.monotonic_ms()
        self.presence = Presence(now)
        self.publishing = asyncio.Lock()
        """One publisher at a time looks whether its place is free."""
        self.relay = Relay(services.bus, services.node, start.id, self.connections)
        self.idle_since = now
        self.unsettled = True
        """Media may not be as the state wants it."""
        self._settled = start
        """The state when it was last asked whether media are."""
        self._reconciling = asyncio.Lock()
        self._told: dict[int, Any] = {}
        self._failing: dict[int, str] = {}
        """What each console was told of the recording."""

    @classmethod
    async def load(cls, services: Services, lesson_id: str) -> Room:
        """Read the lesson's log; raises `NoSuchLesson`."""
        start = await services.store.lesson(lesson_id)
        if start is None:
            raise NoSuchLesson
        room = cls(services, start)
        await room.read_plan()
        await room.learn_names()
        await room.learn_facts()
        await room.log.load()
        return room

    # --- the log -----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> LessonState:
        """Everything the log says."""
        return self.log.state

    @property
    def facts(self) -> Facts:
        """What the rules must know of the school."""
        return self.log.facts

    @property
    def names(self) -> Mapping[str, str]:
        """Participant → what people call it."""
        return self.roster.names

    async def execute(self, actor: str, giver: Giver | None, command_id: str, command: Command) -> int:
        """Carry out a command once; returns the seq of its first acknowledgement. Raises domain `Refused`."""
        return await self.log.execute(actor, giver, command_id, command)

    async def catch_up(self, head: int | None = None) -> None:
        """Read what others wrote; with `head`, only if this process is behind it."""
        await self.log.catch_up(head)

    async def read_plan(self) -> None:
        """Read what the timetable wants now."""
        standing = (await self.services.store.standings([self.state.id])).get(self.state.id)
        self.follow(standing.plan if standing else NO_PLAN)

    async def learn_names(self) -> None:
        """Read the roster."""
        await self.roster.learn()

    async def learn_facts(self) -> None:
        """Read what the rules must know of the school."""
        await self.log.learn_facts()

    def told(self, event: Envelope) -> None:
        """Tell every page that may see the event."""
        self._voice.event(event, list(self.connections.values()))

    async def settled(self, events: Sequence[Envelope]) -> None:
        """Whatever else follows from the events."""
        before, self._settled = self._settled, self.state
        self.unsettled = self.unsettled or not routes_alike(before, self.state)
        if before.removed is not self.state.removed:
            self._see_out()
        if any(event.kind == "lesson.archived" for event in events):
            await self.services.intercom.erase(self.state.id)

    async def overtaken(self, command: Command) -> None:
        """After a conflict the office may have cancelled the lesson: then the log says so before anything else is decided."""
        await self.read_plan()
        if self.plan.cancelled and self.state.phase in ("scheduled", "open") and not isinstance(command, commands.CancelLesson):
            await self._deadlines()

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
        self._failing.pop(connection.number, None)
        self.presence.depart(connection.number)
        self.relay.forget(connection.number)
        self.idle_since = self.services.clock.monotonic_ms()

    def send_state(self, connection: Connection, after: int | None) -> None:
        """Bring a page up to date, from the event it has seen last."""
        self._voice.state(connection, after)
        self._told.pop(connection.number, None)

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
        self.tell_recording()

    async def settle(self) -> None:
        """Make media as the state wants it."""
        async with self._reconciling:
            if not self.unsettled:
                return
            self.unsettled, done = False, False
            try:
                done = await self.services.desk.reconcile(lambda: self.state, self.revoked)
                done = await self.services.recorder.settle(lambda: self.state, self.log) and done
            finally:
                self.unsettled = self.unsettled or not done

    async def _arrivals(self) -> None:
        if self.state.phase not in JOINABLE:
            return  # after the end nobody joins or leaves any more
        now = self.services.clock.monotonic_ms()
        joined, left = self.presence.changes(self.state, self.services.desk.health(self.state.id), now)
        if joined - self.roster.roles.keys():
            await self.learn_names()
        for who in sorted(joined & self.roster.roles.keys()):
            await self._system(commands.Join(participant=who, role=self.roster.roles[who]), f"join:{self.state.seq}:{who}")
        for who in sorted(left):
            await self._system(commands.Leave(participant=who), f"leave:{self.state.seq}:{who}")

    async def _deadlines(self) -> None:
        due = next_deadline(self.state, self.plan)
        if due and due.due(self.log.now()):
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
        people = {who: (self.roster.roles[who], name) for who, name in self.names.items() if who not in self.state.removed}
        health = self.services.desk.health(self.state.id)
        everybody = self.presence.view(people, health, self.services.clock.monotonic_ms())
        for connection in list(self.connections.values()):
            seen = _visible(connection, everybody)
            if seen is not None and self._told.get(connection.number) != seen:
                self._told[connection.number] = seen
                connection.outbox.put_latest({"type": "presence", "participants": seen})

    def tell_recording(self) -> None:
        """Tell consoles whether what they have recorded is lost."""
        record = self.state.record
        failing = "" if record.mode == "off" else self.services.recorder.failing(record.recording)
        for connection in list(self.connections.values()):
            if connection.principal.role == "master" and self._failing.get(connection.number, "") != failing:
                self._failing[connection.number] = failing
                connection.outbox.put({"type": "recording", "failing": failing})


def plan_message(plan: Plan) -> dict[str, Any]:
    """The `plan` message of `docs/protocol.md`."""
    return {"type": "plan", "starts_at": plan.starts_at, "ends_at": plan.ends_at, "rehearsal": plan.rehearsal}


def _visible(connection: Connection, everybody: Mapping[str, Any]) -> Mapping[str, Any] | None:
    who = connection.principal
    if who.role in ("master", "wall"):
        return everybody
    own = who.participant or ""
    return {own: everybody[own]} if own in everybody else None
