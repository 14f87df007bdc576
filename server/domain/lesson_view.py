"""What of a lesson somebody sees who is not in it (S6). Pure.

The master's side sees every room that takes part. Everybody else sees the lesson and the rooms of the own organisations: of
the other county's rooms neither names nor ids nor how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server.domain.people import Grant
from server.domain.schedule import ScheduledLesson, ScheduledRoom

_OWN_SIDE = frozenset({"admin", "inspector", "teacher", "assistant"})


def project(lesson: ScheduledLesson, grants: Sequence[Grant], person: str) -> ScheduledLesson:
    """The lesson with the rooms that somebody with these grants may see."""
    if leads(lesson, grants, person):
        return lesson
    rooms = {room.classroom: room for room in lesson.rooms.values() if any(_own(grant, room) for grant in grants)}
    return replace(lesson, rooms=rooms, school_class=None)


def leads(lesson: ScheduledLesson, grants: Sequence[Grant], person: str) -> bool:
    """Somebody of the master's side: its teacher, one named to assist in it, or with a role in the master's organisation or above."""
    if lesson.teacher is not None and lesson.teacher == person:
        return True
    if any(grant.role == "assistant" and grant.subject == lesson.id for grant in grants):
        return True
    return any(grant.role in _OWN_SIDE and grant.path and lesson.path.startswith(grant.path) for grant in grants)


def _own(grant: Grant, room: ScheduledRoom) -> bool:
    if grant.role == "device":
        return grant.subject == room.classroom
    return grant.role in _OWN_SIDE and bool(grant.path) and room.path.startswith(grant.path)
