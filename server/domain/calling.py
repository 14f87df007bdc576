"""How a room comes on stage, whoever asks for it: by name, by a hand, by its microphone."""

from __future__ import annotations

from server.domain import events as e
from server.domain.lesson import LessonState
from server.domain.mic.events import MicOpened
from server.domain.payload import Payload
from server.domain.refused import Refused
from server.domain.stage import free_position, position_of


def on_stage(state: LessonState, participant: str) -> tuple[Payload, ...]:
    """The lowest free position; nothing for a room that is there. Raises `Refused("stage.full")`."""
    if position_of(state.stage, participant) is not None:
        return ()
    position = free_position(state.stage)
    if position is None:
        raise Refused("stage.full")
    return (e.StageCalled(participant=participant, position=position),)


def heard(state: LessonState, participant: str) -> tuple[Payload, ...]:
    """On stage with an open microphone: coming on stage opens it, so only one that was closed there needs a word of its own."""
    called = on_stage(state, participant)
    reopened = () if called or participant not in state.mic.closed else (MicOpened(participant=participant, by="master"),)
    return (*called, *reopened)


def classroom(state: LessonState, participant: str) -> str:
    """The id of a remote classroom of this lesson; raises `Refused("participant.unknown")` for anybody else."""
    who = state.participants.get(participant)
    if who is None or who.role != "classroom":
        raise Refused("participant.unknown")
    return who.id
