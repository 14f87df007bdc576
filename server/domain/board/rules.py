"""Rules of `board`: command and state → events.

The master draws and turns pages, and so does the one room that has the pen, which only a room on stage is given. Everything is
bounded: sheets, pages, things on a page, bytes of ink, events of the whole lesson.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.domain.board import commands as c
from server.domain.board import events as e
from server.domain.board.codec import MOST_POINTS, MOST_TEXT, RUN, count
from server.domain.board.state import ITEM_BYTES, STROKES, TEXT_BYTES, Item, page_key
from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.principal import MASTER
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.stage import position_of

MOST_SHEETS = 60
MOST_PAGES = 2_000
"""Of all sheets."""
MOST_ITEMS = 2_000
"""Things drawn on one page."""
MOST_BYTES = 2 * 1024 * 1024
"""Of ink on all pages: what a page that comes late has to fetch."""
MOST_EVENTS = 50_000
MOST_INK_EVENTS = 40_000
"""Pages can be turned when nothing more can be drawn."""

_NOTHING = Decision()


def _hand(state: LessonState, giver: Giver | None) -> str:
    """Who draws or turns; raises `Refused`."""
    if giver is None or giver.role == "master":
        return MASTER
    if giver.participant is None or giver.participant != state.board.pen:
        raise Refused("pen.elsewhere")
    return giver.participant


def _key(state: LessonState, sheet: str, page: int) -> str:
    """The key of a page that exists; raises `Refused`."""
    found = state.board.sheet(sheet)
    if found is None or page > found.pages:
        raise Refused("board.page")
    return page_key(sheet, page)


def _room_for(state: LessonState, most: int = MOST_EVENTS) -> None:
    if state.board.events >= most:
        raise Refused("board.full", what="events", limit=most)


def _attach(state: LessonState, command: c.AttachCourseware, _: Giver | None, moment: Moment) -> Decision:
    known = moment.facts.courseware.get(command.courseware)
    if known is None:
        raise Refused("courseware.unknown")
    if state.board.sheet(command.courseware):
        return _NOTHING
    _room_for_sheet(state, known.pages)
    return Decision((e.CoursewareAttached(courseware=command.courseware, version=known.version, pages=known.pages),))


def _room_for_sheet(state: LessonState, pages: int) -> None:
    _room_for(state)
    if len(state.board.sheets) >= MOST_SHEETS:
        raise Refused("board.full", what="sheets", limit=MOST_SHEETS)
    if state.board.pages() + pages > MOST_PAGES:
        raise Refused("board.full", what="pages", limit=MOST_PAGES)


def _detach(state: LessonState, command: c.DetachSheet, _: Giver | None, __: Moment) -> Decision:
    if state.board.sheet(command.sheet) is None:
        return _NOTHING
    return Decision((e.SheetDetached(sheet=command.sheet),))


def _blank(state: LessonState, _: c.AddBlank, __: Giver | None, moment: Moment) -> Decision:
    _room_for_sheet(state, 1)
    sheet = moment.opaque("blank")
    return Decision((e.BlankAdded(sheet=sheet), e.PageTurned(sheet=sheet, page=1)))


def _turn(state: LessonState, command: c.TurnPage, giver: Giver | None, _: Moment) -> Decision:
    _hand(state, giver)
    _key(state, command.sheet, command.page)
    if state.board.at == (command.sheet, command.page):
        return _NOTHING
    _room_for(state)
    return Decision((e.PageTurned(sheet=command.sheet, page=command.page),))


def _stroke(state: LessonState, command: c.DrawStroke, giver: Giver | None, _: Moment) -> Decision:
    who = _hand(state, giver)
    key, counted = _key(state, command.sheet, command.page), _counted(command.points)
    begun = state.board.item(key, command.item)
    if begun is not None:
        return _extend(state, command, begun, who, counted)
    _room_for_item(state, key, command.item, ITEM_BYTES + len(command.points))
    return Decision((e.StrokeDrawn(participant=who, **_fields(command)),))


def _extend(state: LessonState, command: c.DrawStroke, begun: Item, who: str, counted: int) -> Decision:
    if begun.look not in STROKES or begun.participant != who:
        raise Refused("request.malformed", field="item")
    points = command.points
    if _counted(begun.points) + counted > MOST_POINTS or len(begun.points) + len(RUN) + len(points) > MOST_TEXT:
        raise Refused("board.full", what="points", limit=MOST_POINTS)
    _room_for_ink(state, len(points))
    return Decision((e.StrokeExtended(sheet=command.sheet, page=command.page, item=begun.item, points=points),))


def _counted(points: str) -> int:
    try:
        return count(points)
    except ValueError as error:
        raise Refused("request.malformed", field="points") from error


def _fields(command: Command) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}


def _room_for_item(state: LessonState, key: str, item: str, more: int) -> None:
    """Something new, of `more` bytes, fits on a page; raises `Refused`."""
    if state.board.item(key, item):
        raise Refused("request.malformed", field="item")
    if len(state.board.ink.get(key, ())) >= MOST_ITEMS:
        raise Refused("board.full", what="items", limit=MOST_ITEMS)
    _room_for_ink(state, more)


def _room_for_ink(state: LessonState, more: int) -> None:
    _room_for(state, MOST_INK_EVENTS)
    if state.board.size + more > MOST_BYTES:
        raise Refused("board.full", what="bytes", limit=MOST_BYTES)


def _shape(state: LessonState, command: c.DrawShape, giver: Giver | None, _: Moment) -> Decision:
    who = _hand(state, giver)
    key = _key(state, command.sheet, command.page)
    if _counted(command.points) != 2:
        raise Refused("request.malformed", field="points")
    _room_for_item(state, key, command.item, ITEM_BYTES + len(command.points))
    return Decision((e.ShapeDrawn(participant=who, **_fields(command)),))


def _text(state: LessonState, command: c.WriteText, giver: Giver | None, moment: Moment) -> Decision:
    who = _hand(state, giver)
    key = _key(state, command.sheet, command.page)
    _room_for_item(state, key, command.item, ITEM_BYTES + TEXT_BYTES)
    text = moment.text(command.text)
    fields = _fields(command) | {"text": text.ref}
    return Decision((e.TextWritten(participant=who, **fields),), (text,))


def _undo(state: LessonState, command: c.Undo, giver: Giver | None, _: Moment) -> Decision:
    who = _hand(state, giver)
    ink = state.board.ink.get(_key(state, command.sheet, command.page), ())
    last = next((one for one in reversed(ink) if one.participant == who), None)
    return _take_away(state, command, (last.item,) if last else ())


def _erase(state: LessonState, command: c.Erase, giver: Giver | None, _: Moment) -> Decision:
    who = _hand(state, giver)
    ink, wanted = state.board.ink.get(_key(state, command.sheet, command.page), ()), set(command.items)
    return _take_away(state, command, tuple(one.item for one in ink if one.item in wanted and who in (MASTER, one.participant)))


def _take_away(state: LessonState, command: c.Undo | c.Erase, items: tuple[str, ...]) -> Decision:
    if not items:
        return _NOTHING
    _room_for(state)
    return Decision((e.InkErased(sheet=command.sheet, page=command.page, items=items),))


def _clear(state: LessonState, command: c.ClearPage, _: Giver | None, __: Moment) -> Decision:
    if _key(state, command.sheet, command.page) not in state.board.ink:
        return _NOTHING
    _room_for(state)
    return Decision((e.PageCleared(sheet=command.sheet, page=command.page),))


def _show(state: LessonState, command: c.ShowBoard, _: Giver | None, __: Moment) -> Decision:
    if state.board.shown == command.on:
        return _NOTHING
    _room_for(state)
    return Decision((e.BoardShown(on=command.on),))


def _give(state: LessonState, command: c.GivePen, _: Giver | None, __: Moment) -> Decision:
    who = state.participants.get(command.participant)
    if who is None or who.role != "classroom":
        raise Refused("participant.unknown")
    if not who.present or position_of(state.stage, who.id) is None:
        raise Refused("pen.off_stage")
    if state.board.pen == who.id:
        return _NOTHING
    _room_for(state)
    return Decision((e.PenGiven(participant=who.id),))


def _take(state: LessonState, _: c.TakePen, __: Giver | None, ___: Moment) -> Decision:
    pen = state.board.pen
    return _NOTHING if pen is None else Decision((e.PenTaken(participant=pen),))


RULES: Mapping[type[Command], Rule] = {
    c.AttachCourseware: _attach,
    c.DetachSheet: _detach,
    c.AddBlank: _blank,
    c.TurnPage: _turn,
    c.DrawStroke: _stroke,
    c.DrawShape: _shape,
    c.WriteText: _text,
    c.Undo: _undo,
    c.Erase: _erase,
    c.ClearPage: _clear,
    c.ShowBoard: _show,
    c.GivePen: _give,
    c.TakePen: _take,
}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
