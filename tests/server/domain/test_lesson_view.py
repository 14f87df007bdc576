"""What of a lesson somebody sees who is not in it (S6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.lesson_view import leads, project
from server.domain.people import ASSIGNABLE, Grant
from server.domain.schedule import ScheduledLesson, ScheduledRoom

PATHS = ("/n/", "/n/x/", "/n/x/x1/", "/n/x/x2/", "/n/y/", "/n/y/y1/", "/n/y/y2/")
ROOMS = {
    "x2.r1": ScheduledRoom("x2.r1", "p1", "x2.c1", "/n/x/x2/"),
    "y1.r1": ScheduledRoom("y1.r1", "p2", "y1.c1", "/n/y/y1/"),
    "y1.r2": ScheduledRoom("y1.r2", "p3", None, "/n/y/y1/"),
}
LESSON = ScheduledLesson(
    "L", "Fractions", "scheduled", 1, org="x1", path="/n/x/x1/", teacher="t", master_classroom="x1.r1", school_class="x1.c1", rooms=ROOMS
)
grants = st.builds(Grant, st.sampled_from(ASSIGNABLE), st.sampled_from(PATHS), st.just("school"))


@pytest.mark.parametrize(
    ("grant", "person", "rooms"),
    [
        (Grant("teacher", "/n/y/y2/", "school"), "t", set(ROOMS)),  # its teacher, wherever from
        (Grant("admin", "/n/x/", "county"), "a", set(ROOMS)),
        (Grant("admin", "/n/", "nation"), "a", set(ROOMS)),
        (Grant("assistant", "/n/x/x1/", "school"), "a", set(ROOMS)),
        (Grant("assistant", subject="L"), "a", set(ROOMS)),  # named for this lesson
        (Grant("assistant", subject="another"), "a", set()),
        (Grant("admin", "/n/y/", "county"), "a", {"y1.r1", "y1.r2"}),
        (Grant("inspector", "/n/y/", "county"), "a", {"y1.r1", "y1.r2"}),
        (Grant("assistant", "/n/x/x2/", "school"), "a", {"x2.r1"}),
        (Grant("admin", "/n/y/y2/", "school"), "a", set()),
        (Grant("device", "/n/y/y1/", "school", "y1.r2"), "d", {"y1.r2"}),
        (Grant("student", "/n/y/y1/", "school", "s", "y1.c1"), "s", set()),
        (Grant("parent", subject="s"), "p", set()),
        (Grant("librarian", "/n/x/x1/", "school"), "l", set()),
        (Grant("reviewer", "/n/", "nation"), "r", set()),
    ],
)
def test_who_sees_which_rooms(grant: Grant, person: str, rooms: set[str]) -> None:
    seen = project(LESSON, [grant], person)
    assert set(seen.rooms) == rooms
    assert seen.school_class == (LESSON.school_class if rooms == set(ROOMS) else None)


@given(st.lists(grants, max_size=3), grants, st.sampled_from(["t", "other"]))
def test_a_role_more_shows_more_and_never_what_is_not_there(held: list[Grant], more: Grant, person: str) -> None:
    before, after = project(LESSON, held, person), project(LESSON, [*held, more], person)
    assert before.rooms.items() <= after.rooms.items() <= LESSON.rooms.items()


@given(st.lists(grants.filter(lambda grant: grant.path.startswith("/n/y")), max_size=4))
def test_the_other_county_sees_its_own_rooms_and_how_many_others_there_are_nowhere(held: list[Grant]) -> None:
    seen = project(LESSON, held, "somebody")
    assert not leads(LESSON, held, "somebody")
    assert all(room.path.startswith("/n/y/y1/") for room in seen.rooms.values())
    assert "x2" not in repr(seen)


@given(st.lists(grants, max_size=3), st.sampled_from(["t", "other"]))
def test_projecting_again_changes_nothing(held: list[Grant], person: str) -> None:
    once = project(LESSON, held, person)
    assert project(once, held, person) == once


@pytest.mark.parametrize("teacher", [None, ""])
def test_a_lesson_of_nobody_is_led_by_nobody(teacher: Any) -> None:
    by_hand = ScheduledLesson("L", "Fractions", "scheduled", 1, teacher=teacher)
    assert not leads(by_hand, [Grant("teacher", "/n/", "nation")], "somebody")
