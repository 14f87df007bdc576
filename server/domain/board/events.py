"""Events of `board`. A sheet is one file of courseware or one blank page; its pages are numbered from 1."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from server.domain.board.codec import MOST_TEXT, REACH
from server.domain.payload import OpaqueId, ParticipantId, Payload, TextRef

MOST_PAGES = 500
"""Pages of one file."""

PageNumber = Annotated[int, Meta(ge=1, le=MOST_PAGES)]
ItemId = Annotated[str, Meta(min_length=1, max_length=24, pattern="^[A-Za-z0-9_-]*$")]
"""Chosen by the page that draws, unique on the board's page."""
Points = Annotated[str, Meta(min_length=2, max_length=MOST_TEXT)]
"""`server/domain/board/codec.py`."""
Color = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
Width = Annotated[int, Meta(ge=1, le=1000)]
"""In 1/10000 of the page's width, as all lengths."""
Coordinate = Annotated[int, Meta(ge=-REACH, le=REACH)]
Tool = Literal["pen", "marker"]
Shape = Literal["line", "arrow", "rect", "ellipse"]


class CoursewareAttached(Payload, frozen=True, kw_only=True):
    """A file of courseware lies on the board. The first sheet is turned to at once."""

    kind: ClassVar[str] = "board.attached"
    courseware: OpaqueId
    version: OpaqueId
    """Content address of the rendered pages."""
    pages: PageNumber


class BlankAdded(Payload, frozen=True, kw_only=True):
    """A blank page, 16:9."""

    kind: ClassVar[str] = "board.blanked"
    sheet: OpaqueId


class SheetDetached(Payload, frozen=True, kw_only=True):
    """A sheet was taken off, with its ink; if it was open, the first of the others is."""

    kind: ClassVar[str] = "board.detached"
    sheet: OpaqueId


class PageTurned(Payload, frozen=True, kw_only=True):
    """翻页."""

    kind: ClassVar[str] = "board.turned"
    sheet: OpaqueId
    page: PageNumber


class StrokeDrawn(Payload, frozen=True, kw_only=True):
    """A stroke, or its first two seconds (S17)."""

    kind: ClassVar[str] = "board.drawn"
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    participant: ParticipantId
    """Who drew it: its undo takes it back."""
    points: Points
    color: Color
    width: Width
    tool: Tool


class StrokeExtended(Payload, frozen=True, kw_only=True):
    """What was drawn of a stroke since: more runs of points."""

    kind: ClassVar[str] = "board.extended"
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    points: Points


class ShapeDrawn(Payload, frozen=True, kw_only=True):
    """A shape between two points: ends of a line or arrow (its tip is the second), corners of the box around the others."""

    kind: ClassVar[str] = "board.shaped"
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    participant: ParticipantId
    shape: Shape
    points: Points
    color: Color
    width: Width


class TextWritten(Payload, frozen=True, kw_only=True):
    """A text; x and y are its upper left corner, `size` the height of its letters."""

    kind: ClassVar[str] = "board.texted"
    sheet: OpaqueId
    page: PageNumber
    item: ItemId
    participant: ParticipantId
    x: Coordinate
    y: Coordinate
    size: Width
    color: Color
    text: TextRef


class InkErased(Payload, frozen=True, kw_only=True):
    """Strokes, shapes and texts taken away, by the eraser or by undo."""

    kind: ClassVar[str] = "board.erased"
    sheet: OpaqueId
    page: PageNumber
    items: Annotated[tuple[ItemId, ...], Meta(min_length=1, max_length=100)]


class PageCleared(Payload, frozen=True, kw_only=True):
    """All ink of a page taken away."""

    kind: ClassVar[str] = "board.cleared"
    sheet: OpaqueId
    page: PageNumber


class BoardShown(Payload, frozen=True, kw_only=True):
    """Whether the rooms are shown the board."""

    kind: ClassVar[str] = "board.shown"
    on: bool


class PenGiven(Payload, frozen=True, kw_only=True):
    """A room on stage may draw and turn pages, and no other room."""

    kind: ClassVar[str] = "pen.given"
    participant: ParticipantId


class PenTaken(Payload, frozen=True, kw_only=True):
    """It may no more. Leaving the stage or the lesson takes the pen without a word."""

    kind: ClassVar[str] = "pen.taken"
    participant: ParticipantId


EVENTS: tuple[type[Payload], ...] = (
    *(CoursewareAttached, BlankAdded, SheetDetached, PageTurned),
    *(StrokeDrawn, StrokeExtended, ShapeDrawn, TextWritten, InkErased, PageCleared),
    *(BoardShown, PenGiven, PenTaken),
)
