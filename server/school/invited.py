"""A room that a standing group of somebody else asks to follow it: its own school agrees, and says which class sits there, or does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.office import Office, known_id, target
from server.domain.orgs import Classroom, Org, StandingGroup
from server.errors import Invalid, NotThere
from server.school.fields import Id
from server.store.groups import accept_room, refuse_room


class AcceptRoom(msgspec.Struct, frozen=True, kw_only=True):
    """The room follows from now on, with this class of its school."""

    school_class: Id | None = None


class RefuseRoom(msgspec.Struct, frozen=True, kw_only=True):
    """It does not."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What the room's school may know of who asks."""

    group: StandingGroup
    keeper: Org
    """The organisation that keeps the group."""
    master: Org
    """The school that would teach."""


async def asking(office: Office, who: Caller, room_id: str) -> Sequence[Asking]:
    """Open groups that wait for the school of this room, for whoever may see its groups. Raises `NotThere`, `Forbidden`."""
    room, _ = await office.room(who, room_id, "group.see")
    groups = await office.groups.asking(room.id)
    masters = await office.rooms.many({one.master_classroom for one in groups})
    homes = await office.orgs.many({one.org for one in groups} | {one.org for one in masters.values()})
    return [Asking(one, homes[one.org], homes[masters[one.master_classroom].org]) for one in groups]


async def accept(office: Office, who: Caller, room_id: str, group_id: str, form: AcceptRoom) -> None:
    """The room follows. Raises `NotThere`, `Forbidden`, `Invalid`, `EditConflict` where nobody asks any more."""
    group, room, home = await _asked(office, who, room_id, group_id)
    sitting = await office.classes.get(form.school_class) if form.school_class else None
    if form.school_class and (sitting is None or sitting.org != home.id or sitting.closed_at is not None):
        raise Invalid({"school_class": "choice"})

    async def work(connection: AsyncConnection) -> None:
        await accept_room(connection, group.id, room.id, form.school_class, office.now())

    await _do(office, who, "group.accept_room", group, room, home, work)


async def refuse(office: Office, who: Caller, room_id: str, group_id: str) -> None:
    """The room is asked no more. Raises `NotThere`, `Forbidden`, `EditConflict`."""
    group, room, home = await _asked(office, who, room_id, group_id)

    async def work(connection: AsyncConnection) -> None:
        await refuse_room(connection, group.id, room.id)

    await _do(office, who, "group.refuse_room", group, room, home, work)


async def _asked(office: Office, who: Caller, room_id: str, group_id: str) -> tuple[StandingGroup, Classroom, Org]:
    room, home = await office.room(who, room_id, "group.edit")
    group = await office.groups.get(known_id(group_id))
    if group is None or group.closed_at is not None or room.closed_at is not None or room.id not in group.pending:
        raise NotThere
    return group, room, home


async def _do(
    office: Office,
    who: Caller,
    act: str,
    group: StandingGroup,
    room: Classroom,
    home: Org,
    work: Callable[[AsyncConnection], Awaitable[None]],
) -> None:
    """A line at the room's school, and one where the group is kept if nobody there would see it."""
    keeper = await office.orgs.get(group.org)
    also = target("group", group.id, keeper) if keeper and not home.path.startswith(keeper.path) else None
    await office.acts.do(who, act, target("room", room.id, home), work, details={"group": group.id}, also=also)
