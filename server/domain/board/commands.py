"""Commands of `board`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from server.domain.board.events import Color, Coordinate, ItemId, PageNumber, Points, Shape, Tool, Width
from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import OpaqueId, ParticipantId
from server.domain.principal import Role

_MASTER: frozenset[Role] = frozenset({"master"})
_HANDS: frozenset[Role] = frozenset({"master", "classroom"})
"""A classroom only while it has the pen."""
_BEFORE_END: frozenset[Phase] = IN_CLASS | {"scheduled"}
"""The board is laid out before class."""

Written = Annotated[str, Meta(min_length=1, max_length=500, pattern="^[^\\x00-\\x09\\x0b-\\x1f\\x7f]*$")]
"""A text of one or more lines."""


class AttachCourseware(Command, frozen=True, kw_only=True):
    """Lay a file of courseware on the board."""

    kind: ClassVar[str] = "courseware.attach"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    asks_facts: ClassVar[bool] = True
    courseware: OpaqueId


class DetachSheet(Command, frozen=True, kw_only=True):
    """Take a file of courseware or a blank page off the board, with its ink."""

    kind: ClassVar[str] = "courseware.detach"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId


class AddBlank(Command, frozen=True, kw_only=True):
    """A new blank page, turned to at once."""

    kind: ClassVar[str] = "board.blank"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END


class TurnPage(Command, frozen=True, kw_only=True):
    """Turn to a page of a sheet."""

    kind: ClassVar[str] = "board.page"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber


class DrawStroke(Command, frozen=True, kw_only=True):
    """A stroke; the same `item` again draws on at its end (colour, width and tool stay)."""

    kind: ClassVar[str] = "board.stroke"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    points: Points
    color: Color
    width: Width
    tool: Tool = "pen"


class DrawShape(Command, frozen=True, kw_only=True):
    """A shape between two points."""

    kind: ClassVar[str] = "board.shape"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    shape: Shape
    points: Points
    color: Color
    width: Width


class WriteText(Command, frozen=True, kw_only=True):
    """A text."""

    kind: ClassVar[str] = "board.text"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    x: Coordinate
    y: Coordinate
    size: Width
    color: Color
    text: Written


class Undo(Command, frozen=True, kw_only=True):
    """Take away the last thing on a page that one drew oneself; nothing if there is none."""

    kind: ClassVar[str] = "board.undo"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber


class Erase(Command, frozen=True, kw_only=True):
    """The eraser went over these: the master takes away anything, a room what it drew itself."""

    kind: ClassVar[str] = "board.erase"
    roles: ClassVar[frozenset[Role]] = _HANDS
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber
    items: Annotated[tuple[ItemId, ...], Meta(min_length=1, max_length=100)]


class ClearPage(Command, frozen=True, kw_only=True):
    """Take away all ink of a page."""

    kind: ClassVar[str] = "board.clear"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    sheet: OpaqueId
    page: PageNumber


class ShowBoard(Command, frozen=True, kw_only=True):
    """Show the board to the rooms, or do not."""

    kind: ClassVar[str] = "board.show"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = _BEFORE_END
    on: bool


class GivePen(Command, frozen=True, kw_only=True):
    """Let a room on stage draw and turn pages; whoever had the pen has it no more."""

    kind: ClassVar[str] = "pen.give"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId


class TakePen(Command, frozen=True):
    """Take the pen back."""

    kind: ClassVar[str] = "pen.take"
    roles: ClassVar[frozenset[Role]] = _MASTER


COMMANDS: tuple[type[Command], ...] = (
    *(AttachCourseware, DetachSheet, AddBlank, TurnPage),
    *(DrawStroke, DrawShape, WriteText, Undo, Erase, ClearPage),
    *(ShowBoard, GivePen, TakePen),
)
