"""Recovery codes: ten numbers on paper, each stands for a code of the authenticator once.

Twelve digits are 40 bits: guessing is throttled like codes, and the table keeps only a keyed index, whose key lies outside the
database.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import Contents
from server.store import Database
from server.store import recovery as rows

MANY = 10
DIGITS = 12


def plain(code: str) -> str:
    """Its digits, however they were grouped."""
    return "".join(letter for letter in code if letter not in " -\u3000")


def looks_like_one(code: str) -> bool:
    """Whether somebody typed a recovery code, not the six digits of an authenticator."""
    digits = plain(code)
    return len(digits) == DIGITS and digits.isascii() and digits.isdecimal()


def draw_code() -> str:
    """As it is shown: `4821 9930 1175`."""
    digits = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    return " ".join(digits[n : n + 4] for n in range(0, DIGITS, 4))


class Recovery:
    """`now`: UTC ms."""

    def __init__(self, database: Database, contents: Contents, now: Callable[[], int]) -> None:
        self._database = database
        self._contents = contents
        self._now = now

    async def renew(self, connection: AsyncConnection, person_id: str) -> tuple[str, ...]:
        """Ten new codes, shown once; older ones count no more."""
        codes: set[str] = set()
        while len(codes) < MANY:
            codes.add(draw_code())
        shown = tuple(sorted(codes))
        await rows.set_codes(connection, person_id, [self._index(person_id, code) for code in shown], self._now())
        return shown

    async def take(self, connection: AsyncConnection, person_id: str, code: str) -> bool:
        """Spend one; False: not one, or used before."""
        return looks_like_one(code) and await rows.take_code(connection, person_id, self._index(person_id, code))

    async def forget(self, connection: AsyncConnection, person_id: str) -> None:
        """No codes any more."""
        await rows.set_codes(connection, person_id, (), self._now())

    async def left(self, person_id: str) -> int:
        """How many are unused."""
        return await rows.codes_left(self._database, person_id)

    def _index(self, person_id: str, code: str) -> str:
        return self._contents.blind(f"recovery/{person_id}", plain(code))
