"""A lesson in class, told step by step: who says what, what happens, who is shown what."""

from __future__ import annotations

from typing import Any

from server.domain import commands as c
from server.domain.audience import project_event, project_state
from server.domain.command import Command, Giver, Moment, Text
from server.domain.decide import decide, next_deadline
from server.domain.events import Envelope
from server.domain.facts import Facts, RoomFacts
from server.domain.lesson import LessonState, fold
from server.domain.lookup import Lookup
from server.domain.payload import Payload
from server.domain.principal import Role
from server.domain.refused import Refused
from server.domain.seen import Audience, audience_of
from tests.server.domain.logs import NAMES, START

STUDENTS = {3: "student-3", 4: "student-4"}
FACTS = Facts({who: RoomFacts(seats=40, plan="plan.2", students=STUDENTS if who == "p1" else {}) for who in ("p1", "p2")})


class Class:
    """Rooms `p1` and `p2` of forty seats, live unless `live` says otherwise."""

    def __init__(self, live: bool = True, facts: Facts = FACTS) -> None:
        self.state: LessonState = START
        self.at = 1_000_000
        self.facts = facts
        self.log: list[Envelope] = []
        self.texts: list[Text] = []
        for who in ("p1", "p2"):
            self.server(c.Join(participant=who, role="classroom"))
        self.server(c.Join(participant="master", role="master"))
        self.master(c.GoLive() if live else c.OpenLesson())

    def give(self, command: Command, giver: Giver | None, after: int = 1_000) -> tuple[Payload, ...]:
        """Decide and fold; raises `Refused`."""
        self.at += after
        seed = f"{self.state.seq}/{self.at}".encode()
        decision = decide(self.state, command, giver, Moment(self.at, seed, self.facts))
        self.texts += decision.texts
        for payload in decision.events:
            event = Envelope(self.state.id, self.state.seq + 1, self.at, payload, "t", None, "")
            self.state = fold(self.state, event)
            self.log.append(event)
        return decision.events

    def server(self, command: Command, after: int = 1_000) -> tuple[Payload, ...]:
        return self.give(command, None, after)

    def master(self, command: Command, after: int = 1_000) -> tuple[Payload, ...]:
        return self.give(command, Giver("master", "master", 0, "teacher"), after)

    def by(self, role: Role, command: Any, after: int = 1_000, room: str | None = None, principal: str = "") -> tuple[Payload, ...]:
        """By somebody of the room that the command names."""
        room = room or command.participant
        seat = command.seat if role == "seat" else 0
        return self.give(command, Giver(role, room, seat, principal or f"{role}:{room}"), after)

    def clock(self) -> tuple[Payload, ...]:
        """Let time go on to the next deadline and fire it."""
        due = next_deadline(self.state)
        assert due is not None
        return self.server(due.command, due.at - self.at)

    @property
    def lookup(self) -> Lookup:
        return Lookup(NAMES, {text.ref.id: text.value for text in self.texts})

    def shown(self, who: Audience) -> dict[str, Any]:
        """The state this audience would be sent afresh."""
        return project_state(self.state, who, self.lookup)

    def told(self, who: Audience) -> list[dict[str, Any]]:
        """Every event this audience was told."""
        told = (project_event(event, who, 0, self.lookup) for event in self.log)
        return [message for message in told if message]


def kinds(events: tuple[Payload, ...]) -> list[str]:
    return [event.kind for event in events]


def refusal(ask: Any) -> str:
    """The code of a refusal; empty: it was taken."""
    try:
        ask()
    except Refused as refused:
        return refused.code
    return ""


MASTER = audience_of("master", "master")
SCREEN = audience_of("classroom", "p1")
STAFF = audience_of("assistant", "p1")
SEAT = audience_of("seat", "p1", 3)
NEIGHBOUR = audience_of("seat", "p1", 4)
ELSEWHERE = audience_of("classroom", "p2")
STAFF_ELSEWHERE = audience_of("assistant", "p2")
SEAT_ELSEWHERE = audience_of("seat", "p2", 3)
WALL = audience_of("wall", None)
VIEWER = audience_of("viewer", None)
EVERY = (MASTER, SCREEN, STAFF, SEAT, NEIGHBOUR, ELSEWHERE, STAFF_ELSEWHERE, SEAT_ELSEWHERE, WALL, VIEWER)
