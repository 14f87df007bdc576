"""Courseware 课件: files that a teacher brings to a lesson, and what they look like as pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pdf", "pptx", "png", "jpeg", "webp"]
State = Literal["waiting", "drawing", "ready", "failed"]

MOST_FILES = 30
"""Of one lesson."""
MOST_PAGES = 500
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Media:
    """Sound or film of a page, playable by itself."""

    blob: str
    """SHA-256 of its bytes."""
    type: str
    """Media type."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page and the report on it: what is not as it was in the file."""

    page: int
    """From 1."""
    width: int
    height: int
    """Pixels of the picture."""
    picture: str
    """SHA-256 of a WebP."""
    preview: str
    """SHA-256 of a small WebP."""
    size: int
    """Bytes of the picture."""
    flattened: bool = False
    """Its animation became one picture."""
    fonts: tuple[str, ...] = ()
    """Fonts in whose place others were taken."""
    unplayable: tuple[str, ...] = ()
    """Sound and film that no browser plays, by the names of their files."""
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Courseware:
    """One file."""

    id: str
    lesson: str
    name: str
    """As the teacher's machine calls it."""
    kind: Kind
    size: int
    """Bytes."""
    source: str
    """SHA-256 of the file."""
    by: str
    """Who brought it: an opaque id."""
    created: int
    """UTC ms."""
    state: State = "waiting"
    pages: int = 0
    """Of a presentation that is not drawn yet: slides."""
    drawn: int = 0
    version: str = ""
    """Content address of all pages; empty until it is ready."""
    error: str = ""
    """Code of why it failed."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    """Of the error."""
    lease: int = 0
    """UTC ms until which a process draws it; that process alone knows the number."""
    tries: int = 0
