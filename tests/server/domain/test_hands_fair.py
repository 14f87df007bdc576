"""What the queue promises over a lesson: rooms of many and of few hands, near and behind a satellite (S22)."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from server.domain import commands as c
from server.domain.hands.commands import CallNextHand, ClearHands, OrderHands, RaiseHand
from server.domain.hands.queue import queue
from server.domain.lesson import LessonState
from tests.server.domain.logs import act
from tests.server.domain.test_hands import ROOMS, in_class

SEATS = 40


def question(state: LessonState, hands: list[tuple[int, str, int]]) -> tuple[LessonState, str]:
    """Hands of (ms after the question, room, seat); one is called, answers, and all go down. Says which room it was."""
    start = state.at + 20_000
    for after, who, seat in sorted(hands):
        state = act(state, RaiseHand(participant=who, seat=seat), start + after)
    state = act(state, CallNextHand(), start + 5_000)
    called = state.hands.recent[-1].participant
    state = act(state, c.ReleaseFromStage(participant=called), start + 15_000)
    return act(state, ClearHands(), start + 15_000), called


@pytest.mark.parametrize("mode", ["first", "least"])
@pytest.mark.parametrize("seed", range(3))
def test_sixty_calls_with_hands_ten_to_one_to_one(mode: str, seed: int) -> None:
    draw, calls = random.Random(seed), Counter[str]()
    state = act(in_class(), OrderHands(mode=mode), 4_000)  # type: ignore[arg-type]
    for _ in range(60):
        hands = [
            (draw.randrange(900), who, seat)
            for who, many in zip(ROOMS, (10, 1, 1), strict=True)
            for seat in draw.sample(range(1, 41), many)
        ]
        state, who = question(state, hands)
        calls[who] += 1
    assert max(calls.values()) - min(calls[who] for who in ROOMS) <= 2, calls


def test_sixty_calls_of_hands_that_stay_up() -> None:
    draw, state = random.Random(7), act(in_class(), OrderHands(mode="least"), 4_000)
    for _ in range(60):
        for who, many in zip(ROOMS, (10, 1, 1), strict=True):
            free = [seat for seat in range(1, SEATS + 1) if state.hands.hand(who, seat) is None]
            for seat in draw.sample(free, many - len(state.hands.raised.get(who, ()))):
                state = act(state, RaiseHand(participant=who, seat=seat), state.at + draw.randrange(3_000))
        state = act(state, CallNextHand(), state.at + 4_000)
        state = act(state, c.ReleaseFromStage(participant=state.hands.recent[-1].participant), state.at + 9_000)
    calls = [state.hands.calls_of(who) for who in ROOMS]
    assert sum(calls) == 60
    assert max(calls) - min(calls) <= 2


def test_a_slow_link_is_no_disadvantage() -> None:
    """First come, one question a lesson, equally quick pupils, rooms 0, 300 and 600 ms away: each is called about as often."""
    calls = Counter[str]()
    for seed in range(300):
        draw = random.Random(seed)
        delays = zip(ROOMS, (0, 300, 600), strict=True)
        hands = [(draw.randrange(800) + delay, who, seat) for who, delay in delays for seat in draw.sample(range(1, SEATS + 1), 5)]
        begin = in_class()
        calls[question(act(begin, ClearHands(), begin.at + seed), hands)[1]] += 1
    assert all(75 <= calls[who] <= 125 for who in ROOMS), calls


def test_a_slow_link_is_no_disadvantage_over_a_lesson() -> None:
    draw, state, calls = random.Random(1), in_class(), Counter[str]()
    for _ in range(60):
        hands = [(draw.randrange(800) + delay, who, draw.randint(1, SEATS)) for who, delay in zip(ROOMS, (0, 300, 600), strict=True)]
        state, who = question(state, hands)
        calls[who] += 1
    assert max(calls.values()) - min(calls[who] for who in ROOMS) <= 1


def test_three_rooms_of_forty_within_two_seconds() -> None:
    draw, state = random.Random(3), in_class()
    for at, who, seat in sorted((10_000 + draw.randrange(2_000), who, seat) for who in ROOMS for seat in range(1, SEATS + 1)):
        state = act(state, RaiseHand(participant=who, seat=seat), at)
    order = [(one.participant, one.seat) for one in queue(state)]
    assert len(set(order)) == 3 * SEATS
    called = []
    for _ in range(3 * SEATS):
        state = act(state, CallNextHand(), state.at + 1_000)
        called.append(state.hands.recent[-1].participant)
        state = act(state, c.ReleaseFromStage(participant=called[-1]), state.at + 1_000)
    assert queue(state) == ()
    turns = [Counter(called[:n]) for n in range(3, 3 * SEATS + 1, 3)]
    assert all(max(turn.values()) - min(turn[who] for who in ROOMS) <= 1 for turn in turns)
