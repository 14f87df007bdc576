"""Passwords and PINs: Argon2id (RFC 9106), hashed outside the event loop, a few at a time, so that logins never stall a lesson.

Parameters are OWASP's for Argon2id (19 MiB, 2 passes, 1 lane): some 30 ms on an old machine. A hash made with others is made
anew at the next login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

SHORTEST = 10
LONGEST = 128
AT_ONCE = 2
"""Hashes computed at the same time: 40 MiB."""

_COMMON = frozenset(
    [
        "1234567890",
        "0123456789",
        "12345678910",
        "123456789a",
        "a123456789",
        "1q2w3e4r5t",
        "qwertyuiop",
        "password123",
        "password1234",
        "11111111111",
        "1111111111",
        "0000000000",
        "aaaaaaaaaa",
        "abcd123456",
        "abc1234567",
        "woaini1314",
        "5201314520",
        "1314520520",
        "woaini520",
        "qwer123456",
        "asdfghjkl123",
        "iloveyou123",
        "admin12345",
        "administrator",
        "shuangshi123",
        "teacher123",
        "school12345",
    ]
)


class Passwords:
    """One per process."""

    def __init__(self, time_cost: int = 2, memory_kib: int = 19 * 1024) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, text: str) -> str:
        """The hash to keep."""
        return await self._apart(lambda: self._hasher.hash(text))

    async def verify(self, kept: str | None, text: str) -> bool:
        """Whether `text` is the password; with nothing kept it takes as long and is not (nobody learns which logins exist)."""
        if kept is None and self._nobody is None:
            self._nobody = await self.hash("nobody's password")
        return await self._apart(lambda: self._fits(kept or self._nobody or "", text)) and kept is not None

    def stale(self, kept: str) -> bool:
        """Made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _fits(self, kept: str, text: str) -> bool:
        try:
            return self._hasher.verify(kept, text)
        except (VerificationError, InvalidHashError):
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        async with self._turns:
            return await asyncio.to_thread(work)


def weakness(password: str, *related: str) -> str | None:
    """Code of the field error for a password nobody should have, None if it will do. `related`: login, organisation code."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.lower()
    if plain in _COMMON or len(set(plain)) < 4 or any(word and word.lower() in plain and len(word) >= 4 for word in related):
        return "common"
    return None
