"""Names of sources and slots, and which role may ask for which (M30, M31)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from server.domain.principal import Role
from server.domain.refused import Refused

Kind = Literal["audio", "video"]

SOURCES: Mapping[Role, tuple[str, ...]] = {
    "master": ("mic", "camera", "screen"),
    "classroom": ("mic", "camera"),
    "assistant": (),
    "seat": (),
    "viewer": (),
    "wall": (),
}
"""What each role may publish."""

WALL_SLOTS = 25
PLAIN_LIMIT = 16
"""M-lines of a plain offer that get something; more stay empty."""

_PROGRAM = ("program.audio", "program.camera", "program.screen")
_STAGE = tuple(f"stage.{n}.{kind}" for n in range(1, 5) for kind in ("audio", "video"))
_WALL = tuple(f"wall.{n}.video" for n in range(1, WALL_SLOTS + 1))

SLOTS: Mapping[Role, frozenset[str]] = {
    "master": frozenset((*_STAGE, *_WALL)),
    "classroom": frozenset((*_PROGRAM, *_STAGE)),
    "assistant": frozenset(),
    "seat": frozenset(),
    "viewer": frozenset((*_PROGRAM, *_STAGE)),
    "wall": frozenset(_WALL),
}
"""What each role may watch."""

_EVERY_SLOT = frozenset((*_PROGRAM, *_STAGE, *_WALL))
_SECTION = re.compile(r"^m=", re.MULTILINE)
_MEDIA_LINE = re.compile(r"(?P<kind>audio|video) (?P<port>\d+)[ /]")
_BUNDLE_ONLY = re.compile(r"^a=bundle-only\s*$", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", re.MULTILINE)
_RECEIVING = frozenset({"recvonly", "sendrecv"})


def check_sources(role: Role, names: Sequence[str]) -> None:
    """Refuse names a publisher of this role may not send: `forbidden`, or `sdp.names` for words that are no sources."""
    allowed = SOURCES[role]
    if not names or len(set(names)) != len(names) or not set(names) <= set(SOURCES["master"]):
        raise Refused("sdp.names")
    if not set(names) <= set(allowed):
        raise Refused("forbidden")


def check_slots(role: Role, names: Sequence[str] | None) -> None:
    """Refuse slots a watcher of this role may not have; None (a plain offer) gets the program, which a wall has not."""
    if not SLOTS[role]:
        raise Refused("forbidden")
    if names is None:
        if role == "wall":
            raise Refused("sdp.names")
        return
    if not names or len(set(names)) != len(names) or not set(names) <= _EVERY_SLOT:
        raise Refused("sdp.names")
    if not set(names) <= SLOTS[role]:
        raise Refused("forbidden")


def media_kinds(offer: str) -> tuple[Kind, ...]:
    """Kinds of the m-lines that receive, in order, at most `PLAIN_LIMIT`: `plain.N` is the N-th of them.

    Rejected m-lines (port 0 without `bundle-only`, RFC 9143 7.2.1) and those that do not receive are none; the direction is
    the session's where the m-line has none, else `sendrecv` (RFC 8866 6.7). Whether the offer is sound is the worker's matter.
    """
    session, *sections = _SECTION.split(offer)
    default = _direction(session, "sendrecv")
    found: list[Kind] = []
    for section in sections:
        line = _MEDIA_LINE.match(section)
        if line and (line["port"] != "0" or _BUNDLE_ONLY.search(section)) and _direction(section, default) in _RECEIVING:
            found.append("audio" if line["kind"] == "audio" else "video")
    return tuple(found[:PLAIN_LIMIT])


def _direction(section: str, default: str) -> str:
    found = _DIRECTION.search(section)
    return found[1] if found else default
