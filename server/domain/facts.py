"""What a lesson's rules must know of the school, and the log does not say: read by the shell, handed to the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SEATS = 60
"""Seats of a room the school does not know: one that came by a link."""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """One participant's room on the day of the lesson."""

    seats: int = SEATS
    plan: str = ""
    """Id and version of the seating plan that counts, `ID.VERSION`; empty: none (S1)."""
    students: Mapping[int, str] = field(default_factory=dict)
    """Seat → student id."""
    called: int = 0
    """Calls of this room in the earlier lessons of the term's course, for the fairness of S22."""
    phones: bool = True
    """Pupils' devices may be let in: a school says so (off unless it does); a room that came by a link may decide itself (S5)."""


@dataclass(frozen=True, slots=True)
class CoursewareFacts:
    """One file of courseware that the lesson may show."""

    pages: int
    version: str
    """Content address of the rendered pages."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one lesson."""

    rooms: Mapping[str, RoomFacts] = field(default_factory=dict)
    """Participant → its room."""
    courseware: Mapping[str, CoursewareFacts] = field(default_factory=dict)
    record: bool = False
    """Recording begins by itself when the lesson goes live (S13)."""

    def room(self, participant: str) -> RoomFacts:
        """The participant's room; one the school does not know has `SEATS` seats."""
        return self.rooms.get(participant) or RoomFacts()


NO_FACTS = Facts()
