"""HLS playlists (RFC 8216) of a lesson that goes on. Pure. Sound and film are renditions of their own, on one timeline.

Everything is a function of what the journals named, so every web process tells the same; what was told is never told otherwise.
"""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media.client.live import Run, Segment
from server.replay.journal import Journal

TARGET_SECONDS = 6
TEACHER = "teacher"
GROUPS = (TEACHER, "screen")
LATE_MS = 16_000
"""So long one rendition waits for the other: twice what one entry may last, and what comes before the film at most."""
LEAD_MS = 8_000
"""Sound that begins so long before the film is left out: some players do not begin where there is no picture yet."""
HOLE_MS = 1_000
BANDWIDTH = 800_000
"""Of what is encoded here: film and sound."""
JOIN = "~"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a media playlist. Lesson times, ms."""

    run: Run
    name: str
    """Of the first part; `NAME~N.m4s`: so many that follow each other are joined."""
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is played together."""

    sound: Sequence[Entry]
    film: Sequence[Entry]
    breaks: Sequence[int]
    """When one of them is interrupted, or changes its parameters."""
    ended: bool
    before: int = 0
    """What ends before it is deleted."""


def presentation(there: Journal, made: Journal, group: str) -> Presentation:
    """The teacher's sound with the film of a group, as far as both are known."""
    sound = [_entry(made, one) for one in made.named if made.runs[one.run].kind == "audio"]
    film = [_entry(made, one) for one in made.named if _is(made.runs[one.run], group)]
    start = min((one.begin for one in (*sound, *film)), default=None)
    if start is None:
        return Presentation([], [], [], ended=False)
    film = sorted([*film, *_passed(there, group, start)], key=lambda one: one.begin)
    if film and film[0].begin - start <= LEAD_MS:
        sound = [one for one in sound if one.end > film[0].begin]
    ended = made.ended and there.ended
    ends = sorted(max((one.end for one in part), default=start) for part in (sound, film))
    until = ends[-1] if ended else max(ends[0], ends[-1] - LATE_MS)
    breaks = sorted([*_breaks(sound), *_breaks(film)])  # also of what is not told yet: what comes later must change nothing that was
    sound, film = ([one for one in part if one.end <= until] for part in (sound, film))
    return Presentation(sound, film, breaks, ended, max(there.before, made.before))


def _is(run: Run, group: str) -> bool:
    return run.kind == "video" and run.group == group and run.codec == "H264"


def _entry(journal: Journal, one: Segment) -> Entry:
    return Entry(journal.runs[one.run], one.name, one.begin, one.end)


def _passed(there: Journal, group: str, start: int) -> Iterator[Entry]:
    """What was H.264 as it was captured: from keyframe to keyframe, or six seconds where there is none."""
    parts: list[Segment] = []
    begun = False
    for one in there.named:
        run = there.runs[one.run]
        if one.begin < start or run.kind != "video" or run.group != group:
            continue
        if not begun and not one.key:
            continue
        begun = True
        if parts and (one.key or one.run != parts[0].run or one.end - parts[0].begin > TARGET_SECONDS * 1000):
            yield _joined(there, parts)
            parts = []
        if run.codec == "H264":
            parts.append(one)
    if parts and there.ended:
        yield _joined(there, parts)


def _joined(there: Journal, parts: list[Segment]) -> Entry:
    stem, _, ending = parts[0].name.rpartition(".")
    name = parts[0].name if len(parts) == 1 else f"{stem}{JOIN}{len(parts)}.{ending}"  # players look at its ending
    return Entry(there.runs[parts[0].run], name, parts[0].begin, parts[-1].end)


def _breaks(entries: Sequence[Entry]) -> Iterator[int]:
    for before, after in itertools.pairwise(entries):
        if before.run is not after.run or after.begin - before.end > HOLE_MS:
            yield after.begin


def multivariant(shown: Presentation, group: str) -> str:
    """Film with sound, and the sound alone. `shown` has both, or the film comes later."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    sound = ""
    if shown.sound:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="{group}.sound.m3u8"'
        )
        sound = ',AUDIO="sound"'
    if shown.film:
        run = shown.film[0].run
        codecs = ",".join([_codec(run), *([_codec(shown.sound[0].run)] if shown.sound else [])])
        size = f",RESOLUTION={run.width}x{run.height}" if run.width and run.height else ""
        lines += [f'#EXT-X-STREAM-INF:BANDWIDTH={_bandwidth(shown)},CODECS="{codecs}"{size}{sound}', f"{group}.film.m3u8"]
    elif shown.sound:
        lines += [f'#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="{_codec(shown.sound[0].run)}"{sound}', f"{group}.sound.m3u8"]
    return "\n".join([*lines, ""])


def _codec(run: Run) -> str:
    return run.media_type.partition('codecs="')[2].rstrip('"')


def _bandwidth(shown: Presentation) -> int:
    return BANDWIDTH if shown.film[0].run.height <= 360 else BANDWIDTH * 5


def media(shown: Presentation, part: Sequence[Entry], since: int, window: int, *, event: bool) -> str:
    """The playlist of one rendition: what began at lesson time `since` or later, and in the last `window` ms (0: all). `event`: nothing
    ever leaves it.
    """
    until = part[-1].end if part else 0
    first = max(since, shown.before, until - window if window else 0)
    numbers = [bisect_right(shown.breaks, (one.begin + one.end) // 2) for one in part]
    skipped = next((n for n, one in enumerate(part) if one.begin >= first), len(part))
    begun = numbers[skipped] if skipped < len(part) else 0
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{TARGET_SECONDS}",
        f"#EXT-X-MEDIA-SEQUENCE:{skipped}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{begun}",
        *(["#EXT-X-PLAYLIST-TYPE:EVENT"] if event else []),
    ]
    run = None
    for one, number in zip(part[skipped:], numbers[skipped:], strict=True):
        lines += ["#EXT-X-DISCONTINUITY"] * (number - begun)
        begun = number
        if one.run is not run:
            run = one.run
            lines.append(f'#EXT-X-MAP:URI="{run.name}"')
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{_utc(one.begin)}", f"#EXTINF:{(one.end - one.begin) / 1000:.3f},", one.name]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if shown.ended else []), ""])


def _utc(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
