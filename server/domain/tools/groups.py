"""Who belongs to an activity group: one leaf of `tools`, also used by quiz cards."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain.tools.events import Group


def asks(groups: Mapping[str, Group], group: str, participant: str, seat: int = 0) -> bool:
    """Whether the seat is in the group; seat 0: anybody of the room. A group that is gone means everybody."""
    known = groups.get(group)
    if known is None:
        return True
    seats = [number for who, number in known.members if who == participant]
    return bool(seats) if seat == 0 else seat in seats or 0 in seats
