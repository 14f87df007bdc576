"""What all event payloads are made of. A part of the lesson (hands, quiz, board …) defines its own in its `events.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

ParticipantId = Annotated[str, Meta(min_length=1, max_length=64)]
SeatNumber = Annotated[int, Meta(ge=1, le=144)]
"""Seats of a room are numbered from 1; a room has at most 12 rows of 12."""
OpaqueId = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9_.:-]*$")]


class TextRef(Struct, frozen=True):
    """A text somebody wrote: it lies in an erasable content row, the log has its id and salted hash only (S20)."""

    id: str
    digest: str


class Payload(Struct, frozen=True, kw_only=True):
    """Base of all event payloads; `kind` and `v` name the shape."""

    kind: ClassVar[str]
    v: ClassVar[int] = 1


def text_refs(value: object) -> Iterator[TextRef]:
    """Every text that a payload refers to."""
    if isinstance(value, TextRef):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from text_refs(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from text_refs(one)
