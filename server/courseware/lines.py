"""What the drawing process is asked on standard input, and what it answers on standard output: a line of JSON each."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from server.domain.courseware import Kind


class Job(Struct, frozen=True, kw_only=True):
    """One file."""

    task: Literal["look", "draw"]
    """Only look how many pages it has, or draw them."""
    kind: Kind
    source: str
    """Path of the file; it is read only."""
    out: str
    """An empty directory for whatever is made."""
    soffice: str = ""
    """LibreOffice's program; empty: there is none."""


class Line(Struct, frozen=True, tag_field="t", kw_only=True):
    """Base of the answers."""


class Opened(Line, frozen=True, tag="opened", kw_only=True):
    """The file can be read."""

    pages: int


class Found(Struct, frozen=True, kw_only=True):
    """Sound or film in `out`."""

    file: str
    type: str


class Drawn(Line, frozen=True, tag="drawn", kw_only=True):
    """One page; `picture` and `preview` are names of files in `out`."""

    page: int
    width: int
    height: int
    picture: str
    preview: str
    flattened: bool = False
    fonts: tuple[str, ...] = ()
    unplayable: tuple[str, ...] = ()
    media: tuple[Found, ...] = ()


class Refusal(Line, frozen=True, tag="refused", kw_only=True):
    """The file is not taken; the last line."""

    code: str
    params: dict[str, str | int] = {}


class Done(Line, frozen=True, tag="done", kw_only=True):
    """The last line."""


AnyLine = Opened | Drawn | Refusal | Done

encode = msgspec.json.Encoder().encode
decode_job = msgspec.json.Decoder(Job).decode
decode_line = msgspec.json.Decoder(AnyLine).decode
