"""Double booking in words that the caller may hear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from server.accounts.caller import Caller, at
from server.accounts.office import Office
from server.errors import BookingClash
from server.store.bookings import Booked, Clash
from server.store.orgs import OrgStore


@asynccontextmanager
async def in_words(office: Office, who: Caller, zone: ZoneInfo) -> AsyncIterator[None]:
    """Around an act that books: `Booked` comes out as `BookingClash`."""
    try:
        yield
    except Booked as booked:
        raise await clash_error(office, who, booked.clash, zone) from booked


async def clash_error(office: Office, who: Caller, clash: Clash, zone: ZoneInfo) -> BookingClash:
    """The clash in words that the caller may hear: what is booked, when, and by which lesson if the caller may know of it (S6)."""
    other = await office.schedule.lesson(clash.lesson)
    local = datetime.fromtimestamp(clash.starts_at / 1000, zone)
    seen = other is not None and who.may("lesson.see", other.where())
    name = other.name if other and seen else ""
    kind, _, row = clash.resource.partition(":")
    return BookingClash(
        f"{clash.resource} {clash.lesson}",
        what=await _called(office, who, kind, row),
        kind=kind,
        lesson=name,
        day=local.date().isoformat(),
        time=local.strftime("%H:%M"),
    )


async def _called(office: Office, who: Caller, kind: str, row: str) -> str:
    if kind == "room":
        room = await office.rooms.get(row)
        home = await OrgStore(office.database).get(room.org) if room else None
        return f"{home.name} {room.name}" if room and home else ""
    if kind == "class":
        group = await office.classes.get(row)
        return group.name if group else ""
    person = await office.people.get(row)
    home = await office.orgs.get(person.org) if person else None
    if person is None or home is None or not who.may("org.see", at(home.path)):
        return ""
    return (await office.contents.texts([person.name])).get(person.name, "")
