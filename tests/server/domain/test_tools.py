"""Random pick, praise, timer, activity groups."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from server.domain import commands as c
from server.domain.checkin.commands import CheckSheet, Mark
from server.domain.decide import next_deadline
from server.domain.facts import Facts, RoomFacts
from server.domain.hands.commands import CallHand
from server.domain.tools.commands import DrawPick, GivePraise, GroupAsked, RingTimer, SetGroups, StartTimer, StopTimer
from server.domain.tools.rules import STARS
from tests.server.domain.classroom import ELSEWHERE, EVERY, MASTER, SCREEN, VIEWER, Class, kinds, refusal


def drawn(lesson: Class, among: Any = "present", group: str = "", exclude: bool = False) -> tuple[str, int]:
    (event,) = lesson.master(DrawPick(among=among, group=group, exclude_called=exclude))
    return event.participant, event.seat  # type: ignore[attr-defined]


def checked(lesson: Class, room: str, **seats: Any) -> None:
    marks = tuple(Mark(seat=int(seat[1:]), status=status, done_at=5) for seat, status in seats.items())
    lesson.by("assistant", CheckSheet(participant=room, marks=marks))


def group(name: str, *members: tuple[str, int]) -> GroupAsked:
    return GroupAsked(id=name, name=f"组{name}", members=members)


# --- the lot -------------------------------------------------------------------------------------------------------------


def test_every_seat_has_the_same_chance() -> None:
    lesson = Class(facts=Facts({"p1": RoomFacts(seats=3), "p2": RoomFacts(seats=1)}))
    times = Counter(drawn(lesson) for _ in range(2_000))
    assert times.keys() == {("p1", 1), ("p1", 2), ("p1", 3), ("p2", 1)}
    assert all(400 < count < 600 for count in times.values())


def test_checked_in_seats_else_those_of_the_plan() -> None:
    lesson = Class(facts=Facts({"p1": RoomFacts(seats=40, students={5: "s5", 6: "s6"}), "p2": RoomFacts(seats=40)}))
    checked(lesson, "p2", s1="here", s2="absent", s3="late", s4="unknown")
    assert {drawn(lesson) for _ in range(200)} == {("p1", 5), ("p1", 6), ("p2", 1), ("p2", 3)}
    assert {drawn(lesson, "checked") for _ in range(100)} == {("p2", 1), ("p2", 3)}
    checked(lesson, "p1", s5="absent")
    assert ("p1", 5) not in {drawn(lesson) for _ in range(100)}


def test_rooms_that_are_away_and_a_teacher_without_a_room_are_not_drawn() -> None:
    lesson = Class(facts=Facts({"p1": RoomFacts(seats=1), "p2": RoomFacts(seats=1)}))
    lesson.server(c.Leave(participant="p2"))
    assert {drawn(lesson) for _ in range(20)} == {("p1", 1)}
    lesson.facts = Facts({**lesson.facts.rooms, "master": RoomFacts(seats=1)})
    assert {drawn(lesson) for _ in range(40)} == {("p1", 1), ("master", 1)}


def test_nobody_twice_if_wanted_nor_who_was_called_by_hand() -> None:
    lesson = Class(facts=Facts({"p1": RoomFacts(seats=3), "p2": RoomFacts(seats=1)}))
    lesson.master(CallHand(participant="p2", seat=1))
    assert {drawn(lesson, exclude=True) for _ in range(3)} == {("p1", 1), ("p1", 2), ("p1", 3)}
    assert refusal(lambda: drawn(lesson, exclude=True)) == "pick.nobody"
    assert drawn(lesson) in {("p1", 1), ("p1", 2), ("p1", 3), ("p2", 1)}


def test_the_lot_in_a_group() -> None:
    lesson = Class(facts=Facts({"p1": RoomFacts(seats=40), "p2": RoomFacts(seats=2)}))
    lesson.master(SetGroups(groups=(group("g1", ("p1", 7), ("p1", 8), ("p2", 0)), group("g2"))))
    checked(lesson, "p1", s8="absent")
    assert {drawn(lesson, "group", "g1") for _ in range(100)} == {("p1", 7), ("p2", 1), ("p2", 2)}
    assert refusal(lambda: drawn(lesson, "group", "g2")) == "pick.nobody"
    assert refusal(lambda: drawn(lesson, "group", "g3")) == "group.unknown"


# --- praise --------------------------------------------------------------------------------------------------------------


def test_stars_of_rooms_seats_and_groups() -> None:
    lesson = Class()
    lesson.master(SetGroups(groups=(group("g1", ("p1", 3)), group("g2", ("p1", 4)))))
    lesson.master(GivePraise(participant="p1"))
    lesson.by("assistant", GivePraise(participant="p1", seat=3))
    lesson.master(GivePraise(participant="p2", seat=3))
    lesson.master(GivePraise(participant="", group="g1"))
    stars = {"rooms": {"p1": 2, "p2": 1}, "seats": {"p1": {"3": 1}, "p2": {"3": 1}}, "groups": {"g1": 1}}
    assert lesson.shown(ELSEWHERE)["tools"]["stars"] == lesson.shown(MASTER)["tools"]["stars"] == stars
    lesson.master(SetGroups(groups=(group("g2"),)))
    assert lesson.shown(SCREEN)["tools"]["stars"]["groups"] == {}


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda lesson: lesson.by("assistant", GivePraise(participant="p2"), room="p1"), "forbidden"),
        (lambda lesson: lesson.by("assistant", GivePraise(participant="", group="g1"), room="p1"), "forbidden"),
        (lambda lesson: lesson.master(GivePraise(participant="")), "request.malformed"),
        (lambda lesson: lesson.master(GivePraise(participant="p1", group="g1")), "request.malformed"),
        (lambda lesson: lesson.master(GivePraise(participant="", seat=1, group="g1")), "request.malformed"),
        (lambda lesson: lesson.master(GivePraise(participant="", group="g1")), "group.unknown"),
        (lambda lesson: lesson.master(GivePraise(participant="p9")), "participant.unknown"),
        (lambda lesson: lesson.master(GivePraise(participant="p1", seat=41)), "seat.unknown"),
        (lambda lesson: lesson.master(SetGroups(groups=(group("g1"), group("g1")))), "request.malformed"),
        (lambda lesson: lesson.master(SetGroups(groups=(group("g1", ("p9", 0)),))), "participant.unknown"),
        (lambda lesson: lesson.master(SetGroups(groups=(group("g1", ("p1", 41)),))), "seat.unknown"),
        (
            lambda lesson: c.parse_command("groups.set", {"groups": [{"id": f"g{n}", "name": "x", "members": []} for n in range(13)]}),
            "request.malformed",
        ),
        (
            lambda lesson: c.parse_command("groups.set", {"groups": [{"id": "g", "name": "x", "members": [["p1", 145]]}]}),
            "request.malformed",
        ),
        (lambda lesson: c.parse_command("timer.start", {"seconds": 4}), "request.malformed"),
        (lambda lesson: c.parse_command("timer.start", {"seconds": 7_201}), "request.malformed"),
    ],
)
def test_refusals(ask: Any, code: str) -> None:
    lesson = Class()
    before = lesson.state
    assert refusal(lambda: ask(lesson)) == code
    assert lesson.state == before


def test_there_is_an_end_to_praise() -> None:
    lesson = Class()
    for _ in range(STARS):
        lesson.master(GivePraise(participant="p1"))
    assert refusal(lambda: lesson.master(GivePraise(participant="p1"))) == "request.too_many"


# --- the timer -----------------------------------------------------------------------------------------------------------


def test_a_timer_rings_once() -> None:
    lesson = Class()
    lesson.master(StartTimer(seconds=60, label="讨论"))
    due = next_deadline(lesson.state)
    assert due is not None
    assert due.at == lesson.at + 60_000
    assert lesson.server(due.command, after=59_999) == ()
    assert kinds(lesson.clock()) == ["timer.rang"]
    assert next_deadline(lesson.state) is None
    assert lesson.server(due.command) == ()
    shown = [lesson.shown(who)["tools"]["timer"] for who in EVERY]
    assert all(timer == shown[0] and timer["rang"] and timer["label"] == "讨论" for timer in shown)
    assert kinds(lesson.master(StopTimer())) == ["timer.stopped"]
    assert lesson.master(StopTimer()) == ()


def test_a_new_timer_replaces_the_old_one_and_each_has_its_own_deadline() -> None:
    lesson = Class()
    lesson.master(StartTimer(seconds=60))
    first = next_deadline(lesson.state)
    lesson.master(StartTimer(seconds=60))
    second = next_deadline(lesson.state)
    assert first is not None
    assert second is not None
    assert first.command_id != second.command_id
    assert lesson.server(first.command, after=100_000) == ()
    assert kinds(lesson.server(second.command)) == ["timer.rang"]


def test_the_timer_runs_through_a_break_and_not_past_the_end() -> None:
    lesson = Class()
    lesson.master(StartTimer(seconds=60))
    lesson.master(c.PauseLesson())
    assert isinstance(getattr(next_deadline(lesson.state), "command", None), RingTimer)
    lesson.master(c.EndLesson())
    assert lesson.state.tools.timer is None


# --- groups --------------------------------------------------------------------------------------------------------------


def test_groups_are_named_sets_in_place_of_those_before() -> None:
    lesson = Class()
    lesson.master(SetGroups(groups=(group("g1", ("p2", 4), ("p1", 3), ("p2", 4)),)))
    assert lesson.shown(SCREEN)["tools"]["groups"] == {"g1": {"name": "组g1", "members": [["p1", 3], ["p2", 4]]}}
    assert "groups" not in lesson.shown(VIEWER)["tools"]
    lesson.master(SetGroups(groups=()))
    assert lesson.shown(SCREEN)["tools"]["groups"] == {}
