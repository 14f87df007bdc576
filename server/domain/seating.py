"""Who may sit where (S1). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def seat_problems(seats: Mapping[int, str], size: int, students: Collection[str]) -> dict[int, str]:
    """Seat → code of what is wrong: `seat` (not in the room), `student` (not of the class), `twice` (sits elsewhere too)."""
    problems: dict[int, str] = {}
    taken: dict[str, int] = {}
    for number, who in sorted(seats.items()):
        if not 1 <= number <= size:
            problems[number] = "seat"
        elif who not in students:
            problems[number] = "student"
        elif who in taken:
            problems[number] = "twice"
        taken.setdefault(who, number)
    return problems


def seat_rows(rows: int, columns: int) -> list[list[int]]:
    """Seat numbers as the teacher sees the room: the first row is the front, 1 is its left."""
    return [[row * columns + column + 1 for column in range(columns)] for row in range(rows)]
