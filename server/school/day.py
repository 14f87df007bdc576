"""What an assistant's device keeps for a day without network: lessons, seats, who sits there (S24)."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from server.accounts.caller import Caller
from server.accounts.office import Office
from server.accounts.residents import own_rooms
from server.domain.masking import masked_name
from server.errors import AppError
from server.school.today import today

MOST = 12
"""Lessons of one day on one device."""


async def other_rooms(office: Office, who: Caller, zone: ZoneInfo, lesson: str) -> list[tuple[str, str]]:
    """Today's other lessons that the caller assists in and that are not over, with the classroom: the next ones first, at most `MOST`."""
    found = await today(office, who, zone, own=True)
    coming = [item.lesson for item in found.items if item.door and item.lesson.id != lesson]
    if not coming:
        return []
    whole = await office.schedule.many([one.id for one in coming])  # the items hold what a home page may show
    return [(one.id, part.classroom) for one in whole for part in own_rooms(who, one)][:MOST]


async def pupils(office: Office, who: Caller, students: Mapping[int, str], *, full: bool) -> dict[str, str]:
    """Seat → the pupil's name, masked unless `full`: of classes whose pupils the caller may see, of others nothing."""
    known = await office.students.many(students.values())
    seen = {one for one in {student.school_class for student in known.values()} if await _may_see(office, who, one)}
    sitting = {seat: known[one] for seat, one in students.items() if one in known and known[one].school_class in seen}
    texts = await office.contents.texts({one.name for one in sitting.values() if one.name})
    names = {str(seat): texts.get(one.name or "", "") for seat, one in sorted(sitting.items())}
    return {seat: name if full else masked_name(name) for seat, name in names.items() if name}


async def _may_see(office: Office, who: Caller, class_id: str) -> bool:
    try:
        await office.school_class(who, class_id, "student.see")
    except AppError:
        return False
    return True
