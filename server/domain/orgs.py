"""Organisations and what is in a school (S1, S2): plain values, as they come out of the store.

nation → province → city → county → school → point (教学点, under its centre school) → classroom. A tier may be skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Tier = Literal["nation", "province", "city", "county", "school", "point"]
TIERS: tuple[Tier, ...] = get_args(Tier)
"""From the top down."""
RoomKind = Literal["master", "remote", "both"]
GroupKind = Literal["points", "schools", "paired"]
"""One school with many teaching points, one school with many schools, paired schools across counties."""


def below(tier: Tier, parent: Tier) -> bool:
    """Whether an organisation of `tier` may hang under one of `parent`."""
    return TIERS.index(tier) > TIERS.index(parent)


@dataclass(frozen=True, slots=True)
class Org:
    """An office of a tier, a school or a teaching point."""

    id: str
    parent: str | None
    tier: Tier
    code: str
    """One code per school, unique in the installation."""
    name: str
    path: str
    """`/nation/…/own/`: the ids of all above it and its own. Whatever lies in it has a path that begins so."""
    version: int
    closed_at: int | None = None
    """UTC ms."""
    seat_phones: bool = False
    """A school lets pupils' devices in by the code on the big screen (S5)."""
    term_calls: bool = False
    """In a school's lessons, calls of the course's earlier ones count (S22)."""
    auto_record: bool = True
    """A school's lessons are recorded from the moment they go live (S13)."""


@dataclass(frozen=True, slots=True)
class Classroom:
    """A room with devices (not a class of pupils)."""

    id: str
    org: str
    code: str
    """Unique in its school."""
    name: str
    kind: RoomKind
    seat_rows: int
    seat_columns: int
    join_code: str
    """Names the room and grants nothing (S5)."""
    contact: str | None
    """Person to phone when the room is missing."""
    version: int
    closed_at: int | None = None

    @property
    def seats(self) -> int:
        """Seats are numbered from 1, row by row, from the front left as the teacher sees it."""
        return self.seat_rows * self.seat_columns


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """Pupils of one school and year; may mix grades."""

    id: str
    org: str
    code: str
    name: str
    grades: tuple[int, ...]
    """1–12."""
    year: int
    """The school year's first calendar year."""
    version: int
    closed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Student:
    """One pupil. Number and name are ids of erasable contents; `accounts.contents` opens them for who may see them."""

    id: str
    school_class: str
    number: str
    name: str | None
    has_pin: bool
    version: int
    left_at: int | None = None


@dataclass(frozen=True, slots=True)
class SeatingPlan:
    """Who sits where in one room, from a day on (S1)."""

    id: str
    school_class: str
    classroom: str
    valid_from: str
    """`YYYY-MM-DD`."""
    version: int
    seats: Mapping[int, str] = field(default_factory=dict)
    """Seat → student id."""


@dataclass(frozen=True, slots=True)
class StandingGroup:
    """A master classroom and its remote classrooms, so that a lesson is never put together by hand."""

    id: str
    org: str
    name: str
    kind: GroupKind
    master_classroom: str
    version: int
    rooms: Mapping[str, str | None] = field(default_factory=dict)
    """Remote classroom → the class that sits in it."""
    pending: Mapping[str, str | None] = field(default_factory=dict)
    """The same for rooms whose own school was asked and has not agreed: they follow in nothing."""
    closed_at: int | None = None
