"""Audiences and what an event's kind says about them (S16). Pages never filter: what somebody must not see is never sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from server.domain.principal import Role

View = Literal["master", "staff", "room", "seat", "viewer"]
"""`staff`: an assistant's console. `room`: a classroom's public screen, and the wall. `seat`: one student's device."""
VIEWS: tuple[View, ...] = get_args(View)

EVERYBODY: frozenset[View] = frozenset(VIEWS)
IN_THE_LESSON: frozenset[View] = frozenset({"master", "staff", "room", "seat"})

_VIEW_OF: Mapping[Role, View] = {
    "master": "master",
    "assistant": "staff",
    "classroom": "room",
    "wall": "room",
    "seat": "seat",
    "viewer": "viewer",
}


@dataclass(frozen=True, slots=True)
class Audience:
    """One projection of the log: everybody of equal rights shares it."""

    view: View
    participant: str = ""
    """Own room; empty for viewers and the wall."""
    seat: int = 0
    """Own seat, of the view `seat`."""


def audience_of(role: Role, participant: str | None, seat: int = 0) -> Audience:
    """The audience a principal belongs to."""
    return Audience(_VIEW_OF[role], participant or "", seat)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who sees events of one kind. A view in several of the sets sees what the widest allows."""

    all: frozenset[View] = frozenset()
    """Every audience of these views."""
    room: frozenset[View] = frozenset()
    """Only audiences of the event's own room (`participant` of its payload)."""
    seat: frozenset[View] = frozenset()
    """Only audiences of the event's own room and `seat`."""
    hidden: Mapping[View, frozenset[str]] = field(default_factory=dict)
    """Fields of the payload that a view is not told."""

    def reaches(self, who: Audience, participant: str, seat: int) -> bool:
        """Whether `who` sees an event about this room and seat (empty and 0: about none)."""
        if who.view in self.all:
            return True
        if not who.participant or who.participant != participant:
            return False
        return who.view in self.room or (who.view in self.seat and who.seat == seat)

    def views(self) -> frozenset[View]:
        """Views of which somebody may see it."""
        return self.all | self.room | self.seat
