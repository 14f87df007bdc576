"""The audit: who did what, on what, when, from where. Append-only, chained by HMAC with a key outside the database (S20).

Each line's MAC covers the line and the MAC before it. The head (number and MAC of the last line) lies in a row that every
writer locks first, so there is one writer at a time, and is exported daily: with an exported head the verifier also finds a
tail that was cut off together with the head row.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.contents import Contents, Ref
from server.store.database import lock
from server.store.tables import audit, audit_head

GENESIS = "0" * 64
LOCK = "audit"
"""Who writes a line holds this name until the commit, so that lines are numbered without gaps."""
ACT = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_WORD = re.compile(r"[\x20-\x7e]{0,200}")
_DETAILS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A line to be written."""

    who: Caller
    act: str
    target_kind: str
    target: str
    path: str
    details: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is stored; `origin` is the id of an erasable content, `origin_digest` its salted hash."""

    seq: int
    at: int
    actor: str
    actor_kind: str
    act: str
    target_kind: str
    target: str
    path: str
    origin: str | None
    origin_digest: str | None
    details: str

    def mac(self, key: bytes, before: str) -> str:
        """64 hex digits over the line and the MAC of the one before."""
        return hmac.digest(key, msgspec.json.encode([before, *_fields(self)]), "sha256").hex()


def _fields(line: Line) -> list[str | int | None]:
    return [getattr(line, name) for name in Line.__slots__]


def line_of(row: Any) -> Line:
    """A row of the table as a line."""
    return Line(*(getattr(row, name) for name in Line.__slots__))


def _check(entry: Entry) -> None:
    """A line can never be changed, so nothing that must be erasable may get into it."""
    if not ACT.fullmatch(entry.act):
        raise ValueError(f"not the name of an act: {entry.act!r}")
    if len(entry.details) > _DETAILS:
        raise ValueError(f"{entry.act}: too many details")
    for key, value in entry.details.items():
        if not (isinstance(value, int) or _WORD.fullmatch(value)):
            raise ValueError(f"{entry.act}: detail {key!r} is no code, id or number: names belong into contents")


class Audit:
    """Writes lines. `key`: 32 bytes, not in the database; `now`: UTC ms."""

    def __init__(self, contents: Contents, key: bytes, now: Callable[[], int]) -> None:
        self._contents = contents
        self._key = key
        self._now = now

    async def append(self, connection: AsyncConnection, entry: Entry) -> int:
        """Write a line in the transaction of what it tells of; its number. Raises `ValueError` for details that may be a name."""
        return await self.append_many(connection, [entry])

    async def append_many(self, connection: AsyncConnection, entries: Sequence[Entry]) -> int:
        """Write lines, as `append`; the number of the last one."""
        for entry in entries:
            _check(entry)
        await self._contents.settle(connection)  # before our own lock: rotation takes them in this order too
        await lock(connection, LOCK)
        # a statement of its own after the lock: READ COMMITTED then sees what the writer before us committed
        head = (await connection.execute(select(audit_head).where(audit_head.c.id == 1))).first()
        seq, mac = (head.seq, head.mac) if head else (0, GENESIS)
        noted = [entry for entry in entries if entry.who.origin]
        origins = await self._contents.put_many(connection, "origin", [(entry.who.id, entry.who.origin) for entry in noted])
        origin_of = dict(zip(map(id, noted), origins, strict=True))
        rows: list[dict[str, Any]] = []
        for entry in entries:
            seq += 1
            line = self._line(seq, entry, origin_of.get(id(entry)))
            mac = line.mac(self._key, mac)
            rows.append(dict(zip(Line.__slots__, _fields(line), strict=True)) | {"mac": mac})
        await connection.execute(insert(audit), rows)
        if head:
            await connection.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=seq, mac=mac))
        else:
            await connection.execute(insert(audit_head).values(id=1, seq=seq, mac=mac))
        return seq

    def _line(self, seq: int, entry: Entry, origin: Ref | None) -> Line:
        return Line(
            seq=seq,
            at=self._now(),
            actor=entry.who.id,
            actor_kind=entry.who.kind,
            act=entry.act,
            target_kind=entry.target_kind,
            target=entry.target,
            path=entry.path,
            origin=origin.id if origin else None,
            origin_digest=origin.digest if origin else None,
            details=msgspec.json.encode(entry.details, order="sorted").decode(),
        )
