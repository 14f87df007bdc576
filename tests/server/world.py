"""Two counties for tests, written straight into the tables: offices, schools, rooms, classes, students, people of every role.

Ids are readable: county `x`, its schools `x1` (centre, with the teaching point `x1p`) and `x2`; county `y` alike; rooms `x1.r1`; classes
`x1.c1`; students `x1.c1.s1`; people `x.admin`, `x1.teacher`, `x2.assistant`, … Every person has a session (`World.cookies`).
Lesson `lesson.x`: taught in `x1.r1` by `x1.teacher` to `x2.r1` and, across the county, to `y1.r1`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from server.accounts import cookies
from server.accounts.contents import Contents
from server.store import Database
from server.store import tables as t

NOW = 1_790_000_000_000
"""UTC ms: 2026-09-21 20:53 in Shanghai, a Monday."""
HOUR = 3_600_000
OFFICES = (
    ("n", None, "nation", "全国"),
    ("p", "n", "province", "云溪省"),
    ("d", "p", "city", "青川市"),
    ("x", "d", "county", "石桥县"),
    ("y", "d", "county", "红旗县"),
    ("x1", "x", "school", "石桥中心小学"),
    ("x1p", "x1", "point", "云岭教学点"),
    ("x2", "x", "school", "石桥二小"),
    ("y1", "y", "school", "红旗中心小学"),
    ("y2", "y", "school", "红旗二小"),
)
SCHOOLS = ("x1", "x1p", "x2", "y1", "y2")
PEOPLE = (
    ("n.admin", "n", "admin"),
    ("d.admin", "d", "admin"),
    *((f"{c}.{role}", c, role) for c in ("x", "y") for role in ("admin", "inspector", "librarian", "reviewer")),
    *((f"{s}.{role}", s, role) for s in ("x1", "x2", "y1", "y2") for role in ("admin", "teacher", "assistant")),
)
"""Person, organisation, role there."""


@dataclass
class World:
    """What was written."""

    paths: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, cookies.Bearer] = field(default_factory=dict)
    """Person, student or device id → session or device cookie."""
    devices: frozenset[str] = frozenset()

    def cookies(self, who: str) -> dict[str, str]:
        """The cookies of somebody's browser."""
        name = cookies.DEVICE if who in self.devices else cookies.SESSION
        return {name: self.secrets[who].text}


async def build(database: Database, contents: Contents, now: int = NOW) -> World:
    """Write the two counties; sessions are valid from `now` on for a week."""
    world = World()

    async def write(connection: Any) -> None:
        await _orgs(connection, world, now)
        await _people(connection, contents, world, now)
        await _rooms(connection, world, now)
        await _classes(connection, contents, world, now)
        await _group(connection, now)
        await _lesson(connection, now)

    await database.write(write)
    return world


async def _orgs(connection: Any, world: World, now: int) -> None:
    for org, parent, tier, name in OFFICES:
        world.paths[org] = f"{world.paths[parent] if parent else '/'}{org}/"
        row = {"id": org, "parent": parent, "tier": tier, "code": f"C-{org}", "name": name, "path": world.paths[org], "created": now}
        await connection.execute(insert(t.org).values(**row))


async def _session(connection: Any, world: World, now: int, who: str, column: str) -> None:
    bearer = world.secrets[who] = cookies.issue(f"s.{who}")
    row = {"id": bearer.id, column: who, "secret_hash": cookies.hash_secret(bearer.secret), "second_factor": True}
    await connection.execute(insert(t.session).values(**row, created=now, seen=now, expires_at=now + 168 * HOUR))


async def _people(connection: Any, contents: Contents, world: World, now: int) -> None:
    for person, org, role in PEOPLE:
        name = await contents.put(connection, "name", person, f"姓名{person}")
        await connection.execute(insert(t.person).values(id=person, org=org, login=person, name=name.id, created=now))
        row = {"id": f"a.{person}", "person": person, "role": role, "org": org, "valid_from": 0, "granted_by": "test", "created": now}
        await connection.execute(insert(t.assignment).values(**row))
        await _session(connection, world, now, person, "person")


async def _rooms(connection: Any, world: World, now: int) -> None:
    devices = []
    for number, school in enumerate(SCHOOLS):
        for n in (1, 2):
            room = f"{school}.r{n}"
            kind = "master" if n == 1 and school in ("x1", "y1") else "both"
            row = {"id": room, "org": school, "code": str(n), "name": f"{n}号教室", "kind": kind, "seat_rows": 5, "seat_columns": 8}
            await connection.execute(insert(t.classroom).values(**row, join_code=f"{100000 + number * 10 + n}", created=now))
        device = f"{school}.d1"
        bearer = world.secrets[device] = cookies.issue(device)
        devices.append(device)
        row = {"id": device, "classroom": f"{school}.r1", "name": "PC", "secret_hash": cookies.hash_secret(bearer.secret)}
        await connection.execute(insert(t.device).values(**row, approved_by="test", created=now))
    world.devices = frozenset(devices)


async def _group(connection: Any, now: int) -> None:
    group = {"id": "g.x", "org": "x", "name": "石桥专递课堂", "kind": "schools", "master_classroom": "x1.r1"}
    await connection.execute(insert(t.standing_group).values(**group, created=now))
    for room in ("x1p.r1", "x2.r1"):
        row = {"standing_group": "g.x", "classroom": room, "school_class": f"{room.split('.')[0]}.c1", "accepted_at": now}
        await connection.execute(insert(t.group_room).values(**row))


async def _classes(connection: Any, contents: Contents, world: World, now: int) -> None:
    for school in SCHOOLS:
        group = f"{school}.c1"
        row = {"id": group, "org": school, "code": "301", "name": "三年级1班", "grades": "3", "year": 2026}
        await connection.execute(insert(t.school_class).values(**row, created=now))
        for n in range(1, 6):
            student = f"{group}.s{n}"
            number = await contents.put(connection, "number", student, f"{n:02}")
            name = await contents.put(connection, "name", student, f"学生{student}")
            row = {"id": student, "school_class": group, "number": number.id, "number_index": contents.blind(f"student/{group}", f"{n:02}")}
            await connection.execute(insert(t.student).values(**row, name=name.id, created=now))
        await _session(connection, world, now, f"{group}.s1", "student")
        parent = f"{group}.s1.parent"
        name = await contents.put(connection, "name", parent, f"家长{parent}")
        await connection.execute(insert(t.person).values(id=parent, org=school, login=parent, name=name.id, created=now))
        row = {"id": f"a.{parent}", "person": parent, "role": "parent", "student": f"{group}.s1", "valid_from": 0, "granted_by": "test"}
        await connection.execute(insert(t.assignment).values(**row, created=now))
        await _session(connection, world, now, parent, "person")


async def _lesson(connection: Any, now: int) -> None:
    begin, end = now + 10 * 60_000, now + 50 * 60_000
    row = {"id": "lesson.x", "name": "分数的认识", "head": 0, "created": now, "org": "x1", "day": "2026-09-21", "period": 3}
    more = {"starts_at": begin, "ends_at": end, "teacher": "x1.teacher", "master_classroom": "x1.r1", "school_class": "x1.c1"}
    await connection.execute(insert(t.lesson).values(**row, **more, subject="数学", grade="3"))
    people = [
        ("master", "master", "石桥中心小学"),
        ("pt.x2", "classroom", "石桥二小 1号教室"),
        ("pt.y1", "classroom", "红旗中心小学 1号教室"),
    ]
    for who, role, name in people:
        await connection.execute(insert(t.participant).values(lesson="lesson.x", id=who, role=role, name=name))
    for room, participant in (("x2.r1", "pt.x2"), ("y1.r1", "pt.y1")):
        group = f"{room.split('.')[0]}.c1"
        await connection.execute(
            insert(t.lesson_room).values(lesson="lesson.x", classroom=room, participant=participant, school_class=group)
        )
    booked = ("room:x1.r1", "room:x2.r1", "room:y1.r1", "teacher:x1.teacher", "class:x1.c1", "class:x2.c1", "class:y1.c1")
    for resource in booked:
        await connection.execute(insert(t.booking).values(resource=resource, lesson="lesson.x", starts_at=begin, ends_at=end))
