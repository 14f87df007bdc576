"""Quiz cards, check-in, questions and announcements, pick, praise, timer, groups: every kind of them once or more.

Ids that the lesson draws are found by `logs.aimed`.
"""

from __future__ import annotations

from server.domain.checkin.commands import CheckSeat, CheckSheet, Mark
from server.domain.command import Command
from server.domain.quiz.commands import AnswerQuiz, CloseQuiz, CountQuiz, DiscardQuiz, KeyAsked, OpenQuiz, RevealQuiz, ScanQuiz
from server.domain.talk.commands import (
    AnswerQuestion,
    AskQuestion,
    DiscardQuestion,
    MakeAnnouncement,
    ReleaseQuestion,
    WithdrawAnnouncement,
)
from server.domain.tools.commands import DrawPick, GivePraise, GroupAsked, RingTimer, SetGroups, StartTimer, StopTimer
from tests.server.domain.lives import LIVES as LIVES  # the aims of all parts

ROOMS = ("room1", "room2")


def _answered(choice: object) -> list[Command]:
    return [AnswerQuiz(quiz="?", participant=who, seat=seat, choice=choice) for who in ROOMS for seat in (1, 2)]  # type: ignore[arg-type]


_CHECKIN: list[Command] = [
    CheckSeat(participant="room1", seat=3, status="here", done_at=1_770_000_000_500),
    CheckSheet(
        participant="room1",
        marks=(
            Mark(seat=1, status="here", done_at=1_770_000_000_100),
            Mark(seat=3, status="absent", done_at=1_770_000_000_400),
            Mark(seat=4, status="late", done_at=1_770_000_000_900, settles=True),
        ),
    ),
]
_QUIZ: list[Command] = [
    OpenQuiz(type="single", question="1/2 = ?", options=("2/4", "1/4", "2/2"), key=KeyAsked(options=(0,)), seconds=3_600),
    *_answered((1,)),
    AnswerQuiz(quiz="?", participant="room1", seat=1, choice=(0,)),
    ScanQuiz(quiz="?", participant="room1", answers={"1": 2, "5": 0, "6": 1}),
    CountQuiz(quiz="?", participant="room2", counts=(10, 3, 1)),
    RevealQuiz(quiz="?"),
    OpenQuiz(type="number", question="0.5 + 0.25 = ?", key=KeyAsked(number=0.75, tolerance=0.01)),
    *_answered(0.75),
    CloseQuiz(quiz="?"),
    OpenQuiz(type="text", question="?", key=KeyAsked(texts=("真分数",))),
    *_answered("真分数"),
    RevealQuiz(quiz="?"),
    OpenQuiz(type="poll", options=("懂了", "没懂"), group="g1"),
    *_answered((1,)),
    DiscardQuiz(quiz="?"),
]
_TALK: list[Command] = [
    AskQuestion(participant="room1", seat=1, text="为什么?"),
    ReleaseQuestion(id="a"),
    AnswerQuestion(id="a", mode="written", text="因为 …"),
    AskQuestion(participant="room2", seat=0, text="声音小"),
    *(DiscardQuestion(id=str(n)) for n in range(8)),  # one of them finds the unanswered one
    MakeAnnouncement(participant="room1", text="擦黑板"),
    WithdrawAnnouncement(id="a"),
    MakeAnnouncement(participant="", text="准备测验"),
    WithdrawAnnouncement(id="a"),
    MakeAnnouncement(participant="", text="下节课带尺子"),
]
_GROUPS = (
    GroupAsked(id="g1", name="红队", members=(("room1", 0), ("room2", 1))),
    GroupAsked(id="g2", name="蓝队", members=(("room2", 2),)),
)
_TOOLS: list[Command] = [
    SetGroups(groups=_GROUPS),
    DrawPick(),
    DrawPick(among="checked", exclude_called=True),
    DrawPick(among="group", group="g1"),
    GivePraise(participant="room1", seat=1),
    GivePraise(participant="room2"),
    GivePraise(participant="", group="g2"),
    StartTimer(seconds=5, label="讨论"),
    *[RingTimer(timer="?")] * 5,
    StopTimer(),
    StartTimer(seconds=7_200),
]

ORDERS: list[Command] = [*_CHECKIN, *_TOOLS, *_QUIZ, *_TALK]
