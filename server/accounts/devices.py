"""Classroom devices (S5): an unpaired one shows a pairing code, somebody of the room approves it, and it stays paired until revoked.

The device draws nothing and knows one secret from the moment it asks: approval makes the row of the device with the hash of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.domain.orgs import Classroom
from server.errors import NotThere, PairingGone, TooMany
from server.store.database import lock
from server.store.tables import device, pairing

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what is read wrongly: 0 O 1 I L."""
CODE = 8
LIVES_MS = 5 * 60_000
AT_ONCE = 3
"""Codes of one room that wait at the same time."""
NAMED = 100


class ApproveCode(msgspec.Struct, frozen=True, kw_only=True):
    """The code that the device shows."""

    code: Annotated[str, Meta(min_length=8, max_length=16)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits for approval."""

    id: str
    code: str
    classroom: str
    expires_at: int
    device: str | None = None
    """Set once it is approved."""

    @property
    def spaced(self) -> str:
        """The code as it is read out."""
        return f"{self.code[:4]} {self.code[4:]}"


@dataclass(frozen=True, slots=True)
class Device:
    """A paired one."""

    id: str
    classroom: str
    name: str
    created: int
    seen: int | None
    approved_by: str
    revoked_at: int | None


class Devices:
    """Works on the office."""

    def __init__(self, office: Office) -> None:
        self._office = office

    # --- the device's side -------------------------------------------------------------------------------------------

    async def ask(self, join_code: str, name: str) -> tuple[Waiting, cookies.Bearer, Classroom]:
        """A device of the room with this join code wants to be paired. Raises `NotThere`, `TooMany`."""
        room = await self._office.rooms.by_join_code(join_code.replace(" ", ""))
        if room is None:
            raise NotThere
        now, bearer = self._office.now(), cookies.issue(draw())
        new = Waiting(bearer.id, "".join(secrets.choice(ALPHABET) for _ in range(CODE)), room.id, now + LIVES_MS)

        async def work(connection: AsyncConnection) -> None:
            p = pairing.c
            await lock(connection, f"pairing:{room.id}")
            await connection.execute(delete(pairing).where(p.expires_at < now - LIVES_MS))
            alive = select(func.count().label("n")).where(p.classroom == room.id, p.expires_at > now, p.answered_at.is_(None))
            if (await connection.execute(alive)).scalar_one() >= AT_ONCE:
                raise TooMany(retry_after=LIVES_MS // 1000)
            row = {"id": new.id, "code": new.code, "classroom": room.id, "name": name[:NAMED]}
            await connection.execute(
                insert(pairing).values(**row, secret_hash=cookies.hash_secret(bearer.secret), created=now, expires_at=new.expires_at)
            )

        await self._office.database.write(work)
        return new, bearer, room

    async def answer(self, cookie: str | None) -> Waiting:
        """How it stands with what the device asked; raises `PairingGone` when its time is over."""
        bearer = cookies.read(cookie)
        row = await self._office.database.one(select(pairing).where(pairing.c.id == bearer.id)) if bearer else None
        if bearer is None or row is None or not bearer.fits(row.secret_hash):
            raise PairingGone
        if row.device is None and row.expires_at <= self._office.now():
            raise PairingGone
        return Waiting(row.id, row.code, row.classroom, row.expires_at, row.device)

    # --- the room's side ---------------------------------------------------------------------------------------------

    async def waiting(self, who: Caller, room_id: str) -> list[Waiting]:
        """Devices of a room that wait."""
        room, _ = await self._office.room(who, room_id, "device.approve")
        p = pairing.c
        query = select(pairing).where(p.classroom == room.id, p.expires_at > self._office.now(), p.answered_at.is_(None))
        rows = await self._office.database.read(query.order_by(p.created))
        return [Waiting(row.id, row.code, row.classroom, row.expires_at) for row in rows]

    async def of(self, who: Caller, room_id: str) -> Sequence[Device]:
        """Paired devices of a room, revoked ones last."""
        room, _ = await self._office.room(who, room_id, "device.approve")
        d = device.c
        rows = await self._office.database.read(
            select(device).where(d.classroom == room.id).order_by(d.revoked_at.is_not(None), d.created.desc())
        )
        return [Device(r.id, r.classroom, r.name, r.created, r.seen, r.approved_by, r.revoked_at) for r in rows]

    async def approve(self, who: Caller, room_id: str, form: ApproveCode) -> str:
        """The device that shows this code is paired with the room; its id. Raises `PairingGone` for a code of another room, too."""
        room, org = await self._office.room(who, room_id, "device.approve")
        code, now, new = form.code.replace(" ", "").upper(), self._office.now(), draw()

        async def work(connection: AsyncConnection) -> str:
            p = pairing.c
            free = (p.code == code) & (p.classroom == room.id) & (p.expires_at > now) & p.answered_at.is_(None)
            row = (await connection.execute(select(pairing).where(free))).first()
            if row is None:
                raise PairingGone
            values = {"id": new, "classroom": room.id, "name": row.name, "secret_hash": row.secret_hash, "approved_by": who.id}
            await connection.execute(insert(device).values(**values, created=now))
            taken = await connection.execute(update(pairing).where(free).values(answered_at=now, device=new))
            if taken.rowcount != 1:
                raise PairingGone
            return new

        return await self._office.acts.do(who, "device.approve", target("device", new, org), work)

    async def revoke(self, who: Caller, device_id: str) -> str:
        """Its socket, media and cookie end within two seconds. The room's id. Raises `NotThere`."""
        row = await self._office.database.one(select(device).where(device.c.id == known_id(device_id)))
        if row is None:
            raise NotThere
        room, org = await self._office.room(who, row.classroom, "device.revoke")

        async def work(connection: AsyncConnection) -> None:
            open_one = (device.c.id == row.id) & device.c.revoked_at.is_(None)
            await connection.execute(update(device).where(open_one).values(revoked_at=self._office.now()))

        await self._office.acts.do(who, "device.revoke", target("device", row.id, org), work)
        return room.id
