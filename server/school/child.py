"""What a parent sees: the own child's week, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from server.accounts.caller import Caller
from server.accounts.office import Office
from server.domain.permissions import Where
from server.errors import Forbidden
from server.school.today import day_bounds, state_of, without_replaced
from server.store.schedule import class_resource

DAYS = 7


@dataclass(frozen=True, slots=True)
class ChildLesson:
    """One lesson of the child's class: when, what, and in one word how it stands. Not where, with whom, or who else is in it."""

    name: str
    starts_at: int
    """UTC ms."""
    ends_at: int
    state: str
    """As `today.state_of`."""


@dataclass(frozen=True, slots=True)
class ChildWeek:
    """One child's week."""

    student: str
    name: str
    """Empty: the school keeps none."""
    number: str
    school: str
    school_class: str
    lessons: tuple[ChildLesson, ...]


async def weeks(office: Office, who: Caller, zone: tzinfo, since: int) -> Sequence[ChildWeek]:
    """Every child's lessons of seven days from `since` (UTC ms) on, the children by name. Raises `Forbidden` to who has no child here."""
    ids = sorted({grant.subject for grant in who.grants if grant.role == "parent"})
    for student_id in ids:
        who.need("student.see", Where(subject=student_id))
    students = await office.students.many(ids)
    if not students:
        raise Forbidden("student.see")
    texts = await office.contents.texts({text for one in students.values() for text in (one.number, one.name) if text})
    found = []
    for one in students.values():
        group = await office.classes.get(one.school_class)
        org = await office.orgs.get(group.org) if group else None
        lessons = await _lessons(office, one.school_class, *day_bounds(since, zone, DAYS))
        name, number = texts.get(one.name or "", ""), texts.get(one.number, "")
        found.append(ChildWeek(one.id, name, number, org.name if org else "", group.name if group else "", lessons))
    return sorted(found, key=lambda child: (child.name, child.student))


async def _lessons(office: Office, class_id: str, begin: int, end: int) -> tuple[ChildLesson, ...]:
    now = office.now()
    known = without_replaced(await office.schedule.booked([class_resource(class_id)], begin, end))
    return tuple(ChildLesson(one.name, one.starts_at or 0, one.ends_at or 0, state_of(one, now)) for one in known if not one.rehearsal)
