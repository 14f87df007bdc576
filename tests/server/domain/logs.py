"""Random lives of a lesson, and the reducer of a page written once more."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from server.domain.refused import Refused

PEOPLE = [f"p{n}" for n in range(6)]
NAMES = {"master": "Ms Wang", **{who: f"Room {who}" for who in PEOPLE}}
START = LessonState("L1", "Fractions")

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


def act(state: LessonState, command: c.Command, at: int, log: list[Envelope] | None = None) -> LessonState:
    """One command by whoever may give it, folded."""
    role = next(iter(command.roles), None)
    for payload in decide(state, command, role, at):
        event = Envelope(state.id, state.seq + 1, at, payload, "t", None, "")
        state = fold(state, event)
        if log is not None:
            log.append(event)
    return state


def live(steps: list[tuple[c.Command, int]]) -> list[Envelope]:
    """The log of a life; refused commands write nothing."""
    state, at, log = START, 1_000, []
    for command, later in steps:
        at += later
        try:
            state = act(state, command, at, log)
        except Refused:
            continue
    return log


def reduce(view: str, shown: dict[str, Any], event: dict[str, Any]) -> None:
    """What a page does with an event, by the words of docs/protocol.md."""
    kind, payload, lesson = event["kind"], event["payload"], shown["lesson"]
    who = payload.get("participant")
    if kind == "lesson.opened":
        lesson["phase"] = "open"
    elif kind == "lesson.live":
        lesson["phase"], lesson["live_at"] = "live", lesson["live_at"] or event["at"]
    elif kind == "lesson.ended":
        lesson["phase"], lesson["ended_at"] = "ended", event["at"]
    elif kind == "lesson.reopened":
        lesson["phase"], lesson["ended_at"] = "live" if lesson["live_at"] else "open", None
    elif kind == "stage.called":
        shown["stage"][str(payload["position"])] = who
        if view == "viewer":
            shown["participants"][who] = {"name": payload["name"], "role": "classroom"}
    elif kind == "stage.released":
        del shown["stage"][str(payload["position"])]
        if view == "viewer":
            shown["participants"].pop(who, None)
    elif kind == "participant.joined":
        shown["participants"][who] = {"name": payload["name"], "role": payload["role"], "present": True}
    elif kind == "participant.left":
        shown["participants"][who]["present"] = False
    elif kind == "participant.removed":
        shown["participants"].pop(who)
