"""What the log says about `talk`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from server.domain.payload import TextRef
from server.domain.talk import events as e


@dataclass(frozen=True, slots=True)
class Question:
    """One question that was not discarded."""

    participant: str
    seat: int
    """0: the room's."""
    text: TextRef
    at: int
    """When its stage was reached, ms."""
    stage: Literal["held", "released", "answered"] = "held"
    mode: Literal["spoken", "written"] | None = None
    answer: TextRef | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One line that stands."""

    text: TextRef
    at: int
    participant: str = ""
    """Empty: everybody's."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Questions held until an assistant releases them, and announcements."""

    questions: Mapping[str, Question] = field(default_factory=dict)
    announcements: Mapping[str, Announcement] = field(default_factory=dict)
    asked: int = 0
    """How many questions there ever were."""
    announced: int = 0

    def waiting(self, participant: str, seat: int) -> int:
        """Questions of a seat that are neither answered nor discarded."""
        own = (one for one in self.questions.values() if (one.participant, one.seat) == (participant, seat))
        return sum(one.stage != "answered" for one in own)


def _asked(state: Talk, event: e.QuestionAsked, at: int) -> Talk:
    question = Question(event.participant, event.seat, event.text, at)
    return replace(state, questions={**state.questions, event.id: question}, asked=state.asked + 1)


def _released(state: Talk, event: e.QuestionReleased, at: int) -> Talk:
    question = Question(event.participant, event.seat, event.text, at, "released")
    return replace(state, questions={**state.questions, event.id: question})


def _answered(state: Talk, event: e.QuestionAnswered, at: int) -> Talk:
    question = Question(event.participant, event.seat, event.text, at, "answered", event.mode, event.answer)
    return replace(state, questions={**state.questions, event.id: question})


def _discarded(state: Talk, event: e.QuestionDiscarded, _: int) -> Talk:
    return replace(state, questions={id_: one for id_, one in state.questions.items() if id_ != event.id})


def _made(state: Talk, event: e.AnnouncementMade | e.AnnouncementPosted, at: int) -> Talk:
    line = Announcement(event.text, at, event.participant if isinstance(event, e.AnnouncementPosted) else "")
    return replace(state, announcements={**state.announcements, event.id: line}, announced=state.announced + 1)


def _withdrawn(state: Talk, event: e.AnnouncementWithdrawn | e.AnnouncementCleared, _: int) -> Talk:
    return replace(state, announcements={id_: line for id_, line in state.announcements.items() if id_ != event.id})


FOLD: Mapping[str, Callable[[Talk, Any, int], Talk]] = {
    "question.asked": _asked,
    "question.released": _released,
    "question.answered": _answered,
    "question.discarded": _discarded,
    "announcement.made": _made,
    "announcement.posted": _made,
    "announcement.withdrawn": _withdrawn,
    "announcement.cleared": _withdrawn,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
