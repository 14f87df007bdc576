"""Pupils' devices at their seats: the paper of each is a link, the log says which seats have one."""

from __future__ import annotations

from server.domain.command import SYSTEM
from server.domain.link import Link
from server.domain.seats.commands import FreeSeat, TakeSeat
from server.live.links import new_id
from server.live.refusals import as_app_errors
from server.live.room import Room
from server.store import Store


async def sit_down(store: Store, room: Room, participant: str, seat: int, now: int, expires_at: int) -> Link:
    """The paper of a device at a free seat. Raises `SeatTaken`, `SeatUnknown`, `PhonesClosed`, `WrongPhase`."""
    link = Link(new_id(), room.state.id, "seat", participant, "", now, expires_at, seat=seat)
    with as_app_errors():
        await room.learn_facts()
        await room.execute(SYSTEM, None, f"seat.take:{link.id}", TakeSeat(participant=participant, seat=seat))
        return await store.add_link(link)


async def stand_up(store: Store, room: Room, participant: str, seat: int, now: int) -> list[str]:
    """The device of a seat is out; the papers that were revoked. Raises `AppError`."""
    revoked = await store.revoke_seat(room.state.id, participant, seat, now)
    with as_app_errors():
        await room.execute(SYSTEM, None, f"seat.free:{new_id()}", FreeSeat(participant=participant, seat=seat))
    return revoked
