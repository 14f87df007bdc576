"""A term's timetable: one row for each weekly lesson. Rows of one course say the same of it; its lessons are made at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.ids import draw
from server.domain.calendar import Bell, Slot, Term
from server.domain.course import Course
from server.domain.orgs import Org, StandingGroup
from server.domain.schedule import ScheduledLesson
from server.errors import EditConflict, SheetTooLarge
from server.school import terms, timetable
from server.school.exchange.course_refs import References, find
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.bookings import add_lessons, bookings, clashes, clashing, resources_of
from server.store.bulk import Change, change_many
from server.store.courses import CourseStore, add_courses, add_slots
from server.store.tables import course

MOST_LESSONS = 5000
"""Made by one file: they are written in one transaction."""
PLAIN = ("subject", "stage", "grade", "edition", "volume")
SAID = (*PLAIN, "teacher", "group")
"""What all rows of a course must agree about."""


@dataclass(slots=True)
class _Planned:
    """All rows of one course."""

    home: Org
    term: Term
    bells: Sequence[Bell]
    course: Course
    """As it would be; a new one has an id of its own until it is made."""
    old: Course | None
    rows: list[Row] = field(default_factory=list)
    slots: dict[str, Row] = field(default_factory=dict)
    """Slot → the row that asks for it."""
    fresh: list[tuple[Row, Slot]] = field(default_factory=list)
    """Those the course has not got yet."""


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, clashes too, and what would write it."""
    refs = await find(desk, rows)
    known = await CourseStore(desk.office.database).of_many({home.id for home in refs.homes.values()})
    planned: dict[tuple[str, ...], _Planned] = {}
    for row in rows:
        home, term = refs.homes.get(row.number), refs.terms.get(row.number)
        if home is None or term is None or not row.has("name"):
            continue
        key = (home.id, term.id, row.get("name"), row.get("class") or "")
        one = planned.get(key)
        if one is None and desk.sound(row):
            one = planned[key] = _planned(desk, row, home, term, refs, known)
        if one is not None:
            _join(desk, one, row)
    sound = [one for one in planned.values() if all(desk.sound(row) for row in one.rows)]
    lessons = await _lessons(desk, sound)
    await _clashes(desk, lessons)
    if not desk.findings.rows:
        await _write(desk, sound, [lesson for lesson, _ in lessons.values()])


def _planned(desk: Desk, row: Row, home: Org, term: Term, refs: References, known: Sequence[Course]) -> _Planned:
    group, sitting = refs.groups[row.number], refs.classes.get(row.number)
    course = Course(
        id=draw(),
        org=home.id,
        term=term.id,
        name=row.get("name"),
        **{name: row.get(name) for name in PLAIN},
        teacher=refs.teachers[row.number],
        master_classroom=group.master_classroom,
        school_class=sitting.id if sitting else None,
        standing_group=group.id,
        version=1,
        rooms=dict(group.rooms),
    )
    key = (course.org, course.term, course.name, course.school_class)
    old = next((one for one in known if (one.org, one.term, one.name, one.school_class) == key), None)
    if old is not None:
        pairs = {name: name for name in PLAIN} | {"teacher": "teacher", "group": "standing_group"}
        for name, attribute in pairs.items():
            if getattr(old, attribute) != getattr(course, attribute):
                desk.bad(row, name, "fixed")
    return _Planned(home, term, refs.bells[home.id], old or course, old)


def _join(desk: Desk, one: _Planned, row: Row) -> None:
    """One more row of a course."""
    one.rows.append(row)
    first = one.rows[0]
    for name in SAID:
        if row.has(name) and first.has(name) and row.get(name) != first.get(name):
            desk.bad(row, name, "differs", other=first.number)
    if not row.has("weekday", "period"):
        return
    slot = Slot(draw(), row.get("weekday"), row.get("period"), row.get("weeks") or "all")
    if not desk.once(row, "period", one.course.id, slot.weekday, slot.period, slot.weeks):
        return
    held = next((kept for kept in one.course.slots if _same(kept, slot)), None)
    one.slots[(held or slot).id] = row
    if held is None:
        one.fresh.append((row, slot))
        one.course = replace(one.course, slots=(*one.course.slots, slot))


def _same(kept: Slot, slot: Slot) -> bool:
    return (kept.weekday, kept.period, re.sub(r"\s", "", kept.weeks.replace("，", ","))) == (slot.weekday, slot.period, slot.weeks)


async def _lessons(desk: Desk, planned: Sequence[_Planned]) -> dict[str, tuple[ScheduledLesson, Row]]:
    """The lessons that would be made, each with the row that asks for it."""
    found: dict[str, tuple[ScheduledLesson, Row]] = {}
    for one in planned:
        if not one.fresh:
            continue
        made = {lesson.slot for lesson in await desk.office.schedule.of_course(one.old.id)} if one.old else set()
        for lesson in await timetable.lessons_of(desk.office, one.course, one.home, one.term, one.bells, desk.zone):
            if lesson.slot not in made:
                found[lesson.id] = (lesson, one.slots.get((lesson.slot or "").partition("@")[0], one.fresh[0][0]))
    return found


async def _clashes(desk: Desk, asked: Mapping[str, tuple[ScheduledLesson, Row]]) -> None:
    """Name the first clash of each row: with what is booked, or with a row before it."""
    lessons = sorted((lesson for lesson, _ in asked.values()), key=lambda one: one.starts_at or 0)
    if len(lessons) > MOST_LESSONS:
        raise SheetTooLarge(what="lessons", limit=MOST_LESSONS)
    if not lessons:
        return
    begin, end = _span(lessons)
    booked = await bookings(desk.office.database, {resource for one in lessons for resource in resources_of(one)}, begin, end)
    named: set[int] = set()
    for lesson, clash in clashing(lessons, booked):
        row = asked[lesson.id][1]
        other = asked[clash.lesson][1] if clash.lesson in asked else None
        if other is not None and other.number > row.number:
            row, other = other, row  # of two rows the later one is told
        if row.number in named:
            continue
        named.add(row.number)
        said = (await timetable.clash_error(desk.office, desk.who, clash, desk.zone)).params
        words = {name: str(said[name]) for name in ("what", "day", "time", "lesson")}
        if other is None:
            desk.bad(row, "period", "clash", **words)
        else:
            desk.bad(row, "period", "clash_row", other=other.number, **words)


async def _write(desk: Desk, planned: Sequence[_Planned], lessons: Sequence[ScheduledLesson]) -> None:
    new = [one.course for one in planned if one.old is None]
    grown = [one for one in planned if one.old is not None and one.fresh]
    rosters = {one.course.id: await timetable.roster_names(desk.office, one.home, one.course.rooms) for one in planned if one.fresh}
    counts = Counter(lesson.course for lesson in lessons)
    for one in planned:
        if one.old is None:
            desk.line("course.create", "course", one.course.id, one.home)
        for _ in one.fresh:
            desk.line("course.slot", "course", one.course.id, one.home)
        if one.fresh:
            desk.line("course.publish", "course", one.course.id, one.home, lessons=counts[one.course.id])
        fresh = {row.number for row, _ in one.fresh}
        desk.kinds += ["same" if row.number not in fresh else "new" if one.old is None else "changed" for row in one.rows]
    resources = {resource for lesson in lessons for resource in resources_of(lesson)}
    desk.locks |= resources

    async def write(connection: AsyncConnection) -> None:
        begin, end = _span(lessons)
        if clashing(lessons, await clashes(connection, resources, begin, end)):
            raise EditConflict("booked meanwhile")  # checking again names the clash
        await add_courses(connection, new, desk.office.now())
        await change_many(connection, course, [Change(one.course.id, one.course.version, {}) for one in grown])
        await add_slots(connection, [(one.course.id, slot) for one in grown for _, slot in one.fresh])
        made = [(lesson, timetable.roster(lesson, rosters[lesson.course or ""])) for lesson in lessons]
        await add_lessons(connection, made, desk.office.now())

    desk.writes.append(write)


def _span(lessons: Sequence[ScheduledLesson]) -> tuple[int, int]:
    """From the first begin to the last end; nothing where there are none."""
    begin = min((one.starts_at or 0 for one in lessons), default=0)
    return begin, max((one.ends_at or 0 for one in lessons), default=0)


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """Open courses that schools of these paths teach as rows, one for each weekly lesson."""
    office = desk.office
    homes = {home.id: home for home in await office.orgs.under(paths, limit) if home.closed_at is None}
    courses = await CourseStore(office.database).of_many(homes)
    people = await office.people.many({one.teacher for one in courses})
    classes = await office.classes.many({one.school_class for one in courses if one.school_class})
    groups: dict[str, StandingGroup] = {group.id: group for group in await office.groups.led_from(homes)}
    calendar = terms.calendar(office)
    names = {term: await calendar.term(term) for term in sorted({one.term for one in courses})}
    write = {name: desk.table.column(name).write for name in ("subject", "stage", "weekday", "weeks")}
    rows = []
    for one in courses:
        term, group, sitting = names[one.term], groups.get(one.standing_group or ""), classes.get(one.school_class or "")
        said = [homes[one.org].code, one.name, write["subject"](one.subject), write["stage"](one.stage), one.grade, one.edition, one.volume]
        said += [people[one.teacher].login or "", term.name if term else "", group.name if group else "", sitting.code if sitting else ""]
        rows += [[*said, write["weekday"](str(slot.weekday)), str(slot.period), write["weeks"](slot.weeks)] for slot in one.slots]
    return rows
