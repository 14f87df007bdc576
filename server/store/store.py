"""What the school remembers. Methods return domain objects; SQL stays in this package."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.domain.events import Envelope
from server.domain.facts import Facts
from server.domain.lesson import IN_CLASS, LessonState, fold_all
from server.domain.link import Link
from server.domain.plan import ENDS_MS, KEPT_MS, OPENS_MS, Plan
from server.store.database import Database, chunks
from server.store.engine import make_engine
from server.store.events import event_of, tail_of
from server.store.facts import read_facts
from server.store.group import Append, Appended, find_receipts
from server.store.links import link_of, put_lesson, put_link, put_revocation, put_seat_revocation
from server.store.log import LogWriter
from server.store.migrate import Unusable, migrate
from server.store.papers import revoked
from server.store.retry import passing, persist
from server.store.snapshots import read_snapshot, write_snapshot
from server.store.tables import lesson, lesson_event, link, participant

PersonRole = Literal["master", "classroom"]


@dataclass(frozen=True, slots=True)
class Member:
    """One who may take part: a row of the lesson's roster."""

    id: str
    role: PersonRole
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a lesson's log goes, and what the timetable wants of it now."""

    head: int
    plan: Plan


class Store:
    """The database of one process. Make it with `Store.open`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.database = Database(engine)
        self._log = LogWriter(engine)

    @classmethod
    async def open(cls, url: str) -> Store:
        """Connect to `url` and bring its tables to today's shape. Raises `OSError`: nobody there, refused, or `Unusable`."""
        migrating = make_engine(url, patient=True)
        try:
            await migrate(migrating)
        except DBAPIError as error:
            raise Unusable(f"the database: {error.orig}") from error
        finally:
            await migrating.dispose()
        return cls(make_engine(url))

    async def close(self) -> None:
        """Write what waits, then disconnect."""
        await self._log.close()
        await self.database.engine.dispose()

    async def ping(self) -> None:
        """Raise what the database raises when it does not answer."""
        async with self.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    # --- lessons and their log ---------------------------------------------------------------------------------------

    async def create_lesson(self, lesson_id: str, name: str, at: int) -> LessonState:
        """A new lesson with an empty log."""
        return await self.database.write(lambda connection: put_lesson(connection, lesson_id, name, at))

    async def lesson(self, lesson_id: str) -> LessonState | None:
        """The lesson before its first event: the start of the fold. None: no such lesson."""
        rows = await self.database.read(select(lesson.c.id, lesson.c.name).where(lesson.c.id == lesson_id))
        return LessonState(rows[0].id, rows[0].name) if rows else None

    async def find_lesson(self, id_or_name: str) -> str | None:
        """Id of the lesson with this id, else of the newest of this name."""
        if "\0" in id_or_name:  # PostgreSQL refuses even to compare with it
            return None
        query = (
            select(lesson.c.id)
            .where((lesson.c.id == id_or_name) | (lesson.c.name == id_or_name))
            .order_by((lesson.c.id == id_or_name).desc(), lesson.c.created.desc())
            .limit(1)
        )
        rows = await self.database.read(query)
        return rows[0].id if rows else None

    async def lesson_ids(self) -> list[str]:
        """Every lesson, oldest first."""
        return [row.id for row in await self.database.read(select(lesson.c.id).order_by(lesson.c.created, lesson.c.id))]

    async def standings(self, lesson_ids: Collection[str]) -> dict[str, Standing]:
        """Head and plan of each of the lessons."""
        found: dict[str, Standing] = {}
        for chunk in chunks(lesson_ids):
            rows = await self.database.read(select(*_STANDING).where(lesson.c.id.in_(chunk)))
            found.update({row.id: _standing(row) for row in rows})
        return found

    async def present(self, lesson_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Who is in each of the lessons now, as its log says: lesson → participants, in one query whatever their number."""
        logs: dict[str, list[Envelope]] = {lesson_id: [] for lesson_id in lesson_ids}
        for chunk in chunks(lesson_ids):
            query = select(lesson_event).where(lesson_event.c.lesson.in_(chunk), lesson_event.c.kind.in_(_COMINGS))
            for row in await self.database.read(query.order_by(lesson_event.c.lesson, lesson_event.c.seq)):
                logs[row.lesson].append(event_of(row))
        states = {lesson_id: fold_all(LessonState(lesson_id, ""), log) for lesson_id, log in logs.items()}
        return {lesson_id: frozenset(p.id for p in state.participants.values() if p.present) for lesson_id, state in states.items()}

    async def due(self, now: int, limit: int = 500) -> list[str]:
        """Lessons that the clock has something to do with (S8): to open, to end, to cancel, to archive."""
        c = lesson.c
        opens = and_(c.phase == "scheduled", c.starts_at <= now + OPENS_MS, c.ends_at > now)
        ends = and_(c.phase.in_(IN_CLASS), c.ends_at <= now - ENDS_MS)
        cancelled = and_(c.phase.in_(("scheduled", "open")), c.cancelled_at.is_not(None))
        kept = and_(c.phase == "ended", c.ended_at <= now - KEPT_MS)
        rows = await self.database.read(select(c.id).where(or_(opens, ends, cancelled, kept)).order_by(c.starts_at).limit(limit))
        return [row.id for row in rows]

    async def tail(self, lesson_id: str, after: int, limit: int = 100_000) -> list[Envelope]:
        """Events after seq `after`, in order."""
        return [event_of(row) for row in await self.database.read(tail_of(lesson_id, after, limit))]

    async def append(self, append: Append) -> Appended:
        """Events and receipt in one transaction, decided again where the lesson has moved on; else raises `Conflict` (S14)."""
        return await self._log.append(append)

    async def receipt(self, lesson_id: str, principal: str, command_id: str) -> int | None:
        """The first acknowledgement of a command, None if it is new."""

        async def look() -> int | None:
            async with self.database.engine.connect() as connection:
                return (await find_receipts(connection, [(lesson_id, principal, command_id)])).get((lesson_id, principal, command_id))

        return await persist(look, passing)

    async def snapshot(self, lesson_id: str, fold: str) -> bytes | None:
        """What the lesson's log, up to some event, folds to by this version of the fold (`server.live.snapshot`)."""
        return await read_snapshot(self.database, lesson_id, fold)

    async def keep_snapshot(self, lesson_id: str, seq: int, fold: str, body: bytes) -> None:
        """Keep a snapshot unless a later one is there."""
        await self._log.later(lambda connection: write_snapshot(connection, lesson_id, seq, fold, body))

    async def facts(self, lesson_id: str) -> Facts:
        """What the lesson's rules must know of the school."""
        return await read_facts(self.database, lesson_id)

    # --- links and the roster ----------------------------------------------------------------------------------------

    async def add_link(self, new: Link, shunned: Collection[str] = (), fresh: str = "") -> Link:
        """Keep a link; see `server.store.links.put_link`."""
        return await self.database.write(lambda connection: put_link(connection, new, shunned, fresh))

    async def link(self, link_id: str) -> Link | None:
        """The link of this id."""
        rows = await self.database.read(select(link).where(link.c.id == link_id))
        return link_of(rows[0]) if rows else None

    async def links(self, lesson_id: str) -> list[Link]:
        """Every link of a lesson, oldest first."""
        query = select(link).where(link.c.lesson == lesson_id).order_by(link.c.created, link.c.id)
        return [link_of(row) for row in await self.database.read(query)]

    async def revoke_link(self, link_id: str, at: int) -> bool:
        """Revoke; False if there is no such link. The first time of revocation stays."""
        return await self.database.write(lambda connection: put_revocation(connection, link_id, at), passing)

    async def revoke_seat(self, lesson_id: str, participant_id: str, seat: int, at: int) -> list[str]:
        """Revoke every paper of a seat; their ids."""
        return await self.database.write(lambda connection: put_seat_revocation(connection, lesson_id, participant_id, seat, at))

    async def revoked(self, papers: Collection[str]) -> set[str]:
        """Which of these papers are revoked (`server.store.papers`); the shell asks each second, whoever wrote it."""
        return await revoked(self.database, papers)

    async def people(self, lesson_id: str) -> list[Member]:
        """Everybody who has or had a link as master or classroom."""
        query = select(participant).where(participant.c.lesson == lesson_id).order_by(participant.c.id)
        return [Member(row.id, row.role, row.name) for row in await self.database.read(query)]


_COMINGS = ("participant.joined", "participant.left", "participant.removed")
_STANDING = (lesson.c.id, lesson.c.head, lesson.c.starts_at, lesson.c.ends_at, lesson.c.rehearsal, lesson.c.cancelled_at)


def _standing(row: Any) -> Standing:
    return Standing(row.head, Plan(row.starts_at, row.ends_at, row.rehearsal, row.cancelled_at is not None))
