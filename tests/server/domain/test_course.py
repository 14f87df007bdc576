"""A course is a plain value: what is not said is empty, and nothing of it can be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from server.domain.calendar import Slot
from server.domain.course import Course

WORDS = {"subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册"}
COURSE = Course("k", "o", "t", "三年级数学", **WORDS, teacher="p", master_classroom="r", school_class=None, standing_group=None, version=1)


def test_a_course_without_rooms_and_slots() -> None:
    assert COURSE.rooms == {}
    assert COURSE.slots == ()
    assert COURSE.closed_at is None


def test_it_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        COURSE.slots = (Slot("s", 1, 1, "all"),)  # type: ignore[misc]
