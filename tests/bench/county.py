"""A county for the bench, written straight into the tables: 100 schools, 20 classrooms and 2,000 lessons each, two terms of them.

Every lesson goes to two remote classrooms of the next school. Twenty lessons of each school are today, around now: one is going
on, ten are over, the next begins in twenty minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, insert

from server.accounts import cookies
from server.accounts.contents import Contents
from server.store import Database
from server.store import tables as t

SCHOOLS, ROOMS, LESSONS, TEACHERS = 100, 20, 2_000, 40
TODAY = 20
TEACHING = f"s0.t{LESSONS // 2 % TEACHERS + TODAY // 2}"
"""Who teaches in the first school now."""
LESSON_MS, DAY_MS = 40 * 60_000, 86_400_000
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class County:
    """Who asks: role → cookie."""

    cookies: dict[str, str]


async def build(database: Database, contents: Contents, now: int) -> County:
    """Write it all; it must be about noon where the school is, or some of today's lessons are yesterday's."""
    await _offices(database, now)
    await _people(database, contents, now)
    await _lessons(database, now)
    return County(
        {role: await _session(database, who, now) for role, who in (("teacher", TEACHING), ("assistant", "s1.a"), ("county", "c.admin"))}
    )


async def _put(database: Database, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    async def write(connection: Any) -> None:
        batch: list[dict[str, Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                await connection.execute(insert(table), batch)
                batch = []
        if batch:
            await connection.execute(insert(table), batch)

    await database.write(write)


async def _offices(database: Database, now: int) -> None:
    def orgs() -> Iterator[dict[str, Any]]:
        yield {"id": "c", "parent": None, "tier": "county", "code": "C", "name": "石桥县", "path": "/c/", "created": now}
        for s in range(SCHOOLS):
            yield {
                "id": f"s{s}",
                "parent": "c",
                "tier": "school",
                "code": f"S{s}",
                "name": f"第{s}小学",
                "path": f"/c/s{s}/",
                "created": now,
            }

    def rooms() -> Iterator[dict[str, Any]]:
        for s in range(SCHOOLS):
            for r in range(ROOMS):
                row = {"id": f"s{s}.r{r}", "org": f"s{s}", "code": f"{r}", "name": f"{r}号教室", "kind": "both", "created": now}
                yield {**row, "seat_rows": 5, "seat_columns": 6, "join_code": f"{100_000 + s * ROOMS + r}"}

    await _put(database, t.org, orgs())
    await _put(database, t.classroom, rooms())


async def _people(database: Database, contents: Contents, now: int) -> None:
    who: Sequence[tuple[str, str, str]] = [
        ("c.admin", "c", "admin"),
        *((f"s{s}.t{n}", f"s{s}", "teacher") for s in range(SCHOOLS) for n in range(TEACHERS)),
        *((f"s{s}.a", f"s{s}", "assistant") for s in range(SCHOOLS)),
    ]

    async def write(connection: Any) -> None:
        names = await contents.put_many(connection, "person.name", [(person, f"老师{n}") for n, (person, _, _) in enumerate(who)])
        people = [
            {"id": person, "org": org, "login": person, "name": name.id, "created": now}
            for (person, org, _), name in zip(who, names, strict=True)
        ]
        roles = [
            {"id": f"{person}.{role}", "person": person, "role": role, "org": org, "valid_from": 0, "granted_by": "bench", "created": now}
            for person, org, role in who
        ]
        for table, rows in ((t.person, people), (t.assignment, roles)):
            for n in range(0, len(rows), BATCH):
                await connection.execute(insert(table), rows[n : n + BATCH])

    await database.write(write)


def times_around(now: int) -> list[int]:
    """Begins of one school's lessons, UTC ms: today's one after another around `now`, the same on the days before and after."""
    today = [now - LESSON_MS // 2 + (n - TODAY // 2) * LESSON_MS for n in range(TODAY)]
    days = range(-LESSONS // TODAY // 2, LESSONS // TODAY // 2)
    return [at + day * DAY_MS for day in days for at in today]


async def _lessons(database: Database, now: int) -> None:
    times = times_around(now)

    def every() -> Iterator[tuple[str, int, int, int]]:
        for s in range(SCHOOLS):
            for n, at in enumerate(times):
                yield f"l{s}.{n}", s, n, at

    def lessons() -> Iterator[dict[str, Any]]:
        for row, s, n, at in every():
            phase = "ended" if at + LESSON_MS < now else "scheduled"
            base = {"id": row, "name": "分数的认识", "head": 0, "created": now, "org": f"s{s}", "period": n % TODAY + 1, "phase": phase}
            times = {"starts_at": at, "ends_at": at + LESSON_MS, "teacher": f"s{s}.t{n % TEACHERS}"}
            yield {**base, **times, "master_classroom": f"s{s}.r{n % ROOMS}", "subject": "maths", "grade": "3"}

    def parts() -> Iterator[dict[str, Any]]:
        for row, s, n, _ in every():
            for k in (0, 1):
                room = f"s{(s + 1) % SCHOOLS}.r{(n + k) % ROOMS}"
                yield {"lesson": row, "classroom": room, "participant": f"{row}.{k}"}

    def bookings() -> Iterator[dict[str, Any]]:
        for row, s, n, at in every():
            rooms = [f"room:s{s}.r{n % ROOMS}", *(f"room:s{(s + 1) % SCHOOLS}.r{(n + k) % ROOMS}" for k in (0, 1))]
            for resource in (*rooms, f"teacher:s{s}.t{n % TEACHERS}"):
                yield {"resource": resource, "lesson": row, "starts_at": at, "ends_at": at + LESSON_MS}

    await _put(database, t.lesson, lessons())
    await _put(database, t.lesson_room, parts())
    await _put(database, t.booking, bookings())


async def _session(database: Database, who: str, now: int) -> str:
    bearer = cookies.issue(f"session.{who}")
    row = {"id": bearer.id, "person": who, "secret_hash": cookies.hash_secret(bearer.secret), "second_factor": True}
    await database.execute(insert(t.session).values(**row, created=now, seen=now, expires_at=now + DAY_MS))
    return f"{cookies.SESSION}={bearer.text}"
