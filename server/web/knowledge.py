"""What the door knows of lessons and links, from the running lessons."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.schedule import ScheduledLesson
from server.errors import LinkInvalid, NoSuchLesson
from server.live.service import Lessons
from server.store.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Implements `server.accounts.door.Papers`."""

    lessons: Lessons
    schedule: Schedule

    async def link(self, link_id: str) -> Link:
        """The link; raises `LinkInvalid`."""
        found = await self.lessons.link(link_id)
        if found is None:
            raise LinkInvalid("no such link")
        return found

    async def find(self, lesson_id: str) -> LessonState:
        """The lesson as it runs here, without reading its log again; raises `NoSuchLesson`."""
        return (await self.lessons.rooms.get(lesson_id)).state

    async def scheduled(self, lesson_id: str) -> ScheduledLesson:
        """The lesson as the timetable knows it; raises `NoSuchLesson`."""
        found = None if "\0" in lesson_id else await self.schedule.lesson(lesson_id)
        if found is None:
            raise NoSuchLesson
        return found

    async def name(self, lesson_id: str, participant: str) -> str:
        """What the lesson's roster calls a participant."""
        return (await self.lessons.rooms.get(lesson_id)).names.get(participant, "")

    async def has_session(self, lesson_id: str, link_id: str) -> bool:
        """The link has a media session now."""
        return any(session.tag.principal == link_id for session in self.lessons.rooms.desk.registry.of(lesson_id))
