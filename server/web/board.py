"""Rooms that are missing from lessons going on, and whom to phone: what an office's board says beside a lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server.domain.orgs import Classroom
from server.school.today import Item
from server.web.keys import PEOPLE, STORE

EXPECTED = ("live", "late")
"""States in which every room should be there."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A room that should be there."""

    classroom: str
    contact: str
    """Name of whom to phone; empty: nobody is named."""


async def missing(request: web.Request, items: Sequence[Item], rooms: Mapping[str, Classroom]) -> dict[str, list[Missing]]:
    """Lesson → its rooms that are not there, of those the caller may see."""
    expected = {item.lesson.id: item.lesson.rooms.values() for item in items if item.state in EXPECTED and item.lesson.rooms}
    here = await request.app[STORE].present(expected)
    absent = {lesson: [part.classroom for part in parts if part.participant not in here[lesson]] for lesson, parts in expected.items()}
    found = {lesson: [rooms[room] for room in away if room in rooms] for lesson, away in absent.items()}
    names = await request.app[PEOPLE].names(sorted({room.contact for away in found.values() for room in away if room.contact}))
    return {lesson: [Missing(room.id, names.get(room.contact or "", "")) for room in away] for lesson, away in found.items() if away}
