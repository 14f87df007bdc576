"""Standing groups bind a master classroom to its remote classrooms, so that a lesson is never put together by hand.

A room of an organisation the caller does not look after is named by its join code, which names it and grants nothing (S5): the room
follows once its own school agrees (`server.school.invited`), and that school may take it out again (S6).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller, at
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.accounts.throttle import Throttle
from server.domain.orgs import Classroom, GroupKind, Org, StandingGroup
from server.errors import Forbidden, Invalid, NotThere
from server.school.fields import Id, Name, Version
from server.store.groups import add_group, change_group, drop_room, put_room

MOST_ROOMS = 200


class NewGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A new group of an organisation."""

    name: Name
    kind: GroupKind
    master_classroom: Id


class EditGroup(NewGroup, frozen=True, kw_only=True):
    """Its name, kind and master classroom."""

    version: Version


class AddRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room follows: by its id inside the caller's scope, by its join code anywhere."""

    room: Annotated[str, Meta(min_length=1, max_length=64)]
    school_class: Id | None = None
    version: Version


class RemoveRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room follows no more."""

    room: Id
    version: Version


class CloseGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Close, or open again."""

    closed: Literal["0", "1"]
    version: Version


async def create(office: Office, who: Caller, org_id: str, form: NewGroup) -> StandingGroup:
    """Add one. The master classroom must lie in the organisation. Raises `Invalid`."""
    org = await office.org(who, org_id, "group.edit")
    await _master(office, org, form.master_classroom)
    new = StandingGroup(draw(), org.id, form.name, form.kind, form.master_classroom, 1)

    async def work(connection: AsyncConnection) -> StandingGroup:
        await add_group(connection, new, office.now())
        return new

    return await office.acts.do(who, "group.create", target("group", new.id, org), work)


async def edit(office: Office, who: Caller, group_id: str, form: EditGroup) -> None:
    """Change it. Raises `EditConflict`, `Invalid`."""
    group, org = await find(office, who, group_id, "group.edit")
    await _master(office, org, form.master_classroom)
    if form.master_classroom in group.rooms or form.master_classroom in group.pending:
        raise Invalid({"master_classroom": "choice"})
    values = {"name": form.name, "kind": form.kind, "master_classroom": form.master_classroom}

    async def work(connection: AsyncConnection) -> None:
        await change_group(connection, group.id, form.version, **values)

    await office.acts.do(who, "group.edit", target("group", group.id, org), work)


async def add_room(office: Office, who: Caller, group_id: str, form: AddRoom) -> bool:
    """A room follows from now on; False: its own school, which is not in the caller's care, is asked first.

    Raises `EditConflict`, `Invalid`, `TooMany` after many wrong codes.
    """
    group, org = await find(office, who, group_id, "group.edit")
    room, home = await _room(office, who, form.room)
    if room.id == group.master_classroom or room.kind == "master" or len(group.rooms) + len(group.pending) >= MOST_ROOMS:
        raise Invalid({"room": "choice"})
    mine = who.may("group.edit", at(home.path))
    if not mine and (room.id in group.rooms or room.id in group.pending):
        raise Invalid({"room": "taken"})
    if form.school_class:
        sitting = await office.classes.get(form.school_class)
        if sitting is None or sitting.org != room.org or not mine:
            raise Invalid({"school_class": "choice"})
    since = office.now() if mine else None

    async def work(connection: AsyncConnection) -> None:
        await change_group(connection, group.id, form.version)
        await put_room(connection, group.id, room.id, form.school_class, since)

    act = "group.add_room" if mine else "group.ask_room"
    also = None if mine else target("room", room.id, home)
    await office.acts.do(who, act, target("group", group.id, org), work, details={"room": room.id}, also=also)
    return mine


async def remove_room(office: Office, who: Caller, group_id: str, form: RemoveRoom) -> bool:
    """A room follows no more, or is asked no more: said by the group's organisation, or by the room's own school.

    Whether the caller may see the group, of which the room's school knows only its own part. Raises `NotThere`, `EditConflict`.
    """
    group = await office.groups.get(known_id(group_id))
    room = await office.rooms.get(form.room) if group and (form.room in group.rooms or form.room in group.pending) else None
    if group is None or room is None:
        raise NotThere
    homes = await office.orgs.many({group.org, room.org})
    allowed = [one for one in homes.values() if who.may("group.edit", at(one.path))]
    if not allowed:
        raise NotThere if not any(who.may("group.see", at(one.path)) for one in homes.values()) else Forbidden("group.edit")
    who.need("group.edit", at(allowed[0].path))
    keeper, home = homes[group.org], homes[room.org]

    async def work(connection: AsyncConnection) -> None:
        await change_group(connection, group.id, form.version)
        await drop_room(connection, group.id, room.id)

    also = None if home.path.startswith(keeper.path) else target("room", room.id, home)
    about = target("group", group.id, keeper)
    await office.acts.do(who, "group.remove_room", about, work, details={"room": room.id}, also=also)
    return who.may("group.see", at(keeper.path))


async def close(office: Office, who: Caller, group_id: str, form: CloseGroup) -> None:
    """Close or reopen. Raises `EditConflict`."""
    group, org = await find(office, who, group_id, "group.edit")
    at_ms = office.now() if form.closed == "1" else None

    async def work(connection: AsyncConnection) -> None:
        await change_group(connection, group.id, form.version, closed_at=at_ms)

    await office.acts.do(who, "group.close" if at_ms else "group.reopen", target("group", group.id, org), work)


async def find(office: Office, who: Caller, group_id: str, action: str) -> tuple[StandingGroup, Org]:
    """A group and its organisation, as `Office.org`."""
    group = await office.groups.get(known_id(group_id))
    if group is None:
        raise NotThere
    return group, await office.org(who, group.org, action)


async def _master(office: Office, org: Org, room_id: str) -> Classroom:
    room = await office.rooms.get(room_id)
    home = await office.orgs.get(room.org) if room else None
    if room is None or home is None or not home.path.startswith(org.path):
        raise Invalid({"master_classroom": "missing"})
    if room.kind == "remote" or room.closed_at is not None:
        raise Invalid({"master_classroom": "choice"})
    return room


async def _room(office: Office, who: Caller, text: str) -> tuple[Classroom, Org]:
    room = await office.rooms.get(text)
    home = await office.orgs.get(room.org) if room else None
    if room is None or home is None or not who.may("room.see", at(home.path)):
        room = await _by_code(office, who, text)
        home = await office.orgs.get(room.org) if room else None
    if room is None or home is None or room.closed_at is not None:
        raise Invalid({"room": "missing"})
    return room, home


async def _by_code(office: Office, who: Caller, code: str) -> Classroom | None:
    """Six digits are soon guessed: wrong ones make one wait."""
    throttle = Throttle(office.database, office.now)
    await throttle.begin(("join", who.id))
    found = await office.rooms.by_join_code(code.replace(" ", ""))
    if found is not None:
        await throttle.fitted("join", who.id)
    return found
