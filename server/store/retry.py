"""Which failures of a database pass by themselves, and how long they are waited out.

Class 40, 55P03, 57P01–57P03, 08: PostgreSQL, appendix A "Error Codes".
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

SECONDS = 8.0
"""How long work is tried again: a server that restarts is back by then."""
PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each further try; the last one stays."""

_COLLISIONS = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected: rolled back for certain."""
_AWAY = frozenset({"53300", "57P01", "57P02", "57P03"})
"""too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now."""


def _state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def collided(error: BaseException) -> bool:
    """Another transaction was in the way and nothing was written: any work may be done again."""
    return _state(error) in _COLLISIONS


def lost(error: BaseException) -> bool:
    """The server is away or the connection broke; whether a commit arrived is not known."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = _state(error)
    return state in _AWAY or state.startswith("08") or isinstance(error, OSError)


def locked(error: BaseException) -> bool:
    """Somebody else holds a row, and did not let go in time: nothing was written."""
    return _state(error) == "55P03"


def passing(error: BaseException) -> bool:
    """Either of both: for work that may be done twice."""
    return collided(error) or lost(error)


async def persist(work: Callable[[], Awaitable[T]], again: Callable[[Exception], bool]) -> T:
    """Do `work`, and do it again after each failure that `again` accepts, for `SECONDS`; then the failure is raised."""
    clock = asyncio.get_running_loop().time
    until = clock() + SECONDS
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        try:
            return await work()
        except Exception as error:
            if not again(error) or clock() + pause > until:
                raise
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 — spreads the crowd, protects nothing
    raise AssertionError("the pauses never end")
