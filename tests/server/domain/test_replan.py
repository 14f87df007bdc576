"""What publishing again does to lessons that are made (S9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.lesson import Phase
from server.domain.replan import Changes, Held, changes

NOW, HOUR, DAY = 1_000 * 86_400_000, 3_600_000, 86_400_000
DAYS = st.integers(-20, 20)


@dataclass(frozen=True)
class Lesson:
    slot: str | None
    day: str | None
    starts_at: int | None
    ends_at: int | None
    phase: Phase = "scheduled"
    moved: bool = False
    live_at: int | None = None


def held(day: int, slot: str = "s@1", hour: int = 1) -> Held:
    begin = NOW + day * DAY + hour * HOUR
    return Held(slot, str(day), 3, begin, begin + HOUR)


def made(day: int, slot: str = "s@1", hour: int = 1) -> Lesson:
    one = held(day, slot, hour)
    return Lesson(slot, one.day, one.starts_at, one.ends_at)


def compare(wanted: list[Held], lessons: list[Lesson], unknown: tuple[str, ...] = ()) -> Changes[Lesson]:
    return changes({one.slot: one for one in wanted} | dict.fromkeys(unknown), lessons, NOW)


def test_what_is_where_it_should_be_stays() -> None:
    lesson = made(2)
    assert compare([held(2)], [lesson]) == Changes(kept=(lesson,))


def test_an_occurrence_without_a_lesson_is_made_unless_it_is_past() -> None:
    assert compare([held(3, "s@3"), held(2, "s@2"), held(-1, "s@0")], []).fresh == (held(2, "s@2"), held(3, "s@3"))


def test_another_day_or_hour_moves_it_and_no_occurrence_cancels_it() -> None:
    one, other, gone = made(2, "s@2"), made(3, "s@3"), made(4, "s@4")
    found = compare([held(6, "s@2"), held(3, "s@3", 2)], [one, other, gone])
    assert found == Changes(shifted=((one, held(6, "s@2")), (other, held(3, "s@3", 2))), stale=(gone,))


@pytest.mark.parametrize(
    "change",
    [{"phase": "live"}, {"phase": "break"}, {"phase": "ended", "live_at": 1}, {"phase": "archived", "live_at": 1}, {"moved": True}],
)
def test_what_began_or_was_moved_by_hand_stays_whatever_the_calendar_says(change: dict[str, object]) -> None:
    lesson = replace(made(2), **change)  # type: ignore[arg-type]
    for wanted in ([], [held(3)], [held(2, hour=2)]):
        assert compare(wanted, [lesson]) == Changes(kept=(lesson,))


def test_what_is_past_stays() -> None:
    lesson = replace(made(-1), phase="ended", live_at=1)
    assert compare([], [lesson]) == Changes(kept=(lesson,))
    late = made(0, hour=0)
    assert compare([held(0, hour=2)], [late]).kept == (late,), "it should run now"
    today = made(0, hour=2)
    assert compare([held(0, hour=-1)], [today]).kept == (today,), "nothing is moved into the past"


def test_nobody_knows_when_so_nothing_changes() -> None:
    lesson = made(2)
    assert compare([], [lesson], unknown=("s@1",)) == Changes(kept=(lesson,))


@pytest.mark.parametrize("lesson", [replace(made(2), phase="cancelled"), made(-2), replace(made(-2), phase="ended")])
def test_an_occurrence_that_was_not_held_and_is_made_up_later_gets_a_lesson_again(lesson: Lesson) -> None:
    assert compare([held(5)], [lesson]) == Changes(fresh=(held(5),), freed=(lesson,))


def test_what_an_office_cancelled_on_its_day_is_not_made_again() -> None:
    lesson = replace(made(2), phase="cancelled")
    assert compare([held(2)], [lesson]) == Changes(kept=(lesson,))
    assert compare([held(2, hour=2)], [lesson]) == Changes(kept=(lesson,)), "another bell brings it not back"
    moved = replace(lesson, moved=True)
    assert compare([held(5)], [moved]) == Changes(kept=(moved,))


@given(st.lists(st.tuples(DAYS, DAYS, st.sampled_from(["scheduled", "open", "live", "ended", "cancelled"]), st.booleans()), max_size=12))
def test_no_occurrence_is_ever_doubled_and_doing_it_twice_does_nothing(plan: list[tuple[int, int, Phase, bool]]) -> None:
    wanted = [held(day, f"s@{n}") for n, (day, _, _, _) in enumerate(plan)]
    lessons = [replace(made(day, f"s@{n}"), phase=phase, moved=moved) for n, (_, day, phase, moved) in enumerate(plan)]
    found = compare(wanted, lessons)
    after = [*found.kept, *(as_held(one, when) for one, when in found.shifted), *(as_held(None, when) for when in found.fresh)]
    assert len({one.slot for one in after}) == len(after)
    assert len(found.kept) + len(found.shifted) + len(found.stale) + len(found.freed) == len(lessons)
    again = compare(wanted, after)
    assert (again.fresh, again.shifted, again.stale, again.freed) == ((), (), (), ())


def as_held(lesson: Lesson | None, when: Held) -> Lesson:
    fresh = lesson or Lesson(when.slot, None, None, None)
    return replace(fresh, day=when.day, starts_at=when.starts_at, ends_at=when.ends_at)
