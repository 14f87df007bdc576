"""One occurrence: cancelled, moved, taught by somebody else; and a lesson made by hand out of a standing group (S8, S9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id
from server.domain.calendar import bell_on, moment
from server.domain.replan import NOT_BEGUN
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.errors import Invalid, NotThere
from server.school.clash import in_words
from server.school.fields import Day, Id, Name, Stage, TimeOfDay, Version
from server.school.roster import roster, roster_names
from server.school.terms import as_day, calendar
from server.store.bookings import CLASSIFIED, Booked, add_lesson, book, change_lesson, clashes, release, resources_of
from server.store.people import narrow

NOT_OVER = frozenset({*NOT_BEGUN, "live", "break"})
LONGEST_MIN = 240
SaidWord = Annotated[str, Meta(max_length=32)]
SaidName = Annotated[str, Meta(max_length=200)]
"""May be empty: not said."""


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """What a lesson is about, as the resource library asks; all of it may be left open."""

    unit: SaidName = ""
    subject: SaidWord = ""
    stage: Stage | Literal[""] = ""
    grade: SaidWord = ""
    edition: SaidName = ""
    volume: SaidWord = ""


class CancelLesson(msgspec.Struct, frozen=True, kw_only=True):
    """It will not be held."""

    version: Version


class MoveLesson(msgspec.Struct, frozen=True, kw_only=True):
    """Another day; a period of the master's bell, or times of its own."""

    day: Day
    period: Annotated[int, Meta(ge=1, le=20)] | None = None
    begins: TimeOfDay | None = None
    ends: TimeOfDay | None = None
    version: Version


class Substitute(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else teaches it."""

    teacher: Id
    version: Version


class EditLesson(msgspec.Struct, frozen=True, kw_only=True):
    """Title and what it is about. What is left out stays as it is; what is given empty is not said any more."""

    name: Name
    unit: SaidName | UnsetType = UNSET
    subject: SaidWord | UnsetType = UNSET
    stage: Stage | Literal[""] | UnsetType = UNSET
    grade: SaidWord | UnsetType = UNSET
    edition: SaidName | UnsetType = UNSET
    volume: SaidWord | UnsetType = UNSET
    rehearsal: Literal["0", "1"] | UnsetType = UNSET
    version: Version


class NewLesson(Classified, frozen=True, kw_only=True):
    """A lesson by hand: the rooms come from a standing group."""

    name: Name
    standing_group: Id
    teacher: Id | None = None
    """None: the caller, if that is a teacher."""
    day: Day
    begins: TimeOfDay
    minutes: Annotated[int, Meta(ge=5, le=LONGEST_MIN)] = 40
    rehearsal: Literal["0", "1"] = "0"


async def find(office: Office, who: Caller, lesson_id: str, action: str) -> ScheduledLesson:
    """A lesson of the timetable. Raises `NotThere` to who may not see it, `Forbidden`."""
    found = await office.schedule.lesson(known_id(lesson_id))
    if found is None or found.org is None:
        raise NotThere
    who.need(action, found.where(), hidden=None if who.may("lesson.see", found.where()) else NotThere())
    return found


async def cancel(office: Office, who: Caller, lesson_id: str, form: CancelLesson) -> None:
    """It is booked no more, and lists say so; the clock writes `lesson.cancelled` into its log. Raises `EditConflict` once it is live."""
    found = await find(office, who, lesson_id, "lesson.edit")

    async def work(connection: AsyncConnection) -> None:
        await change_lesson(connection, found.id, form.version, NOT_BEGUN, cancelled_at=office.now())
        await release(connection, found.id)

    await office.acts.do(who, "lesson.cancel", _target(found), work)


async def move(office: Office, who: Caller, lesson_id: str, form: MoveLesson, zone: ZoneInfo) -> None:
    """Another time. Raises `Invalid`, `BookingClash`, `EditConflict`."""
    found = await find(office, who, lesson_id, "lesson.edit")
    begin, end = await _times(office, found, form, zone)
    if end <= office.now():
        raise Invalid({"day": "low"})
    period = None if form.begins else form.period  # times of its own are nobody's period
    moved = replace(found, starts_at=begin, ends_at=end, day=form.day, period=period, moved=True)

    async def work(connection: AsyncConnection) -> None:
        await _free(connection, moved)
        values = {"starts_at": begin, "ends_at": end, "day": form.day, "period": period, "moved": True}
        await change_lesson(connection, found.id, form.version, NOT_BEGUN, **values)
        await book(connection, moved)

    async with in_words(office, who, zone):
        await office.acts.do(who, "lesson.move", _target(found), work, locks=tuple(resources_of(found)), details={"day": form.day})


async def _times(office: Office, found: ScheduledLesson, form: MoveLesson, zone: ZoneInfo) -> tuple[int, int]:
    day = as_day(form.day, "day")
    if bool(form.begins) != bool(form.ends):
        raise Invalid({"ends" if form.begins else "begins": "required"})
    if form.begins and form.ends:
        begin, end = moment(day, form.begins, zone), moment(day, form.ends, zone)
    elif form.period:
        bell = bell_on(await calendar(office).bells(found.path), day)
        times = bell.periods.get(form.period) if bell else None
        if times is None:
            raise Invalid({"period": "choice"})
        begin, end = moment(day, times[0], zone), moment(day, times[1], zone)
    else:
        raise Invalid({"period": "required"})
    if not 0 < end - begin <= LONGEST_MIN * 60_000:
        raise Invalid({"ends": "low" if end <= begin else "high"})
    return begin, end


async def substitute(office: Office, who: Caller, lesson_id: str, form: Substitute, zone: ZoneInfo) -> None:
    """Somebody else teaches; the one before loses the console within two seconds. Raises `Invalid`, `BookingClash`, `EditConflict`."""
    found = await find(office, who, lesson_id, "lesson.edit")
    await _need_teacher(office, who, form.teacher, found)
    changed = replace(found, teacher=form.teacher, instead_of=found.instead_of or found.teacher)

    async def work(connection: AsyncConnection) -> None:
        await _free(connection, changed)
        values = {"teacher": changed.teacher, "instead_of": changed.instead_of if changed.instead_of != changed.teacher else None}
        await change_lesson(connection, found.id, form.version, NOT_OVER, **values)
        await book(connection, changed)
        if found.teacher and found.teacher != form.teacher:
            await narrow(connection, found.teacher)

    locks = tuple(resources_of(found) | resources_of(changed))
    async with in_words(office, who, zone):
        await office.acts.do(who, "lesson.substitute", _target(found), work, locks=locks, details={"teacher": form.teacher})


async def _need_teacher(office: Office, who: Caller, person_id: str, lesson: ScheduledLesson) -> None:
    person = await office.people.get(person_id)
    if person is None or person.disabled_at is not None or not await _is_teacher(office, who, person.id, lesson):
        raise Invalid({"teacher": "choice"})


async def _is_teacher(office: Office, who: Caller, person_id: str, lesson: ScheduledLesson) -> bool:
    """A teacher somewhere in the caller's scope at the time of the lesson."""
    scopes, begin = who.scopes("lesson.edit"), lesson.starts_at or 0
    roles = (await office.people.assignments([person_id]))[person_id]
    then = [one for one in roles if one.valid_from <= begin and (one.valid_until is None or one.valid_until > begin)]
    homes = await office.orgs.many({role.org for role in then if role.role == "teacher" and role.org})
    return any(home.path.startswith(scope) for home in homes.values() for scope in scopes)


async def edit(office: Office, who: Caller, lesson_id: str, form: EditLesson) -> None:
    """Title, rehearsal, what it is about. Raises `EditConflict`."""
    found = await find(office, who, lesson_id, "lesson.edit")
    given = {name: getattr(form, name) for name in ("unit", *CLASSIFIED)}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not UNSET}
    if form.rehearsal is not UNSET:
        values["rehearsal"] = form.rehearsal == "1"

    async def work(connection: AsyncConnection) -> None:
        await change_lesson(connection, found.id, form.version, NOT_OVER, name=form.name, **values)

    await office.acts.do(who, "lesson.edit", _target(found), work)


def _classified(form: Classified) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("unit", *CLASSIFIED)}


async def create(office: Office, who: Caller, form: NewLesson, zone: ZoneInfo) -> ScheduledLesson:
    """A lesson by hand, taught by whom an admin names, else by the caller if that is a teacher. Raises `Invalid`, `BookingClash`."""
    group = await office.groups.get(form.standing_group)
    master = await office.rooms.get(group.master_classroom) if group else None
    if group is None or master is None or group.closed_at is not None:
        raise Invalid({"standing_group": "missing"})
    org = await office.org(who, master.org, "lesson.create")
    day = as_day(form.day, "day")
    begin = moment(day, form.begins, zone)
    own = who.id if who.kind == "person" and "teacher" in who.roles else None
    new = ScheduledLesson(
        id=draw() + draw(),
        name=form.name,
        phase="scheduled",
        version=1,
        org=org.id,
        path=org.path,
        day=day.isoformat(),
        starts_at=begin,
        ends_at=begin + form.minutes * 60_000,
        teacher=form.teacher or own,
        master_classroom=master.id,
        rehearsal=form.rehearsal == "1",
        rooms=await _parts(office, group.rooms),
        **_classified(form),
    )
    if (new.ends_at or 0) <= office.now():
        raise Invalid({"day": "low"})
    if new.teacher is not None and new.teacher != own:
        await _need_teacher(office, who, new.teacher, new)
    called = roster(new, await roster_names(office, org, group.rooms))

    async def work(connection: AsyncConnection) -> ScheduledLesson:
        await _free(connection, new)
        await add_lesson(connection, new, called, office.now())
        return new

    async with in_words(office, who, zone):
        return await office.acts.do(who, "lesson.create", _target(new), work, locks=tuple(resources_of(new)))


async def _parts(office: Office, wanted: Mapping[str, str | None]) -> dict[str, ScheduledRoom]:
    known = await office.rooms.many(wanted.keys())
    homes = await office.orgs.many({room.org for room in known.values()})
    return {
        room.id: ScheduledRoom(room.id, draw(), wanted[room.id], homes[room.org].path) for room in known.values() if room.closed_at is None
    }


async def _free(connection: AsyncConnection, wanted: ScheduledLesson) -> None:
    found = await clashes(connection, resources_of(wanted), wanted.starts_at or 0, wanted.ends_at or 0, wanted.id)
    if found:
        raise Booked(found[0])


def _target(one: ScheduledLesson) -> Target:
    return Target("lesson", one.id, one.path)


def local_day(now: int, zone: ZoneInfo) -> str:
    """Today, for an empty form."""
    return datetime.fromtimestamp(now / 1000, zone).date().isoformat()
