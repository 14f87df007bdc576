"""Rules of `record`: command and state → events; and what the lesson's own life makes of the recording.

Beginning and end lie in the decision that takes the lesson live or ends it, so that no log has one without the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.payload import Payload
from server.domain.record import commands as c
from server.domain.record import events as e
from server.domain.refused import Refused
from server.domain.rule import Rule


def along(state: LessonState, events: tuple[Payload, ...], moment: Moment) -> tuple[Payload, ...]:
    """Events of the lesson's life with those of its recording among them."""
    return tuple(one for event in events for one in (event, *_follows(state, event.kind, moment)))


def _follows(state: LessonState, kind: str, moment: Moment) -> tuple[Payload, ...]:
    record = state.record
    if kind == "lesson.live" and moment.facts.record and not record.recording:
        return (_begun(state, moment),)
    if kind == "lesson.ended" and record.mode != "off":
        return (e.RecordStopped(),)
    if kind == "lesson.reopened" and record.at_end != "off":
        return (_begun(state, moment), *((e.RecordPaused(),) if record.at_end == "paused" else ()))
    return ()


def _begun(state: LessonState, moment: Moment) -> e.RecordStarted:
    return e.RecordStarted(recording=state.record.recording or moment.opaque("recording"))


def _start(state: LessonState, _: c.StartRecording, __: Giver | None, moment: Moment) -> Decision:
    if state.record.mode == "paused":
        return Decision((e.RecordResumed(),))
    return Decision() if state.record.mode == "on" else Decision((_begun(state, moment),))


def _pause(state: LessonState, _: c.PauseRecording, __: Giver | None, ___: Moment) -> Decision:
    return Decision((e.RecordPaused(),)) if _running(state) == "on" else Decision()


def _resume(state: LessonState, _: c.ResumeRecording, __: Giver | None, ___: Moment) -> Decision:
    return Decision((e.RecordResumed(),)) if _running(state) == "paused" else Decision()


def _stop(state: LessonState, _: c.StopRecording, __: Giver | None, ___: Moment) -> Decision:
    return Decision() if state.record.mode == "off" else Decision((e.RecordStopped(),))


def _running(state: LessonState) -> str:
    if state.record.mode == "off":
        raise Refused("record.off")
    return state.record.mode


RULES: Mapping[type[Command], Rule] = {
    c.StartRecording: _start,
    c.PauseRecording: _pause,
    c.ResumeRecording: _resume,
    c.StopRecording: _stop,
}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
