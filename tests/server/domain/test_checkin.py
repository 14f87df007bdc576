"""Check-in by seat, also from offline: the last mark counts, differences are shown (S24)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.checkin.commands import CheckSeat, CheckSheet, Mark
from server.domain.checkin.events import Said
from server.domain.checkin.rules import AHEAD_MS
from server.domain.checkin.state import NO_SEAT
from server.domain.plan import KEPT_MS
from tests.server.domain.classroom import (
    ELSEWHERE,
    MASTER,
    NEIGHBOUR,
    SCREEN,
    SEAT,
    STAFF,
    VIEWER,
    WALL,
    Class,
    kinds,
    refusal,
)


def mark(seat: int, status: Any, done_at: int, room: str = "p1", settles: bool = False) -> CheckSeat:
    return CheckSeat(participant=room, seat=seat, status=status, done_at=done_at, settles=settles)


def standing(lesson: Class, seat: int = 3) -> Any:
    shown = lesson.shown(STAFF)["checkin"]["rooms"]["p1"][str(seat)]
    return shown["status"], shown["done_at"], shown["other"] and (shown["other"]["status"], shown["other"]["done_at"])


def test_a_mark_has_the_plan_that_counts_and_is_taken_once() -> None:
    lesson = Class()
    (event,) = lesson.by("assistant", mark(3, "here", 5))
    assert (event.plan, event.status) == ("plan.2", "here")  # type: ignore[attr-defined]
    assert lesson.by("assistant", mark(3, "here", 5)) == ()
    assert lesson.by("assistant", mark(3, "absent", 4)) == ()
    assert kinds(lesson.by("assistant", mark(3, "late", 6))) == ["seat.checked"]
    assert standing(lesson) == ("late", 6, None)


def test_devices_that_differ_are_shown_until_somebody_settles_it() -> None:
    lesson = Class()
    lesson.by("assistant", mark(3, "here", 100))
    lesson.by("classroom", mark(3, "absent", 50))
    assert standing(lesson) == ("here", 100, ("absent", 50))
    lesson.by("classroom", mark(3, "absent", 200))
    assert standing(lesson) == ("absent", 200, ("here", 100))
    lesson.by("assistant", mark(3, "late", 300, settles=True))
    assert standing(lesson) == ("late", 300, None)
    assert lesson.by("classroom", mark(3, "here", 250)) == ()


def test_devices_that_agree_do_not_differ() -> None:
    lesson = Class()
    lesson.by("assistant", mark(3, "here", 100))
    lesson.by("classroom", mark(3, "here", 150))
    assert standing(lesson) == ("here", 150, None)


SAID = st.builds(
    Said,
    status=st.sampled_from(("here", "late", "absent", "unknown")),
    done_at=st.integers(0, 8),
    by=st.sampled_from(("a", "b", "c")),
    settles=st.sampled_from((False, False, False, True)),
)


@given(st.lists(SAID, max_size=7, unique_by=lambda said: (said.by, said.done_at)), st.integers(0, 2**32))
def test_in_whatever_order_marks_come_in_the_seat_is_the_same(marks: list[Said], seed: int) -> None:
    def heard(order: list[Said]) -> Any:
        seat = NO_SEAT
        for said in order:
            seat = seat.hears(said, "")
            assert seat.hears(said, "") is seat
        return seat

    other = list(marks)
    random.Random(seed).shuffle(other)
    assert heard(marks) == heard(other)
    if marks:
        assert heard(marks).counts.done_at == max(said.done_at for said in marks)


def test_forty_marks_of_an_outbox_are_forty_events_and_none_when_it_is_sent_again() -> None:
    lesson = Class()
    sheet = CheckSheet(participant="p1", marks=tuple(Mark(seat=n, status="here", done_at=n) for n in range(1, 41)))
    assert kinds(lesson.by("classroom", sheet)) == ["seat.checked"] * 40
    assert lesson.by("classroom", sheet) == ()
    assert lesson.state.checkin.counts("p1") == {"here": 40, "late": 0, "absent": 0, "unknown": 0}
    assert lesson.state.checkin.counts("p2")["here"] == 0
    few = CheckSheet(participant="p1", marks=(Mark(seat=1, status="here", done_at=1), Mark(seat=2, status="absent", done_at=90)))
    assert [event.seat for event in lesson.by("classroom", few)] == [2]  # type: ignore[attr-defined]


def test_of_a_seat_twice_in_a_sheet_the_last_counts() -> None:
    lesson = Class()
    marks = (Mark(seat=3, status="late", done_at=9), Mark(seat=3, status="absent", done_at=5))
    assert len(lesson.by("classroom", CheckSheet(participant="p1", marks=marks))) == 1
    assert standing(lesson) == ("late", 9, None)


def test_a_clock_that_is_ahead_counts_from_its_arrival() -> None:
    lesson = Class()
    lesson.by("assistant", mark(3, "here", lesson.at + 1_000 + AHEAD_MS))
    assert standing(lesson)[1] == lesson.at + AHEAD_MS
    lesson.by("assistant", mark(4, "here", lesson.at + 1_000 + AHEAD_MS + 1))
    assert standing(lesson, 4)[1] == lesson.at


def test_it_comes_in_for_seven_days_after_the_end_and_not_into_the_archive() -> None:
    lesson = Class()
    lesson.master(c.EndLesson())
    assert kinds(lesson.by("classroom", mark(3, "here", 5), after=KEPT_MS)) == ["seat.checked"]
    assert refusal(lambda: lesson.by("classroom", mark(4, "here", 5), after=1)) == "lesson.phase"
    lesson.server(c.ArchiveLesson())
    assert lesson.state.phase == "archived"
    assert refusal(lambda: lesson.by("classroom", mark(4, "here", 5))) == "lesson.phase"


def test_not_before_the_room_is_open() -> None:
    lesson = Class(live=False)
    assert kinds(lesson.by("classroom", mark(3, "here", 5))) == ["seat.checked"]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda lesson: lesson.by("assistant", mark(3, "here", 5), room="p2"), "forbidden"),
        (lambda lesson: lesson.by("seat", mark(3, "here", 5)), "forbidden"),
        (lambda lesson: lesson.master(mark(3, "here", 5)), "forbidden"),
        (lambda lesson: lesson.by("assistant", mark(41, "here", 5)), "seat.unknown"),
        (
            lambda lesson: c.parse_command("checkin.mark", {"participant": "p1", "seat": 3, "status": "ill", "done_at": 5}),
            "request.malformed",
        ),
        (
            lambda lesson: c.parse_command("checkin.mark", {"participant": "p1", "seat": 3, "status": "here", "done_at": -5}),
            "request.malformed",
        ),
        (
            lambda lesson: c.parse_command(
                "checkin.sheet", {"participant": "p1", "marks": [{"seat": 1, "status": "here", "done_at": 1}] * 145}
            ),
            "request.malformed",
        ),
    ],
)
def test_refusals(ask: Any, code: str) -> None:
    lesson = Class()
    assert refusal(lambda: ask(lesson)) == code
    assert lesson.state.checkin.rooms == {}


def test_the_master_checks_its_own_class() -> None:
    lesson = Class()
    assert kinds(lesson.master(mark(3, "here", 5, room="master"))) == ["seat.checked"]


def test_who_sees_it() -> None:
    lesson = Class()
    lesson.by("assistant", mark(3, "here", 5))
    lesson.by("assistant", mark(4, "absent", 5))
    rooms = {who: lesson.shown(who)["checkin"]["rooms"] for who in (MASTER, STAFF, SCREEN, SEAT, NEIGHBOUR, ELSEWHERE, WALL, VIEWER)}
    assert rooms[MASTER] == rooms[STAFF] == rooms[SCREEN]
    assert rooms[SCREEN].keys() == {"p1"}
    assert rooms[SEAT] == {"p1": {"3": {"status": "here", "done_at": 5, "other": None}}}
    assert rooms[NEIGHBOUR]["p1"].keys() == {"4"}
    assert rooms[ELSEWHERE] == rooms[WALL] == rooms[VIEWER] == {}
    for who in rooms:
        told = [message["payload"] for message in lesson.told(who) if message["kind"] == "seat.checked"]
        assert all(payload.keys() == {"participant", "seat", "status", "done_at", "other"} for payload in told)
        assert bool(told) is bool(rooms[who])
