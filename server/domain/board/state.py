"""What the log says about `board`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from server.domain.board import events as e
from server.domain.board.codec import RUN
from server.domain.payload import TextRef

Look = Literal["pen", "marker", "line", "arrow", "rect", "ellipse", "text"]
STROKES: frozenset[Look] = frozenset({"pen", "marker"})

ITEM_BYTES = 64
TEXT_BYTES = 600


def page_key(sheet: str, page: int) -> str:
    """How a page is called among the ink."""
    return f"{sheet}/{page}"


@dataclass(frozen=True, slots=True)
class Item:
    """Something drawn."""

    item: str
    participant: str
    look: Look
    color: str
    width: int
    """Of its line; of a text, the height of its letters."""
    points: str = ""
    """Of a stroke with all its extensions, of a shape."""
    x: int = 0
    y: int = 0
    text: TextRef | None = None

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return ITEM_BYTES + (TEXT_BYTES if self.text else len(self.points))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of courseware, or a blank page."""

    id: str
    pages: int
    version: str = ""
    """Content address of the pages; empty: blank."""


@dataclass(frozen=True, slots=True)
class Board:
    """Courseware pages, ink and shapes, undo, blank pages, who has the pen."""

    sheets: tuple[Sheet, ...] = ()
    at: tuple[str, int] | None = None
    """The open page: sheet and number."""
    shown: bool = True
    pen: str | None = None
    """The room that may draw besides the master."""
    ink: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    """`page_key` → what was drawn there, in its order; a page without ink is missing."""
    size: int = 0
    """About how many bytes of ink there are."""
    events: int = 0
    """How many there were."""

    def sheet(self, sheet: str) -> Sheet | None:
        """The sheet of this id."""
        return next((one for one in self.sheets if one.id == sheet), None)

    def item(self, key: str, item: str) -> Item | None:
        """Something drawn on a page."""
        return next((one for one in reversed(self.ink.get(key, ())) if one.item == item), None)

    def pages(self) -> int:
        """Pages of all sheets."""
        return sum(one.pages for one in self.sheets)


def _counted(board: Board, **changes: Any) -> Board:
    return replace(board, events=board.events + 1, **changes)


def _inked(board: Board, payload: Any, items: tuple[Item, ...]) -> Board:
    """The board with other ink on the page that an event is about."""
    key = page_key(payload.sheet, payload.page)
    rest = {where: ink for where, ink in board.ink.items() if where != key}
    size = board.size + _weight(items) - _weight(board.ink.get(key, ()))
    return _counted(board, ink={**rest, key: items} if items else rest, size=size)


def _weight(items: Iterable[Item]) -> int:
    return sum(item.weight for item in items)


def _ink(board: Board, payload: Any) -> tuple[Item, ...]:
    return board.ink.get(page_key(payload.sheet, payload.page), ())


def _with_sheet(board: Board, sheet: Sheet) -> Board:
    return _counted(board, sheets=(*board.sheets, sheet), at=board.at or (sheet.id, 1))


def _attached(board: Board, payload: e.CoursewareAttached, _: int) -> Board:
    return _with_sheet(board, Sheet(payload.courseware, payload.pages, payload.version))


def _blanked(board: Board, payload: e.BlankAdded, _: int) -> Board:
    return _with_sheet(board, Sheet(payload.sheet, 1))


def _detached(board: Board, payload: e.SheetDetached, _: int) -> Board:
    sheets = tuple(one for one in board.sheets if one.id != payload.sheet)
    ink = {key: items for key, items in board.ink.items() if key.partition("/")[0] != payload.sheet}
    gone = board.at is not None and board.at[0] == payload.sheet
    first = (sheets[0].id, 1) if sheets else None
    size = sum(_weight(items) for items in ink.values())
    return _counted(board, sheets=sheets, ink=ink, size=size, at=first if gone else board.at)


def _turned(board: Board, payload: e.PageTurned, _: int) -> Board:
    return _counted(board, at=(payload.sheet, payload.page))


def _added(board: Board, payload: Any, item: Item) -> Board:
    key = page_key(payload.sheet, payload.page)
    return _counted(board, size=board.size + item.weight, ink={**board.ink, key: (*board.ink.get(key, ()), item)})


def _drawn(board: Board, payload: e.StrokeDrawn, _: int) -> Board:
    p = payload
    return _added(board, p, Item(p.item, p.participant, p.tool, p.color, p.width, p.points))


def _shaped(board: Board, payload: e.ShapeDrawn, _: int) -> Board:
    p = payload
    return _added(board, p, Item(p.item, p.participant, p.shape, p.color, p.width, p.points))


def _texted(board: Board, payload: e.TextWritten, _: int) -> Board:
    p = payload
    return _added(board, p, Item(p.item, p.participant, "text", p.color, p.size, "", p.x, p.y, p.text))


def _extended(board: Board, payload: e.StrokeExtended, _: int) -> Board:
    def longer(one: Item) -> Item:
        mine = one.item == payload.item and one.look in STROKES
        return replace(one, points=one.points + RUN + payload.points) if mine else one

    return _inked(board, payload, tuple(longer(one) for one in _ink(board, payload)))


def _erased(board: Board, payload: e.InkErased, _: int) -> Board:
    return _inked(board, payload, tuple(one for one in _ink(board, payload) if one.item not in payload.items))


def _cleared(board: Board, payload: e.PageCleared, _: int) -> Board:
    return _inked(board, payload, ())


def _shown(board: Board, payload: e.BoardShown, _: int) -> Board:
    return _counted(board, shown=payload.on)


def _given(board: Board, payload: e.PenGiven, _: int) -> Board:
    return _counted(board, pen=payload.participant)


def _taken(board: Board, payload: Any, _: int) -> Board:
    """Also: its room left the stage or the lesson."""
    return replace(board, pen=None) if board.pen == payload.participant else board


FOLD: Mapping[str, Callable[[Board, Any, int], Board]] = {
    "board.attached": _attached,
    "board.blanked": _blanked,
    "board.detached": _detached,
    "board.turned": _turned,
    "board.drawn": _drawn,
    "board.extended": _extended,
    "board.shaped": _shaped,
    "board.texted": _texted,
    "board.erased": _erased,
    "board.cleared": _cleared,
    "board.shown": _shown,
    "pen.given": _given,
    "pen.taken": _taken,
    "stage.released": _taken,
    "participant.left": _taken,
    "participant.removed": _taken,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
