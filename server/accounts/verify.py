"""The verifier of the audit (S20): computes the chain anew and names the first line that does not fit.

| fault | seen when |
|---|---|
| `edited` | a line's MAC does not fit what the line says |
| `missing` | a number is left out: a line was deleted |
| `moved` | another line stands where this one belongs: reordered |
| `cut` | the head row, or an exported head, knows lines that are not there |
| `head` | the head row is gone, or names another last line than there is |
| `rewritten` | an exported head knows another MAC for this line: the chain was made anew, by somebody with the key |
| `key` | no line fits: this is not the key the audit was written with |
| `origin` | the kept address of a line is not the one its salted hash was made of, or was exchanged for one nobody can open |

Lines are read in chunks, so that an audit of any length takes no memory; lines written meanwhile are left to the next time.
An erased address is no fault: its salt went with it, and the line holds only the hash.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

from server.accounts.audit import GENESIS, Line, line_of
from server.accounts.contents import Contents
from server.accounts.heads import Head
from server.store import Database
from server.store.tables import audit, audit_head

FaultKind = Literal["edited", "missing", "moved", "cut", "head", "rewritten", "key", "origin"]
CHUNK = 500
"""Lines in one read."""
STRETCH = 50
"""Lines after which whoever else works in this process has a turn."""
BEFORE_ALL = -(2**62)
"""Below every number a line could be given to hide it from us."""
SAMPLE = 20
"""Lines that must all misfit before the key is blamed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first line that does not fit."""

    seq: int
    kind: FaultKind


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    lines: int
    """Lines that fit, from the first on."""
    head: int
    """Number of the last line by the head row."""
    origins: int
    """Addresses that are still kept, and fit."""
    erased: int
    """Lines whose address was erased."""
    exported: int
    """Exported heads compared with."""
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return self.fault is None


@dataclass(slots=True)
class _Walk:
    """How far a verification has come."""

    seq: int = 0
    mac: str = GENESIS
    origins: int = 0
    erased: int = 0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    mac: str


class Verifier:
    """`key`: the audit's."""

    def __init__(self, database: Database, contents: Contents, key: bytes) -> None:
        self._database = database
        self._contents = contents
        self._key = key

    async def verify(self, exported: Sequence[Head] = ()) -> Report:
        """Compute the chain from its first line. Two may do it at once, beside any number of writers."""
        last = await self._last()  # before the head row, which never lags behind
        head = await self.head()
        walk = _Walk()
        seen: dict[int, str] = {}
        wanted = {one.seq for one in exported}
        async for rows in self._rows(BEFORE_ALL, head.seq if head else last):
            await self._chunk(walk, rows, wanted, seen)
            if walk.fault:
                break
        if not walk.fault:
            walk.fault = _end(walk, last, head) or _outside(walk, exported, seen)
        elif walk.fault.kind in ("edited", "missing"):
            walk.fault = await self._named(walk)
        return Report(walk.seq, head.seq if head else 0, walk.origins, walk.erased, len(exported), walk.fault)

    async def head(self) -> Head | None:
        """The head row, without a date; None: the audit is empty."""
        row = await self._database.one(select(audit_head).where(audit_head.c.id == 1))
        return Head("", int(row.seq), str(row.mac)) if row else None

    async def _last(self) -> int:
        row = await self._database.one(select(func.max(audit.c.seq)))
        return int(row[0] or 0) if row else 0

    async def _rows(self, after: int, until: int) -> AsyncIterator[list[_Row]]:
        while True:
            within = (audit.c.seq > after, audit.c.seq <= until)
            rows = await self._database.read(select(audit).where(*within).order_by(audit.c.seq).limit(CHUNK))
            if not rows:
                return
            yield [_Row(line_of(row), row.mac) for row in rows]
            after = rows[-1].seq

    async def _chunk(self, walk: _Walk, rows: Sequence[_Row], wanted: set[int], seen: dict[int, str]) -> None:
        good = 0
        for good, row in enumerate(rows):
            walk.fault = _fault(row, walk, self._key)
            if walk.fault:
                break
            walk.seq, walk.mac = row.line.seq, row.mac
            if walk.seq in wanted:
                seen[walk.seq] = row.mac
            if good % STRETCH == STRETCH - 1:
                await asyncio.sleep(0)
        else:
            good = len(rows)
        await self._origins(walk, [row.line for row in rows[:good]])

    async def _origins(self, walk: _Walk, lines: Sequence[Line]) -> None:
        kept = await self._contents.digests([line.origin for line in lines if line.origin])
        for line in lines:
            if not line.origin:
                continue
            if line.origin not in kept:
                walk.erased += 1
            elif kept[line.origin] == line.origin_digest:
                walk.origins += 1
            else:
                walk.fault, walk.seq = Fault(line.seq, "origin"), line.seq - 1
                return

    async def _named(self, walk: _Walk) -> Fault:
        """Look closer at the first misfit: is it the key, or does the line that belongs there stand elsewhere?"""
        assert walk.fault is not None
        if walk.seq == 0 and await self._key_is_wrong():
            return Fault(1, "key")
        seq = walk.fault.seq
        async for rows in self._rows(seq - 1, await self._last()):
            for n, row in enumerate(rows):
                if row.line.seq != seq and _fits(_numbered(row.line, seq), row.mac, walk.mac, self._key):
                    return Fault(seq, "moved")
                if n % STRETCH == STRETCH - 1:
                    await asyncio.sleep(0)
        return walk.fault

    async def _key_is_wrong(self) -> bool:
        async for rows in self._rows(BEFORE_ALL, await self._last()):
            before = GENESIS
            for row in rows[:SAMPLE]:
                if _fits(row.line, row.mac, before, self._key):
                    return False
                before = row.mac
            return True
        return False


def _fault(row: _Row, walk: _Walk, key: bytes) -> Fault | None:
    if row.line.seq > walk.seq + 1:
        return Fault(walk.seq + 1, "missing")
    if row.line.seq <= walk.seq:
        return Fault(row.line.seq, "edited")  # a number before the first
    return None if _fits(row.line, row.mac, walk.mac, key) else Fault(row.line.seq, "edited")


def _fits(line: Line, mac: str, before: str, key: bytes) -> bool:
    return hmac.compare_digest(line.mac(key, before).encode(), str(mac).encode())


def _numbered(line: Line, seq: int) -> Line:
    values: dict[str, Any] = {name: getattr(line, name) for name in Line.__slots__}
    return Line(**{**values, "seq": seq})


def _end(walk: _Walk, last: int, head: Head | None) -> Fault | None:
    """The walked lines against the head row."""
    if head is None:
        return Fault(last, "head") if last else None
    if walk.seq < head.seq:
        return Fault(walk.seq + 1, "cut")
    if last > head.seq or walk.mac != head.mac:
        return Fault(head.seq, "head")
    return None


def _outside(walk: _Walk, exported: Sequence[Head], seen: dict[int, str]) -> Fault | None:
    """The walked lines against heads that were exported."""
    for one in sorted(exported, key=lambda head: head.seq):
        if one.seq > walk.seq:
            return Fault(walk.seq + 1, "cut")
        if one.seq > 0 and seen.get(one.seq) != one.mac:
            return Fault(one.seq, "rewritten")
    return None
