"""Who sees what of `hands` (S16): everybody in the lesson all of it, so that each room knows its places in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.hands.events import EVENTS
from server.domain.hands.state import Call, Hand, Hands
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import IN_THE_LESSON, Audience, Seen

AUDIENCE: Mapping[str, Seen] = {event.kind: Seen(all=IN_THE_LESSON) for event in EVENTS}


def project(state: LessonState, who: Audience, _: Lookup) -> dict[str, Any]:
    """The part `hands`; to a viewer, who hears of no hand, it looks as if there were none."""
    hands = state.hands if who.view in IN_THE_LESSON else Hands()
    return {
        "mode": hands.mode,
        "raised": {room: {str(seat): _hand(hand) for seat, hand in seats.items()} for room, seats in hands.raised.items()},
        "wave": hands.wave,
        "last": hands.last,
        "called": dict(hands.called),
        "calls": {room: {str(seat): calls for seat, calls in seats.items()} for room, seats in hands.calls.items()},
        "recent": [_call(call) for call in hands.recent],
    }


def _hand(hand: Hand) -> dict[str, int]:
    return {"at": hand.at, "wave": hand.wave, "lot": hand.lot, "before": hand.before}


def _call(call: Call) -> dict[str, Any]:
    return {"participant": call.participant, "seat": call.seat, "at": call.at, "waited": call.waited}
