"""A resource of the library: what is made of an ended lesson, and how it becomes public. Pure: command → event → standing.

| command | needs | event |
|---|---|---|
| `Save` | | `Saved`: into the draft, or a new version where there is none that may still change |
| `Submit` | a complete draft | `Submitted`: from here on that version keeps what it says |
| `Publish` | a complete version that is not public yet | `Published`: everybody sees it, in place of the one before |
| `Withdraw` | a public version | `Withdrawn` |

A version that was submitted or public never changes: saving begins the next one, and one that was only submitted is `replaced`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from server.domain.permissions import Where
from server.domain.refused import Refused

State = Literal["draft", "submitted", "published", "withdrawn"]
VersionState = Literal["draft", "submitted", "published", "withdrawn", "replaced"]
MANDATORY = ("title", "subject", "stage", "grade", "edition", "volume", "teacher")
"""What a public resource says about itself; unit and summary may be left open."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a lesson, on its clock (S18): UTC ms."""

    begin_ms: int
    end_ms: int

    @property
    def length(self) -> int:
        """In ms."""
        return self.end_ms - self.begin_ms

    def holds(self, other: Span) -> bool:
        """Whether the other is a part of this one, and not empty."""
        return self.begin_ms <= other.begin_ms < other.end_ms <= self.end_ms


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a resource."""

    title: str = ""
    subject: str = ""
    stage: str = ""
    grade: str = ""
    edition: str = ""
    """Textbook edition 教材版本."""
    volume: str = ""
    """册次."""
    unit: str = ""
    teacher: str | None = None
    """Person id."""

    def missing(self) -> tuple[str, ...]:
        """What must still be said before it is public."""
        return tuple(name for name in MANDATORY if not getattr(self, name))


@dataclass(frozen=True, slots=True)
class Version:
    """A row of `resource_version`. `summary`: id of an erasable content."""

    n: int
    about: About
    span: Span
    made_by: str
    made_at: int
    """UTC ms."""
    state: VersionState = "draft"
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a resource as its rules look at. Numbers of versions; 0: none."""

    head: int = 0
    draft: int = 0
    """The one being worked on, submitted or not."""
    submitted: bool = False
    """That one was."""
    live: int = 0
    withdrawn: bool = False

    @property
    def state(self) -> State:
        """In one word."""
        if self.live:
            return "published"
        if self.withdrawn:
            return "withdrawn"
        return "submitted" if self.submitted else "draft"


@dataclass(frozen=True, slots=True)
class Resource:
    """A row of `resource` with the versions that matter."""

    id: str
    org: str
    path: str
    """Path of the organisation that owns it."""
    lesson: str
    shared: str
    """The office in whose area it is seen, and its path."""
    shared_path: str
    version: int
    standing: Standing
    published_at: int | None = None
    withdrawn_at: int | None = None
    reason: str | None = None
    """Why it was withdrawn: id of an erasable content."""
    versions: Mapping[int, Version] = field(default_factory=dict)
    """The draft, the public one and the latest."""

    def where(self) -> Where:
        """What permissions to see it ask about."""
        return Where(self.path, shared=self.shared_path)


class Save(msgspec.Struct, frozen=True, tag="save"):
    """Keep what is said, and the span."""


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    """Hand it in."""


class Publish(msgspec.Struct, frozen=True, tag="publish"):
    """Everybody may see it."""


class Withdraw(msgspec.Struct, frozen=True, tag="withdraw"):
    """Nobody may see it any more."""


class Saved(msgspec.Struct, frozen=True, tag="saved"):
    """Version `n` says it now."""

    n: int
    replaces: int = 0
    """The submitted version in whose place it is; 0: none."""


class Submitted(msgspec.Struct, frozen=True, tag="submitted"):
    """Version `n` waits to be published."""

    n: int


class Published(msgspec.Struct, frozen=True, tag="published"):
    """Version `n` is public."""

    n: int
    replaces: int = 0
    """The public version before; 0: none."""


class Withdrawn(msgspec.Struct, frozen=True, tag="withdrawn"):
    """Version `n` is not public any more."""

    n: int


Command = Save | Submit | Publish | Withdraw
Event = Saved | Submitted | Published | Withdrawn


def decide(now: Standing, command: Command, about: About | None = None) -> Event:
    """What comes of the command; `about`: what the draft says. Raises `Refused`: `resource.state`, `resource.incomplete`."""
    match command:
        case Save():
            fresh = not now.draft or now.submitted
            return Saved(now.head + 1 if fresh else now.draft, now.draft if now.submitted else 0)
        case Submit():
            if not now.draft or now.submitted:
                raise Refused("resource.state", state=now.state)
            return Submitted(_complete(now.draft, about))
        case Publish():
            if not now.draft:
                raise Refused("resource.state", state=now.state)
            return Published(_complete(now.draft, about), now.live)
        case Withdraw():
            if not now.live:
                raise Refused("resource.state", state=now.state)
            return Withdrawn(now.live)


def _complete(n: int, about: About | None) -> int:
    if about is None or about.missing():
        raise Refused("resource.incomplete")
    return n


def apply(now: Standing, event: Event) -> Standing:
    """The standing after the event."""
    match event:
        case Saved(n):
            return replace(now, head=max(now.head, n), draft=n, submitted=False)
        case Submitted():
            return replace(now, submitted=True)
        case Published(n):
            return replace(now, draft=0, submitted=False, live=n, withdrawn=False)
        case Withdrawn():
            return replace(now, live=0, withdrawn=True)


def may_submit(now: Standing) -> bool:
    """Whether there is something to hand in."""
    return bool(now.draft) and not now.submitted
