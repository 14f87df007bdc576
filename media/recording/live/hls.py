"""Follows the journal of a recording that goes on, and writes beside it what televisions play (RFC 8216): sound as AAC, and the film as small H.264
where it is none. It begins near the moment that is live, and one that begins anew goes on from there: nothing is encoded twice.
"""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from media.client import live
from media.client.live import Ended, Opened, Run, Segment
from media.recording.live.encode import Film, Sound
from media.recording.live.output import SECOND_US
from media.recording.live.shelf import Limit, Shelf
from media.recording.thumbnails import MOST_PIXELS

TEACHER, SCREEN = "teacher", "screen"
BACK_MS = 12_000
"""It begins so long before what is live, where a player that comes begins."""
BEHIND_US = 4 * SECOND_US
"""What came is waited for so long before silence, or the last picture, takes its place."""
SLOW_US = 20 * SECOND_US
"""Further behind than this fewer pictures are encoded."""
POLL_SECONDS = 0.25
TELL_SECONDS = 5.0
_DECODERS = {"VP8": "vp8", "VP9": "vp9", "AV1": "libdav1d", "OPUS": "libopus"}


class Tail:
    """The journal as it grows."""

    def __init__(self, folder: Path) -> None:
        """`folder`: `live/`."""
        self._folder = folder
        self._offset = 0
        self._file = 0
        self.opened: Opened | None = None
        self.runs: dict[int, Run] = {}
        self.over = False
        self.waiting: deque[Segment] = deque()
        self.until = 0
        """End of the newest segment, ms."""

    def read(self) -> bool:
        """What came since; False: it was begun anew. Raises `OSError` and `msgspec.MsgspecError`."""
        path = self._folder / live.JOURNAL
        if not path.exists():
            return self._file == 0
        with path.open("rb") as file:
            if self._file not in (0, inode := path.stat().st_ino):
                return False
            self._file = inode
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole) + 1 if whole else 0
        for text in whole.splitlines():
            self._line(live.line(text))
        return True

    def _line(self, line: live.Line) -> None:
        if isinstance(line, Opened):
            self.opened = line
        elif isinstance(line, Run):
            self.runs[line.run] = line
        elif isinstance(line, Segment):
            self.waiting.append(line)
            self.until = max(self.until, line.end)
        elif isinstance(line, Ended):
            self.over = line.over

    def part(self, name: str) -> bytes:
        """Empty where the limit took it away."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return b""


class Televised:
    """One recording. Raises `OSError` and what the tail raises."""

    def __init__(self, tail: Tail, shelf: Shelf, wanted: Callable[[str], bool]) -> None:
        """`wanted`: whether somebody watches the film of a group."""
        self._tail = tail
        self._shelf = shelf
        self._wanted = wanted
        self._sound: Sound | None = None
        self._films: dict[str, Film] = {}
        self._decoders: dict[int, AudioCodecContext | VideoCodecContext] = {}
        self._since: dict[int, list[Segment]] = {}
        """Run → its segments since the last keyframe: a film that is wanted now begins there."""
        self._begin: int | None = None

    def step(self) -> bool:
        """Take what came; False: nothing did."""
        tail = self._tail
        if tail.opened is None or not tail.waiting:
            return False
        if self._begin is None:
            self._open(tail.opened)
        while tail.waiting:
            segment = tail.waiting.popleft()
            run = tail.runs[segment.run]
            if run.group == TEACHER and run.kind == "audio":
                self._hear(run, segment)
            elif run.kind == "video" and run.group in (TEACHER, SCREEN):
                if run.codec in _DECODERS:
                    self._see(run, segment)
                else:
                    self._close(run.group)  # televisions play it as it is
        self._fill()
        return True

    def finish(self) -> None:
        """Nothing more comes."""
        if self._sound is not None:
            self._sound.close()
        for film in self._films.values():
            film.close()

    def _open(self, opened: Opened) -> None:
        """Where an earlier process ended, or near what is live."""
        named = self._shelf.resume()
        known = self._shelf.opened
        if known is not None and not known.edition.startswith(opened.edition):
            self._shelf.clear()
            named, known = [], None
        if known is None:
            self._shelf.open(opened.recording, opened.origin, f"{opened.edition}h")
        first = self._tail.waiting[0].begin
        ends = [one.end for one in named if isinstance(one, Segment)]
        begin = max(ends) if ends else max(first, self._tail.until - BACK_MS)
        self._begin = self._us(begin)

    def _us(self, lesson: int) -> int:
        """From the origin."""
        assert self._tail.opened is not None
        return (lesson - self._tail.opened.origin) * 1000

    def _origin(self) -> int:
        assert self._tail.opened is not None
        return self._tail.opened.origin * 1000

    def _hear(self, run: Run, segment: Segment) -> None:
        assert self._begin is not None
        if self._us(segment.end) <= self._begin:
            return
        if self._sound is None:
            self._sound = Sound(self._shelf, self._origin(), TEACHER, self._begin)
        for at, frame in self._decoded(run, segment):
            assert isinstance(frame, av.AudioFrame)
            self._sound.frame(at, frame)

    def _see(self, run: Run, segment: Segment) -> None:
        """Of a film that nobody watches, what is needed to begin in its middle is remembered."""
        since = self._since.setdefault(run.run, [])
        if segment.key:
            since.clear()
        since.append(segment)
        assert self._begin is not None
        if self._us(segment.end) <= self._begin:
            return
        if not self._wanted(run.group):
            self._close(run.group)
            self._decoders.pop(run.run, None)
            return
        film = self._films.get(run.group)
        if film is None:
            film = self._films[run.group] = Film(self._shelf, self._origin(), run.group, max(self._begin, self._us(segment.begin)))
        fresh = run.run not in self._decoders
        for one in since if fresh else (segment,):
            slow = self._us(self._tail.until) - self._us(one.end) > SLOW_US
            for at, frame in self._decoded(run, one):
                assert isinstance(frame, av.VideoFrame)
                film.frame(at, frame, slow)

    def _close(self, group: str) -> None:
        film = self._films.pop(group, None)
        if film is not None:
            film.close()

    def _fill(self) -> None:
        until = self._us(self._tail.until) - BEHIND_US
        if self._sound is None and self._begin is not None and until > self._begin:
            self._sound = Sound(self._shelf, self._origin(), TEACHER, self._begin)
        if self._sound is not None:
            self._sound.fill(until)
        for film in self._films.values():
            film.fill(until)

    def _decoded(self, run: Run, segment: Segment) -> Iterator[tuple[int, av.AudioFrame | av.VideoFrame]]:
        """Its frames and their times; of what does not decode nothing."""
        decoder = self._decoders.get(run.run)
        if decoder is None:
            decoder = self._decoders[run.run] = _decoder(run.codec)
            for other in [number for number in self._decoders if number != run.run and self._of(number) == self._of(run.run)]:
                del self._decoders[other]
                self._since.pop(other, None)
        data = io.BytesIO(self._tail.part(run.name) + self._tail.part(segment.name))
        try:
            with av.open(data, "r") as file:
                for packet in file.demux():
                    if packet.pts is not None and packet.size:
                        at = int(packet.pts * packet.time_base * SECOND_US)
                        for frame in decoder.decode(packet):  # one by one: pictures are large
                            yield at, frame
        except (av.error.FFmpegError, ValueError):
            return

    def _of(self, run: int) -> tuple[str, str]:
        return self._tail.runs[run].group, self._tail.runs[run].kind


def _decoder(codec: str) -> AudioCodecContext | VideoCodecContext:
    made = av.CodecContext.create(_DECODERS[codec], "r")
    made.thread_count = 1
    if isinstance(made, VideoCodecContext):
        made.options = {"max_pixels": str(MOST_PIXELS)}
    assert isinstance(made, AudioCodecContext | VideoCodecContext)
    return made


def televise(folder: Path, limit: Limit, patience: float, tell: Callable[[dict[str, object]], None]) -> None:
    """Write `live/hls/` until nobody asks any more, or everything is there. Raises `Busy` and `OSError`."""
    source = folder / live.LIVE
    with Shelf(source, limit, live.HLS) as shelf:
        tell({"following": folder.name})
        began, told = time.time(), time.monotonic()

        def asked(group: str) -> float:
            try:
                return (shelf.folder / f"{live.ASKED}.{group}").stat().st_mtime
            except FileNotFoundError:
                return 0.0

        tail = Tail(source)
        made = Televised(tail, shelf, lambda group: time.time() - asked(group) <= patience)
        while tail.read():
            if time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                tell({"at": tail.until})
            if made.step():
                continue
            if tail.over:
                made.finish()
                shelf.end()
                break
            if time.time() - max(began, asked(TEACHER), asked(SCREEN)) > patience:
                break
            time.sleep(POLL_SECONDS)
        tell({"done": True, "over": tail.over, "octets": shelf.octets})
