"""A course: the same lesson in the same places through a term. A plain value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.domain.calendar import Slot


@dataclass(frozen=True, slots=True)
class Course:
    """One course of one term. Subject, stage and the like are what the resource library will ask for."""

    id: str
    org: str
    """The master's school."""
    term: str
    name: str
    subject: str
    stage: str
    """`primary`, `junior`, `senior`."""
    grade: str
    edition: str
    """Textbook edition 教材版本."""
    volume: str
    """册次."""
    teacher: str
    master_classroom: str
    school_class: str | None
    standing_group: str | None
    version: int
    closed_at: int | None = None
    rooms: Mapping[str, str | None] = field(default_factory=dict)
    """Remote classroom → the class that sits in it."""
    slots: tuple[Slot, ...] = ()
