"""Who is heard: a pure function of the state, for the media plan (S21). `fold/mic.js` has the same one."""

from __future__ import annotations

from server.domain.lesson import ON_AIR, LessonState
from server.domain.stage import position_of


def is_heard(state: LessonState, participant: str) -> bool:
    """Whether a remote classroom's microphone is open: live, on stage, here, and closed by nobody (S12)."""
    who = state.participants.get(participant)
    on_stage = state.phase in ON_AIR and position_of(state.stage, participant) is not None
    return on_stage and who is not None and who.present and participant not in state.mic.closed
