"""Who sees what of `board` (S16): everybody the pages and the ink; who drew it and who has the pen, whoever is in the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.board.state import STROKES, Item
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import EVERYBODY, IN_THE_LESSON, Audience, Seen

_ALL = Seen(all=EVERYBODY)
_DRAWN = Seen(all=EVERYBODY, hidden={"viewer": frozenset({"participant"})})
_ROOMS = Seen(all=IN_THE_LESSON)

AUDIENCE: Mapping[str, Seen] = {
    "board.attached": _ALL,
    "board.blanked": _ALL,
    "board.detached": _ALL,
    "board.turned": _ALL,
    "board.drawn": _DRAWN,
    "board.extended": _ALL,
    "board.shaped": _DRAWN,
    "board.texted": _DRAWN,
    "board.erased": _ALL,
    "board.cleared": _ALL,
    "board.shown": _ALL,
    "pen.given": _ROOMS,
    "pen.taken": _ROOMS,
}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """The part `board` of the state, as this audience sees it."""
    board = state.board
    shown: dict[str, Any] = {
        "sheets": [{"sheet": one.id, "version": one.version, "pages": one.pages} for one in board.sheets],
        "at": {"sheet": board.at[0], "page": board.at[1]} if board.at else None,
        "shown": board.shown,
        "ink": {key: [_item(one, who, lookup) for one in items] for key, items in board.ink.items()},
    }
    return {**shown, "pen": board.pen} if who.view in IN_THE_LESSON else shown


def _item(item: Item, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """What its event says of it, without the page."""
    told = {"participant": item.participant} if who.view in IN_THE_LESSON else {}
    about = {"item": item.item, "color": item.color, **told}
    if item.text:
        return {**about, "x": item.x, "y": item.y, "size": item.width, "text": lookup.text(item.text)}
    return {**about, "points": item.points, "width": item.width, "tool" if item.look in STROKES else "shape": item.look}
