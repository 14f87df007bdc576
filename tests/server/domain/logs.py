"""Random lives of a lesson, and the reducer of a page written once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.command import Command, Giver, Moment
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.facts import CoursewareFacts, Facts
from server.domain.lesson import LessonState, fold
from server.domain.lookup import Lookup
from server.domain.refused import Refused
from server.domain.seen import VIEWS, Audience

PEOPLE = [f"p{n}" for n in range(6)]
NAMES = {"master": "Ms Wang", **{who: f"Room {who}" for who in PEOPLE}}
START = LessonState("L1", "Fractions")
AUDIENCES = [
    Audience(view, "" if view == "viewer" else "master" if view == "master" else "p1", 3 if view == "seat" else 0) for view in VIEWS
]
"""One of each view; `p1` is the room whose private things the others must not see."""
FACTS = Facts(courseware={"c1": CoursewareFacts(pages=2, version="v1"), "c2": CoursewareFacts(pages=1, version="v2")}, record=True)
AIMS: dict[type[Command], Callable[[LessonState, Any], Command]] = {}
"""How a life finds what a command is about, for commands that name ids drawn by chance: `lives/` fills it."""
TEXTS: dict[str, str] = {}
"""Whatever was written in any life."""
LOOKUP = Lookup(NAMES, TEXTS)

people = st.sampled_from(PEOPLE)
joins = st.one_of(
    st.just(c.Join(participant="master", role="master")),
    people.map(lambda who: c.Join(participant=who, role="classroom")),
)
COMMANDS = st.one_of(
    st.sampled_from([c.OpenLesson(), c.GoLive(), c.EndLesson(), c.ReopenLesson()]),
    joins,
    joins,
    people.map(lambda who: c.Leave(participant=who)),
    people.map(lambda who: c.CallOnStage(participant=who)),
    people.map(lambda who: c.CallOnStage(participant=who)),
    people.map(lambda who: c.ReleaseFromStage(participant=who)),
    people.map(lambda who: c.RemoveParticipant(participant=who)),
    people.map(lambda who: c.ExpireStage(participant=who)),
)
STEPS = st.lists(st.tuples(COMMANDS, st.integers(0, 400_000)), max_size=40)


def giver_of(command: Command) -> Giver | None:
    """Somebody who may give the command, the master rather than others; None: the server itself."""
    participant = getattr(command, "participant", "master")
    able = sorted(command.roles - ({"seat"} if not getattr(command, "seat", 0) else set()))
    if command.master_own and participant != "master":
        able.remove("master")
    if not able:
        return None
    first = "master" in able and not command.master_own
    role = "master" if first else able[crc32(repr(command).encode()) % len(able)]
    participant = "master" if role == "master" else participant
    return Giver(role, participant, getattr(command, "seat", 0) if role == "seat" else 0, f"{role}:{participant}")


def aimed(state: LessonState, command: Command) -> Command:
    """The command with the id it is about, where only the state knows it."""
    aim = AIMS.get(type(command))
    return aim(state, command) if aim else command


def act(state: LessonState, command: Command, at: int, log: list[Envelope] | None = None, giver: Giver | None = None) -> LessonState:
    """One command by whoever may give it, folded."""
    seed = f"{state.seq}/{at}/{command}".encode()
    decision = decide(state, command, giver or giver_of(command), Moment(at, seed, FACTS))
    TEXTS.update({text.ref.id: text.value for text in decision.texts})
    for payload in decision.events:
        event = Envelope(state.id, state.seq + 1, at, payload, "t", None, "")
        state = fold(state, event)
        if log is not None:
            log.append(event)
    return state


def live(steps: list[tuple[Command, int]]) -> list[Envelope]:
    """The log of a life; refused commands write nothing."""
    state, at, log = START, 1_000, []
    for command, later in steps:
        at += later
        try:
            state = act(state, aimed(state, command), at, log)
        except Refused:
            continue
    return log
