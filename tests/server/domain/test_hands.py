"""Hands: who may raise, what a call does, in which order they are called (S22)."""

from __future__ import annotations

import random
from functools import partial
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.command import Moment
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.facts import Facts, RoomFacts
from server.domain.hands.commands import CallHand, CallNextHand, CancelHand, ClearHands, OrderHands, RaiseHand
from server.domain.hands.queue import place_in_queue, queue
from server.domain.hands.state import RECENT, SIMULTANEOUS_MS
from server.domain.lesson import LessonState, fold_all
from server.domain.refused import Refused
from tests.server.domain.lives import hands as life
from tests.server.domain.logs import START, act, giver_of, live

ROOMS = ("p0", "p1", "p2")


def in_class(*rooms: str) -> LessonState:
    state = act(act(START, c.Join(participant="master", role="master"), 1), c.GoLive(), 2)
    for who in rooms or ROOMS:
        state = act(state, c.Join(participant=who, role="classroom"), 3)
    return state


def raised(state: LessonState, *hands: tuple[str, int, int]) -> LessonState:
    """Hands of (room, seat, when)."""
    for who, seat, at in hands:
        state = act(state, RaiseHand(participant=who, seat=seat), at)
    return state


def order(state: LessonState) -> list[tuple[str, int]]:
    return [(one.participant, one.seat) for one in queue(state)]


def kinds(state: LessonState, command: c.Command, at: int = 90_000) -> list[str]:
    return [event.kind for event in decide(state, command, giver_of(command), Moment(at)).events]


def test_a_hand_goes_up_once_and_down_once() -> None:
    state = raised(in_class(), ("p1", 7, 10_000))
    assert order(state) == [("p1", 7)]
    assert act(state, RaiseHand(participant="p1", seat=7), 11_000) == state
    down = act(state, CancelHand(participant="p1", seat=7), 12_000)
    assert order(down) == []
    assert dict(down.hands.raised) == {}
    assert act(down, CancelHand(participant="p1", seat=7), 13_000) == down


@pytest.mark.parametrize(("seat", "code"), [(12, None), (13, "seat.unknown")])
def test_only_seats_that_the_room_has(seat: int, code: str | None) -> None:
    facts = Facts({"p1": RoomFacts(seats=12)})
    for command in (RaiseHand(participant="p1", seat=seat), CallHand(participant="p1", seat=seat)):
        ask = partial(decide, in_class(), command, giver_of(command), Moment(9_000, facts=facts))
        if code is None:
            assert ask().events
        else:
            with pytest.raises(Refused, match=code) as refused:
                ask()
            assert refused.value.params == {"seat": seat}


def test_a_room_nobody_knows_and_a_phase_without_class() -> None:
    with pytest.raises(Refused, match=r"participant\.unknown"):
        act(in_class(), RaiseHand(participant="p9", seat=1), 9_000)
    with pytest.raises(Refused, match=r"lesson\.phase"):
        act(START, RaiseHand(participant="p1", seat=1), 9_000)
    waiting = act(act(START, c.OpenLesson(), 1), c.Join(participant="p1", role="classroom"), 2)
    assert order(raised(waiting, ("p1", 1, 3))) == [("p1", 1)]
    with pytest.raises(Refused, match=r"lesson\.phase"):
        act(raised(waiting, ("p1", 1, 3)), CallNextHand(), 9_000)


def test_a_call_puts_the_room_on_stage_and_counts() -> None:
    state = raised(in_class(), ("p1", 7, 10_000))
    log: list = []
    state = act(state, CallHand(participant="p1", seat=7), 14_000, log)
    assert [(event.kind, getattr(event.payload, "waited", None)) for event in log] == [("hand.called", 4_000), ("stage.called", None)]
    assert dict(state.stage) == {1: "p1"}
    assert order(state) == []
    assert (state.hands.calls_of("p1"), state.hands.calls_of("p1", 7), state.hands.called["p1"]) == (1, 1, 7)
    log.clear()
    state = act(state, CallHand(participant="p1", seat=8), 15_000, log)
    assert [(event.kind, event.payload.waited) for event in log] == [("hand.called", None)]
    assert act(state, CallHand(participant="p1", seat=8), 15_500) == state
    state = act(state, c.ReleaseFromStage(participant="p1"), 16_000)
    assert "p1" not in state.hands.called
    assert [(call.seat, call.waited) for call in state.hands.recent] == [(7, 4_000), (8, None)]


def test_who_is_called_again_with_a_new_hand_is_called_again() -> None:
    state = act(raised(in_class(), ("p1", 7, 10_000)), CallNextHand(), 11_000)
    state = act(raised(state, ("p1", 7, 12_000)), CallHand(participant="p1", seat=7), 13_000)
    assert state.hands.calls_of("p1", 7) == 2


def test_a_call_opens_a_microphone_that_was_closed() -> None:
    state = act(act(in_class(), c.CallOnStage(participant="p1"), 10_000), c.COMMANDS["mic.mute"](participant="p1"), 11_000)
    assert kinds(state, CallHand(participant="p1", seat=2)) == ["hand.called", "mic.opened"]


def test_the_own_class_of_the_master_needs_no_stage() -> None:
    state = raised(in_class(), ("master", 4, 10_000))
    assert order(state) == [("master", 4)]
    assert kinds(state, CallNextHand()) == ["hand.called"]


def test_a_full_stage_makes_no_room_by_itself() -> None:
    state = in_class("p0", "p1", "p2", "p3", "p4")
    for who in ("p0", "p1", "p2", "p3"):
        state = act(state, c.CallOnStage(participant=who), 9_000)
    state = raised(state, ("p4", 1, 10_000))
    for command in (CallNextHand(), CallHand(participant="p4", seat=1)):
        with pytest.raises(Refused, match=r"stage\.full"):
            act(state, command, 11_000)


def test_nobody_to_call() -> None:
    with pytest.raises(Refused, match=r"hand\.none"):
        act(in_class(), CallNextHand(), 9_000)


def test_clearing_and_the_mode_write_only_what_changes() -> None:
    state = in_class()
    assert kinds(state, ClearHands()) == kinds(state, OrderHands(mode="first")) == []
    assert kinds(state, OrderHands(mode="least")) == ["hand.ordered"]
    assert order(act(raised(state, ("p1", 1, 9_000)), ClearHands(), 9_500)) == []


@pytest.mark.parametrize("command", [c.PauseLesson(), c.EndLesson()])
def test_a_break_and_the_end_take_hands_down_and_keep_the_counts(command: c.Command) -> None:
    state = act(raised(in_class(), ("p1", 1, 9_000), ("p2", 2, 9_000)), CallNextHand(), 10_000)
    after = act(state, command, 11_000)
    assert order(after) == []
    assert dict(after.hands.called) == {}
    assert sum(after.hands.calls_of(who) for who in ROOMS) == 1


def test_a_room_that_is_away_is_passed_over_and_keeps_its_hands() -> None:
    state = raised(in_class(), ("p1", 1, 9_000), ("p2", 2, 20_000))
    away = act(state, c.Leave(participant="p1"), 21_000)
    assert (order(away), place_in_queue(away, "p1", 1), place_in_queue(away, "p2", 2)) == ([("p2", 2)], None, 1)
    back = act(away, c.Join(participant="p1", role="classroom"), 22_000)
    assert order(back) == [("p1", 1), ("p2", 2)]
    assert order(act(back, c.RemoveParticipant(participant="p1"), 23_000)) == [("p2", 2)]


# --- the order -----------------------------------------------------------------------------------------------------------


def test_first_come_by_waves_and_in_a_wave_the_least_called() -> None:
    state = act(in_class(), CallHand(participant="p0", seat=9), 5_000)
    late = 10_000 + SIMULTANEOUS_MS
    state = raised(state, ("p0", 1, 10_000), ("p1", 1, late), ("p2", 1, late + SIMULTANEOUS_MS + 1))
    assert order(state) == [("p1", 1), ("p0", 1), ("p2", 1)]


def test_in_a_wave_arrival_says_nothing() -> None:
    firsts = set()
    for n in range(40):
        state = raised(in_class(), *((who, 1, 10_000 + n + 300 * place) for place, who in enumerate(ROOMS)))
        firsts.add(order(state)[0][0])
    assert firsts == set(ROOMS)


def test_a_wave_stays_what_it_was_when_its_first_hand_is_called() -> None:
    """p1 came with p0, p2 came with p1: all three at the same time, and no call tears them apart."""
    state = raised(in_class(), ("p0", 1, 10_000), ("p1", 1, 10_900), ("p2", 1, 11_800))
    for _ in range(3):
        before = order(state)
        state = act(state, CallNextHand(), state.at + 5_000)
        assert order(state) == before[1:]


def test_least_called_then_longest_waiting() -> None:
    state = act(act(in_class(), OrderHands(mode="least"), 4_000), CallHand(participant="p0", seat=9), 5_000)
    state = raised(state, ("p0", 1, 10_000), ("p2", 1, 20_000), ("p1", 1, 30_000))
    assert order(state) == [("p2", 1), ("p1", 1), ("p0", 1)]


def test_among_rooms_called_alike_the_seat_called_least() -> None:
    state = act(act(in_class(), OrderHands(mode="least"), 4_000), CallHand(participant="p0", seat=1), 5_000)
    state = raised(state, ("p0", 1, 10_000), ("p0", 2, 20_000))
    assert order(state) == [("p0", 2), ("p0", 1)]


def test_calls_of_earlier_lessons_count_where_the_school_says_so() -> None:
    state = act(in_class(), OrderHands(mode="least"), 4_000)
    facts = Facts({"p0": RoomFacts(called=5), "p1": RoomFacts(called=2)})
    for at, who in enumerate(ROOMS, 10):
        command = RaiseHand(participant=who, seat=1)
        events = decide(state, command, giver_of(command), Moment(at * 1_000, f"{who}".encode(), facts)).events
        assert [event.before for event in events] == [facts.room(who).called]  # type: ignore[attr-defined]
        state = fold_all(state, [Envelope(state.id, state.seq + 1, at * 1_000, event, "t") for event in events])
    assert order(state) == [("p2", 1), ("p1", 1), ("p0", 1)]


def test_by_lot_is_not_by_arrival_and_every_order_happens() -> None:
    seen = set()
    for n in range(80):
        state = raised(act(in_class(), OrderHands(mode="random"), 4_000), *((who, 1, 9_000 + n * 100_000) for who in ROOMS))
        assert order(state) == sorted(order(state), key=lambda one: state.hands.raised[one[0]][one[1]].lot)
        seen.add(tuple(who for who, _ in order(state)))
    assert seen == set(permutations(ROOMS))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_every_hand_of_a_present_room_has_one_place(seed: int) -> None:
    draw = random.Random(seed)
    steps: list = [(c.GoLive(), 1), *((c.Join(participant=f"p{n}", role="classroom"), 1) for n in range(6))]
    steps += [(life.draw(draw), draw.choice((1, 900, 5_000))) for _ in range(60)]
    steps += [(c.Leave(participant="p2"), 1)]
    state = fold_all(START, live(steps))
    up = {(who, seat) for who, seats in state.hands.raised.items() for seat in seats}
    assert len(order(state)) == len(set(order(state)))
    assert set(order(state)) == {(who, seat) for who, seat in up if state.participants[who].present}
    assert [place_in_queue(state, who, seat) for who, seat in order(state)] == list(range(1, len(order(state)) + 1))
    assert all(state.hands.raised.values())
    assert len(state.hands.recent) <= RECENT


def test_the_history_names_the_last_calls_and_counts_all() -> None:
    state = in_class()
    for n in range(RECENT + 5):
        state = act(state, CallHand(participant="p1", seat=n % 40 + 1), 9_000 + n)
    assert len(state.hands.recent) == RECENT
    assert state.hands.recent[-1].seat == RECENT + 5
    assert state.hands.calls_of("p1") == RECENT + 5
