"""A sample of every command and event, from the room `p1` and its seat 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server.domain.payload import TextRef

FIELDS: Mapping[str, Any] = {"participant": "p1", "seat": 1, "role": "classroom", "planned_end": 1, "position": 1, "utc": 1}
"""Fields that mean the same in every kind."""

TEXT = TextRef("t1", "d1")

_PAGE: Mapping[str, Any] = {"sheet": "cw1", "page": 1}
_INK: Mapping[str, Any] = {**_PAGE, "item": "i1", "color": "#d02030", "width": 20}

COMMANDS: Mapping[str, Mapping[str, Any]] = {
    "stage.swap": {"a": 1, "b": 2},
    "hand.mode": {"mode": "least"},
    "mic.echo": {"correlation": 0.9, "delay_ms": 300},
    "help.signal": {"word": "ready"},
    "director.layout": {"layout": "side"},
    "quiz.open": {"type": "boolean"},
    "quiz.answer": {"quiz": "q1", "choice": [0]},
    "quiz.count": {"quiz": "q1", "counts": [1, 2]},
    "quiz.cards": {"quiz": "q1", "answers": {"1": 0}},
    "quiz.close": {"quiz": "q1"},
    "quiz.reveal": {"quiz": "q1"},
    "quiz.discard": {"quiz": "q1"},
    "quiz.expire": {"quiz": "q1"},
    "checkin.mark": {"status": "here", "done_at": 1},
    "checkin.sheet": {"marks": []},
    "question.ask": {"text": "?"},
    "question.release": {"id": "a"},
    "question.discard": {"id": "a"},
    "question.answer": {"id": "a", "mode": "spoken"},
    "announcement.make": {"text": "!"},
    "announcement.withdraw": {"id": "a"},
    "timer.start": {"seconds": 30},
    "timer.ring": {"timer": "t1"},
    "groups.set": {"groups": []},
    "courseware.attach": {"courseware": "cw1"},
    "courseware.detach": {"sheet": "cw1"},
    "board.page": _PAGE,
    "board.stroke": {**_INK, "points": "AAKK"},
    "board.shape": {**_INK, "points": "AAKK", "shape": "rect"},
    "board.text": {**_INK, "x": 1, "y": 1, "size": 300, "text": "1/2"},
    "board.undo": _PAGE,
    "board.erase": {**_PAGE, "items": ["i1"]},
    "board.clear": _PAGE,
    "board.show": {"on": False},
}
"""Command → its other fields."""

EVENTS: Mapping[str, Mapping[str, Any]] = {
    "stage.swapped": {"a": 1, "b": 2},
    "hand.raised": {"lot": 1},
    "hand.ordered": {"mode": "least"},
    "hand.called": {"waited": 900},
    "mic.declined": {"by": "master"},
    "mic.opened": {"by": "master"},
    "mic.closed": {"by": "echo"},
    "help.signalled": {"word": "ready"},
    "layout.changed": {"layout": "side"},
    "record.started": {"recording": "r1"},
    "quiz.opened": {"quiz": "q1", "type": "single", "question": TEXT},
    "quiz.answered": {"quiz": "q1", "choice": (0,), "source": "pad"},
    "quiz.scanned": {"quiz": "q1", "seats": (1,), "options": (0,)},
    "quiz.counted": {"quiz": "q1", "counts": (1, 2)},
    "quiz.closed": {"quiz": "q1"},
    "quiz.revealed": {"quiz": "q1", "key": None, "total": None},
    "quiz.tallied": {"quiz": "q1", "tally": None},
    "quiz.discarded": {"quiz": "q1"},
    "seat.checked": {"said": None, "status": "here", "done_at": 1},
    "question.asked": {"id": "a", "text": TEXT},
    "question.released": {"id": "a", "text": TEXT},
    "question.answered": {"id": "a", "text": TEXT, "mode": "spoken"},
    "question.discarded": {"id": "a"},
    "announcement.made": {"id": "a", "text": TEXT},
    "announcement.posted": {"id": "a", "text": TEXT},
    "announcement.withdrawn": {"id": "a"},
    "announcement.cleared": {"id": "a"},
    "pick.drawn": {"among": 1},
    "timer.started": {"timer": "t1", "seconds": 30, "ends_at": 1, "label": TEXT},
    "timer.rang": {"timer": "t1"},
    "groups.set": {"groups": ()},
    "board.attached": {"courseware": "cw1", "version": "v1", "pages": 9},
    "board.blanked": {"sheet": "b1"},
    "board.detached": {"sheet": "b1"},
    "board.turned": _PAGE,
    "board.drawn": {**_INK, "points": "AAKK", "tool": "pen"},
    "board.extended": {**_INK, "points": "AAKK"},
    "board.shaped": {**_INK, "points": "AAKK", "shape": "rect"},
    "board.texted": {**_INK, "x": 1, "y": 1, "size": 300, "text": TEXT},
    "board.erased": {**_PAGE, "items": ("i1",)},
    "board.cleared": _PAGE,
    "board.shown": {"on": False},
}
"""Event → its other fields."""


def sample(cls: type[msgspec.Struct], more: Mapping[str, Any], participant: str = "p1") -> dict[str, Any]:
    """Every field of a kind that must be there."""
    known = {**FIELDS, "participant": participant, **more}
    return {field.name: known[field.name] for field in msgspec.structs.fields(cls) if field.required}
