"""Who somebody is in a lesson follows from the timetable."""

from __future__ import annotations

import pytest

from server.accounts.caller import NOBODY, Caller
from server.accounts.residents import own_rooms, principal_of, role_of
from server.domain.people import Grant
from server.domain.schedule import ScheduledLesson, ScheduledRoom

ROOMS = {
    "a1": ScheduledRoom("a1", "p1", None, "/n/x/x2/"),
    "a2": ScheduledRoom("a2", "p2", None, "/n/x/x2/"),
    "b1": ScheduledRoom("b1", "p3", None, "/n/y/y1/"),
}
LESSON = ScheduledLesson("L", "x", "scheduled", 1, path="/n/x/x1/", teacher="t", master_classroom="m", rooms=ROOMS)


def person(name: str, role: str, path: str, tier: str = "school", subject: str = "") -> Caller:
    return Caller("person", name, (Grant(role, path, tier, subject),), f"s.{name}", 1)  # type: ignore[arg-type]


TEACHER = person("t", "teacher", "/n/x/x1/")
ASSISTANT = person("h", "assistant", "/n/x/x2/")
DEVICE = Caller("device", "d", (Grant("device", "/n/x/x2/", "school", "a2"),), "d")


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        (TEACHER, "master"),
        (ASSISTANT, "classroom"),
        (DEVICE, "classroom"),
        (person("i", "inspector", "/n/x/", "county"), "viewer"),
        (person("c", "teacher", "/n/x/x1/"), None),
        (person("i", "inspector", "/n/y/", "county"), None),
        (person("a", "admin", "/n/", "nation"), None),
        (person("s", "assistant", "/n/x/x3/"), None),
        (NOBODY, None),
    ],
)
def test_what_one_is_first_of_all(caller: Caller, role: str | None) -> None:
    assert role_of(caller, LESSON) == role


def test_an_assistant_speaks_for_the_rooms_of_the_own_school_only() -> None:
    assert [room.classroom for room in own_rooms(ASSISTANT, LESSON)] == ["a1", "a2"]
    second = principal_of(ASSISTANT, LESSON, "classroom", "a2")
    assert second is not None
    assert (second.participant, second.id, second.admission) == ("p2", "person:h", "session:s.h:1")
    assert principal_of(ASSISTANT, LESSON, "classroom", "b1") is None
    assert principal_of(ASSISTANT, LESSON, "master") is None


def test_a_device_is_its_own_room_whatever_room_it_names() -> None:
    found = principal_of(DEVICE, LESSON, "classroom")
    assert found is not None
    assert (found.participant, found.id) == ("p2", "device:d")
    assert principal_of(DEVICE, LESSON, "classroom", "a1") is None


def test_an_assistant_of_one_lesson_speaks_for_all_its_rooms() -> None:
    helper = person("h", "assistant", "", subject="L")
    assert len(own_rooms(helper, LESSON)) == 3
    assert own_rooms(person("h", "assistant", "", subject="M"), LESSON) == []


def test_only_what_was_allowed_counts_as_asked() -> None:
    who = person("c", "teacher", "/n/x/x1/")
    assert principal_of(who, LESSON, "master") is None
    assert who.checked == set()
    assert principal_of(TEACHER, LESSON, "wall") is not None
    assert "lesson.teach" in TEACHER.checked
