"""What all commands are made of, who gives them, and what the shell draws for their decision (S15)."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from server.domain.facts import NO_FACTS, Facts
from server.domain.payload import Payload, TextRef
from server.domain.principal import Role

CommandId = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00]*$")]
"""PostgreSQL keeps no NUL."""
Phase = Literal["scheduled", "open", "live", "break", "ended", "archived", "cancelled"]
IN_CLASS: frozenset[Phase] = frozenset({"open", "live", "break"})
"""Phases between the opening and the end."""

SYSTEM = "system"
"""Actor of commands drawn by the server itself: presence and deadlines (S15)."""


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all commands."""

    kind: ClassVar[str]
    roles: ClassVar[frozenset[Role]] = frozenset()
    """Who may give it; empty: only the server itself."""
    own: ClassVar[bool] = False
    """Everybody but the master gives it for the own room (`participant`) only, a student's device for the own `seat` only."""
    master_own: ClassVar[bool] = False
    """With `own`: the master too gives it for the master classroom only."""
    phases: ClassVar[frozenset[Phase] | None] = None
    """When it may be given; None: the rule says."""
    asks_facts: ClassVar[bool] = False
    """The facts must be read afresh before the decision."""


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gives a command."""

    role: Role
    participant: str | None = None
    seat: int = 0
    """Of a student's device; 0: none."""
    principal: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be kept beside the log, under the id and salt that its reference was made of."""

    ref: TextRef
    salt: bytes
    value: str
    owner: str
    """Whoever is erased erases it: a student's id, else empty, which means the lesson."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Time and chance of one decision, and what the domain must know of the school."""

    at: int
    """ms on the lesson clock."""
    seed: bytes = b""
    """Drawn by the shell, 32 bytes; the same seed decides the same."""
    facts: Facts = field(default=NO_FACTS)

    def random(self) -> random.Random:
        """Chance that the seed settles."""
        return random.Random(self.seed)  # noqa: S311 — who is drawn is no secret

    def opaque(self, label: str) -> str:
        """An id nobody can guess, the same for the same seed and label."""
        return hashlib.sha256(self.seed + b"/" + label.encode()).hexdigest()[:24]

    def text(self, value: str, owner: str = "", label: str = "text") -> Text:
        """A text of this command; `label` tells several apart."""
        salt = hashlib.sha256(self.seed + b"/salt/" + label.encode()).digest()[:16]
        digest = hashlib.sha256(salt + value.encode()).hexdigest()
        return Text(TextRef(self.opaque(label), digest), salt, value, owner)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command makes happen. No events: the lesson is as asked for already; acknowledged, nothing written."""

    events: tuple[Payload, ...] = ()
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A command the clock will give."""

    at: int
    """ms on the lesson clock."""
    command: Command
    command_id: str
    """Derived from the state, so that it is carried out exactly once whoever fires it (S15)."""
    until: int | None = None
    """Too late from then on; None: never."""

    def due(self, now: int) -> bool:
        """Whether it is to be given at `now`."""
        return self.at <= now and (self.until is None or now < self.until)
