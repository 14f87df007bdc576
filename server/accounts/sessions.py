"""Login sessions: made at login, made anew whenever rights rise, ended at logout; the row is the truth, the cookie only names it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.ids import draw
from server.errors import BadLogin
from server.store import Database
from server.store.logins import still_proved
from server.store.tables import session

MOST = 20
"""Sessions of one person; the one unused for the longest ends first."""
HOUR_MS = 3_600_000
KEPT_MS = 30 * 24 * HOUR_MS
"""Ended rows are swept after this."""


@dataclass(frozen=True, slots=True)
class Login:
    """One session, as its owner sees it."""

    id: str
    created: int
    seen: int
    second_factor: bool


async def end_of_student(connection: AsyncConnection, student: str, now: int) -> None:
    """End all of a student, in the transaction of what makes it necessary."""
    s = session.c
    await connection.execute(update(session).where(s.student == student, s.ended_at.is_(None)).values(ended_at=now))


class Sessions:
    """`now`: UTC ms; `hours`: how long one lives at most."""

    def __init__(self, database: Database, now: Callable[[], int], hours: float = 72) -> None:
        self._database = database
        self._now = now
        self._lives_ms = int(hours * HOUR_MS)

    async def begin(
        self,
        *,
        person: str | None = None,
        student: str | None = None,
        second_factor: bool = False,
        instead_of: str = "",
        proved: str | None = None,
    ) -> cookies.Bearer:
        """A new session; the one it stands for (`instead_of`) ends in the same transaction, so that no old cookie keeps new rights.

        `proved`: the hash that the password was checked against. If it was changed meanwhile, what ended all sessions then must not
        miss this one: raises `BadLogin`.
        """
        bearer, now = cookies.issue(draw()), self._now()

        async def work(connection: AsyncConnection) -> None:
            if proved is not None and not await still_proved(connection, proved, person_id=person, student_id=student):
                raise BadLogin
            if instead_of:
                await connection.execute(update(session).where(session.c.id == instead_of).values(ended_at=now))
            await self._make_room(connection, person, student)
            row = {"id": bearer.id, "person": person, "student": student, "secret_hash": cookies.hash_secret(bearer.secret)}
            times = {"created": now, "seen": now, "expires_at": now + self._lives_ms}
            await connection.execute(insert(session).values(**row, **times, second_factor=second_factor))
            await connection.execute(delete(session).where(session.c.expires_at < now - KEPT_MS))

        await self._database.write(work)
        return bearer

    async def _make_room(self, connection: AsyncConnection, person: str | None, student: str | None) -> None:
        s = session.c
        own = s.person == person if person else s.student == student
        alive = select(s.id).where(own, s.ended_at.is_(None), s.expires_at > self._now()).order_by(s.seen.desc())
        rows = (await connection.execute(alive)).all()
        surplus = [row.id for row in rows[MOST - 1 :]]
        if surplus:
            await connection.execute(update(session).where(s.id.in_(surplus)).values(ended_at=self._now()))

    async def end(self, session_id: str, *, person: str | None = None) -> bool:
        """End one, of `person` where given; whether there was one to end."""
        s = session.c
        mine = (s.id == session_id) & s.ended_at.is_(None)
        query = update(session).where(mine if person is None else mine & (s.person == person))
        return bool(await self._database.execute(query.values(ended_at=self._now())))

    async def end_all(self, connection: AsyncConnection, person: str, keep: str = "") -> None:
        """End all of a person but `keep`, in the transaction of what makes it necessary."""
        s = session.c
        await connection.execute(update(session).where(s.person == person, s.id != keep, s.ended_at.is_(None)).values(ended_at=self._now()))

    async def of(self, person: str) -> Sequence[Login]:
        """Those alive, the last used first."""
        s = session.c
        query = select(session).where(s.person == person, s.ended_at.is_(None), s.expires_at > self._now()).order_by(s.seen.desc())
        return [Login(row.id, row.created, row.seen, row.second_factor) for row in await self._database.read(query)]
