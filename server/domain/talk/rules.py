"""Rules of `talk`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.payload import Payload
from server.domain.principal import MASTER
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.talk import commands as c
from server.domain.talk import events as e
from server.domain.talk.state import Question

QUESTIONS = 500
"""Of one lesson."""
WAITING = 3
"""A seat may have this many questions that nobody has answered or put aside."""
ANNOUNCEMENTS = 200
"""Of one lesson."""


def _ask(state: LessonState, command: c.AskQuestion, _: Giver | None, moment: Moment) -> Decision:
    who, seat, room = command.participant, command.seat, moment.facts.room(command.participant)
    if seat > room.seats:
        raise Refused("seat.unknown", seat=seat)
    if state.talk.waiting(who, seat) >= WAITING:
        raise Refused("question.waiting", most=WAITING)
    if state.talk.asked >= QUESTIONS:
        raise Refused("request.too_many")
    text = moment.text(_words(command.text), room.students.get(seat, ""))
    asked = e.QuestionAsked(id=moment.opaque("question"), participant=who, seat=seat, text=text.ref, plan=room.plan)
    return Decision((asked,), (text,))


def _words(text: str) -> str:
    if not text.strip():
        raise Refused("request.malformed", field="text")
    return text.strip()


def _known(state: LessonState, id_: str, giver: Giver | None) -> Question:
    """A question that the giver may decide about: an assistant of the own room's only."""
    question = state.talk.questions.get(id_)
    foreign = question is not None and giver is not None and giver.role != "master" and question.participant != giver.participant
    if question is None or foreign:
        raise Refused("question.unknown")  # not even that there is one
    return question


def _release(state: LessonState, command: c.ReleaseQuestion, giver: Giver | None, _: Moment) -> Decision:
    question = _known(state, command.id, giver)
    if question.stage != "held":
        return Decision()
    released = e.QuestionReleased(id=command.id, participant=question.participant, seat=question.seat, text=question.text)
    return Decision((released,))


def _discard(state: LessonState, command: c.DiscardQuestion, giver: Giver | None, _: Moment) -> Decision:
    question = _known(state, command.id, giver)
    if question.stage == "answered":
        raise Refused("question.answered")
    return Decision((e.QuestionDiscarded(id=command.id, participant=question.participant, seat=question.seat),))


def _answer(state: LessonState, command: c.AnswerQuestion, giver: Giver | None, moment: Moment) -> Decision:
    question = _known(state, command.id, giver)
    if question.stage == "held" and question.participant != MASTER:
        raise Refused("question.unknown")  # the teacher has not seen it
    if question.stage == "answered":
        raise Refused("question.answered")
    text = moment.text(_words(command.text)) if command.mode == "written" else None
    answered = e.QuestionAnswered(
        id=command.id,
        participant=question.participant,
        seat=question.seat,
        text=question.text,
        mode=command.mode,
        answer=text.ref if text else None,
    )
    return Decision((answered,), (text,) if text else ())


def _make(state: LessonState, command: c.MakeAnnouncement, giver: Giver | None, moment: Moment) -> Decision:
    own = giver.participant if giver else None
    if command.participant not in ("", own) and command.participant not in state.participants:
        raise Refused("participant.unknown")
    if state.talk.announced >= ANNOUNCEMENTS:
        raise Refused("request.too_many")
    text, id_ = moment.text(_words(command.text)), moment.opaque("announcement")
    made: Payload = e.AnnouncementMade(id=id_, text=text.ref)
    if command.participant:
        made = e.AnnouncementPosted(id=id_, participant=command.participant, text=text.ref)
    return Decision((made,), (text,))


def _withdraw(state: LessonState, command: c.WithdrawAnnouncement, giver: Giver | None, _: Moment) -> Decision:
    line = state.talk.announcements.get(command.id)
    if line is None or (giver is not None and giver.role != "master" and line.participant != giver.participant):
        raise Refused("announcement.unknown")
    if line.participant:
        return Decision((e.AnnouncementCleared(id=command.id, participant=line.participant),))
    return Decision((e.AnnouncementWithdrawn(id=command.id),))


RULES: Mapping[type[Command], Rule] = {
    c.AskQuestion: _ask,
    c.ReleaseQuestion: _release,
    c.DiscardQuestion: _discard,
    c.AnswerQuestion: _answer,
    c.MakeAnnouncement: _make,
    c.WithdrawAnnouncement: _withdraw,
}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
