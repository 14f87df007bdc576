"""Classrooms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.ids import draw
from server.domain.orgs import Classroom, Org
from server.errors import AppError
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.school.rooms import TRIES, draw_join_code
from server.store.bulk import Change, change_many
from server.store.rooms import add_rooms
from server.store.tables import classroom

FIELDS = ("code", "name", "kind", "seat_rows", "seat_columns")


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, and what would write it."""
    homes = await desk.places(rows, "school", "room.edit")
    known = {(room.org, room.code): room for room in await desk.office.rooms.of_many({home.id for home in homes.values()})}
    sound: list[tuple[Row, Org, Classroom | None]] = []
    for row in rows:
        if row.has("school", "code") and not desk.once(row, "code", row.get("school"), row.get("code")):
            continue
        home = homes.get(row.number)
        room = known.get((home.id, row.get("code"))) if home else None
        if room is not None and room.closed_at is not None:
            desk.bad(row, "code", "closed")
        if home is not None and desk.sound(row):
            sound.append((row, home, room))
    if not desk.findings.rows:
        await _write(desk, sound)


async def _write(desk: Desk, rows: Sequence[tuple[Row, Org, Classroom | None]]) -> None:
    new: list[Classroom] = []
    changed: list[Change] = []
    codes = iter(await _join_codes(desk, sum(room is None for *_, room in rows)))
    for row, home, room in rows:
        values = {name: row.get(name) for name in FIELDS}
        if room is None:
            new.append(Classroom(draw(), home.id, **values, join_code=next(codes), contact=None, version=1))
            desk.line("room.create", "room", new[-1].id, home)
            desk.kinds.append("new")
        elif any(getattr(room, name) != value for name, value in values.items()):
            changed.append(Change(room.id, room.version, values))
            desk.line("room.edit", "room", room.id, home)
            desk.kinds.append("changed")
        else:
            desk.kinds.append("same")

    async def write(connection: AsyncConnection) -> None:
        await add_rooms(connection, new, desk.office.now())
        await change_many(connection, classroom, changed)

    desk.writes.append(write)


async def _join_codes(desk: Desk, count: int) -> list[str]:
    """Codes that name no room, not even a closed one."""
    free: dict[str, None] = {}
    for _ in range(TRIES):
        drawn = {draw_join_code() for _ in range(count - len(free))}
        taken = await desk.office.rooms.join_codes(drawn)
        free.update(dict.fromkeys(sorted(drawn - taken)))
        if len(free) >= count:
            return list(free)[:count]
    raise AppError("no free join codes found")


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """Open classrooms of these paths as rows."""
    found = [room for room in await desk.office.rooms.under(paths, limit) if room.closed_at is None]
    homes = await desk.office.orgs.many({room.org for room in found})
    kind = desk.table.column("kind").write
    return [
        [homes[room.org].code, room.code, room.name, kind(room.kind), str(room.seat_rows), str(room.seat_columns)]
        for room in found
        if homes[room.org].closed_at is None
    ]
