"""What processes tell each other. Notes are hints: whoever misses one reads the table (S14)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

LIMIT = 64 * 1024
"""Longest note in bytes."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class Note(Struct, frozen=True, tag_field="t", kw_only=True):
    """Base of the notes."""


class Head(Note, frozen=True, tag="head", kw_only=True):
    """Lesson L is at N."""

    lesson: Id
    seq: int


class Revoked(Note, frozen=True, tag="revoked", kw_only=True):
    """A link was revoked."""

    link: Id


class Here(Note, frozen=True, tag="here", kw_only=True):
    """Presence as one process sees it: replaces what that process said before, forgotten after a few seconds."""

    lesson: Id
    node: Id
    participants: dict[str, dict[str, Any]]


class Spoken(Note, frozen=True, tag="spoken", kw_only=True):
    """Somebody said something on the intercom; whoever has pages for it reads it."""

    lesson: Id
    node: Id
    principal: Id
    message: Id


class Signalled(Note, frozen=True, tag="signalled", kw_only=True):
    """The pointer or unfinished ink of whoever draws: for the pages of the other processes, worth nothing a moment later."""

    lesson: Id
    node: Id
    kind: Literal["pointer", "ink"]
    by: Literal["master", "room"]
    payload: dict[str, Any]


AnyNote = Head | Revoked | Here | Spoken | Signalled

encode_note = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyNote).decode


def decode_note(data: bytes) -> AnyNote | None:
    """A note from its bytes, None if it is none."""
    if len(data) > LIMIT:
        return None
    try:
        note: AnyNote = _decode(data)
    except msgspec.MsgspecError:
        return None
    return note
