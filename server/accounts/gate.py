"""The gate: cookies go in, a `Caller` comes out. Asked on every request, so that whatever was ended is ended everywhere at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, or_, select, update

from server.accounts import cookies
from server.accounts.caller import NOBODY, Caller, Step
from server.domain.people import Grant
from server.store import Database
from server.store.tables import assignment, classroom, device, org, person, school_class, session, student

IDLE_MS = 12 * 3600 * 1000
"""A session that nobody used for this long has ended (SHUANGSHI_SESSION_IDLE_HOURS)."""
SEEN_MS = 60_000
"""How often `seen` is written at most."""


class Gate:
    """`now`: UTC ms."""

    def __init__(self, database: Database, now: Callable[[], int], *, idle_ms: int = IDLE_MS, admins_need_totp: bool = True) -> None:
        self._database = database
        self._now = now
        self._idle_ms = idle_ms
        self._admins_need_totp = admins_need_totp

    async def caller(self, jar: Mapping[str, str], origin: str = "", *, grace_ms: int = 0) -> Caller:
        """Who shows these cookies: a logged-in person or student, else a paired device, else nobody.

        `grace_ms`: a session whose time ran out counts for so long all the same (S5: expiry cuts nobody off from a lesson); one that was
        ended never does.
        """
        if bearer := cookies.read(jar.get(cookies.SESSION)):
            caller = await self._by_session(bearer, origin, grace_ms)
            if caller:
                return caller
        if bearer := cookies.read(jar.get(cookies.DEVICE)):
            return await self._by_device(bearer, origin) or NOBODY
        return NOBODY

    async def _by_session(self, bearer: cookies.Bearer, origin: str, grace_ms: int) -> Caller | None:
        s, now = session.c, self._now()
        then = now - grace_ms
        alive = and_(s.id == bearer.id, s.ended_at.is_(None), s.expires_at > then, s.seen > then - self._idle_ms)
        row = await self._database.one(select(session).where(alive))
        if row is None or not bearer.fits(row.secret_hash):
            return None
        over = row.expires_at <= now or row.seen <= now - self._idle_ms
        if not over and now - row.seen > SEEN_MS:  # grace brings nothing back to life
            await self._database.execute(update(session).where(s.id == row.id).values(seen=now))
        return await (self._person(row, origin) if row.person else self._student(row, origin))

    async def _person(self, row: Row[Any], origin: str) -> Caller | None:
        p = person.c
        query = select(p.id, p.login, p.epoch, p.org, p.totp, p.must_change).where(p.id == row.person, p.disabled_at.is_(None))
        found = await self._database.one(query)
        if found is None:
            return None
        grants = await self.grants(found.id)
        must = self._must(found, row.second_factor, grants)
        return Caller(
            "person",
            found.id,
            () if must else tuple(grants),
            row.id,
            found.epoch,
            found.org,
            origin,
            must,
            found.login or "",
            row.second_factor,
            row.created,
        )

    def _must(self, found: Row[Any], second_factor: bool, grants: Sequence[Grant]) -> Step:
        if found.totp and not second_factor:
            return "code"
        if found.must_change:
            return "password"
        admin = any(grant.role == "admin" for grant in grants)
        return "enrol" if admin and not second_factor and self._admins_need_totp else ""

    async def grants(self, person_id: str) -> Sequence[Grant]:
        """Roles somebody has now."""
        a, now = assignment.c, self._now()
        valid = and_(a.person == person_id, a.valid_from <= now, or_(a.valid_until.is_(None), a.valid_until > now))
        child = assignment.outerjoin(org, org.c.id == a.org).outerjoin(student, (student.c.id == a.student) & student.c.left_at.is_(None))
        here = or_(a.student.is_(None), student.c.id.is_not(None))  # the parent of a child that has left is nobody's parent
        query = select(a.role, a.lesson, a.student, org.c.path, org.c.tier, student.c.school_class).select_from(child).where(valid, here)
        rows = await self._database.read(query)
        return [Grant(row.role, row.path or "", row.tier, row.lesson or row.student or "", row.school_class or "") for row in rows]

    async def _student(self, row: Row[Any], origin: str) -> Caller | None:
        query = (
            select(student.c.id, student.c.school_class, org.c.id.label("org"), org.c.path, org.c.tier)
            .select_from(student.join(school_class, school_class.c.id == student.c.school_class).join(org, org.c.id == school_class.c.org))
            .where(student.c.id == row.student, student.c.left_at.is_(None))
        )
        found = await self._database.one(query)
        if found is None:
            return None
        grant = Grant("student", found.path, found.tier, found.id, found.school_class)
        return Caller("student", found.id, (grant,), row.id, 0, found.org, origin)

    async def _by_device(self, bearer: cookies.Bearer, origin: str) -> Caller | None:
        query = (
            select(device, org.c.path, org.c.tier, org.c.id.label("org"))
            .select_from(device.join(classroom, classroom.c.id == device.c.classroom).join(org, org.c.id == classroom.c.org))
            .where(device.c.id == bearer.id, device.c.revoked_at.is_(None), classroom.c.closed_at.is_(None), org.c.closed_at.is_(None))
        )
        row = await self._database.one(query)
        if row is None or not bearer.fits(row.secret_hash):
            return None
        if self._now() - (row.seen or 0) > SEEN_MS:
            await self._database.execute(update(device).where(device.c.id == row.id).values(seen=self._now()))
        grant = Grant("device", row.path, row.tier, row.classroom)
        return Caller("device", row.id, (grant,), row.id, 0, row.org, origin)
