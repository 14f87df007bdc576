"""Orders of `board` and `seats` for the recorded logs: each of their kinds comes about."""

from server.domain import commands as c
from server.domain.board import commands as b
from server.domain.board.codec import encode
from server.domain.command import Command
from server.domain.seats.commands import ClosePhones, FreeSeat, OpenPhones, TakeSeat

_PAGE = {"sheet": "c1", "page": 1}
_INK = {**_PAGE, "color": "#d02030"}
_LINE = encode([[(100, 100), (900, 700)]])

_BOARD: list[Command] = [
    b.AttachCourseware(courseware="c1"),
    b.AttachCourseware(courseware="c2"),
    b.TurnPage(sheet="c1", page=2),
    b.TurnPage(**_PAGE),
    b.DrawStroke(**_INK, item="i1", points=_LINE, width=20),
    b.DrawStroke(**_INK, item="i1", points=_LINE, width=20),
    b.DrawShape(**_INK, item="i2", shape="ellipse", points=_LINE, width=30),
    b.WriteText(**_INK, item="i3", x=200, y=300, size=340, text="1/2"),
    b.Undo(**_PAGE),
    b.Erase(**_PAGE, items=("i2",)),
    c.CallOnStage(participant="room1"),
    b.GivePen(participant="room1"),
    b.TakePen(),
    b.ShowBoard(on=False),
    b.ShowBoard(on=True),
    b.AddBlank(),
    b.ClearPage(**_PAGE),
    b.DetachSheet(sheet="c2"),
    b.DrawStroke(**_INK, item="i4", points=_LINE, width=20),
]
_SEATS: list[Command] = [
    OpenPhones(participant="room1"),
    TakeSeat(participant="room1", seat=3),
    TakeSeat(participant="room1", seat=4),
    FreeSeat(participant="room1", seat=4),
    OpenPhones(participant="room2"),
    ClosePhones(participant="room2"),
]
ORDERS: list[Command] = [*_BOARD, *_SEATS]
