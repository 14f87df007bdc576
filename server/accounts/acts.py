"""Privileged acts: what is changed and its line in the audit are one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.audit import Audit, Entry
from server.accounts.caller import Caller
from server.errors import EditConflict, Taken
from server.store import Database
from server.store.database import lock

T = TypeVar("T")
_KEPT: ContextVar[list[Entry] | None] = ContextVar("lines of a whole act", default=None)
"""Inside `together`: lines that are written at its end, at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an act is about."""

    kind: str
    id: str
    path: str
    """Path of the organisation it lies in: who may see the audit there sees the line."""


class Acts:
    """Does privileged things, each leaving a line."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def do(
        self,
        who: Caller,
        act: str,
        target: Target,
        work: Callable[[AsyncConnection], Awaitable[T]],
        *,
        locks: tuple[str, ...] = (),
        unique: str = "",
        details: Callable[[T], dict[str, str | int]] | dict[str, str | int] | None = None,
        also: Target | None = None,
    ) -> T:
        """`work`, then the line `act`, in one transaction; what `work` raises undoes all. The caller was asked with `need` before.

        `locks`: names nobody else may hold meanwhile (a room that is booked). `unique`: the field that is `Taken` when the tables
        refuse a row. `details`: codes, ids and numbers only, never names. `also`: what of another organisation it touches; a second line,
        which names `target`, says so there.
        """

        async def transact(connection: AsyncConnection) -> T:
            await lock(connection, *locks)
            done = await work(connection)
            said = details(done) if callable(details) else details or {}
            await self._note(connection, Entry(who, act, target.kind, target.id, target.path, said))
            if also:
                await self._note(connection, Entry(who, act, also.kind, also.id, also.path, {target.kind: target.id}))
            return done

        try:
            return await self._database.write(transact)
        except IntegrityError as error:
            if unique:
                raise Taken(field=unique) from error
            raise

    async def together(
        self,
        who: Caller,
        act: str,
        target: Callable[[T], Target],
        work: Callable[[], Awaitable[T]],
        *,
        locks: tuple[str, ...] = (),
        details: Callable[[T], dict[str, str | int]],
    ) -> T:
        """`work` with all acts that the services it calls do, then the line `act`, in one transaction: all or nothing.

        Each act keeps its own line. `work` may be done again after a collision. Raises `EditConflict` where the tables refuse a row.
        """

        async def transact(connection: AsyncConnection) -> T:
            await lock(connection, *locks)
            lines: list[Entry] = []
            token = _KEPT.set(lines)
            try:
                done = await work()
            finally:
                _KEPT.reset(token)
            about = target(done)
            await self._audit.append_many(connection, [*lines, Entry(who, act, about.kind, about.id, about.path, details(done))])
            return done

        try:
            return await self._database.together(transact)
        except IntegrityError as error:
            raise EditConflict("the tables refuse a row: somebody made another meanwhile") from error

    async def _note(self, connection: AsyncConnection, entry: Entry) -> None:
        lines = _KEPT.get()
        if lines is None:
            await self._audit.append(connection, entry)
        else:
            lines.append(entry)
