"""Classrooms: numbers, seats, join codes (S1, S5)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller, at
from server.accounts.ids import draw
from server.accounts.office import Office, target
from server.accounts.passwords import Passwords
from server.domain.orgs import Classroom, RoomKind
from server.errors import AppError, Invalid, Taken
from server.school.fields import Code, Id, Name, Version
from server.store.rooms import add_room, change_room, put_pin

TRIES = 20
Side = Annotated[int, Meta(ge=1, le=12)]
JOIN_CODE = r"^\d{6}$"
PIN = r"^[0-9]{4,8}$"


class NewRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A new classroom."""

    code: Code
    name: Name
    kind: RoomKind
    seat_rows: Side
    seat_columns: Side


class EditRoom(NewRoom, frozen=True, kw_only=True):
    """Everything but its school."""

    version: Version
    contact: Id | None = None
    """Whom to phone when the room is missing: a person of the same scope."""


class CloseRoom(msgspec.Struct, frozen=True, kw_only=True):
    """Close, or open again."""

    closed: Literal["0", "1"]
    version: Version


class SetPin(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the assistant's panel on the room's big screen (S3); left out: nothing opens it."""

    pin: Annotated[str, Meta(pattern=PIN)] | None = None


def draw_join_code() -> str:
    """Six digits; it names a room and grants nothing, so it needs no more chance than to be free."""
    return f"{secrets.randbelow(900_000) + 100_000}"


async def create(office: Office, who: Caller, org_id: str, form: NewRoom) -> Classroom:
    """Add one to a school or teaching point. Raises `Taken`, `Invalid` for an office, which has no classrooms."""
    org = await office.org(who, org_id, "room.edit")
    if org.tier not in ("school", "point"):
        raise Invalid({"org": "choice"})
    code = await _free_code(office)
    new = Classroom(draw(), org.id, form.code, form.name, form.kind, form.seat_rows, form.seat_columns, code, None, 1)

    async def work(connection: AsyncConnection) -> Classroom:
        await add_room(connection, new, office.now())
        return new

    return await office.acts.do(who, "room.create", target("room", new.id, org), work, unique="code")


async def _free_code(office: Office) -> str:
    """No room's, a closed one's neither: it may open again."""
    drawn = [draw_join_code() for _ in range(TRIES)]
    taken = await office.rooms.join_codes(drawn)
    found = next((code for code in drawn if code not in taken), None)
    if found is None:
        raise AppError("no free join code found")
    return found


async def edit(office: Office, who: Caller, room_id: str, form: EditRoom) -> Classroom:
    """Change it. Raises `EditConflict`, `Taken`, `Invalid`."""
    room, org = await office.room(who, room_id, "room.edit")
    if form.contact:
        person = await office.people.get(form.contact)
        home = await office.orgs.get(person.org) if person else None
        if home is None or not who.may("org.see", at(home.path)):
            raise Invalid({"contact": "missing"})
    values = {name: getattr(form, name) for name in ("code", "name", "kind", "seat_rows", "seat_columns", "contact")}

    async def work(connection: AsyncConnection) -> Classroom:
        await change_room(connection, room.id, form.version, **values)
        return replace(room, **values, version=form.version + 1)

    return await office.acts.do(who, "room.edit", target("room", room.id, org), work, unique="code")


async def close(office: Office, who: Caller, room_id: str, form: CloseRoom) -> None:
    """Close or reopen; a closed room's devices enter nothing any more. Raises `EditConflict`."""
    room, org = await office.room(who, room_id, "room.edit")
    at_ms = office.now() if form.closed == "1" else None

    async def work(connection: AsyncConnection) -> None:
        await change_room(connection, room.id, form.version, closed_at=at_ms)

    await office.acts.do(who, "room.close" if at_ms else "room.reopen", target("room", room.id, org), work)


async def redraw_join_code(office: Office, who: Caller, room_id: str) -> str:
    """Another join code: cards with the old one name the room no more."""
    room, org = await office.room(who, room_id, "room.edit")
    for _ in range(TRIES):
        code = draw_join_code()

        async def work(connection: AsyncConnection, code: str = code) -> None:
            await change_room(connection, room.id, room.version, join_code=code)

        try:
            await office.acts.do(who, "room.join_code", target("room", room.id, org), work, unique="join_code")
        except Taken:
            continue
        return code
    raise AppError("no free join code found")


async def set_pin(office: Office, who: Caller, room_id: str, form: SetPin, passwords: Passwords) -> None:
    """Another PIN, or none: with none the panel stays shut. Raises `Invalid` for one whose digits are all the same."""
    room, org = await office.room(who, room_id, "room.pin")
    if form.pin and len(set(form.pin)) == 1:
        raise Invalid({"pin": "common"})
    kept = await passwords.hash(form.pin) if form.pin else None

    async def work(connection: AsyncConnection) -> None:
        await put_pin(connection, room.id, kept)

    await office.acts.do(who, "room.pin", target("room", room.id, org), work, details={"set": int(kept is not None)})
