"""One take of a recording while it is written: what the relay tells of it becomes records, blocks, puts; what cannot be written, a gap."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from media.client.messages import Moment, RecordingState
from media.recording.disk import Disk, Failure, Progress
from media.recording.records import ClockMap, Gap, Reason, Record, TakeEnded, TrackBegan, TrackEnded
from media.recording.take import Head, RingPacket, Take
from media.relay import CaptureEvent, TrackBegun, TrackMoment, TrackOver, TracksKnown

log = logging.getLogger(__name__)

MS = 1_000_000
SECOND = 1_000 * MS
STEP_MS = 250
"""A clock that differs by less is the same one, told by somebody else."""
TRACKS = 1 << 16
"""Numbers of tracks in a take: afterwards they begin anew, so long after that nothing can be confused."""


@dataclass(slots=True)
class _Track:
    began: TrackBegan
    layer: int
    moment: ClockMap | None = None


class Recording:
    """Times are ns of the monotonic clock; `flush`, `failed` and `progressed` are called four times a second."""

    def __init__(self, name: str, folder: Path, disk: Disk, epoch: str, clock: Moment, now: int, wall: int) -> None:
        """`wall`: UTC of `now`, ms."""
        self.name = name
        self.clock = clock
        self.as_of = 0
        self.live_at = now
        """When a source of it was live, or it began."""
        self.names: tuple[str, ...] = ()
        self.failing: Literal["", "disk", "queue"] = ""
        self.packets = 0
        self.gaps = 0
        self._disk = disk
        self._take = Take(Head(recording=name, take=0, epoch=epoch, started=now, wall=wall))
        self.file = disk.create(folder, self._take.begin)
        self._progress = Progress(0, 0, 0)
        self._tracks: dict[int, _Track] = {}
        """By sink."""
        self._over: list[_Track] = []
        """Ended since the last put: packets of theirs may wait in the take."""
        self._last_track = 0
        self._gap: Gap | None = None
        """What was lost and is not told in the file yet …"""
        self._telling = 0
        """… and the put that tells it; 0: none does."""
        self._ended: int | None = None
        self._sealed = False

    @property
    def octets(self) -> int:
        """Written in this take."""
        return self._progress.octets

    def state(self) -> RecordingState:
        """As the control protocol tells it."""
        return RecordingState(
            recording=self.name,
            take=self._progress.take,
            tracks=self.names,
            octets=self.octets,
            failing=self.failing,
            clock=self.clock,
        )

    # --- what is captured

    def apply(self, event: CaptureEvent, now: int) -> None:
        """Something happened to one of its tracks."""
        if isinstance(event, TracksKnown):
            self.names = event.names
        elif isinstance(event, TrackBegun):
            self._begin(event, now)
        elif event.sink in self._tracks:
            track = self._tracks[event.sink]
            if isinstance(event, TrackOver):
                self._over.append(self._tracks.pop(event.sink))
                self._take.add(TrackEnded(track=track.began.track, at=event.at, gone=event.gone), now)
            else:
                self._map(track, event, now)

    def _begin(self, event: TrackBegun, now: int) -> None:
        used = {track.began.track for track in self._tracks.values()}
        self._last_track = next(n % TRACKS for n in range(self._last_track + 1, self._last_track + TRACKS) if n % TRACKS not in used)
        began = TrackBegan(
            track=self._last_track,
            source=event.name,
            codec=event.codec.name,
            clock_rate=event.codec.clock_rate,
            payload_type=event.payload_type,
            parameters=";".join(f"{name}={value}" for name, value in event.codec.parameters.items()),
            at=event.at,
        )
        self._tracks[event.sink] = _Track(began, event.layer)
        self._take.add(began, now)

    def set_clock(self, clock: Moment, now: int) -> None:
        """The lesson's clock, told anew. One that was put forward is known of every track from here on, not only when it reports next."""
        before, self.clock = self._lesson(now), clock
        if self._lesson(now) - before < STEP_MS:
            return
        for track in self._tracks.values():
            if track.moment is not None:
                ticks = (now - track.moment.at) * track.began.clock_rate // SECOND
                track.moment = ClockMap(track=track.began.track, rtp=track.moment.rtp + ticks, at=now, lesson=self._lesson(now))
                self._take.add(track.moment, now)

    def _lesson(self, at: int) -> int:
        return self.clock.lesson + (at - self.clock.at) // MS

    def _map(self, track: _Track, event: TrackMoment, now: int) -> None:
        if track.moment is not None:
            self._take.add(track.began, now)
        track.moment = ClockMap(track=track.began.track, rtp=event.rtp, at=event.at, lesson=self._lesson(event.at))
        self._take.add(track.moment, now)

    def take(self, sink: int, packets: Sequence[RingPacket], now: int) -> None:
        """Packets of a track arrived."""
        track = self._tracks.get(sink)
        if track is not None:
            self._take.add_packets(track.began.track, track.layer, packets, now)
            self.packets += len(packets)

    # --- to the disk

    def flush(self, now: int) -> None:
        """Put what is due; while something fails, try."""
        if self._ended is not None:
            self._seal(now)
        elif self.failing or self._take.due(now):
            self._put(now)

    def _put(self, now: int) -> bool:
        untold = bool(self.failing) and not self._telling
        begin = now if self._take.empty else self._take.since
        records = self._retold() if untold else ()
        self._over.clear()
        number = self._disk.put(self.file, self._take.flush(records), (begin, now))
        if not number:
            self._lost("queue", begin, now)
        elif untold:
            self._telling = number
        return number > 0

    def _retold(self) -> list[Record]:
        """What a reader must know after a hole: what the hole is, and which tracks what follows is of."""
        records: list[Record] = [] if self._gap is None else [self._gap]
        for track in [*self._over, *self._tracks.values()]:
            records.append(track.began)
            if track.moment is not None:
                records.append(track.moment)
        return records

    def failed(self, failure: Failure) -> None:
        """The disk refused something."""
        if not self.failing:
            log.warning("recording %s: %s", self.name, failure.error)
        self._lost("disk", *failure.span, told=not failure.lost)

    def _lost(self, why: Literal["disk", "queue"], begin: int, end: int, told: bool = False) -> None:
        """`told`: nothing is missing, as far as one knows."""
        self.failing, self._telling = why, 0
        if told or begin == end:
            return
        if self._gap is None:
            self.gaps += 1
            self._gap = Gap(track=None, begin=begin, end=end, why=why)
        else:
            reason: Reason = self._gap.why
            self._gap = Gap(track=None, begin=min(begin, self._gap.begin), end=max(end, self._gap.end), why=reason)

    def progressed(self, progress: Progress) -> None:
        """How far the disk is; what failed by then was told before."""
        self._progress = progress
        if self._telling and progress.puts >= self._telling:
            log.warning("recording %s: it is written again", self.name)
            self._gap, self._telling, self.failing = None, 0, ""

    # --- its end

    def end(self, now: int) -> None:
        """Nothing more is captured: end the tracks, close the file."""
        for track in self._tracks.values():
            self._take.add(TrackEnded(track=track.began.track, at=now), now)
        self._over.extend(self._tracks.values())
        self._tracks.clear()
        self._ended = now
        self._seal(now)

    def _seal(self, now: int) -> None:
        """What a full queue refuses is tried again with the next flush."""
        if self._sealed or self._ended is None:
            return
        self._take.add(TakeEnded(at=self._ended), now)
        self._sealed = self._put(now)
        if self._sealed:
            self._disk.close_file(self.file)
