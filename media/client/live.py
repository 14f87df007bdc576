"""What `python -m media.recording FOLDER --follow` leaves of a recording while it goes on: media in small parts, and a journal that names them.

In the recording's folder `live/` holds `journal.jsonl`, one JSON object in a line, only ever appended to; the parts it names, each there whole
before it is named and never changed; and `missing.json`, replaced as a whole. Times are milliseconds on the lesson clock.

All parts of a recording share one timeline: media time 0 is `Opened.origin`. So a player's `currentTime` is (lesson time - origin) / 1000 in
every group, over every change of codec and every new take.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from media.client.manifest import Missing

LIVE = "live"
JOURNAL = "journal.jsonl"
MISSING = "missing.json"
ASKED = "asked"
"""Touched by whoever wants it to be written on; the process ends when it was not for a while."""
OVER = "over"
"""There when nothing more will be captured."""
HLS = "hls"
"""In `live/`, the same for televisions: a journal of its own, with runs of AAC and of H.264 where the film is none. Only while it is asked for."""
LOCK = "lock"
"""Locked (flock) by the process that writes."""
VERSION = 1

Kind = Literal["video", "audio"]


class Opened(msgspec.Struct, frozen=True, kw_only=True, tag="opened", tag_field="line"):
    """The first line."""

    version: int = VERSION
    recording: str
    edition: str
    """Another one: everything was made anew, and nothing known of the one before holds."""
    origin: int
    """Lesson time of media time 0."""


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run", tag_field="line"):
    """One track with one set of codec parameters: its init part goes before its segments (MSE; RFC 8216 4.3.2.5)."""

    run: int
    """From 1."""
    group: str
    """What plays together: `teacher` (camera and microphone), `screen`, `stage.N`."""
    kind: Kind
    codec: str
    """As in SDP, in capitals."""
    media_type: str
    """As in `SourceBuffer`, codecs included."""
    name: str
    """Of the init part."""
    octets: int
    begin: int
    width: int = 0
    height: int = 0


class Segment(msgspec.Struct, frozen=True, kw_only=True, tag="segment", tag_field="line"):
    """A stretch of a run. The next of the same run begins where this ends, unless the sender stood still or something is lost."""

    run: int
    name: str
    begin: int
    end: int
    octets: int
    key: bool
    """It begins with a keyframe; any other is played only right after the one before it."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True, tag="dropped", tag_field="line"):
    """Segments that end before this are deleted, by the limit."""

    before: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended", tag_field="line"):
    """Everything that was captured is there; or, of a lesson that was reopened, it goes on."""

    over: bool = True


Line = Opened | Run | Segment | Dropped | Ended
_LINE: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_MISSING = msgspec.json.Decoder(tuple[Missing, ...])


def line(text: bytes) -> Line:
    """One line of the journal. Raises `msgspec.MsgspecError`."""
    return _LINE.decode(text)


def missing(of: Path) -> tuple[Missing, ...]:
    """The gaps known so far in a recording's folder. Raises `OSError` and `msgspec.MsgspecError`."""
    return _MISSING.decode((of / LIVE / MISSING).read_bytes())
