"""What a page may say on its socket, checked (`docs/protocol.md`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from server.domain.board.events import MOST_PAGES, Coordinate, Tool
from server.domain.commands import CommandId
from server.domain.principal import Surface
from server.domain.slots import WALL_SLOTS
from server.errors import BadRequest

PROTOCOL = 2
PROTOCOLS = (1, 2)
"""What is spoken: a page of the build before goes on until its lesson is over (S19)."""
ARRAYS_SINCE = 2
"""From this version on a frame of the server may be an array of messages."""

Word = Annotated[str, Meta(max_length=64)]


class FromPage(Struct, frozen=True, tag_field="type", kw_only=True):
    """Base of the messages from a page."""


class Hello(FromPage, frozen=True, tag="hello", kw_only=True):
    """First message, and again after a loss."""

    protocol: int
    build: Word = ""
    surface: Surface = "screen"
    after: Annotated[int, Meta(ge=0)] | None = None
    page: Word = ""
    """Random, one per loaded page; the same word as `?page=` of its WHIP and WHEP requests."""
    sessions: Annotated[tuple[Word, ...], Meta(max_length=16)] = ()
    """Media sessions the page believes it has."""


class CommandMessage(FromPage, frozen=True, tag="command", kw_only=True):
    """A command; `payload` is checked by the domain."""

    id: CommandId
    kind: Word
    payload: dict[str, Any] = field(default_factory=dict)


class Signal(FromPage, frozen=True, tag="signal", kw_only=True):
    """Latest wins, never stored."""

    kind: Literal["played", "mic", "wall", "pointer", "ink"]
    payload: dict[str, Any] = field(default_factory=dict)


class Speak(FromPage, frozen=True, tag="intercom", kw_only=True):
    """Words between the teacher and the assistants."""

    id: CommandId
    to: Word = ""
    """Participant; empty: the teacher says it to every assistant, an assistant to the teacher."""
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Ping(FromPage, frozen=True, tag="ping", kw_only=True):
    """Still there."""

    t: int | float = 0


class Played(Struct, frozen=True, kw_only=True):
    """What the page's receivers played since the last one."""

    audio: bool = False
    camera: bool = False
    screen: bool = False


class Mic(Struct, frozen=True, kw_only=True):
    """The publishing page's microphone."""

    level: Annotated[float, Meta(ge=0, le=1)] = 0
    silent: bool = False


class WallRooms(Struct, frozen=True, kw_only=True):
    """Which classrooms the wall should show, in the order of its slots; none: those that came first."""

    rooms: Annotated[tuple[Word, ...], Meta(max_length=WALL_SLOTS)] = ()


class Pointer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the laser pointer is; without a sheet: it is gone."""

    sheet: Word = ""
    page: Annotated[int, Meta(ge=0, le=MOST_PAGES)] = 0
    x: Coordinate | None = None
    y: Coordinate | None = None


class Ink(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is drawn of a stroke and not yet in the log; without an item: nothing is. A pen where no tool is named."""

    sheet: Word = ""
    page: Annotated[int, Meta(ge=0, le=MOST_PAGES)] = 0
    item: Annotated[str, Meta(max_length=24)] = ""
    points: Annotated[str, Meta(max_length=3_800)] = ""
    color: Annotated[str, Meta(max_length=7)] = ""
    width: Annotated[int, Meta(ge=0, le=1000)] = 0
    tool: Tool = "pen"


AnyFromPage = Hello | CommandMessage | Signal | Speak | Ping
AnySignal = Played | Mic | WallRooms | Pointer | Ink
_SHAPES: dict[str, type[AnySignal]] = {"played": Played, "mic": Mic, "wall": WallRooms, "pointer": Pointer, "ink": Ink}


def parse_message(message: Any) -> AnyFromPage:
    """A checked message; raises `BadRequest`."""
    try:
        return msgspec.convert(message, AnyFromPage)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error


def parse_hello(message: Any) -> Hello:
    """The first message of a page; raises `BadRequest`."""
    hello = parse_message(message)
    if not isinstance(hello, Hello):
        raise BadRequest("hello comes first")
    return hello


def parse_signal(signal: Signal) -> AnySignal:
    """A signal's payload; raises `BadRequest`."""
    try:
        return msgspec.convert(signal.payload, _SHAPES[signal.kind])
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error
