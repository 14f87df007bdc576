"""One-touch signals, each acknowledged, and the ring (S11)."""

from __future__ import annotations

import pytest

from server.domain import commands as c
from server.domain.audience import project_state
from server.domain.command import Command
from server.domain.help.commands import AcknowledgeHelp, RingRoom, SignalHelp
from server.domain.lesson import LessonState
from server.domain.refused import Refused
from server.domain.seen import audience_of
from tests.server.domain.logs import LOOKUP, START, act
from tests.server.domain.test_hands import in_class, kinds

ACKNOWLEDGE, RING = AcknowledgeHelp(participant="p1"), RingRoom(participant="p1")


def said(word: str) -> Command:
    return SignalHelp(participant="p1", word=word)  # type: ignore[arg-type]


def after(*commands: Command) -> LessonState:
    state = in_class()
    for command in commands:
        state = act(state, command, state.at + 1_000)
    return state


def words(state: LessonState) -> dict[str, tuple[str, bool]]:
    return {room: (signal.word, signal.acknowledged is not None) for room, signal in state.help.signals.items()}


def test_a_newer_word_replaces_the_older_and_waits_again() -> None:
    state = after(said("deaf"), ACKNOWLEDGE)
    assert words(state) == {"p1": ("deaf", True)}
    assert words(act(state, said("blind"), 20_000)) == {"p1": ("blind", False)}
    assert words(act(state, said("deaf"), 20_000)) == {"p1": ("deaf", False)}


def test_said_twice_or_seen_twice_is_written_once() -> None:
    assert kinds(after(said("help")), said("help")) == []
    assert kinds(after(said("help"), ACKNOWLEDGE), ACKNOWLEDGE) == []
    assert kinds(after(), ACKNOWLEDGE) == []


def test_every_ring_rings_until_the_room_says_something() -> None:
    state = after(said("ready"), RING)
    assert list(state.help.rung) == ["p1"]
    assert kinds(state, RING) == ["help.rung"]
    assert act(state, RING, 30_000).help.rung["p1"] == 30_000
    awake = act(state, said("ready"), 31_000)
    assert (dict(awake.help.rung), words(awake)) == ({}, {"p1": ("ready", False)})


def test_nobody_is_rung_whom_nobody_knows() -> None:
    for who in ("p9", "master"):
        with pytest.raises(Refused, match=r"participant\.unknown"):
            act(in_class(), RingRoom(participant=who), 9_000)


def test_an_assistant_calls_for_help_before_the_room_came() -> None:
    waiting = act(START, c.OpenLesson(), 1_000)
    state = act(waiting, said("help"), 2_000)
    assert words(state) == {"p1": ("help", False)}
    assert kinds(state, RING) == ["help.rung"]


def test_a_removed_room_is_heard_no_more() -> None:
    gone = after(said("help"), c.RemoveParticipant(participant="p1"))
    assert words(gone) == {}
    with pytest.raises(Refused, match=r"participant\.unknown"):
        act(gone, said("help"), 20_000)


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (c.PauseLesson(), {"p2": ("deaf", False)}),
        (c.Leave(participant="p1"), {"p2": ("deaf", False)}),
        (c.EndLesson(), {}),
    ],
)
def test_who_was_ready_is_not_any_more(command: Command, left: dict[str, tuple[str, bool]]) -> None:
    state = after(said("ready"), SignalHelp(participant="p2", word="deaf"))
    assert words(act(state, command, 20_000)) == left


def test_it_lies_between_the_room_and_the_teacher() -> None:
    state = after(said("deaf"), RING, said("deaf"), RingRoom(participant="p2"))
    roles = (("master", "master"), ("classroom", "p1"), ("assistant", "p2"), ("seat", "p1"), ("wall", None), ("viewer", None))
    shown = [project_state(state, audience_of(*who, *((3,) if who[0] == "seat" else ())), LOOKUP)["help"] for who in roles]
    assert [(list(part["signals"]), list(part["rung"])) for part in shown] == [
        (["p1"], ["p2"]),
        (["p1"], []),
        ([], ["p2"]),
        ([], []),
        ([], []),
        ([], []),
    ]
