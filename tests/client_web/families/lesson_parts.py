"""Words of the lesson's parts: signals, seats, cards, microphones, questions."""

from typing import get_args

from server.domain.checkin.commands import Status
from server.domain.director.events import Choice
from server.domain.hands.events import Mode
from server.domain.help.events import Word
from server.domain.mic.events import By
from server.domain.quiz.choice import QuizType
from server.domain.record.state import Mode as RecordMode
from server.live.recorder import Failing

WORDS, STATUS, TYPES, CLOSERS = get_args(Word), [one for one in get_args(Status) if one != "unknown"], get_args(QuizType), get_args(By)

KEYS = (
    *(f"help.{word}" for word in WORDS),
    *(f"help.{word}.seen" for word in WORDS),
    *(f"seat.{status}" for status in STATUS),
    *(f"assist.tap.{tap}.words" for tap in ("hand", "here", "device")),
    *(f"quiz.{kind}.{type_}" for kind in ("type", "key", "aloud") for type_ in TYPES),
    *(f"hands.mode.{mode}" for mode in get_args(Mode)),
    *(f"mic.closed.{who}" for who in CLOSERS),
    *(f"air.closed.{who}" for who in CLOSERS),
    *(f"question.{stage}" for stage in ("held", "released", "answered")),
    *(f"question.{act}" for act in ("release", "discard", "spoken")),
    *(f"quiz.{act}" for act in ("close", "reveal", "discard")),
    *("timer.minutes", "timer.stop", "pick.draw", "praise.give", "hands.call"),
    *(f"shelf.{act}" for act in ("put", "take", "show", "hide", "drawing", "failed")),
    *("pen.give", "pen.take"),
    *(f"layout.{layout}" for layout in get_args(Choice)),
    *(f"teach.tab.{tab}" for tab in ("hands", "shelf", "quiz", "tools", "talk")),
    *(f"record.{mode}" for mode in get_args(RecordMode)),
    *(f"record.failing.{why}" for why in get_args(Failing) if why),
    *(f"record.{act}" for act in ("start", "pause", "resume", "failing")),
    "quiz.type",
    "quiz.seconds",
    "office.inspect",
)
