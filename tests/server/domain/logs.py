"""Random lives of a lesson, and the reducer of a page written once more."""

from __future__ import annotations

from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.command import Command, Giver, Moment
from server.domain.decide import decide
from server.domain.events import Envelope
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
    """Somebody who may give the command; None: the server itself."""
    role = next((role for role in ("master", *sorted(command.roles)) if role in command.roles), None)
    if role is None:
        return None
    participant = "master" if role == "master" else getattr(command, "participant", None)
    return Giver(role, participant, getattr(command, "seat", 0) if role == "seat" else 0, f"{role}:{participant}")


def act(state: LessonState, command: Command, at: int, log: list[Envelope] | None = None, giver: Giver | None = None) -> LessonState:
    """One command by whoever may give it, folded."""
    seed = f"{state.seq}/{at}/{command}".encode()
    decision = decide(state, command, giver or giver_of(command), Moment(at, seed))
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
            state = act(state, command, at, log)
        except Refused:
            continue
    return log
