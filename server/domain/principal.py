"""Who is asking. Handlers and the domain see a `Principal`, never a token (S5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["master", "classroom", "assistant", "seat", "viewer", "wall"]
"""`classroom` is the room's public screen, `assistant` the assistant's own console, `seat` one student's device (S3)."""
ROLES: tuple[Role, ...] = get_args(Role)
Surface = Literal["screen", "console", "seat"]

MASTER = "master"
"""Participant id of the master classroom in every lesson."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One entitled person, device or tool, in one lesson."""

    id: str
    """Who acts: opaque, the same for every use of one link; goes into the log as `actor`."""
    admission: str
    """One browser or tool that the link admitted; a viewer link admits many. Opaque."""
    lesson: str
    role: Role
    participant: str | None
    """`master`, or a classroom's opaque id (the same for every link of that classroom); None for viewer and wall."""
    name: str
    """What people call it."""
    seat: int = 0
    """Of a student's device; 0: none."""

    @property
    def papers(self) -> frozenset[str]:
        """What can be revoked: the link, the device, the login session."""
        return frozenset({self.id, self.admission})
