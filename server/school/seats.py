"""Who of a class sits where in one room, from a day on (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, target
from server.domain.orgs import SchoolClass, SeatingPlan
from server.domain.seating import seat_problems
from server.errors import Invalid
from server.school.fields import Day, Id, Version
from server.school.terms import as_day
from server.store.plans import add_plan, change_plan


class SetSeats(msgspec.Struct, frozen=True, kw_only=True):
    """A seating plan from a day on."""

    classroom: Id
    valid_from: Day
    seats: Mapping[str, str]
    """Seat → student number in the class."""
    version: Version | None = None


async def set_seats(office: Office, who: Caller, class_id: str, form: SetSeats, zone: ZoneInfo) -> SeatingPlan:
    """Who sits where from a day on: the plan of that very day is changed, else a new one is made.

    Days that are over keep the plan they had, since lessons speak of it (S1): it begins today or later, but for the first one of all.
    Raises `Invalid` naming each wrong seat as `seat.N`, `EditConflict`: also where the form knew of no plan and there is one by now.
    """
    found, org = await office.school_class(who, class_id, "plan.edit")
    begins = as_day(form.valid_from, "valid_from")
    room = await office.rooms.get(form.classroom)
    if room is None or room.org != org.id:
        raise Invalid({"classroom": "missing"})
    seats = await _numbered(office, found, form.seats, room.seats)
    now = office.now()
    if begins < datetime.fromtimestamp(now / 1000, zone).date() and await office.plans.first(found.id, room.id) is not None:
        raise Invalid({"valid_from": "low"})
    known = await office.plans.valid(found.id, room.id, form.valid_from)
    if known is not None and known.valid_from == form.valid_from:
        changed = replace(known, seats=seats, version=known.version + 1)

        async def change(connection: AsyncConnection) -> SeatingPlan:
            await change_plan(connection, known.id, form.version or 0, seats)
            return changed

        return await office.acts.do(who, "plan.edit", target("plan", known.id, org), change)
    new = SeatingPlan(draw(), found.id, room.id, form.valid_from, 1, seats)

    async def work(connection: AsyncConnection) -> SeatingPlan:
        await add_plan(connection, new, now)
        return new

    return await office.acts.do(who, "plan.create", target("plan", new.id, org), work, unique="valid_from")


async def _numbered(office: Office, found: SchoolClass, seats: Mapping[str, str], size: int) -> dict[int, str]:
    """Seats by student id; raises `Invalid`."""
    students = await office.students.of_class(found.id)
    texts = await office.contents.texts({one.number for one in students})
    by_number = {texts.get(one.number, ""): one.id for one in students}
    placed: dict[int, str] = {}
    wrong: dict[str, str] = {}
    for seat, number in seats.items():
        if not seat.isascii() or not seat.isdecimal() or len(seat) > 3:
            wrong[f"seat.{seat}"[:64]] = "format"
        elif number.strip():
            placed[int(seat)] = by_number.get(number.strip(), number.strip())
    problems = seat_problems(placed, size, set(by_number.values()))
    codes = {"seat": "choice", "student": "missing", "twice": "taken"}
    wrong |= {f"seat.{seat}": codes[code] for seat, code in problems.items()}
    if wrong:
        raise Invalid(wrong)
    return placed
