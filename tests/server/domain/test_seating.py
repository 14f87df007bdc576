"""Who may sit where (S1)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain.seating import seat_problems, seat_rows

STUDENTS = [f"s{n}" for n in range(8)]
plans = st.dictionaries(st.integers(-2, 50), st.sampled_from([*STUDENTS, "stranger"]), max_size=12)
sides = st.integers(1, 12)


@given(plans, st.integers(0, 48))
def test_a_plan_without_its_problems_has_none(seats: dict[int, str], size: int) -> None:
    problems = seat_problems(seats, size, STUDENTS)
    kept = {seat: who for seat, who in seats.items() if seat not in problems}
    assert seat_problems(kept, size, STUDENTS) == {}
    assert len(set(kept.values())) == len(kept)
    assert all(1 <= seat <= size and who in STUDENTS for seat, who in kept.items())


@given(plans, st.integers(0, 48))
def test_every_problem_is_named(seats: dict[int, str], size: int) -> None:
    for seat, code in seat_problems(seats, size, STUDENTS).items():
        who = seats[seat]
        outside = not 1 <= seat <= size
        assert (code == "seat") is outside
        assert (code == "student") is (not outside and who not in STUDENTS)
        assert code != "twice" or any(other < seat and seats[other] == who for other in seats)


def test_the_seat_further_in_front_keeps_the_student() -> None:
    assert seat_problems({3: "s1", 1: "s1", 2: "s2", 9: "s3", 4: "x"}, 8, STUDENTS) == {3: "twice", 9: "seat", 4: "student"}


@given(sides, sides)
def test_seats_are_numbered_row_by_row_from_the_front_left(rows: int, columns: int) -> None:
    grid = seat_rows(rows, columns)
    assert [seat for row in grid for seat in row] == list(range(1, rows * columns + 1))
    assert {len(row) for row in grid} == {columns}
