"""What a lesson's roster calls its classrooms. No personal names."""

from __future__ import annotations

from collections.abc import Mapping

from server.accounts.office import Office
from server.domain.orgs import Org
from server.domain.principal import MASTER
from server.domain.schedule import ScheduledLesson


async def roster_names(office: Office, org: Org, rooms: Mapping[str, str | None]) -> dict[str, str]:
    """Classroom id → what a lesson's roster calls it: school, and the room where the school has several. No personal names."""
    known = await office.rooms.many(rooms.keys())
    homes = await office.orgs.many({room.org for room in known.values()})
    per_school: dict[str, int] = {org.id: 1}  # the master's room has the school's name alone
    for room in known.values():
        per_school[room.org] = per_school.get(room.org, 0) + 1
    names = {
        room.id: homes[room.org].name if per_school[room.org] == 1 else f"{homes[room.org].name} {room.name}" for room in known.values()
    }
    masters = {room.id: org.name for room in await office.rooms.of(org.id)}
    return {**masters, **names}


def roster(one: ScheduledLesson, names: Mapping[str, str]) -> dict[str, str]:
    """Participant → what the lesson's roster calls it, of the names of `roster_names`."""
    return {MASTER: names[one.master_classroom or ""]} | {room.participant: names[room.classroom] for room in one.rooms.values()}
