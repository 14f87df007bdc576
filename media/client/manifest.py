"""What `python -m media.recording` makes of a recording's takes: playable files, and what is missing. The server reads it, and never a capture.

A recording's folder `DATA/recordings/ID` holds `take-0001.capture`, … as the worker wrote them, and `play/` with `manifest.json` and
the files it names. Times are milliseconds on the lesson clock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

MANIFEST = "manifest.json"
PLAY = "play"
VERSION = 1

Why = Literal["publisher", "worker", "disk", "queue", "damage", "pause", "clock", "unplayable"]
"""Why something is missing: the publisher's link, a crash of the worker, the disk, a writer too slow for it, a damaged file, a pause that was
wanted, the server's clock put forward (of everything only the time is missing), media that no file can hold."""


Quality = Literal["", "thin"]
"""Of a film: as it was captured, or small enough for a weak link."""


class PlayFile(msgspec.Struct, frozen=True, kw_only=True):
    """One playable file, without re-encoding."""

    name: str
    """In `play/`: `teacher-001.webm`."""
    group: str
    """What plays together: `teacher` (camera and microphone), `screen`, `stage.N`; the sound of one by itself: `sound`, `sound.stage.N`."""
    media_type: str
    """As in `<source type>`, codecs included."""
    begin: int
    """Lesson time of the file's time 0."""
    end: int
    octets: int
    sha256: str
    video: bool
    audio: bool
    width: int = 0
    height: int = 0
    quality: Quality = ""
    """Several files of a group that cover the same time differ in it."""
    thumbnails: tuple[tuple[int, str], ...] = ()
    """Lesson time, and the name of a JPEG in `play/`: what the timeline shows while seeking."""


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """One gap."""

    begin: int
    end: int
    track: str
    """As in `Record.tracks`; empty: everything."""
    why: Why


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of a recording."""

    version: int = VERSION
    recording: str
    begin: int
    end: int
    """Of the span from the first to the last that was captured, or that a disk refused; both 0 if nothing was captured."""
    takes: int
    files: tuple[PlayFile, ...]
    missing: tuple[Missing, ...]


def folder(data: Path, recording: str) -> Path:
    """Where a recording lies."""
    return data / "recordings" / recording


def cut_of(begin: int, end: int) -> str:
    """The folder beside `play/` with nothing but what lies between two moments of the lesson clock, ms; it has a manifest of its own."""
    return f"cut-{begin}-{end}"


def read(of: Path, name: str = PLAY) -> Manifest:
    """The manifest of a recording's folder. Raises `OSError` and `msgspec.MsgspecError`."""
    return msgspec.json.decode((of / name / MANIFEST).read_bytes(), type=Manifest)
